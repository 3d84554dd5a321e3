//! One petition's story for everybody: who did what, when, by which document. Only a published petition has one, and
//! of its history only what the public may know: bodies instead of people, numbers of documents instead of reasons.

use chrono::{DateTime, Duration, Utc};
use entity::{
    event, forwarding, forwarding_petition,
    id::PetitionId,
    petition,
    petition::{Column, Entity, Process},
    petition_unit,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::Mutex;

use crate::{
    demo::{story::step_in_words, within},
    error::Result,
    state::State,
    store::reference::Reference,
};

/// A petition and its steps.
pub(super) struct Story {
    pub(super) number: String,
    pub(super) content: String,
    pub(super) places: Vec<String>,
    pub(super) answer: Option<String>,
    /// From whichever public list it was taken.
    pub(super) source: Option<String>,
    pub(super) steps: Vec<Step>,
}

/// What happened.
pub(super) struct Step {
    pub(super) what: &'static str,
    pub(super) who: String,
    pub(super) at: DateTime<Utc>,
    pub(super) document: Option<String>,
}

/// The newest published petition that came to its end, resolved if there is one. Each is one step into an index of what
/// is published, however much there is.
pub(super) async fn find(state: &State) -> Result<Option<Story>> {
    let conn = state.store.read();
    let ended = Entity::find()
        .filter(Column::Process.eq(Process::Closed))
        .filter(Column::PublicContent.is_not_null())
        .order_by_desc(Column::ClosedAt);
    let resolved = ended
        .clone()
        .filter(Column::Outcome.eq("resolved"))
        .one(conn)
        .await?;
    let found = match resolved {
        Some(found) => Some(found),
        None => ended.one(conn).await?,
    };
    match found {
        Some(petition) => Ok(Some(tell(state, petition).await?)),
        None => Ok(None),
    }
}

async fn tell(state: &State, petition: petition::Model) -> Result<Story> {
    let conn = state.store.read();
    let reference = state.reference();
    let events = event::Entity::find()
        .filter(event::Column::Kind.eq("petition"))
        .filter(event::Column::RowId.eq(petition.id.0))
        .order_by_asc(event::Column::At)
        .order_by_asc(event::Column::Id)
        .all(conn)
        .await?;
    let units = petition_unit::Entity::find()
        .filter(petition_unit::Column::PetitionId.eq(petition.id))
        .all(conn)
        .await?;
    let places = units.iter().map(|link| place(&reference, link.unit_id)).collect();
    let agencies = agencies(state, petition.id, &reference).await?;
    let council = reference.council(petition.council_id);
    let council = council.map_or("HĐND", |council| council.name.as_str());

    // An answer that was found wanting, or that another one took the place of, is told to the public in no part.
    let is_answer = |event: &event::Model| matches!(event.event.as_str(), "answered" | "answered_on_behalf");
    let newest = events.iter().rposition(is_answer);
    let told = events.into_iter().enumerate().filter(|(place, event)| {
        let is_former = is_answer(event) && Some(*place) != newest;
        !is_former && !matches!(event.event.as_str(), "assessed_unclear" | "assessed_off_point")
    });

    let mut sent = agencies.iter();
    let mut agency = "Cơ quan có thẩm quyền";
    let mut source = None;
    let steps = told.map(|(_, event)| {
        let what = step_in_words(&event.event);
        let (who, document) = match event.event.as_str() {
            "forwarded" | "forwarded_up" => {
                agency = sent.next().map_or(agency, String::as_str);
                (format!("{council} → {agency}"), event.basis)
            }
            "answered" | "answered_on_behalf" => (agency.to_owned(), event.basis),
            "returned" | "extended" => (agency.to_owned(), None),
            "informed" => (format!("Đại biểu, {council}"), None),
            "grouped" => {
                source = event.basis;
                (council.to_owned(), None)
            }
            _ => (council.to_owned(), None),
        };
        Step {
            what,
            who,
            at: event.at,
            document,
        }
    });
    let steps = steps.collect();
    let counts = petition.answer_counts();
    Ok(Story {
        number: petition.number,
        content: petition.public_content.unwrap_or_default(),
        places,
        answer: petition.public_answer.filter(|_| counts),
        source,
        steps,
    })
}

/// To whom it was forwarded, in order.
async fn agencies(state: &State, petition: PetitionId, reference: &Reference) -> Result<Vec<String>> {
    let links = forwarding_petition::Entity::find()
        .filter(forwarding_petition::Column::PetitionId.eq(petition))
        .all(state.store.read())
        .await?;
    let documents = forwarding::Entity::find()
        .filter(forwarding::Column::Id.is_in(links.iter().map(|link| link.forwarding_id)))
        .order_by_asc(forwarding::Column::At)
        .all(state.store.read())
        .await?;
    let name = |document: &forwarding::Model| match (document.lead_agency_id, document.upper_council_id) {
        (Some(agency), _) => reference.agency(agency).map(|agency| agency.name.clone()),
        (None, Some(council)) => reference.council(council).map(|council| council.name.clone()),
        (None, None) => None,
    };
    Ok(documents.iter().filter_map(name).collect())
}

/// A unit with what lies above it, as inside a sentence.
fn place(reference: &Reference, unit: entity::id::UnitId) -> String {
    let names = reference.units.upwards(unit).map(|unit| within(&unit.name));
    names.collect::<Vec<_>>().join(", ")
}

/// How many petitions there are, by how far they are.
type Counts = Vec<(Process, u64)>;

/// How old these counts may be, in seconds.
const FRESH: i64 = 60;

/// How many petitions are published. Anybody may ask for the page as often as he likes, and counting reads everything that
/// is published: it is done once a minute at most, for all who ask.
#[derive(Default)]
pub(super) struct Published(Mutex<Option<(DateTime<Utc>, Counts)>>);

impl Published {
    /// The counts, as they were a minute ago at the earliest.
    pub(super) async fn counts(&self, state: &State) -> Result<Counts> {
        // Held while it counts: whoever asks in the meantime waits for the same figures.
        let mut known = self.0.lock().await;
        let now = state.clock.now();
        let is_fresh = |at: DateTime<Utc>| (now - at).abs() < Duration::seconds(FRESH);
        if let Some((_, counts)) = known.as_ref().filter(|(at, _)| is_fresh(*at)) {
            return Ok(counts.clone());
        }
        let counts = count(state).await?;
        *known = Some((now, counts.clone()));
        Ok(counts)
    }
}

async fn count(state: &State) -> Result<Counts> {
    // One reading, and not one for each state, of nothing but an index where the database can.
    let counted: Vec<(Process, i64)> = Entity::find()
        .select_only()
        .column(Column::Process)
        .column_as(Column::Process.count(), "petitions")
        .filter(Column::PublicContent.is_not_null())
        .group_by(Column::Process)
        .into_tuple()
        .all(state.store.read())
        .await?;
    let count = |process: Process| {
        let found = counted.iter().find(|(of, _)| *of == process);
        found.and_then(|(_, count)| u64::try_from(*count).ok())
    };
    let in_order = Process::ALL.iter().copied();
    Ok(in_order
        .filter_map(|process| Some((process, count(process)?)))
        .collect())
}

/// A state of a petition in words.
pub(super) fn in_words(process: Process) -> &'static str {
    match process {
        Process::Accepted => "đã tiếp nhận",
        Process::Classified => "đã phân loại",
        Process::Forwarded => "đang chờ trả lời",
        Process::Returned => "bị trả lại",
        Process::Answered => "đã trả lời",
        Process::Assessed => "đã đánh giá câu trả lời",
        Process::Informed => "đã thông tin lại cho cử tri",
        Process::Closed => "đã khép lại",
        Process::Reopened => "mở lại",
        Process::Split => "đã tách",
        Process::Merged => "đã gộp",
    }
}
