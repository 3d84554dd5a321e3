//! How many came to a meeting, spoke and asked, by bands and never by name; and which delegates. Pure.

use std::collections::BTreeMap;

use entity::meeting::Model;

use super::links::{CAME, Links, MOST_LINKS};
use crate::{
    codes,
    error::Code,
    store::{
        collection::{Document, DocumentWriter},
        writing::{Reader, Stop},
    },
};

const ATTENDANCE_FIELDS: &[&str] = &[
    "invited",
    "attended",
    "speakers",
    "opinions",
    "attendanceBands",
    CAME,
];

/// Reads how many came, spoke and asked, and which delegates were there.
pub(super) fn read_attendance(row: &mut Model, links: &mut Links, fields: &Document) -> Result<(), Stop> {
    if !row.status.is_over() || row.status.is_closed() {
        return Err(Code::InvalidState.into());
    }
    let mut reader = Reader::new(fields);
    reader.only(ATTENDANCE_FIELDS);
    reader.count("invited", &mut row.invited);
    reader.count("attended", &mut row.attended);
    reader.count("speakers", &mut row.speakers);
    reader.count("opinions", &mut row.opinions);
    read_bands(&mut reader, &mut row.attendance_bands, str::to_owned);
    reader.ids(CAME, &mut links.attended, MOST_LINKS);
    // Nobody speaks who is not there.
    if let (Some(speakers), Some(attended)) = (row.speakers, row.attended)
        && speakers > attended
    {
        reader.wrong(Code::OutOfRange, "speakers");
    }
    // Nobody stands in two bands of one heading, and nobody in any who is not there. What is wrong is what was told.
    let told = ["attendanceBands", "attended"]
        .into_iter()
        .find(|field| reader.has(field));
    if let (Some(told), Some(bands), Some(attended)) = (told, &row.attendance_bands, row.attended)
        && !reader.is_wrong(told)
        && more_than(bands, attended)
    {
        reader.wrong(Code::OutOfRange, told);
    }
    reader.finish()?;
    links.sort(row.council_id);
    Ok(())
}

/// Attendance as it was recorded, for history.
pub(super) fn attendance(row: &Model, links: &Links) -> Document {
    DocumentWriter::default()
        .set("invited", row.invited)
        .set("attended", row.attended)
        .set("speakers", row.speakers)
        .set("opinions", row.opinions)
        .set("attendanceBands", &row.attendance_bands)
        .ids(CAME, links.attended.iter().map(|delegate| delegate.0))
        .done()
}

const LIST: &str = "attendance_band";

/// Longest list of bands; all codes with the largest counts stay below it.
const LONGEST_BANDS: usize = 1_000;

/// Reads `attendanceBands`: counts by band, never names; `said` is what is taken of a text.
pub(super) fn read_bands(reader: &mut Reader<'_>, into: &mut Option<String>, said: fn(&str) -> String) {
    let mut text = into.clone();
    reader.text("attendanceBands", &mut text, LONGEST_BANDS);
    if !reader.has("attendanceBands") || reader.is_wrong("attendanceBands") {
        return;
    }
    match text.map(|text| bands(&said(&text))).transpose() {
        Ok(read) => *into = read,
        Err(code) => reader.wrong(code, "attendanceBands"),
    }
}

/// What is taken of a phone's text: apps before could count a heading of the list as a band, and their other words are not
/// to wait for it.
pub(super) fn without_headings(text: &str) -> String {
    let is_heading = |pair: &&str| {
        let entry = pair.split_once('=').and_then(|(band, _)| codes::find(LIST, band));
        entry.is_some_and(|entry| entry.parent.is_none())
    };
    let kept = text.split_whitespace().filter(|pair| !is_heading(pair));
    kept.collect::<Vec<_>>().join(" ")
}

/// `band=count` separated by spaces, each band of the list once, each count from 0 to a million. A heading of the list is
/// no band.
fn bands(text: &str) -> Result<String, Code> {
    let mut read: Vec<(&str, u32)> = Vec::new();
    for pair in text.split_whitespace() {
        let (band, count) = pair.split_once('=').ok_or(Code::InvalidValue)?;
        let band = codes::find(LIST, band).ok_or(Code::UnknownCode)?;
        if band.parent.is_none() {
            return Err(Code::InvalidValue);
        }
        let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            return Err(Code::InvalidValue);
        }
        let count = count.parse().ok().filter(|count| *count <= 1_000_000);
        if read.iter().any(|(known, _)| *known == band.code) {
            return Err(Code::InvalidValue);
        }
        read.push((&band.code, count.ok_or(Code::OutOfRange)?));
    }
    let list: Vec<String> = read
        .iter()
        .map(|(band, count)| format!("{band}={count}"))
        .collect();
    Ok(list.join(" "))
}

/// A band as it was counted.
struct Band<'a> {
    heading: &'static str,
    name: &'a str,
    count: u32,
}

/// The bands of a list that was read.
fn counted(text: &str) -> Vec<Band<'_>> {
    fn band(pair: &str) -> Option<Band<'_>> {
        let (name, count) = pair.split_once('=')?;
        Some(Band {
            heading: codes::find(LIST, name)?.parent.as_deref()?,
            name,
            count: count.parse().ok()?,
        })
    }
    text.split_whitespace().filter_map(band).collect()
}

/// How many the bands of each heading count together.
fn by_heading(bands: &[Band<'_>]) -> BTreeMap<&'static str, u32> {
    let mut sums = BTreeMap::new();
    for band in bands {
        let sum: &mut u32 = sums.entry(band.heading).or_default();
        *sum = sum.saturating_add(band.count);
    }
    sums
}

/// Whether the bands of a heading count more than came.
fn more_than(text: &str, attended: i32) -> bool {
    by_heading(&counted(text))
        .values()
        .any(|sum| i64::from(*sum) > i64::from(attended))
}

/// A cell of voters' attributes smaller than this tells of persons.
const SMALLEST_CELL: u32 = 5;

/// The bands that may be shown outside the council: none that counts fewer than five, and none from which such a one
/// follows. Everybody reads how many came: what the shown bands of a heading leave of them is nobody, or at least five.
pub(super) fn large_bands(text: &str, attended: Option<i32>) -> Option<String> {
    let bands = counted(text);
    let sums = by_heading(&bands);
    // Where it is not told how many came, the fullest heading tells it.
    let all = attended.and_then(|attended| u32::try_from(attended).ok());
    let all = all.or_else(|| sums.values().max().copied()).unwrap_or_default();
    let mut shown: Vec<&Band<'_>> = bands.iter().filter(|band| band.count >= SMALLEST_CELL).collect();
    for heading in sums.into_keys() {
        loop {
            let of = shown.iter().filter(|band| band.heading == heading);
            let left = all.saturating_sub(of.clone().map(|band| band.count).sum());
            let smallest = of.min_by_key(|band| band.count).map(|band| band.name);
            match smallest {
                Some(smallest) if (1..SMALLEST_CELL).contains(&left) => {
                    shown.retain(|band| band.name != smallest);
                }
                _ => break,
            }
        }
    }
    let shown: Vec<String> = shown
        .iter()
        .map(|band| format!("{}={}", band.name, band.count))
        .collect();
    (!shown.is_empty()).then(|| shown.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_cells_stay_inside() {
        assert_eq!(
            large_bands("female=4 farmer=5", Some(50)).as_deref(),
            Some("farmer=5")
        );
        assert_eq!(large_bands("female=4", Some(50)), None);
    }

    #[test]
    fn no_small_cell_follows_from_those_that_are_shown() {
        for (bands, attended, shown) in [
            // One man, whether he was counted or not.
            ("female=49", Some(50), None),
            ("female=49 male=1", Some(50), None),
            ("female=46", Some(50), None),
            // Five, or nobody, tell of nobody.
            ("female=45", Some(50), Some("female=45")),
            ("female=50", Some(50), Some("female=50")),
            ("male=20 female=30", Some(50), Some("male=20 female=30")),
            // The smallest goes with it, until enough are left together; other headings stay.
            (
                "age_18_29=3 age_30_44=20 age_45_59=12 age_60_up=15 female=25 male=25",
                Some(50),
                Some("age_30_44=20 age_60_up=15 female=25 male=25"),
            ),
            // Nobody told how many came, but the ages do.
            (
                "age_30_44=20 age_60_up=30 female=49",
                None,
                Some("age_30_44=20 age_60_up=30"),
            ),
            ("female=49", None, Some("female=49")),
            // Of three people nothing is left that could be hidden.
            ("female=3", Some(3), None),
            // From before bands were compared with those who came.
            ("female=61 sex=60", Some(60), Some("female=61")),
        ] {
            assert_eq!(large_bands(bands, attended).as_deref(), shown, "{bands}");
        }
    }

    #[test]
    fn the_bands_of_a_heading_count_nobody_twice() {
        for (bands, attended, expected) in [
            ("female=60", 60, false),
            ("female=61", 60, true),
            ("female=31 male=29", 60, false),
            ("female=31 male=30", 60, true),
            ("female=60 farmer=60 age_60_up=60", 60, false),
            ("female=1", 0, true),
            ("female=0", 0, false),
        ] {
            assert_eq!(more_than(bands, attended), expected, "{bands}");
        }
    }

    #[test]
    fn bands_are_codes_with_counts() {
        assert_eq!(
            bands(" female=12   age_60_up=0007 farmer=1000000").as_deref(),
            Ok("female=12 age_60_up=7 farmer=1000000")
        );
        for (text, code) in [
            ("female", Code::InvalidValue),
            ("female=", Code::InvalidValue),
            ("female=-1", Code::InvalidValue),
            ("female=+1", Code::InvalidValue),
            ("female=1.5", Code::InvalidValue),
            ("female=1 female=2", Code::InvalidValue),
            ("female=1000001", Code::OutOfRange),
            ("female=99999999999999999999", Code::OutOfRange),
            ("Nguyễn_Văn_A=1", Code::UnknownCode),
            // Headings.
            ("sex=60", Code::InvalidValue),
            ("female=12 occupation=12", Code::InvalidValue),
        ] {
            assert_eq!(bands(text), Err(code), "{text}");
        }
    }

    #[test]
    fn a_phone_that_counts_a_heading_keeps_its_other_bands() {
        for (text, taken) in [
            ("sex=60 female=31", Ok("female=31")),
            ("female=31  male=29", Ok("female=31 male=29")),
            ("sex=60", Ok("")),
            ("sex=60 Nguyễn_Văn_A=1", Err(Code::UnknownCode)),
        ] {
            assert_eq!(
                bands(&without_headings(text)).as_deref(),
                taken.as_ref().copied(),
                "{text}"
            );
        }
    }
}
