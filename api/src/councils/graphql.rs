//! Councils in GraphQL, answered from memory.

use async_graphql::{
    Context, ID, InputObject, Object,
    connection::{Connection, EmptyFields},
};
use chrono::NaiveDate;
use entity::{committee, council::Model, delegate_group, id::CouncilId};
use uuid::Uuid;

use super::{
    papers::{CouncilDocument, papers},
    periods::{CouncilPeriod, effective},
};
use crate::{
    capability::Capability,
    delegates::graphql::{Delegate, DelegatesOf},
    documents::graphql::{DocumentTemplate, templates},
    error::Result,
    graphql::{
        code::{CodeEntry, entry},
        filter::WithinUnit,
        history::{HistoryEvent, history},
        list::{self, PageArgs, Total, asks_for_total},
        loader::rows,
        scalar::Day,
        state, viewer, wire_id,
    },
    store::reference::{Reference, existed},
    units::graphql::Unit,
};

/// A People's Council of one unit and one term.
#[derive(Clone)]
pub struct Council(pub Model);

impl Council {
    /// The council with this id.
    pub(crate) fn of(ctx: &Context<'_>, id: impl Into<Option<CouncilId>>) -> Result<Option<Self>> {
        let reference = state(ctx)?.reference();
        Ok(id.into().and_then(|id| reference.council(id)).cloned().map(Self))
    }

    /// The councils with these ids, in this order.
    pub(crate) fn all(ctx: &Context<'_>, ids: impl IntoIterator<Item = CouncilId>) -> Result<Vec<Self>> {
        let reference = state(ctx)?.reference();
        Ok(ids
            .into_iter()
            .filter_map(|id| reference.council(id).cloned().map(Self))
            .collect())
    }
}

/// A People's Council (Hội đồng nhân dân) of one unit version and one term (nhiệm kỳ). After a merger the new unit
/// has another council, also within one term.
#[Object]
impl Council {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// The unit (đơn vị hành chính) whose council it is, as it was then.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Option<Unit>> {
        Unit::of(ctx, self.0.unit_id)
    }

    /// `province`, `district` (until 30 June 2025) or `commune`; list `unit_level`.
    async fn level(&self) -> &str {
        &self.0.level
    }

    /// What the level is called; list `unit_level`.
    async fn level_entry(&self) -> Option<CodeEntry> {
        entry("unit_level", &self.0.level)
    }

    /// Its name, e.g. "Hội đồng nhân dân xã Tân Hưng".
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The term (nhiệm kỳ), e.g. `2026-2031`.
    async fn term(&self) -> &str {
        &self.0.term
    }

    /// The council's own count of its terms (khóa); it differs from unit to unit.
    async fn ordinal(&self) -> i32 {
        self.0.ordinal
    }

    /// First day.
    async fn valid_from(&self) -> Day {
        Day(self.0.valid_from)
    }

    /// First day on which it is no more; null while its end is not known.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to.map(Day)
    }

    /// Its committees (Ban), by name.
    async fn committees(&self, ctx: &Context<'_>) -> Result<Vec<Committee>> {
        let bodies = state(ctx)?.reference().bodies;
        let own = bodies
            .committees
            .values()
            .filter(|row| row.council_id == self.0.id);
        let mut committees: Vec<_> = own.cloned().map(Committee).collect();
        committees.sort_by(|one, two| (&one.0.name, one.0.id).cmp(&(&two.0.name, two.0.id)));
        Ok(committees)
    }

    /// Its delegate groups (Tổ đại biểu), by name.
    async fn groups(&self, ctx: &Context<'_>) -> Result<Vec<DelegateGroup>> {
        let bodies = state(ctx)?.reference().bodies;
        let own = bodies.groups.values().filter(|row| row.council_id == self.0.id);
        let mut groups: Vec<_> = own.cloned().map(DelegateGroup).collect();
        groups.sort_by(|one, two| (&one.0.name, one.0.id).cmp(&(&two.0.name, two.0.id)));
        Ok(groups)
    }

    /// Its own papers for its delegates (tài liệu của Hội đồng), newest first, at most 100: guides to voter contact,
    /// reports on the economy and security. Empty outside the council. Errors: `UNKNOWN_CODE`.
    async fn documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those for this purpose: code of the list `document_purpose`.")]
        purpose: Option<String>,
    ) -> Result<Vec<CouncilDocument>> {
        papers(ctx, self.0.id, purpose.as_deref()).await
    }

    /// Its templates of documents (mẫu văn bản), one for each kind. Empty outside the council.
    async fn document_templates(&self, ctx: &Context<'_>) -> Result<Vec<DocumentTemplate>> {
        templates(ctx, self.0.id).await
    }

    /// The periods (thời hạn) that councils set for themselves, as they hold here for what happens on a day: its own, else
    /// those that are delivered. The same for everybody; empty for days before there was a rule.
    async fn periods(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For what happens on this day; today when absent.")] on: Option<Day>,
    ) -> Result<Vec<CouncilPeriod>> {
        let state = state(ctx)?;
        let on = on.map_or_else(|| state.clock.today(), |Day(on)| on);
        Ok(effective(&state.reference(), state.calendar, self.0.id, on))
    }

    /// Its delegates (đại biểu) by name, those whose mandate ended too. Exactly one of `first` and `last`, 1 to 100.
    async fn delegates(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Delegate, Total, EmptyFields>> {
        let window = PageArgs {
            first,
            after,
            last,
            before,
        }
        .window()?;
        let found = rows(ctx)?.load_one(DelegatesOf(self.0.id)).await?;
        let all: Vec<Delegate> = found.unwrap_or_default();
        let total = asks_for_total(ctx).then_some(all.len() as i64);
        let place = |delegate: &Delegate| (delegate.0.name.clone(), delegate.0.id);
        let at = |id| all.iter().find(|delegate| delegate.0.id.0 == id).map(place);
        let slice = list::held(all.clone(), place, at, window)?;
        Ok(list::connection(
            slice,
            total,
            |delegate| delegate.0.id.0,
            |delegate| delegate,
        ))
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.0.rev.to_string()
    }

    /// Who changed it and when, oldest first, for those who keep it; `first` from 1 to 100.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        kept(ctx, self.0.id, "council", self.0.id.0, first).await
    }
}

/// A committee of a council.
#[derive(Clone)]
pub struct Committee(pub committee::Model);

/// A committee (Ban) of a council; its name is data, because names differ and change.
#[Object]
impl Committee {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// Its council.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.0.council_id)
    }

    /// Its name, e.g. "Ban Kinh tế - Ngân sách".
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// First day.
    async fn valid_from(&self) -> Day {
        Day(self.0.valid_from)
    }

    /// First day on which it is no more.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to.map(Day)
    }

    /// Who entered it and when, for those who keep the council; `first` from 1 to 100.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        kept(ctx, self.0.council_id, "committee", self.0.id.0, first).await
    }
}

/// A delegate group of a council.
#[derive(Clone)]
pub struct DelegateGroup(pub delegate_group::Model);

/// A delegate group (Tổ đại biểu) of a council.
#[Object]
impl DelegateGroup {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// Its council.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.0.council_id)
    }

    /// Its name, e.g. "Tổ đại biểu số 3".
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// First day.
    async fn valid_from(&self) -> Day {
        Day(self.0.valid_from)
    }

    /// First day on which it is no more.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to.map(Day)
    }

    /// Who entered it and when, for those who keep the council; `first` from 1 to 100.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        kept(ctx, self.0.council_id, "group", self.0.id.0, first).await
    }
}

/// The history of a council or of a part of it, for those who keep it.
async fn kept(
    ctx: &Context<'_>,
    council: CouncilId,
    kind: &'static str,
    row: Uuid,
    first: i32,
) -> Result<Vec<HistoryEvent>> {
    let (viewer, reference) = (viewer(ctx)?, state(ctx)?.reference());
    if !viewer.may_at_council(Capability::ManageCouncil, council, &reference) {
        return Ok(Vec::new());
    }
    history(ctx, kind, row, first).await
}

/// Where a council stands in lists: by unit code, older ones first.
fn place<'a>(reference: &'a Reference, council: &Model) -> (&'a str, NaiveDate, CouncilId) {
    let code = reference.units.get(council.unit_id).map_or("", |unit| &unit.code);
    (code, council.valid_from, council.id)
}

/// Which councils to list.
#[derive(Clone, Debug, Default, InputObject)]
pub struct CouncilFilter {
    /// Of these units.
    within_unit: Option<WithinUnit>,
    /// On these levels: `province`, `district`, `commune`.
    level: Option<Vec<String>>,
    /// Of this term, e.g. `2026-2031`.
    term: Option<String>,
    /// In office on this day; of any time when absent.
    on: Option<Day>,
}

/// Queries of councils.
#[derive(Default)]
pub struct CouncilQuery;

#[Object]
impl CouncilQuery {
    /// One People's Council (Hội đồng nhân dân); null if there is none.
    async fn council(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Council>> {
        Council::of(ctx, crate::graphql::id(&id))
    }

    /// People's Councils of all terms, by unit code. Exactly one of `first` and `last`, 1 to 100.
    async fn councils(
        &self,
        ctx: &Context<'_>,
        filter: Option<CouncilFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Council, Total, EmptyFields>> {
        let window = PageArgs {
            first,
            after,
            last,
            before,
        }
        .window()?;
        let reference = state(ctx)?.reference();
        let filter = filter.unwrap_or_default();
        let within = filter
            .within_unit
            .as_ref()
            .map(|within| within.units(ctx))
            .transpose()?;
        let meant = |council: &&Model| {
            filter
                .on
                .is_none_or(|Day(on)| existed(Some(council.valid_from), council.valid_to, on))
                && filter
                    .level
                    .as_ref()
                    .is_none_or(|levels| levels.contains(&council.level))
                && filter.term.as_ref().is_none_or(|term| *term == council.term)
                && within
                    .as_ref()
                    .is_none_or(|within| within.contains(&council.unit_id))
        };
        let rows: Vec<&Model> = reference.bodies.councils.values().filter(meant).collect();
        let total = asks_for_total(ctx).then_some(rows.len() as i64);
        let at = |id| reference.council(CouncilId(id)).map(|row| place(&reference, row));
        let slice = list::held(rows, |row| place(&reference, row), at, window)?;
        let object = |row: &Model| Council(row.clone());
        Ok(list::connection(slice, total, |row| row.id.0, object))
    }
}
