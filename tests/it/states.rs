//! Every state and every step of the machines of feedback, syntheses and petitions, in one table each: what is not listed is
//! refused. (Those of meetings and resolutions stand beside their rules.)

use std::collections::BTreeSet;

use entity::{feedback, petition, synthesis};

#[test]
fn feedback_goes_where_the_table_says() {
    use feedback::{Event as E, Status as S};
    let table = [
        (S::Accepted, E::Correct, S::Accepted),
        (S::Accepted, E::Add, S::Accepted),
        (S::Accepted, E::Withdraw, S::Withdrawn),
        (S::Accepted, E::Group, S::Grouped),
        (S::AnsweredOnSpot, E::Correct, S::AnsweredOnSpot),
        (S::AnsweredOnSpot, E::Add, S::AnsweredOnSpot),
        (S::AnsweredOnSpot, E::Withdraw, S::Withdrawn),
        (S::AnsweredOnSpot, E::Group, S::Grouped),
        (S::Accepted, E::Return, S::Returned),
        (S::AnsweredOnSpot, E::Return, S::Returned),
        (S::Returned, E::Correct, S::Accepted),
        (S::Returned, E::Add, S::Returned),
        (S::Returned, E::Withdraw, S::Withdrawn),
        (S::Returned, E::Group, S::Grouped),
        (S::Grouped, E::Add, S::Grouped),
    ];
    for from in S::ALL {
        for event in E::ALL {
            let row = table
                .iter()
                .find(|(state, step, _)| state == from && step == event);
            assert_eq!(from.next(*event), row.map(|(.., to)| *to), "{from:?} {event:?}");
        }
    }
}

#[test]
fn syntheses_go_where_the_table_says() {
    use synthesis::{Event as E, Status as S};
    let of_group = [(S::Frozen, E::Send, S::Sent)];
    let of_council = [
        (S::Frozen, E::Cosign, S::Cosigned),
        (S::Cosigned, E::Send, S::Sent),
    ];
    for (is_group, table) in [(true, &of_group[..]), (false, &of_council[..])] {
        for from in S::ALL {
            // A new edition may be frozen at any time, and goes the whole way.
            assert_eq!(from.next(is_group, E::Freeze), Some(S::Frozen), "{from:?}");
            for event in [E::Cosign, E::Send] {
                let row = table
                    .iter()
                    .find(|(state, step, _)| state == from && *step == event);
                let to = row.map(|(.., to)| *to);
                assert_eq!(from.next(is_group, event), to, "{is_group} {from:?} {event:?}");
            }
        }
    }
}

#[test]
fn petitions_go_where_the_table_says() {
    use petition::{Event as E, Process as P};
    let table = [
        (
            P::Accepted,
            vec![
                (E::Join, P::Accepted),
                (E::Classify, P::Classified),
                (E::Split, P::Split),
                (E::Merge, P::Merged),
            ],
        ),
        (
            P::Classified,
            vec![
                (E::Join, P::Classified),
                (E::Classify, P::Classified),
                (E::Forward, P::Forwarded),
                (E::Split, P::Split),
                (E::Merge, P::Merged),
            ],
        ),
        (
            P::Forwarded,
            vec![
                (E::Join, P::Forwarded),
                (E::ForwardOn, P::Forwarded),
                (E::Return, P::Returned),
                (E::Extend, P::Forwarded),
                (E::Answer, P::Answered),
                (E::Reply, P::Forwarded),
                (E::Remind, P::Forwarded),
                (E::PassOn, P::Forwarded),
                (E::AssessOk, P::Assessed),
            ],
        ),
        (
            P::Returned,
            vec![
                (E::Join, P::Returned),
                (E::Classify, P::Classified),
                (E::Forward, P::Forwarded),
                (E::ForwardOn, P::Forwarded),
                (E::Split, P::Split),
                (E::Merge, P::Merged),
            ],
        ),
        (
            P::Answered,
            vec![
                (E::Join, P::Answered),
                (E::Answer, P::Answered),
                (E::Reply, P::Answered),
                (E::PassOn, P::Answered),
                (E::AssessOk, P::Assessed),
                (E::AssessNotOk, P::Forwarded),
                (E::Inform, P::Informed),
            ],
        ),
        (
            P::Assessed,
            vec![
                (E::Join, P::Assessed),
                (E::Answer, P::Answered),
                (E::Reply, P::Assessed),
                (E::PassOn, P::Assessed),
                (E::AssessNotOk, P::Forwarded),
                (E::Inform, P::Informed),
            ],
        ),
        (
            P::Informed,
            vec![
                (E::Join, P::Answered),
                (E::Answer, P::Answered),
                (E::Reply, P::Informed),
                (E::PassOn, P::Informed),
                (E::AssessOk, P::Informed),
                (E::AssessNotOk, P::Forwarded),
                (E::Inform, P::Informed),
                (E::Close, P::Closed),
            ],
        ),
        (P::Closed, vec![(E::Reopen, P::Reopened)]),
        (
            P::Reopened,
            vec![
                (E::Join, P::Reopened),
                (E::Classify, P::Classified),
                (E::Forward, P::Forwarded),
                (E::Split, P::Split),
                (E::Merge, P::Merged),
            ],
        ),
        (P::Split, vec![]),
        (P::Merged, vec![]),
    ];
    let mut pairs = 0;
    for from in P::ALL {
        let (_, steps) = table
            .iter()
            .find(|(state, _)| state == from)
            .expect("every state has a row");
        for event in E::ALL {
            let listed = steps.iter().find(|(step, _)| step == event).map(|(_, to)| *to);
            // What people did is recorded in every state; where it is not due it moves nothing.
            let record = matches!(event, E::Urge | E::Inform).then_some(*from);
            assert_eq!(from.next(*event), listed.or(record), "{from:?} {event:?}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, 11 * 18);
}

#[test]
fn no_road_closes_a_petition_whose_voters_were_not_told_its_last_answer() {
    use petition::{Event as E, Process as P};
    // All states that can be reached, with whether the last answer was told.
    let mut seen = BTreeSet::from([(P::Accepted, false)]);
    let mut open = vec![(P::Accepted, false)];
    while let Some((state, told)) = open.pop() {
        for event in E::ALL {
            let Some(next) = state.next(*event) else { continue };
            let told = match event {
                // Another answer, or other voters.
                E::Answer | E::Join => false,
                E::Inform if next == P::Informed => true,
                _ => told,
            };
            assert!(
                next != P::Closed || state == P::Closed || told,
                "{state:?} {event:?}"
            );
            if seen.insert((next, told)) {
                open.push((next, told));
            }
        }
    }
    assert!(
        P::ALL
            .iter()
            .all(|state| seen.iter().any(|(reached, _)| reached == state)),
        "every state can be reached"
    );
}
