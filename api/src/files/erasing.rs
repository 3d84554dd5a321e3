//! What the worker does for files: uploads that came to nothing, files that no row names, and the bytes of what was
//! let go of. Done twice, or by two servers, or killed in between, it comes to the same.

use entity::{attachment, erasure, id::AccountId, sync_deferred, sync_issue, upload};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query, SelectStatement},
};
use uuid::Uuid;

use super::{
    FileHash,
    commands::{KEPT, LetGo, Release},
};
use crate::{
    error::Result,
    state::State,
    store::door::{self, Command},
    viewer::Viewer,
};

/// How many are looked at in one turn.
const MOST: u64 = 200;

/// One turn.
pub async fn turn(state: &State) -> Result<()> {
    release(state).await?;
    sweep(state).await
}

/// Lets go of what has had its time.
async fn release(state: &State) -> Result<()> {
    let now = state.clock.now();
    let named = Query::select()
        .expr(Expr::val(1))
        .from(attachment::Entity)
        .and_where(
            Expr::col((attachment::Entity, attachment::Column::Sha256))
                .equals((upload::Entity, upload::Column::Sha256)),
        )
        .and_where(
            Expr::col((attachment::Entity, attachment::Column::AccountId))
                .equals((upload::Entity, upload::Column::AccountId)),
        )
        .to_owned();
    // A refused row, or one that waits, is sealed, and nobody can look into it for the files that it names: while its author
    // has such rows, all that he sent stays. (What arises in this very moment names what was sent a month ago.)
    let unsettled = |accounts: SelectStatement| {
        Expr::col((upload::Entity, upload::Column::AccountId)).in_subquery(accounts)
    };
    let refused = Query::select()
        .column(sync_issue::Column::AccountId)
        .from(sync_issue::Entity)
        .and_where(sync_issue::Column::Status.eq(sync_issue::OPEN))
        .to_owned();
    let waiting = Query::select()
        .column(sync_deferred::Column::AccountId)
        .from(sync_deferred::Entity)
        .to_owned();
    let late: Vec<(AccountId, String, Uuid)> = upload::Entity::find()
        .select_only()
        .columns([
            upload::Column::AccountId,
            upload::Column::Sha256,
            upload::Column::Object,
        ])
        .filter(
            Condition::any()
                .add(
                    Condition::all()
                        .add(upload::Column::CompletedAt.is_null())
                        .add(upload::Column::ExpiresAt.lte(now)),
                )
                .add(
                    Condition::all()
                        .add(upload::Column::CompletedAt.lte(now - KEPT))
                        .add(Expr::exists(named).not())
                        .add(unsettled(refused).not())
                        .add(unsettled(waiting).not()),
                ),
        )
        .order_by_asc(upload::Column::ExpiresAt)
        .limit(MOST)
        .into_tuple()
        .all(state.store.read())
        .await?;
    let steps: Vec<Release> = late
        .into_iter()
        .filter_map(|(account, hash, object)| {
            Some(Release {
                account,
                hash: FileHash::parse(&hash)?,
                object,
                why: LetGo::Late,
            })
        })
        .collect();
    let commands: Vec<&dyn Command> = steps.iter().map(|step| step as &dyn Command).collect();
    door::execute(state, &Viewer::system(), &commands).await?;
    Ok(())
}

/// Takes out of the store what no row names any more. What cannot be taken out now is tried again.
pub async fn sweep(state: &State) -> Result<()> {
    let noted = erasure::Entity::find()
        .order_by_asc(erasure::Column::At)
        .limit(MOST)
        .all(state.store.read())
        .await?;
    let mut gone = Vec::new();
    for erasure in noted {
        match state.files.erase(&erasure.object).await {
            Ok(()) => gone.push(erasure.object),
            Err(error) => error.log(),
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    let tx = state.store.begin().await?;
    erasure::Entity::delete_many()
        .filter(erasure::Column::Object.is_in(gone))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
