//! What an author added to his feedback after it was grouped, as the office reads it.

use std::collections::HashMap;

use async_graphql::{SimpleObject, dataloader::Loader};
use entity::{feedback_addition, id::FeedbackId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    error::{Error, Result},
    graphql::{loader::Rows, scalar::Time},
};

/// An addition (bổ sung phiếu): a correction that came after the grouping. The words that were grouped stay as they are.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "FeedbackAddition")]
pub struct Addition {
    /// The words that were added, a line for each field that said something new.
    text: String,
    /// When the server received it.
    at: Time,
}

/// The additions of a feedback, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct AdditionsOf(pub(super) FeedbackId);

impl Loader<AdditionsOf> for Rows {
    type Value = Vec<Addition>;
    type Error = Error;

    async fn load(&self, keys: &[AdditionsOf]) -> Result<HashMap<AdditionsOf, Vec<Addition>>> {
        let rows = feedback_addition::Entity::find()
            .filter(feedback_addition::Column::FeedbackId.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(feedback_addition::Column::At)
            .order_by_asc(feedback_addition::Column::Id)
            .all(self.state.store.read())
            .await?;
        let mut found: HashMap<AdditionsOf, Vec<Addition>> = HashMap::new();
        for row in rows {
            found
                .entry(AdditionsOf(row.feedback_id))
                .or_default()
                .push(Addition {
                    text: row.text,
                    at: Time(row.at),
                });
        }
        Ok(found)
    }
}
