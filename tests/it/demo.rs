//! What a newcomer gets: the demo, its accounts, its page, its story.

use std::{
    collections::BTreeSet, fs, io::Write, iter, os::unix::fs::PermissionsExt, path::Path, process::Stdio,
    sync::Arc, time::Duration,
};

use chrono::{DateTime, NaiveDate, Utc};
use cutri::clock::{ManualClock, local_date};
use cutri_tests::{Kind, ServerProcess, TestDatabase, app::state_at, database, each_db, server_process};
use entity::{
    answer, delegate, document, event, forwarding, id::CouncilId, meeting, meeting_council, meeting_delegate,
    petition, resolution, round,
};
use reqwest::Client;
use sea_orm::{DatabaseConnection, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::serve::the_five_lines;

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
    the_five_lines(&server, folder.path().join("demo.json").to_str().unwrap());
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
    every_step_says_who_when_and_by_which_document(&front);
    assert!(
        made.iter()
            .all(|account| front.contains(text(account, "password")))
    );
    let published = ask(&server, "{ petitions(first: 1) { totalCount } }").await;
    assert_eq!(published["data"]["petitions"]["totalCount"], 60, "{published}");

    it_stands_on_real_input(&server, &made).await;
    every_example_is_valid(&server).await;
    the_story_is_told(folder.path(), &server).await;

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

/// One petition's story on the page, from what the voters said to its end.
#[track_caller]
fn every_step_says_who_when_and_by_which_document(front: &str) {
    fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
        let rest = text.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
        rest.unwrap_or_else(|| panic!("no {begin}…{end} in {text}")).0
    }
    let story = between(front, "<ol class=\"steps\">", "</ol>");
    let (mut days, mut people, mut documents) = (Vec::new(), BTreeSet::new(), 0);
    for step in story.split("<li>").skip(1) {
        let day = between(step, "<time>", "</time>");
        assert_eq!(day.len(), "31/12/2026".len(), "{step}");
        days.push(
            NaiveDate::parse_from_str(day, "%d/%m/%Y").unwrap_or_else(|error| panic!("{step}: {error}")),
        );
        assert!(is_vietnamese(between(step, "<strong>", "</strong>")), "{step}");
        let told = between(step, "<span>", "</span>");
        let (who, document) = told.split_once(", văn bản số ").unwrap_or((told, ""));
        assert!(who.contains(' '), "nobody did it: {step}");
        people.insert(who);
        if !document.is_empty() {
            // Its number, "24/HĐND-VP".
            let number = between(document, "<b>", "</b>");
            assert!(
                number.starts_with(|first: char| first.is_ascii_digit()) && number.contains('/'),
                "{step}"
            );
            documents += 1;
        }
    }
    assert!(days.len() >= 6 && days.is_sorted(), "{days:?}");
    assert!(
        people.len() >= 3,
        "the council, the body, who told the voters: {people:?}"
    );
    assert!(documents >= 2, "the letter and its answer: {story}");
    assert!(
        story.rfind("Thông tin lại cho cử tri") > story.rfind("văn bản số"),
        "{story}"
    );
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

    // What the reports tell of, on its day, in the history of the council that it was about. Those who keep a council read
    // it.
    let keeper = made.iter().find(|account| account["role"] == "administrator");
    let told = "{ councils(first: 100) { nodes { name term history(first: 10) { event at basis } } } }";
    let asked = Client::new()
        .post(server.url("/graphql"))
        .bearer_auth(sign_in(server, keeper.unwrap()).await)
        .json(&json!({"query": told}));
    let told: Value = asked.send().await.unwrap().json().await.unwrap();
    let keeping = told["data"]["councils"]["nodes"].as_array();
    let keeping = keeping.unwrap_or_else(|| panic!("{told:#}"));
    for (name, term, what, day, words) in REPORTED {
        let tells = |step: &Value| {
            step["event"] == what
                && text(step, "at").starts_with(day)
                && step["basis"].as_str().is_some_and(|basis| basis.contains(words))
        };
        let is_there = keeping.iter().any(|council| {
            council["name"] == name
                && council["term"] == term
                && council["history"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|step| tells(step))
                    .count()
                    == 1
        });
        assert!(is_there, "{name} {term} {what} {day}: {keeping:#?}");
    }
    let reported = keeping
        .iter()
        .flat_map(|council| council["history"].as_array().unwrap());
    let reported = reported.filter(|step| text(step, "event").ends_with("_reported"));
    assert_eq!(
        reported.count(),
        REPORTED.len(),
        "each with the council of its day alone"
    );

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

/// What five public reports tell: of which council and term, what, when, in which words.
const REPORTED: [(&str, &str, &str, &str, &str); 6] = [
    (
        "HĐND huyện Tân Hưng",
        "2021-2026",
        "conference_reported",
        "2024-05-02",
        "Hội nghị trao đổi kinh nghiệm",
    ),
    (
        "HĐND tỉnh Nghệ An",
        "2021-2026",
        "conference_reported",
        "2024-08-02",
        "lần thứ năm",
    ),
    (
        "HĐND huyện Gia Lộc",
        "2016-2021",
        "questioning_reported",
        "2018-09-14",
        "xây dựng nông thôn mới",
    ),
    (
        "HĐND huyện Gia Lộc",
        "2016-2021",
        "conference_reported",
        "2018-10-04",
        "tiếp xúc cử tri của đại biểu HĐND hai cấp",
    ),
    (
        "HĐND huyện Thạch Thất",
        "2021-2026",
        "year_reported",
        "2023-01-11",
        "Hội nghị giao ban",
    ),
    (
        "HĐND tỉnh Thái Nguyên",
        "2021-2026",
        "term_reported",
        "2023-03-10",
        "Hội nghị giao ban",
    ),
];

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

/// The longest that the story may take; it takes a few seconds.
const STORY: Duration = Duration::from_secs(60);

async fn the_story_is_told(data: &Path, server: &ServerProcess) {
    let listen = server.address().to_string();
    let tells = server_process::command(data, &["demo", "story"], &[("CUTRI_LISTEN", &listen)]);
    let mut tells = tokio::process::Command::from(tells);
    let told = tokio::time::timeout(STORY, tells.kill_on_drop(true).output()).await;
    let told = told
        .unwrap_or_else(|_| panic!("not at its end after {STORY:?}:\n{}", server.log().text()))
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
        the_story_is_told(db.folder(), &server).await;
        the_story_is_told(db.folder(), &server).await;
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

each_db! {
    /// The demo was made, and the token read it.
    async fn a_database_for_which_somebody_has_a_token_is_no_demo(db: TestDatabase) {
        let keys = db.folder().join("keys");
        let listen = server_process::free_address().to_string();
        let environment = [
            ("DATABASE_URL", db.url()),
            ("CUTRI_KEYS", keys.to_str().unwrap()),
            ("CUTRI_LISTEN", listen.as_str()),
        ];
        let new = ["token", "create", "--scope", "read", "--unit", "01", "--level", "province"];
        let made = server_process::command(db.folder(), &new, &environment).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let refused = server_process::command(db.folder(), &["serve", "--demo"], &environment).output().unwrap();
        assert_eq!(refused.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("NOT_A_DEMO"));
        assert!(!db.folder().join("demo.json").exists());
    }

    async fn a_server_that_nobody_used_becomes_a_demo(db: TestDatabase) {
        let keys = db.folder().join("keys");
        let environment = [("DATABASE_URL", db.url()), ("CUTRI_KEYS", keys.to_str().unwrap())];
        let server = ServerProcess::start(db.folder(), &["serve"], &environment).await;
        assert!(server.term().await.success());
        let server = ServerProcess::start(db.folder(), &["serve", "--demo"], &environment).await;
        assert!(server.term().await.success());
        assert!(db.folder().join("demo.json").exists());
    }
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

#[test]
fn a_demo_can_be_made_on_new_years_day() {
    database::run(Kind::Sqlite, |db| made_on(db, "2027-01-01T01:00:00Z"));
}

#[test]
fn a_demo_can_be_made_at_tet() {
    database::run(Kind::Sqlite, |db| made_on(db, "2027-02-08T01:00:00Z"));
}

#[test]
fn a_demo_can_be_made_on_the_day_that_most_years_have_not() {
    database::run(Kind::Sqlite, |db| made_on(db, "2028-02-29T01:00:00Z"));
}

/// The demo as it is made at this moment: whole, its days counted from this one, and nothing dated that has not been.
async fn made_on(db: TestDatabase, now: &str) {
    let clock = Arc::new(ManualClock::at(now.parse().unwrap()));
    let state = state_at(db.url(), &db.folder().join("keys"), clock).await;
    assert!(Box::pin(cutri::demo::prepare(&state, db.folder())).await.unwrap());
    let made = accounts(db.folder());
    assert!(
        ROLES
            .iter()
            .all(|role| made.iter().any(|account| account["role"] == *role)),
        "{made:#?}"
    );
    let (today, now) = (state.clock.today(), state.clock.now());
    let conn = state.store.read();
    assert_eq!(petition::Entity::find().count(conn).await.unwrap(), 60);

    let rounds = round::Entity::find().all(conn).await.unwrap();
    let meetings = meeting::Entity::find().all(conn).await.unwrap();
    let mut in_rounds = 0;
    for meeting in &meetings {
        let (Some(at), title) = (meeting.starts_at, &meeting.title) else {
            continue;
        };
        assert!(
            !meeting.status.is_over() || at <= now,
            "held before it was: {title}"
        );
        if meeting.round_id.is_none() {
            continue;
        }
        let round = rounds.iter().find(|round| Some(round.id) == meeting.round_id);
        let round = round.unwrap_or_else(|| panic!("in a round that there is not: {title}"));
        let day = Some(local_date(at));
        assert!(
            round.council_id == meeting.council_id && round.starts_on <= day && day <= round.ends_on,
            "{title} on {day:?} is not within {round:?}"
        );
        in_rounds += 1;
    }
    assert!(in_rounds >= 6, "{in_rounds}");
    let days: BTreeSet<NaiveDate> = meetings
        .iter()
        .filter_map(|meeting| meeting.starts_at.map(local_date))
        .collect();
    assert!(
        days.contains(&today.pred_opt().unwrap()) && days.last() > Some(&today),
        "{days:?}"
    );

    everybody_has_an_invitation_to_answer(conn, &meetings, now).await;
    let mut dated: Vec<(String, Option<NaiveDate>)> = Vec::new();
    dated.extend(meetings.into_iter().map(|row| (row.title, row.plan_date)));
    dated.extend(rounds.into_iter().map(|row| (row.title, row.plan_date)));
    let rows = document::Entity::find().all(conn).await.unwrap();
    dated.extend(rows.into_iter().map(|row| (row.number, Some(row.date))));
    let rows = forwarding::Entity::find().all(conn).await.unwrap();
    dated.extend(
        rows.into_iter()
            .map(|row| (row.document_number, Some(row.document_date))),
    );
    let rows = answer::Entity::find().all(conn).await.unwrap();
    dated.extend(
        rows.into_iter()
            .map(|row| (row.document_number, Some(row.document_date))),
    );
    let rows = resolution::Entity::find().all(conn).await.unwrap();
    dated.extend(rows.into_iter().map(|row| (row.raw_number, row.issued_on)));
    let ahead: Vec<_> = dated
        .iter()
        .filter(|(_, day)| day.is_some_and(|day| day > today))
        .collect();
    assert!(ahead.is_empty(), "signed after {today}: {ahead:?}");

    nothing_is_older_than_its_council(&state).await;

    let events = event::Entity::find().all(conn).await.unwrap();
    let ahead: Vec<_> = events.iter().filter(|event| event.at > now).collect();
    assert!(ahead.is_empty(), "happened after {now}: {ahead:?}");
    the_figures_are_those_of_the_reports(&events);
}

/// Whoever signs in as a delegate of a council with a contact that is still to come, alone or with others, finds its
/// invitation on his phone.
async fn everybody_has_an_invitation_to_answer(
    conn: &DatabaseConnection,
    meetings: &[meeting::Model],
    now: DateTime<Utc>,
) {
    let together = meeting_council::Entity::find().all(conn).await.unwrap();
    let links = meeting_delegate::Entity::find().all(conn).await.unwrap();
    let delegates = delegate::Entity::find().all(conn).await.unwrap();
    let (mut of_several, mut accounts) = (0, BTreeSet::new());
    for meeting in meetings {
        let is_coming = meeting.starts_at.is_some_and(|at| at > now)
            && matches!(
                meeting.status,
                meeting::Status::Approved | meeting::Status::Notified
            );
        if meeting.family != meeting::Family::Contact || !is_coming {
            continue;
        }
        let others = together.iter().filter(|link| link.meeting_id == meeting.id);
        let councils: BTreeSet<CouncilId> = iter::once(meeting.council_id)
            .chain(others.map(|link| link.council_id))
            .collect();
        of_several += usize::from(councils.len() > 1);
        for delegate in delegates.iter().filter(|one| councils.contains(&one.council_id)) {
            let is_open = |link: &&meeting_delegate::Model| {
                link.meeting_id == meeting.id
                    && link.delegate_id == delegate.id
                    && link.invited
                    && link.attending.is_none()
            };
            let invitation = links.iter().find(is_open);
            assert!(invitation.is_some(), "{}: not {}", meeting.title, delegate.name);
            accounts.extend(delegate.account_id);
        }
    }
    assert!(of_several > 0, "no contact of several councils is to come");
    // Of Tân Hưng three, of Vĩnh Thạnh one, and those of two provinces.
    assert_eq!(accounts.len(), 6, "{accounts:?}");
}

/// The figures that public reports give of a council's year or term, as the history of that council keeps them.
#[track_caller]
fn the_figures_are_those_of_the_reports(events: &[event::Model]) {
    let told = |what: &str| -> Vec<Value> {
        let events = events
            .iter()
            .filter(|event| event.kind == "council" && event.event == what);
        events
            .map(|event| serde_json::from_str(event.detail.as_deref().unwrap()).unwrap())
            .collect()
    };
    // Thạch Thất in 2022: 2 regular sessions of the district and 3 thematic ones; 46 and 7 of its communes.
    let year = json!({"year": 2022, "sessions": 5, "thematicSessions": 3, "communeRegularSessions": 46,
        "communeThematicSessions": 7, "supervisions": 13, "surveys": 3, "supervisedBodies": 39, "communeSupervisions": 177});
    assert_eq!(told("year_reported"), [year]);
    // Thái Nguyên since the term began, province and districts: 49 of 95 sessions were thematic.
    let term = json!({"resolutions": 1027, "sessions": 95, "thematicSessions": 49, "supervisionsAndSurveys": 231,
        "contributions": 19});
    assert_eq!(told("term_reported"), [term]);
    // Gia Lộc's conference heard six contributions; of the others no report says how many.
    let conferences = told("conference_reported");
    let contributions: Vec<&Value> = conferences
        .iter()
        .filter_map(|detail| detail.get("contributions"))
        .collect();
    assert_eq!((conferences.len(), contributions), (3, vec![&json!(6)]));
}

/// A resolution is of a council that was in office when it was issued; what else is dated, of one that was, or follows one.
async fn nothing_is_older_than_its_council(state: &cutri::state::State) {
    let (conn, reference) = (state.store.read(), state.reference());
    let was_in_office = |id: entity::id::CouncilId, day: NaiveDate| {
        let council = reference.council(id).unwrap();
        council.valid_from <= day && council.valid_to.is_none_or(|end| day < end)
    };
    let resolutions = resolution::Entity::find().all(conn).await.unwrap();
    let terms: BTreeSet<&str> = resolutions
        .iter()
        .map(|row| reference.council(row.council_id).unwrap().term.as_str())
        .collect();
    assert_eq!(terms, BTreeSet::from(["2021-2026", "2026-2031"]));
    for row in &resolutions {
        let issued = row.issued_on.unwrap();
        assert!(
            was_in_office(row.council_id, issued),
            "{} of {issued}",
            row.raw_number
        );
    }
    let mut dated: Vec<(entity::id::CouncilId, NaiveDate)> = Vec::new();
    for row in meeting::Entity::find().all(conn).await.unwrap() {
        let days = [row.starts_at.map(local_date), row.plan_date];
        dated.extend(days.into_iter().flatten().map(|day| (row.council_id, day)));
    }
    let rows = forwarding::Entity::find().all(conn).await.unwrap();
    dated.extend(rows.into_iter().map(|row| (row.council_id, row.document_date)));
    let rows = answer::Entity::find().all(conn).await.unwrap();
    dated.extend(rows.into_iter().map(|row| (row.council_id, row.document_date)));
    for (id, day) in dated {
        let mut followed = reference.with_predecessors(id).into_iter();
        assert!(
            followed.any(|council| was_in_office(council, day)),
            "{day} of {:?}",
            reference.council(id)
        );
    }
}
