//! The columns that the tables of contacts share.

use super::super::columns::{Column, column};

pub(super) const ROUND: Column = column(
    "round_id",
    "Đợt",
    "Id of the round; empty for a contact outside of rounds",
);
pub(super) const KIND: Column = column("kind", "Mã loại", "Code of the list `contact_kind`");
pub(super) const KIND_LABEL: Column = column("kind_label", "Loại", "Its label");
pub(super) const VOTERS: Column = column(
    "voters",
    "Số cử tri dự",
    "Voters who attended: the office's figure, else the one on which the delegates' records agree",
);
pub(super) const SPEAKERS: Column = column("speakers", "Lượt phát biểu", "Voters who spoke, taken likewise");
pub(super) const OPINIONS: Column = column(
    "opinions",
    "Số ý kiến, kiến nghị",
    "Opinions and petitions as stated, taken likewise; where nobody stated it, as recorded",
);
pub(super) const RECORDED: Column = column(
    "opinions_recorded",
    "Số ý kiến đã ghi phiếu",
    "Feedbacks recorded at the contact for the councils that take part in it, without those withdrawn and without \
     denunciations; = answered_on_spot + forwarded + not_forwarded",
);
pub(super) const ON_SPOT: Column = column(
    "answered_on_spot",
    "Trả lời tại chỗ",
    "Of these, answered on the spot and not forwarded",
);
pub(super) const FORWARDED: Column = column(
    "forwarded",
    "Chuyển cơ quan giải quyết",
    "Of these, part of a petition that was forwarded by a document of the cut-off date or before, also after a split \
     or a merger; = central + province + commune + other + district",
);
pub(super) const CENTRAL: Column = column(
    "forwarded_central",
    "Chuyển cấp trung ương",
    "Of these, of the tier `central`",
);
pub(super) const PROVINCE: Column = column(
    "forwarded_province",
    "Chuyển cấp tỉnh",
    "Of these, of the tier `province`",
);
pub(super) const COMMUNE: Column = column(
    "forwarded_commune",
    "Chuyển cấp xã",
    "Of these, of the tier `commune`",
);
pub(super) const OTHER: Column = column(
    "forwarded_other",
    "Chuyển nơi khác",
    "Of these, of another tier or not yet classified",
);
pub(super) const DISTRICT: Column = column(
    "forwarded_district",
    "Chuyển cấp huyện",
    "Of these, of the tier `district_historical`: until 30 June 2025",
);
pub(super) const WAITING: Column = column("not_forwarded", "Chưa chuyển", "The rest of those recorded");
pub(super) const DELEGATES: Column = column(
    "delegates_attended",
    "Số đại biểu tham dự",
    "Delegates of the council that held it who attended, each once; empty where the office has not recorded it",
);
