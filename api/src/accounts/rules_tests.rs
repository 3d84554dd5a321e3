use super::*;

fn at(second: i64) -> DateTime<Utc> {
    "2026-03-01T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::seconds(second)
}

fn token(rotated: Option<i64>) -> refresh_token::Model {
    refresh_token::Model {
        hash: vec![1],
        device_id: uuid::Uuid::nil().into(),
        created_at: at(0),
        expires_at: at(0) + IDLE,
        rotated_at: rotated.map(at),
        predecessor: None,
    }
}

#[test]
fn user_names_have_one_spelling() {
    for (typed, stored) in [
        ("Lan.Nguyen", "lan.nguyen"),
        (" van_phong-01 ", "van_phong-01"),
        ("ＡＢＣ", "abc"),
        ("abc", "abc"),
    ] {
        assert_eq!(username(typed).as_deref(), Ok(stored), "{typed}");
    }
    assert!(username(&"a".repeat(64)).is_ok());
    for (typed, code) in [
        ("", Code::Required),
        ("   ", Code::Required),
        ("ab", Code::OutOfRange),
        (&"a".repeat(65), Code::TooLong),
        (&"a".repeat(1 << 20), Code::TooLong),
        ("nguyễn lan", Code::InvalidText),
        ("đại.biểu", Code::InvalidText),
        ("lan nguyen", Code::InvalidText),
        // Cyrillic, though it looks alike.
        ("lаn.nguyen", Code::InvalidText),
        ("lan\u{0}", Code::InvalidText),
        ("'; --", Code::InvalidText),
    ] {
        let refused = username(typed).unwrap_err();
        assert_eq!(refused, Refused::field(code, "username"), "{typed:.20}");
    }
}

#[test]
fn a_line_is_one_line() {
    assert_eq!(line(" Điện thoại ", "name", 10).as_deref(), Ok("Điện thoại"));
    for (text, code) in [
        ("", Code::Required),
        (" \n ", Code::Required),
        ("a\nb", Code::InvalidText),
        ("a\tb", Code::InvalidText),
        ("a\u{202e}b", Code::InvalidText),
        ("mười một ký", Code::TooLong),
        (&"x".repeat(1 << 20), Code::TooLong),
    ] {
        assert_eq!(
            line(text, "name", 10),
            Err(Refused::field(code, "name")),
            "{text:.20}"
        );
    }
}

#[test]
fn a_refresh_token_is_worth_one_successor() {
    let fresh = token(None);
    let idle = IDLE.num_seconds();
    assert_eq!(worth(&fresh, None, at(0)), Worth::Successor);
    assert_eq!(worth(&fresh, None, at(idle - 1)), Worth::Successor);
    assert_eq!(worth(&fresh, None, at(idle)), Worth::Expired);
}

#[test]
fn the_grace_ends_after_a_minute_or_with_the_successors_use() {
    let (used, unused_next, used_next) = (token(Some(100)), token(None), token(Some(110)));
    for (second, expected) in [
        // The clock was set back: no reason to log somebody out.
        (90, Worth::SameSuccessor),
        (100, Worth::SameSuccessor),
        (159, Worth::SameSuccessor),
        (160, Worth::Reused),
        (86_400, Worth::Reused),
    ] {
        assert_eq!(worth(&used, Some(&unused_next), at(second)), expected, "{second}");
        assert_eq!(
            worth(&used, Some(&used_next), at(second)),
            Worth::Reused,
            "{second}"
        );
    }
    // Longer ago than it would have been good: it was copied all the same.
    assert_eq!(
        worth(&used, Some(&unused_next), at(2 * IDLE.num_seconds())),
        Worth::Reused
    );
    assert_eq!(worth(&used, None, at(101)), Worth::Reused);
}

/// The delivered roles, one council, one agency and one unit.
fn reference() -> (Reference, [Place; 4]) {
    use entity::{agency, council};
    let mut bodies = crate::store::reference::Bodies::default();
    let id = uuid::Uuid::from_u128(7);
    let day = "2026-01-01".parse().unwrap();
    bodies.councils.insert(
        id.into(),
        council::Model {
            id: id.into(),
            unit_id: id.into(),
            level: "commune".to_owned(),
            name: "HĐND".to_owned(),
            term: "2026-2031".to_owned(),
            ordinal: 1,
            valid_from: day,
            valid_to: None,
            rev: 1,
        },
    );
    bodies.agencies.insert(
        id.into(),
        agency::Model {
            id: id.into(),
            name: "UBND".to_owned(),
            kind: "committee".to_owned(),
            unit_id: id.into(),
            official_code: None,
            hotline: None,
            email: None,
            has_account: false,
            successor_id: None,
            valid_from: None,
            valid_to: None,
            rev: 1,
        },
    );
    for (code, role) in crate::accounts::roles::Roles::delivered().unwrap().iter() {
        let codes = role
            .capabilities
            .iter()
            .map(|capability| capability.code().to_owned());
        bodies.roles.insert(code.to_owned(), codes.collect());
    }
    let reference = Reference {
        bodies: std::sync::Arc::new(bodies),
        ..Reference::default()
    };
    let places = [
        Place::Everywhere,
        Place::Council(id.into()),
        Place::Agency(id.into()),
        Place::Unit(id.into()),
    ];
    (reference, places)
}

#[test]
fn every_role_has_its_place() {
    let (reference, places) = reference();
    for (role, expected) in [
        ("administrator", [true, true, false, false]),
        ("office", [false, true, false, false]),
        ("standing_committee", [false, true, false, false]),
        ("committee", [false, true, false, false]),
        ("group_head", [false, true, false, false]),
        ("front_officer", [false, true, false, false]),
        ("assembly_office", [false, false, true, false]),
        ("agency", [false, false, true, false]),
        ("aggregator", [false, false, false, true]),
        ("auditor", [true, true, false, false]),
        ("data_protection_officer", [true, true, false, false]),
        ("delegate", [false; 4]),
        ("root", [false; 4]),
    ] {
        let found = places.map(|place| fits(&reference, role, place).is_ok());
        assert_eq!(found, expected, "{role}");
    }
    let refusal = |role, place: Place| fits(&reference, role, place).unwrap_err();
    assert_eq!(
        refusal("office", places[0]),
        Refused::field(Code::Required, "councilId")
    );
    assert_eq!(
        refusal("agency", places[1]),
        Refused::field(Code::InvalidValue, "councilId")
    );
    assert_eq!(
        refusal("delegate", places[1]),
        Refused::field(Code::InvalidValue, "role")
    );
    assert_eq!(
        refusal("root", places[1]),
        Refused::field(Code::UnknownCode, "role")
    );
    let strange = Place::Council(uuid::Uuid::from_u128(8).into());
    assert_eq!(
        exists(&reference, strange),
        Err(Refused::field(Code::NotFound, "councilId"))
    );
    assert!(places[..3].iter().all(|place| exists(&reference, *place).is_ok()));
}

#[test]
fn the_roles_that_make_an_administrator_or_answer() {
    let (reference, _) = reference();
    assert_eq!(
        administrative(&reference),
        BTreeSet::from(["administrator".to_owned()])
    );
    assert_eq!(
        answering(&reference),
        BTreeSet::from(["agency".to_owned(), "assembly_office".to_owned()])
    );
}
