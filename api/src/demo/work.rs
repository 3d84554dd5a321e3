//! What councils do in the demo: voter contacts and sessions past and coming, their documents, resolutions with
//! numbers in every spelling that is met, and a few feedbacks that wait for the office.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use entity::{
    agenda_item, council, delegate, document, feedback,
    id::{CouncilId, DelegateId, MeetingId},
    meeting::{self, Family, Status},
    meeting_council, meeting_delegate, meeting_unit,
    resolution::{self, Effect},
    resolution_edge,
};
use sea_orm::EntityTrait;

use super::{
    Making,
    accounts::account_id,
    bodies::Councils,
    put::{Group, Put, moment},
    rounds::{self, round_of},
};
use crate::{
    error::Result, feedback::tracking::TrackingCode, meetings::outside_by_kind,
    resolutions::number::OfficialNumber,
};

/// A meeting to be made.
struct Plan<'a> {
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
    fn contact(council: &'a council::Model, kind: &'a str, title: &str, before: i64, status: Status) -> Self {
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

    fn session(
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

    fn make(&self, making: &Making<'_>, group: &mut Group) -> meeting::Model {
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

/// What delegates are told before a contact.
const BRIEF: &str = "Mang theo các câu trả lời chưa thông tin lại cho cử tri (trang Kiến nghị).\n\
                     Cử tri nhiều nơi hỏi về đường giao thông, thủy lợi, nước sạch: hỏi rõ thôn, xóm và từ khi nào.\n\
                     Việc thuộc thẩm quyền cấp trên thì nói rõ cấp nào trả lời, đừng hứa thay.";

/// Makes it all.
pub(super) async fn make(making: &Making<'_>, councils: &Councils) -> Result<()> {
    let mut put = Put::default();
    let here = councils.get("tanhung")?;
    let there = councils.get("vinhthanh")?;
    let above = councils.get("tayninh")?;

    let evening = Plan::contact(
        here,
        "before_session",
        "Tiếp xúc cử tri trước kỳ họp tại xã Tân Hưng",
        1,
        Status::Held,
    );
    let delegates = delegates(making).await?;
    let group = put.group();
    let evening = evening.make(making, group);
    present(group, &evening, &delegates);
    let evening = evening.id;
    let contacts = [
        (
            here,
            "after_session",
            "Tiếp xúc cử tri sau kỳ họp giữa năm tại xã Tân Hưng",
            118,
            Status::ResultsInformed,
        ),
        (
            here,
            "thematic",
            "Tiếp xúc cử tri chuyên đề giao thông nông thôn",
            -12,
            Status::Notified,
        ),
        (
            here,
            "residence",
            "Tiếp xúc cử tri nơi cư trú, ấp Gò Thuyền",
            -26,
            Status::Approved,
        ),
        (
            here,
            "field",
            "Tiếp xúc cử tri lĩnh vực y tế cơ sở",
            -9,
            Status::Postponed,
        ),
        (
            there,
            "before_session",
            "Tiếp xúc cử tri trước kỳ họp tại xã Vĩnh Thạnh",
            3,
            Status::Held,
        ),
        (
            there,
            "before_session",
            "Tiếp xúc cử tri trước kỳ họp tại xã Vĩnh Thạnh, điểm thứ hai",
            -10,
            Status::Approved,
        ),
    ];
    for (council, kind, title, before, status) in contacts {
        let group = put.group();
        let contact = Plan::contact(council, kind, title, before, status).make(making, group);
        present(group, &contact, &delegates);
    }
    // One evening for two communes and both levels.
    let group = put.group();
    let title = "Tiếp xúc cử tri liên xã Tân Hưng - Vĩnh Thạnh, đại biểu hai cấp";
    let joint = Plan::contact(above, "before_session", title, -16, Status::Notified).make(making, group);
    for council in [here, there] {
        let (meeting_id, council_id, unit_id) = (joint.id, council.id, council.unit_id);
        group.row(meeting_council::Model {
            meeting_id,
            council_id,
        });
        group.row(meeting_unit::Model { meeting_id, unit_id });
    }

    // Where most petitions come from, so that one phone shows the whole work of a delegate.
    let group = put.group();
    let title = "Tiếp xúc cử tri trước kỳ họp cuối năm tại Chiêm Hóa";
    let far = councils.get("tuyenquang")?;
    let mut coming = Plan::contact(far, "before_session", title, -8, Status::Notified).make(making, group);
    coming.brief = Some(BRIEF.to_owned());
    present(group, &coming, &delegates);
    group.row(coming);

    let mut mid = None;
    let mut sessions = BTreeMap::new();
    for (key, council) in councils.of_today() {
        Plan::session(council, "first", 1, 236, Status::Reported).make(making, put.group());
        let held = Plan::session(council, "regular_mid", 2, 130, Status::Reported).make(making, put.group());
        if key == "tayninh" {
            mid = Some(held.id);
        }
        if council.level == "province" {
            Plan::session(council, "thematic", 3, 50, Status::Held).make(making, put.group());
        }
        let group = put.group();
        let coming = Plan::session(council, "regular_end", 4, -17, Status::Notified).make(making, group);
        agenda(making, group, coming.id);
        sessions.insert(council.id, (held.id, coming.id));
    }
    for council in [here, there, above, far] {
        let (held, coming) = sessions.get(&council.id).copied().unzip();
        rounds::make(making, &mut put, council, held, coming);
    }
    rounds::papers(making, put.group(), here);
    rounds::synthesis(making, put.group(), here);
    reported(making, councils, &mut put)?;
    if let Some(session) = mid {
        documents(making, put.group(), above, session);
    }
    resolutions(making, councils, &mut put)?;
    waiting_feedback(making, put.group(), here, evening);
    put.write(making.state).await
}

/// The mandates of each council.
async fn delegates(making: &Making<'_>) -> Result<BTreeMap<CouncilId, Vec<DelegateId>>> {
    let mut of: BTreeMap<CouncilId, Vec<DelegateId>> = BTreeMap::new();
    for row in delegate::Entity::find().all(making.state.store.read()).await? {
        of.entry(row.council_id).or_default().push(row.id);
    }
    Ok(of)
}

/// All delegates of the council are invited; of several, all but one came.
fn present(group: &mut Group, meeting: &meeting::Model, delegates: &BTreeMap<CouncilId, Vec<DelegateId>>) {
    let invited = delegates.get(&meeting.council_id).map_or(&[][..], Vec::as_slice);
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

fn agenda(making: &Making<'_>, group: &mut Group, meeting_id: MeetingId) {
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
fn reported(making: &Making<'_>, councils: &Councils, put: &mut Put) -> Result<()> {
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

/// Documents of one session, numbered as offices number theirs.
fn documents(making: &Making<'_>, group: &mut Group, council: &council::Model, session: MeetingId) {
    let all = [
        ("TTr", "279/TTr-HĐND", "Tờ trình về chương trình kỳ họp"),
        ("BC", "71/BC-HĐND", "Báo cáo thẩm tra"),
        ("BC", "85/BC-HĐND", "Báo cáo tổng hợp ý kiến, kiến nghị cử tri"),
        ("BC", "783/BC-UBND", "Báo cáo kết quả giải quyết kiến nghị cử tri"),
        ("KH", "06/KH-HĐND", "Kế hoạch tiếp xúc cử tri"),
        ("CTr", "43/CTr-HĐND", "Chương trình giám sát"),
        ("TB", "83/TB-UBND", "Thông báo kết luận"),
        ("QĐ", "423/QĐ-UBND", "Quyết định giao nhiệm vụ trả lời kiến nghị"),
        (
            "QĐ",
            "62/2017/QĐ-UBND",
            "Quyết định ban hành quy định về giải quyết kiến nghị cử tri",
        ),
        ("CV", "2825/UBND-GT", "Công văn trả lời về giao thông"),
        ("CV", "02/ĐĐBQH-VP", "Công văn chuyển kiến nghị lên Quốc hội"),
        ("QC", "06/QC-TT.HĐND-UBND", "Quy chế phối hợp"),
        ("BC", "10/BC-BPC", "Báo cáo của Ban Pháp chế"),
        ("TTr", "08/TTr-TTHĐ", "Tờ trình của Thường trực HĐND"),
    ];
    for (kind, number, title) in all {
        group.row(document::Model {
            id: making.id(&format!("document/{number}"), making.at(135, 9)),
            council_id: council.id,
            meeting_id: Some(session),
            kind: kind.to_owned(),
            number: number.to_owned(),
            date: making.day(135),
            signer: None,
            title: title.to_owned(),
            purpose: None,
            summary: None,
            valid_from: None,
            valid_to: None,
            created_at: making.at(135, 9),
        });
    }
}

/// Resolutions; the numbers as they are written in one place or another.
fn resolutions(making: &Making<'_>, councils: &Councils, put: &mut Put) -> Result<()> {
    let last_year = |month, day| NaiveDate::from_ymd_opt(2025, month, day).unwrap_or(NaiveDate::MIN);
    let day = |before| making.day(before);
    let normative = "normative";
    let written = [
        (
            "tayninh",
            "05/2025/NQ-HĐND",
            normative,
            "Quy định mức hỗ trợ người làm công tác thôn, ấp",
            last_year(7, 25),
        ),
        (
            "tayninh",
            "18/2025/NQ-HĐND",
            normative,
            "Sửa đổi mức hỗ trợ người làm công tác thôn, ấp",
            last_year(12, 10),
        ),
        (
            "tayninh",
            "616/NQ-HĐND",
            "thematic_supervision",
            "Giám sát việc giải quyết kiến nghị của cử tri",
            day(128),
        ),
        (
            "tayninh",
            "Nghị quyết số 617/NQ-HĐND",
            "questioning",
            "Chất vấn tại kỳ họp giữa năm",
            day(128),
        ),
        (
            "tanhung",
            "12/NQ-HĐND",
            "individual",
            "Kế hoạch đầu tư công của xã",
            day(127),
        ),
        (
            "tanhung",
            "13 / NQ - HĐND",
            "session",
            "Kỳ họp giữa năm",
            day(127),
        ),
        (
            "tanhung",
            "14/NQ-HDND",
            "individual",
            "Dự toán ngân sách điều chỉnh",
            day(127),
        ),
        (
            "tanhung",
            "15/NQ-NĐND",
            "individual",
            "Đặt tên đường liên ấp",
            day(126),
        ),
        (
            "tanhung",
            "16/NQ–HĐND",
            "questioning",
            "Chất vấn về cấp nước sạch",
            day(126),
        ),
        (
            "tanhung",
            "17/nq-hđnd",
            "individual",
            "Thành lập đoàn giám sát",
            day(48),
        ),
        // A dot for the stroke of Đ, and marks apart from their letters, as some keyboards write.
        (
            "vinhthanh",
            "42/NQ-HD\u{323}ND",
            "individual",
            "Kế hoạch phát triển kinh tế - xã hội",
            day(127),
        ),
        (
            "vinhthanh",
            "Nghi\u{323} quye\u{302}\u{301}t so\u{302}\u{301} 43/NQ-HĐND",
            "session",
            "Kỳ họp giữa năm",
            day(127),
        ),
        (
            "nghean",
            "21/2025/NQ-HĐND",
            normative,
            "Quy định chính sách hỗ trợ hợp tác xã",
            last_year(12, 9),
        ),
        (
            "thainguyen",
            "33/NQ-HĐND",
            "thematic_supervision",
            "Giám sát chuyển đổi số",
            day(127),
        ),
        (
            "tuyenquang",
            "58/NQ-HĐND",
            "thematic_supervision",
            "Giám sát việc giải quyết kiến nghị của cử tri",
            day(127),
        ),
    ];
    let mut ids = Vec::new();
    for (key, raw, kind, title, issued) in written {
        let council = councils.get(key)?;
        let parsed = OfficialNumber::parse(raw);
        let created = moment(issued, 16);
        let is_old = raw.starts_with("05/2025");
        let row = resolution::Model {
            id: making.id(&format!("resolution/{key}/{raw}"), created),
            council_id: council.id,
            unit_id: council.unit_id,
            session_id: None,
            by_standing_committee: false,
            number: parsed.as_ref().map(ToString::to_string),
            number_key: parsed.as_ref().map(OfficialNumber::key),
            year: issued.year(),
            raw_number: raw.to_owned(),
            kind: kind.to_owned(),
            title: title.to_owned(),
            text: Some(format!(
                "{} QUYẾT NGHỊ: {title}. (Văn bản minh họa của bản trình diễn.)",
                council.name
            )),
            effect: if is_old { Effect::Partly } else { Effect::InForce },
            issued_on: Some(issued),
            in_force_from: issued.checked_add_days(chrono::Days::new(10)),
            in_force_to: None,
            votes_for: Some(27),
            votes_against: Some(0),
            votes_abstained: Some(1),
            delegates_present: Some(28),
            delegates_total: Some(30),
            is_public: true,
            created_at: created,
            rev: 0,
            updated_at: created,
        };
        ids.push(row.id);
        let mut happened = making.event("resolution", row.id, "created", created);
        happened.council_id = Some(council.id);
        happened.basis = row.number.clone();
        let group = put.group();
        group.row(row).event(happened);
        if let (true, [old, new]) = (raw.starts_with("18/2025"), ids.as_slice()) {
            group.row(resolution_edge::Model {
                from_id: *new,
                to_id: *old,
                kind: "amends".to_owned(),
            });
        }
    }
    Ok(())
}

/// What was said last evening and waits for the office.
fn waiting_feedback(making: &Making<'_>, group: &mut Group, council: &council::Model, meeting: MeetingId) {
    let words = [
        (
            "Đèn đường ấp Gò Thuyền",
            "Ba bóng đèn đường trước trạm y tế hỏng từ tháng trước, buổi tối rất tối.",
        ),
        (
            "Thu gom rác",
            "Đề nghị tăng số ngày thu gom rác tuyến lộ Vĩnh Thạnh - Tân Phước.",
        ),
        (
            "Nước sạch cuối tuyến",
            "Nước sạch cuối tuyến yếu vào sáng sớm, các hộ phải bơm thêm.",
        ),
    ];
    let at = making.at(1, 20);
    let author = account_id(making, "daibieu2.tanhung");
    let delegate = making.id("delegate/daibieu2.tanhung/tanhung", moment(council.valid_from, 8));
    for (number, (subject, content)) in (1_u8..).zip(words) {
        let row = feedback::Model {
            id: making.id(&format!("feedback/{number}"), at),
            council_id: council.id,
            author_id: author,
            delegate_id: Some(delegate),
            meeting_id: Some(meeting),
            unit_id: Some(council.unit_id),
            sub_unit: None,
            channel: Some("contact_meeting".to_owned()),
            origin: Some("voter".to_owned()),
            kind: "petition".to_owned(),
            subject: Some(subject.to_owned()),
            content: Some(content.to_owned()),
            wanted: None,
            affected: None,
            since: None,
            evidence: None,
            question: None,
            returns: 0,
            missing: None,
            answered_on_spot: Some(false),
            on_spot_answer: None,
            tracking_code: Some(TrackingCode::from_bytes([7, 11, 26, 20, number]).to_string()),
            receipt_number: None,
            received_on: None,
            receiving_agency_id: None,
            recorded_at: Some(at),
            received_at: at,
            accepted_at: Some(at),
            seen_at: None,
            status: feedback::Status::Accepted,
            late: false,
            petition_id: None,
            stamps: String::new(),
            rev: 0,
            updated_at: at,
        };
        let mut happened = making.event("feedback", row.id, "recorded", at);
        happened.council_id = Some(council.id);
        happened.actor_id = Some(author);
        group.row(row).event(happened);
    }
}
