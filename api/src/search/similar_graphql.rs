//! Similar petitions in GraphQL: for the office while it types, and for what is there already.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{
    id::{AgencyId, PetitionId, UnitId},
    sync_doc,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::similar::{Asked, similar};
use crate::{
    error::{Code, Refused, Result},
    graphql::{input_id, list::PageArgs, loader::several, state, viewer},
    petitions::graphql::Petition,
    store::visibility,
};

/// A petition that asks for much the same.
#[derive(SimpleObject)]
pub struct SimilarPetition {
    /// The petition itself, with its units, process, outcome and year, as far as the viewer may read it.
    pub petition: Petition,
    /// How alike the two are, from 0 to 1.
    pub score: f64,
    /// Whether it is about the same place, as it is or as it was.
    pub same_place: bool,
    /// Whether the same body has it.
    pub same_agency: bool,
    /// The telling words that both have, without marks.
    pub shared_words: Vec<String>,
}

/// Queries of similar petitions.
#[derive(Default)]
pub struct SimilarQuery;

#[Object]
impl SimilarQuery {
    /// Petitions that ask for much the same (kiến nghị tương tự), best first, across units and years, among those that
    /// the viewer may see. Words count in every spelling, the same place and body add to them. A suggestion: nothing is
    /// merged by it. `text` (at most 20,000 characters, `TOO_LONG`) or the `id` of a petition or feedback is needed
    /// (`REQUIRED`); what the viewer may not see is like nothing. `first` is 1 to 100 (`LIMIT_TOO_LARGE`).
    async fn similar_petitions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for, as far as it is typed.")] text: Option<String>,
        #[graphql(desc = "What is like this petition (itself left out) or feedback.")] id: Option<ID>,
        #[graphql(desc = "The place that it is about.")] unit_id: Option<ID>,
        #[graphql(desc = "The body that is competent.")] agency_id: Option<ID>,
        #[graphql(desc = "How many at most, 1 to 100.")] first: i32,
    ) -> Result<Vec<SimilarPetition>> {
        let window = PageArgs {
            first: Some(first),
            ..PageArgs::default()
        }
        .window()?;
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        viewer.signed_in()?;
        let of = id.as_ref().map(|id| input_id::<Uuid>(id, "id")).transpose()?;
        let document = match of {
            Some(id) => match seen(ctx, "petition", id).await? {
                Some(petition) => Some(petition),
                None => seen(ctx, "feedback", id).await?,
            },
            None => None,
        };
        let text = match (text, &document) {
            (Some(text), _) => text,
            (None, Some(document)) => words(document),
            (None, None) if of.is_some() => return Ok(Vec::new()),
            (None, None) => return Err(Refused::field(Code::Required, "text").into()),
        };
        let of_document = |names: [&str; 2]| {
            let of = |name| document.as_ref()?.get(name)?.as_str();
            names.into_iter().find_map(of).unwrap_or_default().to_owned()
        };
        let places: Vec<UnitId> = match unit_id {
            Some(unit) => vec![input_id(&unit, "unitId")?],
            None => of_document(["unitIds", "unitId"])
                .split(' ')
                .filter_map(|id| Uuid::try_parse(id).ok())
                .map(UnitId)
                .collect(),
        };
        let agency: Option<AgencyId> = match agency_id {
            Some(agency) => Some(input_id(&agency, "agencyId")?),
            None => Uuid::try_parse(&of_document(["agencyId", "agencyId"]))
                .ok()
                .map(AgencyId),
        };
        let reference = state.reference();
        let units = &reference.units;
        let asked = Asked {
            text,
            units: places
                .into_iter()
                .flat_map(|unit| {
                    let later = units.with_successors(unit);
                    later.into_iter().chain(units.with_predecessors(unit))
                })
                .collect(),
            agency,
            except: of.map(PetitionId),
            first: usize::try_from(window.limit).unwrap_or(usize::MAX),
        };
        let found = similar(&state.store, viewer, &asked).await?;
        let ids: Vec<PetitionId> = found.iter().map(|similar| similar.id).collect();
        let petitions: Vec<Petition> = several(ctx, &ids).await?;
        // Those that were taken from the viewer's sight meanwhile are left out, and with them their places.
        if petitions.len() != found.len() {
            return Ok(Vec::new());
        }
        let found = found.into_iter().zip(petitions);
        Ok(found
            .map(|(similar, petition)| SimilarPetition {
                petition,
                score: (similar.score * 1_000.0).round() / 1_000.0,
                same_place: similar.same_place,
                same_agency: similar.same_agency,
                shared_words: similar.words,
            })
            .collect())
    }
}

/// What the viewer may read of a row, if he may see it.
async fn seen(ctx: &Context<'_>, collection: &'static str, id: Uuid) -> Result<Option<Map<String, Value>>> {
    let conn = state(ctx)?.store.read();
    let audiences = visibility::audiences(conn, viewer(ctx)?, collection, &[id]).await?;
    let Some(audience) = audiences.get(&id) else {
        return Ok(None);
    };
    let row = sync_doc::Entity::find()
        .filter(sync_doc::Column::Collection.eq(collection))
        .filter(sync_doc::Column::RowId.eq(id))
        .filter(sync_doc::Column::Audience.eq(audience.rank()))
        .one(conn)
        .await?;
    Ok(row.and_then(|row| serde_json::from_str(&row.doc).ok()))
}

fn words(document: &Map<String, Value>) -> String {
    let names = ["title", "subject", "content", "wanted"];
    let texts = names.iter().filter_map(|name| document.get(*name)?.as_str());
    let all = texts.collect::<Vec<_>>().join("\n");
    all.chars().take(super::similar::MOST_CHARACTERS).collect()
}
