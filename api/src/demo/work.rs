//! What councils do in the demo, and when: voter contacts and sessions past and coming, with all that belongs to them.

use std::collections::BTreeMap;

use entity::{meeting::Status, meeting_council, meeting_unit};

use super::{
    Making,
    bodies::Councils,
    documents, feedback,
    meetings::{self, Plan},
    put::Put,
    resolutions, rounds,
};
use crate::error::Result;

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
    let delegates = meetings::delegates(making).await?;
    let group = put.group();
    let evening = evening.make(making, group);
    meetings::present(group, &evening, here.id, &delegates);
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
        meetings::present(group, &contact, council.id, &delegates);
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
    for council in [above, here, there] {
        meetings::present(group, &joint, council.id, &delegates);
    }

    // Where most petitions come from, so that one phone shows the whole work of a delegate.
    let group = put.group();
    let title = "Tiếp xúc cử tri trước kỳ họp cuối năm tại Chiêm Hóa";
    let far = councils.get("tuyenquang")?;
    let mut coming = Plan::contact(far, "before_session", title, -8, Status::Notified).make(making, group);
    coming.brief = Some(BRIEF.to_owned());
    meetings::present(group, &coming, far.id, &delegates);
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
        meetings::agenda(making, group, coming.id);
        sessions.insert(council.id, (held.id, coming.id));
    }
    for council in [here, there, above, far] {
        let (held, coming) = sessions.get(&council.id).copied().unzip();
        rounds::make(making, &mut put, council, held, coming);
    }
    rounds::papers(making, put.group(), here);
    rounds::synthesis(making, put.group(), here);
    meetings::reported(making, councils, &mut put)?;
    if let Some(session) = mid {
        documents::make(making, put.group(), above, session);
    }
    resolutions::make(making, councils, &mut put)?;
    feedback::waiting(making, put.group(), here, evening);
    put.write(making.state).await
}
