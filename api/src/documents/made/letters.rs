//! Letters about petitions (công văn): those that forward them, and those that urge.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    extension, forwarding, forwarding_agency, forwarding_petition,
    id::{AgencyId, ForwardingId, PetitionId, UrgingId},
    petition, petition_unit, urging,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::IntoCondition,
};

use super::{
    Making, Paper, Signed,
    words::{label, paper, short},
};
use crate::{
    clock::local_date,
    documents::filling::{Filling, Row},
    error::{Code, Result},
    graphql::list::without,
    store::visibility::visible,
};

/// A letter that forwards petitions (công văn chuyển kiến nghị), with all that it forwarded.
pub(super) async fn forwarding(making: &Making<'_>, id: ForwardingId) -> Result<Paper> {
    let conn = making.state.store.read();
    let letter = forwarding::Entity::find_by_id(id).one(conn).await?;
    let letter = letter.ok_or(Code::NotFound)?;
    making.inside(letter.council_id)?;
    let forwarded: Vec<PetitionId> = forwarding_petition::Entity::find()
        .select_only()
        .column(forwarding_petition::Column::PetitionId)
        .filter(forwarding_petition::Column::ForwardingId.eq(id))
        .into_tuple()
        .all(conn)
        .await?;
    // The council wrote this letter: it says what it said, whoever has its petitions by now.
    let petitions = petitions(making, forwarded, Condition::all()).await?;
    let coordinating: Vec<AgencyId> = forwarding_agency::Entity::find()
        .select_only()
        .column(forwarding_agency::Column::AgencyId)
        .filter(forwarding_agency::Column::ForwardingId.eq(id))
        .into_tuple()
        .all(conn)
        .await?;
    let reference = making.state.reference();
    let mut coordinating: Vec<String> = coordinating
        .into_iter()
        .filter_map(|agency| Some(reference.agency(agency)?.name.clone()))
        .collect();
    coordinating.sort();
    let upper = letter
        .upper_council_id
        .and_then(|council| reference.council(council));
    let to = agency(making, letter.lead_agency_id).or(upper.map(|council| council.name.clone()));

    let mut filling = Filling::default();
    filling.set("kinh_gui", to.unwrap_or_default());
    filling.set("co_quan_phoi_hop", coordinating.join("; "));
    filling.set(
        "han_tra_loi",
        letter.due_on.map_or_else(|| "…………".to_owned(), short),
    );
    filling.set("so_kien_nghi", petitions.rows.len().to_string());
    let rows = petitions.rows.iter().zip(1..);
    filling.list_of(
        "kien_nghi",
        rows.map(|(row, number)| petitions.listed(row, number)).collect(),
    );
    let mut receivers = vec!["Như trên".to_owned()];
    receivers.extend(coordinating);
    Ok(Paper {
        council: letter.council_id,
        group: None,
        as_of: letter.document_date,
        recorded: Signed {
            number: Some(letter.document_number),
            date: Some(letter.document_date),
            signer: None,
        },
        receivers,
        filling,
    })
}

/// A letter that urges a body (công văn đôn đốc): one urging, or all that went by the same letter to the same body. It says
/// what was so when it was entered, however late it is printed again.
pub(super) async fn urging(making: &Making<'_>, id: UrgingId) -> Result<Paper> {
    use urging::{Column, Entity};
    let conn = making.state.store.read();
    let one = Entity::find_by_id(id).one(conn).await?.ok_or(Code::NotFound)?;
    making.inside(one.council_id)?;
    let day = local_date(one.at);
    let mut letter = vec![one.clone()];
    if let Some(number) = &one.document_number {
        let with_it = Entity::find()
            .filter(Column::CouncilId.eq(one.council_id))
            .filter(Column::DocumentNumber.eq(number))
            .filter(match one.to_agency_id {
                Some(agency) => Column::ToAgencyId.eq(agency),
                None => Column::ToAgencyId.is_null(),
            })
            .order_by_asc(Column::At)
            .order_by_asc(Column::Id);
        // Numbers begin anew every year.
        letter = with_it.all(conn).await?;
        letter.retain(|other| chrono::Datelike::year(&local_date(other.at)) == chrono::Datelike::year(&day));
    }
    let day = letter
        .iter()
        .map(|urging| local_date(urging.at))
        .max()
        .unwrap_or(day);
    let then = letter.iter().map(|urging| urging.received_at).max();
    let of: BTreeMap<PetitionId, &urging::Model> = letter
        .iter()
        .map(|urging| (PetitionId(urging.target_id), urging))
        .collect();
    let seen = visible(
        making.viewer,
        "petition",
        (petition::Entity, petition::Column::Id),
    );
    let petitions = petitions(making, of.keys().copied().collect(), seen).await?;
    let owed = owed(making, &petitions.rows, then.unwrap_or(one.received_at)).await?;
    let due = |row: &petition::Model| owed.get(&row.id).and_then(|owed| owed.due);
    let to = agency(making, one.to_agency_id).or_else(|| {
        let first = petitions.rows.first();
        agency(making, first.and_then(|row| row.agency_id))
    });

    let mut filling = Filling::default();
    filling.set("kinh_gui", to.unwrap_or_default());
    filling.set("so_kien_nghi", petitions.rows.len().to_string());
    filling.set(
        "so_qua_han",
        petitions
            .rows
            .iter()
            .filter(|row| due(row).is_some_and(|due| due < day))
            .count()
            .to_string(),
    );
    let mut said: Vec<&str> = letter
        .iter()
        .filter_map(|urging| urging.text.as_deref())
        .collect();
    said.dedup();
    filling.paragraphs("noi_dung", &said.join("\n"));
    let rows = petitions.rows.iter().zip(1..).map(|(row, number)| {
        let letter = owed.get(&row.id).map(|owed| owed.letter.clone());
        let ordinal = of.get(&row.id).map(|urging| urging.ordinal.to_string());
        petitions
            .listed(row, number)
            .with("van_ban_chuyen", letter.unwrap_or_default())
            .with("han_tra_loi", due(row).map(short).unwrap_or_default())
            .with("lan_don_doc", ordinal.unwrap_or_default())
    });
    filling.list_of("kien_nghi", rows.collect());
    Ok(Paper {
        council: one.council_id,
        group: None,
        recorded: Signed {
            date: Some(day),
            number: one.document_number,
            signer: None,
        },
        as_of: day,
        receivers: vec!["Như trên".to_owned()],
        filling,
    })
}

/// By which letter a body had a petition at some moment, and until when it had to answer.
struct Owed {
    letter: String,
    due: Option<NaiveDate>,
}

/// The same of these petitions, as it was at that moment: dates are moved and petitions sent anew since.
async fn owed(
    making: &Making<'_>,
    rows: &[petition::Model],
    then: DateTime<Utc>,
) -> Result<HashMap<PetitionId, Owed>> {
    let conn = making.state.store.read();
    let links = forwarding_petition::Entity::find()
        .filter(forwarding_petition::Column::PetitionId.is_in(rows.iter().map(|row| row.id)))
        .all(conn)
        .await?;
    let letters = forwarding::Entity::find()
        .filter(forwarding::Column::Id.is_in(links.iter().map(|link| link.forwarding_id)))
        .order_by_asc(forwarding::Column::At)
        .order_by_asc(forwarding::Column::Id)
        .all(conn)
        .await?;
    let moved = extension::Entity::find()
        .filter(extension::Column::PetitionId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(extension::Column::At)
        .order_by_asc(extension::Column::Id)
        .all(conn)
        .await?;
    let of = |row: &petition::Model| {
        let brought = |letter: &&forwarding::Model| {
            let mut links = links.iter().filter(|link| link.forwarding_id == letter.id);
            links.any(|link| link.petition_id == row.id)
        };
        let (before, after): (Vec<_>, Vec<_>) = letters
            .iter()
            .filter(brought)
            .partition(|letter| letter.at <= then);
        let (letter, next) = (before.last(), after.first());
        let moved = moved.iter().filter(|moved| {
            moved.petition_id == row.id
                && letter.is_none_or(|letter| letter.at <= moved.at)
                && next.is_none_or(|next| moved.at < next.at)
        });
        let (known, later): (Vec<_>, Vec<_>) = moved.partition(|moved| moved.at <= then);
        let due = match (known.last(), later.first(), letter, next) {
            (Some(moved), ..) => Some(moved.to_due),
            (None, Some(moved), ..) => moved.from_due,
            // Of a petition that went out anew only the letter still tells the day.
            (None, None, Some(letter), Some(_)) => letter.due_on,
            // Nobody had it yet.
            (None, None, None, Some(_)) => None,
            (None, None, ..) => row.extended_to.or(row.due_at),
        };
        let letter = match letter {
            Some(letter) => paper(Some(&letter.document_number), Some(letter.document_date)),
            None if next.is_some() => String::new(),
            None => paper(row.forwarded_number.as_deref(), row.forwarded_at),
        };
        (row.id, Owed { letter, due })
    };
    Ok(rows.iter().map(of).collect())
}

fn agency(making: &Making<'_>, agency: Option<AgencyId>) -> Option<String> {
    let reference = making.state.reference();
    Some(reference.agency(agency?)?.name.clone())
}

/// Petitions with the places of their voters.
struct Petitions {
    rows: Vec<petition::Model>,
    places: HashMap<PetitionId, Vec<String>>,
}

/// Those of these petitions that fulfil a condition.
async fn petitions(making: &Making<'_>, ids: Vec<PetitionId>, only: impl IntoCondition) -> Result<Petitions> {
    use petition::{Column, Entity};
    making.few(ids.len())?;
    let conn = making.state.store.read();
    let found = Entity::find()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(only)
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id);
    let found = without(
        found,
        &[Column::PublicContent, Column::AnswerText, Column::PublicAnswer],
    );
    let rows = found.all(conn).await?;
    let reference = making.state.reference();
    let mut places: HashMap<PetitionId, Vec<String>> = HashMap::new();
    let links = petition_unit::Entity::find().filter(petition_unit::Column::PetitionId.is_in(ids));
    for link in links.all(conn).await? {
        let name = reference.units.get(link.unit_id).map(|unit| unit.name.clone());
        places.entry(link.petition_id).or_default().extend(name);
    }
    Ok(Petitions { rows, places })
}

impl Petitions {
    fn listed(&self, row: &petition::Model, number: usize) -> Row {
        let places = self.places.get(&row.id).cloned().unwrap_or_default();
        Row::numbered(number)
            .with("so", row.number.as_str())
            .with("tieu_de", row.title.as_str())
            .with("noi_dung", row.content.as_str())
            .with("noi_kien_nghi", places.join(", "))
            .with("linh_vuc", label("field", row.field.as_deref()))
    }
}
