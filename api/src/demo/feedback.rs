//! Feedback of the demo: a few pieces that wait for the office.

use entity::{council, feedback, id::MeetingId};

use super::{
    Making,
    accounts::account_id,
    put::{Group, moment},
};
use crate::feedback::tracking::TrackingCode;

/// What was said last evening and waits for the office.
pub(super) fn waiting(making: &Making<'_>, group: &mut Group, council: &council::Model, meeting: MeetingId) {
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
