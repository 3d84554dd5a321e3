//! An unmodified tus-js-client in a Node process that keeps nothing but the file: killed, started again, with the
//! server killed in between.

use std::{net::SocketAddr, path::Path, process::Stdio};

use cutri_tests::{
    Kind, ServerProcess, TestApp, TestDatabase,
    app::{Person, state_on},
    clients::folder,
    server_process::free_address,
    world::World,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{Sender, sha256, stored, text};

/// A process with one upload. It ends with this value.
struct Client {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Client {
    fn start(address: SocketAddr, token: &str, file: &Path, options: Value) -> Self {
        let mut process = Command::new("node")
            .arg(folder("tus").join("driver.mjs"))
            .args([&address.to_string(), token])
            .arg(file)
            .arg(options.to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Node.js is not installed");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    async fn line(&mut self) -> Option<Value> {
        let patience = std::time::Duration::from_secs(120);
        let line = tokio::time::timeout(patience, self.lines.next_line()).await;
        let line = line.expect("the client says nothing").unwrap()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    /// Reads until so many bytes were accepted.
    async fn accepted(&mut self, bytes: u64) {
        while let Some(line) = self.line().await {
            assert!(line.get("failed").is_none(), "{line}");
            if line["accepted"]
                .as_u64()
                .is_some_and(|accepted| accepted >= bytes)
            {
                return;
            }
        }
        panic!("ended before {bytes} bytes were accepted");
    }

    /// Everything until the end.
    async fn end(mut self) -> Vec<Value> {
        let mut all = Vec::new();
        while let Some(line) = self.line().await {
            all.push(line);
        }
        self.process.wait().await.unwrap();
        all
    }

    async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}

/// A phone's photo of so many bytes; a text, so that it is kept as it is.
fn file(folder: &Path, length: usize) -> (std::path::PathBuf, Vec<u8>) {
    let bytes = text("ảnh từ điện thoại", length);
    let path = folder.join("photo");
    std::fs::write(&path, &bytes).unwrap();
    (path, bytes)
}

fn requests(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["request"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_was_killed_goes_on_where_it_was_and_sends_nothing_twice() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let app = TestApp::start(&db).await;
    let world = World::create(&app.state).await;
    let person = app.person(&world.here.delegates[0]);
    let (path, bytes) = file(db.folder(), 6_000_000);
    let token = person.token().unwrap();
    let mut first = Client::start(app.address(), token, &path, json!({}));
    first.accepted(1_500_000).await;
    first.kill().await;
    let sender = Sender::new(&app, &person);
    let hash = sha256(&bytes);
    let stands: u64 = sender.head(&hash).await.header("upload-offset").parse().unwrap();
    assert!((1_500_000..6_000_000).contains(&stands), "{stands}");

    // A new process that knows nothing of the old one.
    let lines = Client::start(app.address(), token, &path, json!({})).end().await;
    let last = lines.last().unwrap();
    assert_eq!(last["done"], true, "{last}");
    assert!(last["sent"].as_u64().unwrap() <= 6_000_000 - stands, "{last}");
    assert_eq!(requests(&lines)[0], "HEAD");
    assert!(!requests(&lines).contains(&"POST"), "{lines:?}");
    assert_eq!(sender.read(&hash, &[]).await.body, bytes);

    // Once more: not a byte of it.
    let lines = Client::start(app.address(), token, &path, json!({})).end().await;
    assert_eq!(requests(&lines), ["HEAD"]);
    assert_eq!(lines.last().unwrap()["sent"], 0);
    assert_eq!(stored(&app.files()).len(), 1);

    // The same for one that only creates, as the library's first example does.
    let plain = json!({"uploadUrl": null});
    let lines = Client::start(app.address(), token, &path, plain).end().await;
    assert_eq!(lines.last().unwrap()["done"], true, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.get("accepted").is_none()),
        "{lines:?}"
    );

    // And what is refused is an error that the app can show.
    std::fs::write(&path, b"GIF89a").unwrap();
    let lines = Client::start(app.address(), token, &path, json!({})).end().await;
    assert_eq!(lines.last().unwrap()["failed"], 415, "{lines:?}");
    let body = lines.last().unwrap()["body"].as_str().unwrap();
    assert!(body.contains("FILE_TYPE_REFUSED"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_of_an_upload_keeps_what_it_acknowledged() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let state = state_on(db.url(), &keys).await;
    let world = World::create(&state).await;
    let login = &world.here.delegates[0];
    let address = free_address();
    let person = Person::new(&state, address, login.account, login.device);
    state.store.clone().close().await.unwrap();
    db.close_to_others();
    let listen = address.to_string();
    let environment = [
        ("DATABASE_URL", db.url()),
        ("CUTRI_KEYS", keys.to_str().unwrap()),
        ("CUTRI_LISTEN", &listen),
    ];
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let (path, bytes) = file(db.folder(), 12_000_000);
    let hash = sha256(&bytes);
    let sender = Sender::at(address, person.token());

    let mut server = ServerProcess::start(&data, &["serve"], &environment).await;
    let retry = json!({"retryDelays": vec![200; 200]});
    let mut client = Client::start(address, person.token().unwrap(), &path, retry);
    for acknowledged in [2_000_000, 5_000_000, 8_000_000] {
        client.accepted(acknowledged).await;
        server.kill9().await;
        server = ServerProcess::start(&data, &["serve"], &environment).await;
        let stands: u64 = sender.head(&hash).await.header("upload-offset").parse().unwrap();
        assert!(stands >= acknowledged, "{stands} of {acknowledged} acknowledged");
    }
    let lines = client.end().await;
    assert_eq!(lines.last().unwrap()["done"], true, "{:?}", lines.last());
    let read = sender.read(&hash, &[]).await;
    assert_eq!((read.status, read.body == bytes), (200, true));
    assert!(
        !server.log().text().contains("anh-cua-cu-tri"),
        "names of files are nobody's"
    );
}
