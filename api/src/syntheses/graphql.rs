//! Syntheses in GraphQL: the queries.

use async_graphql::{
    Context, ID, InputObject, Object,
    connection::{Connection, EmptyFields},
};
use entity::{
    id::{CouncilId, RoundId, SynthesisId},
    synthesis::{Column, Entity, Model, Status},
};
use sea_orm::{ColumnTrait, Condition};

use super::{
    office::whose,
    parts::{EditionsOf, SynthesisEdition, SynthesisPreview},
    preview::PreviewOf,
};
use crate::{
    councils::graphql::{Council, DelegateGroup},
    documents::{self, DocumentKind},
    error::{Code, Refused, Result},
    graphql::{
        filter::WithinUnit,
        history::{HistoryEvent, history},
        input_id,
        list::{self, PageArgs, Total},
        loader::{Noun, one, rows},
        scalar::Time,
        short, state, viewer, wire_id,
    },
    rounds::graphql::{Round, councils_of},
    store::partition::{Audience, Partition},
};

/// A synthesis of a round.
#[derive(Clone)]
pub struct Synthesis {
    row: Model,
    audience: Audience,
}

impl Noun for SynthesisId {
    type Object = Synthesis;
    type Entity = Entity;
    const COLLECTION: &'static str = "synthesis";
    const ID: Column = Column::Id;

    fn object(row: Model, audience: Audience) -> Synthesis {
        Synthesis { row, audience }
    }
}

impl Synthesis {
    fn internal(&self) -> bool {
        self.audience >= Audience::Internal
    }

    /// Whether the viewer is of the council that makes it. One to which it was sent reads what was sent, and no more.
    fn own(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(viewer(ctx)?.reads(Partition::Council(self.row.council_id)))
    }

    async fn all_editions(&self, ctx: &Context<'_>) -> Result<Vec<SynthesisEdition>> {
        let (viewer, is_own) = (viewer(ctx)?, self.own(ctx)?);
        let editions = rows(ctx)?
            .load_one(EditionsOf(self.row.id))
            .await?
            .unwrap_or_default();
        Ok(editions
            .into_iter()
            .filter(|edition| is_own || !self.internal() || edition.was_sent_to(viewer))
            .map(|edition| edition.seen(self.internal()))
            .collect())
    }
}

/// A synthesis of voters' opinions and petitions (báo cáo tổng hợp ý kiến, kiến nghị cử tri) of a round: a delegate
/// group's, or the council's with MTTQ.
#[Object]
impl Synthesis {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.row.id)
    }

    /// The council.
    async fn council_id(&self) -> ID {
        wire_id(self.row.council_id)
    }

    /// The council itself.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.row.council_id)
    }

    /// The round (đợt tiếp xúc cử tri).
    async fn round_id(&self) -> ID {
        wire_id(self.row.round_id)
    }

    /// The round itself; null if the viewer may not see it.
    async fn round(&self, ctx: &Context<'_>) -> Result<Option<Round>> {
        one(ctx, Some(self.row.round_id)).await
    }

    /// Whose it is: `group` (tổ đại biểu) or `council`.
    async fn level(&self) -> &str {
        if self.row.group_id.is_some() {
            "group"
        } else {
            "council"
        }
    }

    /// The delegate group; null for the council's own.
    async fn group_id(&self) -> Option<ID> {
        self.row.group_id.map(wire_id)
    }

    /// The delegate group itself.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<DelegateGroup>> {
        let bodies = state(ctx)?.reference().bodies;
        let group = self.row.group_id.and_then(|id| bodies.groups.get(&id));
        Ok(group.cloned().map(DelegateGroup))
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// Where its newest edition stands: `draft` (none yet), `frozen`, `cosigned` (by MTTQ; the council's only), `sent`.
    async fn status(&self) -> &str {
        self.row.status.code()
    }

    /// Its editions, oldest first; for a council to which some were sent, these.
    async fn editions(&self, ctx: &Context<'_>) -> Result<Vec<SynthesisEdition>> {
        self.all_editions(ctx).await
    }

    /// The newest of `editions`; null before the first.
    async fn edition(&self, ctx: &Context<'_>) -> Result<Option<SynthesisEdition>> {
        Ok(self.all_editions(ctx).await?.pop())
    }

    /// What would be frozen now, counted now; null outside the council.
    async fn preview(&self, ctx: &Context<'_>) -> Result<Option<SynthesisPreview>> {
        if !self.own(ctx)? {
            return Ok(None);
        }
        rows(ctx)?.load_one(PreviewOf(whose(&self.row))).await
    }

    /// Its newest edition as a document to be printed and signed (.docx), before the first one what would be frozen now;
    /// `?edition=` has another one: a path on this server, read with the same token (docs/documents.md). Null outside the
    /// council and those to whom it was sent.
    async fn document_url(&self) -> Option<String> {
        self.internal()
            .then(|| documents::url(DocumentKind::Synthesis, self.row.id))
    }

    /// When it last changed.
    async fn updated_at(&self) -> Time {
        Time(self.row.updated_at)
    }

    /// The row's version.
    async fn rev(&self) -> String {
        self.row.rev.to_string()
    }

    /// What happened to it, oldest first; `first` from 1 to 100. Empty outside the council.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        if !self.own(ctx)? {
            return Ok(Vec::new());
        }
        history(ctx, "synthesis", self.row.id.0, first).await
    }
}

/// Which syntheses to list.
#[derive(Clone, Debug, Default, InputObject)]
struct SynthesisFilter {
    /// Of councils of these units.
    within_unit: Option<WithinUnit>,
    /// Of this council.
    council_id: Option<ID>,
    /// Of this round.
    round_id: Option<ID>,
    /// `group` or `council`.
    level: Option<String>,
    /// In one of these states.
    status: Option<Vec<String>>,
    /// Changed after this moment.
    updated_after: Option<Time>,
}

impl SynthesisFilter {
    fn condition(&self, ctx: &Context<'_>) -> Result<Condition> {
        let mut all = Condition::all();
        if let Some(within) = &self.within_unit {
            all = all.add(Column::CouncilId.in_subquery(councils_of(within, ctx)?));
        }
        if let Some(council) = &self.council_id {
            all = all.add(Column::CouncilId.eq(input_id::<CouncilId>(council, "councilId")?));
        }
        if let Some(round) = &self.round_id {
            all = all.add(Column::RoundId.eq(input_id::<RoundId>(round, "roundId")?));
        }
        all = match self.level.as_deref() {
            None => all,
            Some("group") => all.add(Column::GroupId.is_not_null()),
            Some("council") => all.add(Column::GroupId.is_null()),
            Some(_) => return Err(Refused::field(Code::UnknownCode, "level").into()),
        };
        if let Some(codes) = &self.status {
            short(codes, "status")?;
            let states: Option<Vec<Status>> = codes.iter().map(|code| Status::from_code(code)).collect();
            all = all.add(Column::Status.is_in(states.ok_or(Refused::field(Code::UnknownCode, "status"))?));
        }
        if let Some(Time(after)) = self.updated_after {
            all = all.add(Column::UpdatedAt.gt(after));
        }
        Ok(all)
    }
}

/// Queries of syntheses.
#[derive(Default)]
pub struct SynthesisQuery;

#[Object]
impl SynthesisQuery {
    /// One synthesis; null if there is none or it is not the viewer's to see.
    async fn synthesis(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Synthesis>> {
        one(ctx, crate::graphql::id::<SynthesisId>(&id)).await
    }

    /// Syntheses (báo cáo tổng hợp) that the viewer may see, newest entries first. Exactly one of `first` and `last`, 1
    /// to 100.
    async fn syntheses(
        &self,
        ctx: &Context<'_>,
        filter: Option<SynthesisFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Synthesis, Total, EmptyFields>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        list::seen::<SynthesisId>(ctx, filter.unwrap_or_default().condition(ctx)?, page).await
    }
}
