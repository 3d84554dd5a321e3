//! Councils of then and now, and the bodies that answer.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    agency, committee, council, delegate_group,
    id::{AgencyId, CouncilId, UnitId},
    unit,
};
use sea_orm::EntityTrait;
use serde::Deserialize;

use super::{
    Making, count,
    places::Places,
    put::{Put, moment},
    sample,
};
use crate::{
    error::{Error, Result},
    store::reference::{Units, existed},
};

const PLACES: &str = include_str!("../../reference/demo/places.json");

/// First day of the two tiers.
pub(super) const TWO_TIERS: (i32, u32, u32) = (2025, 7, 1);

#[derive(Deserialize)]
struct Reported {
    councils: Vec<Place>,
    sessions: Vec<Sessions>,
    sessions_source: String,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Place {
    key: String,
    level: String,
    code: String,
    on: NaiveDate,
    terms: Vec<Term>,
}

#[derive(Deserialize)]
struct Term {
    term: String,
    ordinal: i32,
    from: NaiveDate,
    to: Option<NaiveDate>,
}

/// Sessions of a council that a public report counts.
#[derive(Deserialize)]
pub(super) struct Sessions {
    pub(super) council: String,
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) count: i32,
}

/// What a public report says of a council.
#[derive(Deserialize)]
struct Event {
    council: String,
    on: NaiveDate,
    event: String,
    basis: String,
    detail: serde_json::Value,
}

/// The councils of the demo.
pub(super) struct Councils {
    /// The newest of each place by the key of places.json.
    by_key: BTreeMap<String, council::Model>,
    /// Those of former terms too.
    all: Vec<(String, council::Model)>,
    /// The newest of each unit version.
    by_unit: BTreeMap<UnitId, council::Model>,
    pub(super) sessions: Vec<Sessions>,
    pub(super) sessions_source: String,
}

impl Councils {
    pub(super) fn get(&self, key: &str) -> Result<&council::Model> {
        self.by_key
            .get(key)
            .ok_or_else(|| Error::internal(format!("places.json has no council {key}")))
    }

    /// The council of a place that was in office on a day; the newest where none was.
    pub(super) fn on(&self, key: &str, day: NaiveDate) -> Result<&council::Model> {
        let then = self
            .all
            .iter()
            .find(|(place, row)| place == key && existed(Some(row.valid_from), row.valid_to, day));
        then.map_or_else(|| self.get(key), |(_, council)| Ok(council))
    }

    /// The newest council of this unit version.
    pub(super) fn of(&self, unit: UnitId) -> Option<&council::Model> {
        self.by_unit.get(&unit)
    }

    /// The newest councils of today's units.
    pub(super) fn of_today(&self) -> impl Iterator<Item = (&str, &council::Model)> {
        let open = self
            .by_key
            .iter()
            .filter(|(_, council)| council.valid_to.is_none());
        open.map(|(key, council)| (key.as_str(), council))
    }
}

/// "Xã Tân Hưng" inside a name: "xã Tân Hưng".
pub(crate) fn within(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// First day of the two tiers.
pub(super) fn two_tiers() -> NaiveDate {
    let (year, month, day) = TWO_TIERS;
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MIN)
}

/// The unit of today that took over most of a former one: itself if it still is.
pub(super) fn today_of(units: &Units, unit: UnitId) -> Option<&unit::Model> {
    let all = units.with_successors(unit);
    let mut open = all
        .iter()
        .filter_map(|id| units.get(*id))
        .filter(|unit| unit.valid_to.is_none());
    open.next()
}

/// Makes the councils, with their committees, groups and what reports say of them.
pub(super) async fn councils(making: &Making<'_>, places: &Places<'_>) -> Result<Councils> {
    let reported: Reported =
        serde_json::from_str(PLACES).map_err(|error| Error::internal(format!("places.json: {error}")))?;
    let units = places.units;
    let mut all: Vec<(String, council::Model)> = Vec::new();
    let mut add = |key: &str, unit: &unit::Model, term: &Term| {
        let id: CouncilId = making.id(&format!("council/{key}/{}", term.term), moment(term.from, 8));
        all.push((
            key.to_owned(),
            council::Model {
                id,
                unit_id: unit.id,
                level: unit.level.clone(),
                name: format!("HĐND {}", within(&unit.name)),
                term: term.term.clone(),
                ordinal: term.ordinal,
                valid_from: term.from,
                valid_to: term.to,
                rev: 0,
            },
        ));
    };
    for place in &reported.councils {
        let unit = units
            .by_code(&place.code, Some(&place.level), place.on)
            .ok_or_else(|| Error::internal(format!("places.json: no unit {}", place.code)))?;
        place.terms.iter().for_each(|term| add(&place.key, unit, term));
    }
    // Whoever owns one of the petitions needs a council too: the province of then, and that of today.
    for province in sample::provinces(places)? {
        let known = reported.councils.iter().any(|place| {
            units
                .by_code(&place.code, Some(&place.level), place.on)
                .is_some_and(|unit| unit.id == province.id)
        });
        if known {
            continue;
        }
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MIN);
        let term = if province.valid_to.is_some() {
            ("2021-2026", day(2021, 5, 23))
        } else {
            ("2026-2031", day(2026, 3, 15))
        };
        let term = Term {
            term: term.0.to_owned(),
            ordinal: 0,
            from: term.1,
            to: province.valid_to,
        };
        let key = format!("province/{}/{}", province.code, term.term);
        add(&key, province, &term);
    }

    let councils = Councils {
        by_key: all.iter().cloned().collect(),
        by_unit: all
            .iter()
            .map(|(_, council)| (council.unit_id, council.clone()))
            .collect(),
        all,
        sessions: reported.sessions,
        sessions_source: reported.sessions_source,
    };
    if count::<council::Entity>(making.state).await? > 0 {
        return Ok(councils);
    }
    let mut put = Put::default();
    for (key, council) in &councils.all {
        let begun = moment(council.valid_from, 8);
        let group = put.group();
        group.row(council.clone());
        let mut happened = making.event("council", council.id, "created", begun);
        happened.council_id = Some(council.id);
        group.event(happened);
        for event in reported.events.iter().filter(|event| &event.council == key) {
            if event.on < council.valid_from || council.valid_to.is_some_and(|end| event.on >= end) {
                continue;
            }
            let mut happened = making.event("council", council.id, &event.event, moment(event.on, 8));
            happened.council_id = Some(council.id);
            happened.basis = Some(event.basis.clone());
            happened.detail = Some(event.detail.to_string());
            group.event(happened);
        }
        for name in committees(&council.level) {
            group.row(committee::Model {
                id: making.id(&format!("committee/{}/{name}", council.id), begun),
                council_id: council.id,
                name: (*name).to_owned(),
                valid_from: council.valid_from,
                valid_to: council.valid_to,
            });
        }
        if council.valid_to.is_none() {
            for number in 1..=2 {
                group.row(delegate_group::Model {
                    id: making.id(&format!("group/{}/{number}", council.id), begun),
                    council_id: council.id,
                    name: format!("Tổ đại biểu số {number}"),
                    valid_from: council.valid_from,
                    valid_to: None,
                });
            }
        }
    }
    put.write(making.state).await?;
    Ok(councils)
}

fn committees(level: &str) -> &'static [&'static str] {
    match level {
        "province" => &["Ban Kinh tế - Ngân sách", "Ban Văn hóa - Xã hội", "Ban Pháp chế"],
        "district" => &["Ban Kinh tế - Xã hội", "Ban Pháp chế"],
        _ => &["Ban Kinh tế - Ngân sách", "Ban Văn hóa - Xã hội"],
    }
}

/// The bodies of the demo by unit and name.
#[derive(Default)]
pub(super) struct Agencies(BTreeMap<(UnitId, String), agency::Model>);

impl Agencies {
    pub(super) fn get(&self, unit: UnitId, name: &str) -> Option<&agency::Model> {
        self.0.get(&(unit, name.to_owned()))
    }

    /// At most five communes of today in this province that have a People's Committee in the demo.
    pub(super) fn communes_in(&self, units: &Units, province: UnitId) -> Vec<UnitId> {
        let committees = self
            .0
            .values()
            .filter(|agency| agency.kind == "committee" && agency.valid_to.is_none());
        let communes = committees.map(|agency| agency.unit_id);
        communes
            .filter(|unit| *unit != province && units.covers(province, *unit))
            .take(5)
            .collect()
    }

    /// A body whose name begins so.
    pub(super) fn like(&self, unit: UnitId, begin: &str) -> Option<&agency::Model> {
        self.0
            .values()
            .find(|agency| agency.unit_id == unit && agency.name.starts_with(begin))
    }

    fn add(&mut self, making: &Making<'_>, new: New<'_>) -> AgencyId {
        let since = new
            .from
            .map_or(DateTime::<Utc>::UNIX_EPOCH, |from| moment(from, 8));
        let row = agency::Model {
            id: making.id(&format!("agency/{}/{}", new.unit, new.name), since),
            name: new.name.to_owned(),
            kind: new.kind.to_owned(),
            unit_id: new.unit,
            official_code: None,
            hotline: None,
            email: None,
            has_account: new.has_account,
            successor_id: new.successor,
            valid_from: new.from,
            valid_to: new.to,
            rev: 0,
        };
        let id = row.id;
        self.0.entry((new.unit, new.name.to_owned())).or_insert(row);
        id
    }
}

struct New<'a> {
    unit: UnitId,
    name: &'a str,
    kind: &'a str,
    has_account: bool,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    successor: Option<AgencyId>,
}

/// Makes the bodies: People's Committees of every place, departments of the provinces that the demo plays in, and
/// those which the petitions were sent to, with their successors.
pub(super) async fn agencies(
    making: &Making<'_>,
    places: &Places<'_>,
    councils: &Councils,
) -> Result<Agencies> {
    let mut all = Agencies::default();
    let new = |unit, kind| New {
        unit,
        name: "",
        kind,
        has_account: false,
        from: Some(two_tiers()),
        to: None,
        successor: None,
    };
    for (key, council) in councils.of_today() {
        let name = format!("UBND {}", council.name.trim_start_matches("HĐND "));
        let has_account = matches!(key, "tanhung" | "vinhthanh");
        let own = new(council.unit_id, "committee");
        all.add(
            making,
            New {
                name: &name,
                has_account,
                ..own
            },
        );
        if council.level != "province" {
            continue;
        }
        let place = council.name.trim_start_matches("HĐND ");
        for department in [
            "Sở Xây dựng",
            "Sở Tài chính",
            "Sở Nông nghiệp và Môi trường",
            "Sở Giáo dục và Đào tạo",
            "Sở Công Thương",
            "Sở Y tế",
        ] {
            let has_account = (key, department) == ("tayninh", "Sở Xây dựng");
            let name = format!("{department} {place}");
            let own = new(council.unit_id, "department");
            all.add(
                making,
                New {
                    name: &name,
                    has_account,
                    ..own
                },
            );
        }
        let name = format!("Đoàn ĐBQH {place}");
        let own = new(council.unit_id, "assembly_delegation");
        all.add(
            making,
            New {
                name: &name,
                has_account: key == "tayninh",
                ..own
            },
        );
        let name = format!(
            "Công ty Điện lực {}",
            place.trim_start_matches("tỉnh ").trim_start_matches("thành phố ")
        );
        let own = new(council.unit_id, "company");
        all.add(
            making,
            New {
                name: &name,
                from: None,
                ..own
            },
        );
    }
    for addressee in sample::addressees(places)? {
        let successor = match addressee.successor {
            Some((unit, name)) if name.starts_with("UBND") => {
                let own = new(unit, "committee");
                Some(all.add(making, New { name: &name, ..own }))
            }
            Some((unit, name)) => all.get(unit, &name).map(|agency| agency.id),
            None => None,
        };
        let own = new(addressee.unit, addressee.kind);
        all.add(
            making,
            New {
                name: &addressee.name,
                from: None,
                to: addressee.until,
                // The work of a district's committee went to several communes; no single body inherits it.
                successor: successor.filter(|_| !addressee.of_district),
                ..own
            },
        );
    }
    if agency::Entity::find()
        .one(making.state.store.read())
        .await?
        .is_some()
    {
        return Ok(all);
    }
    let mut put = Put::default();
    for row in all.0.values() {
        put.group().row(row.clone());
    }
    put.write(making.state).await?;
    Ok(all)
}
