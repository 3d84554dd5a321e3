//! The pages for authors of apps speak the truth: every example is valid, and is executed as it stands there.

use std::{
    collections::HashMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cutri::sync::rxdb::json_schema::published;
use cutri_tests::{
    Kind, TestApp, TestDatabase,
    app::Person,
    clients::folder,
    phone::{Phone, create, new_id},
    socket::Socket,
    world::World,
};
use serde_json::{Value, json};

use crate::files::{Sender, sha256, text};

const PAGES: [&str; 4] = ["sync.md", "sync.vi.md", "clients.md", "clients.vi.md"];
/// "And more of the same."
const MORE: &str = "…";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// A fenced block: what it is, and where it begins.
struct Block {
    kind: String,
    text: String,
    line: usize,
}

fn blocks(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(docs().join(page)).unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(kind) if !open => {
                open = true;
                blocks.push(Block {
                    kind: kind.to_owned(),
                    text: String::new(),
                    line: at + 1,
                });
            }
            Some(_) => open = false,
            None if open => {
                let block = &mut blocks.last_mut().unwrap().text;
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    assert!(!open, "{page}: a fence is left open");
    blocks
}

#[test]
fn every_example_is_valid() {
    let schema = fs::read_to_string(docs().join("../schema.graphql")).unwrap();
    let mut documents = Vec::new();
    for page in PAGES {
        for block in blocks(page) {
            let place = format!("docs/{page}:{}", block.line);
            match block.kind.split(' ').next().unwrap() {
                "graphql" => documents.push(json!({"where": place, "text": block.text})),
                "json" => {
                    serde_json::from_str::<Value>(&block.text)
                        .unwrap_or_else(|error| panic!("{place}: {error}"));
                }
                "js" | "sh" | "socket" | "events" | "kotlin" | "swift" | "dart" | "ts" | "yaml" => {}
                other => panic!("{place}: what is {other:?}?"),
            }
        }
    }
    assert!(documents.len() >= 12, "{}", documents.len());
    let mut node = Command::new("node")
        .arg(folder("graphql").join("validate.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let given = json!({"schema": schema, "documents": documents}).to_string();
    node.stdin.take().unwrap().write_all(given.as_bytes()).unwrap();
    let said = node.wait_with_output().unwrap().stdout;
    assert_eq!(serde_json::from_slice::<Value>(&said).unwrap(), json!([]));
}

/// What stands for what in the examples.
struct Story {
    app: TestApp,
    named: HashMap<String, String>,
}

impl Story {
    async fn begin(db: &TestDatabase) -> Self {
        let app = TestApp::start(db).await;
        let world = World::create(&app.state).await;
        let login = &world.here.delegates[0];
        let password = json!({"accountId": login.account, "password": "một câu dễ nhớ"});
        app.person(&world.administrator)
            .done("resetPassword", password, "")
            .await;
        let earlier = Phone::new(app.person(login));
        let said = json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": "Cầu gãy"});
        let done = earlier.push(&[create("feedback", &new_id(), said)]).await;
        assert_eq!(done[0]["status"], "APPLIED");
        let named = [
            ("username", login.username.clone()),
            ("unit", world.here.unit.to_string()),
        ];
        Self {
            app,
            named: named.map(|(name, text)| (name.to_owned(), text)).into(),
        }
    }

    /// With everything in angle brackets named; what nobody has named is an id of the app's own.
    fn filled(&mut self, text: &str) -> String {
        let mut parts = text.split('<');
        let mut filled = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('>').unwrap_or_else(|| panic!("<{part}"));
            filled += self.named.entry(name.to_owned()).or_insert_with(new_id);
            filled += rest;
        }
        filled
    }

    fn person(&self) -> Person {
        self.app.bearer(self.named.get("accessToken").map(String::as_str))
    }

    /// Remembers what the server gave.
    async fn learn(&mut self, data: &Value) {
        let mut keep = |name: &str, value: &Value| {
            if let Some(text) = value.as_str() {
                self.named.insert(name.to_owned(), text.to_owned());
            }
        };
        for session in [&data["login"], &data["refresh"]] {
            keep("accessToken", &session["accessToken"]);
            keep("refreshToken", &session["refreshToken"]);
        }
        for page in [&data["syncPull"], &data["syncPush"]["pull"]] {
            keep("cursor", &page["cursor"]);
            let partitions = page["partitions"].as_array().into_iter().flatten();
            for own in partitions.filter(|name| name.as_str().unwrap().starts_with("account:")) {
                keep("partition", own);
            }
            for change in page["changes"].as_array().into_iter().flatten() {
                if change["c"] == "syncIssue" && change["d"]["code"] == "UNKNOWN_CODE" {
                    keep("issue", &change["id"]);
                }
            }
        }
        if data["syncPull"]["more"] == true {
            // As the page says: while there is more, ask again.
            let mut phone = Phone::new(self.person());
            phone.pull().await;
            self.named.insert("cursor".to_owned(), phone.cursor.unwrap());
        }
    }

    /// What the server answers, once it is found to be like what the page says.
    async fn asked(&mut self, query: &str, variables: Option<&str>, answer: &str, place: &str) -> Value {
        let variables = self.filled(variables.unwrap_or("{}"));
        let variables: Value = serde_json::from_str(&variables).unwrap();
        let got = self.person().ask(query, variables).await.body;
        let wanted: Value = serde_json::from_str(answer).unwrap();
        if let Err(difference) = alike(&wanted, &got) {
            panic!("{place}: {difference}\n{got:#}");
        }
        got
    }

    async fn operation(&mut self, query: &str, variables: Option<&str>, answer: &str, place: &str) {
        let got = self.asked(query, variables, answer, place).await;
        self.learn(&got["data"]).await;
    }

    async fn socket(&mut self, text: &str, place: &str) {
        let mut socket = Socket::new(self.app.address()).await;
        // Answers of different operations may overtake each other.
        let mut heard: Vec<Value> = Vec::new();
        for line in text.lines() {
            let line = self.filled(line);
            if let Some(said) = line.strip_prefix("→ ") {
                socket.say(serde_json::from_str(said).unwrap()).await;
                continue;
            }
            let wanted: Value = serde_json::from_str(line.strip_prefix("← ").unwrap()).unwrap();
            let mut found = heard.iter().position(|one| alike(&wanted, one).is_ok());
            while found.is_none() {
                assert!(heard.len() < 5, "{place}: {line}\n{heard:#?}");
                heard.push(socket.hear().await);
                found = heard.iter().position(|one| alike(&wanted, one).is_ok());
            }
            heard.remove(found.unwrap());
        }
        assert!(heard.is_empty(), "{place}: {heard:#?}");
    }

    async fn events(&mut self, text: &str, place: &str) {
        let text = self.filled(text);
        let mut lines = text.lines();
        let body = lines.next().unwrap().strip_prefix("→ ").unwrap().to_owned();
        let request = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = request
            .post(format!("http://{}/graphql", self.app.address()))
            .bearer_auth(&self.named["accessToken"])
            .header("content-type", "application/json")
            .header("accept", "text/event-stream")
            .body(body)
            .send()
            .await
            .unwrap();
        let answer = answer.text().await.unwrap();
        let got: Vec<&str> = answer.trim_end().lines().map(str::trim_end).collect();
        let wanted: Vec<&str> = lines.map(|line| line.strip_prefix('←').unwrap().trim()).collect();
        assert_eq!(got, wanted, "{place}");
    }
}

/// Whether an answer is like the one on the page: the same members, the same kinds of values, the same codes.
fn alike(page: &Value, got: &Value) -> Result<(), String> {
    let differs = || Err(format!("the page says {page}, the server {got}"));
    match (page, got) {
        (Value::Null, _) | (Value::Bool(_), Value::Bool(_)) | (Value::Number(_), Value::Number(_)) => Ok(()),
        (Value::String(page), Value::String(got)) => {
            let is_code =
                page.len() > 3 && page.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            if is_code && page != got { differs() } else { Ok(()) }
        }
        (Value::Object(page), Value::Object(got)) => {
            let and_more = page.contains_key(MORE);
            for (name, value) in page.iter().filter(|(name, _)| *name != MORE) {
                let got = got
                    .get(name)
                    .ok_or_else(|| format!("the server does not say {name:?}"))?;
                alike(value, got).map_err(|why| format!("{name}: {why}"))?;
            }
            match got.keys().find(|name| !page.contains_key(*name)) {
                Some(name) if !and_more => Err(format!("the page does not tell of {name:?}")),
                _ => Ok(()),
            }
        }
        (Value::Array(page), Value::Array(got)) => {
            if page.iter().all(Value::is_number) {
                return Ok(());
            }
            let told: Vec<&Value> = page.iter().filter(|value| *value != MORE).collect();
            if told.len() == page.len() && got.len() != page.len() {
                return Err(format!(
                    "the page tells of {}, the server of {}: {got:?}",
                    page.len(),
                    got.len()
                ));
            }
            for value in told {
                if !got.iter().any(|got| alike(value, got).is_ok()) {
                    let nearest = got
                        .iter()
                        .find_map(|got| alike(value, got).err())
                        .unwrap_or_default();
                    return Err(format!("nothing is like {value}: {nearest}"));
                }
            }
            Ok(())
        }
        _ => differs(),
    }
}

/// From signing in to being woken, in the order of the page.
#[tokio::test]
async fn the_protocol_is_as_its_page_says() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let mut story = Story::begin(&db).await;
    let mut executed = 0;
    for page in ["sync.md", "clients.md"] {
        let (mut query, mut variables) = (String::new(), None);
        for block in blocks(page) {
            let place = format!("docs/{page}:{}", block.line);
            match block.kind.as_str() {
                "graphql" => (query, variables) = (block.text, None),
                "json variables" => variables = Some(block.text),
                "json answer" => {
                    story
                        .operation(&query, variables.as_deref(), &block.text, &place)
                        .await;
                    executed += 1;
                }
                "socket" => story.socket(&block.text, &place).await,
                "events" => story.events(&block.text, &place).await,
                _ => {}
            }
        }
    }
    assert!(executed >= 12, "{executed}");
}

/// Signs in and reads as the page says, on a phone that is then given up.
async fn lose_the_phone(story: &mut Story, operations: &HashMap<String, (String, String)>) {
    let anything = json!({MORE: MORE}).to_string();
    let mut device = Value::Null;
    for name in ["SignIn", "Pull"] {
        let (query, variables) = &operations[name];
        let got = story
            .asked(query, Some(variables.as_str()), &anything, name)
            .await;
        story.learn(&got["data"]).await;
        if name == "SignIn" {
            device = got["data"]["login"]["device"]["id"].clone();
        }
    }
    let given_up = json!({"deviceId": device, "stolen": false});
    story.person().done("revokeDevice", given_up, "").await;
    // It is worth nothing any more, and is not sent along.
    story.named.remove("accessToken");
}

/// What a phone that was given up is told: the operations are those of the whole page, the answers have their names.
#[tokio::test]
async fn a_lost_phone_is_told_what_the_page_says() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let mut story = Story::begin(&db).await;
    let mut operations: HashMap<String, (String, String)> = HashMap::new();
    let mut last = String::new();
    let mut given = None;
    let mut told = Vec::new();
    for block in blocks("sync.md") {
        let place = format!("docs/sync.md:{}", block.line);
        match block.kind.as_str() {
            "graphql" => {
                let name = block.text.split_whitespace().nth(1).unwrap();
                last = name.split('(').next().unwrap().to_owned();
                operations.insert(last.clone(), (block.text.clone(), "{}".to_owned()));
            }
            "json variables" => operations.get_mut(&last).unwrap().1 = block.text,
            "json lost variables" => given = Some(block.text),
            kind => {
                let Some(name) = kind.strip_prefix("json lost ") else {
                    continue;
                };
                if told.is_empty() {
                    lose_the_phone(&mut story, &operations).await;
                }
                let (query, usual) = &operations[name];
                let variables = given.take().unwrap_or_else(|| usual.clone());
                let got = story
                    .asked(query, Some(variables.as_str()), &block.text, &place)
                    .await;
                match name {
                    "Renew" => story.learn(&got["data"]).await,
                    "Pull" => {
                        let page = &got["data"]["syncPull"];
                        assert_eq!(page["wipe"], true);
                        let changes = page["changes"].as_array().unwrap();
                        assert!(changes.iter().all(|change| change["op"] == "gone"), "{page}");
                    }
                    _ => {}
                }
                told.push(name.to_owned());
            }
        }
    }
    assert_eq!(told, ["Renew", "Push", "Pull"]);
}

/// The JavaScript of a page that speaks of this.
fn javascript(page: &str, about: &str) -> String {
    let mut found = blocks(page)
        .into_iter()
        .filter(|block| block.kind == "js" && block.text.contains(about));
    let block = found
        .next()
        .unwrap_or_else(|| panic!("docs/{page} has no program with {about}"));
    assert!(found.next().is_none(), "docs/{page}: which program with {about}?");
    block.text
}

/// Runs a program among the packages of this client; what it wrote.
async fn ran(client: &str, program: &str) -> Vec<u8> {
    let mut node = tokio::process::Command::new("node")
        .args(["--no-warnings", "--input-type=module"])
        .current_dir(folder(client))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = node.stdin.take().unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut input, program.as_bytes())
        .await
        .unwrap();
    drop(input);
    let ran = tokio::time::timeout(std::time::Duration::from_secs(120), node.wait_with_output()).await;
    let ran = ran.expect("it ends").unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    ran.stdout
}

/// The program of the page seals a bundle that this server opens, with its author's rows in it.
#[tokio::test]
async fn a_bundle_sealed_as_the_page_says_is_opened() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let app = TestApp::start(&db).await;
    let world = World::create(&app.state).await;
    let login = &world.here.delegates[0];
    let mut phone = Phone::new(app.person(login));
    let query = "{ viewer { account { id } device { id bundleKey } } }";
    let viewer = phone.person.data(query, json!({})).await["viewer"].clone();
    let id = new_id();
    let said = json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": "Cầu gỗ mục nát"});
    let given = json!({"account": viewer["account"]["id"], "device": viewer["device"]["id"],
        "bundleKey": viewer["device"]["bundleKey"], "rows": [create("feedback", &id, said)]});
    let page = javascript("sync.md", "cutri-bundle/1");
    let program = format!(
        "const {{ account, device, bundleKey, rows }} = {given};\n{page}\n\
         process.stdout.write(Buffer.from(await file.arrayBuffer()));"
    );
    let file = ran("tus", &program).await;
    let octets = [("content-type", "application/octet-stream")];
    let (status, _, answer) = app.stranger().send_file("/goi", &octets, file).await;
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let counts = ["received", "known", "refused"].map(|name| answer["files"][0][name].as_u64());
    assert_eq!(counts, [Some(1), Some(0), Some(0)], "{answer}");
    phone.collections = Some(vec!["feedback".to_owned()]);
    phone.pull().await;
    assert_eq!(phone.row("feedback", &id)["content"], "Cầu gỗ mục nát");
}

/// The program of the page sends a file with an unmodified tus-js-client.
#[tokio::test]
async fn a_file_sent_as_the_page_says_arrives() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let app = TestApp::start(&db).await;
    let world = World::create(&app.state).await;
    let person = app.person(&world.here.delegates[0]);
    // More than one of the page's chunks.
    let bytes = text("Cống ấp 3 sập", 600_000);
    let photo = tempfile::NamedTempFile::new().unwrap();
    fs::write(photo.path(), &bytes).unwrap();
    let page = javascript("sync.md", "new tus.Upload");
    assert_eq!(page.matches("https://…").count(), 2);
    let page = page.replace("https://…", &format!("http://{}", app.address()));
    let program = format!(
        "import * as tus from 'tus-js-client';
        import {{ readFileSync }} from 'node:fs';
        const [accessToken, sha256] = {};
        const file = readFileSync({});
        const upload = {page};
        await new Promise((onSuccess, onError) => {{
            Object.assign(upload.options, {{ onSuccess, onError }});
            upload.start();
        }});
        process.exit(0);",
        json!([person.token(), sha256(&bytes)]),
        json!(photo.path()),
    );
    ran("tus", &program).await;
    let told = Sender::new(&app, &person).read(&sha256(&bytes), &[]).await;
    assert_eq!((told.status, told.body == bytes), (200, true));
}

fn one_block(page: &str, kind: &str) -> String {
    let mut found = blocks(page).into_iter().filter(|block| block.kind == kind);
    let block = found
        .next()
        .unwrap_or_else(|| panic!("docs/{page} has no {kind}"));
    assert!(found.next().is_none(), "docs/{page}: which {kind}?");
    block.text
}

/// The text of the page, with the address, token and schema of this test, is a program that works.
#[tokio::test]
async fn rxdb_in_30_lines_replicates() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let app = TestApp::start(&db).await;
    let world = World::create(&app.state).await;
    let person = app.person(&world.here.delegates[0]);
    let schemas = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(schemas.path(), published().to_string()).unwrap();
    let page = one_block("clients.md", "js");
    let lines = page.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 30, "{lines} lines");
    let mut program = page.clone();
    for (told, here) in [
        ("https://cutri.example.vn", format!("http://{}", app.address())),
        ("<accessToken>", person.token().unwrap().to_owned()),
        ("./rxdb.json", schemas.path().to_str().unwrap().to_owned()),
    ] {
        assert_eq!(program.matches(told).count(), 1, "{told}");
        program = program.replace(told, &here);
    }
    program += "
        for (;;) {
            const [row] = await db.feedback.find().exec();
            if (row?.rev) { console.log(JSON.stringify(row.toJSON())); break; }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        process.exit(0);";
    let row: Value = serde_json::from_slice(&ran("rxdb", &program).await).unwrap();
    assert_eq!(row["status"], "accepted", "{row}");
    let mut phone = Phone::new(person);
    phone.pull().await;
    assert_eq!(
        phone.row("feedback", row["id"].as_str().unwrap())["content"],
        "Đường liên ấp hỏng"
    );
}

/// The configuration of the page, over the schema and the operations of the page, gives types that compile.
#[test]
fn types_come_out_of_the_schema() {
    let scratch = tempfile::tempdir().unwrap();
    let operations: Vec<String> = blocks("sync.md")
        .into_iter()
        .filter(|block| block.kind == "graphql")
        .map(|block| block.text)
        .collect();
    fs::write(scratch.path().join("app.graphql"), operations.join("\n")).unwrap();
    fs::copy(
        docs().join("../schema.graphql"),
        scratch.path().join("schema.graphql"),
    )
    .unwrap();
    fs::write(
        scratch.path().join("codegen.yml"),
        one_block("clients.md", "yaml"),
    )
    .unwrap();
    let modules = folder("codegen").join("node_modules");
    // Its plugins are looked for beside the configuration, as in an app's own folder.
    std::os::unix::fs::symlink(&modules, scratch.path().join("node_modules")).unwrap();
    let programs = modules.join(".bin");
    let run = |program: &str, args: &[&str]| {
        let ran = Command::new(programs.join(program))
            .args(args)
            .current_dir(scratch.path())
            .output()
            .unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
        assert!(ran.status.success(), "{program}: {said}");
    };
    run("graphql-codegen", &["--config", "codegen.yml"]);
    let types = fs::read_to_string(scratch.path().join("cutri.ts")).unwrap();
    for name in ["PullQuery", "PushMutation", "OriginalQuery", "RegisterPushInput"] {
        assert!(types.contains(name), "{name}");
    }
    fs::write(
        scratch.path().join("use.ts"),
        "import type { PullQuery } from './cutri';\n\
         export const ids = (page: PullQuery): string[] => page.syncPull.changes.map((change) => change.id);\n",
    )
    .unwrap();
    run(
        "tsc",
        &[
            "--noEmit",
            "--strict",
            "--skipLibCheck",
            "--target",
            "es2022",
            "--moduleResolution",
            "bundler",
            "--module",
            "esnext",
            "use.ts",
        ],
    );
}
