//! What an author does with his feedback online: record it, and take it back.

use entity::{feedback::Model, id::FeedbackId};

use super::{
    FeedbackCollection, own,
    rules::{self, CONTACT_ERASED},
    tracking::TrackingCode,
};
use crate::{
    entropy,
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
        writing::{Stop, Writable, Write},
    },
};

/// The author takes his feedback back; there is nothing left for which the voter could be called.
pub(super) fn withdraw(
    working: &Working,
    facts: &Facts<'_>,
    row: &Model,
    reason: Option<String>,
) -> Result<Changes, Refused> {
    let row = rules::withdraw(row)?;
    let mut changes = Changes::default();
    let contact = working.feedback_contact.get(row.id);
    if let Some(contact) = contact.filter(|contact| contact.erased_at.is_none()) {
        changes.put(rules::erased(contact, facts.now));
        changes.happened(facts.event("feedback", row.id, CONTACT_ERASED, Some(row.council_id)));
    }
    let mut event = facts.event("feedback", row.id, "withdrawn", Some(row.council_id));
    event.basis = reason;
    changes.put(row);
    changes.happened(event);
    Ok(changes)
}

/// Records a feedback online: the same write as an offline row, without a receipt.
pub struct Submit(pub Write);

impl Command for Submit {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        Writable::needs(&FeedbackCollection, &self.0, facts, needs);
    }

    fn needs_more(&self, working: &Working, facts: &Facts<'_>, needs: &mut Needs) {
        Writable::needs_more(&FeedbackCollection, &self.0, working, facts, needs);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let known = own(working, facts, self.0.id);
        rules::denunciation_gate(known, &self.0.fields)?;
        let mut write = self.0.clone();
        // What comes in at a desk, by letter or telephone, has a code to take home as well; a phone makes its own.
        let is_receipt = write
            .fields
            .get("kind")
            .is_some_and(|kind| kind == "denunciation");
        if known.is_none() && !is_receipt && !write.fields.contains_key("trackingCode") {
            let code = TrackingCode::from_bytes(entropy::bytes(facts.entropy));
            write
                .fields
                .insert("trackingCode".to_owned(), code.to_string().into());
        }
        let written = FeedbackCollection
            .write(working, facts, &write)
            .map_err(|stop| match stop {
                Stop::Refused(mistakes) => mistakes
                    .into_iter()
                    .next()
                    .unwrap_or(Refused::new(Code::InvalidValue)),
                Stop::Deferred(_) => Refused::field(Code::NotFound, "meetingId"),
            })?;
        Ok(Verdict::about(written.changes, [self.0.id]))
    }
}

/// Takes a feedback back online.
pub struct Withdraw {
    pub feedback: FeedbackId,
    pub reason: Option<String>,
}

impl Command for Withdraw {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.feedback.insert(self.feedback.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = working
            .feedback
            .get(self.feedback)
            .filter(|row| Some(row.author_id) == facts.viewer.account_id())
            .ok_or(Refused::field(Code::NotFound, "feedbackId"))?;
        let withdrawn = withdraw(working, facts, row, self.reason.clone());
        let withdrawn = withdrawn.map_err(|refused| refused.or_field("feedbackId"))?;
        Ok(Verdict::about(withdrawn, [row.id.0]))
    }
}
