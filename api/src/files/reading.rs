//! Who may read a file, and the answer to somebody who may.
//!
//! One question, asked of the change log like everything else: does he see a row that names it, or has he sent it?

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use entity::{answer_petition, attachment, document, file, forwarding_petition};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{FileHash, receiving, sniff, store::whole};
use crate::{
    error::{Code, Error, Result},
    state::State,
    store::{partition::Audience, visibility},
    viewer::Viewer,
};

/// The file, if the viewer may read it; foreign and absent look the same.
pub(super) async fn file(state: &State, viewer: &Viewer, hash: &FileHash) -> Result<Option<file::Model>> {
    let conn = state.store.read();
    let found = file::Entity::find_by_id(hash.as_str().to_owned())
        .one(conn)
        .await?;
    let Some(found) = found else { return Ok(None) };
    if let Some(account) = viewer.account_id()
        && let Some(upload) = receiving::find(state, account, hash).await?
        && upload.completed_at.is_some()
    {
        return Ok(Some(found));
    }
    let named = attachment::Entity::find()
        .filter(attachment::Column::Sha256.eq(hash.as_str()))
        .filter(attachment::Column::Arrived.eq(true))
        .all(conn)
        .await?;
    let mut rows: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for link in named {
        rows.entry(link.collection).or_default().push(link.row_id);
    }
    for (kind, ids) in rows {
        if sees(state, viewer, &kind, ids).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether the viewer sees one of these rows as somebody who may read their files.
async fn sees(state: &State, viewer: &Viewer, kind: &str, ids: Vec<Uuid>) -> Result<bool> {
    let conn = state.store.read();
    // The papers of a meeting, round or petition are for those who see it from inside.
    let (collection, ids, least) = match kind {
        "feedback" => ("feedback", ids, Audience::Public),
        "meetingRecord" => ("meetingRecord", ids, Audience::Public),
        "document" => {
            let meetings: Vec<Option<Uuid>> = document::Entity::find()
                .select_only()
                .column(document::Column::MeetingId)
                .filter(document::Column::Id.is_in(ids))
                .into_tuple()
                .all(conn)
                .await?;
            (
                "meeting",
                meetings.into_iter().flatten().collect(),
                Audience::Delegate,
            )
        }
        // The plan: of a round that is published the words are public, not the paper.
        "round" => ("round", ids, Audience::Delegate),
        "forwarding" => {
            let petitions: Vec<Uuid> = forwarding_petition::Entity::find()
                .select_only()
                .column(forwarding_petition::Column::PetitionId)
                .filter(forwarding_petition::Column::ForwardingId.is_in(ids))
                .into_tuple()
                .all(conn)
                .await?;
            ("petition", petitions, Audience::Delegate)
        }
        "answer" => {
            let petitions: Vec<Uuid> = answer_petition::Entity::find()
                .select_only()
                .column(answer_petition::Column::PetitionId)
                .filter(answer_petition::Column::AnswerId.is_in(ids))
                .into_tuple()
                .all(conn)
                .await?;
            ("petition", petitions, Audience::Delegate)
        }
        _ => return Ok(false),
    };
    let seen = visibility::audiences(conn, viewer, collection, &ids).await?;
    Ok(seen.values().any(|audience| *audience >= least))
}

/// The file, or the part of it that was asked for.
pub(super) async fn answer(
    state: &State,
    file: &file::Model,
    headers: &HeaderMap,
    with_body: bool,
) -> Result<Response<Body>> {
    let size = u64::try_from(file.size).unwrap_or(0);
    let tag = format!("\"{}\"", file.stored_sha256);
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let knows = |tags: &str| {
        let mut tags = tags.split(',').map(str::trim);
        tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
    };
    let mut answer = Response::new(Body::empty());
    let set = answer.headers_mut();
    put(set, header::ETAG, &tag);
    put(set, header::CACHE_CONTROL, "private, no-cache");
    put(set, header::ACCEPT_RANGES, "bytes");
    if text(header::IF_NONE_MATCH).is_some_and(knows) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(answer);
    }
    let is_same = text(header::IF_RANGE).is_none_or(|known| known == tag);
    let range = match text(header::RANGE).filter(|_| is_same) {
        Some(asked) => match range(asked, size) {
            Asked::Part(range) => Some(range),
            Asked::Whole => None,
            Asked::Outside => return Err(Error::limit(Code::RangeNotSatisfiable, size)),
        },
        None => None,
    };
    let (from, to) = range.map_or((0, size), |(from, to)| (from, to));
    put(set, header::CONTENT_TYPE, &file.media_type);
    put(set, header::CONTENT_LENGTH, &(to - from).to_string());
    let name = &file.sha256[..12];
    let extension = sniff::extension(&file.media_type);
    let disposition = format!("attachment; filename=\"tep-{name}.{extension}\"");
    put(set, header::CONTENT_DISPOSITION, &disposition);
    if range.is_some() {
        put(
            set,
            header::CONTENT_RANGE,
            &format!("bytes {from}-{}/{size}", to - 1),
        );
    } else if let Some(digest) = bytes_of(&file.stored_sha256) {
        let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(digest));
        put(set, header::HeaderName::from_static("repr-digest"), &digest);
    }
    if range.is_some() {
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    if with_body {
        let stream = state.files.stream(&whole(file.object), from..to).await?;
        let Some(stream) = stream else {
            // The folder is not the one that belongs to this database; the operator has to know.
            tracing::error!(object = %file.object, "a file is missing in the store");
            return Err(Code::NotFound.into());
        };
        *answer.body_mut() = Body::from_stream(stream);
    }
    Ok(answer)
}

fn put(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn bytes_of(hash: &str) -> Option<Vec<u8>> {
    (0..hash.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hash.get(at..at + 2)?, 16).ok())
        .collect()
}

/// What a Range header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// From the first byte to before the second.
    Part((u64, u64)),
    /// Not understood, or several parts: the whole is a right answer.
    Whole,
    Outside,
}

fn range(header: &str, size: u64) -> Asked {
    let Ok(parsed) = http_range_header::parse_range_header(header) else {
        return Asked::Whole;
    };
    if parsed.ranges.len() != 1 {
        return Asked::Whole;
    }
    match parsed.validate(size) {
        Ok(ranges) => ranges.first().map_or(Asked::Whole, |range| {
            Asked::Part((*range.start(), range.end() + 1))
        }),
        Err(_) => Asked::Outside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part_and_everything_else_the_whole() {
        for (header, wanted) in [
            ("bytes=0-0", Asked::Part((0, 1))),
            ("bytes=2-", Asked::Part((2, 10))),
            ("bytes=-3", Asked::Part((7, 10))),
            ("bytes=5-99", Asked::Part((5, 10))),
            ("bytes=10-", Asked::Outside),
            ("bytes=0-1,3-4", Asked::Whole),
            ("lines=0-1", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("", Asked::Whole),
        ] {
            assert_eq!(range(header, 10), wanted, "{header}");
        }
    }
}
