//! How many came to a meeting, spoke and asked, by bands and never by name; and which delegates. Pure.

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
    read_bands(&mut reader, &mut row.attendance_bands);
    reader.ids(CAME, &mut links.attended, MOST_LINKS);
    // Nobody speaks who is not there.
    if let (Some(speakers), Some(attended)) = (row.speakers, row.attended)
        && speakers > attended
    {
        reader.wrong(Code::OutOfRange, "speakers");
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

/// Longest list of bands; all codes with the largest counts stay below it.
const LONGEST_BANDS: usize = 1_000;

/// Reads `attendanceBands`: counts by band, never names.
pub(super) fn read_bands(reader: &mut Reader<'_>, into: &mut Option<String>) {
    let mut text = into.clone();
    reader.text("attendanceBands", &mut text, LONGEST_BANDS);
    if !reader.has("attendanceBands") || reader.is_wrong("attendanceBands") {
        return;
    }
    match text.as_deref().map(bands).transpose() {
        Ok(read) => *into = read,
        Err(code) => reader.wrong(code, "attendanceBands"),
    }
}

/// `band=count` separated by spaces, each band of the list once, each count from 0 to a million.
fn bands(text: &str) -> Result<String, Code> {
    let mut read: Vec<(&str, u32)> = Vec::new();
    for pair in text.split_whitespace() {
        let (band, count) = pair.split_once('=').ok_or(Code::InvalidValue)?;
        let band = codes::find("attendance_band", band).ok_or(Code::UnknownCode)?;
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

/// A cell of voters' attributes smaller than this tells of persons.
const SMALLEST_CELL: u32 = 5;

/// The bands that may be shown outside the council: none that counts fewer than five.
pub(super) fn large_bands(text: &str) -> Option<String> {
    let large: Vec<&str> = text
        .split_whitespace()
        .filter(|pair| {
            pair.split_once('=')
                .and_then(|(_, count)| count.parse::<u32>().ok())
                .is_some_and(|count| count >= SMALLEST_CELL)
        })
        .collect();
    (!large.is_empty()).then(|| large.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_cells_stay_inside() {
        assert_eq!(large_bands("female=4 farmer=5").as_deref(), Some("farmer=5"));
        assert_eq!(large_bands("female=4"), None);
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
        ] {
            assert_eq!(bands(text), Err(code), "{text}");
        }
    }
}
