//! Words of consent that an earlier version stored in the clear: a migration moves them, a start seals them before it
//! serves.

use entity::{feedback_contact, id::FeedbackId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

use crate::{error::Result, installation, seal, state::State};

/// Under this name a migration leaves word that there are some.
const DUE: &str = "consents";

/// Rows that are sealed at once.
const PAGE: u64 = 500;

/// Where the words of consent of a feedback are sealed.
pub fn field(feedback: FeedbackId) -> seal::Field {
    seal::Field {
        table: "feedback_contact",
        column: "consent",
        row_id: feedback.0,
    }
}

/// Seals them if a migration asked for it, and says how many there were. Stopped half-way it goes on at the next start.
pub(crate) async fn seal_if_due(state: &State) -> Result<Option<u64>> {
    if installation::fact(&state.store, DUE).await?.is_none() {
        return Ok(None);
    }
    let (mut after, mut sealed): (Option<FeedbackId>, u64) = (None, 0);
    loop {
        let mut page = feedback_contact::Entity::find()
            .order_by_asc(feedback_contact::Column::FeedbackId)
            .limit(PAGE);
        if let Some(after) = after {
            page = page.filter(feedback_contact::Column::FeedbackId.gt(after));
        }
        let rows = page.all(state.store.read()).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.feedback_id);
        let tx = state.store.begin().await?;
        for row in &rows {
            let Some(plain) = row.consent.as_deref().filter(|bytes| !seal::is_sealed(bytes)) else {
                continue;
            };
            let consent = seal::seal(&state.keys, state.entropy.as_ref(), field(row.feedback_id), plain)?;
            feedback_contact::Entity::update_many()
                .col_expr(feedback_contact::Column::Consent, Expr::value(consent))
                .filter(feedback_contact::Column::FeedbackId.eq(row.feedback_id))
                .exec(&tx)
                .await?;
            sealed += 1;
        }
        tx.commit().await?;
    }
    installation::forget(&state.store, DUE).await?;
    Ok(Some(sealed))
}
