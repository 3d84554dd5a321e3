//! Petitions as papers list them: what is asked and how often it was asked before, and where their voters live.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{event, id::PetitionId, petition, petition_unit};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::IntoCondition};
use uuid::Uuid;

use super::{Making, words::label};
use crate::{documents::filling::Row, error::Result, graphql::list::without};

/// What happens to a petition when one more, or one less, asking before it is counted.
const COUNTED: [&str; 2] = ["repeat_linked", "reopened"];
const UNCOUNTED: &str = "repeat_unlinked";

/// How often voters had asked for the same before (đã đề nghị N lần), as it was at some moment.
pub(super) struct AskedBefore(HashMap<PetitionId, i32>);

impl AskedBefore {
    /// Of these petitions: what is counted now, without what happened after that moment. A paper that is printed again
    /// says what it said.
    pub(super) async fn read(making: &Making<'_>, ids: &[PetitionId], then: DateTime<Utc>) -> Result<Self> {
        let conn = making.state.store.read();
        let counts: Vec<(PetitionId, i32)> = petition::Entity::find()
            .select_only()
            .columns([petition::Column::Id, petition::Column::Repeats])
            .filter(petition::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(conn)
            .await?;
        let mut counts: HashMap<PetitionId, i32> = counts.into_iter().collect();
        let since: Vec<(Uuid, String)> = event::Entity::find()
            .select_only()
            .columns([event::Column::RowId, event::Column::Event])
            .filter(event::Column::Kind.eq("petition"))
            .filter(event::Column::RowId.is_in(ids.iter().map(|id| id.0)))
            .filter(event::Column::Event.is_in(COUNTED.into_iter().chain([UNCOUNTED])))
            .filter(event::Column::At.gt(then))
            .into_tuple()
            .all(conn)
            .await?;
        for (row, event) in since {
            if let Some(count) = counts.get_mut(&PetitionId(row)) {
                *count += if event == UNCOUNTED { 1 } else { -1 };
            }
        }
        Ok(Self(counts))
    }

    /// How often for the same as this one.
    pub(super) fn times(&self, petition: Option<PetitionId>) -> i32 {
        let times = petition.and_then(|petition| self.0.get(&petition));
        times.copied().unwrap_or_default()
    }

    /// What is asked, and how often it was asked before.
    pub(super) fn told(&self, petition: Option<PetitionId>, content: &str) -> String {
        let times = self.times(petition);
        if times > 0 {
            format!("{content} (đã đề nghị {times} lần)")
        } else {
            content.to_owned()
        }
    }
}

/// Where the voters of each of these petitions live, by name.
pub(super) async fn places(making: &Making<'_>, ids: &[PetitionId]) -> Result<HashMap<PetitionId, String>> {
    let reference = making.state.reference();
    let links = petition_unit::Entity::find()
        .filter(petition_unit::Column::PetitionId.is_in(ids.iter().copied()))
        .all(making.state.store.read())
        .await?;
    let mut places: HashMap<PetitionId, Vec<String>> = HashMap::new();
    for link in links {
        let name = reference.units.get(link.unit_id).map(|unit| unit.name.clone());
        places.entry(link.petition_id).or_default().extend(name);
    }
    let joined = places.into_iter().map(|(petition, mut names)| {
        names.sort();
        (petition, names.join(", "))
    });
    Ok(joined.collect())
}

/// Petitions of a letter.
pub(super) struct Petitions {
    pub(super) rows: Vec<petition::Model>,
    places: HashMap<PetitionId, String>,
    asked: AskedBefore,
}

impl Petitions {
    /// Those of these petitions that fulfil a condition; how often they were asked before is that of the letter's moment.
    pub(super) async fn read(
        making: &Making<'_>,
        ids: Vec<PetitionId>,
        only: impl IntoCondition,
        then: DateTime<Utc>,
    ) -> Result<Self> {
        use petition::{Column, Entity};
        making.few(ids.len())?;
        let found = Entity::find()
            .filter(Column::Id.is_in(ids.iter().copied()))
            .filter(only)
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id);
        let found = without(
            found,
            &[Column::PublicContent, Column::AnswerText, Column::PublicAnswer],
        );
        Ok(Self {
            rows: found.all(making.state.store.read()).await?,
            places: places(making, &ids).await?,
            asked: AskedBefore::read(making, &ids, then).await?,
        })
    }

    /// One of them in its list.
    pub(super) fn listed(&self, row: &petition::Model, number: usize) -> Row {
        let places = self.places.get(&row.id).cloned();
        Row::numbered(number)
            .with("so", row.number.as_str())
            .with("tieu_de", row.title.as_str())
            .with("noi_dung", self.asked.told(Some(row.id), &row.content))
            .with("noi_kien_nghi", places.unwrap_or_default())
            .with("linh_vuc", label("field", row.field.as_deref()))
    }
}
