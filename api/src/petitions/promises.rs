//! What answers promise by a day (lộ trình): until when, and whether that day is over.
//!
//! Closing ends the following of a petition and keeps no promise: only a later answer says what came of it, and what is
//! found wanting or taken up again promises nothing any more.

use chrono::NaiveDate;
use entity::petition::{Column, Model};
use sea_orm::{ColumnTrait, Condition};

/// The day by which the newest answer promised something; nothing where it promised none, or counts no more.
pub(crate) fn promised_by(row: &Model) -> Option<NaiveDate> {
    row.roadmap_at.filter(|_| row.answer_counts())
}

/// Whether something was promised by a day that is over, and no later answer says what came of it.
pub fn is_promise_late(row: &Model, today: NaiveDate) -> bool {
    promised_by(row).is_some_and(|day| day < today)
}

/// The same as a condition of a query, true or false of every row.
pub(crate) fn late(today: NaiveDate) -> Condition {
    Condition::all()
        .add(Column::RoadmapAt.is_not_null())
        .add(Column::RoadmapAt.lt(today))
        .add(Column::Outcome.is_not_null())
}

#[cfg(test)]
mod tests {
    use sea_orm::{EntityTrait, QueryFilter, QueryTrait};

    use super::*;

    #[test]
    fn a_query_asks_for_the_day_and_for_an_answer_that_counts() {
        let query = entity::petition::Entity::find().filter(late("2026-07-01".parse().unwrap()));
        let sql = query.build(sea_orm::DatabaseBackend::Sqlite).to_string();
        assert!(
            sql.contains(r#""roadmap_at" < '2026-07-01'"#) && sql.contains(r#""outcome" IS NOT NULL"#),
            "{sql}"
        );
    }
}
