//! Letters about petitions (công văn): those that forward them, and those that urge.

use std::collections::{BTreeMap, HashMap};

use entity::{
    forwarding, forwarding_agency, forwarding_petition,
    id::{AgencyId, ForwardingId, PetitionId, UrgingId},
    petition, petition_unit, urging,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

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
    let petitions = petitions(making, forwarded).await?;
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

/// A letter that urges a body (công văn đôn đốc): one urging, or all that went by the same letter to the same body.
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
    let of: BTreeMap<PetitionId, &urging::Model> = letter
        .iter()
        .map(|urging| (PetitionId(urging.target_id), urging))
        .collect();
    let petitions = petitions(making, of.keys().copied().collect()).await?;
    let all = Entity::find()
        .filter(Column::TargetId.is_in(of.keys().map(|petition| petition.0)))
        .all(conn)
        .await?;
    let overdue = |row: &petition::Model| row.extended_to.or(row.due_at).is_some_and(|due| due < day);
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
            .filter(|row| overdue(row))
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
        let so_far = all.iter().filter(|urging| {
            let this = of.get(&row.id);
            urging.target_id == row.id.0
                && this.is_some_and(|this| (urging.at, urging.id) <= (this.at, this.id))
        });
        let due = row.extended_to.or(row.due_at);
        petitions
            .listed(row, number)
            .with(
                "van_ban_chuyen",
                paper(row.forwarded_number.as_deref(), row.forwarded_at),
            )
            .with("han_tra_loi", due.map(short).unwrap_or_default())
            .with("lan_don_doc", so_far.count().to_string())
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

fn agency(making: &Making<'_>, agency: Option<AgencyId>) -> Option<String> {
    let reference = making.state.reference();
    Some(reference.agency(agency?)?.name.clone())
}

/// Petitions with the places of their voters.
struct Petitions {
    rows: Vec<petition::Model>,
    places: HashMap<PetitionId, Vec<String>>,
}

async fn petitions(making: &Making<'_>, ids: Vec<PetitionId>) -> Result<Petitions> {
    use petition::{Column, Entity};
    making.few(ids.len())?;
    let conn = making.state.store.read();
    let found = Entity::find()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(visible(making.viewer, "petition", (Entity, Column::Id)))
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
