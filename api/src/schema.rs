//! The schema: one word per noun. Limits are the edge's, because the library lacks most of them.

use std::sync::Arc;

use async_graphql::{MergedObject, Request, Response};

use crate::{
    accounts::graphql::{AccountMutation, AccountQuery},
    agencies::graphql::{AgencyMutation, AgencyQuery},
    agenda::graphql::AgendaQuery,
    councils::{
        graphql::CouncilQuery, mutations::CouncilMutation, papers::PaperMutation, periods::PeriodMutation,
    },
    delegates::graphql::{DelegateMutation, DelegateQuery},
    feedback::{graphql::FeedbackQuery, mutations::FeedbackMutation},
    graphql::{code::CodeQuery, loader, node::NodeQuery, root::Root},
    lookup::graphql::LookupQuery,
    meetings::{graphql::MeetingQuery, mutations::MeetingMutation},
    petitions::{
        graphql::{DebtQuery, PetitionQuery, RedactionQuery},
        mutations::PetitionMutation,
    },
    procedures::{graphql::ProcedureQuery, mutations::ProcedureMutation},
    resolutions::{graphql::ResolutionQuery, mutations::ResolutionMutation},
    rounds::{graphql::RoundQuery, mutations::RoundMutation},
    search::{graphql::SearchQuery, similar_graphql::SimilarQuery},
    state::State,
    sync::{
        graphql::{DigestQuery, IssueMutation, IssueQuery, SyncMutation, SyncQuery},
        rxdb::schema::{RxdbMutation, RxdbQuery, RxdbSubscription},
    },
    syntheses::{graphql::SynthesisQuery, mutations::SynthesisMutation},
    units::graphql::UnitQuery,
    viewer::Viewer,
    waking::graphql::{WakingMutation, WakingQuery},
};

/// What happens to petitions and waits for people. A list within the list: the compiler goes a few levels deeper with
/// every entry of one, and has a limit.
#[derive(Default, MergedObject)]
pub struct ChainQuery(PetitionQuery, RedactionQuery, DebtQuery, AgendaQuery);

/// All queries.
#[derive(Default, MergedObject)]
pub struct Query(
    NodeQuery,
    CodeQuery,
    AccountQuery,
    UnitQuery,
    CouncilQuery,
    AgencyQuery,
    DelegateQuery,
    MeetingQuery,
    FeedbackQuery,
    LookupQuery,
    ChainQuery,
    ResolutionQuery,
    RoundQuery,
    ProcedureQuery,
    SynthesisQuery,
    SearchQuery,
    SimilarQuery,
    SyncQuery,
    DigestQuery,
    IssueQuery,
    RxdbQuery,
    WakingQuery,
);

/// All mutations.
#[derive(Default, MergedObject)]
pub struct Mutation(
    AccountMutation,
    CouncilMutation,
    PaperMutation,
    PeriodMutation,
    AgencyMutation,
    DelegateMutation,
    MeetingMutation,
    FeedbackMutation,
    PetitionMutation,
    ResolutionMutation,
    RoundMutation,
    ProcedureMutation,
    SynthesisMutation,
    SyncMutation,
    RxdbMutation,
    WakingMutation,
    IssueMutation,
);

/// The schema of cutri.
pub type Schema = async_graphql::Schema<Root<Query>, Root<Mutation>, RxdbSubscription>;

/// How deep selections may nest before execution is refused; values are bounded by the edge's byte scan.
const RECURSION: usize = 32;

/// Builds the schema.
pub fn build() -> Schema {
    Schema::build(
        Root::<Query>::default(),
        Root::<Mutation>::default(),
        RxdbSubscription,
    )
    .limit_recursive_depth(RECURSION)
    .disable_suggestions()
    .finish()
}

/// The schema as text, as it is published.
pub fn sdl(schema: &Schema) -> String {
    let mut sdl = schema.sdl_with_options(
        async_graphql::SDLExportOptions::new()
            .sorted_fields()
            .sorted_enum_items(),
    );
    sdl.truncate(sdl.trim_end().len());
    sdl.push('\n');
    sdl
}

/// Executes a request with what resolvers look for: the state, who asks, and a loader of his own.
pub async fn execute(schema: &Schema, request: Request, state: Arc<State>, viewer: Viewer) -> Response {
    let request = request.data(Arc::clone(&state)).data(viewer.clone());
    loader::with_loader(state, viewer, |loader| schema.execute(request.data(loader))).await
}
