//! Which column of a spreadsheet is what, by its Vietnamese head. Pure.

use crate::text::fold;

macro_rules! columns {
    ($($(#[$doc:meta])* $variant:ident $field:literal $vi:literal [$($other:literal),*];)*) => {
        /// What a column can be.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column { $($(#[$doc])* $variant),* }

        impl Column {
            /// All of them, in the order in which they are documented.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name of what it fills, as in the API.
            pub fn field(self) -> &'static str {
                match self { $(Self::$variant => $field),* }
            }

            /// Its usual head.
            pub fn head(self) -> &'static str {
                match self { $(Self::$variant => $vi),* }
            }

            /// Other heads that it is known by, folded.
            pub fn others(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($other),*]),* }
            }
        }
    };
}

columns! {
    /// The office's own number: what makes a row the same row.
    Number "number" "Số kiến nghị" ["ma kien nghi", "ma so", "ma", "so", "so ma", "so hieu", "ma so kien nghi", "so ho so", "ma ho so"];
    Content "content" "Nội dung kiến nghị" ["noi dung", "noi dung y kien kien nghi", "y kien kien nghi", "noi dung y kien", "kien nghi", "noi dung kien nghi cua cu tri", "y kien kien nghi cua cu tri", "noi dung cu tri kien nghi"];
    Title "title" "Tiêu đề" ["trich yeu", "tom tat", "ten kien nghi", "tom tat noi dung"];
    Field "field" "Lĩnh vực" ["linh vuc kien nghi", "nhom linh vuc", "nganh linh vuc"];
    Tier "tier" "Thẩm quyền" ["cap tham quyen", "tham quyen giai quyet", "cap giai quyet", "cap co tham quyen"];
    Unit "unitIds" "Đơn vị" ["xa phuong", "xa phuong dac khu", "xa phuong thi tran", "xa", "phuong", "dia ban", "dia phuong", "don vi kien nghi", "don vi hanh chinh", "noi kien nghi", "cu tri xa phuong", "don vi cu tri", "cu tri"];
    District "district" "Huyện" ["quan huyen", "huyen thi xa thanh pho", "cap huyen"];
    Province "province" "Tỉnh" ["tinh thanh pho", "tinh thanh", "thanh pho"];
    Origin "origin" "Nguồn kiến nghị" ["nguon", "nguon goc", "doi tuong kien nghi"];
    Received "receivedAt" "Ngày tiếp nhận" ["ngay nhan", "ngay kien nghi", "ngay tiep xuc", "thoi gian tiep nhan", "ngay tiep xuc cu tri", "ngay ghi nhan"];
    Agency "leadId" "Cơ quan giải quyết" ["co quan chu tri", "co quan tra loi", "don vi giai quyet", "co quan don vi giai quyet", "co quan co tham quyen", "co quan tham quyen giai quyet", "don vi chu tri", "co quan don vi tra loi", "don vi tra loi", "co quan co tham quyen giai quyet"];
    ForwardedNumber "forwardedNumber" "Số văn bản chuyển" ["van ban chuyen", "so van ban chuyen kien nghi", "so cong van chuyen", "cong van chuyen", "so vb chuyen"];
    ForwardedAt "forwardedAt" "Ngày chuyển" ["ngay van ban chuyen", "ngay chuyen kien nghi", "ngay cong van chuyen"];
    Due "dueAt" "Hạn trả lời" ["thoi han tra loi", "han giai quyet", "thoi han giai quyet", "han", "thoi han", "han xu ly"];
    Outcome "outcome" "Kết quả" ["ket qua giai quyet", "ket qua xu ly", "phan loai ket qua"];
    AnswerText "answerText" "Nội dung trả lời" ["noi dung giai quyet", "tra loi", "noi dung tra loi cua co quan", "noi dung ket qua giai quyet", "noi dung van ban tra loi"];
    AnsweredAt "answeredAt" "Ngày trả lời" ["ngay van ban tra loi", "ngay co van ban tra loi"];
    AnswerNumber "answerNumber" "Số văn bản trả lời" ["van ban tra loi", "so cong van tra loi", "cong van tra loi", "so vb tra loi"];
    Roadmap "roadmapAt" "Lộ trình đến" ["lo trinh", "thoi han hoan thanh", "du kien hoan thanh", "thoi gian hoan thanh", "ngay hoan thanh"];
    InformedAt "informedAt" "Ngày thông tin cử tri" ["ngay thong tin lai cho cu tri", "ngay thong bao cu tri", "ngay tra loi cu tri", "ngay thong tin lai"];
    InformedBy "informedBy" "Hình thức thông tin" ["hinh thuc thong tin lai", "hinh thuc thong bao", "hinh thuc thong tin cu tri"];
    Status "status" "Tình trạng" ["trang thai", "tinh trang giai quyet", "trang thai xu ly", "tinh trang xu ly"];
}

/// What is written into the column of mistakes, and never read.
pub const MISTAKES: &str = "Lỗi";

/// The column of a file of mistakes that says which row of which file each one was: a row that was corrected may say
/// just what another one says, and is not that one.
pub const SOURCE: &str = "Dòng gốc";

/// Heads of columns about voters as persons: such a column is left out, whatever it holds.
const PERSONAL: &[&str] = &[
    "ho ten",
    "ho va ten",
    "ten cu tri",
    "ho ten cu tri",
    "ho va ten cu tri",
    "nguoi kien nghi",
    "nguoi phan anh",
    "cu tri kien nghi",
    "cu tri neu",
    "cu tri phan anh",
    "cu tri phat bieu",
    "cong dan",
    "nguoi dan",
    "nguoi neu",
    "nguoi gui",
    "nguoi phat bieu",
    "nguoi de nghi",
    "nguoi de xuat",
    "nguoi co y kien",
    "nguoi co kien nghi",
    "ten nguoi",
    "ten cong dan",
    "ong ba",
    "chu ho",
    "ho gia dinh",
    "so dien thoai",
    "dien thoai",
    "sdt",
    "so dt",
    "di dong",
    "email",
    "thu dien tu",
    "cccd",
    "so cccd",
    "cmnd",
    "so cmnd",
    "can cuoc",
    "so can cuoc",
    "can cuoc cong dan",
    "ma dinh danh",
    "so dinh danh",
    "dia chi",
    "dia chi cu tri",
    "noi o",
    "noi cu tru",
    "cho o",
    "thuong tru",
    "noi thuong tru",
    "que quan",
    "gioi tinh",
    "nghe nghiep",
    "ngay sinh",
    "nam sinh",
    "lien he",
    "thong tin lien he",
];

/// Heads under which some lists have places or codes, and others the names of voters. Such a column is read; of what
/// is in no list nothing is told again, since it may be a name.
const DOUBTFUL: &[&str] = &["cu tri", "doi tuong kien nghi"];

/// What a head means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    Column(Column),
    /// About voters as persons.
    Personal,
    /// The mistakes of an earlier import.
    Mistakes,
    /// Which row it was there.
    Source,
    Unknown,
}

fn folded(raw: &str) -> String {
    fold(raw.split(['(', '[']).next().unwrap_or_default())
}

/// Reads one head. A remark in brackets does not count: "Hạn trả lời (ngày)".
pub fn head(raw: &str) -> Head {
    let folded = folded(raw);
    if folded.is_empty() {
        return Head::Unknown;
    }
    if folded == fold(MISTAKES) {
        return Head::Mistakes;
    }
    if folded == fold(SOURCE) {
        return Head::Source;
    }
    let personal = |mark: &&str| folded == **mark || folded.starts_with(&format!("{mark} "));
    let column = Column::ALL
        .iter()
        .find(|column| fold(column.head()) == folded || column.others().contains(&folded.as_str()));
    match column {
        Some(column) => Head::Column(*column),
        None if PERSONAL.iter().any(personal) => Head::Personal,
        None => Head::Unknown,
    }
}

/// The heads of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    /// As they were written.
    pub raw: Vec<String>,
    pub heads: Vec<Head>,
    /// The columns whose values may be names of voters.
    doubtful: Vec<Column>,
}

impl Heads {
    /// The head row, if this is it: it names the content and one thing more.
    pub fn read(cells: &[String]) -> Option<Self> {
        let known: Vec<(Head, bool)> = cells
            .iter()
            .map(|cell| (head(cell), DOUBTFUL.contains(&folded(cell).as_str())))
            .collect();
        // The first column of a kind is the one; beside a clear head the doubtful one has names.
        let one = |column| {
            let first = |doubt| {
                known
                    .iter()
                    .position(|known| *known == (Head::Column(column), doubt))
            };
            first(false).or_else(|| first(true))
        };
        let mut seen = Vec::new();
        let mut doubtful = Vec::new();
        let mut heads = Vec::with_capacity(known.len());
        for (place, (head, doubt)) in known.iter().enumerate() {
            heads.push(match *head {
                Head::Column(column) if one(column) == Some(place) => {
                    seen.push(column);
                    if *doubt {
                        doubtful.push(column);
                    }
                    *head
                }
                Head::Column(_) if *doubt => Head::Personal,
                Head::Column(_) => Head::Unknown,
                head => head,
            });
        }
        (seen.contains(&Column::Content) && seen.len() > 1).then(|| Self {
            raw: cells.to_vec(),
            heads,
            doubtful,
        })
    }

    /// Whether what stands in this column may be the name of a voter where it is in no list.
    pub fn is_doubtful(&self, column: Column) -> bool {
        self.doubtful.contains(&column)
    }

    /// The head under which a column stands in this file.
    pub fn of(&self, column: Column) -> Option<&str> {
        let place = self.heads.iter().position(|head| *head == Head::Column(column))?;
        self.raw.get(place).map(String::as_str)
    }

    /// The heads of what is left out: of voters as persons, and the rest.
    pub fn left_out(&self) -> (Vec<String>, Vec<String>) {
        let of = |wanted| {
            let both = self.heads.iter().zip(&self.raw);
            let those = both.filter(|(head, raw)| **head == wanted && !raw.trim().is_empty());
            those.map(|(_, raw)| raw.trim().to_owned()).collect()
        };
        (of(Head::Personal), of(Head::Unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_known_in_every_spelling() {
        for (raw, column) in [
            ("Nội dung kiến nghị", Column::Content),
            ("NỘI DUNG KIẾN NGHỊ", Column::Content),
            ("Nội dung ý kiến, kiến nghị", Column::Content),
            (
                "No\u{323}\u{302}i dung kie\u{302}\u{301}n nghi\u{323}",
                Column::Content,
            ),
            ("Xã/phường", Column::Unit),
            ("Xã, phường, đặc khu", Column::Unit),
            ("Hạn trả lời (ngày)", Column::Due),
            ("Số/Mã", Column::Number),
            ("Cơ quan, đơn vị giải quyết", Column::Agency),
            ("Tình trạng", Column::Status),
        ] {
            assert_eq!(head(raw), Head::Column(column), "{raw}");
        }
        for raw in [
            "Họ và tên",
            "Số điện thoại",
            "CCCD",
            "Địa chỉ cử tri",
            "Người kiến nghị",
            "Người nêu ý kiến",
            "Công dân",
            "Cử tri nêu kiến nghị",
        ] {
            assert_eq!(head(raw), Head::Personal, "{raw}");
        }
        // Numbered anew in every file, so that it names no row.
        assert_eq!(head("STT"), Head::Unknown);
        assert_eq!(head("Lỗi"), Head::Mistakes);
        assert_eq!(head("Dòng gốc"), Head::Source);
    }

    #[test]
    fn every_column_has_its_own_heads() {
        let mut seen = std::collections::HashMap::new();
        for column in Column::ALL {
            let own = std::iter::once(fold(column.head()))
                .chain(column.others().iter().map(|other| (*other).to_owned()));
            for name in own {
                assert_eq!(fold(&name), name);
                assert_eq!(seen.insert(name.clone(), column), None, "{name}");
                assert!(!PERSONAL.contains(&name.as_str()), "{name}");
            }
        }
    }

    #[test]
    fn a_column_of_voters_has_places_unless_another_has_them() {
        let read = |row: &[&str]| {
            let cells: Vec<String> = row.iter().map(|cell| (*cell).to_owned()).collect();
            Heads::read(&cells).unwrap()
        };
        let alone = read(&["Nội dung", "Cử tri (xã)", "Đối tượng kiến nghị"]);
        assert!(alone.is_doubtful(Column::Unit) && alone.is_doubtful(Column::Origin));
        assert_eq!(alone.of(Column::Unit), Some("Cử tri (xã)"));
        let beside = read(&["Cử tri", "Nội dung", "Xã/phường", "Cử tri"]);
        assert!(!beside.is_doubtful(Column::Unit));
        assert_eq!(beside.of(Column::Unit), Some("Xã/phường"));
        let names = vec!["Cử tri".to_owned(), "Cử tri".to_owned()];
        assert_eq!(beside.left_out(), (names, Vec::new()));
        let clear = read(&["Nội dung", "Cử tri xã, phường"]);
        assert!(clear.of(Column::Unit).is_some() && !clear.is_doubtful(Column::Unit));
        for head in DOUBTFUL {
            assert!(matches!(super::head(head), Head::Column(_)), "{head}");
        }
    }

    #[test]
    fn a_title_above_the_table_is_no_head_row() {
        let cells = |row: &[&str]| row.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        assert_eq!(Heads::read(&cells(&["Nội dung kiến nghị"])), None);
        assert_eq!(Heads::read(&cells(&["DANH SÁCH KIẾN NGHỊ", ""])), None);
        let heads = Heads::read(&cells(&[
            "STT",
            "Nội dung",
            "Lĩnh vực",
            "Họ tên",
            "Nội dung kiến nghị",
        ]))
        .unwrap();
        assert_eq!(heads.of(Column::Content), Some("Nội dung"));
        assert_eq!(
            heads.left_out(),
            (
                vec!["Họ tên".to_owned()],
                vec!["STT".to_owned(), "Nội dung kiến nghị".to_owned()]
            )
        );
    }
}
