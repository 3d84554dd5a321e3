//! What a newcomer gets: the demo, its accounts, its page, its story.

use std::{fs, io::Write, os::unix::fs::PermissionsExt, path::Path, process::Stdio};

use cutri_tests::{ServerProcess, TestDatabase, each_db, server_process};
use reqwest::Client;
use serde_json::{Value, json};

const ROLES: [&str; 12] = [
    "administrator",
    "office",
    "standing_committee",
    "committee",
    "delegate",
    "group_head",
    "front_officer",
    "assembly_office",
    "agency",
    "aggregator",
    "auditor",
    "data_protection_officer",
];

fn accounts(data: &Path) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(data.join("demo.json")).unwrap()).unwrap()
}

fn text<'a>(account: &'a Value, field: &str) -> &'a str {
    account[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field} of {account}"))
}

async fn ask(server: &ServerProcess, query: &str) -> Value {
    let sent = Client::new()
        .post(server.url("/graphql"))
        .json(&json!({ "query": query }))
        .send();
    sent.await.unwrap().json().await.unwrap()
}

async fn page(server: &ServerProcess) -> String {
    reqwest::get(server.url("/")).await.unwrap().text().await.unwrap()
}

async fn sign_in(server: &ServerProcess, account: &Value) -> String {
    let input = json!({"username": text(account, "username"), "password": text(account, "password"),
        "deviceName": "thử"});
    let query = "mutation($input: LoginInput!) { login(input: $input) { accessToken userErrors { code } } }";
    let body = json!({"query": query, "variables": {"input": input}});
    let sent = Client::new().post(server.url("/graphql")).json(&body).send();
    let answer: Value = sent.await.unwrap().json().await.unwrap();
    let token = answer["data"]["login"]["accessToken"].as_str();
    token.unwrap_or_else(|| panic!("{account}: {answer}")).to_owned()
}

/// Letters that no text without Vietnamese has.
fn is_vietnamese(line: &str) -> bool {
    line.to_lowercase()
        .chars()
        .any(|c| "ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹáàãéèíìóòõúùýĩũ".contains(c))
}

#[tokio::test]
async fn a_newcomer_sees_the_whole_chain() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(folder.path(), &["serve", "--demo"], &[]).await;
    let made = accounts(folder.path());
    let mode = fs::metadata(folder.path().join("demo.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    for role in ROLES {
        assert!(
            made.iter().any(|account| account["role"] == role),
            "nobody is {role}"
        );
    }
    for account in &made {
        assert!(
            !text(account, "unit").is_empty() && text(account, "unitId").len() == 36,
            "{account}"
        );
        sign_in(&server, account).await;
    }
    let mut communes: Vec<_> = made
        .iter()
        .filter(|account| account["role"] == "delegate")
        .collect();
    communes.sort_by_key(|account| text(account, "unitId"));
    communes.dedup_by_key(|account| text(account, "unitId"));
    assert!(communes.len() >= 2);

    let front = page(&server).await;
    for sentence in [
        "cutri ghi lại điều cử tri nói",
        "từng phiếu đến máy chủ đúng một lần",
        "Câu trả lời về tận điện thoại",
    ] {
        assert!(front.contains(sentence), "{front}");
    }
    assert!(!front.contains("<script") && !front.contains("javascript:"));
    assert!(
        !front.contains("src=") && !front.contains("<link"),
        "nothing from elsewhere"
    );
    assert!(front.contains("<svg") && front.contains("60 kiến nghị đã công khai"));
    assert!(front.contains("Thông tin lại cho cử tri") && front.contains("văn bản số"));
    assert!(
        made.iter()
            .all(|account| front.contains(text(account, "password")))
    );
    let published = ask(&server, "{ petitions(first: 1) { totalCount } }").await;
    assert_eq!(published["data"]["petitions"]["totalCount"], 60, "{published}");

    it_stands_on_real_input(&server, &made).await;
    every_example_is_valid(&server).await;
    the_story_is_told(folder.path(), &server);

    assert!(server.term().await.success());
    let server = ServerProcess::start(folder.path(), &["serve", "--demo"], &[]).await;
    assert_eq!(accounts(folder.path()), made, "a second start makes nothing");
    sign_in(&server, &made[0]).await;
    assert!(server.term().await.success());

    // Without --demo the same database shows nobody's password.
    let server = ServerProcess::start(folder.path(), &["serve"], &[]).await;
    let front = page(&server).await;
    assert!(
        made.iter()
            .all(|account| !front.contains(text(account, "password")))
    );
    assert!(server.term().await.success());
}

/// The documents that the owner began from, and what came after them.
async fn it_stands_on_real_input(server: &ServerProcess, made: &[Value]) {
    let nodes = async |list: &str| {
        let told = ask(server, &format!("{{ {list} }}")).await;
        let told = told["data"]
            .as_object()
            .unwrap_or_else(|| panic!("{told:#}"))
            .clone();
        told.values().next().unwrap()["nodes"].as_array().unwrap().clone()
    };

    // Councils of the places in the reports, and of what their units became; terms before and after.
    let councils = nodes("councils(first: 100) { nodes { name term } }").await;
    for (name, term) in [
        ("HĐND huyện Tân Hưng", "2021-2026"),
        ("HĐND xã Tân Hưng", "2026-2031"),
        ("HĐND tỉnh Long An", "2021-2026"),
        ("HĐND tỉnh Tây Ninh", "2026-2031"),
        ("HĐND tỉnh Nghệ An", "2021-2026"),
        ("HĐND huyện Gia Lộc", "2016-2021"),
        ("HĐND huyện Thạch Thất", "2021-2026"),
        ("HĐND tỉnh Thái Nguyên", "2021-2026"),
    ] {
        let is_there = |council: &Value| council["name"] == name && council["term"] == term;
        assert!(
            councils.iter().any(is_there),
            "{name} {term} is none of {councils:#?}"
        );
    }

    // Numbers in every spelling: each is kept as it was written, and found to be what it means.
    let resolutions = nodes("resolutions(first: 100) { nodes { number rawNumber } }").await;
    for (raw, number) in [
        ("18/2025/NQ-HĐND", "18/2025/NQ-HĐND"),
        ("05/2025/NQ-HĐND", "05/2025/NQ-HĐND"),
        ("616/NQ-HĐND", "616/NQ-HĐND"),
        ("12/NQ-HĐND", "12/NQ-HĐND"),
        ("13 / NQ - HĐND", "13/NQ-HĐND"),
        ("14/NQ-HDND", "14/NQ-HĐND"),
        ("15/NQ-NĐND", "15/NQ-NĐND"), // as it was printed
        ("16/NQ–HĐND", "16/NQ-HĐND"),
        ("17/nq-hđnd", "17/NQ-HĐND"),
        ("42/NQ-HD\u{323}ND", "42/NQ-HĐND"),
    ] {
        let found = resolutions
            .iter()
            .find(|resolution| resolution["rawNumber"] == raw);
        assert_eq!(
            found.unwrap_or_else(|| panic!("no {raw}"))["number"],
            number,
            "{raw}"
        );
    }
    let sessions = "meetings(first: 100, filter: {family: \"session\"}) {
        nodes { startsAt council { name } } }";
    let sessions = nodes(sessions).await;
    let contacts = "meetings(first: 100, filter: {family: \"contact\"}) {
        nodes { title startsAt councilIds round { startsOn endsOn } } }";
    let contacts = nodes(contacts).await;
    // Days compare as they are written; each contact lies within its round.
    for contact in contacts.iter().filter(|contact| contact["round"].is_object()) {
        let (day, round) = (&contact["startsAt"].as_str().unwrap()[..10], &contact["round"]);
        let within = round["startsOn"].as_str().unwrap() <= day && day <= round["endsOn"].as_str().unwrap();
        assert!(within, "{contact:#}");
    }
    // A council's papers are for its own people.
    let papers = "{ meetings(first: 100, filter: {family: \"session\"}) { nodes { documents { number } } } }";
    let mut numbers = Vec::new();
    for account in made.iter().filter(|account| account["role"] == "office") {
        let token = sign_in(server, account).await;
        let asked = Client::new()
            .post(server.url("/graphql"))
            .bearer_auth(token)
            .json(&json!({"query": papers}));
        let told: Value = asked.send().await.unwrap().json().await.unwrap();
        for session in told["data"]["meetings"]["nodes"].as_array().unwrap() {
            let documents = session["documents"].as_array().unwrap().iter();
            numbers.extend(documents.map(|document| text(document, "number").to_owned()));
        }
    }
    for number in [
        "279/TTr-HĐND",
        "71/BC-HĐND",
        "85/BC-HĐND",
        "783/BC-UBND",
        "06/KH-HĐND",
        "43/CTr-HĐND",
        "83/TB-UBND",
        "423/QĐ-UBND",
        "62/2017/QĐ-UBND",
        "2825/UBND-GT",
        "02/ĐĐBQH-VP",
        "06/QC-TT.HĐND-UBND",
        "10/BC-BPC",
        "08/TTr-TTHĐ",
    ] {
        assert!(
            numbers.iter().any(|known| known == number),
            "{number} is none of {numbers:?}"
        );
    }

    // Bodies with an account and without; meetings past and to come, also of several councils; the sessions that a
    // report counts without saying when they were.
    let agencies = nodes("agencies(first: 100) { nodes { hasAccount } }").await;
    for has_account in [true, false] {
        assert!(agencies.iter().any(|agency| agency["hasAccount"] == has_account));
    }
    let now = chrono::Utc::now();
    for meetings in [&sessions, &contacts] {
        for is_past in [true, false] {
            let is_so = |meeting: &Value| {
                let at = meeting["startsAt"].as_str();
                at.is_some_and(|at| (chrono::DateTime::parse_from_rfc3339(at).unwrap() < now) == is_past)
            };
            assert!(meetings.iter().any(is_so), "past {is_past}: {meetings:#?}");
        }
    }
    let joint = |meeting: &Value| meeting["councilIds"].as_array().unwrap().len() > 1;
    assert!(contacts.iter().any(joint));
    let undated = sessions.iter().filter(|session| session["startsAt"].is_null());
    assert_eq!(
        undated
            .filter(|session| session["council"]["name"] == "HĐND huyện Thạch Thất")
            .count(),
        5
    );

    let delegates = nodes("delegates(first: 100) { nodes { name constituency { code } } }").await;
    let of_several = |delegate: &Value| delegate["constituency"].as_array().unwrap().len() > 1;
    assert!(delegates.iter().any(of_several), "{delegates:#?}");
    let names: Vec<&Value> = delegates.iter().map(|delegate| &delegate["name"]).collect();
    let twice = names
        .iter()
        .filter(|name| names.iter().filter(|other| other == name).count() > 1)
        .count();
    assert!(twice > 0, "nobody has a mandate in two councils: {names:?}");
}

/// An example may need other ids or somebody signed in; it must not be misspelt.
async fn every_example_is_valid(server: &ServerProcess) {
    let asked = Client::new()
        .get(server.url("/graphql"))
        .header("accept", "text/html")
        .send();
    let page = asked.await.unwrap().text().await.unwrap();
    assert!(page.contains("### Đăng nhập"), "the examples are in the page");
    let (mut count, mut misspelt) = (0, Vec::new());
    for example in cutri::demo::EXAMPLES
        .split("### ")
        .filter(|example| !example.trim().is_empty())
    {
        let (title, query) = example.split_once('\n').unwrap();
        assert!(is_vietnamese(title), "{title}");
        let answer = ask(server, query).await;
        for error in answer["errors"].as_array().into_iter().flatten() {
            if error["extensions"]["code"] != "UNAUTHENTICATED" {
                misspelt.push(format!("{title}: {error}"));
            }
        }
        count += 1;
    }
    assert!(misspelt.is_empty(), "{misspelt:#?}");
    assert!(count >= 6);
}

fn the_story_is_told(data: &Path, server: &ServerProcess) {
    let listen = server.address().to_string();
    let told = server_process::command(data, &["demo", "story"], &[("CUTRI_LISTEN", &listen)])
        .output()
        .unwrap();
    let lines = String::from_utf8(told.stdout).unwrap();
    let log = server.log().text();
    assert!(
        told.status.success(),
        "{lines}{}\n{log}",
        String::from_utf8_lossy(&told.stderr)
    );
    let lines: Vec<&str> = lines.lines().collect();
    assert!(lines.len() >= 15, "{lines:?}");
    for line in &lines {
        assert!(is_vietnamese(line), "{line}");
    }
    assert!(
        lines.iter().any(|line| line.contains("Khép lại kiến nghị")),
        "{lines:?}"
    );
}

each_db! {
    async fn the_chain_is_played_on_both_databases(db: TestDatabase) {
        let keys = db.folder().join("keys");
        let environment = [("DATABASE_URL", db.url()), ("CUTRI_KEYS", keys.to_str().unwrap())];
        let server = ServerProcess::start(db.folder(), &["serve", "--demo"], &environment).await;
        the_story_is_told(db.folder(), &server);
        the_story_is_told(db.folder(), &server);
        let published = ask(&server, "{ petitions(first: 1, filter: { isOverdue: true }) { totalCount } }").await;
        let overdue = published["data"]["petitions"]["totalCount"].as_i64().unwrap();
        assert!((1..60).contains(&overdue), "{published}");
        assert!(server.term().await.success());
    }
}

#[tokio::test]
async fn every_demo_has_passwords_of_its_own() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = tokio::join!(
        ServerProcess::start(one.path(), &["serve", "--demo"], &[]),
        ServerProcess::start(other.path(), &["serve", "--demo"], &[])
    );
    let (first, second) = (accounts(one.path()), accounts(other.path()));
    assert_eq!(first.len(), second.len());
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(first["username"], second["username"]);
        assert_ne!(first["password"], second["password"]);
    }
    assert!(a.term().await.success() && b.term().await.success());
}

#[tokio::test]
async fn a_database_in_use_is_no_demo() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["account", "create", "--username", "nguoi.that"];
    let mut made = server_process::command(folder.path(), &args, &[]);
    let mut made = made
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    made.stdin
        .take()
        .unwrap()
        .write_all("một mật khẩu rất dài của tôi\n".as_bytes())
        .unwrap();
    assert!(made.wait().unwrap().success());
    let listen = server_process::free_address().to_string();
    let refused = server_process::command(folder.path(), &["serve", "--demo"], &[("CUTRI_LISTEN", &listen)]);
    let refused = { refused }.output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("NOT_A_DEMO"));
    assert!(!folder.path().join("demo.json").exists());
}

/// Found by running the program as its README says: the demo planned meetings on days that were still to come, and the
/// doctor took the machine's clock for slow.
#[tokio::test]
async fn the_doctor_finds_a_fresh_demo_healthy() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let server = ServerProcess::start(folder.path(), &["serve", "--demo"], &[]).await;
    assert!(server.term().await.success());
    let examined = server_process::command(folder.path(), &["doctor"], &[])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&examined.stdout).into_owned();
    assert!(examined.status.success(), "{said}");
}
