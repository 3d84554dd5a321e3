//! What one may do: a closed set of capabilities. Which role holds which of them is data
//! (`accounts::roles`); where they hold is the viewer's scope.
//!
//! Deny by default: no capability follows from another one, and none from being signed in.

use std::fmt;

macro_rules! capabilities {
    ($($(#[$doc:meta])* $variant:ident $code:literal $vi:literal;)*) => {
        /// One thing that a person may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Capability { $($(#[$doc])* $variant),* }

        impl Capability {
            /// All of them, in the order of the chain.
            pub const ALL: &'static [Capability] = &[$(Capability::$variant),*];

            /// The stable code, as it stands in reference data.
            pub fn code(self) -> &'static str {
                match self { $(Capability::$variant => $code),* }
            }

            /// What it is called, in Vietnamese.
            pub fn label(self) -> &'static str {
                match self { $(Capability::$variant => $vi),* }
            }

            /// The capability with this code.
            pub fn from_code(code: &str) -> Option<Capability> {
                match code { $($code => Some(Capability::$variant),)* _ => None }
            }
        }
    };
}

capabilities! {
    // The chain, from the voter's words to the voter
    /// Record what a voter said, and correct or withdraw one's own feedback while nobody has grouped it.
    RecordFeedback "record_feedback" "Ghi ý kiến, kiến nghị của cử tri";
    /// Keep one's own record of a voter contact: hours, attendance by bands, draft of the minutes.
    RecordMeeting "record_meeting" "Ghi diễn biến cuộc tiếp xúc cử tri";
    /// Make petitions of feedback; split and merge them.
    GroupFeedback "group_feedback" "Tổng hợp, tách, nhập kiến nghị";
    /// Make the synthesis of one's own delegate group and send it to the council.
    SynthesiseGroup "synthesise_group" "Lập, gửi báo cáo tổng hợp của tổ đại biểu";
    /// Put MTTQ's name to the council's synthesis.
    CosignSynthesis "cosign_synthesis" "Mặt trận Tổ quốc cùng ký báo cáo tổng hợp";
    /// Set a petition's field and tier of authority.
    ClassifyPetition "classify_petition" "Phân loại kiến nghị theo lĩnh vực và thẩm quyền";
    /// Forward petitions with a document and a due date.
    ForwardPetitions "forward_petitions" "Chuyển kiến nghị đến cơ quan có thẩm quyền";
    /// Send petitions back as being of another's authority.
    ReturnPetitions "return_petitions" "Trả lại kiến nghị không thuộc thẩm quyền";
    /// Move a due date, with reason and roadmap.
    ExtendDue "extend_due" "Gia hạn trả lời kiến nghị";
    /// Answer petitions that were forwarded to one's own body.
    AnswerPetitions "answer_petitions" "Trả lời kiến nghị";
    /// Enter the answer of a body without an account, and on which paper an MTTQ without one co-signed.
    AnswerOnBehalf "answer_on_behalf" "Nhập văn bản trả lời, cùng ký thay cơ quan, tổ chức chưa có tài khoản";
    /// Judge whether an answer answers.
    AssessAnswer "assess_answer" "Đánh giá văn bản trả lời";
    /// Urge a body on.
    Urge "urge" "Đôn đốc";
    /// State when and how the voters were told of the result.
    InformVoters "inform_voters" "Thông tin lại cho cử tri";
    /// Close a petition whose voters have been informed.
    ClosePetition "close_petition" "Kết thúc theo dõi kiến nghị";
    /// Open a closed petition again, with a reason.
    ReopenPetition "reopen_petition" "Mở lại kiến nghị";
    /// Release the redacted text to the public.
    Publish "publish" "Công khai nội dung đã biên tập";
    /// Name the successor that takes over open obligations of a merged unit.
    AllocateObligations "allocate_obligations" "Giao nghĩa vụ còn dở dang sau sáp nhập";

    // What the chain stands on
    /// Plan meetings and sessions, keep their agenda and records.
    ManageMeetings "manage_meetings" "Lập kế hoạch, quản lý hoạt động (kỳ họp, phiên họp, cuộc tiếp xúc cử tri)";
    /// Enter a contact of one's own that nobody planned.
    PlanOwnContact "plan_own_contact" "Tự ghi cuộc tiếp xúc cử tri ngoài kế hoạch";
    /// Enter resolutions, their effect and their relations.
    ManageResolutions "manage_resolutions" "Quản lý nghị quyết";
    /// Take in newer lists of administrative units.
    ManageUnits "manage_units" "Cập nhật danh mục đơn vị hành chính";
    /// Keep councils, terms, mandates, groups and committees.
    ManageCouncil "manage_council" "Quản lý Hội đồng, nhiệm kỳ, đại biểu, tổ, ban";
    /// Keep the bodies that answer.
    ManageAgencies "manage_agencies" "Quản lý cơ quan, tổ chức có thẩm quyền giải quyết";

    // People
    /// Create, change and disable accounts; reset passwords; revoke devices of others.
    ManageAccounts "manage_accounts" "Quản lý tài khoản và thiết bị";
    /// Give roles and take them away.
    GrantRoles "grant_roles" "Cấp và thu hồi vai trò";

    // Reading
    /// Read what the council and its office own, drafts too.
    ReadInternal "read_internal" "Đọc dữ liệu nội bộ của Hội đồng";
    /// Read petitions, meetings and resolutions that concern the places one represents.
    ReadPlace "read_place" "Đọc dữ liệu của địa bàn mình đại diện";
    /// Read petitions that were forwarded to one's own body.
    ReadForwarded "read_forwarded" "Đọc kiến nghị được chuyển đến cơ quan mình";
    /// Read everything of a region's councils, without personal fields.
    ReadRegion "read_region" "Đọc dữ liệu tổng hợp của địa phương, không có dữ liệu cá nhân";
    /// Read figures and reports of the council.
    ReadReports "read_reports" "Xem số liệu, báo cáo";
    /// Read the access log and the history of rights.
    ReadAudit "read_audit" "Xem nhật ký truy cập";
    /// Unmask a voter's contact details, with a reason that is logged. Nothing asks for it yet.
    ReadContact "read_contact" "Xem thông tin liên hệ của cử tri (có nêu lý do, có ghi nhật ký)";
    /// Erase a voter's contact details when he withdraws his consent. Nothing asks for it yet: the author does it.
    EraseContact "erase_contact" "Xóa thông tin liên hệ theo yêu cầu của cử tri";
    /// Erase what turned out to be a denunciation, everywhere. Nothing asks for it yet.
    SealDenunciation "seal_denunciation" "Niêm phong, xóa nội dung được xác định là tố cáo";
}

impl Capability {
    /// What has to be done with petitions and feedback until they are closed: what an office does for a council
    /// that it alone follows. Neither new business of the former council nor rights at it are among them.
    pub const OPEN_BUSINESS: &'static [Self] = &[
        Self::GroupFeedback,
        Self::ClassifyPetition,
        Self::ForwardPetitions,
        Self::ReturnPetitions,
        Self::ExtendDue,
        Self::AnswerOnBehalf,
        Self::AssessAnswer,
        Self::Urge,
        Self::InformVoters,
        Self::ClosePetition,
        Self::ReopenPetition,
        Self::Publish,
    ];
}

/// A set of capabilities; empty at first.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities(u64);

// A set is one word; one more capability than it has bits must not compile.
const _: () = assert!(Capability::ALL.len() <= u64::BITS as usize);

impl Capabilities {
    /// Nothing at all.
    pub const NONE: Self = Self(0);

    /// Adds one.
    pub fn insert(&mut self, capability: Capability) {
        self.0 |= bit(capability);
    }

    /// Whether this may be done.
    pub fn contains(self, capability: Capability) -> bool {
        self.0 & bit(capability) != 0
    }

    /// What either of the two allows.
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both of the two allow.
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether nothing is allowed.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in the order of [`Capability::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL
            .iter()
            .copied()
            .filter(move |capability| self.contains(*capability))
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(members: I) -> Self {
        members.into_iter().fold(Self::NONE, |mut set, capability| {
            set.insert(capability);
            set
        })
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Capability::code)).finish()
    }
}

fn bit(capability: Capability) -> u64 {
    1 << capability as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_distinct_and_lead_back() {
        let codes: HashSet<_> = Capability::ALL
            .iter()
            .map(|capability| capability.code())
            .collect();
        assert_eq!(codes.len(), Capability::ALL.len());
        for capability in Capability::ALL {
            assert_eq!(Capability::from_code(capability.code()), Some(*capability));
            assert!(
                capability
                    .code()
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            );
            assert!(!capability.label().is_empty());
        }
        assert_eq!(Capability::from_code("everything"), None);
    }

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        assert!(
            Capability::ALL
                .iter()
                .all(|capability| !Capabilities::default().contains(*capability))
        );
        for one in Capability::ALL {
            let set = Capabilities::from_iter([*one]);
            assert_eq!(set.iter().collect::<Vec<_>>(), [*one]);
            assert!(!set.is_empty() && set.union(Capabilities::NONE) == set);
        }
        let all: Capabilities = Capability::ALL.iter().copied().collect();
        assert_eq!(all.iter().count(), Capability::ALL.len());
    }
}
