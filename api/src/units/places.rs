//! From a place in words ("Xã Trung Yên, huyện Sơn Dương, tỉnh Tuyên Quang") to units of the lists.
//!
//! Petitions of the time before 1 July 2025 name units of that time, and keep them; what is only in today's list is
//! of today. Pure: it looks at the lists and nothing else.

use std::{collections::HashMap, sync::LazyLock};

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

/// The same, folded.
static FOLDED: LazyLock<Vec<(String, Level)>> =
    LazyLock::new(|| KINDS.map(|(kind, level)| (mark_fold(kind), level)).to_vec());

/// What a folded name begins with, and the rest of it.
fn kind_of(folded: &str) -> Option<(&str, Level)> {
    FOLDED
        .iter()
        .find_map(|(kind, level)| Some((folded.strip_prefix(kind.as_str())?, *level)))
        .filter(|(rest, _)| rest.is_empty() || rest.starts_with(' '))
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Below,
    Commune,
    Above,
}

/// The lists by folded bare name: folding fourteen thousand names once is enough.
pub(crate) struct Places<'a> {
    pub(crate) units: &'a Units,
    by_name: HashMap<String, Vec<UnitId>>,
}

impl<'a> Places<'a> {
    pub(crate) fn of(units: &'a Units) -> Self {
        let mut by_name: HashMap<String, Vec<UnitId>> = HashMap::new();
        for unit in units.iter() {
            by_name.entry(bare(&unit.name)).or_default().push(unit.id);
        }
        Self { units, by_name }
    }

    /// The units that a place in words means, as they were before 1 July 2025 where the lists of then know all of
    /// them. Where no commune is found, the smallest unit around it.
    pub(crate) fn find(&self, words: &str) -> Vec<UnitId> {
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

    /// The units that a cell of a list means (a code, or names), among those that count, as they were on a day; what
    /// was no more or not yet on it is looked for on the other side of 1 July 2025. Nothing is guessed.
    pub(crate) fn resolve(
        &self,
        words: &str,
        day: NaiveDate,
        counts: impl Fn(UnitId) -> bool,
    ) -> Result<Vec<UnitId>, Unclear> {
        let trimmed = words.trim();
        if !trimmed.is_empty() && trimmed.bytes().all(|byte| byte.is_ascii_digit()) {
            let found = self.units.iter().filter(|unit| {
                unit.code == trimmed && existed(unit.valid_from, unit.valid_to, day) && counts(unit.id)
            });
            return one(trimmed, found.map(|unit| unit.id).collect()).map(|id| vec![id]);
        }
        let (communes, around) = read(words);
        if communes.is_empty() {
            let Some((name, rest)) = around.split_first() else {
                return Err(Unclear::Unknown(trimmed.to_owned()));
            };
            return self
                .single(words, name, rest, day, false, &counts)
                .map(|id| vec![id]);
        }
        communes
            .iter()
            .map(|name| self.single(words, name, &around, day, true, &counts))
            .collect()
    }

    fn single(
        &self,
        words: &str,
        name: &str,
        around: &[String],
        day: NaiveDate,
        is_commune: bool,
        counts: &impl Fn(UnitId) -> bool,
    ) -> Result<UnitId, Unclear> {
        let last = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap_or(NaiveDate::MIN);
        let first = NaiveDate::from_ymd_opt(2025, 7, 1).unwrap_or(NaiveDate::MIN);
        let words = mark_fold(words);
        for day in [day, first, last] {
            let mut found: Vec<&unit::Model> = self
                .named(name, day)
                .filter(|unit| (unit.level == "commune") == is_commune)
                .filter(|unit| self.score(unit, around) == around.len() && counts(unit.id))
                .collect();
            if found.len() > 1 {
                // "Phường Tân Hưng" is not "Xã Tân Hưng", where the words say which.
                let named: Vec<_> = found
                    .iter()
                    .copied()
                    .filter(|unit| words.contains(&mark_fold(&unit.name)))
                    .collect();
                if !named.is_empty() {
                    found = named;
                }
            }
            if !found.is_empty() {
                return one(name, found.into_iter().map(|unit| unit.id).collect());
            }
        }
        Err(Unclear::Unknown(name.to_owned()))
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

/// Why a place in words is no unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unclear {
    /// There is none of this name that counts.
    Unknown(String),
    /// There are several of it.
    Several(Vec<UnitId>),
}

fn one(name: &str, found: Vec<UnitId>) -> Result<UnitId, Unclear> {
    match found[..] {
        [id] => Ok(id),
        [] => Err(Unclear::Unknown(name.to_owned())),
        _ => Err(Unclear::Several(found)),
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
        let name = match kind_of(&folded) {
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
    match kind_of(&folded) {
        Some((rest, _)) if !rest.is_empty() => rest.trim().to_owned(),
        _ => folded,
    }
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
