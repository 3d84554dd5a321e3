//! Resolutions in GraphQL: the object and the queries. The text is read only when it is asked for.

use std::collections::HashMap;

use async_graphql::{
    Context, ID, InputObject, Object, SimpleObject,
    connection::{Connection, EmptyFields},
    dataloader::Loader,
};
use entity::{
    id::ResolutionId,
    resolution::{Column, Effect, Entity, Model},
    resolution_edge,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

use super::number::OfficialNumber;
use crate::{
    councils::graphql::Council,
    error::{Code, Error, Refused, Result},
    graphql::{
        code::{CodeEntry, entry},
        filter::WithinUnit,
        history::{HistoryEvent, history},
        list::{self, PageArgs, Total},
        loader::{Noun, Rows, one, rows, text},
        scalar::{Day, Time},
        short, wire_id,
    },
    meetings::graphql::Meeting,
    store::partition::Audience,
    units::graphql::Unit,
};

/// A resolution.
#[derive(Clone)]
pub struct Resolution {
    row: Model,
    audience: Audience,
}

impl Noun for ResolutionId {
    type Object = Resolution;
    type Entity = Entity;
    const COLLECTION: &'static str = "resolution";
    const ID: Column = Column::Id;
    const LONG: &'static [Column] = &[Column::Text];

    fn object(row: Model, audience: Audience) -> Resolution {
        Resolution { row, audience }
    }
}

/// The edges of a resolution whose row was loaded, in both directions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct EdgesOf(ResolutionId);

impl Loader<EdgesOf> for Rows {
    type Value = Vec<resolution_edge::Model>;
    type Error = Error;

    async fn load(&self, ids: &[EdgesOf]) -> Result<HashMap<EdgesOf, Self::Value>> {
        let ids: Vec<ResolutionId> = ids.iter().map(|id| id.0).collect();
        let edges = resolution_edge::Entity::find()
            .filter(
                Condition::any()
                    .add(resolution_edge::Column::FromId.is_in(ids.iter().copied()))
                    .add(resolution_edge::Column::ToId.is_in(ids)),
            )
            .order_by_asc(resolution_edge::Column::FromId)
            .order_by_asc(resolution_edge::Column::ToId)
            .order_by_asc(resolution_edge::Column::Kind)
            .all(self.state.store.read())
            .await?;
        let mut found: HashMap<EdgesOf, Self::Value> = HashMap::new();
        for edge in edges {
            found.entry(EdgesOf(edge.from_id)).or_default().push(edge.clone());
            found.entry(EdgesOf(edge.to_id)).or_default().push(edge);
        }
        Ok(found)
    }
}

/// How two resolutions bear on each other.
#[derive(SimpleObject)]
pub struct ResolutionRelation {
    /// `amends` (sửa đổi, bổ sung), `replaces` (thay thế), `annuls` (bãi bỏ), `suspends` (ngưng hiệu lực) or
    /// `implements` (quy định chi tiết); list `resolution_relation`.
    kind: String,
    /// What the kind is called; list `resolution_relation`.
    kind_entry: Option<CodeEntry>,
    /// Whether this resolution does it to the other (true), or the other to this one.
    is_outgoing: bool,
    /// The other resolution.
    resolution: Resolution,
}

/// A resolution (nghị quyết) of a council or its standing committee.
#[Object]
impl Resolution {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.row.id)
    }

    /// The council that issued it.
    async fn council_id(&self) -> ID {
        wire_id(self.row.council_id)
    }

    /// The council itself that issued it.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.row.council_id)
    }

    /// The issuer's unit (đơn vị hành chính), as it was then; numbers are unique only within it and the year.
    async fn unit_id(&self) -> ID {
        wire_id(self.row.unit_id)
    }

    /// The issuer's unit itself, as it was then.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Option<Unit>> {
        Unit::of(ctx, self.row.unit_id)
    }

    /// The session that passed it (kỳ họp).
    async fn session_id(&self) -> Option<ID> {
        self.row.session_id.map(wire_id)
    }

    /// The session itself that passed it; null if the viewer may not see it.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Meeting>> {
        one(ctx, self.row.session_id).await
    }

    /// Whether the standing committee (Thường trực HĐND) issued it rather than the council.
    async fn by_standing_committee(&self) -> bool {
        self.row.by_standing_committee
    }

    /// The number as read, in the official spelling (số, ký hiệu); null if it could not be read.
    async fn number(&self) -> Option<&str> {
        self.row.number.as_deref()
    }

    /// The number as it was written.
    async fn raw_number(&self) -> &str {
        &self.row.raw_number
    }

    /// The year to which the number belongs.
    async fn year(&self) -> i32 {
        self.row.year
    }

    /// Normative (quy phạm pháp luật), individual (cá biệt), ...: code of the list `resolution_kind`.
    async fn kind(&self) -> &str {
        &self.row.kind
    }

    /// What the kind is called; list `resolution_kind`.
    async fn kind_entry(&self) -> Option<CodeEntry> {
        entry("resolution_kind", &self.row.kind)
    }

    /// What it is about (trích yếu).
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// Its full text; up to 500,000 characters.
    async fn text(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        text(ctx, self.row.id, Column::Text).await
    }

    /// Legal effect (hiệu lực): `not_yet`, `in_force`, `partly`, `suspended`, `replaced`, `annulled` or `expired`;
    /// list `resolution_effect`.
    async fn effect(&self) -> &str {
        self.row.effect.code()
    }

    /// What the effect is called; list `resolution_effect`.
    async fn effect_entry(&self) -> Option<CodeEntry> {
        entry("resolution_effect", self.row.effect.code())
    }

    /// The day on which it was passed (ngày ban hành).
    async fn issued_on(&self) -> Option<Day> {
        self.row.issued_on.map(Day)
    }

    /// The first day of its effect (ngày có hiệu lực).
    async fn in_force_from(&self) -> Option<Day> {
        self.row.in_force_from.map(Day)
    }

    /// The day on which its effect ends (ngày hết hiệu lực).
    async fn in_force_to(&self) -> Option<Day> {
        self.row.in_force_to.map(Day)
    }

    /// Votes for it (tán thành): a total, never names.
    async fn votes_for(&self) -> Option<i32> {
        self.row.votes_for
    }

    /// Votes against it (không tán thành).
    async fn votes_against(&self) -> Option<i32> {
        self.row.votes_against
    }

    /// Abstentions (không biểu quyết).
    async fn votes_abstained(&self) -> Option<i32> {
        self.row.votes_abstained
    }

    /// Delegates present at the vote.
    async fn delegates_present(&self) -> Option<i32> {
        self.row.delegates_present
    }

    /// Delegates of the council at that time.
    async fn delegates_total(&self) -> Option<i32> {
        self.row.delegates_total
    }

    /// Whether everybody may read it (công khai).
    async fn is_public(&self) -> bool {
        self.row.is_public
    }

    /// What it does to other resolutions and they to it; only those that the viewer may see.
    async fn relations(&self, ctx: &Context<'_>) -> Result<Vec<ResolutionRelation>> {
        let rows = rows(ctx)?;
        let edges = rows.load_one(EdgesOf(self.row.id)).await?.unwrap_or_default();
        let other = |edge: &resolution_edge::Model| {
            let is_outgoing = edge.from_id == self.row.id;
            (is_outgoing, if is_outgoing { edge.to_id } else { edge.from_id })
        };
        let others = rows.load_many(edges.iter().map(|edge| other(edge).1)).await?;
        Ok(edges
            .iter()
            .filter_map(|edge| {
                let (is_outgoing, id) = other(edge);
                Some(ResolutionRelation {
                    kind: edge.kind.clone(),
                    kind_entry: entry("resolution_relation", &edge.kind),
                    is_outgoing,
                    resolution: others.get(&id)?.clone(),
                })
            })
            .collect())
    }

    /// When it last changed.
    async fn updated_at(&self) -> Time {
        Time(self.row.updated_at)
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.row.rev.to_string()
    }

    /// What happened to it, oldest first; `first` from 1 to 100. Empty outside the council.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        if self.audience < Audience::Internal {
            return Ok(Vec::new());
        }
        history(ctx, "resolution", self.row.id.0, first).await
    }
}

/// Which resolutions to list.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ResolutionFilter {
    /// Issued by councils of these units.
    within_unit: Option<WithinUnit>,
    /// With one of these effects.
    effect: Option<Vec<String>>,
    /// Of one of these kinds: codes of the list `resolution_kind`.
    kind: Option<Vec<String>>,
    /// With this number, in any spelling: `5/2025/nq-hdnd` finds `05/2025/NQ-HĐND`.
    number: Option<String>,
    /// Numbered in this year.
    year: Option<i32>,
    /// Issued on this day or later.
    issued_from: Option<Day>,
    /// Issued on this day or earlier.
    issued_to: Option<Day>,
    /// Changed after this moment.
    updated_after: Option<Time>,
}

impl ResolutionFilter {
    /// What the rows have to be; all of it stands in the public document too.
    fn condition(&self, ctx: &Context<'_>) -> Result<Condition> {
        let mut all = Condition::all();
        if let Some(within) = &self.within_unit {
            all = all.add(Column::UnitId.is_in(within.units(ctx)?));
        }
        if let Some(codes) = &self.effect {
            short(codes, "effect")?;
            let effects: Option<Vec<Effect>> = codes.iter().map(|code| Effect::from_code(code)).collect();
            all = all.add(Column::Effect.is_in(effects.ok_or(Refused::field(Code::UnknownCode, "effect"))?));
        }
        if let Some(kinds) = &self.kind {
            short(kinds, "kind")?;
            let known = |kind: &String| crate::codes::find("resolution_kind", kind).is_some();
            if !kinds.iter().all(known) {
                return Err(Refused::field(Code::UnknownCode, "kind").into());
            }
            all = all.add(Column::Kind.is_in(kinds));
        }
        if let Some(number) = &self.number {
            let number = crate::text::clean(number).map_err(|code| Refused::field(code, "number"))?;
            // What cannot be read as a number is looked for as it was written.
            all = all.add(match OfficialNumber::parse(&number) {
                Some(read) => Column::NumberKey.eq(read.key()),
                None => Column::RawNumber.eq(number),
            });
        }
        if let Some(year) = self.year {
            all = all.add(Column::Year.eq(year));
        }
        if let Some(Day(from)) = self.issued_from {
            all = all.add(Column::IssuedOn.gte(from));
        }
        if let Some(Day(to)) = self.issued_to {
            all = all.add(Column::IssuedOn.lte(to));
        }
        if let Some(Time(after)) = self.updated_after {
            all = all.add(Column::UpdatedAt.gt(after));
        }
        Ok(all)
    }
}

/// Queries of resolutions.
#[derive(Default)]
pub struct ResolutionQuery;

#[Object]
impl ResolutionQuery {
    /// One resolution (nghị quyết); null if there is none or it is not the viewer's to see.
    async fn resolution(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Resolution>> {
        one(ctx, crate::graphql::id::<ResolutionId>(&id)).await
    }

    /// Resolutions (nghị quyết) that the viewer may see, newest entries first; the public ones need no account.
    /// Exactly one of `first` and `last`, 1 to 100.
    async fn resolutions(
        &self,
        ctx: &Context<'_>,
        filter: Option<ResolutionFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Resolution, Total, EmptyFields>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        list::seen::<ResolutionId>(ctx, filter.unwrap_or_default().condition(ctx)?, page).await
    }
}
