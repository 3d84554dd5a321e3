//! Meetings of the demo: voter contacts and sessions, who was asked to them and who came, and what is on their agenda.

use std::collections::BTreeMap;

use entity::{
    agenda_item, council, delegate,
    id::{CouncilId, DelegateId, MeetingId},
    meeting::{self, Family, Status},
    meeting_delegate, meeting_unit,
};
use sea_orm::EntityTrait;

use super::{
    Making,
    bodies::Councils,
    put::{Group, Put, moment},
    rounds::round_of,
};
use crate::{error::Result, meetings::outside_by_kind};

/// A meeting to be made.
pub(super) struct Plan<'a> {
    council: &'a council::Model,
    family: Family,
    kind: &'a str,
    title: String,
    /// Days before today; negative: still to come. Nothing where no report says when it was.
    before: Option<i64>,
    status: Status,
    ordinal: Option<i32>,
}

impl<'a> Plan<'a> {
    pub(super) fn contact(
        council: &'a council::Model,
        kind: &'a str,
        title: &str,
        before: i64,
        status: Status,
    ) -> Self {
        Self {
            council,
            family: Family::Contact,
            kind,
            title: title.to_owned(),
            before: Some(before),
            status,
            ordinal: None,
        }
    }

    pub(super) fn session(
        council: &'a council::Model,
        kind: &'a str,
        ordinal: i32,
        before: i64,
        status: Status,
    ) -> Self {
        let (what, manner) = (
            format!("Kỳ họp thứ {ordinal}"),
            match kind {
                "regular_mid" => "thường lệ giữa năm",
                "regular_end" => "thường lệ cuối năm",
                "first" => "thứ nhất của nhiệm kỳ",
                _ => "chuyên đề",
            },
        );
        Self {
            council,
            family: Family::Session,
            kind,
            title: format!("{what} ({manner}) {}", council.name),
            before: Some(before),
            status,
            ordinal: Some(ordinal),
        }
    }

    pub(super) fn make(&self, making: &Making<'_>, group: &mut Group) -> meeting::Model {
        let is_contact = self.family == Family::Contact;
        let hour = if is_contact { 19 } else { 8 };
        let begins = self.before.map(|before| making.at(before, hour));
        let announced = self.before.map_or_else(
            || moment(self.council.valid_from, 8),
            |before| making.at((before + 15).max(1), 9),
        );
        let is_over = self.status.is_over();
        let row = meeting::Model {
            id: making.id(
                &format!("meeting/{}/{}/{:?}", self.council.id, self.title, self.before),
                announced,
            ),
            family: self.family,
            kind: self.kind.to_owned(),
            council_id: self.council.id,
            author_id: None,
            round_id: round_of(making, self.council, self.kind).filter(|_| is_contact),
            outside_round: outside_by_kind(self.kind).filter(|_| is_contact),
            title: self.title.clone(),
            place: is_contact.then(|| "Nhà văn hóa ấp".to_owned()),
            starts_at: begins,
            ends_at: begins
                .filter(|_| is_over)
                .map(|at| at + chrono::Duration::hours(2)),
            mode: Some("direct".to_owned()),
            status: self.status,
            ordinal: self.ordinal,
            plan_number: self.before.map(|_| "06/KH-HĐND".to_owned()),
            // No paper is dated later than today.
            plan_date: self.before.map(|before| making.day((before + 20).max(1))),
            agenda: None,
            brief: None,
            invited: (is_contact && is_over).then_some(120),
            attended: (is_contact && is_over).then_some(96),
            speakers: (is_contact && is_over).then_some(11),
            opinions: (is_contact && is_over).then_some(14),
            attendance_bands: (is_contact && is_over)
                .then(|| "female=51 male=45 age_18_29=9 age_30_44=27 age_45_59=34 age_60_up=26".to_owned()),
            is_public: true,
            stamps: String::new(),
            created_at: announced,
            rev: 0,
            updated_at: announced,
        };
        group.row(row.clone()).row(meeting_unit::Model {
            meeting_id: row.id,
            unit_id: self.council.unit_id,
        });
        let mut planned = making.event("meeting", row.id, "planned", announced);
        planned.council_id = Some(self.council.id);
        planned.basis = row.plan_number.clone();
        group.event(planned);
        row
    }
}

/// The mandates of each council.
pub(super) async fn delegates(making: &Making<'_>) -> Result<BTreeMap<CouncilId, Vec<DelegateId>>> {
    let mut of: BTreeMap<CouncilId, Vec<DelegateId>> = BTreeMap::new();
    for row in delegate::Entity::find().all(making.state.store.read()).await? {
        of.entry(row.council_id).or_default().push(row.id);
    }
    Ok(of)
}

/// All delegates of a council that takes part are invited; of several, all but one came.
pub(super) fn present(
    group: &mut Group,
    meeting: &meeting::Model,
    council: CouncilId,
    delegates: &BTreeMap<CouncilId, Vec<DelegateId>>,
) {
    let invited = delegates.get(&council).map_or(&[][..], Vec::as_slice);
    let came = invited.len().saturating_sub(usize::from(invited.len() > 1));
    for (place, &delegate_id) in invited.iter().enumerate() {
        group.row(meeting_delegate::Model {
            meeting_id: meeting.id,
            delegate_id,
            invited: true,
            attended: meeting.status.is_over() && place < came,
            attending: None,
            absence_reason: None,
            answered_at: None,
        });
    }
}

/// What the coming session has before it.
pub(super) fn agenda(making: &Making<'_>, group: &mut Group, meeting_id: MeetingId) {
    let items = [
        ("Báo cáo kết quả giải quyết kiến nghị của cử tri", "UBND"),
        (
            "Báo cáo giám sát việc giải quyết kiến nghị của cử tri",
            "Thường trực HĐND",
        ),
        ("Chất vấn và trả lời chất vấn", "Chủ tọa kỳ họp"),
        ("Nghị quyết về kế hoạch đầu tư công năm sau", "UBND"),
    ];
    for (position, (title, presenter)) in (1..).zip(items) {
        group.row(agenda_item::Model {
            id: making.id(&format!("agenda/{meeting_id}/{position}"), making.at(5, 9)),
            meeting_id,
            position,
            title: title.to_owned(),
            presenter: Some(presenter.to_owned()),
        });
    }
}

/// Sessions that public reports count without saying when they were.
pub(super) fn reported(making: &Making<'_>, councils: &Councils, put: &mut Put) -> Result<()> {
    for sessions in &councils.sessions {
        let council = councils.get(&sessions.council)?;
        for number in 1..=sessions.count {
            let title = if sessions.count > 1 {
                format!("{} (thứ {number}) {}", sessions.title, council.name)
            } else {
                format!("{} {}", sessions.title, council.name)
            };
            let plan = Plan {
                council,
                family: Family::Session,
                kind: &sessions.kind,
                title,
                before: None,
                status: Status::Reported,
                ordinal: None,
            };
            let group = put.group();
            let mut row = plan.make(making, group);
            row.brief = Some(councils.sessions_source.clone());
            group.row(row);
        }
    }
    Ok(())
}
