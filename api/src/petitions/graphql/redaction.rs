//! What the office is offered before it releases a petition: for each text the suggestions, and the text without them.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{
    id::PetitionId,
    petition::{Column, Entity},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    capability::Capability,
    error::Result,
    graphql::{id, state, viewer, wire_id},
    redaction::{self, Kind},
    store::visibility::visible,
    viewer::Place,
};

/// Something in a text that may tell who somebody is.
#[derive(Clone, Debug, SimpleObject)]
pub struct RedactionSuggestion {
    /// The place of its first character, counted in characters (Unicode code points) from 0.
    start: i32,
    /// The place after its last character, counted likewise.
    end: i32,
    /// What it is.
    kind: Kind,
    /// What that is called in Vietnamese.
    label: &'static str,
    /// The words themselves.
    text: String,
    /// What would stand in their place.
    replacement: &'static str,
}

/// An internal text with what is suggested to be taken out.
#[derive(Clone, Debug, SimpleObject)]
pub struct RedactionProposal {
    /// The internal text.
    text: String,
    /// In the order of the text, without overlaps. Suggestions only: some are wrong, and some that should be there are
    /// missing (docs/redaction.md has the measured figures).
    suggestions: Vec<RedactionSuggestion>,
    /// The text with all suggestions replaced, for a person to correct.
    redacted: String,
}

impl RedactionProposal {
    fn of(text: String) -> Self {
        let spans = redaction::suggest(&text);
        let place = |byte: usize| {
            let characters = text.get(..byte).map_or(0, |before| before.chars().count());
            i32::try_from(characters).unwrap_or(i32::MAX)
        };
        let suggestions = spans.iter().map(|span| RedactionSuggestion {
            start: place(span.start),
            end: place(span.end),
            kind: span.kind,
            label: span.kind.label(),
            text: text.get(span.start..span.end).unwrap_or_default().to_owned(),
            replacement: span.kind.replacement(),
        });
        Self {
            suggestions: suggestions.collect(),
            redacted: redaction::redact(&text, &spans),
            text,
        }
    }
}

/// The texts of a petition with what is suggested to be taken out before the public reads them.
#[derive(Clone, Debug, SimpleObject)]
pub struct RedactionSuggestions {
    /// Of the title.
    title: RedactionProposal,
    /// Of the content.
    content: RedactionProposal,
    /// Of the newest answer; null where there is none.
    answer: Option<RedactionProposal>,
    /// The newest answer, to be given back to `publishPetition`.
    answer_id: Option<ID>,
}

/// What is offered before publishing.
#[derive(Default)]
pub struct RedactionQuery;

#[Object]
impl RedactionQuery {
    /// What in a petition's texts may tell who somebody is (gợi ý lược bỏ dữ liệu cá nhân): names, telephone numbers,
    /// addresses, numbers of papers, land plots and accounts. A person decides, and `publishPetition` takes the texts
    /// that he confirmed. Null but for those who may publish this petition.
    async fn redaction_suggestions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The petition.")] petition_id: ID,
    ) -> Result<Option<RedactionSuggestions>> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let Some(petition) = id::<PetitionId>(&petition_id) else {
            return Ok(None);
        };
        let row = Entity::find()
            .filter(Column::Id.eq(petition))
            .filter(visible(viewer, "petition", (Entity, Column::Id)))
            .one(state.store.read())
            .await?;
        let may = |council| viewer.may(Capability::Publish, Place::Council(council));
        let Some(row) = row.filter(|row| may(row.council_id) || row.upper_council_id.is_some_and(may)) else {
            return Ok(None);
        };
        Ok(Some(RedactionSuggestions {
            title: RedactionProposal::of(row.title),
            content: RedactionProposal::of(row.content),
            answer: row.answer_text.map(RedactionProposal::of),
            answer_id: row.answer_id.map(wire_id),
        }))
    }
}
