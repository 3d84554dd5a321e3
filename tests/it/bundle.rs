//! Rows that reach the server as a file: exactly once, whoever carries it, by their author, and unread.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD, prelude::BASE64_STANDARD};
use cutri::bundle::{self, Header};
use cutri_tests::{
    ServerProcess, TestApp, TestDatabase,
    app::Person,
    browser::Browser,
    each_db, in_a_browser,
    phone::{Phone, create, new_id},
    seeds,
    server_process::command,
    world::{Login, Put, World, another_device},
};
use entity::{feedback, id::DeviceId, sync_receipt};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use reqwest::{Client, StatusCode};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

fn said(world: &World, content: &str) -> Value {
    json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": content})
}

/// The key as the device itself is told it.
async fn key(person: &Person) -> [u8; 32] {
    let data = person
        .data("{ viewer { device { id bundleKey } } }", json!({}))
        .await;
    let text = data["viewer"]["device"]["bundleKey"].as_str().unwrap().to_owned();
    URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
}

fn sealed(key: &[u8; 32], login: &Login, rows: &[Value]) -> Vec<u8> {
    let header = Header::new(
        login.account.0,
        login.device.0,
        Uuid::now_v7(),
        "2016-11-27T08:00:00+07:00".to_owned(),
    );
    let plain = json!({"rows": rows}).to_string();
    let nonce = Uuid::new_v4().as_bytes()[..12].try_into().unwrap();
    bundle::seal(key, &header, plain.as_bytes(), nonce).unwrap()
}

/// Carried by somebody without an account: status and answer.
async fn hand_in(address: std::net::SocketAddr, file: Vec<u8>) -> (StatusCode, Value) {
    let client = Client::builder().no_proxy().build().unwrap();
    let sent = client
        .post(format!("http://{address}/goi"))
        .header("content-type", "application/octet-stream")
        .body(file);
    let answer = sent.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn counts(address: std::net::SocketAddr, file: Vec<u8>) -> [u64; 3] {
    let (status, answer) = hand_in(address, file).await;
    assert_eq!(status, 200, "{answer}");
    let file = &answer["files"][0];
    assert_eq!(file["code"], Value::Null, "{answer}");
    ["received", "known", "refused"].map(|name| file[name].as_u64().unwrap())
}

#[track_caller]
fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap()
}

in_a_browser! {
    // On a telephone three bare numbers stood below the name of the file: what they count was hidden, from eyes and ears alike.
    async fn what_became_of_a_file_is_told_in_words_on_a_telephone(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let key = key(&app.person(author)).await;
        let file = db.folder().join("mot.cutri");
        std::fs::write(&file, sealed(&key, author, &[create("feedback", &new_id(), said(&world, "Cầu gỗ"))])).unwrap();
        let mut browser = Browser::start();
        let mut tab = browser.tab("one");
        tab.open(&format!("http://{}/goi", app.address())).await;
        tab.attach("Chọn tệp gói", &file).await;
        tab.press("Nộp").await;
        tab.sees("Đã nộp xong.").await;
        let script = "[...document.querySelectorAll('td')]
            .filter((cell) => !['none', 'normal'].includes(getComputedStyle(cell, '::before').content))
            .map((cell) => `${cell.dataset.head}: ${cell.textContent}`)";
        let told = ["Tệp: mot.cutri", "Mới nhận: 1", "Đã có từ trước: 0", "Bị từ chối: 0", "Ghi chú: Đã nộp xong."];
        assert_eq!(tab.evaluate(script).await, json!(told));
    }
}

each_db! {
    async fn a_carried_bundle_is_applied_once_and_its_author_kept(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let person = app.person(author);
        let key = key(&person).await;
        let (first, second) = (new_id(), new_id());
        let rows = [
            create("feedback", &first, said(&world, "Cầu gỗ ấp 3 mục nát")),
            create("feedback", &second, said(&world, "Đường liên ấp hỏng")),
            create("feedback", &new_id(), json!({"kind": "petition", "unitId": world.there.unit, "content": "Không phải nơi mình"})),
        ];
        let file = sealed(&key, author, &rows);
        for secret in ["Cầu gỗ", "mục nát", "feedback", &first, world.here.unit.0.to_string().as_str()] {
            let part = secret.as_bytes();
            assert!(!file.windows(part.len()).any(|here| here == part), "{secret} can be read in the file");
        }
        assert_eq!(counts(app.address(), file.clone()).await, [2, 0, 1]);
        // Once more, by somebody else; and then the phone sends the same by itself.
        assert_eq!(counts(app.address(), file.clone()).await, [0, 2, 1]);
        let mut phone = Phone::without_units(person);
        let results = phone.push(&rows).await;
        let statuses: Vec<&str> = results.iter().map(|result| result["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["DUPLICATE", "DUPLICATE", "REJECTED"]);
        assert_eq!(counts(app.address(), file).await, [0, 2, 1]);
        phone.pull().await;
        assert_eq!(phone.rows_of("feedback").len(), 2);
        for id in [&first, &second] {
            assert_eq!(phone.row("feedback", id)["authorId"], author.account.to_string());
        }
        // What was refused is told to its author, once, and to nobody else.
        assert_eq!(phone.rows_of("syncIssue").len(), 1);
        let mut other = Phone::without_units(app.person(&world.here.delegates[1]));
        other.pull().await;
        assert_eq!(other.rows_of("feedback").len(), 2);
        assert!(other.rows_of("syncIssue").is_empty());
        assert_eq!(sync_receipt::Entity::find().count(app.state.store.read()).await.unwrap(), 3);
    }

    async fn in_whatever_order_bundles_and_pushes_come_the_same_stands_at_the_end(db: TestDatabase) {
        let seed = seeds::seed();
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let phone = Phone::new(app.person(author));
        let key = key(&phone.person).await;
        let mut rows = Vec::new();
        let ids: Vec<String> = (0..12).map(|_| new_id()).collect();
        for (n, id) in ids.iter().enumerate() {
            let at = |minute: usize| format!("2026-11-20T08:{minute:02}:00+07:00");
            let mut row = create("feedback", id, said(&world, &format!("phiếu {n}")));
            row["recordedAt"] = json!(at(0));
            rows.push(row);
            // A correction without a base, as an app makes it that was offline all the time.
            let content = format!("phiếu {n}, sửa");
            let mut corrected = create("feedback", id, json!({"content": content}));
            corrected["recordedAt"] = json!(at(1 + n));
            rows.push(corrected);
        }
        let files: Vec<Vec<u8>> = rows.chunks(6).map(|rows| sealed(&key, author, rows)).collect();
        let mut steps: Vec<usize> = (0..files.len()).cycle().take(files.len() * 3).collect();
        steps.shuffle(&mut rng);
        for step in steps {
            if rng.random_bool(0.3) {
                let from = 2 * rng.random_range(0..ids.len());
                phone.push(&rows[from..(from + 4).min(rows.len())]).await;
            }
            let (status, answer) = hand_in(app.address(), files[step].clone()).await;
            assert_eq!(status, 200, "{answer}");
        }
        // Everything once more: nothing is new.
        for file in &files {
            assert_eq!(counts(app.address(), file.clone()).await[0], 0);
        }
        let stored = feedback::Entity::find().all(app.state.store.read()).await.unwrap();
        assert_eq!(stored.len(), ids.len());
        for (n, id) in ids.iter().enumerate() {
            let row = stored.iter().find(|row| row.id.to_string() == *id).unwrap();
            assert_eq!(row.content.as_deref(), Some(format!("phiếu {n}, sửa").as_str()));
        }
    }

    async fn what_is_no_bundle_of_ours_is_refused_by_name(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let key = key(&app.person(author)).await;
        let rows = [create("feedback", &new_id(), said(&world, "Cầu gỗ"))];
        let whole = sealed(&key, author, &rows);
        let address = app.address();
        let mut changed = whole.clone();
        let at = changed.len() - 20;
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        // Another's name over what one's own key sealed; another key; another server's key; nobody's device.
        let foreign = sealed(&key, &world.here.delegates[1], &rows);
        let line = whole.iter().position(|byte| *byte == b'\n').unwrap();
        let swapped = [&foreign[..foreign.iter().position(|byte| *byte == b'\n').unwrap()], &whole[line..]].concat();
        let nobody = Login { device: DeviceId(Uuid::now_v7()), ..author.clone() };
        let unknown = sealed(&bundle::key(&app.state.keys, nobody.account, nobody.device), &nobody, &rows);
        for file in [changed, foreign, swapped, sealed(&[7; 32], author, &rows), unknown, Vec::new(), b"PK\x03\x04".to_vec(),
            vec![b'\n'; 1_000], vec![0xff; 5_000_000], whole[..whole.len() / 2].to_vec(), b"{}\nAAAA".to_vec()] {
            let (status, answer) = hand_in(address, file).await;
            assert_eq!((status.as_u16(), code(&answer)), (400, "INVALID_BUNDLE"), "{answer}");
        }
        let (status, answer) = hand_in(address, vec![b'x'; bundle::MOST_BYTES + 1]).await;
        assert_eq!((status.as_u16(), code(&answer)), (413, "BODY_TOO_LARGE"));
        let many: Vec<Value> = (0..501).map(|_| create("note", &new_id(), json!({"text": "x"}))).collect();
        let (_, answer) = hand_in(address, sealed(&key, author, &many)).await;
        assert_eq!(code(&answer), "TOO_MANY_ROWS");
        assert_eq!(counts(address, sealed(&key, author, &many[..500])).await, [500, 0, 0]);
        assert_eq!(feedback::Entity::find().count(app.state.store.read()).await.unwrap(), 0);
        assert_eq!(counts(address, whole).await, [1, 0, 0]);
    }

    async fn a_lost_phones_bundle_is_kept_and_a_stolen_ones_refused(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        for stolen in [false, true] {
            let device = another_device(&app.state, author, DeviceId(Uuid::now_v7()));
            let lost = Login { device: device.id, ..author.clone() };
            Put::new().row(device).now(&app.state).await;
            let key = key(&app.person(&lost)).await;
            let file = sealed(&key, &lost, &[create("feedback", &new_id(), said(&world, "ghi trước khi mất"))]);
            let input = json!({"deviceId": lost.device, "stolen": stolen});
            app.person(author).done("revokeDevice", input, "").await;
            if stolen {
                let (status, answer) = hand_in(app.address(), file).await;
                assert_eq!((status.as_u16(), code(&answer)), (401, "DEVICE_REVOKED"));
            } else {
                assert_eq!(counts(app.address(), file).await, [0, 0, 1]);
            }
        }
        assert_eq!(feedback::Entity::find().count(app.state.store.read()).await.unwrap(), 0);
        let mut phone = Phone::without_units(app.person(author));
        phone.pull().await;
        let issues = phone.rows_of("syncIssue");
        assert_eq!((issues.len(), &issues[0]["code"]), (1, &json!("DEVICE_REVOKED")));
    }

    async fn the_key_is_told_to_its_own_device_alone(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let device = another_device(&app.state, author, DeviceId(Uuid::now_v7()));
        let second = app.person_on(author, device.id);
        Put::new().row(device).now(&app.state).await;
        let first = app.person(author);
        assert_ne!(key(&first).await, key(&second).await);
        assert_eq!(key(&first).await, key(&first).await);
        let devices = first.data("{ devices { id bundleKey } }", json!({})).await;
        assert!(devices["devices"].as_array().unwrap().iter().all(|device| device["bundleKey"].is_null()), "{devices}");
    }

    async fn somebody_without_an_account_hands_in_several_files_on_a_page(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let key = key(&app.person(author)).await;
        let (status, headers, page) = app.stranger().get("/goi").await;
        assert_eq!(status, 200);
        assert!(page.contains("enctype=\"multipart/form-data\"") && !page.contains("<script"), "{page}");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("form-action 'self'"));
        let one = sealed(&key, author, &[create("feedback", &new_id(), said(&world, "Cầu gỗ"))]);
        let two = sealed(&[7; 32], author, &[]);
        let (status, page) = submit(app.address(), "text/html", &[("mot.cutri", &one), ("<b>hai", &two)]).await;
        assert_eq!(status, 200, "{page}");
        let row = "<td data-head=\"Tệp\">mot.cutri</td><td data-head=\"Mới nhận\">1</td><td data-head=\"Đã có từ trước\">0</td>\
                   <td data-head=\"Bị từ chối\">0</td>";
        assert!(page.contains(row), "{page}");
        assert!(page.contains("&lt;b&gt;hai") && page.contains("gói đã bị thay đổi") && !page.contains("<b>hai"), "{page}");
        assert!(!page.contains("Cầu gỗ"), "the carrier reads nothing of it");
        let (status, answer) = submit(app.address(), "application/json", &[("mot.cutri", &one), ("hai", &two)]).await;
        assert_eq!(status, 200);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((&answer["files"][0]["known"], &answer["files"][1]["code"]), (&json!(1), &json!("INVALID_BUNDLE")));
        // A form without a file, a broken form, too many files, a form that is too long: each has its code.
        let (status, page) = submit(app.address(), "text/html", &[]).await;
        assert_eq!((status, page.contains("Chưa chọn tệp nào")), (400, true), "{page}");
        let many: Vec<(&str, &[u8])> = (0..21).map(|_| ("x", b"x".as_slice())).collect();
        let (status, page) = submit(app.address(), "application/json", &many).await;
        assert_eq!((status, page.contains("LIMIT_TOO_LARGE")), (400, true), "{page}");
        let large = vec![b'x'; 17 * 1024 * 1024];
        let (status, page) = submit(app.address(), "application/json", &[("x", &large)]).await;
        assert_eq!((status, page.contains("BODY_TOO_LARGE")), (413, true), "{page}");
        let client = Client::builder().no_proxy().build().unwrap();
        let broken = client.post(format!("http://{}/goi", app.address())).header("content-type", "multipart/form-data; boundary=x").body("--x\r\nnonsense");
        assert_eq!(broken.send().await.unwrap().status(), 400);
        let broken = client.post(format!("http://{}/goi", app.address())).header("content-type", "multipart/form-data").body("x");
        assert_eq!(broken.send().await.unwrap().status(), 400);
        assert_eq!(app.stranger().get("/goi").await.0, 200, "the door is still open");
    }

    async fn the_door_is_held_open_for_few_at_a_time(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let file = sealed(&key(&app.person(author)).await, author, &[create("note", &new_id(), json!({"text": "x"}))]);
        let mut slow = Vec::new();
        let mut refused = 0;
        // One that comes while another file is just being read is sent away itself; so they come until all four stay.
        for _ in 0..500 {
            let mut stream = tokio::net::TcpStream::connect(app.address()).await.unwrap();
            stream.write_all(b"POST /goi HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nx").await.unwrap();
            slow.push(stream);
            let (status, answer) = hand_in(app.address(), file.clone()).await;
            if status == 429 {
                assert_eq!(code(&answer), "RATE_LIMITED");
                refused += 1;
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(refused, 1, "four are being read, and nobody else is");
        drop(slow);
        for _ in 0..500 {
            if hand_in(app.address(), file.clone()).await.0 == 200 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the door never opens again");
    }

    async fn a_bundle_on_a_stick_is_applied_beside_the_running_server(db: TestDatabase) {
        let folder = db.folder().to_owned();
        let environment = [("DATABASE_URL", db.url())];
        let (state, world) = cutri_tests::app::founded(db.url(), &folder.join("keys")).await;
        let author = &world.here.delegates[0];
        let server = ServerProcess::start(&folder, &["serve"], &environment).await;
        let person = Person::new(&state, server.address(), author.account, author.device);
        std::fs::write(folder.join("key"), URL_SAFE_NO_PAD.encode(key(&person).await)).unwrap();
        let rows = json!({"rows": [create("feedback", &new_id(), said(&world, "Cầu gỗ"))]});
        std::fs::write(folder.join("rows.json"), rows.to_string()).unwrap();
        let (account, device) = (author.account.to_string(), author.device.to_string());
        let cutri = |args: &[&str]| {
            let output = command(&folder, args, &environment).current_dir(&folder).output().unwrap();
            let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            (output.status.code(), text)
        };
        let made = cutri(&["bundle", "make", "rows.json", "--output", "goi.cutri", "--key-file", "key", "--account", &account, "--device", &device]);
        assert_eq!(made.0, Some(0), "{}", made.1);
        let shown = cutri(&["bundle", "show", "goi.cutri"]);
        assert!(shown.0 == Some(0) && shown.1.contains(&device) && !shown.1.contains("Cầu gỗ"), "{}", shown.1);
        let applied = cutri(&["bundle", "apply", "goi.cutri"]);
        assert!(applied.0 == Some(0) && applied.1.contains("mới nhận 1, đã có từ trước 0"), "{}", applied.1);
        std::fs::write(folder.join("hong.cutri"), "x").unwrap();
        let again = cutri(&["bundle", "apply", "hong.cutri", "goi.cutri"]);
        assert!(again.0 == Some(1) && again.1.contains("INVALID_BUNDLE") && again.1.contains("đã có từ trước 1"), "{}", again.1);
        let mut phone = Phone::without_units(person);
        phone.pull().await;
        assert_eq!(phone.rows_of("feedback").len(), 1);
        server.kill9().await;
    }
}

/// A form as a browser sends it.
async fn submit(address: std::net::SocketAddr, accept: &str, files: &[(&str, &[u8])]) -> (u16, String) {
    let mut body = Vec::new();
    for (name, file) in files {
        body.extend_from_slice(b"--ranh-gioi\r\ncontent-disposition: form-data; name=\"goi\"; filename=\"");
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(b"\"\r\ncontent-type: application/octet-stream\r\n\r\n");
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    if files.is_empty() {
        body.extend_from_slice(
            b"--ranh-gioi\r\ncontent-disposition: form-data; name=\"goi\"; filename=\"\"\r\n\r\n\r\n",
        );
    }
    body.extend_from_slice(b"--ranh-gioi--\r\n");
    let client = Client::builder().no_proxy().build().unwrap();
    let sent = client
        .post(format!("http://{address}/goi"))
        .header("accept", accept)
        .header("content-type", "multipart/form-data; boundary=ranh-gioi")
        .body(body);
    let answer = sent.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// A phone's page needs no library: the same file from the steps of docs/sync.md, byte by byte.
#[test]
fn the_format_is_what_the_protocol_says() {
    use aes_gcm::{
        Aes256Gcm, Nonce,
        aead::{Aead, KeyInit, Payload},
    };
    let key = [3; 32];
    let line = r#"{"format":"cutri-bundle/1","account":"00000000-0000-0000-0000-000000000001","device":"00000000-0000-0000-0000-000000000002","id":"00000000-0000-0000-0000-000000000003","createdAt":"2026-11-27T08:00:00+07:00"}"#;
    let rows = br#"{"rows":[]}"#;
    let payload = Payload {
        msg: rows,
        aad: line.as_bytes(),
    };
    let sealed = Aes256Gcm::new(&key.into())
        .encrypt(Nonce::from_slice(&[9; 12]), payload)
        .unwrap();
    let file = format!(
        "{line}\n{}\n",
        BASE64_STANDARD.encode([&[9; 12], sealed.as_slice()].concat())
    );
    let header = bundle::header(file.as_bytes()).unwrap();
    assert_eq!(
        bundle::seal(&key, &header, rows, [9; 12]).unwrap(),
        file.into_bytes()
    );
}
