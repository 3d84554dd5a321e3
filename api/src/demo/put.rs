//! Rows of the demo on their way through the write door, in transactions of at most [`MOST`] rows.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use uuid::{Builder, Uuid};

use super::Making;
use crate::{
    clock::VIETNAM,
    error::{Error, Refused, Result},
    state::State,
    store::{
        door::{self, Command, Facts, Verdict},
        working::{Change, Changes, Needs, Working},
    },
    viewer::Viewer,
};

/// Rows of one transaction.
const MOST: usize = 1_000;

/// Rows to be put, group by group; a group is never divided, for a document is made of its whole group.
#[derive(Default)]
pub(super) struct Put {
    groups: Vec<Group>,
}

#[derive(Default)]
pub(super) struct Group {
    rows: Vec<Box<dyn Fn() -> Change + Send + Sync>>,
    events: Vec<entity::event::Model>,
}

impl Put {
    /// Begins the next group.
    pub(super) fn group(&mut self) -> &mut Group {
        self.groups.push(Group::default());
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    /// Writes everything.
    pub(super) async fn write(self, state: &State) -> Result<()> {
        let mut batch = Batch::default();
        for group in self.groups {
            if batch.size() + group.size() > MOST {
                std::mem::take(&mut batch).write(state).await?;
            }
            batch.0.push(group);
        }
        batch.write(state).await
    }
}

impl Group {
    /// One row more.
    pub(super) fn row<M: Clone + Into<Change> + Send + Sync + 'static>(&mut self, row: M) -> &mut Self {
        self.rows.push(Box::new(move || row.clone().into()));
        self
    }

    /// One step of history more.
    pub(super) fn event(&mut self, event: entity::event::Model) -> &mut Self {
        self.events.push(event);
        self
    }

    fn size(&self) -> usize {
        self.rows.len() + self.events.len()
    }
}

#[derive(Default)]
struct Batch(Vec<Group>);

impl Batch {
    fn size(&self) -> usize {
        self.0.iter().map(Group::size).sum()
    }

    async fn write(self, state: &State) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        for answer in door::execute(state, &Viewer::system(), &[&self]).await? {
            answer
                .map_err(|refused| Error::internal(format!("a row of the demo: {}", refused.code.name())))?;
        }
        Ok(())
    }
}

impl Command for Batch {
    fn needs(&self, _facts: &Facts<'_>, _needs: &mut Needs) {}

    fn judge(&self, _working: &Working, _facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        for group in &self.0 {
            group.rows.iter().for_each(|row| changes.put(row()));
            for event in &group.events {
                changes.happened(event.clone());
            }
        }
        Ok(Verdict::about(changes, []))
    }
}

impl Making<'_> {
    /// The id of what has this name in the demo: the same whenever an interrupted making goes on, ordered by time
    /// like every other id.
    pub(super) fn id<T: From<Uuid>>(&self, name: &str, at: DateTime<Utc>) -> T {
        let chance = Uuid::new_v5(&self.state.epoch.id(), name.as_bytes());
        let mut tail = [0; 10];
        tail.copy_from_slice(&chance.as_bytes()[..10]);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        T::from(Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }

    /// The day so many days before the demo was made; negative: after it.
    pub(super) fn day(&self, before: i64) -> NaiveDate {
        let days = Days::new(before.unsigned_abs());
        let day = if before < 0 {
            self.today.checked_add_days(days)
        } else {
            self.today.checked_sub_days(days)
        };
        day.unwrap_or(self.today)
    }

    /// A moment of that day in Vietnam.
    pub(super) fn at(&self, before: i64, hour: u32) -> DateTime<Utc> {
        moment(self.day(before), hour)
    }

    /// A step of history as it would have been written then.
    pub(super) fn event(
        &self,
        kind: &str,
        row: impl Into<Uuid>,
        event: &str,
        at: DateTime<Utc>,
    ) -> entity::event::Model {
        let row = row.into();
        entity::event::Model {
            id: self.id(&format!("event/{kind}/{row}/{event}/{at}"), at),
            kind: kind.to_owned(),
            row_id: row,
            event: event.to_owned(),
            actor_id: None,
            device_id: None,
            council_id: None,
            basis: None,
            detail: None,
            at,
        }
    }
}

/// A full hour of a day in Vietnam.
pub(super) fn moment(day: NaiveDate, hour: u32) -> DateTime<Utc> {
    let hour = NaiveTime::from_hms_opt(hour.min(23), 0, 0).unwrap_or(NaiveTime::MIN);
    VIETNAM
        .from_local_datetime(&day.and_time(hour))
        .single()
        .map_or_else(|| day.and_time(hour).and_utc(), |at| at.with_timezone(&Utc))
}
