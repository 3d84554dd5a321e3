//! Meetings in GraphQL: the queries.

mod filter;
mod object;
mod parts;
mod record;

use std::collections::HashMap;

use async_graphql::{
    Context, ID, InputObject, Object,
    connection::{Connection, EmptyFields},
};
use chrono::Duration;
use entity::id::MeetingId;

use super::schedule;
use crate::{
    error::{Code, Refused, Result},
    graphql::{
        filter::WithinUnit,
        list::{self, PageArgs, Total, asks_for_total},
        loader::{one, rows},
        scalar::Time,
        state,
    },
};
use filter::MeetingFilter;
pub use object::Meeting;
pub use record::MeetingRecord;

/// How many days a schedule spans if nobody says, and at the most.
const SPAN: i64 = 92;
const LONGEST_SPAN: i64 = 366;

/// Which contacts of the public schedule.
#[derive(Clone, Debug, Default, InputObject)]
struct ScheduleFilter {
    /// Held for these units; all when absent.
    within_unit: Option<WithinUnit>,
    /// Beginning at this moment or later; now when absent.
    from: Option<Time>,
    /// Beginning before this moment; 92 days after `from` when absent.
    to: Option<Time>,
}

/// Queries of meetings.
#[derive(Default)]
pub struct MeetingQuery;

#[Object]
impl MeetingQuery {
    /// One voter contact or session; null if there is none or it is not the viewer's to see.
    async fn meeting(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Meeting>> {
        one(ctx, crate::graphql::id::<MeetingId>(&id)).await
    }

    /// Voter contacts and sessions (cuộc tiếp xúc cử tri, kỳ họp) that the viewer may see, newest entries first.
    /// Exactly one of `first` and `last`, 1 to 100.
    async fn meetings(
        &self,
        ctx: &Context<'_>,
        filter: Option<MeetingFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Meeting, Total, EmptyFields>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        list::seen::<MeetingId>(ctx, filter.unwrap_or_default().condition(ctx)?, page).await
    }

    /// The public schedule of voter contacts (lịch tiếp xúc cử tri): those that are published, by the time at which they
    /// begin, also those that were postponed or called off; the same for everybody. Exactly one of `first` and `last`,
    /// 1 to 100. As a calendar: `/lich/{unit}.ics`. Errors: `OUT_OF_RANGE` for a span of more than 366 days.
    async fn schedule(
        &self,
        ctx: &Context<'_>,
        filter: Option<ScheduleFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Meeting, Total, EmptyFields>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let window = page.window()?;
        let state = state(ctx)?;
        let filter = filter.unwrap_or_default();
        let from = filter.from.map_or_else(|| state.clock.now(), |Time(from)| from);
        let to = filter.to.map_or(from + Duration::days(SPAN), |Time(to)| to);
        if to - from > Duration::days(LONGEST_SPAN) {
            return Err(Refused::field(Code::OutOfRange, "to").into());
        }
        let units = filter.within_unit.map(|within| within.units(ctx)).transpose()?;
        let places = schedule::places(state.store.read(), from, to, units).await?;
        let total = asks_for_total(ctx).then(|| i64::try_from(places.len()).unwrap_or(i64::MAX));
        let known: HashMap<_, _> = places.iter().map(|(id, at)| (id.0, (*at, *id))).collect();
        let slice = list::held(
            places,
            |(id, at)| (*at, *id),
            |id| known.get(&id).copied(),
            window,
        )?;
        let mut found = rows(ctx)?.load_many(slice.rows().map(|(id, _)| *id)).await?;
        let slice = slice.filter_map(|(id, _)| Some((id, found.remove(&id)?)));
        Ok(list::connection(
            slice,
            total,
            |(id, _)| id.0,
            |(_, meeting)| meeting,
        ))
    }
}
