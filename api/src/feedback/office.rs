//! What the office does with feedback: send it back for clarity, and note that it has read it.

use entity::{feedback::Model, id::FeedbackId};

use super::rules;
use crate::{
    capability::Capability,
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// Sends a feedback back to its author with a question (trả lại để làm rõ); his correction hands it in again.
pub struct ReturnForClarity {
    pub feedback: FeedbackId,
    pub question: String,
}

impl Command for ReturnForClarity {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.feedback.insert(self.feedback.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = working.feedback.get(self.feedback).filter(|row| {
            let council = Place::Council(row.council_id);
            facts.viewer.may(Capability::GroupFeedback, council)
        });
        let row = row.ok_or(Refused::field(Code::NotFound, "feedbackId"))?;
        let returned = rules::return_for_clarity(row, &self.question, facts.now)
            .map_err(|refused| refused.or_field("feedbackId"))?;
        let mut changes = Changes::default();
        let mut event = facts.event("feedback", row.id, "returned_for_clarity", Some(row.council_id));
        event.basis = returned.question.clone();
        changes.happened(event);
        changes.put(returned);
        Ok(Verdict::about(changes, [self.feedback.0]))
    }
}

/// Notes that the office has read feedback: the fourth receipt that its author sees.
pub struct MarkSeen(pub Vec<FeedbackId>);

impl Command for MarkSeen {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.feedback.extend(self.0.iter().map(|id| id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        for (place, id) in self.0.iter().enumerate() {
            let row = working
                .feedback
                .get(*id)
                .filter(|row| {
                    facts
                        .viewer
                        .may(Capability::GroupFeedback, Place::Council(row.council_id))
                })
                .ok_or_else(|| Refused::entry(Code::NotFound, "feedbackIds", place, self.0.len()))?;
            if row.seen_at.is_none() {
                changes.happened(facts.event("feedback", row.id, "seen", Some(row.council_id)));
                changes.put(Model {
                    seen_at: Some(facts.now),
                    ..row.clone()
                });
            }
        }
        Ok(Verdict::about(changes, self.0.iter().map(|id| id.0)))
    }
}
