//! What a resolution may become, and when, without a database.

use entity::id::{CouncilId, ResolutionId, UnitId};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn blank() -> Model {
    let now = "2026-11-20T08:00:00Z".parse().unwrap();
    Model {
        id: ResolutionId(Uuid::nil()),
        council_id: CouncilId(Uuid::nil()),
        unit_id: UnitId(Uuid::nil()),
        session_id: None,
        by_standing_committee: false,
        number: None,
        number_key: None,
        year: 0,
        raw_number: String::new(),
        kind: String::new(),
        title: String::new(),
        text: None,
        effect: Effect::NotYet,
        issued_on: None,
        in_force_from: None,
        in_force_to: None,
        votes_for: None,
        votes_against: None,
        votes_abstained: None,
        delegates_present: None,
        delegates_total: None,
        is_public: false,
        created_at: now,
        rev: 0,
        updated_at: now,
    }
}

fn read(mut fields: Value) -> Result<Model, Vec<Refused>> {
    for (name, value) in [
        ("rawNumber", "12/NQ-HĐND"),
        ("kind", "individual"),
        ("title", "Về giá nước"),
        ("issuedOn", "2026-07-12"),
    ] {
        if fields.get(name).is_none() {
            fields[name] = value.into();
        }
    }
    let mut row = blank();
    match read_fields(&mut row, fields.as_object().unwrap()) {
        Ok(()) => Ok(row),
        Err(Stop::Refused(refused)) => Err(refused),
        Err(Stop::Deferred(_)) => unreachable!(),
    }
}

#[test]
fn every_effect_and_event_is_decided() {
    use Effect as F;
    use Event as E;
    let table = [
        (F::NotYet, E::ComeIntoForce, F::InForce),
        (F::NotYet, E::Replace, F::Replaced),
        (F::NotYet, E::Annul, F::Annulled),
        (F::InForce, E::ExpirePartly, F::Partly),
        (F::InForce, E::Suspend, F::Suspended),
        (F::InForce, E::Replace, F::Replaced),
        (F::InForce, E::Annul, F::Annulled),
        (F::InForce, E::Expire, F::Expired),
        (F::Partly, E::ExpirePartly, F::Partly),
        (F::Partly, E::Suspend, F::Suspended),
        (F::Partly, E::Replace, F::Replaced),
        (F::Partly, E::Annul, F::Annulled),
        (F::Partly, E::Expire, F::Expired),
        (F::Suspended, E::Resume, F::InForce),
        (F::Suspended, E::Replace, F::Replaced),
        (F::Suspended, E::Annul, F::Annulled),
        (F::Suspended, E::Expire, F::Expired),
    ];
    for effect in F::ALL {
        for event in E::ALL {
            let expected = table
                .iter()
                .find(|(from, by, _)| from == effect && by == event)
                .map(|(.., to)| *to);
            assert_eq!(effect.next(*event), expected, "{effect:?} {event:?}");
        }
    }
}

proptest! {
    #[test]
    fn what_has_ended_never_comes_back(events in proptest::collection::vec(0..Event::ALL.len(), 0..40)) {
        let mut row = blank();
        let mut ended = None;
        for event in events {
            if let Ok(next) = step(&row, Event::ALL[event], day("2026-07-12")) {
                row = next;
            }
            prop_assert!(ended.is_none_or(|ended| ended == row.effect));
            if matches!(row.effect, Effect::Replaced | Effect::Annulled | Effect::Expired) {
                ended = Some(row.effect);
                prop_assert!(row.in_force_to.is_some());
            }
            prop_assert!(ordered(row.in_force_from, row.in_force_to));
        }
    }
}

#[test]
fn numbers_are_parsed_and_kept_as_written() {
    let row = read(json!({"rawNumber": "Nghị quyết số 5 / 2025/nq – hdnd"})).unwrap();
    assert_eq!(row.number.as_deref(), Some("05/2025/NQ-HĐND"));
    assert_eq!(row.raw_number, "Nghị quyết số 5 / 2025/nq – hdnd");
    // The year that is printed counts, else the day of issue.
    assert_eq!(row.year, 2025);
    assert_eq!(read(json!({})).unwrap().year, 2026);
    let unreadable = read(json!({"rawNumber": "không số"})).unwrap();
    assert_eq!((unreadable.number, unreadable.number_key), (None, None));
    assert_eq!(
        read(json!({"issuedOn": null})).unwrap_err(),
        [Refused::field(Code::Required, "issuedOn")]
    );
    let fields = json!({"rawNumber": "5/NQ-HDND", "issuedOn": "2026-07-12"});
    let key = number_of(fields.as_object().unwrap(), None);
    assert_eq!(key, Some((2026, "05/nq-hđnd".to_owned())));
}

#[test]
fn votes_are_totals_that_add_up() {
    let votes = |yes: i32, no: i32, neither: i32, present: Value, total: Value| {
        read(json!({
            "votesFor": yes, "votesAgainst": no, "votesAbstained": neither,
            "delegatesPresent": present, "delegatesTotal": total,
        }))
        .map(|_| ())
        .map_err(|refused| refused[0].field.clone().unwrap().into_owned())
    };
    assert_eq!(votes(40, 2, 3, json!(45), json!(50)), Ok(()));
    assert_eq!(votes(40, 2, 3, json!(null), json!(45)), Ok(()));
    assert_eq!(votes(40, 2, 3, json!(null), json!(null)), Ok(()));
    assert_eq!(
        votes(40, 2, 4, json!(45), json!(50)),
        Err("delegatesPresent".into())
    );
    assert_eq!(
        votes(40, 2, 4, json!(null), json!(45)),
        Err("delegatesPresent".into())
    );
    assert_eq!(
        votes(40, 2, 3, json!(51), json!(50)),
        Err("delegatesTotal".into())
    );
    assert_eq!(votes(-1, 2, 3, json!(45), json!(50)), Err("votesFor".into()));
}

#[test]
fn dates_are_in_order() {
    let wrong = |fields: Value| read(fields).unwrap_err()[0].field.clone().unwrap().into_owned();
    assert_eq!(wrong(json!({"inForceFrom": "2026-07-11"})), "inForceFrom");
    assert_eq!(
        wrong(json!({"inForceFrom": "2026-08-01", "inForceTo": "2026-07-31"})),
        "inForceTo"
    );
    assert_eq!(wrong(json!({"inForceFrom": "2026-02-30"})), "inForceFrom");
    let row = read(json!({"inForceFrom": "2026-08-01"})).unwrap();
    assert_eq!(first_effect(&row, day("2026-07-31")), Effect::NotYet);
    assert_eq!(first_effect(&row, day("2026-08-01")), Effect::InForce);
    let row = read(json!({"inForceTo": "2026-12-31"})).unwrap();
    assert_eq!(first_effect(&row, day("2027-01-01")), Effect::Expired);
}

#[test]
fn a_council_issues_in_its_own_time_and_numbers_by_its_own_years() {
    let council = |from: &str, to: Option<&str>| council::Model {
        id: CouncilId(Uuid::nil()),
        unit_id: UnitId(Uuid::nil()),
        level: "commune".to_owned(),
        name: String::new(),
        term: "2026-2031".to_owned(),
        ordinal: 1,
        valid_from: day(from),
        valid_to: to.map(day),
        rev: 0,
    };
    let (new, ended) = (
        council("2026-03-15", None),
        council("2021-05-23", Some("2026-03-15")),
    );
    let today = day("2026-11-20");
    let out = |field| Err(Refused::field(Code::OutOfRange, field));
    let before = |field| Err(Refused::field(Code::BeforeCouncil, field));
    for (council, fields, expected) in [
        (&new, json!({"issuedOn": "2026-03-15"}), Ok(())),
        (
            &new,
            json!({"issuedOn": "2026-11-20", "rawNumber": "9/2026/NQ-HĐND"}),
            Ok(()),
        ),
        (
            &new,
            json!({"issuedOn": null, "rawNumber": "9/2026/NQ-HĐND"}),
            Ok(()),
        ),
        (&new, json!({"issuedOn": "2026-03-14"}), before("issuedOn")),
        (&new, json!({"issuedOn": "2026-11-21"}), out("issuedOn")),
        (
            &new,
            json!({"issuedOn": "2026-10-10", "rawNumber": "9/2021/NQ-HĐND"}),
            out("rawNumber"),
        ),
        (
            &new,
            json!({"issuedOn": null, "rawNumber": "9/2025/NQ-HĐND"}),
            before("rawNumber"),
        ),
        (
            &new,
            json!({"issuedOn": null, "rawNumber": "9/2027/NQ-HĐND"}),
            out("rawNumber"),
        ),
        (
            &new,
            json!({"issuedOn": null, "rawNumber": "9/2026/NQ-HĐND", "inForceFrom": "2026-03-14"}),
            before("inForceFrom"),
        ),
        (
            &new,
            json!({"issuedOn": null, "rawNumber": "9/2026/NQ-HĐND", "inForceTo": "1946-01-01"}),
            before("inForceTo"),
        ),
        (
            &ended,
            json!({"issuedOn": "2026-03-14", "inForceFrom": "2027-01-01"}),
            Ok(()),
        ),
        (&ended, json!({"issuedOn": "2026-03-15"}), out("issuedOn")),
        (
            &ended,
            json!({"issuedOn": null, "rawNumber": "9/2020/NQ-HĐND"}),
            before("rawNumber"),
        ),
        (
            &ended,
            json!({"issuedOn": null, "rawNumber": "9/2027/NQ-HĐND"}),
            out("rawNumber"),
        ),
    ] {
        let row = read(fields.clone()).unwrap();
        assert_eq!(
            check_issuer(&row, council, None, false, today),
            expected,
            "{fields}"
        );
    }
}

#[test]
fn a_relation_moves_the_other_only_as_far_as_it_may() {
    let on = day("2026-08-01");
    let with = |effect| Model { effect, ..blank() };
    for (relation, effect, becomes) in [
        (Relation::Replaces, Effect::InForce, Ok(Some(Effect::Replaced))),
        (Relation::Replaces, Effect::Replaced, Ok(None)),
        (Relation::Replaces, Effect::Annulled, Err(Code::InvalidState)),
        (Relation::Annuls, Effect::NotYet, Ok(Some(Effect::Annulled))),
        (Relation::Suspends, Effect::Partly, Ok(Some(Effect::Suspended))),
        (Relation::Suspends, Effect::NotYet, Err(Code::InvalidState)),
        (Relation::Amends, Effect::InForce, Ok(None)),
        (Relation::Implements, Effect::Expired, Ok(None)),
    ] {
        let outcome = moved(&with(effect), relation, on)
            .map(|moved| moved.map(|(_, row)| row.effect))
            .map_err(|refused| refused.code);
        assert_eq!(outcome, becomes, "{relation:?} {effect:?}");
    }
    let not_yet = Model {
        in_force_from: Some(day("2026-09-01")),
        ..blank()
    };
    assert!(!acts(&not_yet, on) && acts(&blank(), on) && !acts(&with(Effect::Expired), on));
}
