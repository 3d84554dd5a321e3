//! Which meetings a list shows. Visibility is asked elsewhere and before.

use async_graphql::{Context, ID, InputObject};
use entity::{
    id::{CouncilId, RoundId},
    meeting::{Column, Family, Status},
    meeting_council, meeting_unit,
};
use sea_orm::{ColumnTrait, Condition, sea_query::Query};

use crate::{
    error::{Code, Refused, Result},
    graphql::{filter::WithinUnit, input_id, scalar::Time, short},
};

/// Which meetings to list.
#[derive(Clone, Debug, Default, InputObject)]
pub(super) struct MeetingFilter {
    /// Held for these units.
    within_unit: Option<WithinUnit>,
    /// In one of these states.
    status: Option<Vec<String>>,
    /// Of one of these kinds: codes of the lists `contact_kind` and `session_kind`.
    kind: Option<Vec<String>>,
    /// `contact` or `session`.
    family: Option<String>,
    /// Beginning at this moment or later.
    from: Option<Time>,
    /// Beginning before this moment.
    to: Option<Time>,
    /// Changed after this moment.
    updated_after: Option<Time>,
    /// Held by this council, or with it.
    council_id: Option<ID>,
    /// The points of this round.
    round_id: Option<ID>,
    /// Voter contacts that belong to no round, or those that belong to one.
    outside_round: Option<bool>,
}

impl MeetingFilter {
    /// What the rows have to be. It asks for nothing that the public document does not carry too, so that a filter
    /// tells nobody more than the rows that he sees.
    pub(super) fn condition(&self, ctx: &Context<'_>) -> Result<Condition> {
        let mut all = Condition::all();
        if let Some(within) = &self.within_unit {
            let links = Query::select()
                .column(meeting_unit::Column::MeetingId)
                .from(meeting_unit::Entity)
                .and_where(meeting_unit::Column::UnitId.is_in(within.units(ctx)?))
                .to_owned();
            all = all.add(Column::Id.in_subquery(links));
        }
        if let Some(codes) = &self.status {
            short(codes, "status")?;
            let states: Option<Vec<Status>> = codes.iter().map(|code| Status::from_code(code)).collect();
            all = all.add(Column::Status.is_in(states.ok_or(Refused::field(Code::UnknownCode, "status"))?));
        }
        if let Some(kinds) = &self.kind {
            short(kinds, "kind")?;
            let known = |kind: &String| {
                ["contact_kind", "session_kind"]
                    .iter()
                    .any(|list| crate::codes::find(list, kind).is_some())
            };
            if !kinds.iter().all(known) {
                return Err(Refused::field(Code::UnknownCode, "kind").into());
            }
            all = all.add(Column::Kind.is_in(kinds));
        }
        if let Some(family) = &self.family {
            let family = Family::from_code(family).ok_or(Refused::field(Code::UnknownCode, "family"))?;
            all = all.add(Column::Family.eq(family));
        }
        if let Some(Time(from)) = self.from {
            all = all.add(Column::StartsAt.gte(from));
        }
        if let Some(Time(to)) = self.to {
            all = all.add(Column::StartsAt.lt(to));
        }
        if let Some(Time(after)) = self.updated_after {
            all = all.add(Column::UpdatedAt.gt(after));
        }
        if let Some(round) = &self.round_id {
            all = all.add(Column::RoundId.eq(input_id::<RoundId>(round, "roundId")?));
        }
        if let Some(outside) = self.outside_round {
            let belongs = match outside {
                true => Column::RoundId.is_null(),
                false => Column::RoundId.is_not_null(),
            };
            all = all.add(Column::Family.eq(Family::Contact)).add(belongs);
        }
        if let Some(council) = &self.council_id {
            let council: CouncilId = input_id(council, "councilId")?;
            let joint = Query::select()
                .column(meeting_council::Column::MeetingId)
                .from(meeting_council::Entity)
                .and_where(meeting_council::Column::CouncilId.eq(council))
                .to_owned();
            all = all.add(
                Condition::any()
                    .add(Column::CouncilId.eq(council))
                    .add(Column::Id.in_subquery(joint)),
            );
        }
        Ok(all)
    }
}
