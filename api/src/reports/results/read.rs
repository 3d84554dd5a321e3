//! The petitions of a scope as they stood at the cut-off, a page at a time.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    answer, answer_petition,
    id::{AgencyId, AnswerId, PetitionId, UnitId},
    petition::{self, Assessment, Process},
    petition_lineage, petition_unit,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Query,
};
use uuid::Uuid;

use super::super::{
    Export,
    paging::{After, paged},
};
use crate::{
    codes,
    error::{Lang, Result},
    graphql::list::without,
    petitions::lineage::Lineage,
    store::{
        partition::Audience,
        reference::Reference,
        visibility::{audiences, visible},
    },
};

/// Petitions in one page.
const PAGE: usize = 500;

/// The outcome of what nobody has answered.
pub(super) const NOT_ANSWERED: &str = "not_answered";

/// A petition as it stood at the cut-off.
pub(super) struct Entry {
    pub(super) row: petition::Model,
    audience: Audience,
    pub(super) units: Vec<UnitId>,
    pub(super) answer: Option<Answer>,
    pub(super) carried_over: bool,
    pub(super) done: bool,
}

/// The latest answer by the cut-off.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) agency: AgencyId,
    pub(super) number: String,
    pub(super) date: NaiveDate,
    pub(super) outcome: String,
    pub(super) roadmap: Option<NaiveDate>,
    /// Why it is not resolved: a code of the list `unresolved_reason`.
    reason: Option<String>,
    /// What the office noted when it assessed it.
    note: Option<String>,
}

impl Entry {
    pub(super) fn outcome(&self) -> &str {
        self.answer
            .as_ref()
            .map_or(NOT_ANSWERED, |answer| answer.outcome.as_str())
    }

    /// The body that answered, else the one that has it.
    fn agency(&self) -> Option<AgencyId> {
        self.answer
            .as_ref()
            .map(|answer| answer.agency)
            .or(self.row.agency_id)
    }

    /// Id and name of whoever answers.
    pub(super) fn responder(&self, reference: &Reference) -> (Option<Uuid>, Option<String>) {
        let agency = self.agency();
        let name = match agency {
            Some(agency) => reference.agency(agency).map(|agency| agency.name.clone()),
            None => self
                .row
                .upper_council_id
                .and_then(|council| reference.council(council))
                .map(|council| council.name.clone()),
        };
        (agency.map(Uuid::from), name)
    }

    /// What voters said to the latest answer; it was told to the council, and to nobody else.
    pub(super) fn satisfaction(&self) -> Option<&str> {
        self.row.satisfaction.as_deref().filter(|_| self.is_inside())
    }

    /// Why it is not resolved, and what the office noted of the answer, which is for nobody outside.
    pub(super) fn remark(&self, lang: Lang) -> Option<String> {
        let answer = self.answer.as_ref()?;
        let reason = answer.reason.as_deref();
        let reason =
            reason.map(|code| codes::find("unresolved_reason", code).map_or(code, |entry| entry.label(lang)));
        let note = answer.note.as_deref().filter(|_| self.is_inside());
        let told: Vec<&str> = reason.into_iter().chain(note).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    fn is_inside(&self) -> bool {
        self.audience >= Audience::Delegate
    }

    /// Title and content, as far as the reader may know them.
    pub(super) fn words(&self) -> (Option<String>, Option<String>) {
        if self.is_inside() {
            (Some(self.row.title.clone()), Some(self.row.content.clone()))
        } else {
            (self.row.public_title.clone(), self.row.public_content.clone())
        }
    }
}

/// The petitions that were open at some time of the period, as far as the viewer may see them, oldest first.
/// What had gone on as others by the cut-off is counted by those.
pub(super) async fn read(
    export: &Export,
    after: Option<After>,
    with_texts: bool,
) -> Result<(Vec<Entry>, Option<After>)> {
    use petition::{Column, Entity};
    let conn = export.state.store.read();
    let scope = &export.scope;
    let unit_links = (
        petition_unit::Entity,
        petition_unit::Column::PetitionId,
        petition_unit::Column::UnitId,
    );
    let went_on_later = Query::select()
        .column(petition_lineage::Column::FromId)
        .from(petition_lineage::Entity)
        .and_where(petition_lineage::Column::At.gte(scope.end))
        .to_owned();
    let query = Entity::find()
        .filter(Column::CreatedAt.lt(scope.end))
        .filter(
            Condition::any()
                .add(Column::Process.ne(Process::Closed))
                .add(Column::ClosedAt.gte(scope.start)),
        )
        .filter(
            Condition::any()
                .add(Column::Process.is_not_in([Process::Split, Process::Merged]))
                .add(Column::Id.in_subquery(went_on_later)),
        )
        .filter(scope.covers(Column::Id, Column::CouncilId, unit_links))
        .filter(visible(&export.viewer, "petition", (Entity, Column::Id)));
    let query = paged(query, Column::CreatedAt, Column::Id, after, PAGE);
    let query = if with_texts {
        without(query, &[Column::AnswerText, Column::PublicAnswer])
    } else {
        without(
            query,
            &[
                Column::Content,
                Column::PublicContent,
                Column::AnswerText,
                Column::PublicAnswer,
            ],
        )
    };
    let rows = query.all(conn).await?;
    let next = rows.last().filter(|_| rows.len() == PAGE).map(|row| After {
        at: row.created_at,
        id: row.id.0,
    });

    let ids: Vec<PetitionId> = rows.iter().map(|row| row.id).collect();
    let bare: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let seen = audiences(conn, &export.viewer, "petition", &bare).await?;
    let mut answers = latest_answers(conn, &ids, scope.cut_off).await?;
    let began = beginnings(conn, &ids).await?;
    let mut units: HashMap<PetitionId, Vec<UnitId>> = HashMap::new();
    if with_texts {
        let links = petition_unit::Entity::find()
            .filter(petition_unit::Column::PetitionId.is_in(ids))
            .all(conn)
            .await?;
        for link in links {
            units.entry(link.petition_id).or_default().push(link.unit_id);
        }
    }
    let entries = rows
        .into_iter()
        .filter_map(|row| {
            let began = *began.get(&row.id)?;
            Some(Entry {
                audience: *seen.get(&row.id.0)?,
                units: units.remove(&row.id).unwrap_or_default(),
                // Reopened, or the answer found wanting: what it had amounted to counts no more.
                answer: answers.remove(&row.id).filter(|_| row.answer_counts()),
                carried_over: scope.is_before(began),
                done: row.process == Process::Closed && row.closed_at.is_some_and(|at| at < scope.end),
                row,
            })
        })
        .collect();
    Ok((entries, next))
}

/// Of each petition, the latest answer dated by this day.
async fn latest_answers<C: ConnectionTrait>(
    conn: &C,
    petitions: &[PetitionId],
    by: NaiveDate,
) -> Result<HashMap<PetitionId, Answer>> {
    let mut links = answer_petition::Entity::find()
        .filter(answer_petition::Column::PetitionId.is_in(petitions.iter().copied()))
        // A reply to the lead is no answer yet.
        .filter(answer_petition::Column::Coordinating.eq(false))
        .all(conn)
        .await?;
    // Found wanting it is none: the body owes another.
    links.retain(|link| {
        link.assessment
            .as_deref()
            .is_none_or(|said| said == Assessment::Ok.code())
    });
    links.sort_by_key(|link| link.version);
    let ids: BTreeSet<AnswerId> = links.iter().map(|link| link.answer_id).collect();
    type Read = (
        AnswerId,
        AgencyId,
        String,
        NaiveDate,
        String,
        Option<NaiveDate>,
        Option<String>,
    );
    let read: Vec<Read> = answer::Entity::find()
        .select_only()
        .columns([
            answer::Column::Id,
            answer::Column::AgencyId,
            answer::Column::DocumentNumber,
            answer::Column::DocumentDate,
            answer::Column::Outcome,
            answer::Column::RoadmapAt,
            answer::Column::UnresolvedReason,
        ])
        .filter(answer::Column::Id.is_in(ids))
        .filter(answer::Column::DocumentDate.lte(by))
        .into_tuple()
        .all(conn)
        .await?;
    let answers: HashMap<AnswerId, Answer> = read
        .into_iter()
        .map(|(id, agency, number, date, outcome, roadmap, reason)| {
            (
                id,
                Answer {
                    agency,
                    number,
                    date,
                    outcome,
                    roadmap,
                    reason,
                    note: None,
                },
            )
        })
        .collect();
    Ok(links
        .into_iter()
        .filter_map(|link| {
            let answer = answers.get(&link.answer_id)?.clone();
            let note = link.assessment_note;
            Some((link.petition_id, Answer { note, ..answer }))
        })
        .collect())
}

/// When a petition, or the oldest of those from which it came by splits and mergers, began.
async fn beginnings<C: ConnectionTrait>(
    conn: &C,
    petitions: &[PetitionId],
) -> Result<HashMap<PetitionId, DateTime<Utc>>> {
    let came_from = Lineage::backwards(conn, petitions.iter().copied().collect()).await?;
    let began: Vec<(PetitionId, DateTime<Utc>)> = petition::Entity::find()
        .select_only()
        .columns([petition::Column::Id, petition::Column::CreatedAt])
        .filter(petition::Column::Id.is_in(came_from.all()))
        .into_tuple()
        .all(conn)
        .await?;
    let began: HashMap<PetitionId, DateTime<Utc>> = began.into_iter().collect();
    let first = |petition| {
        came_from
            .of(petition)
            .iter()
            .filter_map(|from| began.get(from).copied())
            .min()
    };
    Ok(petitions
        .iter()
        .filter_map(|petition| Some((*petition, first(*petition)?)))
        .collect())
}
