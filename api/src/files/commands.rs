//! What happens to files: an upload begins, its bytes are complete, it is let go of. Each is a command through the
//! write door; between the first and the second bytes are only appended ([`super::receiving`]).
//!
//! Pure. What has to go from the store is noted as an [`erasure`], in the same transaction.

use chrono::{DateTime, Duration, Utc};
use entity::{counter, erasure, file, id::AccountId, upload};
use uuid::Uuid;

use super::{
    FileHash,
    attachments::{self, sent, upload},
    store::{parts, whole},
};
use crate::{
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        table::Row,
        working::{Changes, Needs, Working},
    },
};

/// How long an upload is kept that does not go on, and a complete file that no row of its sender names.
pub const KEPT: Duration = Duration::days(30);

/// Puts all who bring and take away files in order: two accounts may have the same file.
const CLOCK: &str = "files";

/// Whether an upload still counts.
pub fn is_live(upload: &upload::Model, now: DateTime<Utc>) -> bool {
    upload.completed_at.is_some() || upload.expires_at > now
}

/// The counter of the bytes that an account's uploads take.
fn used(account: AccountId) -> String {
    format!("files:{account}")
}

/// Books bytes on an account, or takes them off.
fn book(changes: &mut Changes, working: &Working, account: AccountId, bytes: i64) {
    changes.put(counter::Model {
        value: taken(working, account) + bytes,
        name: used(account),
    });
}

fn taken(working: &Working, account: AccountId) -> i64 {
    let name = used(account);
    let counter = working.counter.iter().find(|counter| counter.name == name);
    counter.map_or(0, |counter| counter.value)
}

fn erase(changes: &mut Changes, facts: &Facts<'_>, object: String) {
    changes.put(erasure::Model {
        object,
        at: facts.now,
    });
}

/// The account of the person who asks, whose clock this ticks.
fn account(facts: &Facts<'_>) -> Result<AccountId, Refused> {
    facts
        .viewer
        .account_id()
        .ok_or(Refused::new(Code::Unauthenticated))
}

/// Begins an upload, unless it has begun.
pub struct Begin {
    pub hash: FileHash,
    pub size: i64,
    /// What one account may keep, in bytes.
    pub quota: i64,
    /// The object that the database names for the file and the store does not have: then a complete upload begins anew.
    pub missing: Option<Uuid>,
}

impl Command for Begin {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        if let Some(account) = facts.viewer.account_id() {
            needs.account.insert(account.0);
            needs.upload.insert((account.0, self.hash.0.clone()));
            needs.counter.insert(used(account));
        }
        needs.file.insert(self.hash.0.clone());
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let account = account(facts)?;
        let before = upload(working, account, self.hash.as_str());
        // Somebody else may have brought the bytes since it was looked.
        let is_lost = || working.file.iter().any(|file| Some(file.object) == self.missing);
        if let Some(before) = before.filter(|before| is_live(before, facts.now)) {
            let is_complete = before.completed_at.is_some();
            if before.size == self.size && !(is_complete && is_lost()) {
                return Ok(Verdict::default());
            }
            // Bytes of another length are another file, and these are the ones that are known to have the name.
            if before.size != self.size && is_complete {
                return Err(Refused::field(Code::InvalidValue, "Upload-Length"));
            }
        }
        let mut changes = Changes::default();
        let again = before.map_or(0, |before| before.size);
        if taken(working, account) - again + self.size > self.quota {
            return Err(Code::FileQuota.into());
        }
        if let Some(before) = before {
            erase(&mut changes, facts, parts(before.object));
            let kept = working.file.iter().any(|file| file.object == before.object);
            if !kept {
                erase(&mut changes, facts, whole(before.object));
            }
        }
        changes.put(upload::Model {
            account_id: account,
            sha256: self.hash.0.clone(),
            object: facts.id(),
            size: self.size,
            received: 0,
            parts: String::new(),
            created_at: facts.now,
            expires_at: facts.now + KEPT,
            completed_at: None,
        });
        book(&mut changes, working, account, self.size - again);
        Ok(Verdict::about(changes, []))
    }
}

/// The bytes are here: the rows of the account that name the file say so from now on.
pub struct Arrive {
    pub hash: FileHash,
    /// What was made of the bytes; nothing when the file is here already and the account may read it.
    pub file: Option<file::Model>,
    /// What one account may keep, in bytes.
    pub quota: i64,
    /// The object that the database names for the file and the store does not have: these bytes take its place.
    pub missing: Option<Uuid>,
}

impl Arrive {
    fn waiting<'a>(
        &self,
        working: &'a Working,
        account: AccountId,
    ) -> impl Iterator<Item = &'a entity::attachment::Model> {
        let hash = self.hash.0.clone();
        working
            .attachment
            .iter()
            .filter(move |link| link.sha256 == hash && link.account_id == account && !link.arrived)
    }
}

impl Command for Arrive {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        if let Some(account) = facts.viewer.account_id() {
            needs.account.insert(account.0);
            needs.counter.insert(used(account));
        }
        needs.clocks.insert(CLOCK);
        needs.file.insert(self.hash.0.clone());
        needs.uploads_of.insert(self.hash.0.clone());
        needs.named_files.insert(self.hash.0.clone());
    }

    fn needs_more(&self, working: &Working, facts: &Facts<'_>, needs: &mut Needs) {
        let Some(account) = facts.viewer.account_id() else {
            return;
        };
        for link in self.waiting(working, account) {
            match link.collection.as_str() {
                "feedback" => needs.feedback.insert(link.row_id),
                "meetingRecord" => needs.meeting_record.insert(link.row_id),
                _ => false,
            };
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let account = account(facts)?;
        if sent(working, account, self.hash.as_str()).is_some() {
            return Ok(Verdict::default());
        }
        let own = upload(working, account, self.hash.as_str());
        let known = working.file.iter().find(|file| file.sha256 == self.hash.0);
        let mut changes = Changes::default();
        let upload = match (&self.file, own) {
            (Some(made), Some(own)) if own.object == made.object && is_live(own, facts.now) => {
                match known {
                    // Others had these bytes from this very upload.
                    Some(known) if known.object == own.object => {}
                    Some(known) if Some(known.object) == self.missing => {
                        erase(&mut changes, facts, whole(known.object));
                        changes.put(made.clone());
                    }
                    Some(_) => erase(&mut changes, facts, whole(own.object)),
                    None => changes.put(made.clone()),
                }
                own.clone()
            }
            (None, _) if known.is_some() => {
                let first = working
                    .upload
                    .iter()
                    .find(|other| other.completed_at.is_some())
                    .ok_or(Refused::new(Code::NotFound))?;
                let again = own.map_or(0, |own| own.size);
                if taken(working, account) - again + first.size > self.quota {
                    return Err(Code::FileQuota.into());
                }
                book(&mut changes, working, account, first.size - again);
                upload::Model {
                    account_id: account,
                    object: own.map_or_else(|| facts.id(), |own| own.object),
                    created_at: facts.now,
                    expires_at: facts.now + KEPT,
                    ..first.clone()
                }
            }
            // Taken away meanwhile, or begun anew.
            _ => return Err(Code::NotFound.into()),
        };
        erase(&mut changes, facts, parts(upload.object));
        changes.put(upload::Model {
            received: upload.size,
            parts: String::new(),
            completed_at: Some(facts.now),
            ..upload
        });
        for link in self.waiting(working, account) {
            changes.put(entity::attachment::Model {
                arrived: true,
                ..link.clone()
            });
            let row = link.row_id;
            let council = match link.collection.as_str() {
                "feedback" => {
                    changes.and(move |working| working.feedback.touch(row));
                    working.feedback.get(row).map(|row| row.council_id)
                }
                _ => {
                    changes.and(move |working| working.meeting_record.touch(row));
                    working.meeting_record.get(row).map(|row| row.council_id)
                }
            };
            let kind = if link.collection == "feedback" {
                "feedback"
            } else {
                "meetingRecord"
            };
            changes.happened(facts.event(kind, row, "file_arrived", council));
        }
        Ok(Verdict::about(changes, []))
    }
}

/// Bytes were put together for an attempt that was given up meanwhile: they go, unless they are somebody's by now. An
/// object outlives the attempt that made it where another account has the same file.
pub struct Abandon {
    pub hash: FileHash,
    pub object: Uuid,
}

impl Command for Abandon {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.clocks.insert(CLOCK);
        needs.file.insert(self.hash.0.clone());
        needs.uploads_of.insert(self.hash.0.clone());
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        let is_kept = working.file.iter().any(|file| file.object == self.object)
            || working.upload.iter().any(|upload| upload.object == self.object);
        if !is_kept {
            erase(&mut changes, facts, whole(self.object));
        }
        Ok(Verdict::about(changes, []))
    }
}

/// Why an upload is let go of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetGo {
    /// Its sender says so.
    Asked,
    /// It is not what it was announced to be, or of a type that is not taken.
    Unfit,
    /// Its time is over.
    Late,
}

/// Lets go of an upload; of the file as well when nobody else has sent it.
pub struct Release {
    pub account: AccountId,
    pub hash: FileHash,
    /// The attempt that is meant; another one stays.
    pub object: Uuid,
    pub why: LetGo,
}

impl Command for Release {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.account.insert(self.account.0);
        needs.counter.insert(used(self.account));
        needs.clocks.insert(CLOCK);
        needs.file.insert(self.hash.0.clone());
        needs.uploads_of.insert(self.hash.0.clone());
        needs.named_files.insert(self.hash.0.clone());
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let own = upload(working, self.account, self.hash.as_str());
        let Some(own) = own.filter(|own| own.object == self.object) else {
            return Ok(Verdict::default());
        };
        let is_named = working
            .attachment
            .iter()
            .any(|link| link.sha256 == self.hash.0 && link.account_id == self.account);
        let stays = match (self.why, own.completed_at) {
            (LetGo::Asked, Some(_)) if is_named => return Err(Code::FileInUse.into()),
            (LetGo::Asked, _) => false,
            (LetGo::Unfit, completed) => completed.is_some(),
            (LetGo::Late, Some(at)) => is_named || at + KEPT > facts.now,
            (LetGo::Late, None) => own.expires_at > facts.now,
        };
        if stays {
            return Ok(Verdict::default());
        }
        let mut changes = Changes::default();
        erase(&mut changes, facts, parts(own.object));
        let others = working
            .upload
            .iter()
            .any(|other| other.account_id != self.account && other.completed_at.is_some());
        let file = working.file.iter().find(|file| file.sha256 == self.hash.0);
        let had_arrived = own.completed_at.is_none()
            && working
                .attachment
                .iter()
                .any(|link| link.sha256 == self.hash.0 && link.account_id == self.account && link.arrived);
        if let Some(file) = file.filter(|_| had_arrived && !others) {
            // It was complete, and was begun anew because the store did not have it. Perhaps it has it again (another
            // folder was mounted for an hour): what a row names does not go with a second attempt.
            if file.object != own.object {
                erase(&mut changes, facts, whole(own.object));
            }
            changes.put(upload::Model {
                object: file.object,
                received: own.size,
                parts: String::new(),
                completed_at: Some(file.at),
                ..own.clone()
            });
            return Ok(Verdict::about(changes, []));
        }
        let key = own.key();
        changes.and(move |working| working.upload.remove(key));
        book(&mut changes, working, self.account, -own.size);
        match file {
            Some(file) if !others => {
                erase(&mut changes, facts, whole(file.object));
                let key = file.key();
                changes.and(move |working| working.file.remove(key));
            }
            Some(file) if file.object == own.object => {}
            _ => erase(&mut changes, facts, whole(own.object)),
        }
        Ok(Verdict::about(changes, []))
    }
}

/// The same for a row that was refused at once and left no trace.
pub struct Disown(pub crate::store::collection::Document);

impl Command for Disown {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        attachments::needs(&self.0, facts, needs);
        needs
            .account
            .extend(facts.viewer.account_id().map(|account| account.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        Ok(Verdict::about(disown(working, facts, &self.0), []))
    }
}

/// What of a row that may not be kept has to go with it: the files that its author sent for it alone. From this moment
/// nobody has them; the store is swept within a minute.
pub fn disown(working: &Working, facts: &Facts<'_>, fields: &crate::store::collection::Document) -> Changes {
    let mut changes = Changes::default();
    let (Ok(Some(hashes)), Ok(account)) = (attachments::read(fields), account(facts)) else {
        return changes;
    };
    for hash in hashes {
        let is_named = working
            .attachment
            .iter()
            .any(|link| link.sha256 == hash.0 && link.account_id == account);
        if let Some(upload) = upload(working, account, hash.as_str()).filter(|_| !is_named) {
            changes.put(upload::Model {
                completed_at: None,
                expires_at: facts.now,
                ..upload.clone()
            });
        }
    }
    changes
}
