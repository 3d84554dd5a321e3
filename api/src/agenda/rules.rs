//! What waits where, by the state of a petition alone. Pure; the day comes from outside.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    agenda::{Kind, Model, Scope},
    id::{AccountId, AgencyId, CouncilId},
    petition::Process,
};
use uuid::Uuid;

use crate::{capability::Capability, deadlines::Periods};

/// How many rows of one kind are named; the others are counted.
const NAMED: usize = 50;

/// What is known of an open petition.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) council: CouncilId,
    pub(super) upper_council: Option<CouncilId>,
    pub(super) process: Process,
    pub(super) is_classified: bool,
    pub(super) agency: Option<AgencyId>,
    pub(super) due: Option<NaiveDate>,
    pub(super) answered: Option<NaiveDate>,
    /// The day by which the newest answer promised something.
    pub(super) promised: Option<NaiveDate>,
    pub(super) is_assessed: bool,
}

/// Where something waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    Council(CouncilId),
    Agency(AgencyId),
    /// For the voters whom somebody met, by the council that owns the petition.
    Voters(CouncilId),
}

/// What has to be allowed at a council for this to be one's work there: whoever acts for the council as a whole; nothing
/// where it is nobody's. What a delegate may do for the voters whom he met is told to him as just that.
pub(super) fn asks(kind: Kind) -> &'static [Capability] {
    match kind {
        // That of a group is its head's too: see `syntheses::owing`.
        Kind::ToClarify | Kind::SynthesisOverdue => &[],
        Kind::ToGroup => &[Capability::GroupFeedback],
        Kind::ToClassify => &[Capability::ClassifyPetition],
        Kind::ToCosign => &[Capability::CosignSynthesis],
        Kind::ToForward => &[Capability::ForwardPetitions],
        Kind::ToAnswer => &[Capability::AnswerPetitions],
        Kind::Overdue | Kind::PromiseDue => &[Capability::Urge, Capability::AssessAnswer],
        Kind::ToAssess => &[Capability::AssessAnswer],
        Kind::ToInform => &[Capability::InformVoters, Capability::ClosePetition],
        Kind::ToClose => &[Capability::ClosePetition],
    }
}

/// The last day for telling voters an answer, as the council that owns the petition set it.
pub(super) fn inform_by(answered: Option<NaiveDate>, periods: &Periods<'_>) -> Option<NaiveDate> {
    periods.due("inform_voters", answered?)
}

/// What of a petition waits at the councils that have it, and until when; the periods are those of its owner.
pub(super) fn at_councils(
    row: &Standing,
    today: NaiveDate,
    periods: &Periods<'_>,
) -> Vec<(CouncilId, Kind, Option<NaiveDate>)> {
    let own = row.council;
    // Whoever sent it to a body looks after what comes back.
    let sender = row.upper_council.unwrap_or(own);
    let mut waits = Vec::new();
    match row.process {
        Process::Accepted => waits.push((own, Kind::ToClassify, None)),
        Process::Reopened if !row.is_classified => waits.push((own, Kind::ToClassify, None)),
        Process::Reopened | Process::Classified => waits.push((own, Kind::ToForward, None)),
        Process::Returned => waits.push((sender, Kind::ToForward, None)),
        Process::Forwarded => {
            let is_with_body = row.agency.is_some();
            if !is_with_body {
                waits.push((sender, Kind::ToForward, row.due));
            }
            if row.due.is_some_and(|due| due < today) {
                // What waits above to be sent on is late below: nobody else urges the council above.
                if is_with_body || sender != own {
                    waits.push((own, Kind::Overdue, row.due));
                }
                if is_with_body && sender != own {
                    waits.push((sender, Kind::Overdue, row.due));
                }
            }
        }
        Process::Answered | Process::Assessed => {
            waits.push((own, Kind::ToInform, inform_by(row.answered, periods)));
        }
        Process::Informed if row.is_assessed => waits.push((own, Kind::ToClose, None)),
        Process::Informed | Process::Closed | Process::Split | Process::Merged => {}
    }
    if matches!(row.process, Process::Answered | Process::Informed) && !row.is_assessed {
        waits.push((sender, Kind::ToAssess, None));
    }
    if row.promised.is_some_and(|day| day < today) {
        waits.push((own, Kind::PromiseDue, row.promised));
        if sender != own {
            waits.push((sender, Kind::PromiseDue, row.promised));
        }
    }
    waits
}

/// A row that waits, and until when; and whether there is such a row to be named.
type Waiting = (Option<NaiveDate>, Uuid, bool);

/// What waits for somebody, gathered line by line.
#[derive(Default)]
pub(super) struct Gathered(BTreeMap<(At, Kind), Vec<Waiting>>);

impl Gathered {
    /// A row more: a petition, or what the kind is about.
    pub(super) fn add(&mut self, at: At, kind: Kind, due: Option<NaiveDate>, row: impl Into<Uuid>) {
        self.0
            .entry((at, kind))
            .or_default()
            .push((due, row.into(), true));
    }

    /// Something that waits to be begun: counted by a key of its own, and not named.
    pub(super) fn add_unbegun(&mut self, at: At, kind: Kind, due: NaiveDate, key: Uuid) {
        self.0
            .entry((at, kind))
            .or_default()
            .push((Some(due), key, false));
    }

    /// The lines of an account.
    pub(super) fn rows(self, account: AccountId, today: NaiveDate, now: DateTime<Utc>) -> Vec<Model> {
        let lines = self.0.into_iter();
        lines
            .map(|((at, kind), waiting)| row(account, at, kind, waiting, today, now))
            .collect()
    }
}

fn row(
    account: AccountId,
    at: At,
    kind: Kind,
    mut waiting: Vec<Waiting>,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Model {
    let (scope, council_id, agency_id) = match at {
        At::Council(council) => (Scope::Council, Some(council), None),
        At::Agency(agency) => (Scope::Agency, None, Some(agency)),
        At::Voters(council) => (Scope::Voters, Some(council), None),
    };
    waiting.sort_by_key(|(due, row, _)| (due.unwrap_or(NaiveDate::MAX), *row));
    waiting.dedup();
    let place = council_id.map(Uuid::from).or(agency_id.map(Uuid::from));
    let name = format!("{}/{}/{}", scope.code(), place.unwrap_or_default(), kind.code());
    let late = waiting
        .iter()
        .filter(|(due, ..)| due.is_some_and(|due| due < today));
    let named = waiting.iter().filter(|(.., is_named)| *is_named).take(NAMED);
    let named = named
        .map(|(_, row, _)| row.to_string())
        .collect::<Vec<_>>()
        .join(" ");
    let (petition_ids, feedback_ids, synthesis_ids) = match kind {
        Kind::ToClarify | Kind::ToGroup => (String::new(), Some(named), None),
        Kind::ToCosign | Kind::SynthesisOverdue => (String::new(), None, Some(named)),
        _ => (named, None, None),
    };
    Model {
        id: Uuid::new_v5(&account.0, name.as_bytes()).into(),
        account_id: account,
        scope,
        kind,
        council_id,
        agency_id,
        count: whole(waiting.len()),
        overdue: whole(late.count()),
        due_at: waiting.first().and_then(|(due, ..)| *due),
        petition_ids,
        feedback_ids,
        synthesis_ids,
        as_of: now,
        rev: 0,
    }
}

fn whole(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use entity::id::PetitionId;

    use super::*;
    use crate::{calendar::Calendar, store::reference::Reference};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn standing(process: Process) -> Standing {
        Standing {
            council: CouncilId(Uuid::from_u128(2)),
            upper_council: None,
            process,
            is_classified: true,
            agency: Some(AgencyId(Uuid::from_u128(3))),
            due: Some(day("2026-03-16")),
            answered: Some(day("2026-03-02")),
            promised: None,
            is_assessed: false,
        }
    }

    /// What waits where nobody set a period for himself.
    fn waiting(row: &Standing, today: &str) -> Vec<(CouncilId, Kind, Option<NaiveDate>)> {
        let reference = Reference::default();
        let periods = Periods::of(&reference, row.council, Calendar::delivered());
        at_councils(row, day(today), &periods)
    }

    fn kinds(row: &Standing, today: &str) -> Vec<&'static str> {
        waiting(row, today)
            .into_iter()
            .map(|(_, kind, _)| kind.code())
            .collect()
    }

    #[test]
    fn each_state_waits_for_what_comes_next() {
        for (process, expected) in [
            (Process::Accepted, vec!["to_classify"]),
            (Process::Classified, vec!["to_forward"]),
            (Process::Returned, vec!["to_forward"]),
            (Process::Reopened, vec!["to_forward"]),
            (Process::Forwarded, vec![]),
            (Process::Answered, vec!["to_inform", "to_assess"]),
            (Process::Assessed, vec!["to_inform"]),
            (Process::Informed, vec!["to_assess"]),
            (Process::Closed, vec![]),
            (Process::Split, vec![]),
            (Process::Merged, vec![]),
        ] {
            assert_eq!(kinds(&standing(process), "2026-03-16"), expected, "{process:?}");
        }
        assert_eq!(kinds(&standing(Process::Forwarded), "2026-03-17"), ["overdue"]);
        let assessed = Standing {
            is_assessed: true,
            ..standing(Process::Informed)
        };
        assert_eq!(kinds(&assessed, "2026-03-17"), ["to_close"]);
    }

    #[test]
    fn what_went_up_waits_above_and_is_told_below() {
        let above = CouncilId(Uuid::from_u128(9));
        let up = Standing {
            upper_council: Some(above),
            agency: None,
            ..standing(Process::Forwarded)
        };
        let waits = waiting(&up, "2026-03-17");
        let due = Some(day("2026-03-16"));
        assert_eq!(
            waits,
            [(above, Kind::ToForward, due), (up.council, Kind::Overdue, due)]
        );
        let waits = waiting(&up, "2026-03-16");
        assert_eq!(waits, [(above, Kind::ToForward, due)], "it is not late yet");
        let answered = Standing {
            upper_council: Some(above),
            ..standing(Process::Answered)
        };
        let waits = waiting(&answered, "2026-03-17");
        assert_eq!((waits[0].0, waits[0].1), (answered.council, Kind::ToInform));
        // 20 working days after Monday 2 March.
        assert_eq!(waits[0].2, Some(day("2026-03-30")));
        assert_eq!((waits[1].0, waits[1].1), (above, Kind::ToAssess));
    }

    #[test]
    fn a_promise_comes_back_when_its_day_is_over_closed_or_not() {
        let promised = Standing {
            promised: Some(day("2026-06-30")),
            is_assessed: true,
            ..standing(Process::Closed)
        };
        assert_eq!(kinds(&promised, "2026-06-30"), Vec::<&str>::new());
        assert_eq!(kinds(&promised, "2026-07-01"), ["promise_due"]);
        let above = CouncilId(Uuid::from_u128(9));
        let up = Standing {
            upper_council: Some(above),
            process: Process::Informed,
            ..promised
        };
        let waits = waiting(&up, "2026-07-01");
        let at = waits.iter().filter(|(_, kind, _)| *kind == Kind::PromiseDue);
        let at: Vec<CouncilId> = at.map(|(at, ..)| *at).collect();
        assert_eq!(at, [up.council, above]);
    }

    #[test]
    fn what_nobody_has_begun_is_counted_and_not_named() {
        let mut gathered = Gathered::default();
        let at = At::Council(CouncilId(Uuid::from_u128(2)));
        let due = day("2026-03-13");
        gathered.add(at, Kind::SynthesisOverdue, Some(due), Uuid::from_u128(5));
        gathered.add_unbegun(at, Kind::SynthesisOverdue, due, Uuid::from_u128(4));
        let rows = gathered.rows(
            AccountId(Uuid::from_u128(7)),
            day("2026-03-16"),
            DateTime::UNIX_EPOCH,
        );
        assert_eq!((rows.len(), rows[0].count, rows[0].overdue), (1, 2, 2));
        assert_eq!(rows[0].synthesis_ids, Some(Uuid::from_u128(5).to_string()));
    }

    #[test]
    fn a_line_names_the_most_urgent_and_counts_all() {
        let mut gathered = Gathered::default();
        let at = At::Council(CouncilId(Uuid::from_u128(2)));
        for number in 0..60_u128 {
            let due = (number % 2 == 0).then(|| day("2026-03-01"));
            gathered.add(at, Kind::Overdue, due, PetitionId(Uuid::from_u128(100 - number)));
        }
        let account = AccountId(Uuid::from_u128(7));
        let rows = gathered.rows(account, day("2026-03-02"), DateTime::UNIX_EPOCH);
        assert_eq!((rows.len(), rows[0].count, rows[0].overdue), (1, 60, 30));
        assert_eq!(rows[0].due_at, Some(day("2026-03-01")));
        assert_eq!(rows[0].petition_ids.split(' ').count(), NAMED);
        assert_eq!((&rows[0].feedback_ids, &rows[0].synthesis_ids), (&None, &None));
    }

    #[test]
    fn what_is_no_petition_is_not_named_as_one() {
        for (kind, is_feedback) in [
            (Kind::ToGroup, true),
            (Kind::ToClarify, true),
            (Kind::ToCosign, false),
        ] {
            let mut gathered = Gathered::default();
            let row = Uuid::from_u128(5);
            gathered.add(At::Council(CouncilId(Uuid::from_u128(2))), kind, None, row);
            let rows = gathered.rows(
                AccountId(Uuid::from_u128(7)),
                day("2026-03-02"),
                DateTime::UNIX_EPOCH,
            );
            let named = Some(row.to_string());
            let (feedback, synthesis) = if is_feedback { (named, None) } else { (None, named) };
            assert_eq!(
                (&rows[0].feedback_ids, &rows[0].synthesis_ids),
                (&feedback, &synthesis)
            );
            assert_eq!(rows[0].petition_ids, "");
        }
    }
}
