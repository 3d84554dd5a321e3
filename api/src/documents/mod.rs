//! Documents (văn bản) as .docx in the layout of Decree 30/2020/NĐ-CP, filled in from templates that a council can
//! replace: the plan of a round, the minutes of a voter contact, syntheses, letters that forward and urge, and the table of
//! results for a session.
//!
//! A document is made when somebody asks, from rows and figures that others count; nothing of it is stored. Each tells
//! on which day its figures were true.

mod catalogue;
mod filling;
pub mod graphql;
pub mod http;
mod made;
mod template;
mod templates;

use uuid::Uuid;

pub use self::{
    catalogue::{COMMON, Field},
    template::package::MOST_BYTES,
};

/// What a .docx is called in HTTP.
pub const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// A document that can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// Plan of a round of voter contacts (kế hoạch tiếp xúc cử tri).
    ContactPlan,
    /// Minutes of a voter contact (biên bản tiếp xúc cử tri).
    ContactMinutes,
    /// Synthesis of voters' opinions and petitions (báo cáo tổng hợp).
    Synthesis,
    /// Letter that forwards petitions (công văn chuyển kiến nghị).
    Forwarding,
    /// Letter that urges a body (công văn đôn đốc).
    Urging,
    /// What became of petitions, for a session (bảng tổng hợp kết quả giải quyết).
    PetitionResults,
}

/// What a kind of document is.
struct Kind {
    /// In addresses and in the database; never changed.
    name: &'static str,
    title: &'static str,
    /// Of what it is made.
    subject: &'static str,
    /// The symbol after the number.
    symbol: &'static str,
    /// How a file begins that is saved.
    file: &'static str,
    shipped: &'static [u8],
}

macro_rules! shipped {
    ($name:literal) => {
        include_bytes!(concat!("../../reference/documents/", $name, ".docx"))
    };
}

/// In the order of the kinds.
const KINDS: [Kind; 6] = [
    Kind {
        name: "contact-plan",
        title: "Kế hoạch tiếp xúc cử tri",
        subject: "round",
        symbol: "KH-HĐND",
        file: "ke-hoach-tiep-xuc-cu-tri",
        shipped: shipped!("contact-plan"),
    },
    Kind {
        name: "contact-minutes",
        title: "Biên bản tiếp xúc cử tri",
        subject: "meeting (contact)",
        symbol: "BB-HĐND",
        file: "bien-ban-tiep-xuc-cu-tri",
        shipped: shipped!("contact-minutes"),
    },
    Kind {
        name: "synthesis",
        title: "Báo cáo tổng hợp ý kiến, kiến nghị cử tri",
        subject: "synthesis",
        symbol: "BC-HĐND",
        file: "bao-cao-tong-hop",
        shipped: shipped!("synthesis"),
    },
    Kind {
        name: "forwarding",
        title: "Công văn chuyển kiến nghị",
        subject: "forwarding",
        symbol: "HĐND",
        file: "cong-van-chuyen-kien-nghi",
        shipped: shipped!("forwarding"),
    },
    Kind {
        name: "urging",
        title: "Công văn đôn đốc",
        subject: "urging",
        symbol: "HĐND",
        file: "cong-van-don-doc",
        shipped: shipped!("urging"),
    },
    Kind {
        name: "petition-results",
        title: "Bảng tổng hợp kết quả giải quyết kiến nghị",
        subject: "meeting (session)",
        symbol: "BC-HĐND",
        file: "ket-qua-giai-quyet-kien-nghi",
        shipped: shipped!("petition-results"),
    },
];

impl DocumentKind {
    /// All of them.
    pub const ALL: [Self; KINDS.len()] = [
        Self::ContactPlan,
        Self::ContactMinutes,
        Self::Synthesis,
        Self::Forwarding,
        Self::Urging,
        Self::PetitionResults,
    ];

    fn kind(self) -> &'static Kind {
        &KINDS[self as usize]
    }

    /// The name in addresses.
    pub fn name(self) -> &'static str {
        self.kind().name
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The title for people, in Vietnamese.
    pub fn title(self) -> &'static str {
        self.kind().title
    }

    /// Of what row it is made.
    pub fn subject(self) -> &'static str {
        self.kind().subject
    }

    /// The template that comes with the program.
    pub fn shipped(self) -> &'static [u8] {
        self.kind().shipped
    }

    /// What may stand in its placeholders beside [`COMMON`].
    pub fn own_fields(self) -> impl Iterator<Item = &'static Field> {
        catalogue::own(self)
    }

    fn knows(self, list: Option<&str>, name: &str) -> bool {
        let mut fields = COMMON.iter().chain(self.own_fields());
        fields.any(|field| field.list == list && field.name == name)
    }
}

/// Where the document about a row is read: a path on this server.
pub(crate) fn url(kind: DocumentKind, row: impl Into<Uuid>) -> String {
    format!("/documents/{}/{}.docx", kind.name(), row.into())
}
