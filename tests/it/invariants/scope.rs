//! I12 and what people's rights do to their phones: rows that leave go by id alone, rows that enter come whatever the
//! checkpoint says, and nothing is read again that has not changed.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{Duration, NaiveDate};
use cutri::{
    clock::{Clock, ManualClock},
    units,
};
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, Seen, create, new_id, take_back},
    world::{Login, Put, World, at_council, login, mandate},
};
use entity::{delegate, id::UnitId, unit};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{light, record, said, second_device, stage, statuses};

/// How many rows somebody holds whose scope is not tried here; a second reading of them would show in the counts.
const OTHERS: usize = 40;

async fn mandate_of(app: &TestApp, login: &Login) -> delegate::Model {
    let found = delegate::Entity::find().filter(delegate::Column::AccountId.eq(login.account));
    found.one(app.state.store.read()).await.unwrap().unwrap()
}

/// Opinions recorded by the delegates of a commune.
async fn opinions(app: &TestApp, who: &Login, unit: UnitId, count: usize) -> BTreeSet<String> {
    let ids: Vec<String> = (0..count).map(|_| new_id()).collect();
    let rows: Vec<Value> = ids
        .iter()
        .map(|id| {
            create(
                "feedback",
                id,
                json!({"kind": "opinion", "unitId": unit, "content": format!("nội-bộ-{unit}")}),
            )
        })
        .collect();
    for result in Phone::new(app.person(who)).push(&rows).await {
        assert_eq!(result["status"], "APPLIED");
    }
    ids.into_iter().collect()
}

/// What came and what went, of one collection.
fn told(seen: &[Seen], collection: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let of = |is_put: bool| {
        let rows = seen
            .iter()
            .filter(|(of, _, rev)| of == collection && rev.is_some() == is_put);
        rows.map(|(_, id, _)| id.clone()).collect()
    };
    (of(true), of(false))
}

/// What came is what is otherwise than before, and what went is what is held no longer: each once, and nothing besides.
fn told_exactly(before: &Phone, after: &Phone, seen: &[Seen]) {
    type Key = (String, String);
    let differs = |key: &&Key| {
        before.rows.get(*key) != after.rows.get(*key) || before.lies.get(*key) != after.lies.get(*key)
    };
    let came: BTreeSet<Key> = after.rows.keys().filter(differs).cloned().collect();
    let is_lost = |key: &&Key| !after.rows.contains_key(*key);
    let went: BTreeSet<Key> = before.rows.keys().filter(is_lost).cloned().collect();
    let of = |is_put: bool| -> BTreeSet<Key> {
        let rows = seen.iter().filter(|(.., rev)| rev.is_some() == is_put);
        rows.map(|(collection, id, _)| (collection.clone(), id.clone()))
            .collect()
    };
    assert_eq!((of(true), of(false)), (came, went));
    assert_eq!(
        seen.len(),
        of(true).len() + of(false).len(),
        "each once: {seen:?}"
    );
}

/// The phone holds what a fresh one of the same person would, and none of these words.
async fn is_whole(phone: &Phone, planted: &[&str]) {
    let mut fresh = light(phone.person.clone());
    fresh.pull().await;
    assert_eq!((phone.digest(), &phone.rows), (fresh.digest(), &fresh.rows));
    let store = format!("{:?}", phone.rows);
    for words in planted {
        assert!(!store.contains(words), "{words} is still on the phone");
    }
}

/// A contact of the province's council for one commune, known to its delegates.
async fn contact(office: &Person, world: &World, unit: UnitId, day: &str) -> String {
    let input = json!({"councilId": world.province_council, "kind": "before_session", "title": "Tiếp xúc cử tri",
        "outsideRound": "other_plan", "startsAt": format!("{day}T08:00:00+07:00"), "place": "Nhà văn hóa", "unitIds": [unit]});
    let planned = office.done("planMeeting", input, "meeting { id }").await;
    let id = planned["meeting"]["id"].as_str().unwrap().to_owned();
    for event in ["approve", "notify"] {
        let step = json!({"meetingId": id, "event": event, "basis": "06/KH-HĐND"});
        office.done("advanceMeeting", step, "").await;
    }
    id
}

each_db! {
    /// A contact is moved from one commune to the other: who sees the first alone loses it, who sees the second alone gets
    /// it, and for who sees both it is one change.
    async fn i12_a_row_that_moves_between_units_goes_here_and_comes_there(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let clock = world.province.0.to_string();
        let both = login(&app.state, "ca.hai", &clock).await;
        mandate(&app.state, &both, world.province_council, &[world.here.unit, world.there.unit]).await;
        opinions(&app, &world.here.delegates[0], world.here.unit, OTHERS).await;
        let office = app.person(&world.province_office);
        let id = contact(&office, &world, world.here.unit, "2026-03-01").await;
        let mut phones = [&world.here.delegates[1], &world.there.delegates[1], &both].map(|login| light(app.person(login)));
        for phone in &mut phones {
            phone.pull().await;
        }
        let held = phones.each_ref().map(|phone| phone.row("meeting", &id).is_object());
        assert_eq!(held, [true, false, true]);
        let moved = json!({"meetingId": id, "unitIds": [world.there.unit]});
        office.done("updateMeeting", moved, "meeting { rev }").await;
        let one = BTreeSet::from([id.clone()]);
        let expected = [(BTreeSet::new(), one.clone()), (one.clone(), BTreeSet::new()), (one, BTreeSet::new())];
        for (phone, expected) in phones.iter_mut().zip(expected) {
            let seen = phone.pull().await;
            assert_eq!((told(&seen, "meeting"), seen.len()), (expected, 1), "and nothing else");
            is_whole(phone, &[]).await;
        }
        assert_eq!(phones[2].row("meeting", &id)["unitIds"], json!(world.there.unit));
        assert!(phones[2].lies[&("meeting".to_owned(), id)].contains(&format!("place:{}", world.there.unit)));
    }

    /// A delegate's constituency grows by a commune, and shrinks again.
    async fn i12_a_constituency_won_comes_and_one_lost_goes(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let own = mandate_of(&app, &world.province_delegate).await;
        let administrator = app.person(&world.administrator);
        opinions(&app, &world.here.delegates[0], world.here.unit, OTHERS).await;
        let mut phone = light(app.person(&world.province_delegate));
        phone.pull().await;
        let before = phone.clone();
        let there = world.there.meeting.to_string();
        assert_eq!(phone.row("meeting", &there), &Value::Null);
        let (one, other) = (BTreeSet::from([world.here.meeting.to_string()]), BTreeSet::from([there]));
        let none = BTreeSet::new;
        for (units, came, went) in [
            (vec![world.here.unit, world.there.unit], other.clone(), none()),
            (vec![world.here.unit], none(), other.clone()),
            (vec![world.there.unit], other, one),
        ] {
            let input = json!({"delegateId": own.id, "unitIds": units});
            administrator.done("updateDelegate", input, "delegate { rev }").await;
            let held = phone.clone();
            let seen = phone.pull().await;
            let mandate = BTreeSet::from([own.id.to_string()]);
            assert_eq!(told(&seen, "delegate"), (mandate, none()), "his own mandate");
            assert_eq!(seen.len(), 1 + came.len() + went.len(), "and beside it nothing is read again: {seen:?}");
            assert_eq!(told(&seen, "meeting"), (came, went));
            told_exactly(&held, &phone, &seen);
            is_whole(&phone, &[]).await;
        }
        assert!(before.row("meeting", &world.here.meeting.to_string()).is_object());
        assert_eq!(phone.row("meeting", &world.here.meeting.to_string()), &Value::Null);
    }

    /// Somebody leaves the province's office and keeps his seat in a commune's council. Of two petitions of the whole
    /// province he reads on the one that was published, and of that what was released; the other goes by id.
    async fn i12_internal_is_lost_and_public_stays(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let clock = world.province.0.to_string();
        let leaver = login(&app.state, "roi.vanphong", &clock).await;
        at_council(&app.state, &leaver, "office", world.province_council).await;
        // Elected in a commune, he reads what its province has published, and not what the province's delegates do.
        mandate(&app.state, &leaver, world.here.council, &[world.here.unit]).await;
        let office = app.person(&world.province_office);
        let author = Phone::new(app.person(&world.province_delegate));
        let mut petitions = Vec::new();
        for _ in 0..2 {
            let heard = new_id();
            let row = json!({"kind": "petition", "unitId": world.province, "content": "nội-bộ-gieo-sẵn"});
            let pushed = author.push(&[create("feedback", &heard, row)]).await;
            assert_eq!(statuses(&pushed), ["APPLIED"], "{pushed:?}");
            let input = json!({"feedbackIds": [heard], "title": "nội-bộ-gieo-sẵn", "content": "nội-bộ-gieo-sẵn: ông Ba ở ấp 3"});
            let petition = office.done("groupFeedback", input, "petition { id }").await["petition"]["id"].clone();
            petitions.push(petition.as_str().unwrap().to_owned());
        }
        let [kept_inside, published] = <[String; 2]>::try_from(petitions).unwrap();
        let release = json!({"petitionId": published, "publicContent": "Nội dung đã biên tập"});
        office.done("publishPetition", release, "").await;
        let mut phone = light(app.person(&leaver));
        phone.pull().await;
        for id in [&kept_inside, &published] {
            assert_eq!(phone.row("petition", id)["content"], "nội-bộ-gieo-sẵn: ông Ba ở ấp 3");
        }
        let lies = |phone: &Phone, id: &str| phone.lies[&("petition".to_owned(), id.to_owned())].clone();
        assert!(!lies(&phone, &published).contains(&format!("place:{}", world.province)));
        assert_eq!(phone.rows_of("feedback").len(), 2);
        let grants = entity::role_grant::Entity::find().all(app.state.store.read()).await.unwrap();
        let grant = grants.iter().find(|grant| grant.account_id == leaver.account).unwrap();
        app.person(&world.administrator).done("revokeRole", json!({"grantId": grant.id}), "").await;
        let held = phone.clone();
        let seen = phone.pull().await;
        told_exactly(&held, &phone, &seen);
        is_whole(&phone, &["nội-bộ-gieo-sẵn", "ông Ba"]).await;
        assert!(phone.rows_of("feedback").is_empty());
        assert_eq!(told(&seen, "petition"), (BTreeSet::from([published.clone()]), BTreeSet::from([kept_inside])));
        assert_eq!(phone.row("petition", &published)["content"], "Nội dung đã biên tập");
        assert_eq!(lies(&phone, &published), BTreeSet::from([format!("public:{}", world.province)]));
    }

    /// A mandate that ends by its date, without a single write: the phone is told all the same.
    async fn i12_a_mandate_ends_by_its_date_and_one_is_granted(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let name = world.province.0.to_string();
        let short = login(&app.state, "ngan.han", &name).await;
        let own = mandate(&app.state, &short, world.here.council, &[world.here.unit]).await;
        let internal = opinions(&app, &world.here.delegates[0], world.here.unit, OTHERS).await;
        let neighbours = opinions(&app, &world.there.delegates[0], world.there.unit, OTHERS).await;
        let mut phone = light(app.person(&short));
        phone.push(&[create("note", &new_id(), json!({"text": "của tôi"}))]).await;
        phone.pull().await;
        assert_eq!(phone.rows_of("feedback").len(), OTHERS);
        let end: NaiveDate = "2026-03-05".parse().unwrap();
        let input = json!({"delegateId": own, "on": end, "reason": "Chuyển công tác"});
        app.person(&world.administrator).done("endMandate", input, "").await;
        phone.pull().await;
        assert_eq!(phone.rows_of("feedback").len(), OTHERS, "not yet");
        clock.advance(Duration::days(4));
        phone.person = phone.person.signed_again(&app.state, app.address());
        let held = phone.clone();
        let seen = phone.pull().await;
        told_exactly(&held, &phone, &seen);
        assert_eq!(told(&seen, "feedback"), (BTreeSet::new(), internal));
        is_whole(&phone, &[&format!("nội-bộ-{}", world.here.unit)]).await;
        assert_eq!(phone.rows_of("note").len(), 1, "his own stays");
        // The neighbours elect him: their rows come whatever his checkpoint says, and his own are not read again.
        mandate(&app.state, &short, world.there.council, &[world.there.unit]).await;
        let held = phone.clone();
        let seen = phone.pull().await;
        told_exactly(&held, &phone, &seen);
        assert_eq!(told(&seen, "feedback"), (neighbours, BTreeSet::new()));
        assert_eq!(told(&seen, "note"), (BTreeSet::new(), BTreeSet::new()));
        is_whole(&phone, &[&format!("nội-bộ-{}", world.here.unit)]).await;
    }

    /// Two communes become one: whoever follows reads what was kept before, and nobody reads again what he has.
    async fn i12_a_unit_that_is_merged_takes_its_rows_along(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-12-30T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let kept_here = opinions(&app, &world.here.delegates[0], world.here.unit, OTHERS).await;
        let kept_there = opinions(&app, &world.there.delegates[0], world.there.unit, 7).await;
        let mut here = light(app.person(&world.here.delegates[1]));
        here.pull().await;
        // On New Year's Day Vĩnh Thạnh is merged into a new Tân Hưng.
        let (old_here, old_there) = {
            let reference = app.state.reference();
            let unit = |id| reference.units.get(id).cloned().unwrap();
            (unit(world.here.unit), unit(world.there.unit))
        };
        let code = |unit: &unit::Model, name: &str, from: &str, to: &str| {
            format!("{},{name},commune,{},80,{from},{to}\n", unit.code, unit.kind)
        };
        let since = |unit: &unit::Model| unit.valid_from.map(|day| day.to_string()).unwrap_or_default();
        let list = code(&old_here, &old_here.name, &since(&old_here), "2027-01-01")
            + &code(&old_there, &old_there.name, &since(&old_there), "2027-01-01")
            + &code(&old_here, "Xã Tân Hưng Mới", "2027-01-01", "");
        let successions = format!("commune,{0},{0},false,2027-01-01\ncommune,{1},{0},false,2027-01-01\n", old_here.code, old_there.code);
        let report = units::import_lists(
            &app.state,
            format!("code,name,level,kind,parent_code,valid_from,valid_to\n{list}").as_bytes(),
            Some(format!("level,from_code,to_code,partly,date\n{successions}").as_bytes()),
            |_, _| {},
        )
        .await
        .unwrap();
        assert_eq!((report.unit_problems.len(), report.succession_problems.len()), (0, 0), "{report:?}");
        clock.advance(Duration::days(3));
        let new = app.state.reference().units.by_code(&old_here.code, Some("commune"), clock.today()).unwrap().id;
        assert_ne!(new, world.here.unit);
        // The new unit's council takes over; who sat in the old one gets a seat in it.
        let council = entity::council::Model {
            id: entity::id::CouncilId(uuid::Uuid::now_v7()),
            unit_id: new,
            valid_from: "2027-01-01".parse().unwrap(),
            name: "HĐND xã Tân Hưng Mới".to_owned(),
            ..entity::council::Entity::find_by_id(world.here.council).one(app.state.store.read()).await.unwrap().unwrap()
        };
        let council_id = council.id;
        Put::new().row(council).now(&app.state).await;
        here.person = here.person.signed_again(&app.state, app.address());
        mandate(&app.state, &world.here.delegates[1], council_id, &[new]).await;
        let before = here.clone();
        let seen = here.pull().await;
        told_exactly(&before, &here, &seen);
        let (came, went) = told(&seen, "feedback");
        assert_eq!((&came, went), (&kept_there, BTreeSet::new()), "what the neighbour's council had kept, and nothing again");
        let held: BTreeSet<String> = here.rows_of("feedback").iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(held, &kept_here | &kept_there);
        is_whole(&here, &[]).await;
        // What comes for a unit that is no more is taken, and marked late.
        let id = new_id();
        let late = create("feedback", &id, said(&world, "Ghi trước khi nhập xã"));
        let result = here.push(&[late]).await.remove(0);
        assert_eq!(result["status"], "APPLIED", "{result}");
        here.pull().await;
        assert_eq!(here.row("feedback", &id)["late"], true);
    }

    /// A commune is divided while phones hold its rows: those of both halves keep what they have without reading it again,
    /// and from then on hear each of their own half alone; whoever has a seat in neither loses it all by id.
    async fn i12_of_a_divided_unit_each_half_keeps_what_was_and_hears_its_own(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-12-30T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let name = world.province.0.to_string();
        let kept = opinions(&app, &world.here.delegates[0], world.here.unit, OTHERS).await;
        opinions(&app, &world.there.delegates[0], world.there.unit, 3).await;
        // Of the commune's council: one goes to the old half, one to the new one, one has no seat any more. Of the
        // province's, elected here: one for each half.
        let mut people = Vec::new();
        for who in ["nua.cu", "nua.moi", "thoi.nhiem"] {
            let login = login(&app.state, who, &name).await;
            let seat = mandate(&app.state, &login, world.here.council, &[world.here.unit]).await;
            people.push((login, seat));
        }
        for who in ["tinh.nua.cu", "tinh.nua.moi"] {
            let login = login(&app.state, who, &name).await;
            let seat = mandate(&app.state, &login, world.province_council, &[world.here.unit]).await;
            people.push((login, seat));
        }
        // And one of the province's who keeps his seat, and for whom the whole of it is entered later.
        let stays = login(&app.state, "tinh.ca.hai", &name).await;
        let seat = mandate(&app.state, &stays, world.province_council, &[world.here.unit]).await;
        let mut phones: Vec<Phone> = people.iter().map(|(login, _)| light(app.person(login))).collect();
        for phone in &mut phones {
            phone.pull().await;
            assert!(phone.row("meeting", &world.here.meeting.to_string()).is_object());
        }
        let mut stays = light(app.person(&stays));
        stays.pull().await;
        let held = |phones: &[Phone]| phones.iter().map(|phone| phone.rows_of("feedback").len()).collect::<Vec<_>>();
        assert_eq!(held(&phones), [OTHERS, OTHERS, OTHERS, 0, 0]);

        // On New Year's Day.
        let old = app.state.reference().units.get(world.here.unit).cloned().unwrap();
        let since = old.valid_from.unwrap();
        let list = format!(
            "code,name,level,kind,parent_code,valid_from,valid_to\n\
             {0},{1},commune,{2},80,{since},2027-01-01\n\
             {0},Xã Tân Hưng Một,commune,{2},80,2027-01-01,\n\
             {0}.2,Xã Tân Hưng Hai,commune,{2},80,2027-01-01,\n",
            old.code, old.name, old.kind,
        );
        let successions = format!(
            "level,from_code,to_code,partly,date\ncommune,{0},{0},true,2027-01-01\ncommune,{0},{0}.2,true,2027-01-01\n",
            old.code,
        );
        let report = units::import_lists(&app.state, list.as_bytes(), Some(successions.as_bytes()), |_, _| {}).await.unwrap();
        assert_eq!((report.unit_problems.len(), report.succession_problems.len()), (0, 0), "{report:?}");
        clock.advance(Duration::days(3));
        let halves = [old.code.clone(), format!("{}.2", old.code)].map(|code| {
            app.state.reference().units.by_code(&code, Some("commune"), clock.today()).unwrap().id
        });
        let former = entity::council::Entity::find_by_id(world.here.council).one(app.state.store.read()).await.unwrap().unwrap();
        let mut councils = Vec::new();
        for unit in halves {
            let council = entity::council::Model {
                id: entity::id::CouncilId(uuid::Uuid::now_v7()),
                unit_id: unit,
                valid_from: "2027-01-01".parse().unwrap(),
                name: "HĐND một nửa Tân Hưng".to_owned(),
                ..former.clone()
            };
            councils.push(council.id);
            Put::new().row(council).now(&app.state).await;
        }
        let administrator = app.person(&world.administrator);
        for (_, seat) in &people {
            let input = json!({"delegateId": seat, "on": "2027-01-01", "reason": "Chia xã"});
            administrator.done("endMandate", input, "").await;
        }
        for half in [0, 1] {
            mandate(&app.state, &people[half].0, councils[half], &[halves[half]]).await;
            mandate(&app.state, &people[3 + half].0, world.province_council, &[halves[half]]).await;
        }

        // Nothing of what was comes again or goes, but with him who has no seat any more.
        for (at, phone) in phones.iter_mut().enumerate() {
            phone.person = phone.person.signed_again(&app.state, app.address());
            let before = phone.clone();
            let seen = phone.pull().await;
            told_exactly(&before, phone, &seen);
            let lost = if at == 2 { kept.clone() } else { BTreeSet::new() };
            assert_eq!(told(&seen, "feedback"), (BTreeSet::new(), lost), "{at}");
            let met = if at == 2 { BTreeSet::from([world.here.meeting.to_string()]) } else { BTreeSet::new() };
            assert_eq!(told(&seen, "meeting"), (BTreeSet::new(), met), "{at}");
            is_whole(phone, &[&format!("nội-bộ-{}", world.there.unit)]).await;
        }
        assert_eq!(held(&phones), [OTHERS, OTHERS, 0, 0, 0]);
        is_whole(&phones[2], &["nội-bộ-"]).await;

        // A contact in the old half, which is moved to the new one.
        let office = app.person(&world.province_office);
        let id = contact(&office, &world, halves[0], "2027-02-01").await;
        let one = BTreeSet::from([id.clone()]);
        let none = BTreeSet::<String>::new;
        for (phone, came) in phones.iter_mut().zip([1, 0, 0, 1, 1]) {
            let seen = phone.pull().await;
            let expected = if came == 1 { one.clone() } else { none() };
            assert_eq!((told(&seen, "meeting"), seen.len()), ((expected, none()), came));
        }
        office.done("updateMeeting", json!({"meetingId": id, "unitIds": [halves[1]]}), "").await;
        let (here, gone) = ((one.clone(), none()), (none(), one));
        // To the province's own delegates it is one change.
        let expected = [gone, here.clone(), (none(), none()), here.clone(), here];
        for (phone, expected) in phones.iter_mut().zip(expected) {
            let seen = phone.pull().await;
            assert_eq!(seen.len(), expected.0.len() + expected.1.len());
            assert_eq!(told(&seen, "meeting"), expected);
        }

        // What is recorded in one half is nobody's in the other.
        let own = opinions(&app, &people[0].0, halves[0], 5).await;
        for (at, phone) in phones.iter_mut().enumerate() {
            let seen = phone.pull().await;
            let expected = if at == 0 { own.clone() } else { none() };
            assert_eq!((told(&seen, "feedback"), seen.len()), ((expected.clone(), none()), expected.len()), "{at}");
            is_whole(phone, &[]).await;
            let words = format!("nội-bộ-{}", halves[0]);
            assert_eq!(format!("{:?}", phone.rows).contains(&words), at == 0, "{at}");
        }

        // Where a unit was made in the middle of a mandate, its constituency is entered anew, and the mandate goes on.
        stays.person = stays.person.signed_again(&app.state, app.address());
        stays.pull().await;
        let met = ("meeting".to_owned(), id);
        let place = format!("place:{}", halves[1]);
        assert!(!stays.lies[&met].contains(&place), "to him a contact of his council, but none of his place");
        let whole = json!({"delegateId": seat, "unitIds": [world.here.unit, halves[0], halves[1]]});
        administrator.done("updateDelegate", whole, "").await;
        stays.person = stays.person.signed_again(&app.state, app.address());
        stays.pull().await;
        assert!(stays.lies[&met].contains(&place), "{:?}", stays.lies[&met]);
        is_whole(&stays, &["nội-bộ-"]).await;
    }

    /// An app is brought up to date while a note was deleted and a constituency changed, and asks for more collections than
    /// before; later it asks for one alone, and then for all again. What went is told every time, and nothing is read twice.
    async fn i11_i12_asking_for_other_collections_hides_nothing_that_went(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let own = mandate_of(&app, &world.province_delegate).await;
        let tablet = Phone::new(second_device(&app, &world.province_delegate).await);
        let [kept, deleted] = [new_id(), new_id()];
        let notes = [&kept, &deleted].map(|id| create("note", id, json!({"text": "Ghi riêng"})));
        assert_eq!(statuses(&tablet.push(&notes).await), ["APPLIED"; 2]);
        let mut phone = light(app.person(&world.province_delegate));
        let all = phone.collections.replace(vec!["note".to_owned(), "meeting".to_owned()]);
        phone.pull().await;
        let (here, there) = (world.here.meeting.to_string(), world.there.meeting.to_string());
        assert!(phone.row("meeting", &here).is_object() && phone.row("note", &deleted).is_object());
        assert_eq!(statuses(&tablet.push(&[take_back("note", &deleted)]).await), ["APPLIED"]);
        let input = json!({"delegateId": own.id, "unitIds": [world.there.unit]});
        app.person(&world.administrator).done("updateDelegate", input, "delegate { rev }").await;

        phone.collections = all;
        let seen = phone.pull_in_pages(Some(1_024)).await;
        let none = BTreeSet::new;
        assert_eq!(told(&seen, "note"), (none(), BTreeSet::from([deleted])));
        assert_eq!(told(&seen, "meeting"), (BTreeSet::from([there]), BTreeSet::from([here])));
        let again = seen.iter().filter(|(of, ..)| of == "note" || of == "meeting").count();
        assert_eq!(again, 3, "of what it had, only that: {seen:?}");
        assert!(!phone.rows_of("council").is_empty(), "and what it had not asked for before came");
        is_whole(&phone, &[]).await;

        assert_eq!(statuses(&tablet.push(&[take_back("note", &kept)]).await), ["APPLIED"]);
        let mut one = phone.clone();
        one.collections = Some(vec!["agency".to_owned()]);
        one.rows.retain(|(of, _), _| of == "agency");
        one.lies.retain(|(of, _), _| of == "agency");
        assert!(one.pull().await.is_empty());
        phone.cursor = one.cursor;
        let seen = phone.pull().await;
        assert_eq!((told(&seen, "note"), seen.len()), ((none(), BTreeSet::from([kept])), 1));
        is_whole(&phone, &[]).await;
    }

    /// The same body twice: an agency that loses its account's role loses the petitions; nobody else is touched.
    async fn i12_an_agency_that_gives_a_petition_back_loses_it_by_id_alone(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let office = app.person(&world.here.office);
        let id = record(&light(app.person(&world.here.delegates[0])), &world, "Cầu gãy").await;
        let input = json!({"feedbackIds": [id], "title": "Cầu", "content": "Cầu gãy ở ấp 3"});
        let petition = office.done("groupFeedback", input, "petition { id }").await["petition"]["id"].clone();
        office.done("classifyPetition", json!({"petitionId": petition, "field": "transport", "tier": "commune"}), "").await;
        let mut body = light(app.person(&world.here.committee_login));
        body.pull().await;
        let forward = json!({"petitionIds": [petition], "leadId": world.here.committee, "documentNumber": "1/VP", "documentDate": app.state.clock.today()});
        office.done("forwardPetitions", forward, "").await;
        let seen = body.pull().await;
        let one = BTreeSet::from([petition.as_str().unwrap().to_owned()]);
        assert_eq!((told(&seen, "petition"), seen.len()), ((one.clone(), BTreeSet::new()), 1));
        let back = json!({"petitionIds": [petition], "reason": "Không thuộc thẩm quyền"});
        body.person.done("returnPetitions", back, "").await;
        let seen = body.pull().await;
        assert_eq!((told(&seen, "petition"), seen.len()), ((BTreeSet::new(), one), 1));
        is_whole(&body, &["Cầu gãy ở ấp 3"]).await;
    }
}
