//! Meetings: voter contacts (cuộc tiếp xúc cử tri) and sessions (kỳ họp), and what authors recorded of them.
//!
//! The office plans meetings and leads them through their states; a phone writes only its delegate's own
//! unplanned contact and its author's own record. Voters' attendance is counts, never names; which delegates came
//! is public.

mod attendance;
mod belonging;
pub mod brief;
pub mod graphql;
mod links;
pub mod mutations;
pub mod office;
mod present;
pub mod record;
mod rules;
pub mod schedule;
mod taking_part;

use chrono::{DateTime, Utc};
use entity::{
    id::{CouncilId, MeetingId},
    meeting::{Event, Family, Model, Status},
    meeting_delegate,
};
use serde_json::json;
use uuid::Uuid;

pub(crate) use belonging::outside_by_kind;
use links::Links;
pub use rules::AgendaLine;
pub(crate) use taking_part::{Recorded, TakingPart, councils_of, counts_at, counts_for, takes_part};

use crate::{
    capability::Capability,
    clock::local_date,
    error::{Code, Refused},
    recorded::{council_covers, has_ended, recorded_under},
    store::{
        collection::{Collection, Document, DocumentWriter, Member, text, whole},
        door::Facts,
        merge::{stamped, stamps, with_filled},
        partition::{Audience, Partition},
        reference::Reference,
        table::Root,
        working::{Changes, Needs, Working},
        writing::{Current, Stop, Writable, Write, Written},
    },
    viewer::Place,
};

/// The collection `meeting`.
pub struct MeetingCollection;

impl Collection for MeetingCollection {
    fn name(&self) -> &'static str {
        "meeting"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.meeting.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.meeting.rev(id)
    }

    fn partitions(&self, working: &Working, reference: &Reference, id: Uuid) -> Vec<Partition> {
        let Some(row) = working.meeting.get(id) else {
            return Vec::new();
        };
        let mut partitions = vec![Partition::Council(row.council_id)];
        partitions.extend(
            working
                .meeting_council
                .of(id)
                .map(|link| Partition::Council(link.council_id)),
        );
        partitions.extend(row.author_id.map(Partition::Account));
        if row.status == Status::Proposed {
            return partitions;
        }
        // Figures of a province or commune count every meeting that is more than a proposal.
        let units = working.meeting_unit.of(id).map(|link| link.unit_id);
        partitions.extend(reference.regions(row.council_id, units));
        // A delegate's own contact is his and his council's, until the council has made it its own.
        if row.author_id.is_none() || row.status.is_closed() || row.is_public {
            for link in working.meeting_unit.of(id) {
                partitions.push(Partition::Place(link.unit_id));
                if row.is_public {
                    partitions.push(Partition::Public(link.unit_id));
                }
            }
        }
        partitions
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.meeting.get(id) else {
            return document.done();
        };
        let councils = working.meeting_council.of(id).map(|link| link.council_id.0);
        let for_delegates = audience > Audience::Region;
        let is_told = is_told(row, audience);
        let made = working.meeting_brief.get(id).map(|brief| brief.text.as_str());
        let brief = brief::told(made, row.brief.as_deref(), audience).filter(|_| for_delegates);
        // How invitations were answered is the council's own.
        let internal = audience >= Audience::Internal;
        let author = row.author_id.filter(|_| audience >= Audience::Internal);
        let mut document = written(document, working, row)
            .set("family", row.family)
            .set("authorId", author)
            .set("roundId", row.round_id)
            .ids("councilIds", std::iter::once(row.council_id.0).chain(councils))
            .ids(
                "invitedDelegateIds",
                delegates(working, row.id, |link| link.invited),
            )
            .ids(
                "attendedDelegateIds",
                delegates(working, row.id, |link| link.attended),
            )
            .ids(
                "attendingDelegateIds",
                delegates(working, row.id, |link| internal && link.attending == Some(true)),
            )
            .ids(
                "absentDelegateIds",
                delegates(working, row.id, |link| internal && link.attending == Some(false)),
            )
            .set("mode", &row.mode)
            .time("endsAt", row.ends_at)
            .set("ordinal", row.ordinal)
            .set("status", row.status)
            .set("agenda", agenda(working, row).filter(|_| is_told))
            .set("brief", brief)
            .done();
        if !is_told {
            document.remove("title");
            document.remove("place");
        }
        document
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("kind", "Kind of meeting, a code."),
                text("unitIds", "The places that it is for: ids separated by spaces."),
                text(
                    "place",
                    "Where it is held (địa điểm); like title and agenda for outsiders only once it is public.",
                ),
                text("startsAt", "When it begins."),
                text("title", "Its title."),
                text("family", "`contact` (tiếp xúc cử tri) or `session` (kỳ họp)."),
                text(
                    "authorId",
                    "The account that announced it from a phone; null for who may not know.",
                ),
                text("roundId", "The round of contacts (đợt) that it belongs to."),
                text(
                    "councilIds",
                    "The councils that hold it: ids separated by spaces.",
                ),
                text("mode", "In person, online or both (hình thức), a code."),
                text("endsAt", "When it ends."),
                whole("ordinal", "Its number in the term (kỳ họp thứ)."),
                text("status", "Where it stands, a code."),
                text("agenda", "Its agenda (chương trình), line by line."),
                text(
                    "invitedDelegateIds",
                    "The delegates who were invited: ids separated by spaces.",
                ),
                text(
                    "attendedDelegateIds",
                    "The delegates who came: ids separated by spaces.",
                ),
                text(
                    "attendingDelegateIds",
                    "The delegates who said that they will come: ids separated by spaces.",
                ),
                text(
                    "absentDelegateIds",
                    "The delegates who said that they will not come: ids separated by spaces.",
                ),
                text(
                    "brief",
                    "What its delegates should know beforehand (tài liệu tóm tắt): JSON once the server has made it.",
                ),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.meeting.insert(id);
    }
}

/// Whether an audience reads the free words of a meeting. A phone's title of a contact, or the house where it took
/// place, can name people: outside of the councils they are read once the office has made the meeting public.
pub(crate) fn is_told(row: &Model, audience: Audience) -> bool {
    audience > Audience::Region || row.is_public
}

/// The fields that a phone may write of its own contact, as they are.
fn written(document: DocumentWriter, working: &Working, row: &Model) -> DocumentWriter {
    document
        .set("kind", &row.kind)
        .ids(
            "unitIds",
            working.meeting_unit.of(row.id).map(|link| link.unit_id.0),
        )
        .set("place", &row.place)
        .time("startsAt", row.starts_at)
        .set("title", &row.title)
}

fn delegates(
    working: &Working,
    id: MeetingId,
    is: impl Fn(&meeting_delegate::Model) -> bool,
) -> impl Iterator<Item = Uuid> {
    links::delegates(working, id, is).into_iter().map(Uuid::from)
}

/// The agenda as phones show it: its text, then its items line by line.
fn agenda(working: &Working, row: &Model) -> Option<String> {
    let mut items: Vec<_> = working
        .agenda_item
        .iter()
        .filter(|item| item.meeting_id == row.id)
        .collect();
    items.sort_by_key(|item| item.position);
    let items = items.iter().map(|item| match &item.presenter {
        Some(presenter) => format!("{}. {} ({presenter})", item.position, item.title),
        None => format!("{}. {}", item.position, item.title),
    });
    let lines: Vec<String> = row.agenda.iter().cloned().chain(items).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The meeting, if the viewer may know of it.
pub(crate) fn known_meeting<'a>(working: &'a Working, facts: &Facts<'_>, id: MeetingId) -> Option<&'a Model> {
    let row = working.meeting.get(id)?;
    // A delegate whose mandate has ended still knows the meetings of his council's time.
    let former = facts
        .viewer
        .mandates
        .iter()
        .any(|mandate| takes_part(working, row, mandate.delegate.council_id));
    (former
        || MeetingCollection
            .partitions(working, facts.reference, id.0)
            .into_iter()
            .any(|partition| facts.viewer.reads(partition) || partition.audience() == Audience::Public))
    .then_some(row)
}

/// What makes a meeting more than a proposal.
const APPROVALS: [Event; 2] = [Event::Approve, Event::Notify];

/// Whether a meeting was ever more than a proposal. Of one that was put off or called off its history tells, which
/// [`need_approval`] asks; a delegate's own contact never was a proposal.
pub(crate) fn is_more_than_a_proposal(working: &Working, row: &Model) -> bool {
    match row.status {
        Status::Proposed => false,
        Status::Postponed | Status::Cancelled => {
            let happened = |event: Event| working.happened.contains(&(row.id.0, event.code().to_owned()));
            row.author_id.is_some() || APPROVALS.into_iter().any(happened)
        }
        _ => true,
    }
}

/// Has the history of a meeting asked where its state does not tell whether it was ever more than a proposal.
pub(crate) fn need_approval(row: &Model, needs: &mut Needs) {
    if matches!(row.status, Status::Postponed | Status::Cancelled) {
        let asked = APPROVALS.into_iter().map(|event| (row.id.0, event.code()));
        needs.happened_to.extend(asked);
    }
}

fn device(facts: &Facts<'_>) -> String {
    facts
        .viewer
        .device_id()
        .map(|device| device.to_string())
        .unwrap_or_default()
}

impl Writable for MeetingCollection {
    fn name(&self) -> &'static str {
        "meeting"
    }

    fn fields(&self) -> &'static [&'static str] {
        rules::OWN_FIELDS
    }

    fn read_only(&self) -> &'static [&'static str] {
        &[
            "family",
            "authorId",
            "roundId",
            "councilIds",
            "invitedDelegateIds",
            "attendedDelegateIds",
            "attendingDelegateIds",
            "absentDelegateIds",
            "mode",
            "endsAt",
            "ordinal",
            "status",
            "agenda",
            "brief",
        ]
    }

    fn taken_back(&self) -> Option<&'static str> {
        Some(Status::Cancelled.code())
    }

    fn is_part(&self, fields: &Document, is_change: bool) -> bool {
        let lacks = |name: &str| !fields.contains_key(name);
        lacks("kind") || (is_change && (lacks("startsAt") || lacks("unitIds")))
    }

    fn needs(&self, write: &Write, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting.insert(write.id);
    }

    fn current(&self, working: &Working, facts: &Facts<'_>, id: Uuid) -> Option<Current> {
        let row = working
            .meeting
            .get(id)
            .filter(|row| row.author_id.is_some() && row.author_id == facts.viewer.account_id())?;
        Some(Current {
            values: written(DocumentWriter::default(), working, row).done(),
            stamps: stamps(&row.stamps),
            rev: working.meeting.was(id).map_or(0, Root::rev),
        })
    }

    fn write(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Result<Written, Stop> {
        let author = facts.viewer.account_id().ok_or(Code::Unauthenticated)?;
        let id = MeetingId(write.id);
        let before = working.meeting.get(write.id);
        if let Some(row) = before
            && row.author_id != Some(author)
        {
            return Err(match known_meeting(working, facts, id) {
                Some(_) => Code::ReadOnly.into(),
                None => Refused::field(Code::NotFound, "id").into(),
            });
        }
        if write.delete {
            let row = before.ok_or(Refused::field(Code::NotFound, "id"))?;
            // Recorded and called off in one push, as after a restore: that it was held is what the clock made of its day.
            if row.status == Status::Held && working.meeting.was(write.id).is_none() {
                let announced = Model {
                    status: Status::Notified,
                    ..row.clone()
                };
                return Ok(cancel(facts, &announced)?.into());
            }
            return Ok(cancel(facts, row)?.into());
        }
        if facts.viewer.mandates.is_empty() {
            return Err(Code::ReadOnly.into());
        }
        let mut row = before.cloned().unwrap_or_else(|| new_contact(facts, id));
        let mut links = Links::of(working, id);
        let untitled = rules::read_own(&mut row, &mut links, &write.fields, facts.reference)?;
        let starts_at = row.starts_at.ok_or(Refused::field(Code::Required, "startsAt"))?;

        let day = local_date(starts_at);
        // Under which council it was recorded never changes with a later correction.
        let fits = |council| {
            before.is_none_or(|before| before.council_id == council)
                && links
                    .units
                    .iter()
                    .all(|unit| council_covers(facts.reference, council, *unit))
        };
        let under = recorded_under(facts, Some(day), None, None, fits)
            .ok_or(Refused::field(Code::NotFound, "unitIds"))?;
        // What an ended mandate allowed is judged by its day alone.
        if !under.late
            && !facts
                .viewer
                .may(Capability::PlanOwnContact, Place::Council(under.council))
        {
            return Err(Code::Forbidden.into());
        }
        let council = facts
            .reference
            .council(under.council)
            .ok_or(Refused::field(Code::NotFound, "unitIds"))?;
        rules::in_office(council, starts_at)?;
        if !under.held_then {
            return Err(Refused::field(Code::OutOfRange, "startsAt").into());
        }
        row.council_id = under.council;
        row.author_id = Some(author);
        if row.round_id.is_none() && row.outside_round.is_none() {
            row.outside_round = Some("own_contact".to_owned());
        }
        row.status = rules::own_status(before.map(|row| row.status), starts_at, facts.now)
            .ok_or(Refused::new(Code::InvalidState))?;
        if let Some(before) = before {
            let mut known = Links::of(working, id);
            known.sort(row.council_id);
            // Its title taken away, say, which it never had: it goes on being called by its kind.
            if *before == row && known == links {
                return Ok(Written {
                    changes: Changes::default(),
                    differs: untitled,
                });
            }
        }
        let revision = working.meeting.was(write.id).map_or(0, Root::rev) + 1;
        row.stamps = stamped(
            stamps(&row.stamps),
            &with_filled(&write.fields, if untitled { &["title"] } else { &[] }),
            revision,
            &device(facts),
            write.recorded_at,
        );

        let late = under.late || links.units.iter().any(|unit| has_ended(facts, *unit));
        let what = if before.is_none() { "recorded" } else { "corrected" };
        let mut event = facts.event("meeting", id, what, Some(row.council_id));
        event.detail = match before {
            Some(before) => {
                let old = rules::plan(before, &Links::of(working, id));
                let lost: Document = old
                    .into_iter()
                    .filter(|(name, _)| write.fields.contains_key(name))
                    .collect();
                Some(json!({"before": lost}).to_string())
            }
            None => late.then(|| json!({"late": true}).to_string()),
        };
        let mut changes = Changes::default();
        changes.put(row);
        links.put(id, &mut changes);
        changes.happened(event);
        Ok(Written {
            changes,
            differs: untitled,
        })
    }
}

/// An unplanned contact before anything was said about it.
fn new_contact(facts: &Facts<'_>, id: MeetingId) -> Model {
    Model {
        id,
        family: Family::Contact,
        kind: String::new(),
        council_id: CouncilId(Uuid::nil()),
        author_id: None,
        round_id: None,
        outside_round: None,
        title: String::new(),
        place: None,
        starts_at: None,
        ends_at: None,
        mode: None,
        status: Status::Proposed,
        ordinal: None,
        plan_number: None,
        plan_date: None,
        agenda: None,
        brief: None,
        invited: None,
        attended: None,
        speakers: None,
        opinions: None,
        attendance_bands: None,
        is_public: false,
        stamps: String::new(),
        created_at: facts.now,
        rev: 0,
        updated_at: facts.now,
    }
}

/// The author calls his own contact off; what was held stays.
fn cancel(facts: &Facts<'_>, row: &Model) -> Result<Changes, Refused> {
    let row = rules::advance(row, Event::Cancel, facts.now).map_err(|refused| refused.code)?;
    let mut changes = Changes::default();
    changes.happened(facts.event("meeting", row.id, "cancelled", Some(row.council_id)));
    changes.put(row);
    Ok(changes)
}
