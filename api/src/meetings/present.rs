//! The delegates at a meeting: who is invited, how he answered, who came. In GraphQL, and the answers themselves.
//!
//! A delegate answers from his phone, in his own record of the meeting; or somebody enters what he said. The newest
//! answer counts, for the day for which it was given. That he came is public; why he did not is the council's own.

use async_graphql::{Context, Object};
use entity::{
    id::{DelegateId, MeetingId},
    meeting::{self, Status},
    meeting_delegate, meeting_record,
};
use serde_json::{Value, json};

use crate::{
    capability::Capability,
    clock::local_date,
    delegates::graphql::Delegate,
    error::{Code, Refused, Result},
    graphql::{loader::rows, scalar::Time},
    store::{
        collection::Document,
        door::{Command, Facts, Verdict},
        merge::{stamped, stamps},
        partition::Audience,
        table::Root,
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// The longest reason, in characters.
pub(super) const LONGEST_REASON: usize = 500;

/// A delegate who was invited to a meeting, or came.
#[derive(Clone)]
pub struct MeetingDelegate {
    link: meeting_delegate::Model,
    /// Whether the viewer belongs to the council.
    internal: bool,
}

impl From<meeting_delegate::Model> for MeetingDelegate {
    fn from(link: meeting_delegate::Model) -> Self {
        Self {
            link,
            internal: false,
        }
    }
}

impl MeetingDelegate {
    /// As this audience sees him.
    pub(super) fn seen_by(self, audience: Audience) -> Self {
        let internal = audience >= Audience::Internal;
        Self { internal, ..self }
    }
}

/// A delegate (đại biểu) who was invited to a meeting, or came.
#[Object]
impl MeetingDelegate {
    /// The mandate.
    async fn delegate(&self, ctx: &Context<'_>) -> Result<Option<Delegate>> {
        rows(ctx)?.load_one(self.link.delegate_id).await
    }

    /// Whether the office had invited him (được mời).
    async fn invited(&self) -> bool {
        self.link.invited
    }

    /// Whether he came (tham dự).
    async fn attended(&self) -> bool {
        self.link.attended
    }

    /// Whether he said that he will come (trả lời giấy mời); null until he answers, again once the meeting was put off or
    /// moved to another day, and outside the council.
    async fn attending(&self) -> Option<bool> {
        self.link.attending.filter(|_| self.internal)
    }

    /// Why he will not come (lý do vắng mặt); null outside the council.
    async fn absence_reason(&self) -> Option<&str> {
        self.link.absence_reason.as_deref().filter(|_| self.internal)
    }

    /// When the server was told of his answer; null outside the council.
    async fn answered_at(&self) -> Option<Time> {
        self.link.answered_at.filter(|_| self.internal).map(Time)
    }
}

/// Puts what somebody answered in his own record beside his invitations: that of every mandate by which he is asked.
pub(super) fn answered(
    working: &Working,
    facts: &Facts<'_>,
    changes: &mut Changes,
    record: &meeting_record::Model,
) {
    for mandate in &facts.viewer.mandates {
        let key = mandate.delegate.id;
        let asked = working.meeting_delegate.of(record.meeting_id);
        if let Some(link) = asked.into_iter().find(|link| link.delegate_id == key) {
            answer(
                working,
                facts,
                changes,
                link,
                record.attending,
                record.absence_reason.clone(),
            );
        }
    }
}

fn answer(
    working: &Working,
    facts: &Facts<'_>,
    changes: &mut Changes,
    link: &meeting_delegate::Model,
    attending: Option<bool>,
    reason: Option<String>,
) {
    if (link.attending, &link.absence_reason) == (attending, &reason) {
        return;
    }
    let meeting = link.meeting_id;
    changes.put(meeting_delegate::Model {
        attending,
        absence_reason: reason,
        answered_at: attending.map(|_| facts.now),
        ..link.clone()
    });
    changes.and(move |working| working.meeting.touch(meeting));
    let council = working.meeting.get(meeting).map(|row| row.council_id);
    changes.happened(facts.event("meeting", meeting, "invitation_answered", council));
}

/// Whether the meeting is not on the day any more for which its invitations were answered. Of what was held the day is set
/// right and not changed.
pub(super) fn is_moved(before: &meeting::Model, after: &meeting::Model) -> bool {
    let day = |row: &meeting::Model| row.starts_at.map(local_date);
    let put_off = after.status == Status::Postponed && before.status != Status::Postponed;
    put_off || (!before.status.is_over() && day(before) != day(after))
}

/// Takes the answers to invitations back, beside the invitations and in the records of those who answered: nobody has said
/// that he comes, or not, on another day. History has what they said. A phone that answers for the old day without
/// having heard of this is in conflict with it, also where nobody had answered yet for a day that was moved again.
pub(super) fn lapse(working: &Working, facts: &Facts<'_>, changes: &mut Changes, of: &meeting::Model) {
    let mut told = Vec::new();
    for link in working.meeting_delegate.of(of.id) {
        if link.attending.is_none() {
            continue;
        }
        told.push(
            json!({"delegateId": link.delegate_id, "attending": link.attending,
            "absenceReason": link.absence_reason}),
        );
        changes.put(meeting_delegate::Model {
            attending: None,
            absence_reason: None,
            answered_at: None,
            ..link.clone()
        });
    }
    if !told.is_empty() {
        let mut event = facts.event("meeting", of.id, LAPSED, Some(of.council_id));
        event.detail = Some(json!({"before": {"answers": told}}).to_string());
        changes.happened(event);
    }
    let records = working.meeting_record.iter();
    for record in records.filter(|record| record.meeting_id == of.id) {
        let known = stamps(&record.stamps);
        // One that lapsed before is of another day once more.
        if record.attending.is_none() && !known.contains_key("attending") {
            continue;
        }
        let fields = [
            ("attending", json!(record.attending)),
            ("absenceReason", json!(record.absence_reason)),
        ];
        let before: Document = fields
            .into_iter()
            .map(|(name, said)| (name.to_owned(), said))
            .collect();
        let revision = working.meeting_record.was(record.id).map_or(0, Root::rev) + 1;
        let device = super::device(facts);
        let stamps = stamped(known, &before, revision, &device, None);
        if record.attending.is_some() {
            let mut event = facts.event("meetingRecord", record.id, LAPSED, Some(record.council_id));
            event.detail = Some(json!({"before": Value::Object(before)}).to_string());
            changes.happened(event);
        }
        changes.put(meeting_record::Model {
            attending: None,
            absence_reason: None,
            stamps,
            ..record.clone()
        });
    }
}

/// What history calls it.
const LAPSED: &str = "answers_lapsed";

/// Enters how a delegate answered his invitation: himself, or somebody who was told.
pub(super) struct AnswerInvitation {
    pub(super) meeting: MeetingId,
    pub(super) delegate: DelegateId,
    pub(super) attending: bool,
    pub(super) reason: Option<String>,
}

impl Command for AnswerInvitation {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting.insert(self.meeting.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let missing = || Refused::field(Code::NotFound, "meetingId");
        let row = super::known_meeting(working, facts, self.meeting).ok_or_else(missing)?;
        let asked = working.meeting_delegate.of(row.id);
        let link = asked
            .into_iter()
            .find(|link| link.delegate_id == self.delegate && link.invited);
        let own = |id| {
            facts
                .viewer
                .mandates
                .iter()
                .any(|mandate| mandate.delegate.id == id)
        };
        let keeps = Place::Council(row.council_id);
        if !own(self.delegate) && !facts.viewer.may(Capability::ManageMeetings, keeps) {
            return Err(Refused::field(Code::Forbidden, "meetingId"));
        }
        let link = link.ok_or(Refused::field(Code::NotFound, "delegateId"))?;
        if row.status == Status::Cancelled || row.status.is_closed() {
            return Err(Code::InvalidState.into());
        }
        let reason = reason(self.attending, self.reason.as_deref())?;
        let mut changes = Changes::default();
        answer(working, facts, &mut changes, link, Some(self.attending), reason);
        Ok(Verdict::about(changes, [row.id.0]))
    }
}

/// Why somebody will not come: told by whoever stays away, and by nobody else.
fn reason(attending: bool, told: Option<&str>) -> Result<Option<String>, Refused> {
    let wrong = |code| Refused::field(code, "absenceReason");
    let told = told.map(crate::text::clean).transpose().map_err(wrong)?;
    let told = told.filter(|told| !told.is_empty());
    match (attending, &told) {
        (true, Some(_)) => Err(wrong(Code::InvalidValue)),
        (false, None) => Err(wrong(Code::Required)),
        (false, Some(told)) if told.chars().count() > LONGEST_REASON => Err(wrong(Code::TooLong)),
        _ => Ok(told),
    }
}
