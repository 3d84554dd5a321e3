//! What an operator does beside a server: accounts and tokens, lists, days off, an update.

use std::{fs, io::Write, path::Path, process::Output, time::Duration};

use cutri_tests::{
    Kind, ServerProcess, TestDatabase,
    app::{Person, founded},
    each_db, server_process,
};
use reqwest::{Client, StatusCode};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::{Value, json};

use super::{ask, cutri, installation, refused_with, said};
use crate::units::{UNKNOWN_PREDECESSORS, WITHOUT_SUCCESSOR};

/// Runs a command with a line on stdin.
fn cutri_with_input(folder: &Path, args: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut process = server_process::command(folder, args, &[])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(input.as_ref()).unwrap();
    process.wait_with_output().unwrap()
}

#[tokio::test]
async fn accounts_and_tokens_are_made_beside_a_running_server() {
    let db = installation().await;
    let folder = db.folder();
    let server = ServerProcess::start(folder, &["serve"], &[("CUTRI_LOG", "trace")]).await;
    let create = ["account", "create", "--username", "quantri"];
    // It makes administrators and nothing else: other roles, and where they hold, are given by one.
    for other in [["--role", "office"], ["--role", "king"], ["--unit", "zz"]] {
        let refused = cutri(folder, &[&create[..], &other[..]].concat(), &[]);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        let line = format!("cutri: không có tham số {}. Xem: cutri --help", other[0]);
        assert!(
            told.lines().next().unwrap_or_default().starts_with(&line),
            "{told}"
        );
    }
    refused_with(&cutri_with_input(folder, &create, ""), "mật khẩu");
    refused_with(&cutri_with_input(folder, &create, "ngan\n"), "WEAK_PASSWORD");
    refused_with(
        &cutri_with_input(folder, &create, b"mot mat khau \xff rat dai\n"),
        "mật khẩu [password]: nội dung không đọc được",
    );
    let made = cutri_with_input(folder, &create, "mot mat khau rat dai\n");
    assert!(made.status.success(), "{}", said(&made));
    assert!(!said(&made).contains("mat khau rat dai"));
    refused_with(
        &cutri_with_input(folder, &create, "mot mat khau rat dai\n"),
        "TAKEN",
    );

    let login = "mutation { login(input: {username: \"quantri\", password: \"mot mat khau rat dai\", \
                 deviceName: \"test\"}) { accessToken userErrors { code } } }";
    let (status, answer) = ask(&server, login).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let access = answer["data"]["login"]["accessToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let me = Client::new()
        .post(server.url("/graphql"))
        .bearer_auth(&access)
        .json(&json!({"query": "{ viewer { account { username grants { role councilId } } roles units { code } } }"}));
    let me: Value = me.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        me["data"]["viewer"],
        json!({"account": {"username": "quantri", "grants": [{"role": "administrator", "councilId": null}]},
            "roles": ["administrator"], "units": []})
    );

    let new = [
        "token", "create", "--scope", "read", "--unit", "01", "--level", "province",
    ];
    let nowhere = ["token", "create", "--scope", "read", "--unit", "zz"];
    let nowhere = cutri(folder, &nowhere, &[]);
    refused_with(
        &nowhere,
        "cutri: hôm nay không có đơn vị nào mã zz [no unit has this code today]\n",
    );
    assert!(nowhere.stdout.is_empty(), "{}", said(&nowhere));
    let made = cutri(folder, &new, &[]);
    assert!(made.status.success(), "{}", said(&made));
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    assert!(
        !token.contains(char::is_whitespace),
        "only the token goes to stdout: {token}"
    );
    let listed = said(&cutri(folder, &["token", "list"], &[]));
    assert!(listed.contains("Hà Nội") && !listed.contains(&token), "{listed}");
    let id = listed.split(' ').next().unwrap().to_owned();

    let with = async |bearer: &str| {
        let sent = Client::new()
            .post(server.url("/graphql"))
            .bearer_auth(bearer)
            .json(&json!({"query": "{ __typename }"}));
        sent.send().await.unwrap().status()
    };
    assert_eq!(with(&access).await, StatusCode::OK);
    assert_eq!(with(&token).await, StatusCode::OK);
    assert!(cutri(folder, &["token", "revoke", &id], &[]).status.success());
    assert_eq!(with(&token).await, StatusCode::UNAUTHORIZED);
    let log = server.log().clone();
    assert!(server.term().await.success());
    log.assert_free_of(&["mat khau rat dai", &access, &token]);
}

#[tokio::test]
async fn a_list_imported_beside_a_running_server_is_seen_by_it() {
    let db = installation().await;
    let folder = db.folder();
    let server = ServerProcess::start(folder, &["serve"], &[]).await;
    let list = folder.join("list.csv");
    let header = "code,name,level,kind,parent_code,valid_from,valid_to\n";
    fs::write(
        &list,
        format!("{header}98,Tỉnh Thử Nghiệm,province,province,,2026-01-01,\nbroken\n"),
    )
    .unwrap();
    let import = ["import", "units", list.to_str().unwrap()];
    let first = cutri(folder, &import, &[]);
    assert!(first.status.success(), "{}", said(&first));
    assert!(said(&first).contains("dòng 3"), "{}", said(&first));
    let second = cutri(folder, &import, &[]);
    assert!(said(&second).contains(", 0 mới hoặc đổi"), "{}", said(&second));
    fs::write(&list, "nothing,of,this\n").unwrap();
    refused_with(&cutri(folder, &import, &[]), "dòng 1");
    assert!(!said(&first).contains("dòng 0"), "{}", said(&first));
    assert!(said(&first).contains("28 đơn vị kết thúc"), "{}", said(&first));
    let absent = cutri(folder, &["import", "units", "no-such.csv"], &[]);
    refused_with(&absent, "không có tệp hoặc thư mục này [No such file");

    for attempt in 0.. {
        if server.log().text().contains("reference data read again") {
            break;
        }
        assert!(attempt < 50, "{}", server.log().text());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let examined = cutri(folder, &["doctor"], &[]);
    assert!(examined.status.success(), "{}", said(&examined));
    assert!(server.term().await.success());
}

/// Whoever imports the delivered lists reads which lines they leave open, each with its code.
#[tokio::test]
async fn an_import_names_what_its_lists_leave_open_by_line_and_code() {
    let db = installation().await;
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/reference");
    let (units, successions) = (
        lists.join("administrative_units.csv"),
        lists.join("unit_successions.csv"),
    );
    let import = [
        "import",
        "units",
        units.to_str().unwrap(),
        "--successions",
        successions.to_str().unwrap(),
    ];
    let done = cutri(db.folder(), &import, &[]);
    assert!(done.status.success(), "{}", said(&done));
    let told = String::from_utf8(done.stdout).unwrap();
    let mut open: Vec<&str> = told
        .lines()
        .filter(|line| line.starts_with("Bỏ ngỏ [open]"))
        .collect();
    assert_eq!(
        open.len(),
        UNKNOWN_PREDECESSORS.len() + WITHOUT_SUCCESSOR.len(),
        "{told}"
    );
    let named = UNKNOWN_PREDECESSORS.iter().map(|(line, from, to)| {
        format!("dòng {line}, cấp commune: {from} → {to}: không có đơn vị nào mã {from} ")
    });
    let ended = WITHOUT_SUCCESSOR
        .iter()
        .map(|(line, code)| format!("dòng {line}, cấp commune: đơn vị {code} kết thúc ngày "));
    for expected in named.chain(ended) {
        let before = open.len();
        open.retain(|line| !line.contains(&expected));
        assert_eq!(open.len(), before - 1, "{expected}\n{told}");
    }
}

each_db! {
    // The delivered table ends some day; the next year's days off need no new program.
    async fn a_day_off_laid_in_the_data_folder_moves_a_due_date(db: TestDatabase) {
        let (folder, keys) = (db.folder(), db.folder().join("keys"));
        let (state, world) = founded(db.url(), &keys).await;
        let environment = [("DATABASE_URL", db.url()), ("CUTRI_KEYS", keys.to_str().unwrap())];
        let due = async || {
            let server = ServerProcess::start(folder, &["serve"], &environment).await;
            let office = &world.here.office;
            let office = Person::new(&state, server.address(), office.account, office.device);
            let step = json!({"title": "Đi thực tế", "days": 1, "unit": "working", "side": "after"});
            let input = json!({"councilId": world.here.council, "kind": "other", "title": "Khảo sát đường",
                "anchorOn": "2027-03-01", "steps": [step]});
            let made = office.done("startProcedure", input, "procedure { steps { dueOn } }").await;
            assert!(server.term().await.success());
            made["procedure"]["steps"][0]["dueOn"].clone()
        };
        assert_eq!(due().await, "2027-03-02");
        let file = folder.join("holidays.csv");
        fs::write(&file, "date,kind,name,basis\n2027-03-02,holiday,Nghỉ lễ,Thông báo\n").unwrap();
        assert_eq!(due().await, "2027-03-03");

        fs::write(&file, "date,kind,name,basis\n2027-03-02,holiday,Nghỉ lễ,Thông báo\n2/3/2027,holiday,Nghỉ lễ,x\n").unwrap();
        for args in [&["serve"][..], &["doctor"]] {
            let refused = cutri(folder, args, &environment);
            refused_with(&refused, "HOLIDAYS_BROKEN");
            assert!(said(&refused).contains("dòng 3"), "{}", said(&refused));
        }
    }

    // An earlier version stored a voter's words of consent in the clear, his name in them.
    async fn words_of_consent_of_an_earlier_version_are_sealed_by_an_update(db: TestDatabase) {
        const WORDS: &str = "Tôi là Bà Tư, đồng ý";
        let (folder, environment) = (db.folder(), [("DATABASE_URL", db.url())]);
        assert!(cutri(folder, &["migrate"], &environment).status.success());
        let id = uuid::Uuid::now_v7();
        let key = match db.kind() {
            Kind::Sqlite => format!("X'{}'", id.simple()),
            Kind::Postgres => format!("'{id}'"),
        };
        let beside = db.connect().await;
        for statement in [
            "ALTER TABLE feedback_contact DROP COLUMN consent",
            "ALTER TABLE feedback_contact ADD COLUMN consent_text TEXT NOT NULL DEFAULT ''",
            format!(
                "INSERT INTO feedback_contact (feedback_id, consent_text, consent_at) \
                 VALUES ({key}, '{WORDS}', '2026-02-01 08:00:00+00:00')"
            )
            .as_str(),
            "DELETE FROM seaql_migrations WHERE version = 'm20261128_000031_consents'",
        ] {
            beside.execute_unprepared(statement).await.unwrap();
        }
        beside.close().await.unwrap();

        // Twice: what is sealed is not sealed again.
        for _ in 0..2 {
            let updated = cutri(folder, &["migrate"], &environment);
            assert!(updated.status.success(), "{}", said(&updated));
            let state = crate::installed::open(&db).await;
            let rows = entity::feedback_contact::Entity::find().all(state.store.read()).await.unwrap();
            let [row] = &rows[..] else { panic!("{rows:?}") };
            let sealed = row.consent.as_deref().unwrap();
            assert!(cutri::seal::is_sealed(sealed) && sealed.len() == WORDS.len() + cutri::seal::OVERHEAD);
            let plain = cutri::seal::open(&state.keys, cutri::feedback::consents::field(row.feedback_id), sealed);
            assert_eq!(plain.unwrap().as_slice(), WORDS.as_bytes());
        }
    }
}
