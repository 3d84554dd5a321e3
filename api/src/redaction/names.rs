//! People's names: after a form of address, after "hộ", "cử tri", "họ tên", or by themselves where a surname is followed
//! by a middle name. Names of those who speak for an office stay; so do streets and schools that bear one.

use super::{
    Kind, Span,
    scan::{Text, Token},
};

/// Forms of address, with their marks: without them "bà" would be the number three.
const TITLES: &[&str] = &[
    "ông", "bà", "anh", "chị", "cô", "chú", "bác", "cụ", "em", "cháu", "dì", "cậu", "mợ", "thím", "dượng",
];

/// What may stand between a form of address and the name.
const ROLES: &[&str] = &[
    "giao", "truong", "pho", "ap", "thon", "to", "xom", "chu", "ho", "ten", "la", "hang",
];

/// Words after which a full name stands, without a form of address.
const PEOPLE: &[&[&str]] = &[
    &["ho"],
    &["cu", "tri"],
    &["gia", "dinh"],
    &["chu", "ho"],
    &["ho", "ten"],
    &["ho", "va", "ten"],
    &["ten", "la"],
    &["nguoi", "dan"],
    &["nguoi", "lien", "he"],
    &["lien", "he"],
];

const SURNAMES: &[&str] = &[
    "nguyen", "tran", "le", "pham", "hoang", "huynh", "phan", "vu", "vo", "dang", "bui", "do", "ho", "ngo",
    "duong", "ly", "dinh", "luu", "trinh", "mai", "ha", "dao", "doan", "luong", "truong", "lam", "vuong",
    "ta", "cao", "chau", "thach", "kim", "danh", "nong", "ma", "ban", "trieu", "giang", "vang", "sung", "lo",
    "lu", "luc", "be", "chu", "phung", "khuc", "nghiem", "to", "tong", "tang", "thai", "tieu", "tu", "quach",
    "kieu", "la", "mac", "hua", "chung", "luyen", "thieu",
];

const MIDDLE: &[&str] = &[
    "van", "thi", "huu", "duc", "ngoc", "dinh", "thanh", "xuan", "quang", "cong", "quoc", "ba", "trong",
    "hong", "kim", "minh", "thu", "tuan", "anh", "tien", "viet", "phuoc", "my", "duy", "the", "dang", "nhu",
    "bich", "cam", "tan",
];

/// Before a name these make it the name of a thing.
const THINGS: &[&str] = &[
    "duong", "pho", "truong", "cau", "cho", "kenh", "rach", "lo", "hem", "ngo", "kiet", "vien", "den",
    "chua", "mieu", "thpt", "thcs", "th", "hoc", "quy", "giai", "ty", "nga", "ho", "dap", "song", "suoi",
    "ben", "nui", "hung", "si", "sy", "tuyen", "hem", "mo", "cong", "be", "luc", "xa", "phuong", "huyen",
    "tinh", "quan", "ap", "thon", "xom", "khu",
];

/// Places that look like a person.
const PLACES: &[&[&str]] = &[
    &["ba", "ria"],
    &["ba", "na"],
    &["ba", "den"],
    &["ba", "trieu"],
    &["ba", "chieu"],
    &["ba", "diem"],
    &["ba", "queo"],
    &["ba", "trung"],
    &["co", "to"],
    &["anh", "son"],
    &["anh", "duc"],
    &["ong", "lanh"],
    &["ong", "ich", "khiem"],
    &["bac", "ho"],
    &["bac", "ai"],
    &["chu", "tich"],
    &["ha", "noi"],
    &["ha", "giang"],
    &["ha", "nam"],
    &["ha", "tinh"],
    &["ho", "chi", "minh"],
    &["lam", "dong"],
    &["cao", "bang"],
    &["thai", "binh"],
    &["thai", "nguyen"],
    &["kim", "quan"],
];

/// Offices: who holds one speaks for it.
const OFFICES: &[&[&str]] = &[
    &["chu", "tich"],
    &["bi", "thu"],
    &["giam", "doc"],
    &["bo", "truong"],
    &["thu", "truong"],
    &["thu", "tuong"],
    &["chu", "nhiem"],
    &["truong", "phong"],
    &["truong", "ban"],
    &["chanh", "van", "phong"],
    &["truong", "cong", "an"],
    &["dai", "bieu"],
    &["dong", "chi"],
    &["thuong", "truc"],
    &["uy", "vien"],
];

/// Words of the body between an office and its holder: "Chủ tịch UBND xã Tân Hưng Nguyễn Văn A".
const OF_A_BODY: &[&str] = &[
    "xa", "phuong", "tinh", "huyen", "thanh", "pho", "uy", "ban", "hoi", "dong", "nhan", "dan", "so",
    "phong", "cong", "an", "cua", "ubnd", "hdnd", "dang", "chi", "bo", "doan", "mat", "tran", "to", "quoc",
    "quoc", "la",
];

/// Capitals end no name in a text that shouts; these words do.
const SHOUTED_ENDS: &[&str] = &[
    "de", "nghi", "kien", "phan", "anh", "co", "va", "o", "tai", "la", "xin", "cho", "khong", "da", "dang",
    "se", "duoc", "bi", "cu", "ngu", "tru", "thuoc", "trong", "tren", "den", "tu", "voi", "noi", "hoi",
    "yeu", "cau", "ap", "thon", "xa",
];

/// The longest name, in words.
const LONGEST: usize = 5;

/// Names of people who speak for themselves.
pub(super) fn names(text: &Text<'_>) -> Vec<Span> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < text.tokens.len() {
        let name = titled(text, at)
            .or_else(|| told(text, at))
            .or_else(|| by_itself(text, at));
        match name {
            Some((begin, end)) => {
                let is_official = holds_office_before(text, at.min(begin)) || holds_office_after(text, end);
                if !is_official {
                    found.push((begin, end));
                }
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
    let mut spans: Vec<Span> = found
        .iter()
        .filter_map(|(begin, end)| span(text, *begin, *end))
        .collect();
    spans.extend(again(text, &found));
    spans
}

fn span(text: &Text<'_>, begin: usize, end: usize) -> Option<Span> {
    Some(Span {
        start: text.get(begin)?.start,
        end: text.before(end)?.end,
        kind: Kind::Name,
    })
}

/// A full name that was found once is the same person wherever it stands.
fn again(text: &Text<'_>, found: &[(usize, usize)]) -> Vec<Span> {
    /// Names that are looked for again; more are no petition.
    const MOST: usize = 50;
    let mut spans = Vec::new();
    for (begin, end) in found.iter().filter(|(begin, end)| end - begin >= 3).take(MOST) {
        let words: Vec<&str> = (*begin..*end).map(|place| text.word(place)).collect();
        for at in 0..text.tokens.len() {
            if at != *begin && text.has(at, &words) && text.get(at).is_some_and(Token::is_capital) {
                spans.extend(span(text, at, at + words.len()));
            }
        }
    }
    spans
}

/// "bà Nguyễn Thị Hoa", "ông Sáu", "cô giáo Lan": the name's place, without the form of address.
fn titled(text: &Text<'_>, at: usize) -> Option<(usize, usize)> {
    let title = text.get(at)?;
    if !title.is_word() || !TITLES.contains(&title.marked.as_str()) {
        return None;
    }
    if PLACES.iter().any(|place| text.has(at, place)) {
        return None;
    }
    let mut begin = at + 1;
    while begin < at + 4
        && text.get(begin).is_some_and(|token| !token.is_capital())
        && ROLES.contains(&text.word(begin))
    {
        begin += 1;
    }
    let end = run(text, begin)?;
    let has_surname = SURNAMES.contains(&text.word(begin));
    if title.is_shouted() && title.text.chars().count() > 1 {
        return has_surname.then_some((begin, end));
    }
    // A capital within a sentence belongs to a name of something: "chợ Bà Chiểu", "tiếng Anh".
    if title.is_capital() && !text.begins_sentence(at) && !(has_surname && end - begin >= 2) {
        return None;
    }
    Some((begin, end))
}

/// "cử tri Lê Văn A", "họ và tên: Trần B C".
fn told(text: &Text<'_>, at: usize) -> Option<(usize, usize)> {
    let mut begin = text.after_any(at, PEOPLE)?;
    if text.get(begin).is_some_and(|token| token.is(":")) {
        begin += 1;
    }
    if PLACES.iter().any(|place| text.has(begin, place)) || !SURNAMES.contains(&text.word(begin)) {
        return None;
    }
    // "hồ" and "họ" fold alike.
    let is_lake = text
        .get(at)
        .is_some_and(|token| token.folded == "ho" && !matches!(token.marked.as_str(), "hộ" | "họ" | "ho"));
    let end = run(text, begin)?;
    (end - begin >= 2 && !is_lake).then_some((begin, end))
}

/// A surname with a middle name and one to three words more.
fn by_itself(text: &Text<'_>, at: usize) -> Option<(usize, usize)> {
    if !SURNAMES.contains(&text.word(at)) || !MIDDLE.contains(&text.word(at + 1)) {
        return None;
    }
    let end = run(text, at)?;
    let of_a_thing = text.before(at).is_some_and(|before| {
        before.is_word()
            && (THINGS.contains(&before.folded.as_str())
                || (before.is_capital() && !text.begins_sentence(at - 1)))
    });
    let is_shouted = (at..end).all(|place| text.get(place).is_some_and(Token::is_shouted));
    ((3..=LONGEST).contains(&(end - at)) && !of_a_thing && (!is_shouted || end - at <= 4))
        .then_some((at, end))
}

/// The capitalised words from here; where they end.
fn run(text: &Text<'_>, begin: usize) -> Option<usize> {
    let first = text.get(begin)?;
    if !first.is_capital() {
        return None;
    }
    let shouts = first.is_shouted() && first.text.chars().count() > 1;
    let most = if shouts { 4 } else { LONGEST };
    let mut end = begin + 1;
    while end < begin + most {
        let Some(token) = text.get(end) else { break };
        // K'Brơi
        if matches!(token.text, "'" | "’")
            && token.glued
            && text
                .get(end + 1)
                .is_some_and(|next| next.glued && next.is_capital())
        {
            end += 2;
            continue;
        }
        let ends = !token.is_capital()
            || (shouts && (!token.is_shouted() || SHOUTED_ENDS.contains(&token.folded.as_str())))
            || OFFICES.iter().any(|office| text.has(end, office))
            || matches!(token.folded.as_str(), "ubnd" | "hdnd");
        if ends {
            break;
        }
        end += 1;
    }
    Some(end)
}

/// "Chủ tịch UBND xã Nguyễn Văn A", "đồng chí Lê B", "đại biểu, bà C D".
fn holds_office_before(text: &Text<'_>, name: usize) -> bool {
    const REACH: usize = 10;
    for place in (name.saturating_sub(REACH)..name).rev() {
        if OFFICES.iter().any(|office| text.has(place, office)) {
            return true;
        }
        let Some(token) = text.get(place) else {
            return false;
        };
        let of_the_body = token.is_capital() || OF_A_BODY.contains(&token.folded.as_str());
        // the last words of the office itself: "tịch", "thư", "đốc"
        let of_the_office = OFFICES
            .iter()
            .any(|office| office.iter().skip(1).any(|word| *word == token.folded));
        if !token.is_word() || !(of_the_body || of_the_office) {
            return false;
        }
    }
    false
}

/// "ông Nguyễn Văn A, Chủ tịch UBND xã", "bà B C (Phó Giám đốc Sở)".
fn holds_office_after(text: &Text<'_>, end: usize) -> bool {
    if !text
        .get(end)
        .is_some_and(|token| matches!(token.text, "," | "-" | "–" | "("))
    {
        return false;
    }
    (end + 1..end + 4)
        .take_while(|place| text.get(*place).is_some_and(Token::is_word))
        .any(|place| OFFICES.iter().any(|office| text.has(place, office)))
}
