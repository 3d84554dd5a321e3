//! What rows name: the fields `attachments` and `arrived`, the same for every noun that has them.

use entity::{attachment, id::AccountId, upload};
use serde_json::Value;
use uuid::Uuid;

use super::FileHash;
use crate::{
    error::{Code, Refused},
    store::{
        collection::{Document, DocumentWriter},
        door::Facts,
        table::Row,
        working::{Changes, Needs, Working},
    },
};

/// Files that one row may name.
pub const MOST: usize = 10;

/// The field that a client writes.
pub const FIELD: &str = "attachments";

/// The files that a write names, if it says anything of them. Twice the same is once.
pub fn read(fields: &Document) -> Result<Option<Vec<FileHash>>, Refused> {
    let text = match fields.get(FIELD) {
        None => return Ok(None),
        Some(Value::Null) => return Ok(Some(Vec::new())),
        Some(Value::String(text)) => text,
        Some(_) => return Err(Refused::field(Code::InvalidValue, FIELD)),
    };
    let mut hashes = Vec::new();
    for word in text.split_ascii_whitespace() {
        let hash = FileHash::parse(word).ok_or(Refused::field(Code::InvalidValue, FIELD))?;
        if !hashes.contains(&hash) {
            hashes.push(hash);
        }
        if hashes.len() > MOST {
            return Err(Refused::field(Code::LimitTooLarge, FIELD));
        }
    }
    Ok(Some(hashes))
}

/// What has to be known of the files that a write names.
pub fn needs(fields: &Document, facts: &Facts<'_>, needs: &mut Needs) {
    let (Ok(Some(hashes)), Some(account)) = (read(fields), facts.viewer.account_id()) else {
        return;
    };
    for hash in hashes {
        needs.named_files.insert(hash.0.clone());
        needs.upload.insert((account.0, hash.0));
    }
}

/// What a row names, in order.
pub fn of(working: &Working, row: impl Into<Uuid>) -> Vec<&attachment::Model> {
    let mut named: Vec<_> = working.attachment.of(row).collect();
    named.sort_by_key(|link| link.position);
    named
}

fn list<'a>(links: impl Iterator<Item = &'a attachment::Model>) -> Option<String> {
    let hashes: Vec<&str> = links.map(|link| link.sha256.as_str()).collect();
    (!hashes.is_empty()).then(|| hashes.join(" "))
}

/// Adds `attachments` to a document.
pub fn written(document: DocumentWriter, working: &Working, row: impl Into<Uuid>) -> DocumentWriter {
    document.set(FIELD, list(of(working, row).into_iter()))
}

/// Adds `arrived`: those of them that the author has sent.
pub fn arrived(document: DocumentWriter, working: &Working, row: impl Into<Uuid>) -> DocumentWriter {
    let here = of(working, row).into_iter().filter(|link| link.arrived);
    document.set("arrived", list(here))
}

/// The complete upload of a file by an account.
pub fn sent<'a>(working: &'a Working, account: AccountId, hash: &str) -> Option<&'a upload::Model> {
    upload(working, account, hash).filter(|upload| upload.completed_at.is_some())
}

/// The upload of a file by an account.
pub(super) fn upload<'a>(working: &'a Working, account: AccountId, hash: &str) -> Option<&'a upload::Model> {
    working
        .upload
        .iter()
        .find(|upload| upload.account_id == account && upload.sha256 == hash)
}

/// Makes a row name these files and no others.
pub fn set(
    changes: &mut Changes,
    working: &Working,
    collection: &str,
    row: impl Into<Uuid>,
    author: AccountId,
    hashes: &[FileHash],
) {
    let row = row.into();
    let before = of(working, row);
    for old in &before {
        if !hashes.iter().any(|hash| hash.as_str() == old.sha256) {
            let key = old.key();
            changes.and(move |working| working.attachment.remove(key));
        }
    }
    for (position, hash) in (0..).zip(hashes) {
        let known = before.iter().find(|old| old.sha256 == hash.as_str());
        changes.put(attachment::Model {
            row_id: row,
            sha256: hash.as_str().to_owned(),
            collection: collection.to_owned(),
            account_id: author,
            position,
            arrived: known.is_some_and(|known| known.arrived)
                || sent(working, author, hash.as_str()).is_some(),
        });
    }
}

/// The file of an official document, which its recorder must have sent before. Somebody else's looks absent.
pub fn paper(
    changes: &mut Changes,
    working: &Working,
    facts: &Facts<'_>,
    kind: &str,
    row: impl Into<Uuid>,
    hash: Option<&FileHash>,
) -> Result<(), Refused> {
    let Some(hash) = hash else { return Ok(()) };
    let author = facts.viewer.account_id().ok_or(Code::Unauthenticated)?;
    if sent(working, author, hash.as_str()).is_none() {
        return Err(Refused::field(Code::NotFound, PAPER));
    }
    set(changes, working, kind, row, author, std::slice::from_ref(hash));
    Ok(())
}

/// The field of an input that names the paper.
pub const PAPER: &str = "fileSha256";

/// Reads the name of a paper.
pub fn read_paper(given: Option<&str>) -> Result<Option<FileHash>, Refused> {
    given
        .map(|text| FileHash::parse(text).ok_or(Refused::field(Code::InvalidValue, PAPER)))
        .transpose()
}

/// What has to be known of a paper.
pub fn need_paper(hash: Option<&FileHash>, facts: &Facts<'_>, needs: &mut Needs) {
    if let (Some(hash), Some(account)) = (hash, facts.viewer.account_id()) {
        needs.upload.insert((account.0, hash.as_str().to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(value: Value) -> Result<Option<usize>, Code> {
        let fields = json!({ "attachments": value });
        let read = read(fields.as_object().expect("object"));
        read.map(|list| list.map(|list| list.len()))
            .map_err(|refused| refused.code)
    }

    #[test]
    fn a_list_of_files_is_hashes_and_nothing_else() {
        let many = |count: usize| {
            (0..count)
                .map(|n| format!("{n:064x}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(read(&Document::new()), Ok(None));
        assert_eq!(names(Value::Null), Ok(Some(0)));
        assert_eq!(names(json!("")), Ok(Some(0)));
        assert_eq!(names(json!(many(10))), Ok(Some(10)));
        assert_eq!(names(json!(many(11))), Err(Code::LimitTooLarge));
        assert_eq!(
            names(json!(format!("{} {}", "ab".repeat(32), "AB".repeat(32)))),
            Ok(Some(1))
        );
        for bad in [
            json!("../../etc/passwd"),
            json!("ab"),
            json!("g".repeat(64)),
            json!("é".repeat(32)),
            json!(7),
            json!(["a"]),
        ] {
            assert_eq!(names(bad.clone()), Err(Code::InvalidValue), "{bad}");
        }
    }
}
