//! Units: what the delivered lists become, and what a newer list changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cutri::{
    installation,
    state::State,
    store::reference::Reference,
    units::{
        self,
        import::{GapReason, Problem},
    },
};
use cutri_tests::{TestApp, TestDatabase, each_db};
use entity::{role_capability, sync_clock, sync_doc, sync_log, unit, unit_gap, unit_succession};
use migration::Migrator;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use sea_orm_migration::MigratorTrait;
use serde_json::json;

use crate::installed::open;

const UNITS: &[u8] = include_bytes!("../../api/reference/administrative_units.csv");
const SUCCESSIONS: &[u8] = include_bytes!("../../api/reference/unit_successions.csv");
const HEADER: &str = "code,name,level,kind,parent_code,valid_from,valid_to\n";
const SUCCESSION_HEADER: &str = "level,from_code,to_code,partly,date\n";

/// Rows of the delivered list of successions that name, as predecessor, a code that no unit of that day had: line, code,
/// and what the row says became of it. Eleven rows, ten codes.
pub(crate) const UNKNOWN_PREDECESSORS: [(i32, &str, &str); 11] = [
    (1606, "03980", "03980"),
    (1610, "03984", "03982"),
    (1611, "03983", "04033"),
    (8593, "26929", "26929"),
    (8599, "26953", "26956"),
    (8640, "27076", "27058"),
    (8641, "27076", "27073"),
    (8682, "27226", "27226"),
    (8686, "27232", "27232"),
    (8722, "27367", "27367"),
    (8723, "27373", "27373"),
];

/// Former communes of which the delivered lists do not say what became: line of the list of units, and code.
pub(crate) const WITHOUT_SUCCESSOR: [(i32, &str); 28] = [
    (1594, "01651"),
    (1845, "02482"),
    (2305, "03751"),
    (2356, "03898"),
    (2361, "03913"),
    (2386, "03988"),
    (2387, "03991"),
    (2390, "04003"),
    (2398, "04060"),
    (3346, "07693"),
    (3359, "07732"),
    (3363, "07744"),
    (5156, "16387"),
    (5164, "16411"),
    (6229, "18448"),
    (6692, "20176"),
    (6854, "20674"),
    (8412, "25102"),
    (8430, "25174"),
    (8431, "25177"),
    (8434, "25186"),
    (9010, "26935"),
    (9015, "26959"),
    (9050, "27067"),
    (9112, "27217"),
    (9114, "27223"),
    (9143, "27361"),
    (9146, "27379"),
];

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

/// All that a writer could have moved: clocks, log, documents, rows.
async fn everything(state: &State) -> (Vec<(String, i64)>, u64, BTreeMap<String, String>) {
    let conn = state.store.read();
    let clocks = sync_clock::Entity::find().all(conn).await.unwrap();
    let log = sync_log::Entity::find().count(conn).await.unwrap();
    let docs = sync_doc::Entity::find().all(conn).await.unwrap();
    (
        clocks.into_iter().map(|clock| (clock.id, clock.seq)).collect(),
        log,
        docs.into_iter()
            .map(|doc| (doc.row_id.to_string(), doc.doc))
            .collect(),
    )
}

async fn import(state: &State, units: &str, successions: Option<&str>) -> units::ImportReport {
    let successions = successions.map(|lines| format!("{SUCCESSION_HEADER}{lines}"));
    units::import_lists(
        state,
        format!("{HEADER}{units}").as_bytes(),
        successions.as_ref().map(String::as_bytes),
        |_, _| {},
    )
    .await
    .unwrap()
}

fn same(one: &Reference, other: &Reference) {
    let units = |reference: &Reference| reference.units.iter().cloned().collect::<Vec<_>>();
    let edges = |reference: &Reference| {
        let edges = reference.units.successions().cloned();
        edges
            .map(|edge| ((edge.from_id, edge.to_id), edge))
            .collect::<BTreeMap<_, _>>()
    };
    let children = |reference: &Reference| {
        let all = reference.units.iter();
        all.map(|unit| reference.units.children(unit.id).map(|child| child.id).collect())
            .collect::<Vec<BTreeSet<_>>>()
    };
    assert!(units(one) == units(other), "units");
    assert!(edges(one) == edges(other), "successions");
    assert!(children(one) == children(other), "children");
}

each_db! {
    async fn the_delivered_lists_become_rows_documents_and_gaps(db: TestDatabase) {
        let state = open(&db).await;
        let conn = state.store.read();
        let reference = state.reference();
        assert_eq!(unit::Entity::find().count(conn).await.unwrap(), 14_165);
        assert_eq!(reference.units.len(), 14_165);
        let logged = sync_log::Entity::find().filter(sync_log::Column::Collection.eq("unit"));
        assert_eq!(logged.count(conn).await.unwrap(), 14_165);
        assert_eq!(sync_doc::Entity::find().count(conn).await.unwrap(), 14_165);

        let mut gaps = unit_gap::Entity::find().all(conn).await.unwrap();
        gaps.sort_by_key(|gap| gap.line);
        assert!(gaps.iter().all(|gap| gap.level == "commune"));
        let (ended, rows): (Vec<_>, Vec<_>) = gaps.iter().partition(|gap| gap.reason == "no_successor");
        assert!(rows.iter().all(|gap| gap.reason == "unknown_from"));
        let rows: Vec<_> = rows.iter().map(|gap| (gap.line, gap.from_code.as_str(), gap.to_code.as_str())).collect();
        assert_eq!(rows, UNKNOWN_PREDECESSORS);
        let codes: BTreeSet<_> = rows.iter().map(|(_, code, _)| code).collect();
        assert_eq!(codes.len(), 10);
        let ended: Vec<_> = ended.iter().map(|gap| (gap.line, gap.from_code.as_str())).collect();
        assert_eq!(ended, WITHOUT_SUCCESSOR);

        let districts: Vec<_> = reference.units.iter().filter(|unit| unit.level == "district").collect();
        assert_eq!(districts.len(), 696);
        for district in districts {
            let successors = reference.units.successors(district.id);
            assert!(!successors.is_empty() && successors.iter().all(|edge| edge.derived), "{}", district.name);
        }
        let edges = unit_succession::Entity::find().count(conn).await.unwrap();
        assert_eq!(edges, 10_629 - 11 + 3_647 + 5);

        // Huyện Tân Hưng of Long An lies in four communes of Tây Ninh today.
        let tan_hung = reference.units.by_code("796", Some("district"), day("2025-06-30")).unwrap();
        assert_eq!(tan_hung.name, "Huyện Tân Hưng");
        let today: BTreeSet<_> = reference
            .units
            .successors(tan_hung.id)
            .iter()
            .map(|edge| reference.units.get(edge.to_id).unwrap())
            .map(|unit| (unit.code.as_str(), reference.units.province(unit.id).unwrap().name.as_str()))
            .collect();
        assert_eq!(today, ["27721", "27727", "27736", "27748"].map(|code| (code, "Tỉnh Tây Ninh")).into());

        // The last day of the old and the first of the new: one code, two territories.
        let (old, new) = ("2025-06-30", "2025-07-01");
        let at = |on| reference.units.by_code("27736", Some("commune"), day(on)).unwrap();
        assert_ne!(at(old).id, at(new).id);
        assert_eq!(at(old).valid_to, Some(day(new)));
        assert_eq!(reference.units.province(at(old).id).unwrap().name, "Tỉnh Long An");
        assert_eq!(reference.units.province(at(new).id).unwrap().name, "Tỉnh Tây Ninh");
        assert!(reference.units.by_code("796", None, day(new)).is_none(), "districts ended");
        let reused = reference.units.iter().filter(|unit| unit.valid_to.is_none() && unit.level == "commune");
        let reused = reused.filter(|unit| reference.units.by_code(&unit.code, Some("commune"), day(old)).is_some());
        assert!(reused.count() > 3_000, "nearly every commune of today carries a former commune's code");
    }

    async fn a_second_import_changes_nothing(db: TestDatabase) {
        let state = open(&db).await;
        let before = everything(&state).await;
        assert_eq!(units::deliver(&state, |_, _| panic!("nothing to do")).await.unwrap(), None);

        let statements = state.store.statements();
        let mut last = (0, 0);
        let report = units::import_lists(&state, UNITS, Some(SUCCESSIONS), |done, total| last = (done, total));
        let report = report.await.unwrap();
        assert_eq!((report.units, report.units_written), (14_165, 0));
        assert_eq!((report.successions, report.successions_written), (14_270, 0));
        assert_eq!((report.unit_problems.len(), report.succession_problems.len()), (0, 0));
        assert_eq!(report.gaps.len(), 28 + 11);
        assert_eq!(last, (28_435, 28_435));
        assert!(state.store.statements() - statements <= 15 + 15 + 1, "one reading for a thousand rows");
        assert_eq!(everything(&state).await, before);
    }

    async fn a_newer_list_ends_renames_and_adds(db: TestDatabase) {
        let state = open(&db).await;
        let before = everything(&state).await;
        let list = "00070,Phường Hoàn Kiếm,commune,ward,01,2025-07-01,2027-01-01\n\
                    00070,Phường Hồ Gươm,commune,ward,01,2027-01-01,\n\
                    00004,\"Phường không đóng ngoặc,commune,ward,01,2025-07-01,\n\
                    00082,Phường Cửa Nam,commune,ward,99,2025-07-01,\n";
        let report = import(&state, list, Some("commune,00070,00070,false,2027-01-01\n")).await;
        assert_eq!((report.units, report.units_written, report.successions_written), (2, 2, 1));
        let problems: Vec<_> = report.unit_problems.iter().map(|p| (p.line, p.code.as_str(), p.problem)).collect();
        assert_eq!(problems, [(4, "00004", Problem::BadQuote), (5, "00082", Problem::UnknownParent)]);
        assert_eq!(report.gaps.iter().filter(|gap| gap.reason == GapReason::NoSuccessor).count(), 28);

        let reference = state.reference();
        let at = |on| reference.units.by_code("00070", None, day(on)).unwrap();
        assert_eq!(at("2026-12-31").name, "Phường Hoàn Kiếm");
        assert_eq!(at("2027-01-01").name, "Phường Hồ Gươm");
        assert_eq!(reference.units.successors(at("2026-12-31").id)[0].to_id, at("2027-01-01").id);
        same(&reference, &Reference::load(state.store.read()).await.unwrap());

        let conn = state.store.read();
        let stored = unit::Entity::find_by_id(at("2026-12-31").id).one(conn).await.unwrap().unwrap();
        assert_eq!((stored.valid_to, stored.rev), (Some(day("2027-01-01")), 2));
        let after = everything(&state).await;
        assert_eq!(after.1, before.1 + 1, "the log holds each unit once");
        let changed: Vec<_> = after.2.iter().filter(|(id, doc)| before.2.get(*id) != Some(doc)).collect();
        assert_eq!(changed.len(), 2);
        assert!(changed.iter().any(|(_, doc)| doc.contains("2027-01-01") && doc.contains("\"rev\":\"2\"")));

        // Again, and again without the successions: nothing.
        for successions in [Some("commune,00070,00070,false,2027-01-01\n"), None] {
            let report = import(&state, list, successions).await;
            assert_eq!((report.units_written, report.successions_written), (0, 0));
            assert_eq!(everything(&state).await, after);
        }
        // The delivered lists once more: they say that Hoàn Kiếm goes on, and the newer version stands against it.
        let report = units::import_lists(&state, UNITS, Some(SUCCESSIONS), |_, _| {}).await.unwrap();
        assert_eq!(report.unit_problems.iter().map(|p| p.problem).collect::<Vec<_>>(), [Problem::Overlap]);
        assert_eq!((report.units_written, everything(&state).await), (0, after));
    }

    async fn what_a_list_leaves_open_is_closed_by_a_later_one(db: TestDatabase) {
        let state = open(&db).await;
        let gaps = async || unit_gap::Entity::find().all(state.store.read()).await.unwrap();
        let ended = "00070,Phường Hoàn Kiếm,commune,ward,01,2025-07-01,2027-01-01\n";
        let report = import(&state, ended, None).await;
        assert_eq!(report.gaps.len(), 29, "the eleven rows belong to a list that is not read here");
        assert_eq!(gaps().await.len(), 40);
        let open = gaps().await.into_iter().find(|gap| gap.from_code == "00070").unwrap();
        assert_eq!((open.line, open.reason.as_str()), (2, "no_successor"));

        let successor = "commune,00070,00071,false,2027-01-01\n";
        import(&state, ended, Some(successor)).await;
        let unknown = gaps().await.into_iter().filter(|gap| gap.from_code == "00070");
        let unknown: BTreeSet<_> = unknown.map(|gap| (gap.reason, gap.line)).collect();
        assert_eq!(unknown, [("no_successor".to_owned(), 2), ("unknown_to".to_owned(), 2)].into());

        let new = "00071,Phường Hồ Gươm,commune,ward,01,2027-01-01,\n";
        let report = import(&state, new, Some(successor)).await;
        assert_eq!((report.units_written, report.successions_written), (1, 1));
        assert_eq!(gaps().await.len(), 39, "both are closed");
    }

    async fn ids_are_the_same_in_every_installation(db: TestDatabase) {
        let other = TestDatabase::empty(db.kind()).await;
        let store = cutri::store::Store::connect(other.url()).await.unwrap();
        Migrator::up(store.migrating(), None).await.unwrap();
        store.close().await.unwrap();
        let other_state = open(&other).await;
        let started = std::time::Instant::now();
        let report = units::deliver(&other_state, |_, _| {}).await.unwrap().unwrap();
        println!("import took {:?}", started.elapsed());
        assert_eq!((report.units_written, report.successions_written, report.gaps.len()), (14_165, 14_270, 39));
        let state = open(&db).await;
        // What the imports kept in memory, what they wrote, and what another installation has: all the same.
        same(&other_state.reference(), &Reference::load(other_state.store.read()).await.unwrap());
        same(&other_state.reference(), &state.reference());
        let documents = |everything: (Vec<(String, i64)>, u64, BTreeMap<String, String>)| everything.2;
        assert!(documents(everything(&state).await) == documents(everything(&other_state).await));
        Arc::into_inner(other_state).unwrap().store.close().await.unwrap();
    }

    async fn an_import_that_was_killed_goes_on(db: TestDatabase) {
        let fresh = TestDatabase::empty(db.kind()).await;
        let store = cutri::store::Store::connect(fresh.url()).await.unwrap();
        Migrator::up(store.migrating(), None).await.unwrap();
        store.close().await.unwrap();
        let state = open(&fresh).await;
        let killed = Arc::clone(&state);
        let importing = tokio::spawn(async move {
            units::deliver(&killed, |done, _| assert!(done < 5_000, "killed")).await.map(drop)
        });
        assert!(importing.await.is_err());
        assert_eq!(unit::Entity::find().count(state.store.read()).await.unwrap(), 5_000);
        drop(state);
        let state = open(&fresh).await;
        let report = units::deliver(&state, |_, _| {}).await.unwrap().unwrap();
        assert_eq!(report.units_written, 14_165 - 5_000);
        same(&state.reference(), &open(&db).await.reference());
    }

    async fn units_are_found_by_code_day_and_name(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let anyone = app.stranger();
        let ask = async |query: &str| anyone.data(query, json!({})).await;
        let before = app.state.store.statements();

        let both = ask("{ old: unit(byCode: {code: \"27736\", on: \"2025-06-30\"}) { name province { name } validTo
                successors { unit { code name } partly derived date } }
            new: unit(byCode: {code: \"27736\"}) { id name level kind parent { code kind } validFrom validTo rev
                predecessors { unit { code level } derived } } }").await;
        assert_eq!(both["old"]["province"]["name"], "Tỉnh Long An");
        assert_eq!((&both["old"]["validTo"], &both["new"]["validFrom"]), (&json!("2025-07-01"), &json!("2025-07-01")));
        assert_eq!(both["new"]["parent"], json!({"code": "80", "kind": "province"}));
        let predecessors = both["new"]["predecessors"].as_array().unwrap();
        assert!(predecessors.iter().any(|p| p["derived"] == true && p["unit"]["level"] == "district"));
        assert!(predecessors.iter().any(|p| p["derived"] == false && p["unit"]["level"] == "commune"));
        let tan_hung = ask("{ unit(byCode: {code: \"796\", level: \"district\", on: \"2025-01-01\"}) { name
            successors { unit { code } derived } children(first: 100) { totalCount nodes { level } } } }").await;
        let codes: Vec<_> = tan_hung["unit"]["successors"].as_array().unwrap().iter().map(|s| &s["unit"]["code"]).collect();
        assert_eq!(codes, ["27721", "27727", "27736", "27748"]);
        assert_eq!(tan_hung["unit"]["children"]["totalCount"], 12);

        // Tones and case do not matter; today's units only, unless another day is asked for.
        let found = ask("{ now: units(filter: {name: \"tan hung\", level: [\"commune\"]}, first: 100) { nodes { name } }
            then: units(filter: {name: \"HUYEN TAN HUNG\", on: \"2025-06-30\"}, first: 9) { nodes { code } }
            all: units(filter: {allVersions: true}, first: 1) { totalCount }
            provinces: units(filter: {level: [\"province\"]}, first: 100) { totalCount nodes { code } }
            here: units(filter: {withinUnit: {code: \"80\"}}, first: 1) { totalCount } }").await;
        assert!(found["now"]["nodes"].as_array().unwrap().contains(&json!({"name": "Xã Tân Hưng"})));
        assert_eq!(found["then"]["nodes"], json!([{"code": "796"}]));
        assert_eq!((&found["all"]["totalCount"], &found["provinces"]["totalCount"]), (&json!(14_165), &json!(34)));
        let codes: Vec<_> = found["provinces"]["nodes"].as_array().unwrap().iter().map(|p| p["code"].as_str()).collect();
        assert!(codes.is_sorted());
        assert_eq!(found["here"]["totalCount"], 1 + 96, "Tây Ninh and its communes");

        // Pages meet.
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let page = ask(&format!("{{ units(first: 40, {after} filter: {{withinUnit: {{code: \"80\"}}}}) {{ nodes {{ id }}
                pageInfo {{ hasNextPage endCursor }} }} }}")).await["units"].clone();
            seen.extend(page["nodes"].as_array().unwrap().iter().map(|unit| unit["id"].to_string()));
            if page["pageInfo"]["hasNextPage"] == false { break; }
            after = format!("after: {},", page["pageInfo"]["endCursor"]);
        }
        assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (97, 97));

        let id = both["new"]["id"].as_str().unwrap();
        let query = "query($id: ID!) { unit(id: $id) { code } node(id: $id) { __typename }
            none: unit(id: \"0197a000-0000-7000-8000-000000000000\") { id } odd: unit(id: \"27736\") { id } }";
        let found = anyone.data(query, json!({"id": id})).await;
        assert_eq!((&found["unit"]["code"], &found["node"]["__typename"]), (&json!("27736"), &json!("Unit")));
        assert_eq!((&found["none"], &found["odd"]), (&json!(null), &json!(null)));
        assert_eq!(app.state.store.statements(), before, "all of it from memory");

        for (query, code) in [
            ("{ unit { id } }", "REQUIRED"),
            ("{ units { nodes { id } } }", "FIRST_OR_LAST_REQUIRED"),
            ("{ units(first: 101) { nodes { id } } }", "LIMIT_TOO_LARGE"),
            ("{ units(first: -1) { nodes { id } } }", "OUT_OF_RANGE"),
            ("{ units(first: 1, after: \"x\") { nodes { id } } }", "INVALID_CURSOR"),
            ("{ units(first: 1, filter: {level: [\"village\"]}) { nodes { id } } }", "UNKNOWN_CODE"),
        ] {
            let answer = anyone.ask(query, json!({})).await;
            assert_eq!(answer.body["errors"][0]["extensions"]["code"], code, "{query}");
        }
    }

    async fn delivered_roles_are_refreshed_and_own_ones_stay(db: TestDatabase) {
        let state = open(&db).await;
        assert!(!installation::seed_roles(&state.store).await.unwrap(), "nothing to do");
        let row = |role: &str, capability: &str| role_capability::ActiveModel {
            role: Set(role.to_owned()),
            capability: Set(capability.to_owned()),
        };
        let connection = db.connect().await;
        let all = async || {
            let rows = role_capability::Entity::find().all(&connection).await.unwrap();
            rows.into_iter().map(|row| (row.role, row.capability)).collect::<BTreeSet<_>>()
        };
        let delivered = all().await;
        let foreign = [row("archivist", "read_reports"), row("auditor", "publish")];
        role_capability::Entity::insert_many(foreign).exec_without_returning(&connection).await.unwrap();
        role_capability::Entity::delete_by_id(("office".to_owned(), "urge".to_owned())).exec(&connection).await.unwrap();
        assert!(installation::seed_roles(&state.store).await.unwrap());
        let mut expected = delivered;
        expected.insert(("archivist".to_owned(), "read_reports".to_owned()));
        assert_eq!(all().await, expected);
        connection.close().await.unwrap();
    }
}
