//! Costs, counted and never timed: statements do not grow with rows, a pull reads what changed, a list reads no long
//! text.

mod lists;
mod page;
mod work;

use std::sync::Arc;

use chrono::Duration;
use cutri::{
    clock::{Clock, ManualClock},
    error::Lang,
    petitions::{telling::Repeatable, urging::UrgingCollection},
    store::{
        Store,
        door::Facts,
        working::{Needs, Working},
        writing::{Writable, Write},
    },
    viewer::Viewer,
};
use cutri_tests::{
    Kind, TestApp, TestDatabase, each_db,
    phone::{Phone, create, new_id},
    socket::Socket,
    world::{Login, World},
};
use entity::{
    petition::{self, Process},
    sync_log,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    Statement,
};

use super::{authorization::schema::Sdl, rows};
use serde_json::{Value, json};

async fn petitions(app: &TestApp, world: &World, count: usize) -> Vec<Value> {
    let delegate = Phone::new(app.person(&world.here.delegates[0]));
    let ids: Vec<String> = (0..count).map(|_| new_id()).collect();
    let rows: Vec<Value> = ids
        .iter()
        .map(|id| {
            create(
                "feedback",
                id,
                json!({"kind": "petition", "unitId": world.here.unit, "meetingId": world.here.meeting, "content": "Đường hỏng",
                    "recordedAt": "2026-02-01T08:00:00+07:00"}),
            )
        })
        .collect();
    delegate.push(&rows).await;
    let office = app.person(&world.here.office);
    let mut made = Vec::new();
    for id in ids {
        let input = json!({"feedbackIds": [id], "title": "Sửa đường", "content": "Nội dung dài"});
        let payload = office.done("groupFeedback", input, "petition { id }").await;
        made.push(payload["petition"]["id"].clone());
    }
    for petition in &made {
        let input = json!({"petitionId": petition, "field": "transport", "tier": "commune"});
        office.done("classifyPetition", input, "").await;
    }
    let forward = json!({"petitionIds": made, "leadId": world.here.committee, "documentNumber": "1/VP", "documentDate": "2026-03-02"});
    office.done("forwardPetitions", forward, "").await;
    made
}

/// How the database goes about a statement as it was sent, one line a step.
async fn plan_of(store: &Store, text: &str, values: Vec<sea_orm::Value>) -> Vec<String> {
    let (explain, column) = match store.backend() {
        sea_orm::DatabaseBackend::Sqlite => ("EXPLAIN QUERY PLAN ", "detail"),
        _ => ("EXPLAIN ", "QUERY PLAN"),
    };
    let explained = Statement::from_sql_and_values(store.backend(), format!("{explain}{text}"), values);
    let lines = store.read().query_all_raw(explained).await.unwrap();
    lines
        .iter()
        .map(|line| line.try_get("", column).unwrap())
        .collect()
}

/// How the database goes about reading the log as a pull of feedback does that has one new row to bring. `log` is that
/// statement as it was sent; its parameters are the same for each partition that it asks about.
async fn plan_of_the_log(store: &Store, log: &str) -> Vec<String> {
    let newest = sync_log::Entity::find()
        .filter(sync_log::Column::Collection.eq("feedback"))
        .order_by_desc(sync_log::Column::Seq)
        .one(store.read())
        .await
        .unwrap()
        .unwrap();
    let (partition, seq) = (newest.partition, newest.seq);
    let values = (0..log.matches("FROM sync_log").count()).flat_map(|_| -> [sea_orm::Value; 5] {
        [
            partition.into(),
            (seq - 1).into(),
            seq.into(),
            "feedback".into(),
            100_i64.into(),
        ]
    });
    plan_of(store, log, values.collect()).await
}

/// It goes to the checkpoint's place in the log and reads on from there: what lies before is not looked at, however much
/// it is.
fn assert_reads_on_from_its_place(kind: Kind, plan: &[String]) {
    let text = plan.join("\n");
    let lines_with = |what: &str| plan.iter().filter(|line| line.contains(what)).collect::<Vec<_>>();
    match kind {
        Kind::Sqlite => {
            let of_the_log = lines_with("sync_log");
            assert!(!of_the_log.is_empty(), "{text}");
            let range = "SEARCH sync_log USING INDEX sync_log_seq (partition=? AND seq>? AND seq<?)";
            assert!(of_the_log.iter().all(|line| line.contains(range)), "{text}");
        }
        Kind::Postgres => {
            // A scan of a heap takes what a scan of an index found, one of a subquery what that came to.
            let reads_elsewhere = |line: &&String| {
                let by_place = ["sync_log_seq", "Bitmap Heap Scan", "Subquery Scan"];
                !by_place.iter().any(|name| line.contains(name))
            };
            assert!(!lines_with("Scan").iter().any(reads_elsewhere), "{text}");
            let conditions = lines_with("Index Cond");
            let is_range = |line: &&String| {
                line.contains("partition = ") && line.contains("seq > ") && line.contains("seq <= ")
            };
            assert!(
                !conditions.is_empty() && conditions.iter().all(is_range),
                "{text}"
            );
        }
    }
}

/// How many urgings, and how many steps of history, are read to judge what somebody says now.
async fn read_to_judge(app: &TestApp, login: &Login, fields: &Value) -> (usize, usize) {
    let state = &app.state;
    let (conn, reference, now) = (state.store.read(), state.reference(), state.clock.now());
    let today = state.clock.today();
    let viewer = Viewer::load(conn, &reference, login.account, login.device, today, Lang::Vi)
        .await
        .unwrap();
    let facts = Facts {
        viewer: &viewer,
        reference: &reference,
        calendar: state.calendar,
        now,
        today,
        entropy: state.entropy.as_ref(),
        keys: &state.keys,
    };
    let write = Write {
        id: state.entropy.id(now),
        fields: fields.as_object().unwrap().clone(),
        delete: false,
        recorded_at: Some(now),
    };
    let (mut needs, mut more) = (Needs::default(), Needs::default());
    Writable::needs(&UrgingCollection, &write, &facts, &mut needs);
    UrgingCollection.needs_same(&write, &mut needs);
    let first = Working::load(conn, &needs).await.unwrap();
    Writable::needs_more(&UrgingCollection, &write, &first, &facts, &mut more);
    let further = Working::load(conn, &more).await.unwrap();
    let loads = [&first, &further];
    (
        loads.iter().map(|load| load.urging.iter().count()).sum(),
        loads.iter().map(|load| load.past.len()).sum(),
    )
}

/// How SQLite goes about reading what was urged, and what happened, in these statements.
async fn plan_of_urging(store: &Store, texts: &[String]) -> Vec<String> {
    let mut plan = Vec::new();
    for text in texts.iter().filter(|text| text.starts_with("SELECT")) {
        // A value that is not given is NULL, which is looked for the same way.
        let explained = Statement::from_string(store.backend(), format!("EXPLAIN QUERY PLAN {text}"));
        for line in store.read().query_all_raw(explained).await.unwrap() {
            plan.push(line.try_get::<String>("", "detail").unwrap());
        }
    }
    let of_it = |line: &String| line.split(' ').any(|word| ["urging", "event"].contains(&word));
    plan.retain(of_it);
    plan
}

each_db! {
    async fn statements_do_not_grow_with_rows_and_a_list_reads_no_long_text(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        petitions(&app, &world, 12).await;
        let office = app.person(&world.here.office);
        let store = &app.state.store;
        let query = "query($first: Int!) { petitions(first: $first) { totalCount nodes { id title isOverdue unitIds coordinatingIds
            feedbackIds successorIds forwardings { documentNumber } answers { version } extensions { reason } } } }";
        let mut counted = Vec::new();
        for first in [1, 12] {
            let before = store.statements();
            store.keep_statements();
            let data = office.data(query, json!({"first": first})).await;
            assert_eq!(data["petitions"]["nodes"].as_array().unwrap().len(), first);
            counted.push(store.statements() - before);
            let texts = store.kept_statements().join("\n");
            assert!(texts.contains("\"petition\""), "{texts}");
            for column in ["\"content\"", "\"answer_text\""] {
                let read = texts.lines().any(|line| line.contains(&format!("\"petition\".{column}")));
                assert!(!read, "a list without {column} reads it:\n{texts}");
            }
        }
        assert_eq!(counted[0], counted[1], "statements for one row and for twelve");

        let asked = "{ petitions(first: 5) { nodes { content } } }";
        store.keep_statements();
        let data = office.data(asked, json!({})).await;
        assert_eq!(data["petitions"]["nodes"][0]["content"], "Nội dung dài");
        assert!(store.kept_statements().join("\n").contains("\"petition\".\"content\""));
    }

    async fn lists_of_feedback_meetings_and_resolutions_read_no_long_text(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        petitions(&app, &world, 2).await;
        let office = app.person(&world.here.office);
        let store = &app.state.store;
        for (list, table, long) in [
            ("feedbacks", "feedback", vec!["content", "wanted", "affected", "question", "on_spot_answer"]),
            ("meetings", "meeting", vec!["agenda", "brief"]),
            ("resolutions", "resolution", vec!["text"]),
        ] {
            store.keep_statements();
            let query = format!("{{ {list}(first: 10) {{ nodes {{ id updatedAt }} }} }}");
            office.data(&query, json!({})).await;
            let texts = store.kept_statements().join("\n");
            assert!(texts.contains(&format!("\"{table}\".\"id\"")), "{texts}");
            for column in long {
                let named = format!("\"{table}\".\"{column}\"");
                assert!(!texts.contains(&named), "a list without {column} reads it:\n{texts}");
            }
        }
    }

    async fn what_stands_beside_ids_costs_the_same_for_one_row_and_for_twelve(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        petitions(&app, &world, 12).await;
        let office = app.person(&world.here.office);
        let store = &app.state.store;
        let lists = [
            ("petitions", "council { name unit { name } } units { name } agency { name unit { name } } coordinating { name }
                feedbacks { content meeting { title units { name } agenda } unit { name } } successors { title } predecessors { title }
                fieldEntry { label parent { label } } forwardings { lead { name } council { name } } answers { agency { name } }"),
            ("feedbacks", "council { name } unit { name } meeting { title councils { name } records { id minutesDraft } }
                petition { title units { name } agency { name } feedbacks { id } } kindEntry { label }"),
            ("meetings", "council { name } councils { name } units { name parent { name } } kindEntry { label } modeEntry { label }"),
        ];
        for (list, members) in lists {
            let query = format!("query($first: Int!) {{ {list}(first: $first) {{ nodes {{ id {members} }} }} }}");
            let mut counted = Vec::new();
            for first in [1, 12] {
                let before = store.statements();
                office.data(&query, json!({"first": first})).await;
                counted.push(store.statements() - before);
            }
            assert_eq!(counted[0], counted[1], "{list}");
        }
        // The long texts of what is nested are left alone as well.
        store.keep_statements();
        office.data("{ feedbacks(first: 5) { nodes { petition { title } meeting { title } } } }", json!({})).await;
        let texts = store.kept_statements().join("\n");
        for column in ["\"petition\".\"content\"", "\"petition\".\"answer_text\"", "\"feedback\".\"content\"", "\"meeting\".\"agenda\""] {
            assert!(!texts.contains(column), "{column} is read:\n{texts}");
        }
    }

    async fn nodes_cost_the_same_however_many_they_are(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let made = petitions(&app, &world, 12).await;
        let office = app.person(&world.here.office);
        let store = &app.state.store;
        let lists = office.data("{ feedbacks(first: 12) { nodes { id } } meetings(first: 2) { nodes { id } } }", json!({})).await;
        let ids = |list: &str| -> Vec<Value> {
            lists[list]["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()).collect()
        };
        let (feedback, meetings) = (ids("feedbacks"), ids("meetings"));
        let few = [&made[..1], &feedback[..1], &meetings[..1]].concat();
        let many = [&made[..], &feedback[..], &meetings[..], &[json!(new_id()), json!(world.here.unit)]].concat();
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Petition { title } } }";
        let mut counted = Vec::new();
        for ids in [few, many] {
            let before = store.statements();
            let data = office.data(query, json!({"ids": ids})).await;
            counted.push(store.statements() - before);
            let found = data["nodes"].as_array().unwrap();
            assert_eq!(found.len(), ids.len());
            let in_order = ids.iter().zip(found).all(|(id, node)| node.is_null() || node["id"] == *id);
            assert!(in_order, "{found:#?}");
            let absent = found.iter().filter(|node| node.is_null()).count();
            assert_eq!(absent, usize::from(ids.len() > 3), "only the id that nothing has");
        }
        assert_eq!(counted[0], counted[1], "statements for three and for many");
    }

    async fn a_hundred_with_all_their_scalars_and_labels_are_within_the_limits(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let sdl = Sdl::read();
        for list in sdl.root_fields("Query").iter().filter(|field| sdl.is_connection("Query", field)) {
            let node = sdl.node_of("Query", list);
            let entries = sdl.shown().into_iter().filter_map(|path| path.strip_prefix(&format!("{node}.")).map(str::to_owned));
            let labels: Vec<String> =
                entries.filter(|field| field.ends_with("Entry")).map(|field| format!("{field} {{ code label }}")).collect();
            let (scalars, labels) = (sdl.scalars(&node).join(" "), labels.join(" "));
            let query = format!("{{ {list}(first: 100) {{ totalCount pageInfo {{ hasNextPage }} nodes {{ {scalars} {labels} }} }} }}");
            for person in [app.stranger(), app.person(&world.here.office)] {
                let answer = person.ask(&query, json!({})).await;
                let code = answer.body["errors"][0]["extensions"]["code"].as_str();
                let rights = ["UNAUTHENTICATED", "FORBIDDEN"];
                assert!(code.is_none_or(|code| rights.contains(&code)), "{query}\n{:#}", answer.body);
            }
        }
    }

    async fn a_delta_pull_costs_what_changed_and_nothing_new_costs_least(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = Phone::new(app.person(&world.here.delegates[0]));
        let mut phone = Phone::new(app.person(&world.here.delegates[1]));
        phone.collections = Some(vec!["feedback".to_owned()]);
        let store = &app.state.store;
        let mut counted = Vec::new();
        for stored in [1, 300] {
            let rows: Vec<Value> = (0..stored)
                .map(|_| create("feedback", &new_id(), json!({"kind": "opinion", "unitId": world.here.unit, "content": "Ý kiến"})))
                .collect();
            author.push(&rows).await;
            phone.pull().await;
            author.push(&[create("feedback", &new_id(), json!({"kind": "opinion", "unitId": world.here.unit, "content": "Mới"}))]).await;
            let before = store.statements();
            let (seen, more) = phone.pull_page(None).await;
            assert!(seen.len() == 1 && !more);
            let delta = store.statements() - before;
            let before = store.statements();
            let (seen, more) = phone.pull_page(None).await;
            assert!(seen.is_empty() && !more);
            counted.push((delta, store.statements() - before));
        }
        assert_eq!(counted[0], counted[1], "with one row stored and with three hundred");
        let (delta, nothing) = counted[0];
        assert!(nothing < delta, "nothing new ({nothing}) costs less than something ({delta})");

        // Nor do the rows that it looks at. A database that serves knows its figures; here nobody has counted yet.
        if db.kind() == Kind::Postgres {
            store.migrating().execute_unprepared("ANALYZE sync_log").await.unwrap();
        }
        author.push(&[create("feedback", &new_id(), json!({"kind": "opinion", "unitId": world.here.unit, "content": "Mới"}))]).await;
        store.keep_statements();
        let (seen, _) = phone.pull_page(None).await;
        assert_eq!(seen.len(), 1);
        let mut log = store.kept_statements();
        log.retain(|text| text.contains("SELECT partition, seq, collection, row_id, op FROM sync_log"));
        assert!(!log.is_empty(), "the delta is read from the log");
        for text in log {
            assert_reads_on_from_its_place(db.kind(), &plan_of_the_log(store, &text).await);
        }
    }

    /// Anybody may ask for it as often as he likes: for each it read all petitions three times.
    async fn the_first_page_reads_among_what_is_published_and_counts_once_a_minute(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let store = &app.state.store;
        let closed = |public: Option<&str>| {
            let row = petition::Model {
                process: Process::Closed,
                outcome: Some("explained".to_owned()),
                content: "dài ".repeat(250),
                public_content: public.map(str::to_owned),
                ..rows::petition()
            };
            row.into_active_model().reset_all()
        };
        let inside = (0..4_000).map(|_| closed(None));
        let asked: Vec<petition::ActiveModel> = inside.chain((0..20).map(|_| closed(Some("Xin sửa đường")))).collect();
        for rows in asked.chunks(500) {
            let insert = petition::Entity::insert_many(rows.to_vec());
            insert.exec_without_returning(store.migrating()).await.unwrap();
        }
        // A database that serves knows its figures; here nobody has counted yet.
        if db.kind() == Kind::Postgres {
            store.migrating().execute_unprepared("ANALYZE petition").await.unwrap();
        }
        let stranger = app.stranger();
        let reads = async |told: &str| {
            store.keep_statements();
            let page = stranger.get("/").await.2;
            assert!(page.contains(told) && page.contains("Xin sửa đường"), "{page}");
            let mut texts = store.kept_statements();
            texts.retain(|text| text.contains("FROM \"petition\" "));
            texts
        };
        let texts = reads("20 kiến nghị đã công khai").await;
        // None is resolved, so the newest of any outcome is looked for as well.
        let [resolved, newest, counted] = texts.as_slice() else { panic!("{texts:#?}") };
        for (text, values, index) in [
            (resolved, vec!["closed".into(), "resolved".into(), 1_i64.into()], "petition_published_outcome"),
            (newest, vec!["closed".into(), 1_i64.into()], "petition_published"),
            (counted, vec![], "petition_published"),
        ] {
            let plan = plan_of(store, text, values).await.join("\n");
            match db.kind() {
                Kind::Sqlite => assert!(plan.contains(&format!("INDEX {index}")) && !plan.contains("TEMP B-TREE"), "{text}\n{plan}"),
                Kind::Postgres => assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{text}\n{plan}"),
            }
        }
        petition::Entity::insert(closed(Some("Xin sửa đường"))).exec_without_returning(store.migrating()).await.unwrap();
        assert_eq!(reads("20 kiến nghị đã công khai").await.as_slice(), &texts[..2], "counted for each who asks");
        clock.advance(Duration::seconds(60));
        assert_eq!(reads("21 kiến nghị đã công khai").await, texts);
    }

    /// One change, told to one socket and to two hundred: the database is asked as often, and about each row once.
    async fn a_change_costs_the_same_statements_for_one_socket_and_for_two_hundred(db: TestDatabase) {
        const FOLLOW: &str = "subscription { streamFeedback { documents { id content rev _deleted } } }";
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let person = app.person(&world.here.delegates[0]);
        let phone = Phone::new(person.clone());
        let said = |content: &str| json!({"kind": "opinion", "unitId": world.here.unit, "content": content});
        let store = &app.state.store;
        let mut sockets = Vec::new();
        let mut counted = Vec::new();
        for more in [1, 199] {
            for _ in 0..more {
                let mut socket = Socket::signed_in(app.address(), person.token()).await;
                socket.subscribe("s", FOLLOW, json!({})).await;
                sockets.push(socket);
            }
            // Whoever has heard of a first change has caught up.
            phone.push(&[create("feedback", &new_id(), said("đầu"))]).await;
            for socket in &mut sockets {
                socket.hear().await;
            }
            store.keep_statements();
            phone.push(&[create("feedback", &new_id(), said("sau"))]).await;
            for socket in &mut sockets {
                let heard = socket.hear().await;
                assert_eq!(heard["payload"]["data"]["streamFeedback"]["documents"][0]["content"], "sau");
            }
            // The log is also looked at once a second when nothing happens: that is not this change's.
            let mut texts = store.kept_statements();
            texts.retain(|text| text.contains("sync_log") || text.contains("sync_doc"));
            counted.push(texts.len());
        }
        assert_eq!(counted[0], counted[1], "for one socket and for two hundred");
        assert!(counted[0] <= 10, "{counted:?}, those of the push with them");
    }

    async fn a_push_costs_the_same_statements_for_one_row_and_for_hundreds(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let phone = Phone::new(app.person(&world.here.delegates[0]));
        let store = &app.state.store;
        let mut counted = Vec::new();
        for count in [1, 2, 250] {
            let rows: Vec<Value> = (0..count)
                .map(|_| create("feedback", &new_id(), json!({"kind": "opinion", "unitId": world.here.unit, "content": "Ý kiến"})))
                .collect();
            let before = store.statements();
            phone.push(&rows).await;
            counted.push(store.statements() - before);
            // Replaying it needs no transaction.
            let before = store.statements();
            phone.push(&rows).await;
            assert!(store.statements() - before < counted[counted.len() - 1]);
        }
        assert_eq!(counted[1], counted[2], "{counted:?}");
    }

    // To count one urging more, all that had been urged for its petition was read, and all that had ever happened to it.
    async fn an_urging_costs_the_same_after_one_and_after_three_hundred(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let petition = petitions(&app, &world, 1).await.remove(0);
        let delegate = &world.here.delegates[0];
        let (phone, office) = (Phone::new(app.person(delegate)), app.person(&world.here.office));
        let store = &app.state.store;
        let called = json!({"targetKind": "petition", "targetId": petition, "how": "phone"});
        let letter = |number: usize| json!({"targetKind": "petition", "targetId": petition, "how": "document",
            "documentNumber": format!("{number}/VP")});
        let call = || {
            let mut said = create("urging", &new_id(), called.clone());
            said["patch"]["at"] = json!(cutri::clock::wire(app.state.clock.now()));
            said
        };
        office.done("urge", letter(0), "").await;
        let mut counted = Vec::new();
        let mut ordinal = 1;
        for urged in [1, 300] {
            let calls: Vec<Value> = (0..urged).map(|_| call()).collect();
            phone.push(&calls).await;
            let read = [
                read_to_judge(&app, delegate, &called).await,
                read_to_judge(&app, delegate, &letter(urged)).await,
            ];
            store.keep_statements();
            let pushed = phone.push(&[call()]).await;
            assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");
            let done = office.done("urge", letter(urged), "urging { ordinal }").await;
            ordinal += urged + 2;
            assert_eq!(done["urging"]["ordinal"], ordinal);
            let mut texts = store.kept_statements();
            texts.retain(|text| text.contains("urging") || text.contains("event"));
            counted.push((read, texts.len()));
            if db.kind() == Kind::Sqlite {
                let plan = plan_of_urging(store, &texts).await;
                let by_an_end = ["(target_id=? AND to_agency_id=?)", "(target_id=? AND document_number=?)", "(id=?)", "event_turn"];
                let is_one_step = |line: &String| by_an_end.iter().any(|index| line.contains(index));
                assert!(!plan.is_empty() && plan.iter().all(is_one_step), "{plan:#?}");
                assert!(plan.iter().any(|line| line.contains("event_turn")), "{plan:#?}");
            }
        }
        assert_eq!(counted[0], counted[1], "after one and after three hundred");
    }
}
