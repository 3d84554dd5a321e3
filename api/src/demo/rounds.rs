//! Rounds of voter contacts in the demo: one that is over and one that is coming, each with its plan, what the council
//! gives its delegates to read, and a synthesis that waits to be frozen.

use entity::{
    council, document,
    id::{MeetingId, RoundId},
    round::{self, Status},
    synthesis,
};

use super::{
    Making,
    put::{Group, Put, moment},
};

/// The round of a council's contacts of this kind, for kinds that are held in rounds.
pub(super) fn round_of(making: &Making<'_>, council: &council::Model, kind: &str) -> Option<RoundId> {
    let is_in_rounds = matches!(kind, "before_session" | "after_session");
    is_in_rounds.then(|| {
        let at = moment(council.valid_from, 9);
        making.id(&format!("round/{}/{kind}", council.id), at)
    })
}

/// The rounds of a council: after the session that was, and before the one that comes.
pub(super) fn make(
    making: &Making<'_>,
    put: &mut Put,
    council: &council::Model,
    mid: Option<MeetingId>,
    coming: Option<MeetingId>,
) {
    let all = [
        (
            "after_session",
            "sau kỳ họp giữa năm",
            "14/KH-HĐND",
            120,
            110,
            mid,
            Status::Closed,
        ),
        (
            "before_session",
            "trước kỳ họp cuối năm",
            "06/KH-HĐND",
            3,
            -20,
            coming,
            Status::Approved,
        ),
    ];
    for (kind, when, plan, begins, ends, session, status) in all {
        let Some(id) = round_of(making, council, kind) else {
            continue;
        };
        let planned = making.at(begins + 20, 9);
        let group = put.group();
        group.row(round::Model {
            id,
            council_id: council.id,
            kind: kind.to_owned(),
            title: format!("Đợt tiếp xúc cử tri {when}, {}", council.name),
            session_id: session,
            plan_number: Some(plan.to_owned()),
            plan_date: Some(making.day(begins + 20)),
            points_planned: None,
            starts_on: Some(making.day(begins)),
            ends_on: Some(making.day(ends)),
            content: None,
            status,
            is_public: true,
            created_at: planned,
            rev: 0,
            updated_at: planned,
        });
        let mut event = making.event("round", id, "planned", planned);
        event.council_id = Some(council.id);
        event.basis = Some(plan.to_owned());
        group.event(event);
    }
}

/// What a council gives its delegates to read before a contact.
pub(super) fn papers(making: &Making<'_>, group: &mut Group, council: &council::Model) {
    let all = [
        (
            "contact_guide",
            "HD",
            "02/HD-HĐND",
            "Hướng dẫn đại biểu tiếp xúc cử tri",
            "Nghe hết ý kiến, ghi đủ nơi chốn và việc cần làm; giải trình điều đã biết, điều chưa biết thì nhận về; không hứa \
             thay cơ quan có thẩm quyền; đã hứa thì ghi lại và báo lại.",
        ),
        (
            "socio_economic_report",
            "BC",
            "512/BC-UBND",
            "Tình hình kinh tế - xã hội, quốc phòng - an ninh 9 tháng",
            "Số liệu minh họa của bản trình diễn: thu ngân sách đạt 78% dự toán, giải ngân đầu tư công 61%, an ninh trật tự \
             ổn định.",
        ),
    ];
    for (purpose, kind, number, title, summary) in all {
        group.row(document::Model {
            id: making.id(&format!("paper/{}/{number}", council.id), making.at(40, 9)),
            council_id: council.id,
            meeting_id: None,
            kind: kind.to_owned(),
            number: number.to_owned(),
            date: making.day(40),
            signer: None,
            title: title.to_owned(),
            purpose: Some(purpose.to_owned()),
            summary: Some(summary.to_owned()),
            valid_from: None,
            valid_to: None,
            created_at: making.at(40, 9),
        });
    }
}

/// A synthesis of the round that is going on: what it counts is what was said.
pub(super) fn synthesis(making: &Making<'_>, group: &mut Group, council: &council::Model) {
    let Some(round_id) = round_of(making, council, "before_session") else {
        return;
    };
    let at = making.at(1, 21);
    let row = synthesis::Model {
        id: making.id(&format!("synthesis/{round_id}"), at),
        council_id: council.id,
        round_id,
        group_id: None,
        title: format!(
            "Báo cáo tổng hợp ý kiến, kiến nghị cử tri trước kỳ họp cuối năm, {}",
            council.name
        ),
        status: synthesis::Status::Draft,
        edition: 0,
        created_at: at,
        rev: 0,
        updated_at: at,
    };
    let mut event = making.event("synthesis", row.id, "drafted", at);
    event.council_id = Some(council.id);
    group.row(row).event(event);
}
