//! What a cell means: days, codes, results, states. Pure; whatever can be meant two ways is nothing.

use chrono::{Datelike, Days, NaiveDate};

use crate::{
    codes,
    text::{fold, mark_fold},
};

/// A day as people and spreadsheets write it: `1/2/2025`, `01-02-2025`, `1.2.2025`, `2025-02-01`, `ngày 1 tháng 2 năm
/// 2025`, or the number of a day since 1900 (or 1904). The day stands before the month, as everywhere in Vietnam.
pub(super) fn day(raw: &str, is_1904: bool) -> Option<NaiveDate> {
    let raw = raw.trim();
    if let Ok(serial) = raw.parse::<f64>() {
        // From 1928 to 2119; smaller numbers are years or counts, not days.
        let days = (10_000.0..80_000.0).contains(&serial).then_some(serial.trunc())?;
        let start = if is_1904 {
            NaiveDate::from_ymd_opt(1904, 1, 1)?
        } else {
            NaiveDate::from_ymd_opt(1899, 12, 30)?
        };
        return start.checked_add_days(Days::new(days as u64));
    }
    let folded = fold(raw);
    let numbers: Vec<&str> = folded
        .split(' ')
        .filter(|word| !matches!(*word, "ngay" | "thang" | "nam"))
        .collect();
    let [first, second, third, rest @ ..] = numbers.as_slice() else {
        return None;
    };
    // An hour may follow.
    if !rest
        .iter()
        .all(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
        || rest.len() > 3
    {
        return None;
    }
    let number = |text: &str| (text.len() <= 4).then(|| text.parse::<u32>().ok()).flatten();
    let (first, second) = (number(first)?, number(second)?);
    // "2025-02-01T00:00:00" is one word after its last hyphen.
    let third = number(third.split('t').next()?)?;
    let date = if first >= 1_900 {
        NaiveDate::from_ymd_opt(i32::try_from(first).ok()?, second, third)
    } else {
        NaiveDate::from_ymd_opt(i32::try_from(third).ok()?, second, first)
    };
    date.filter(|date| (1_900..2_200).contains(&date.year()))
}

/// Number and day of a document: `125/HĐND-VP ngày 02/03/2026` names both.
pub(super) fn document(raw: &str) -> (String, Option<NaiveDate>) {
    let raw = raw.trim();
    let lower = raw.to_lowercase();
    // Lowering a Vietnamese letter never changes its length in bytes; where it does, nothing is taken apart.
    if lower.len() == raw.len()
        && let Some(at) = lower.rfind("ngày")
        && raw.is_char_boundary(at)
        && let Some(date) = day(&raw[at + "ngày".len()..], false)
    {
        let number = raw[..at].trim().trim_end_matches([',', ';', '(']).trim();
        return (number.to_owned(), Some(date));
    }
    (raw.to_owned(), None)
}

/// Which row of which file a refused row was, as its file of mistakes tells it; read by [`source`].
pub(super) fn source_told(file: &str, line: u32) -> String {
    format!("dòng {line} tệp {file}")
}

/// The file and the line that [`source_told`] wrote.
pub(super) fn source(raw: &str) -> Option<(String, u32)> {
    let folded = fold(raw);
    let words: Vec<&str> = folded.split(' ').collect();
    let ["dong", line, "tep", file] = words.as_slice() else {
        return None;
    };
    let is_digest = file.len() == 64 && file.bytes().all(|byte| byte.is_ascii_hexdigit());
    let line = line.parse::<u32>().ok().filter(|line| *line > 0)?;
    is_digest.then(|| ((*file).to_owned(), line))
}

/// The code of a list that a cell names: the code, its label with marks, or without them where that is one alone.
pub(super) fn code(list: &str, raw: &str) -> Option<String> {
    let raw = raw.trim();
    if let Some(entry) = codes::find(list, &raw.to_lowercase()).or_else(|| codes::find_label(list, raw)) {
        return Some(entry.code.clone());
    }
    if mark_fold(raw) != fold(raw) {
        return None;
    }
    let folded = fold(raw);
    let mut alike = codes::list(list)
        .iter()
        .filter(|entry| fold(&entry.label_vi) == folded);
    match (alike.next(), alike.next()) {
        (Some(entry), None) => Some(entry.code.clone()),
        _ => None,
    }
}

/// Which level is competent.
pub(super) fn tier(raw: &str) -> Option<String> {
    if let Some(code) = code("tier", raw) {
        return Some(code);
    }
    let folded = fold(raw);
    let bare = folded.strip_prefix("cap ").unwrap_or(&folded);
    let code = match bare {
        "trung uong" | "tw" | "quoc hoi" | "chinh phu" => "central",
        "tinh" | "thanh pho" | "tinh thanh pho" => "province",
        "huyen" | "quan huyen" => "district_historical",
        "xa" | "phuong" | "xa phuong" | "dac khu" => "commune",
        "doanh nghiep" | "khac" => "non_state",
        _ => return None,
    };
    Some(code.to_owned())
}

/// The class of a result, as offices write it.
pub(super) fn outcome(raw: &str) -> Option<String> {
    if let Some(code) = code("outcome", raw) {
        return Some(code);
    }
    let folded = fold(raw.split('(').next().unwrap_or_default());
    let known = [
        ("da giai quyet", "resolved"),
        ("da giai quyet xong", "resolved"),
        ("giai quyet xong", "resolved"),
        ("da hoan thanh", "resolved"),
        ("dang giai quyet", "in_progress"),
        ("dang thuc hien", "in_progress"),
        ("giai trinh", "explained"),
        ("da giai trinh", "explained"),
        ("giai trinh cung cap thong tin", "explained"),
        ("cung cap thong tin", "explained"),
        ("chua giai quyet", "not_resolved"),
        ("chua giai quyet duoc", "not_resolved"),
        ("tam gac lai", "deferred"),
        ("co lo trinh", "deferred"),
        ("khong thuoc tham quyen", "out_of_competence"),
        ("chua tra loi", "not_answered"),
    ];
    let (_, code) = known.iter().find(|(words, _)| *words == folded)?;
    Some((*code).to_owned())
}

/// How far a petition came, by the column of states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reached {
    Accepted,
    Classified,
    Forwarded,
    Answered,
    Informed,
    Closed,
}

/// Reads a state.
pub(super) fn reached(raw: &str) -> Option<Reached> {
    Some(match fold(raw.split('(').next().unwrap_or_default()).as_str() {
        "moi" | "moi tiep nhan" | "da tiep nhan" | "tiep nhan" | "chua xu ly" | "accepted" => {
            Reached::Accepted
        }
        "da phan loai" | "chua chuyen" | "classified" => Reached::Classified,
        "da chuyen" | "dang xu ly" | "cho tra loi" | "chua tra loi" | "qua han" | "forwarded" => {
            Reached::Forwarded
        }
        "da tra loi" | "da co tra loi" | "da co van ban tra loi" | "answered" => Reached::Answered,
        "da thong tin" | "da thong tin lai" | "da thong tin cu tri" | "da thong bao cu tri" | "informed" => {
            Reached::Informed
        }
        "da dong" | "ket thuc" | "da ket thuc" | "ket thuc theo doi" | "da ket thuc theo doi" | "closed" => {
            Reached::Closed
        }
        _ => return None,
    })
}

/// The beginning of a text as its title, cut between two words.
pub(super) fn title(content: &str) -> String {
    const MOST: usize = 120;
    let line = content.lines().next().unwrap_or_default().trim();
    if line.chars().count() <= MOST {
        return line.trim_end_matches(['.', ';', ',']).to_owned();
    }
    let cut = line.char_indices().nth(MOST).map_or(line.len(), |(at, _)| at);
    let head = &line[..cut];
    let head = head.rsplit_once(' ').map_or(head, |(head, _)| head);
    format!("{} …", head.trim_end_matches([',', ';', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_day_is_read_in_every_usual_way_and_in_no_other() {
        for raw in [
            "1/2/2025",
            "01/02/2025",
            "01-02-2025",
            "1.2.2025",
            "2025-02-01",
            "2025-02-01T00:00:00",
            "2025-02-01 00:00:00",
            "ngày 1 tháng 2 năm 2025",
            "Ngày 01/02/2025",
            "45689",
            "45689.75",
        ] {
            assert_eq!(day(raw, false), date("2025-02-01"), "{raw}");
        }
        assert_eq!(day("44227", true), date("2025-02-01"));
        for raw in [
            "",
            "2025",
            "31/2/2025",
            "1/13/2025",
            "1/2/25",
            "tháng 2/2025",
            "quý I",
            "1/2/2025/6/7/8/9",
            "-45689",
            "1e300",
            "NaN",
            "99999999",
        ] {
            assert_eq!(day(raw, false), None, "{raw}");
        }
    }

    #[test]
    fn a_document_may_name_its_day() {
        assert_eq!(
            document("125/HĐND-VP ngày 02/03/2026"),
            ("125/HĐND-VP".to_owned(), date("2026-03-02"))
        );
        assert_eq!(
            document("125/HĐND-VP (ngày 2/3/2026)"),
            ("125/HĐND-VP".to_owned(), date("2026-03-02"))
        );
        assert_eq!(document(" 125 "), ("125".to_owned(), None));
        assert_eq!(document("ngày mai"), ("ngày mai".to_owned(), None));
    }

    #[test]
    fn where_a_row_was_is_read_as_it_was_written() {
        let file = "0123456789abcdef".repeat(4);
        let told = source_told(&file, 7);
        assert_eq!(source(&told), Some((file.clone(), 7)));
        assert_eq!(source(&format!(" DÒNG 7, TỆP {file} ")), Some((file.clone(), 7)));
        for raw in [
            "",
            "7",
            "dòng 7",
            &told.replace("7 tệp", "0 tệp"),
            &told[..told.len() - 1],
        ] {
            assert_eq!(source(raw), None, "{raw}");
        }
    }

    #[test]
    fn codes_labels_and_what_offices_write() {
        assert_eq!(code("field", "Giao thông").as_deref(), Some("transport"));
        assert_eq!(code("field", "giao thong").as_deref(), Some("transport"));
        assert_eq!(code("field", "transport").as_deref(), Some("transport"));
        assert_eq!(code("field", "Thuỷ lợi").as_deref(), Some("irrigation"));
        assert_eq!(code("field", "Giáo thông"), None);
        assert_eq!(tier("Cấp tỉnh").as_deref(), Some("province"));
        assert_eq!(tier("xã").as_deref(), Some("commune"));
        assert_eq!(
            outcome("Chưa giải quyết (đã tiếp thu, chưa bố trí được nguồn lực)").as_deref(),
            Some("not_resolved")
        );
        assert_eq!(outcome("Đã sửa xong đoạn đường"), None);
        assert_eq!(reached("Đã trả lời"), Some(Reached::Answered));
        assert_eq!(reached("?"), None);
    }

    #[test]
    fn a_title_is_the_beginning_of_the_text() {
        assert_eq!(title("Sửa đường.\nDòng hai"), "Sửa đường");
        let long = title(&"đường ".repeat(40));
        assert!(long.ends_with("đường …") && long.chars().count() < 125);
    }
}
