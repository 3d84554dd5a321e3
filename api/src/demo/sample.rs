//! The sample that the demo's petitions come from: sixty real ones from public lists. Their words, place, field, body and
//! state are as published.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use entity::{id::UnitId, unit};
use serde::Deserialize;

use super::{
    bodies::{today_of, within},
    places::Places,
};
use crate::{
    error::{Error, Result},
    store::reference::Units,
    text,
};

const SAMPLE: &str = include_str!("../../reference/demo/petitions.jsonl");

/// A line of the sample.
#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) field: Option<String>,
    pub(super) authority: Option<String>,
    pub(super) unit: String,
    pub(super) status: Option<String>,
    pub(super) source: String,
}

/// All its lines.
pub(super) fn sample() -> Result<Vec<Line>> {
    let lines = SAMPLE
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(serde_json::from_str);
    let lines: std::result::Result<Vec<Line>, _> = lines.collect();
    lines.map_err(|error| Error::internal(format!("petitions.jsonl: {error}")))
}

/// The provinces, of then and of today, in which the petitions were made.
pub(super) fn provinces<'a>(places: &Places<'a>) -> Result<Vec<&'a unit::Model>> {
    let units = places.units;
    let mut found = BTreeSet::new();
    for line in sample()? {
        let province = places
            .find(&line.unit)
            .first()
            .and_then(|unit| units.province(*unit));
        if let Some(province) = province {
            found.insert(province.id);
            found.extend(today_of(units, province.id).map(|today| today.id));
        }
    }
    Ok(found.into_iter().filter_map(|id| units.get(id)).collect())
}

/// A body to which a petition was sent.
#[derive(Clone)]
pub(super) struct Addressee {
    pub(super) unit: UnitId,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) until: Option<NaiveDate>,
    /// Who has its work today.
    pub(super) successor: Option<(UnitId, String)>,
    pub(super) of_district: bool,
    pub(super) tier: &'static str,
}

/// The bodies named by the sample.
pub(super) fn addressees(places: &Places<'_>) -> Result<Vec<Addressee>> {
    let units = places.units;
    let found = sample()?;
    let found = found.iter().filter_map(|line| {
        let unit = places.find(&line.unit).first().copied()?;
        addressee(units, unit, line.authority.as_deref()?)
    });
    Ok(found.collect())
}

/// Departments of provinces that became others in 2025.
const RENAMED: [(&str, &str); 4] = [
    ("Sở Giao thông vận tải", "Sở Xây dựng"),
    ("Sở Kế hoạch và Đầu tư", "Sở Tài chính"),
    ("Sở Nông nghiệp và PTNT", "Sở Nông nghiệp và Môi trường"),
    ("Sở Tài nguyên và Môi trường", "Sở Nông nghiệp và Môi trường"),
];

/// From "Sở Giao thông vận tải (cấp tỉnh)" and the petition's place to a body and its tier.
pub(super) fn addressee(units: &Units, place: UnitId, words: &str) -> Option<Addressee> {
    let (name, tier) = words.split_once(" (").unwrap_or((words, ""));
    let tier = match tier.trim_end_matches(')') {
        "cấp tỉnh" => "province",
        "cấp huyện" => "district_historical",
        "cấp xã" => "commune",
        "trung ương" => "central",
        _ => "non_state",
    };
    let province = units.province(place)?;
    let today = today_of(units, province.id)?;
    let mut found = Addressee {
        unit: province.id,
        name: name.to_owned(),
        kind: "other",
        until: None,
        successor: None,
        of_district: false,
        tier,
    };
    match tier {
        "province" if name.starts_with("UBND") => {
            found.name = format!("UBND {}", within(&province.name));
            found.kind = "committee";
            found.successor = Some((today.id, format!("UBND {}", within(&today.name))));
        }
        "province" => {
            let renamed = RENAMED
                .iter()
                .find(|(old, _)| *old == name)
                .map_or(name, |(_, new)| new);
            found.name = format!("{name} {}", within(&province.name));
            found.kind = "department";
            found.successor = Some((today.id, format!("{renamed} {}", within(&today.name))));
        }
        "district_historical" => {
            let wanted = text::mark_fold(name.trim_start_matches("UBND "));
            let district = units.upwards(place).find(|unit| unit.level == "district");
            let district = district.filter(|district| text::mark_fold(&district.name) == wanted)?;
            found.unit = district.id;
            found.kind = "committee";
            found.of_district = true;
            // Where the petition's own commune went on as one, that commune has it; else the province.
            let heir = units.get(place).filter(|unit| unit.level == "commune");
            let heir = heir.and_then(|unit| today_of(units, unit.id)).unwrap_or(today);
            found.successor = Some((heir.id, format!("UBND {}", within(&heir.name))));
        }
        "non_state" => found.kind = "company",
        _ => {}
    }
    if matches!(found.kind, "committee" | "department") {
        found.until = units.get(found.unit)?.valid_to;
        if found.until.is_none() {
            found.successor = None;
        }
    }
    Some(found)
}
