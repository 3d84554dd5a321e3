//! A first pull brings a delegate what lies with him by the tables themselves: neither the change log nor what the
//! collections say of their partitions is asked here, only the sentences of docs/sync.md.

use std::collections::BTreeSet;

use cutri::state::State;
use cutri_tests::{app::Person, phone::Phone};
use entity::{
    agency, agenda, constituency, council, delegate, feedback,
    id::{AccountId, CouncilId, MeetingId, PetitionId, UnitId},
    informing, meeting, meeting_council, meeting_record, meeting_unit, note, petition, petition_unit,
    resolution, sync_issue, unit, unit_succession, urging,
};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};

/// Rows by collection and id.
type Held = BTreeSet<(String, String)>;

/// For whom a delegate works, by his mandates.
struct Scope {
    account: AccountId,
    councils: BTreeSet<CouncilId>,
    /// The units that elected him, and all that these were made of.
    places: BTreeSet<UnitId>,
    /// These, and what lies above them.
    public: BTreeSet<UnitId>,
}

impl Scope {
    async fn of(conn: &DatabaseConnection, account: AccountId) -> Self {
        let units = unit::Entity::find().all(conn).await.unwrap();
        let edges = unit_succession::Entity::find().all(conn).await.unwrap();
        let all = council::Entity::find().all(conn).await.unwrap();
        let with_earlier = |unit: UnitId| {
            let mut reached = BTreeSet::from([unit]);
            loop {
                let before: Vec<UnitId> = edges
                    .iter()
                    .filter(|edge| reached.contains(&edge.to_id) && !reached.contains(&edge.from_id))
                    .map(|edge| edge.from_id)
                    .collect();
                if before.is_empty() {
                    return reached;
                }
                reached.extend(before);
            }
        };
        let (mut councils, mut places) = (BTreeSet::new(), BTreeSet::new());
        let seats = delegate::Entity::find().filter(delegate::Column::AccountId.eq(account));
        for seat in seats.all(conn).await.unwrap() {
            let own = all.iter().find(|council| council.id == seat.council_id).unwrap();
            let of_own = with_earlier(own.unit_id);
            let earlier = all
                .iter()
                .filter(|other| of_own.contains(&other.unit_id) && other.valid_from <= own.valid_from);
            councils.extend(earlier.map(|council| council.id));
            let elected = constituency::Entity::find().filter(constituency::Column::DelegateId.eq(seat.id));
            for link in elected.all(conn).await.unwrap() {
                places.extend(with_earlier(link.unit_id));
            }
        }
        let mut public = places.clone();
        loop {
            let above: Vec<UnitId> = units
                .iter()
                .filter(|unit| public.contains(&unit.id))
                .filter_map(|unit| unit.parent_id)
                .filter(|parent| !public.contains(parent))
                .collect();
            if above.is_empty() {
                break;
            }
            public.extend(above);
        }
        Self {
            account,
            councils,
            places,
            public,
        }
    }

    /// His own, or his council's.
    fn is_of(&self, author: AccountId, council: CouncilId) -> bool {
        author == self.account || self.councils.contains(&council)
    }

    /// What everybody has, without the units.
    async fn shared(&self, conn: &DatabaseConnection, held: &mut Held) {
        for row in council::Entity::find().all(conn).await.unwrap() {
            put(held, "council", row.id);
        }
        for row in agency::Entity::find().all(conn).await.unwrap() {
            put(held, "agency", row.id);
        }
        for row in delegate::Entity::find().all(conn).await.unwrap() {
            put(held, "delegate", row.id);
        }
    }

    /// What has an author.
    async fn recorded(&self, conn: &DatabaseConnection, held: &mut Held) {
        for row in meeting_record::Entity::find().all(conn).await.unwrap() {
            if self.is_of(row.author_id, row.council_id) {
                put(held, "meetingRecord", row.id);
            }
        }
        for row in feedback::Entity::find().all(conn).await.unwrap() {
            if self.is_of(row.author_id, row.council_id) {
                put(held, "feedback", row.id);
            }
        }
        for row in informing::Entity::find().all(conn).await.unwrap() {
            if self.is_of(row.author_id, row.council_id) {
                put(held, "informing", row.id);
            }
        }
        for row in urging::Entity::find().all(conn).await.unwrap() {
            if self.is_of(row.author_id, row.council_id) {
                put(held, "urging", row.id);
            }
        }
        for row in note::Entity::find().all(conn).await.unwrap() {
            if row.account_id == self.account && !row.deleted {
                put(held, "note", row.id);
            }
        }
        for row in sync_issue::Entity::find().all(conn).await.unwrap() {
            if row.account_id == self.account {
                put(held, "syncIssue", row.id);
            }
        }
        for row in agenda::Entity::find().all(conn).await.unwrap() {
            if row.account_id == self.account && row.count > 0 {
                put(held, "agenda", row.id);
            }
        }
    }

    /// What concerns units.
    async fn of_places(&self, conn: &DatabaseConnection, held: &mut Held) {
        let links = petition_unit::Entity::find().all(conn).await.unwrap();
        let concerns = |id: PetitionId, among: &BTreeSet<UnitId>| {
            let mut links = links.iter();
            links.any(|link| link.petition_id == id && among.contains(&link.unit_id))
        };
        for row in petition::Entity::find().all(conn).await.unwrap() {
            let mut councils = std::iter::once(row.council_id).chain(row.upper_council_id);
            if councils.any(|council| self.councils.contains(&council))
                || concerns(row.id, &self.places)
                || (row.public_content.is_some() && concerns(row.id, &self.public))
            {
                put(held, "petition", row.id);
            }
        }
        let guests = meeting_council::Entity::find().all(conn).await.unwrap();
        let links = meeting_unit::Entity::find().all(conn).await.unwrap();
        let concerns = |id: MeetingId, among: &BTreeSet<UnitId>| {
            let mut links = links.iter();
            links.any(|link| link.meeting_id == id && among.contains(&link.unit_id))
        };
        for row in meeting::Entity::find().all(conn).await.unwrap() {
            let mut guests = guests.iter().filter(|guest| guest.meeting_id == row.id);
            let is_own = self.councils.contains(&row.council_id)
                || row.author_id == Some(self.account)
                || guests.any(|guest| self.councils.contains(&guest.council_id));
            let is_shown = row.status != meeting::Status::Proposed
                && (row.author_id.is_none() || row.status.is_closed() || row.is_public);
            let is_there =
                concerns(row.id, &self.places) || (row.is_public && concerns(row.id, &self.public));
            if is_own || (is_shown && is_there) {
                put(held, "meeting", row.id);
            }
        }
        for row in resolution::Entity::find().all(conn).await.unwrap() {
            if self.councils.contains(&row.council_id)
                || self.places.contains(&row.unit_id)
                || (row.is_public && self.public.contains(&row.unit_id))
            {
                put(held, "resolution", row.id);
            }
        }
    }
}

fn put(held: &mut Held, collection: &str, id: impl ToString) {
    held.insert((collection.to_owned(), id.to_string()));
}

/// Pulls from the start, and compares. Returns the collections of which there was something.
pub(crate) async fn is_what_the_tables_say(
    state: &State,
    person: &Person,
    with_units: bool,
) -> BTreeSet<String> {
    let conn = state.store.read();
    let mut attempt = 1;
    loop {
        let mut phone = if with_units {
            Phone::new(person.clone())
        } else {
            Phone::without_units(person.clone())
        };
        phone.pull().await;
        let pulled: Held = phone.rows.keys().cloned().collect();
        let scope = Scope::of(conn, person.account.unwrap()).await;
        let mut told = Held::new();
        scope.shared(conn, &mut told).await;
        scope.recorded(conn, &mut told).await;
        scope.of_places(conn, &mut told).await;
        if with_units {
            for row in unit::Entity::find().all(conn).await.unwrap() {
                put(&mut told, "unit", row.id);
            }
        }
        // The worker counts agendas beside: what it did between the two is the same at the next look.
        if pulled != told && attempt < 5 {
            attempt += 1;
            continue;
        }
        let missing: Vec<_> = told.difference(&pulled).collect();
        let foreign: Vec<_> = pulled.difference(&told).collect();
        assert!(
            missing.is_empty() && foreign.is_empty(),
            "missing {missing:?}, foreign {foreign:?}"
        );
        return told.into_iter().map(|(collection, _)| collection).collect();
    }
}
