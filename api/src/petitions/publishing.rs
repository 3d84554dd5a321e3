//! What the public reads of a petition: a redacted title, text and answer beside the internal ones, released by the
//! office, taken back by it.
//!
//! A released answer belongs to the answer that it was made of. When a newer one comes, the public sees its number, date
//! and outcome, and no text until that is released too; what was released of the older one stays with that one.

use entity::{
    answer_petition,
    id::{AnswerId, PetitionId},
    petition::Model,
};

use super::{
    answering, for_office,
    grouping::{CONTENT, TITLE},
    record, rules,
};
use crate::{
    capability::Capability,
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
};

/// Releases the redacted texts to the public (công khai nội dung đã biên tập), or takes them back.
pub struct Publish {
    pub petition: PetitionId,
    pub title: Option<String>,
    /// Absent takes the petition back.
    pub content: Option<String>,
    pub answer: Option<String>,
    /// The answer that `answer` was made of, if the office says so.
    pub of: Option<AnswerId>,
}

/// The texts as they are stored.
#[derive(Debug, PartialEq, Eq)]
struct Texts {
    title: Option<String>,
    content: Option<String>,
    answer: Option<String>,
}

impl Command for Publish {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.petition.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(working, facts, self.petition, Capability::Publish, "petitionId")?;
        let texts = self.texts(row)?;
        let before = Texts {
            title: row.public_title.clone(),
            content: row.public_content.clone(),
            answer: row.public_answer.clone(),
        };
        if texts == before {
            return Ok(Verdict::about(Changes::default(), [self.petition.0]));
        }
        let event = if texts.content.is_some() {
            "published"
        } else {
            "unpublished"
        };
        let mut changes = Changes::default();
        let newest = working
            .answer_petition
            .iter()
            .find(|link| link.petition_id == row.id && Some(link.answer_id) == row.answer_id);
        if let Some(link) = newest {
            changes.put(answer_petition::Model {
                public_text: texts.answer.clone(),
                ..link.clone()
            });
        }
        let published = Model {
            public_title: texts.title,
            public_content: texts.content,
            public_answer: texts.answer,
            ..row.clone()
        };
        record(&mut changes, facts, published, event, None);
        Ok(Verdict::about(changes, [self.petition.0]))
    }
}

impl Publish {
    fn texts(&self, row: &Model) -> Result<Texts, Refused> {
        let texts = Texts {
            title: rules::optional(self.title.as_deref(), "publicTitle", TITLE)?,
            content: rules::optional(self.content.as_deref(), "publicContent", CONTENT)?,
            answer: rules::optional(self.answer.as_deref(), "publicAnswer", answering::TEXT)?,
        };
        if texts.content.is_none() && (texts.title.is_some() || texts.answer.is_some()) {
            return Err(Refused::field(Code::Required, "publicContent"));
        }
        if texts.answer.is_some() && row.answer_id.is_none() {
            return Err(Refused::field(Code::InvalidState, "publicAnswer"));
        }
        if self.of.is_some() && self.of != row.answer_id {
            return Err(Refused::field(Code::InvalidState, "answerId"));
        }
        Ok(texts)
    }
}
