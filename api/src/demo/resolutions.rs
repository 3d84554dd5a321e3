//! Resolutions of the demo, with numbers in every spelling that is met.

use chrono::{Datelike, NaiveDate};
use entity::{
    resolution::{self, Effect},
    resolution_edge,
};

use super::{
    Making,
    bodies::Councils,
    put::{Put, moment},
};
use crate::{error::Result, resolutions::number::OfficialNumber};

/// Resolutions; the numbers as they are written in one place or another.
pub(super) fn make(making: &Making<'_>, councils: &Councils, put: &mut Put) -> Result<()> {
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
        let council = councils.on(key, issued)?;
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
