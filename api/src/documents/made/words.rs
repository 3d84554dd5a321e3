//! How documents say days, places and names.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::{
    clock::{VIETNAM, written},
    codes,
    error::Lang,
};

/// Kinds of units, as their names begin.
const KINDS: [&str; 9] = [
    "Thành phố ",
    "Thị trấn ",
    "Thị xã ",
    "Đặc khu ",
    "Phường ",
    "Huyện ",
    "Quận ",
    "Tỉnh ",
    "Xã ",
];

/// `ngày 02 tháng 3 năm 2026`: days below ten and the first two months have two digits (Decree 30/2020/NĐ-CP). Without a
/// day there is room to write it, in this year.
pub(super) fn on_the_day(day: Option<NaiveDate>, today: NaiveDate) -> String {
    let Some(day) = day else {
        return format!("ngày      tháng      năm {}", today.year());
    };
    let month = match day.month() {
        month @ (1 | 2) => format!("0{month}"),
        month => month.to_string(),
    };
    format!("ngày {:02} tháng {month} năm {}", day.day(), day.year())
}

/// `08 giờ 00, ngày 02/03/2026`, in Vietnam.
pub(super) fn hour(at: DateTime<Utc>) -> String {
    let at = at.with_timezone(&VIETNAM);
    format!("{}, ngày {}", at.format("%H giờ %M"), written(at.date_naive()))
}

/// The same, or room to write it.
pub(super) fn hour_or_room(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "…… giờ ……, ngày …………".to_owned(), hour)
}

/// The name of a unit within a sentence: `xã Tân Hưng`.
pub(super) fn lowered(unit: &str) -> String {
    let mut letters = unit.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// A text as the beginning of a sentence.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The place at which a document is made: the unit without its kind, unless it is named by a number.
pub(super) fn city(unit: &str) -> &str {
    let bare = KINDS.iter().find_map(|kind| unit.strip_prefix(kind));
    bare.filter(|name| !name.starts_with(|letter: char| letter.is_ascii_digit()))
        .unwrap_or(unit)
}

/// What a code is called; the code itself where its list does not know it.
pub(super) fn label(list: &str, code: Option<&str>) -> String {
    let Some(code) = code else { return String::new() };
    codes::find(list, code)
        .map_or(code, |entry| entry.label(Lang::Vi))
        .to_owned()
}

/// Number and date of a document, as far as they are known.
pub(super) fn paper(number: Option<&str>, date: Option<NaiveDate>) -> String {
    match (number, date) {
        (Some(number), Some(date)) => format!("{number} ngày {}", written(date)),
        (Some(number), None) => number.to_owned(),
        (None, Some(date)) => written(date),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_places_are_said_as_the_decree_says_them() {
        let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap();
        let today = day(3, 9);
        assert_eq!(on_the_day(Some(day(2, 5)), today), "ngày 05 tháng 02 năm 2026");
        assert_eq!(on_the_day(Some(day(3, 15)), today), "ngày 15 tháng 3 năm 2026");
        assert!(on_the_day(None, today).ends_with("năm 2026"));
        for (unit, place) in [
            ("Xã Tân Hưng", "Tân Hưng"),
            ("Phường 4", "Phường 4"),
            ("Thành phố Hà Nội", "Hà Nội"),
            ("Đặc khu Côn Đảo", "Côn Đảo"),
        ] {
            assert_eq!(city(unit), place);
        }
        assert_eq!(lowered("Đặc khu Côn Đảo"), "đặc khu Côn Đảo");
        assert_eq!(paper(Some("12/HĐND"), Some(today)), "12/HĐND ngày 09/03/2026");
    }
}
