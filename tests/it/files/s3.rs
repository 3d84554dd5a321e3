//! The same on S3: a true server against moto's.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use cutri_tests::{
    Kind, ServerProcess, TestDatabase,
    app::{Person, state_on},
    clients::folder,
    server_process::{command, free_address},
    world::World,
};
use tokio::process::{Child, Command};

use super::{Sender, sha256, text};

/// moto's S3 on a loopback port, with an empty bucket `tep`. It ends with this value.
struct S3 {
    _process: Child,
    url: String,
    client: reqwest::Client,
}

impl S3 {
    async fn start() -> Self {
        let site = folder("moto").join("site");
        let address = free_address();
        let process = Command::new("python3")
            .args([
                "-m",
                "moto.server",
                "-H",
                "127.0.0.1",
                "-p",
                &address.port().to_string(),
            ])
            .env("PYTHONPATH", site)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("Python is not installed");
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{address}");
        let begun = Instant::now();
        while client.put(format!("{url}/tep")).send().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(120), "moto does not start");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Self {
            _process: process,
            url,
            client,
        }
    }

    /// The names in the bucket.
    async fn names(&self) -> Vec<String> {
        let listed = self.client.get(format!("{}/tep", self.url)).send().await.unwrap();
        let listed = listed.text().await.unwrap();
        let names = listed.split("<Key>").skip(1);
        names
            .map(|rest| rest.split("</Key>").next().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_lie_in_a_bucket_and_an_upload_goes_on_at_another_server() {
    let s3 = S3::start().await;
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
        ("CUTRI_FILES", "s3://tep/xa/27721"),
        ("CUTRI_FILE_LIMIT", "8"),
        ("AWS_ENDPOINT_URL", &s3.url),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "khoa"),
        ("AWS_SECRET_ACCESS_KEY", "bi-mat-cua-s3"),
        ("AWS_REGION", "ap-southeast-1"),
    ];
    // Two servers of one installation, one after the other, neither with anything on its disk.
    let [one, two] = ["one", "two"].map(|name| {
        let data = folder.path().join(name);
        std::fs::create_dir(&data).unwrap();
        data
    });
    let sender = Sender::at(address, person.token());
    let bytes = text("trong kho S3", 5_000_000);
    let hash = sha256(&bytes);

    let server = ServerProcess::start(&one, &["serve"], &environment).await;
    assert_eq!(sender.create(&bytes).await.status, 201);
    assert_eq!(sender.patch(&hash, 0, &bytes[..2_500_000], &[]).await.status, 204);
    assert!(
        s3.names()
            .await
            .iter()
            .all(|name| name.starts_with("xa/27721/parts/"))
    );
    let too_large = sender.create_as(&hash, &(9 << 20).to_string()).await;
    assert_eq!(
        too_large.refusal(),
        (413, "FILE_TOO_LARGE".to_owned(), Some(8 << 20))
    );
    let log = server.log().text();
    server.kill9().await;
    assert!(!log.contains("bi-mat-cua-s3") && log.contains("files=s3://tep/xa/27721"));

    let _server = ServerProcess::start(&two, &["serve"], &environment).await;
    assert_eq!(sender.head(&hash).await.header("upload-offset"), "2500000");
    assert_eq!(
        sender
            .patch(&hash, 2_500_000, &bytes[2_500_000..], &[])
            .await
            .status,
        204
    );
    let names = s3.names().await;
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].starts_with("xa/27721/files/"), "{names:?}");
    let part = sender.read(&hash, &[("range", "bytes=1000000-1000099")]).await;
    assert_eq!(
        (part.status, part.body.as_slice()),
        (206, &bytes[1_000_000..1_000_100])
    );
    assert_eq!(sender.read(&hash, &[]).await.body, bytes);

    // The doctor sees it; and that a bucket which is not there is none.
    let examined = |files: &str| {
        let mut environment = environment.to_vec();
        environment.push(("CUTRI_FILES", files));
        let output = command(&two, &["doctor"], &environment).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let report = examined("s3://tep/xa/27721");
    assert!(report.contains("ok    Kho tệp"), "{report}");
    assert!(examined("s3://khong-co").contains("fail  Kho tệp"));
    assert_eq!(sender.delete(&hash).await.status, 204);
    assert!(s3.names().await.is_empty());
    assert!(!two.join("files").exists() && !one.join("files").exists());
}
