//! From a mutation to the write door and back.

use async_graphql::Context;

use super::{
    UserError,
    loader::{Noun, several},
    state, viewer,
};
use uuid::Uuid;

use crate::{
    error::{Refused, Result},
    store::door::{self, Command, Done},
};

/// Runs one command (a batch of one). Somebody without an account may change nothing.
pub async fn run(ctx: &Context<'_>, command: &dyn Command) -> Result<Result<Done, Vec<UserError>>> {
    let (state, viewer) = (state(ctx)?, viewer(ctx)?);
    viewer.signed_in()?;
    let answers = door::execute(state, viewer, &[command]).await?;
    let answer = answers.into_iter().next().unwrap_or_else(|| Ok(Done::default()));
    Ok(answer.map_err(|refused| vec![UserError::of(&refused, viewer.lang)]))
}

/// Builds a command from an input and runs it; what is wrong with the input is a user error too.
pub async fn run_input<C: Command>(
    ctx: &Context<'_>,
    command: impl FnOnce() -> Result<C, Refused>,
) -> Result<Result<Done, Vec<UserError>>> {
    let viewer = viewer(ctx)?;
    viewer.signed_in()?;
    match command() {
        Ok(command) => run(ctx, &command).await,
        Err(refused) => Ok(Err(vec![UserError::of(&refused, viewer.lang)])),
    }
}

/// What a payload about one row shows: the row that a command was about, and why it was refused.
pub fn outcome(answer: Result<Done, Vec<UserError>>) -> (Option<Uuid>, Vec<UserError>) {
    match answer {
        Ok(done) => (done.ids.first().copied(), Vec::new()),
        Err(user_errors) => (None, user_errors),
    }
}

/// Runs a command about rows of one noun: those that it was about, as they are now, and why it was refused.
pub async fn answer<I: Noun, C: Command>(
    ctx: &Context<'_>,
    command: impl FnOnce() -> Result<C, Refused>,
) -> Result<(Vec<I::Object>, Vec<UserError>)> {
    Ok(match run_input(ctx, command).await? {
        Ok(done) => {
            let ids: Vec<I> = done.ids.into_iter().map(I::from).collect();
            (several(ctx, &ids).await?, Vec::new())
        }
        Err(user_errors) => (Vec::new(), user_errors),
    })
}
