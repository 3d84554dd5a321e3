//! An unmodified RxDB 17 with its default query builders, against the true server: what counts is what is on the
//! phones in the end.

use std::{fs::Permissions, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use cutri::{
    accounts::token::{self, Holder, Kind as TokenKind},
    edge::{EdgeConfig, Times},
    sync::rxdb::json_schema::published,
};
use cutri_tests::{
    Kind, ServerProcess, TestApp, TestDatabase,
    app::{Person, state_on},
    each_db,
    phone::{Phone, new_id},
    rxdb_client::RxdbClients,
    server_process::free_address,
    target,
    world::{Login, Put, World, another_device},
};
use entity::id::DeviceId;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use uuid::Uuid;

/// As many as the open-source RxDB opens at a time: all but the agenda.
const ALL: [&str; 13] = [
    "unit",
    "council",
    "agency",
    "delegate",
    "meeting",
    "meetingRecord",
    "feedback",
    "petition",
    "informing",
    "urging",
    "resolution",
    "note",
    "syncIssue",
];
/// Those of a delegate's daily work.
const DAILY: [&str; 4] = ["feedback", "meeting", "note", "syncIssue"];

async fn app(db: &TestDatabase) -> (TestApp, World, RxdbClients) {
    let app = TestApp::start(db).await;
    let world = World::create(&app.state).await;
    let clients = RxdbClients::start(app.address(), &published().to_string());
    (app, world, clients)
}

async fn open(clients: &mut RxdbClients, name: &str, person: &Person, collections: &[&str], size: i64) {
    let given =
        json!({"token": person.token(), "collections": collections, "batchSize": size, "retryTime": 200});
    clients.ask("open", name, given).await;
}

async fn start(clients: &mut RxdbClients, name: &str) {
    clients.ask("start", name, json!({})).await;
    let told = clients.ask("told", name, json!({})).await;
    assert_eq!(told["errors"], json!([]), "{told}");
}

async fn patch(clients: &mut RxdbClients, name: &str, id: &str, members: Value) {
    let given = json!({"collection": "feedback", "id": id, "members": members});
    clients.ask("patch", name, given).await;
}

fn said(world: &World, content: &str) -> Value {
    json!({"id": new_id(), "kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting",
        "content": content})
}

/// What a native phone of the same person holds, without nulls.
async fn native(person: &Person) -> Phone {
    let mut phone = Phone::new(person.clone());
    phone.pull().await;
    phone
}

/// A document without what is null.
fn full(document: &Value) -> Value {
    let members = document.as_object().unwrap().iter();
    Value::Object(
        members
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// The client holds what a native phone holds.
async fn same_as_native(clients: &mut RxdbClients, name: &str, person: &Person, collections: &[&str]) {
    let phone = native(person).await;
    for collection in collections {
        let rows = clients.rows(name, collection).await;
        let own = phone.rows_of(collection);
        assert_eq!(rows.len(), own.len(), "{collection}");
        for row in own {
            let mut row = row.clone();
            if *collection == "syncIssue" {
                // RxDB keeps the name for itself.
                row.as_object_mut().unwrap().remove("collection");
            }
            assert_eq!(full(&rows[row["id"].as_str().unwrap()]), row, "{collection}");
        }
    }
}

async fn second_device(app: &TestApp, author: &Login) -> Person {
    let device = another_device(&app.state, author, DeviceId(Uuid::now_v7()));
    let id = device.id;
    Put::new().row(device).now(&app.state).await;
    app.person_on(author, id)
}

async fn clocks(app: &TestApp) -> i64 {
    let all = entity::sync_clock::Entity::find()
        .all(app.state.store.read())
        .await
        .unwrap();
    all.iter().map(|clock| clock.seq).sum()
}

each_db! {
    async fn every_collection_arrives_whole_in_pages_smaller_than_it(db: TestDatabase) {
        let (app, world, mut clients) = app(&db).await;
        let delegate = app.person(&world.here.delegates[0]);
        open(&mut clients, "phone", &delegate, &ALL, 1_000).await;
        start(&mut clients, "phone").await;
        same_as_native(&mut clients, "phone", &delegate, &ALL).await;
        clients.ask("close", "phone", json!({})).await;
        let small: Vec<&str> = ALL.into_iter().filter(|name| *name != "unit").collect();
        for size in [1, 3] {
            let name = format!("phone{size}");
            open(&mut clients, &name, &delegate, &small, size).await;
            start(&mut clients, &name).await;
            same_as_native(&mut clients, &name, &delegate, &small).await;
            clients.ask("close", &name, json!({})).await;
        }
    }

    async fn what_was_written_offline_is_stored_once_and_a_lost_answer_changes_nothing(db: TestDatabase) {
        let (app, world, mut clients) = app(&db).await;
        let delegate = app.person(&world.here.delegates[0]);
        open(&mut clients, "phone", &delegate, &DAILY, 20).await;
        let documents: Vec<Value> = (0..130).map(|n| said(&world, &format!("Ý kiến {n}"))).collect();
        clients.ask("insert", "phone", json!({"collection": "feedback", "documents": documents})).await;
        let id = documents[7]["id"].as_str().unwrap();
        patch(&mut clients, "phone", id, json!({"content": "Ý kiến bảy"})).await;
        clients.ask("lose", "phone", json!({"answers": 3})).await;
        clients.ask("start", "phone", json!({})).await;
        clients.settle_after_faults("phone").await;
        same_as_native(&mut clients, "phone", &delegate, &DAILY).await;
        let phone = native(&delegate).await;
        assert_eq!(phone.rows_of("feedback").len(), 130);
        assert!(phone.rows_of("feedback").iter().all(|row| row["rev"] == "1"), "each once");
        assert_eq!(phone.row("feedback", id)["content"], "Ý kiến bảy");
        let before = clocks(&app).await;
        clients.settle("phone").await;
        clients.settle("phone").await;
        assert_eq!(clocks(&app).await, before, "nothing is sent back and forth");
        // Quick edits, one after the other, while answers are lost.
        for n in 0..5 {
            if n == 2 {
                clients.ask("lose", "phone", json!({"answers": 1})).await;
            }
            patch(&mut clients, "phone", id, json!({"content": format!("Sửa lần {n}")})).await;
            clients.settle_after_faults("phone").await;
        }
        assert_eq!(native(&delegate).await.row("feedback", id)["content"], "Sửa lần 4");
        assert_eq!(clients.rows("phone", "syncIssue").await.len(), 0);
        clients.ask("remove", "phone", json!({"collection": "feedback", "id": id})).await;
        clients.settle("phone").await;
        clients.settle("phone").await;
        assert_eq!(native(&delegate).await.row("feedback", id)["status"], "withdrawn");
        same_as_native(&mut clients, "phone", &delegate, &DAILY).await;
    }

    async fn two_phones_of_one_person_end_equal(db: TestDatabase) {
        let (app, world, mut clients) = app(&db).await;
        let author = &world.here.delegates[0];
        let delegate = app.person(author);
        open(&mut clients, "phone", &delegate, &DAILY, 5).await;
        open(&mut clients, "tablet", &second_device(&app, author).await, &DAILY, 5).await;
        start(&mut clients, "phone").await;
        start(&mut clients, "tablet").await;
        let documents: Vec<Value> = (0..12).map(|n| said(&world, &format!("Ý kiến {n}"))).collect();
        clients.ask("insert", "phone", json!({"collection": "feedback", "documents": documents})).await;
        clients.settle("phone").await;
        clients.settle("tablet").await;
        let id = |n: usize| documents[n]["id"].as_str().unwrap().to_owned();
        // Without signal both write: the same field, different fields, and one deletes what the other changes.
        for name in ["phone", "tablet"] {
            clients.ask("offline", name, json!({})).await;
        }
        patch(&mut clients, "phone", &id(0), json!({"content": "của điện thoại"})).await;
        patch(&mut clients, "tablet", &id(0), json!({"content": "của máy tính bảng"})).await;
        patch(&mut clients, "phone", &id(1), json!({"content": "nội dung"})).await;
        patch(&mut clients, "tablet", &id(1), json!({"wanted": "mong muốn"})).await;
        clients.ask("remove", "phone", json!({"collection": "feedback", "id": id(2)})).await;
        patch(&mut clients, "tablet", &id(2), json!({"wanted": "vẫn muốn"})).await;
        start(&mut clients, "phone").await;
        start(&mut clients, "tablet").await;
        for name in ["phone", "tablet", "phone"] {
            clients.settle(name).await;
        }
        let (one, two) = (clients.rows("phone", "feedback").await, clients.rows("tablet", "feedback").await);
        assert_eq!(one, two);
        assert_eq!(one[&id(0)]["content"], "của điện thoại");
        assert_eq!((&one[&id(1)]["content"], &one[&id(1)]["wanted"]), (&json!("nội dung"), &json!("mong muốn")));
        same_as_native(&mut clients, "tablet", &delegate, &DAILY).await;
    }

    async fn a_refused_row_goes_its_issue_comes_and_the_rest_is_stored(db: TestDatabase) {
        let (app, world, mut clients) = app(&db).await;
        let delegate = app.person(&world.here.delegates[0]);
        let collections = ["feedback", "syncIssue", "council"];
        open(&mut clients, "phone", &delegate, &collections, 10).await;
        let mut documents: Vec<Value> = (0..4).map(|n| said(&world, &format!("Ý kiến {n}"))).collect();
        documents[1]["kind"] = json!("không có loại này");
        documents[2]["content"] = json!("đ".repeat(30_000));
        clients.ask("insert", "phone", json!({"collection": "feedback", "documents": documents})).await;
        start(&mut clients, "phone").await;
        let council = clients.rows("phone", "council").await.keys().next().unwrap().clone();
        let given = json!({"collection": "council", "id": council, "members": {"name": "Của tôi"}});
        clients.ask("patch", "phone", given).await;
        clients.settle("phone").await;
        clients.settle("phone").await;
        assert_eq!(clients.rows("phone", "feedback").await.len(), 2);
        let issues = clients.rows("phone", "syncIssue").await;
        let mut codes: Vec<&str> = issues.values().map(|issue| issue["code"].as_str().unwrap()).collect();
        codes.sort_unstable();
        assert_eq!(codes, ["READ_ONLY", "TOO_LONG", "UNKNOWN_CODE"]);
        same_as_native(&mut clients, "phone", &delegate, &collections).await;
        let refused = issues.values().find(|issue| issue["code"] == "TOO_LONG").unwrap();
        let query = "query($id: ID!) { syncIssue(id: $id) { original } }";
        let read = delegate.data(query, json!({"id": refused["id"]})).await;
        assert!(read["syncIssue"]["original"].as_str().unwrap().contains("đđđ"), "what was written can be read back");
    }

    async fn a_lost_mandate_takes_its_rows_along_and_no_others(db: TestDatabase) {
        let (app, world, mut clients) = app(&db).await;
        let login = &world.here.delegates[1];
        let delegate = app.person(login);
        let collections = ["feedback", "meeting", "council", "note"];
        open(&mut clients, "phone", &delegate, &collections, 4).await;
        let note = json!({"id": new_id(), "text": "của riêng tôi"});
        clients.ask("insert", "phone", json!({"collection": "note", "documents": [note]})).await;
        clients.ask("insert", "phone", json!({"collection": "feedback", "documents": [said(&world, "của tôi")]})).await;
        let colleague = Phone::new(app.person(&world.here.delegates[0]));
        let mut of_colleague = said(&world, "của người khác");
        let other = of_colleague.as_object_mut().unwrap().remove("id").unwrap();
        let row = cutri_tests::phone::create("feedback", other.as_str().unwrap(), of_colleague);
        assert_eq!(colleague.push(&[row]).await[0]["status"], "APPLIED");
        start(&mut clients, "phone").await;
        assert_eq!(clients.rows("phone", "feedback").await.len(), 2);
        assert!(!clients.rows("phone", "meeting").await.is_empty());
        let mandates = entity::delegate::Entity::find().all(app.state.store.read()).await.unwrap();
        let own = mandates.iter().find(|row| row.account_id == Some(login.account)).unwrap();
        let end = json!({"delegateId": own.id, "on": app.state.clock.today(), "reason": "Chuyển công tác"});
        app.person(&world.administrator).done("endMandate", end, "").await;
        clients.settle("phone").await;
        let left = clients.rows("phone", "feedback").await;
        assert!(!left.contains_key(other.as_str().unwrap()), "what the council's delegates see is gone");
        assert_eq!(left.len(), 1, "his own words stay");
        assert_eq!(clients.rows("phone", "note").await.len(), 1);
        same_as_native(&mut clients, "phone", &delegate, &collections).await;
    }
}

/// Opens a client that replicates live.
async fn open_live(clients: &mut RxdbClients, name: &str, person: &Person, collections: &[&str]) {
    let given = json!({"token": person.token(), "collections": collections, "live": true, "retryTime": 300});
    clients.ask("open", name, given).await;
    start(clients, name).await;
}

/// Whether a client comes to have a document without asking for it.
async fn sees(clients: &mut RxdbClients, name: &str, id: &Value, members: Value) -> bool {
    let given = json!({"collection": "feedback", "id": id, "members": members, "seconds": 30});
    clients.ask("see", name, given).await == json!(true)
}

each_db! {
    async fn live_phones_hear_of_each_other_and_of_new_rights_without_asking(db: TestDatabase) {
        let times = Times { recheck: Duration::from_millis(500), ..Times::default() };
        let app = TestApp::start_with(&db, EdgeConfig { times, ..EdgeConfig::default() }).await;
        let world = World::create(&app.state).await;
        // RxDB has one socket for each address in a process, whosever it is: each phone is a process.
        let mut phone = RxdbClients::start(app.address(), &published().to_string());
        let mut clients = RxdbClients::start(app.address(), &published().to_string());
        let (one, two) = (&world.here.delegates[0], &world.here.delegates[1]);
        open_live(&mut phone, "one", &app.person(one), &ALL[4..]).await;
        open_live(&mut clients, "two", &expiring(&app, two, 15), &DAILY).await;
        clients.ask("token", "two", json!({"token": app.person(two).token()})).await;
        let first = said(&world, "Đường hỏng");
        phone.ask("insert", "one", json!({"collection": "feedback", "documents": [first]})).await;
        assert!(sees(&mut clients, "two", &first["id"], json!({"content": "Đường hỏng"})).await);
        patch(&mut phone, "one", first["id"].as_str().unwrap(), json!({"content": "Đường hỏng nặng"})).await;
        assert!(sees(&mut clients, "two", &first["id"], json!({"content": "Đường hỏng nặng"})).await);

        // His token ends, and the socket with it; the phone comes back with the next one.
        tokio::time::sleep(Duration::from_secs(15)).await;
        let second = said(&world, "Cầu gãy");
        phone.ask("insert", "one", json!({"collection": "feedback", "documents": [second]})).await;
        assert!(sees(&mut clients, "two", &second["id"], json!({"content": "Cầu gãy"})).await);

        // A place is won: its rows come, however old they are.
        let neighbour = Phone::new(app.person(&world.there.delegates[0]));
        let old = new_id();
        let words = json!({"kind": "petition", "unitId": world.there.unit, "content": "ở xã bên"});
        assert_eq!(neighbour.push(&[cutri_tests::phone::create("feedback", &old, words)]).await[0]["status"], "APPLIED");
        cutri_tests::world::mandate(&app.state, two, world.there.council, &[world.there.unit]).await;
        assert!(sees(&mut clients, "two", &json!(old), json!({"content": "ở xã bên"})).await);
        same_as_native(&mut clients, "two", &app.person(two), &DAILY).await;
    }
}

/// Somebody whose token is good for so many seconds more.
fn expiring(app: &TestApp, login: &Login, seconds: i64) -> Person {
    let holder = Holder {
        account: login.account.0,
        device: login.device.0,
        kind: TokenKind::Access,
    };
    let begun = app.state.clock.now() - token::LIFETIME + chrono::Duration::seconds(seconds);
    let minted = token::mint(
        &app.state.keys,
        &app.state.issuer,
        holder,
        begun,
        app.state.entropy.as_ref(),
    )
    .unwrap();
    app.bearer(Some(&minted.text))
}

/// The schemas come from the program, the server is a process, and it is killed while the phone uploads.
#[tokio::test]
async fn a_server_killed_in_mid_upload_has_each_row_once_in_the_end() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let private = Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().permissions(private).tempdir().unwrap();
    let keys = folder.path().join("keys");
    let state = state_on(db.url(), &keys).await;
    let world = World::create(&state).await;
    for file in std::fs::read_dir(db.folder()).unwrap() {
        std::fs::set_permissions(file.unwrap().path(), Permissions::from_mode(0o600)).unwrap();
    }
    let listen = free_address().to_string();
    let environment = [
        ("DATABASE_URL", db.url()),
        ("CUTRI_KEYS", keys.to_str().unwrap()),
        ("CUTRI_LISTEN", listen.as_str()),
    ];
    let server = ServerProcess::start(folder.path(), &["serve"], &environment).await;
    let address = server.address();

    let person = Person::new(
        &state,
        address,
        world.here.delegates[0].account,
        world.here.delegates[0].device,
    );
    let mut clients = RxdbClients::start(address, &printed(folder.path()));
    open(&mut clients, "phone", &person, &DAILY, 30).await;
    let documents: Vec<Value> = (0..300).map(|n| said(&world, &format!("Ý kiến {n}"))).collect();
    clients
        .ask(
            "insert",
            "phone",
            json!({"collection": "feedback", "documents": documents}),
        )
        .await;
    let killed = async {
        tokio::time::sleep(Duration::from_millis(120)).await;
        server.kill9().await;
        ServerProcess::start(folder.path(), &["serve"], &environment).await
    };
    let (_, server) = tokio::join!(clients.ask("start", "phone", json!({})), killed);
    clients.settle_after_faults("phone").await;
    let phone = native(&person).await;
    assert_eq!(phone.rows_of("feedback").len(), 300);
    assert!(
        phone.rows_of("feedback").iter().all(|row| row["rev"] == "1"),
        "each once"
    );
    same_as_native(&mut clients, "phone", &person, &DAILY).await;

    // A live stream comes back after the server did.
    let colleague = &world.here.delegates[1];
    let colleague = Person::new(&state, address, colleague.account, colleague.device);
    open_live(&mut clients, "live", &colleague, &["feedback"]).await;
    server.kill9().await;
    let _server = ServerProcess::start(folder.path(), &["serve"], &environment).await;
    let later = said(&world, "Sau khi máy chủ trở lại");
    clients
        .ask(
            "insert",
            "phone",
            json!({"collection": "feedback", "documents": [later]}),
        )
        .await;
    clients.settle_after_faults("phone").await;
    assert!(
        sees(
            &mut clients,
            "live",
            &later["id"],
            json!({"content": "Sau khi máy chủ trở lại"})
        )
        .await
    );
}

#[tokio::test]
async fn a_restored_server_gets_back_what_a_client_had_sent() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let keys = db.folder().join("keys");
    let state = state_on(db.url(), &keys).await;
    let world = World::create(&state).await;
    db.close_to_others();
    let listen = free_address().to_string();
    let environment = [
        ("DATABASE_URL", db.url()),
        ("CUTRI_KEYS", keys.to_str().unwrap()),
        ("CUTRI_LISTEN", listen.as_str()),
    ];
    let server = ServerProcess::start(db.folder(), &["serve"], &environment).await;
    let login = &world.here.delegates[0];
    let person = Person::new(&state, server.address(), login.account, login.device);
    // From here on only the server holds the database.
    state.store.clone().close().await.unwrap();
    let epoch = async || {
        let query = r#"{ syncPull(maxBytes: 1024, collections: ["note"]) { epoch } }"#;
        let told = person.data(query, json!({})).await;
        told["syncPull"]["epoch"].as_str().unwrap().to_owned()
    };
    let mut clients = RxdbClients::start(server.address(), &printed(db.folder()));
    // What the app writes; of what it only reads there is nothing to give back.
    let written = ["feedback", "note", "syncIssue"];
    open(&mut clients, "phone", &person, &written, 30).await;
    let write = |words: &str| json!({"collection": "feedback", "documents": [said(&world, words)]});
    clients.ask("insert", "phone", write("Trước bản sao")).await;
    let before = epoch().await;
    clients.ask("start", "phone", json!({"epoch": before})).await;
    let copy = db.backup().await;
    clients
        .ask("insert", "phone", write("Bản duy nhất trên đời"))
        .await;
    clients.ask("settle", "phone", json!({})).await;
    assert_eq!(native(&person).await.rows_of("feedback").len(), 2);

    server.kill9().await;
    db.put_back(&copy).await;
    db.close_to_others();
    let _server = ServerProcess::start(db.folder(), &["serve"], &environment).await;
    assert_eq!(
        native(&person).await.rows_of("feedback").len(),
        1,
        "the other died with the disk"
    );
    // The app starts again, and hears of another epoch.
    clients.ask("offline", "phone", json!({})).await;
    let after = epoch().await;
    assert_ne!(before, after);
    clients.ask("start", "phone", json!({"epoch": after})).await;
    assert_eq!(native(&person).await.rows_of("feedback").len(), 2);
    same_as_native(&mut clients, "phone", &person, &written).await;
}

/// What `cutri schema --rxdb` prints.
fn printed(folder: &Path) -> String {
    let output = std::process::Command::new(target::binary())
        .args(["schema", "--rxdb"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), published());
    text
}
