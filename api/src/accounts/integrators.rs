//! Tokens of integrators, in the database: made and revoked at the server's own console.

use chrono::{DateTime, Utc};
use entity::{
    api_token,
    id::{ApiTokenId, UnitId},
};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;

use super::{read_token::ReadToken, rules, session::one};
use crate::{
    error::{Code, Lang, Refused, Result},
    state::State,
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
    viewer::Viewer,
};

/// The only scope there is: to read.
pub const READ: &str = "read";

/// Makes a token that reads a unit's subtree; its text is told this once.
pub async fn create_read_token(
    state: &State,
    unit: UnitId,
    name: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(ApiTokenId, ReadToken)> {
    let token = ReadToken::new(state.entropy.as_ref());
    let command = CreateReadToken {
        hash: token.hash().to_vec(),
        unit,
        name: rules::line(name, "name", rules::MOST_NAME)?,
        expires_at,
    };
    let done = one(state, &Viewer::anonymous(Lang::default()), &command).await??;
    let id = done.ids.first().copied().ok_or(Code::NotFound)?;
    Ok((ApiTokenId(id), token))
}

/// Revokes a token; it counts at its next use.
pub async fn revoke_read_token(state: &State, id: ApiTokenId) -> Result<()> {
    one(state, &Viewer::anonymous(Lang::default()), &RevokeReadToken(id)).await??;
    Ok(())
}

/// All tokens, newest first.
pub async fn read_tokens(state: &State) -> Result<Vec<api_token::Model>> {
    Ok(api_token::Entity::find()
        .order_by_desc(api_token::Column::Id)
        .all(state.store.read())
        .await?)
}

struct CreateReadToken {
    hash: Vec<u8>,
    unit: UnitId,
    name: String,
    expires_at: Option<DateTime<Utc>>,
}

impl Command for CreateReadToken {
    fn needs(&self, _facts: &Facts<'_>, _needs: &mut Needs) {}

    fn judge(&self, _working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        if facts.reference.units.get(self.unit).is_none() {
            return Err(Refused::field(Code::NotFound, "unitId"));
        }
        if self.expires_at.is_some_and(|end| end <= facts.now) {
            return Err(Refused::field(Code::OutOfRange, "expiresAt"));
        }
        let id: ApiTokenId = facts.id();
        let mut event = facts.event("read_token", id, "created", None);
        event.detail = Some(json!({"unitId": self.unit}).to_string());
        let mut changes = Changes::default();
        changes.put(api_token::Model {
            id,
            hash: self.hash.clone(),
            name: self.name.clone(),
            scope: READ.to_owned(),
            unit_id: self.unit,
            created_at: facts.now,
            expires_at: self.expires_at,
            revoked_at: None,
        });
        changes.happened(event);
        Ok(Verdict::about(changes, [id.0]))
    }
}

struct RevokeReadToken(ApiTokenId);

impl Command for RevokeReadToken {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.api_token.insert(self.0.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = working
            .api_token
            .get(self.0)
            .ok_or(Refused::field(Code::NotFound, "id"))?;
        let mut changes = Changes::default();
        if row.revoked_at.is_none() {
            changes.put(api_token::Model {
                revoked_at: Some(facts.now),
                ..row.clone()
            });
            changes.happened(facts.event("read_token", row.id, "revoked", None));
        }
        Ok(Verdict::about(changes, [row.id.0]))
    }
}
