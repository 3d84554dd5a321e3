//! A council's own templates (mẫu văn bản): put in force, given up, kept for ever. At most one of a kind is in force; where
//! none is, the one that comes with the program is.

use entity::{
    document_template::{Column, Entity, Model},
    id::CouncilId,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use sha2::{Digest, Sha256};

use super::DocumentKind;
use crate::{
    capability::Capability,
    error::{Refused, Result},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// Puts a template in force that was read and judged, or gives up the council's own.
pub(super) struct Replace {
    pub(super) council: CouncilId,
    pub(super) kind: DocumentKind,
    /// The file; none to go back to the one that comes with the program.
    pub(super) file: Option<Vec<u8>>,
}

/// What versions of a council's templates of a kind are counted by.
fn counter(council: CouncilId, kind: DocumentKind) -> String {
    format!("document_template:{council}:{}", kind.name())
}

impl Command for Replace {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.templates_of.insert((self.council.0, self.kind.name()));
        needs.counter.insert(counter(self.council, self.kind));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        facts
            .viewer
            .must(Capability::ManageMeetings, Place::Council(self.council))
            .map_err(|refused| Refused::field(refused.code, "council"))?;
        let kind = self.kind.name();
        let mut changes = Changes::default();
        let in_force = working
            .document_template
            .iter()
            .find(|row| row.council_id == self.council && row.kind == kind && row.ended_at.is_none());
        let is_same = match (&self.file, in_force) {
            (Some(file), Some(row)) => row.file == *file,
            (None, row) => row.is_none(),
            (Some(_), None) => false,
        };
        if is_same {
            return Ok(Verdict::about(changes, [self.council.0]));
        }
        if let Some(row) = in_force {
            changes.put(Model {
                ended_at: Some(facts.now),
                ended_by: facts.viewer.account_id(),
                ..row.clone()
            });
        }
        let what = match &self.file {
            Some(_) => "document_template_replaced",
            None => "document_template_given_up",
        };
        let mut event = facts.event("council", self.council, what, Some(self.council));
        event.basis = Some(kind.to_owned());
        if let Some(file) = &self.file {
            let version = working.next_number(&counter(self.council, self.kind));
            event.basis = Some(format!("{kind} {}", version.value));
            changes.put(Model {
                id: facts.id(),
                council_id: self.council,
                kind: kind.to_owned(),
                version: version.value,
                sha256: digest(file),
                file: file.clone(),
                at: facts.now,
                actor_id: facts.viewer.account_id(),
                ended_at: None,
                ended_by: None,
            });
            changes.put(version);
        }
        changes.happened(event);
        Ok(Verdict::about(changes, [self.council.0]))
    }
}

/// SHA-256 in lower-case hexadecimal digits.
pub(super) fn digest(file: &[u8]) -> String {
    Sha256::digest(file)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The council's own template that is in force.
pub(super) async fn current<C: ConnectionTrait>(
    conn: &C,
    council: CouncilId,
    kind: DocumentKind,
) -> Result<Option<Vec<u8>>> {
    let found = Entity::find()
        .select_only()
        .column(Column::File)
        .filter(Column::CouncilId.eq(council))
        .filter(Column::Kind.eq(kind.name()))
        .filter(Column::EndedAt.is_null());
    Ok(found.into_tuple().one(conn).await?)
}

/// A version of the council's own template, whether it is in force or not.
pub(super) async fn version<C: ConnectionTrait>(
    conn: &C,
    council: CouncilId,
    kind: DocumentKind,
    version: i64,
) -> Result<Option<Vec<u8>>> {
    let found = Entity::find()
        .select_only()
        .column(Column::File)
        .filter(Column::CouncilId.eq(council))
        .filter(Column::Kind.eq(kind.name()))
        .filter(Column::Version.eq(version));
    Ok(found.into_tuple().one(conn).await?)
}
