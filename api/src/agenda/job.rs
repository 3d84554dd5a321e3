//! Counts again for those to whom something happened: the worker's part. History tells what happened since the last
//! look, so that a turn costs what changed and not what there is; once a day everything is counted, because days pass
//! without a write. Counted twice, or by two servers, it is the same.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::{
    account, agenda, delegate, event, feedback, forwarding, forwarding_agency, forwarding_petition,
    id::{
        AccountId, AgencyId, CouncilId, DelegateId, FeedbackId, ForwardingId, MeetingId, PetitionId, RoundId,
        SynthesisId,
    },
    meeting, meeting_delegate, petition, petition_agency, petition_feedback, petition_transfer, role_grant,
    round, synthesis,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{Keep, read};
use crate::{
    error::{Lang, Result},
    looked::steps_since,
    state::State,
    store::door::{self, Command},
    viewer::Viewer,
};

/// Accounts of one batch.
const BATCH: usize = 50;
/// What has a history that may give somebody work.
const KINDS: [&str; 7] = [
    "petition",
    "feedback",
    "synthesis",
    "round",
    "meeting",
    "delegate",
    "account",
];
/// Petitions whose people are looked for at once.
const AT_ONCE: usize = 2_000;

/// Counts for whoever is touched by what happened since the last look of this process; `all` counts for everybody, as on
/// a new day. Returns for how many people it counted.
pub async fn count(state: &State, all: bool) -> Result<usize> {
    let now = state.clock.now();
    let since = state.agenda_counted.since().filter(|_| !all);
    let accounts = match since {
        None => everybody(state).await?,
        Some(since) => touched(state, since).await?,
    };
    let accounts: Vec<AccountId> = accounts.into_iter().collect();
    for accounts in accounts.chunks(BATCH) {
        keep(state, accounts).await?;
    }
    state.agenda_counted.until(now);
    Ok(accounts.len())
}

/// Counts for these accounts.
async fn keep(state: &State, accounts: &[AccountId]) -> Result<()> {
    let reference = state.reference();
    let rows = account::Entity::find()
        .filter(account::Column::Id.is_in(accounts.iter().copied()))
        .all(state.store.read())
        .await?;
    let mut kept = Vec::new();
    for row in rows {
        let as_of = state.clock.now();
        let account = row.id;
        let rows = match row.disabled_at {
            Some(_) => Vec::new(),
            None => {
                let viewer =
                    Viewer::at_server(state.store.read(), &reference, row, as_of, Lang::default()).await?;
                read::waiting(state, &viewer, as_of).await?
            }
        };
        kept.push(Keep { account, as_of, rows });
    }
    let commands: Vec<&dyn Command> = kept.iter().map(|keep| keep as &dyn Command).collect();
    for refused in door::execute(state, &Viewer::system(), &commands).await? {
        if let Err(refused) = refused {
            tracing::warn!(code = refused.code.name(), "an agenda was refused");
        }
    }
    Ok(())
}

/// Everybody for whom something may wait, or did.
async fn everybody(state: &State) -> Result<BTreeSet<AccountId>> {
    let conn = state.store.read();
    let granted: Vec<AccountId> = role_grant::Entity::find()
        .select_only()
        .column(role_grant::Column::AccountId)
        .distinct()
        .into_tuple()
        .all(conn)
        .await?;
    let elected: Vec<Option<AccountId>> = delegate::Entity::find()
        .select_only()
        .column(delegate::Column::AccountId)
        .distinct()
        .filter(delegate::Column::AccountId.is_not_null())
        .into_tuple()
        .all(conn)
        .await?;
    let busy: Vec<AccountId> = agenda::Entity::find()
        .select_only()
        .column(agenda::Column::AccountId)
        .distinct()
        .filter(agenda::Column::Count.gt(0))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(granted
        .into_iter()
        .chain(elected.into_iter().flatten())
        .chain(busy)
        .collect())
}

/// What happened to whom.
#[derive(Default)]
struct Happened {
    petitions: BTreeSet<PetitionId>,
    feedback: BTreeSet<FeedbackId>,
    syntheses: BTreeSet<SynthesisId>,
    rounds: BTreeSet<RoundId>,
    meetings: BTreeSet<MeetingId>,
    delegates: BTreeSet<DelegateId>,
    accounts: BTreeSet<AccountId>,
}

impl Happened {
    /// What history tells since a moment.
    async fn since(state: &State, since: DateTime<Utc>) -> Result<Self> {
        let told: Vec<(String, Uuid)> = steps_since(since)
            .select_only()
            .columns([event::Column::Kind, event::Column::RowId])
            .distinct()
            .filter(event::Column::Kind.is_in(KINDS))
            .into_tuple()
            .all(state.store.read())
            .await?;
        let mut happened = Self::default();
        for (kind, row) in told {
            match kind.as_str() {
                "petition" => {
                    happened.petitions.insert(row.into());
                }
                "feedback" => {
                    happened.feedback.insert(row.into());
                }
                "synthesis" => {
                    happened.syntheses.insert(row.into());
                }
                "round" => {
                    happened.rounds.insert(row.into());
                }
                "meeting" => {
                    happened.meetings.insert(row.into());
                }
                "delegate" => {
                    happened.delegates.insert(row.into());
                }
                _ => {
                    happened.accounts.insert(row.into());
                }
            }
        }
        Ok(happened)
    }
}

/// Those whose work changed since a moment: the people at every council and body that has or had a petition to which
/// something happened, the delegates who met its voters, and whoever's rights or meetings changed.
async fn touched(state: &State, since: DateTime<Utc>) -> Result<BTreeSet<AccountId>> {
    let Happened {
        petitions,
        feedback,
        syntheses,
        rounds,
        mut meetings,
        mut delegates,
        mut accounts,
    } = Happened::since(state, since).await?;
    let (mut councils, mut bodies) = (BTreeSet::new(), BTreeSet::new());
    planned(state, &rounds, &meetings, &mut councils).await?;
    let petitions: Vec<PetitionId> = petitions.into_iter().collect();
    for petitions in petitions.chunks(AT_ONCE) {
        places(state, petitions, &mut councils, &mut bodies).await?;
        said(state, petitions, &mut meetings, &mut accounts).await?;
    }
    let conn = state.store.read();
    let feedback: Vec<FeedbackId> = feedback.into_iter().collect();
    for feedback in feedback.chunks(AT_ONCE) {
        let whose: Vec<(CouncilId, AccountId)> = feedback::Entity::find()
            .select_only()
            .columns([feedback::Column::CouncilId, feedback::Column::AuthorId])
            .distinct()
            .filter(feedback::Column::Id.is_in(feedback.iter().copied()))
            .into_tuple()
            .all(conn)
            .await?;
        for (council, author) in whose {
            councils.insert(council);
            accounts.insert(author);
        }
    }
    if !syntheses.is_empty() {
        let whose: Vec<CouncilId> = synthesis::Entity::find()
            .select_only()
            .column(synthesis::Column::CouncilId)
            .distinct()
            .filter(synthesis::Column::Id.is_in(syntheses))
            .into_tuple()
            .all(conn)
            .await?;
        councils.extend(whose);
    }
    let meetings: Vec<MeetingId> = meetings.into_iter().collect();
    for meetings in meetings.chunks(AT_ONCE) {
        let came: Vec<DelegateId> = meeting_delegate::Entity::find()
            .select_only()
            .column(meeting_delegate::Column::DelegateId)
            .distinct()
            .filter(meeting_delegate::Column::MeetingId.is_in(meetings.iter().copied()))
            .into_tuple()
            .all(conn)
            .await?;
        delegates.extend(came);
    }
    let delegates: Vec<DelegateId> = delegates.into_iter().collect();
    for delegates in delegates.chunks(AT_ONCE) {
        let elected: Vec<Option<AccountId>> = delegate::Entity::find()
            .select_only()
            .column(delegate::Column::AccountId)
            .filter(delegate::Column::Id.is_in(delegates.iter().copied()))
            .into_tuple()
            .all(conn)
            .await?;
        accounts.extend(elected.into_iter().flatten());
    }
    // What a former council has is the work of the one that follows it.
    let today = state.clock.today();
    let reference = state.reference();
    let heirs: Vec<CouncilId> = councils
        .iter()
        .filter_map(|council| Some(reference.heir(*council, today)?.id))
        .collect();
    councils.extend(heirs);
    if !councils.is_empty() || !bodies.is_empty() {
        let there = Condition::any()
            .add(role_grant::Column::CouncilId.is_in(councils))
            .add(role_grant::Column::AgencyId.is_in(bodies));
        let granted: Vec<AccountId> = role_grant::Entity::find()
            .select_only()
            .column(role_grant::Column::AccountId)
            .distinct()
            .filter(there)
            .into_tuple()
            .all(conn)
            .await?;
        accounts.extend(granted);
    }
    Ok(accounts)
}

/// The councils whose rounds these are, and those that planned these meetings: they owe a synthesis of what was held.
async fn planned(
    state: &State,
    rounds: &BTreeSet<RoundId>,
    meetings: &BTreeSet<MeetingId>,
    councils: &mut BTreeSet<CouncilId>,
) -> Result<()> {
    let conn = state.store.read();
    if !rounds.is_empty() {
        let whose: Vec<CouncilId> = round::Entity::find()
            .select_only()
            .column(round::Column::CouncilId)
            .distinct()
            .filter(round::Column::Id.is_in(rounds.iter().copied()))
            .into_tuple()
            .all(conn)
            .await?;
        councils.extend(whose);
    }
    let meetings: Vec<MeetingId> = meetings.iter().copied().collect();
    for meetings in meetings.chunks(AT_ONCE) {
        let whose: Vec<CouncilId> = meeting::Entity::find()
            .select_only()
            .column(meeting::Column::CouncilId)
            .distinct()
            .filter(meeting::Column::Id.is_in(meetings.iter().copied()))
            .filter(meeting::Column::RoundId.is_not_null())
            .into_tuple()
            .all(conn)
            .await?;
        councils.extend(whose);
    }
    Ok(())
}

/// The councils and bodies that have or had these petitions.
async fn places(
    state: &State,
    petitions: &[PetitionId],
    councils: &mut BTreeSet<CouncilId>,
    bodies: &mut BTreeSet<AgencyId>,
) -> Result<()> {
    let conn = state.store.read();
    let ids = || petitions.iter().copied();
    let now: Vec<(CouncilId, Option<CouncilId>, Option<AgencyId>)> = petition::Entity::find()
        .select_only()
        .columns([
            petition::Column::CouncilId,
            petition::Column::UpperCouncilId,
            petition::Column::AgencyId,
        ])
        .distinct()
        .filter(petition::Column::Id.is_in(ids()))
        .into_tuple()
        .all(conn)
        .await?;
    for (own, upper, lead) in now {
        councils.insert(own);
        councils.extend(upper);
        bodies.extend(lead);
    }
    let coordinating: Vec<AgencyId> = petition_agency::Entity::find()
        .select_only()
        .column(petition_agency::Column::AgencyId)
        .distinct()
        .filter(petition_agency::Column::PetitionId.is_in(ids()))
        .into_tuple()
        .all(conn)
        .await?;
    let passed: Vec<AgencyId> = petition_transfer::Entity::find()
        .select_only()
        .column(petition_transfer::Column::FromId)
        .distinct()
        .filter(petition_transfer::Column::PetitionId.is_in(ids()))
        .into_tuple()
        .all(conn)
        .await?;
    bodies.extend(coordinating.into_iter().chain(passed));
    let letters: Vec<ForwardingId> = forwarding_petition::Entity::find()
        .select_only()
        .column(forwarding_petition::Column::ForwardingId)
        .distinct()
        .filter(forwarding_petition::Column::PetitionId.is_in(ids()))
        .into_tuple()
        .all(conn)
        .await?;
    let sent: Vec<(CouncilId, Option<AgencyId>, Option<CouncilId>)> = forwarding::Entity::find()
        .select_only()
        .columns([
            forwarding::Column::CouncilId,
            forwarding::Column::LeadAgencyId,
            forwarding::Column::UpperCouncilId,
        ])
        .distinct()
        .filter(forwarding::Column::Id.is_in(letters.iter().copied()))
        .into_tuple()
        .all(conn)
        .await?;
    for (by, lead, upper) in sent {
        councils.insert(by);
        councils.extend(upper);
        bodies.extend(lead);
    }
    let named: Vec<AgencyId> = forwarding_agency::Entity::find()
        .select_only()
        .column(forwarding_agency::Column::AgencyId)
        .distinct()
        .filter(forwarding_agency::Column::ForwardingId.is_in(letters))
        .into_tuple()
        .all(conn)
        .await?;
    bodies.extend(named);
    Ok(())
}

/// Who wrote down of what these petitions were made, and at which meetings it was said.
async fn said(
    state: &State,
    petitions: &[PetitionId],
    meetings: &mut BTreeSet<MeetingId>,
    accounts: &mut BTreeSet<AccountId>,
) -> Result<()> {
    let conn = state.store.read();
    let feedback: Vec<FeedbackId> = petition_feedback::Entity::find()
        .select_only()
        .column(petition_feedback::Column::FeedbackId)
        .distinct()
        .filter(petition_feedback::Column::PetitionId.is_in(petitions.iter().copied()))
        .into_tuple()
        .all(conn)
        .await?;
    for feedback in feedback.chunks(AT_ONCE) {
        let said: Vec<(AccountId, Option<MeetingId>)> = feedback::Entity::find()
            .select_only()
            .columns([feedback::Column::AuthorId, feedback::Column::MeetingId])
            .distinct()
            .filter(feedback::Column::Id.is_in(feedback.iter().copied()))
            .into_tuple()
            .all(conn)
            .await?;
        for (author, meeting) in said {
            accounts.insert(author);
            meetings.extend(meeting);
        }
    }
    Ok(())
}
