//! From a place in words ("Xã Trung Yên, huyện Sơn Dương, tỉnh Tuyên Quang") to units of the lists.
//!
//! Petitions of the time before 1 July 2025 name units of that time, and keep them; what is only in today's list is
//! of today. Pure: it looks at the lists and nothing else.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::{id::UnitId, unit};

use crate::{
    store::reference::{Units, existed},
    text::mark_fold,
};

/// Words that say what kind of unit follows; the longer first.
const KINDS: [(&str, Level); 13] = [
    ("thành phố", Level::Above),
    ("các xã", Level::Commune),
    ("thị trấn", Level::Commune),
    ("thị xã", Level::Above),
    ("phường", Level::Commune),
    ("huyện", Level::Above),
    ("quận", Level::Above),
    ("tỉnh", Level::Above),
    ("xóm", Level::Below),
    ("thôn", Level::Below),
    ("tp", Level::Above),
    ("xã", Level::Commune),
    ("đặc khu", Level::Commune),
];

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Below,
    Commune,
    Above,
}

/// The lists by folded bare name: folding fourteen thousand names once is enough.
pub(super) struct Places<'a> {
    pub(super) units: &'a Units,
    by_name: HashMap<String, Vec<UnitId>>,
}

impl<'a> Places<'a> {
    pub(super) fn of(units: &'a Units) -> Self {
        let mut by_name: HashMap<String, Vec<UnitId>> = HashMap::new();
        for unit in units.iter() {
            by_name.entry(bare(&unit.name)).or_default().push(unit.id);
        }
        Self { units, by_name }
    }

    /// The units that a place in words means, as they were before 1 July 2025 where the lists of then know all of
    /// them. Where no commune is found, the smallest unit around it.
    pub(super) fn find(&self, words: &str) -> Vec<UnitId> {
        let (communes, around) = read(words);
        let last = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap_or(NaiveDate::MIN);
        let first = NaiveDate::from_ymd_opt(2025, 7, 1).unwrap_or(NaiveDate::MIN);
        let on = |day| -> Vec<UnitId> {
            let found = communes
                .iter()
                .filter_map(|name| self.commune(name, &around, day));
            found.collect()
        };
        let (then, now) = (on(last), on(first));
        let best = if now.len() > then.len() { now } else { then };
        if !best.is_empty() {
            return best;
        }
        let mut wider = around.as_slice();
        while let [name, rest @ ..] = wider {
            for day in [last, first] {
                // "Tỉnh Tuyên Quang" is the province, not the city of that name in it.
                let found = self
                    .named(name, day)
                    .filter(|unit| unit.level != "commune" && self.score(unit, rest) == rest.len())
                    .max_by_key(|unit| (unit.level == "province") == rest.is_empty());
                if let Some(found) = found {
                    return vec![found.id];
                }
            }
            wider = rest;
        }
        Vec::new()
    }

    fn named(&self, name: &str, day: NaiveDate) -> impl Iterator<Item = &unit::Model> {
        let ids = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let units = ids.iter().filter_map(|id| self.units.get(*id));
        units.filter(move |unit| existed(unit.valid_from, unit.valid_to, day))
    }

    fn commune(&self, name: &str, around: &[String], day: NaiveDate) -> Option<UnitId> {
        self.named(name, day)
            .filter(|unit| unit.level == "commune")
            .map(|unit| (self.score(unit, around), unit.id))
            .filter(|(score, _)| *score > 0)
            .max_by_key(|(score, _)| *score)
            .map(|(_, id)| id)
    }

    /// How many of these names stand above a unit.
    fn score(&self, unit: &unit::Model, around: &[String]) -> usize {
        let above = self.units.upwards(unit.id).skip(1);
        let above: Vec<String> = above.map(|above| bare(&above.name)).collect();
        around.iter().filter(|name| above.contains(name)).count()
    }
}

/// The folded bare names of the communes, and of what lies around them, from the inside out.
fn read(words: &str) -> (Vec<String>, Vec<String>) {
    let (mut communes, mut around) = (Vec::new(), Vec::new());
    let mut level = Level::Commune;
    for part in words.split([',', '.']).flat_map(|part| part.split(" và ")) {
        let folded = mark_fold(
            part.trim()
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == ' '),
        );
        let kind = KINDS
            .iter()
            .find_map(|(kind, level)| Some((folded.strip_prefix(&mark_fold(kind))?, *level)))
            .filter(|(rest, _)| rest.is_empty() || rest.starts_with(' '));
        let name = match kind {
            Some((rest, found)) => {
                level = found;
                rest.trim().to_owned()
            }
            None => folded,
        };
        // The province's name until the end of 2024; the lists begin later.
        let name = if name == mark_fold("Thừa Thiên Huế") {
            mark_fold("Huế")
        } else {
            name
        };
        match level {
            _ if name.is_empty() => {}
            Level::Commune => communes.push(name),
            Level::Above => around.push(name),
            Level::Below => {}
        }
    }
    (communes, around)
}

/// A unit's folded name without its kind.
fn bare(name: &str) -> String {
    let folded = mark_fold(name);
    let kind = KINDS
        .iter()
        .find_map(|(kind, _)| folded.strip_prefix(&format!("{} ", mark_fold(kind))));
    kind.map_or_else(|| folded.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_apart() {
        let read = |words| {
            let (communes, around) = read(words);
            (communes.join("+"), around.join("+"))
        };
        let of = |communes: &str, around: &str| {
            let fold = |list: &str| list.split('+').map(mark_fold).collect::<Vec<_>>().join("+");
            (fold(communes), fold(around))
        };
        assert_eq!(
            read("Xã Trung Yên, huyện Sơn Dương, tỉnh Tuyên Quang"),
            of("Trung Yên", "Sơn Dương+Tuyên Quang")
        );
        assert_eq!(
            read("Các xã Phú Lộc, Hưng Lộc, Lộc An, thành phố Huế"),
            of("Phú Lộc+Hưng Lộc+Lộc An", "Huế")
        );
        assert_eq!(
            read("Xã Đông Lợi và xã Tú Thịnh, huyện Sơn Dương, tỉnh Tuyên Quang"),
            of("Đông Lợi+Tú Thịnh", "Sơn Dương+Tuyên Quang")
        );
        assert_eq!(
            read("Phường Đông Hòa, TP. Hồ Chí Minh"),
            of("Đông Hòa", "Hồ Chí Minh")
        );
        assert_eq!(
            read("Xóm Đá Gân, xã Đồng Liên, tỉnh Thái Nguyên"),
            of("Đồng Liên", "Thái Nguyên")
        );
        assert_eq!(read("Tỉnh Tây Ninh"), (String::new(), mark_fold("Tây Ninh")));
    }
}
