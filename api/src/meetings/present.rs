//! The delegates at a meeting: who is invited, how he answered, who came. In GraphQL, and the answers themselves.
//!
//! A delegate answers from his phone, in his own record of the meeting; or somebody enters what he said. The newest
//! answer counts. That he came is public; why he did not is the council's own.

use async_graphql::{Context, Object};
use entity::{
    id::{DelegateId, MeetingId},
    meeting::Status,
    meeting_delegate, meeting_record,
};

use crate::{
    capability::Capability,
    delegates::graphql::Delegate,
    error::{Code, Refused, Result},
    graphql::{loader::rows, scalar::Time},
    store::{
        door::{Command, Facts, Verdict},
        partition::Audience,
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

    /// Whether he said that he will come (trả lời giấy mời); null until he answers, and outside the council.
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
