//! Units in GraphQL, answered from memory: a list of units reads nothing from the database.

use async_graphql::{
    Context, ID, InputObject, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use chrono::NaiveDate;
use entity::{id::UnitId, unit::Model, unit_succession};

use crate::{
    error::{Code, Refused, Result},
    graphql::{
        code::{CodeEntry, entry},
        filter::WithinUnit,
        list::{self, PageArgs, Total, asks_for_total},
        scalar::Day,
        state, wire_id,
    },
    store::reference::{Units, existed},
    text,
};

/// A version of an administrative unit.
#[derive(Clone)]
pub struct Unit(pub Model);

impl Unit {
    /// The unit with this id.
    pub(crate) fn of(ctx: &Context<'_>, id: impl Into<Option<UnitId>>) -> Result<Option<Self>> {
        let units = state(ctx)?.reference().units;
        Ok(id.into().and_then(|id| units.get(id)).cloned().map(Self))
    }

    /// The units with these ids, in this order.
    pub(crate) fn all(ctx: &Context<'_>, ids: impl IntoIterator<Item = UnitId>) -> Result<Vec<Self>> {
        let units = state(ctx)?.reference().units;
        Ok(ids
            .into_iter()
            .filter_map(|id| units.get(id).cloned().map(Self))
            .collect())
    }
}

/// A version of an administrative unit (đơn vị hành chính). A new name, kind or territory is a new version; codes
/// are reused by other territory, so that a code means something only together with a day.
#[Object]
impl Unit {
    /// The bare lower-case UUID, the same in every installation.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// The official code (mã đơn vị hành chính), text with leading zeros.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// The name with the word of its kind, as in the official list.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The level (cấp): `province`, `district` (until 30 June 2025) or `commune`; list `unit_level`.
    async fn level(&self) -> &str {
        &self.0.level
    }

    /// What the level is called; list `unit_level`.
    async fn level_entry(&self) -> Option<CodeEntry> {
        entry("unit_level", &self.0.level)
    }

    /// The kind (loại đơn vị hành chính): `province`, `city`, `ward`, `special_zone`, ...; list `unit_kind`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// What the kind is called; list `unit_kind`.
    async fn kind_entry(&self) -> Option<CodeEntry> {
        entry("unit_kind", &self.0.kind)
    }

    /// The unit above it, of the same time; null for a province.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Unit>> {
        Unit::of(ctx, self.0.parent_id)
    }

    /// The province in which it lay or lies, of the same time; a province itself.
    async fn province(&self, ctx: &Context<'_>) -> Result<Option<Unit>> {
        Ok(state(ctx)?
            .reference()
            .units
            .province(self.0.id)
            .cloned()
            .map(Unit))
    }

    /// The units directly below, of the same time, by code. Exactly one of `first` and `last`, 1 to 100.
    async fn children(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Unit, Total, EmptyFields>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let units = state(ctx)?.reference().units;
        connection(ctx, &units, units.children(self.0.id).collect(), &page)
    }

    /// The units that took it over when it ended, wholly or partly; empty while it exists, and for the 28 former
    /// communes of which no list says what became of them.
    async fn successors(&self, ctx: &Context<'_>) -> Result<Vec<Succession>> {
        let units = state(ctx)?.reference().units;
        let edges = units.successors(self.0.id).iter();
        Ok(successions(&units, edges, |edge| edge.to_id))
    }

    /// The units of which it was made.
    async fn predecessors(&self, ctx: &Context<'_>) -> Result<Vec<Succession>> {
        let units = state(ctx)?.reference().units;
        let edges = units.predecessors(self.0.id);
        Ok(successions(&units, edges, |edge| edge.from_id))
    }

    /// First day of this version; null for what is older than the lists.
    async fn valid_from(&self) -> Option<Day> {
        self.0.valid_from.map(Day)
    }

    /// First day on which it is no more; null while it exists.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to.map(Day)
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.0.rev.to_string()
    }
}

/// How one unit passed into another (sáp nhập, chia, điều chỉnh địa giới).
#[derive(Clone, SimpleObject)]
pub struct Succession {
    /// The other unit: the successor or the predecessor.
    unit: Unit,
    /// Whether only a part of the former unit went there.
    partly: bool,
    /// Worked out from the communes below: the lists say nothing of districts.
    derived: bool,
    /// The day of the change.
    date: Day,
}

fn successions<'a>(
    units: &Units,
    edges: impl Iterator<Item = &'a unit_succession::Model>,
    other: impl Fn(&unit_succession::Model) -> UnitId,
) -> Vec<Succession> {
    let mut found: Vec<_> = edges
        .filter_map(|edge| {
            Some(Succession {
                unit: Unit(units.get(other(edge))?.clone()),
                partly: edge.partly,
                derived: edge.derived,
                date: Day(edge.date),
            })
        })
        .collect();
    found.sort_by(|one, two| place(&one.unit.0).cmp(&place(&two.unit.0)));
    found
}

/// Where a unit stands in lists: by code, older versions first.
fn place(unit: &Model) -> (&str, Option<NaiveDate>, UnitId) {
    (&unit.code, unit.valid_from, unit.id)
}

fn connection(
    ctx: &Context<'_>,
    units: &Units,
    rows: Vec<&Model>,
    page: &PageArgs,
) -> Result<Connection<String, Unit, Total, EmptyFields>> {
    let window = page.window()?;
    let total = asks_for_total(ctx).then_some(rows.len() as i64);
    let at = |id| units.get(UnitId(id)).map(place);
    let slice = list::held(rows, |row| place(row), at, window)?;
    Ok(list::connection(
        slice,
        total,
        |row| row.id.0,
        |row| Unit(row.clone()),
    ))
}

/// A unit by its official code.
#[derive(Clone, Debug, InputObject)]
pub struct UnitByCode {
    /// The official code, with leading zeros.
    code: String,
    /// The day on which the unit existed; codes are reused. Today when absent.
    on: Option<Day>,
    /// `province`, `district` or `commune`, where levels share codes.
    level: Option<String>,
}

/// Which units to list.
#[derive(Clone, Debug, Default, InputObject)]
pub struct UnitFilter {
    /// This unit, by default with all below it and all that they were made of.
    within_unit: Option<WithinUnit>,
    /// On these levels: `province`, `district`, `commune`.
    level: Option<Vec<String>>,
    /// Whose name contains this; case, tones and marks do not matter.
    name: Option<String>,
    /// That existed on this day. Today when absent.
    on: Option<Day>,
    /// All versions, whenever they existed; `on` is then ignored.
    all_versions: Option<bool>,
}

impl UnitFilter {
    fn find<'a>(&self, ctx: &Context<'_>, units: &'a Units, today: NaiveDate) -> Result<Vec<&'a Model>> {
        if let Some(levels) = &self.level {
            for level in levels {
                crate::codes::find("unit_level", level).ok_or(Refused::field(Code::UnknownCode, "level"))?;
            }
        }
        let within = self
            .within_unit
            .as_ref()
            .map(|within| within.units(ctx))
            .transpose()?;
        let on = self.on.map_or(today, |Day(day)| day);
        let name = self.name.as_deref().map(text::fold);
        let any_time = self.all_versions == Some(true);
        let meant = |unit: &&Model| {
            (any_time || existed(unit.valid_from, unit.valid_to, on))
                && self
                    .level
                    .as_ref()
                    .is_none_or(|levels| levels.contains(&unit.level))
                && within.as_ref().is_none_or(|within| within.contains(&unit.id))
                && name
                    .as_ref()
                    .is_none_or(|name| text::fold(&unit.name).contains(name))
        };
        Ok(units.iter().filter(meant).collect())
    }
}

/// Queries of units.
#[derive(Default)]
pub struct UnitQuery;

#[Object]
impl UnitQuery {
    /// One administrative unit (đơn vị hành chính), by exactly one of `id` and `byCode`; null if there is none.
    async fn unit(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        #[graphql(desc = "An official code, and the day on which it was in use.")] by_code: Option<
            UnitByCode,
        >,
    ) -> Result<Option<Unit>> {
        let state = state(ctx)?;
        let units = state.reference().units;
        let unit = match (id, by_code) {
            (Some(id), None) => crate::graphql::id(&id).and_then(|id| units.get(id)),
            (None, Some(by)) => {
                let on = by.on.map_or_else(|| state.clock.today(), |Day(day)| day);
                units.by_code(&by.code, by.level.as_deref(), on)
            }
            _ => return Err(Refused::field(Code::Required, "id").into()),
        };
        Ok(unit.cloned().map(Unit))
    }

    /// Administrative units (đơn vị hành chính) by code, those of today unless the filter says otherwise. Exactly one
    /// of `first` and `last`, 1 to 100.
    async fn units(
        &self,
        ctx: &Context<'_>,
        filter: Option<UnitFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Unit, Total, EmptyFields>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let state = state(ctx)?;
        let units = state.reference().units;
        let rows = filter
            .unwrap_or_default()
            .find(ctx, &units, state.clock.today())?;
        connection(ctx, &units, rows, &page)
    }
}
