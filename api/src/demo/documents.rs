//! Documents of the demo: those that lie before one session.

use entity::{council, document, id::MeetingId};

use super::{Making, put::Group};

/// Documents of one session, numbered as offices number theirs.
pub(super) fn make(making: &Making<'_>, group: &mut Group, council: &council::Model, session: MeetingId) {
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
