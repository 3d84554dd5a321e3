//! What the day asks of every server at once: each reminds, and each counts what waits.

use std::{collections::BTreeSet, time::Duration};

use cutri_tests::world::Put;
use entity::{agenda, event, id::PetitionId, petition, petition_agency, reminder};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::Installation;
use crate::rows;

impl Installation {
    /// So many petitions wait since yesterday for a body that leads and for one that coordinates.
    pub(super) async fn owed_since_yesterday(&self, count: usize) {
        let yesterday = self.state.clock.today().pred_opt().unwrap();
        let mut put = Put::new();
        for _ in 0..count {
            let id = PetitionId(Uuid::now_v7());
            put = put
                .row(petition::Model {
                    id,
                    council_id: self.world.here.council,
                    number: id.to_string(),
                    process: petition::Process::Forwarded,
                    public_content: None,
                    outcome: None,
                    agency_id: Some(self.world.here.committee),
                    upper_council_id: None,
                    forwarding_id: None,
                    due_at: Some(yesterday),
                    extended_to: None,
                    reminders: 0,
                    answer_id: None,
                    answered_at: None,
                    informed_at: None,
                    closed_at: None,
                    rev: 0,
                    ..rows::petition()
                })
                .row(petition_agency::Model {
                    petition_id: id,
                    agency_id: self.world.department,
                    answer_id: None,
                });
        }
        put.now(&self.state).await;
    }

    /// Each of two bodies was reminded once of each of these petitions, and each reads in its list how many there are,
    /// however many servers took their turn, and died in it.
    pub(super) async fn was_reminded_once(&self, count: usize) {
        let conn = self.state.store.read();
        let world = &self.world;
        let bodies = [&world.here.committee_login, &world.department_login].map(|login| login.account);
        let waits = || {
            agenda::Entity::find()
                .filter(agenda::Column::AccountId.is_in(bodies))
                .filter(agenda::Column::Count.gt(0))
        };
        // A server takes its turn as soon as it runs, and while it serves.
        for _ in 0..500 {
            let made = reminder::Entity::find().count(conn).await.unwrap();
            if made >= 2 * count as u64 && waits().count(conn).await.unwrap() >= 4 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let made = reminder::Entity::find().all(conn).await.unwrap();
        let whom: BTreeSet<_> = made.iter().map(|row| (row.petition_id, row.agency_id)).collect();
        assert_eq!((made.len(), whom.len()), (2 * count, 2 * count));
        let steps = event::Entity::find().filter(event::Column::Event.eq("reminded"));
        assert_eq!(steps.count(conn).await.unwrap(), 2 * count as u64);
        let petitions = petition::Entity::find().all(conn).await.unwrap();
        assert_eq!(petitions.len(), count);
        assert!(petitions.iter().all(|row| row.reminders == 2), "{petitions:?}");
        let mut lists: Vec<_> = waits().all(conn).await.unwrap();
        lists.sort_by_key(|row| (row.account_id, row.kind));
        let lists: Vec<_> = lists
            .iter()
            .map(|row| (row.account_id, row.kind, row.count))
            .collect();
        let mut expected: Vec<_> = bodies
            .iter()
            .flat_map(|body| {
                [agenda::Kind::ToAnswer, agenda::Kind::Overdue].map(|kind| (*body, kind, count as i32))
            })
            .collect();
        expected.sort();
        assert_eq!(lists, expected);
    }
}
