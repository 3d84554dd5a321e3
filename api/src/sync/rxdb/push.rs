//! Uploads of RxDB clients. The answer lists what the client has to take instead of its own: conflicts in RxDB's
//! words. An error would make it send the whole batch again, for ever.

use std::collections::{BTreeSet, HashMap};

use async_graphql::Value as GraphqlValue;
use serde_json::Value;
use uuid::Uuid;

use super::{is_written, members, row, selection::Answered};
use crate::{
    error::{Code, Error, Result},
    state::State,
    store::{
        collection::{Collection, Document},
        writing::{Outcome, Status},
    },
    sync::{
        documents::Sight,
        push::{self, MOST_ROWS},
        registry,
        row::{Known, PushRow},
    },
    viewer::Viewer,
};

/// Applies rows; what differs afterwards from what the client believes is answered.
pub async fn push(
    state: &State,
    viewer: &Viewer,
    collection: &dyn Collection,
    rows: Vec<GraphqlValue>,
) -> Result<Vec<Answered>> {
    viewer.signed_in()?;
    if rows.len() > MOST_ROWS {
        return Err(Error::limit(Code::TooManyRows, MOST_ROWS as u64));
    }
    // After a conflict RxDB takes the answer and sends it back as its own: that must not make a change.
    let sent: Vec<row::Sent> = rows
        .into_iter()
        .map(|value| row::read(value, collection.name(), &state.keys))
        .filter(|sent| !sent.is_echo)
        .collect();
    let (mut answered, sent) = told_back(state, viewer, collection, sent).await?;
    if sent.is_empty() {
        return Ok(answered);
    }
    let rows: Vec<PushRow> = sent.iter().map(|sent| sent.row.clone()).collect();
    let outcomes = push::push(state, viewer, rows).await?;

    let ids: BTreeSet<Uuid> = sent.iter().filter_map(|sent| sent.row.id).collect();
    let masters = masters(state, viewer, collection.name(), ids).await?;
    for (sent, outcome) in sent.iter().zip(&outcomes) {
        let Some(id) = &sent.id else { continue };
        if !answered.iter().any(|known| known.id == *id) {
            answered.extend(answer(collection, sent, outcome, &masters));
        }
    }
    Ok(answered)
}

/// Of a collection that nobody writes, the rows that are told back as they stand, answered with themselves: no change, and
/// nothing to refuse. The others are left.
async fn told_back(
    state: &State,
    viewer: &Viewer,
    collection: &dyn Collection,
    sent: Vec<row::Sent>,
) -> Result<(Vec<Answered>, Vec<row::Sent>)> {
    if sent.is_empty() || registry::writable(collection.name()).is_some() {
        return Ok((Vec::new(), sent));
    }
    let ids = sent.iter().filter_map(|sent| sent.row.id).collect();
    let masters = masters(state, viewer, collection.name(), ids).await?;
    let (mut answered, mut left) = (Vec::new(), Vec::new());
    for sent in sent {
        let id = sent.row.id.filter(|id| sent.id == Some(id.to_string()));
        let master = id.and_then(|id| masters.get(&id)).filter(|master| {
            serde_json::from_str::<Document>(master).is_ok_and(|master| sent.row.stands_in(&master))
        });
        match sent.id.clone().zip(master.cloned()) {
            Some((id, master)) => answered.push(Answered {
                id,
                document: Some(master),
            }),
            None => left.push(sent),
        }
    }
    Ok((answered, left))
}

/// The rows as the viewer sees them now; those that he does not see are left out.
async fn masters(
    state: &State,
    viewer: &Viewer,
    collection: &str,
    ids: BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, String>> {
    let snapshot = state.store.snapshot().await?;
    let sight = Sight {
        backend: state.store.backend(),
        viewer,
        conn: &snapshot,
    };
    let live = sight.live(ids).await?;
    let wanted = live
        .keys()
        .filter(|(name, _)| name == collection)
        .cloned()
        .collect();
    let changes = sight.changes(wanted, &live).await?;
    snapshot.commit().await?;
    Ok(changes
        .into_iter()
        .filter_map(|change| Some((change.id, change.doc?)))
        .collect())
}

/// What a client has to take for a row that it sent; nothing if it may keep its own.
fn answer(
    collection: &dyn Collection,
    sent: &row::Sent,
    outcome: &Outcome,
    masters: &HashMap<Uuid, String>,
) -> Option<Answered> {
    let id = sent.id.clone()?;
    let canonical = sent.row.id.map(|id| id.to_string());
    let master = sent.row.id.and_then(|id| masters.get(&id));
    if canonical.as_ref() != Some(&id) {
        // No id of ours, or one spelled otherwise: the row is under its own id, what the client has is nowhere.
        return Some(Answered { id, document: None });
    }
    let takes = match outcome.status {
        // It comes by pull once it is applied.
        Status::Deferred => false,
        // Nothing of it is kept here, so that the phone's own copy must stay.
        Status::Rejected => !outcome
            .errors
            .iter()
            .any(|error| error.code == Code::DenunciationByHand),
        Status::Conflict => true,
        Status::Applied | Status::Duplicate | Status::Merged => match master {
            Some(master) => differs(collection, &sent.row, master),
            None => !sent.row.delete,
        },
    };
    takes.then(|| Answered {
        id,
        document: master.cloned(),
    })
}

/// Whether a stored row is another than the client has: merged with others' words, spelled as the server spells,
/// or with a member that only the server sets.
fn differs(collection: &dyn Collection, row: &PushRow, master: &str) -> bool {
    let Known::State { assumed, document } = &row.known else {
        return true;
    };
    let Ok(master) = serde_json::from_str::<Document>(master) else {
        return true;
    };
    if row.delete {
        return true;
    }
    let value = |document: &Document, name: &str| document.get(name).cloned().unwrap_or(Value::Null);
    members(collection).any(|member| {
        let own = value(document, member.name);
        if is_written(collection, member.name) {
            own != value(&master, member.name)
        } else {
            let believed = assumed
                .as_ref()
                .map_or(Value::Null, |assumed| value(assumed, member.name));
            own != believed
        }
    })
}
