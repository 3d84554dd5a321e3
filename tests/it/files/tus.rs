//! The protocol, byte by byte, and what a hostile client may try.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use cutri_tests::{Kind, TestApp, TestDatabase, each_db, world::World};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{Sender, sha256, stored, text};

async fn set(db: &TestDatabase) -> (TestApp, World, Sender) {
    let app = TestApp::start(db).await;
    let world = World::create(&app.state).await;
    let sender = Sender::new(&app, &app.person(&world.here.delegates[0]));
    (app, world, sender)
}

each_db! {
    async fn an_upload_goes_on_where_it_ended(db: TestDatabase) {
        let (app, world, sender) = set(&db).await;
        let bytes = text("Tuyến đường ấp 3", 3_000_000);
        let hash = sha256(&bytes);
        assert_eq!(sender.head(&hash).await.status, 404);
        let told = sender.create(&bytes).await;
        assert_eq!((told.status, told.header("location")), (201, format!("/files/{hash}").as_str()));
        assert_eq!((told.header("upload-offset"), told.header("tus-resumable")), ("0", "1.0.0"));
        assert!(told.header("upload-expires").ends_with("GMT"));
        let told = sender.patch(&hash, 0, &bytes[..1_500_000], &[]).await;
        assert_eq!((told.status, told.header("upload-offset")), (204, "1500000"));
        let told = sender.head(&hash).await;
        assert_eq!((told.status, told.header("upload-offset"), told.header("upload-length")), (200, "1500000", "3000000"));
        assert_eq!(told.header("cache-control"), "no-store");

        // Whoever asks anew is told the same place and where it stands; another account has an upload of its own.
        let told = sender.create(&bytes).await;
        assert_eq!((told.status, told.header("location"), told.header("upload-offset")),
            (201, format!("/files/{hash}").as_str(), "1500000"));
        let other = Sender::new(&app, &app.person(&world.here.delegates[1]));
        assert_eq!(other.head(&hash).await.status, 404);
        assert_eq!(other.patch(&hash, 1_500_000, &bytes[1_500_000..], &[]).await.status, 404);

        let told = sender.patch(&hash, 1_500_000, &bytes[1_500_000..], &[]).await;
        assert_eq!((told.status, told.header("upload-offset")), (204, "3000000"));
        let told = sender.head(&hash).await;
        assert_eq!((told.status, told.header("upload-offset"), told.header("upload-expires")), (200, "3000000", ""));
        // Complete: begun once more, it is complete at once and not a byte is taken.
        let told = sender.create(&bytes).await;
        assert_eq!((told.status, told.header("upload-offset")), (201, "3000000"));
        assert_eq!(sender.patch(&hash, 0, &bytes, &[]).await.refusal().1, "OFFSET_MISMATCH");
        let told = sender.read(&hash, &[]).await;
        assert_eq!((told.status, told.body == bytes), (200, true));
        assert_eq!(other.read(&hash, &[]).await.status, 404);
    }

    async fn a_wrong_offset_is_409_and_a_wrong_checksum_460_and_nothing_changes(db: TestDatabase) {
        let (_app, _world, sender) = set(&db).await;
        let bytes = b"abc rest".to_vec();
        let hash = sha256(&bytes);
        sender.create(&bytes).await;
        for (offset, checksum, wanted) in [
            (3, "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", (409, "OFFSET_MISMATCH")),
            (0, "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=", (460, "CHECKSUM_MISMATCH")),
            (0, "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa1=", (400, "INVALID_VALUE")),
            (0, "sha256 AAAA", (460, "CHECKSUM_MISMATCH")),
            (0, "md5 AAAA", (400, "INVALID_VALUE")),
        ] {
            let told = sender.patch(&hash, offset, b"abc", &[("upload-checksum", checksum)]).await;
            let (status, code, _) = told.refusal();
            assert_eq!((status, code.as_str()), wanted, "{checksum}");
            assert_eq!(sender.head(&hash).await.header("upload-offset"), "0");
        }
        let sum = [("upload-checksum", "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")];
        assert_eq!(sender.patch(&hash, 0, b"abc", &sum).await.status, 204);
        assert_eq!(sender.patch(&hash, 0, b"abc", &sum).await.status, 409, "the same chunk a second time");
        assert_eq!(sender.patch(&hash, 3, b" rest", &[]).await.status, 204);
        assert_eq!(sender.read(&hash, &[]).await.body, bytes);
    }

    async fn what_is_not_what_it_was_called_is_forgotten(db: TestDatabase) {
        let (app, _world, sender) = set(&db).await;
        let (said, sent) = (text("a", 2_000), text("b", 2_000));
        let hash = sha256(&said);
        sender.create(&said).await;
        assert_eq!(sender.patch(&hash, 0, &sent, &[]).await.refusal().1, "CHECKSUM_MISMATCH");
        assert_eq!(sender.head(&hash).await.status, 404);
        assert_eq!(stored(&app.files()), Vec::<std::path::PathBuf>::new());
        assert_eq!(sender.send(&said).await, hash, "it may be sent again, rightly");
        // Of a type that is not taken: told with the first bytes, before the rest was sent.
        for bytes in [b"GIF89a too lively".as_slice(), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
            b"<!DOCTYPE html><script>alert(1)</script>", b"\x7fELF\x02\x01\x01\0", b"PK\x03\x04\x14\0\0\0"] {
            sender.create_as(&sha256(bytes), "50000000").await;
            let told = sender.patch(&sha256(bytes), 0, bytes, &[]).await;
            if bytes.starts_with(b"PK") {
                assert_eq!(told.status, 204, "a package shows later what it is");
            } else {
                assert_eq!(told.refusal().1, "FILE_TYPE_REFUSED");
                assert_eq!(sender.head(&sha256(bytes)).await.status, 404);
            }
        }
    }

    async fn size_and_space_are_refused_at_creation_with_their_limit(db: TestDatabase) {
        let (_app, world, sender) = set(&db).await;
        let mib = 1_u64 << 20;
        let hash = |n: u32| sha256(&n.to_be_bytes());
        let told = sender.create_as(&hash(0), &(64 * mib + 1).to_string()).await;
        assert_eq!(told.refusal(), (413, "FILE_TOO_LARGE".to_owned(), Some(64 * mib)));
        for n in 0..64 {
            assert_eq!(sender.create_as(&hash(n), &(64 * mib).to_string()).await.status, 201);
        }
        let told = sender.create_as(&hash(64), "1").await;
        assert_eq!(told.refusal(), (413, "FILE_QUOTA_EXCEEDED".to_owned(), Some(4096 * mib)));
        assert_eq!(sender.create_as(&hash(7), &(64 * mib).to_string()).await.status, 201, "begun before");
        // What is given up makes room; another account has its own.
        assert_eq!(sender.delete(&hash(7)).await.status, 204);
        assert_eq!(sender.create_as(&hash(64), "1").await.status, 201);
        // Announced anew with another length, it counts once.
        assert_eq!(sender.create_as(&hash(64), "2").await.status, 201);
        assert_eq!(sender.head(&hash(64)).await.header("upload-length"), "2");
        let other = Sender::new(&_app, &_app.person(&world.here.delegates[1]));
        assert_eq!(other.create_as(&hash(64), "1").await.status, 201);
    }

    async fn an_upload_is_given_up_by_its_owner_alone_and_not_while_a_row_names_it(db: TestDatabase) {
        let (app, world, sender) = set(&db).await;
        let bytes = text("bỏ", 5_000);
        let hash = sha256(&bytes);
        sender.create(&bytes).await;
        sender.patch(&hash, 0, &bytes[..2_000], &[]).await;
        let other = Sender::new(&app, &app.person(&world.here.delegates[1]));
        assert_eq!(other.delete(&hash).await.status, 404);
        assert_eq!(sender.delete(&hash).await.status, 204);
        assert_eq!(sender.delete(&hash).await.status, 404);
        assert!(stored(&app.files()).is_empty());
        sender.send(&bytes).await;
        assert_eq!(sender.delete(&hash).await.status, 204);
        assert!(stored(&app.files()).is_empty());
        assert_eq!(sender.read(&hash, &[]).await.status, 404);
    }

    async fn what_came_before_the_connection_broke_stays(db: TestDatabase) {
        let (app, _world, sender) = set(&db).await;
        let bytes = text("đứt", 400_000);
        let hash = sha256(&bytes);
        sender.create(&bytes).await;
        for (sent, with_sum) in [(100_000, false), (150_000, false), (200_000, true)] {
            let offset: usize = sender.head(&hash).await.header("upload-offset").parse().unwrap();
            let sum = if with_sum { "upload-checksum: sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=\r\n" } else { "" };
            let head = format!("PATCH /files/{hash} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ntus-resumable: 1.0.0\r\n\
                content-type: application/offset+octet-stream\r\nupload-offset: {offset}\r\n{sum}content-length: {}\r\n\r\n",
                sender.token.as_deref().unwrap(), bytes.len() - offset);
            let mut stream = TcpStream::connect(app.address()).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&bytes[offset..sent]).await.unwrap();
            stream.flush().await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            drop(stream);
            let wanted = if with_sum { offset } else { sent };
            for _ in 0..100 {
                if sender.head(&hash).await.header("upload-offset") == wanted.to_string() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(sender.head(&hash).await.header("upload-offset"), wanted.to_string());
        }
        assert_eq!(sender.patch(&hash, 150_000, &bytes[150_000..], &[]).await.status, 204);
        assert_eq!(sender.read(&hash, &[]).await.body, bytes);
    }

    async fn two_that_append_at_once_never_mix(db: TestDatabase) {
        let (_app, _world, sender) = set(&db).await;
        let bytes = text("cùng lúc", 600_000);
        let hash = sha256(&bytes);
        sender.create(&bytes).await;
        let mut offset = 0;
        while offset < bytes.len() {
            let end = (offset + 100_000).min(bytes.len());
            let chunk = &bytes[offset..end];
            let (one, two) = tokio::join!(sender.patch(&hash, offset, chunk, &[]), sender.patch(&hash, offset, chunk, &[]));
            let mut statuses = [one.status, two.status];
            statuses.sort_unstable();
            // The last one may find all done and the upload complete.
            assert_eq!(statuses, [204, 409]);
            offset = end;
        }
        assert_eq!(sender.read(&hash, &[]).await.body, bytes);
    }

    async fn hostile_names_headers_and_bodies_get_a_code_and_leave_nothing(db: TestDatabase) {
        let (app, world, sender) = set(&db).await;
        let version = ("tus-resumable", "1.0.0");
        for path in ["/files/..%2f..%2fetc%2fpasswd", "/files/%ff", "/files/x", "/files/ab%00", "/files/ ",
            "/files/0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee"] {
            for method in ["GET", "HEAD", "DELETE"] {
                let told = sender.ask(method, path, &[version], Vec::new()).await;
                assert_eq!(told.status, 404, "{method} {path}");
            }
            let told = sender.patch(path.trim_start_matches("/files/"), 0, b"x", &[]).await;
            assert_eq!(told.status, 404, "PATCH {path}");
        }
        let hash = "ab".repeat(32);
        let absent = sender.read(&hash, &[]).await;
        assert_eq!(sender.read("..%2f..%2fetc%2fpasswd", &[]).await.body, absent.body, "foreign looks absent");
        let metadata = format!("sha256 {}", BASE64_STANDARD.encode(&hash));
        let metadata = metadata.as_str();
        for (headers, wanted) in [
            (vec![], (412, "TUS_VERSION_UNSUPPORTED")),
            (vec![("tus-resumable", "0.2.2")], (412, "TUS_VERSION_UNSUPPORTED")),
            (vec![version], (400, "REQUIRED")),
            (vec![version, ("upload-length", "x")], (400, "INVALID_VALUE")),
            (vec![version, ("upload-length", "-1")], (400, "INVALID_VALUE")),
            (vec![version, ("upload-defer-length", "1"), ("upload-metadata", metadata)], (400, "REQUIRED")),
            (vec![version, ("upload-length", "0"), ("upload-metadata", metadata)], (400, "OUT_OF_RANGE")),
            (vec![version, ("upload-length", "5")], (400, "REQUIRED")),
            (vec![version, ("upload-length", "5"), ("upload-metadata", "sha256 Li4vLi4v")], (400, "INVALID_VALUE")),
            (vec![version, ("upload-length", "1000000000000000000"), ("upload-metadata", metadata)], (413, "FILE_TOO_LARGE")),
            (vec![version, ("upload-length", "99999999999999999999"), ("upload-metadata", metadata)], (413, "FILE_TOO_LARGE")),
        ] {
            let told = sender.ask("POST", "/files", &headers, Vec::new()).await;
            let (status, code, _) = told.refusal();
            assert_eq!((status, code.as_str()), wanted, "{headers:?}");
            assert_eq!(told.header("access-control-allow-origin"), "*");
        }
        assert_eq!(sender.ask("POST", "/files", &[], Vec::new()).await.header("tus-version"), "1.0.0");
        // Concatenation is not offered: what asks for it is an upload like any other, whatever it names.
        let concat = [version, ("upload-length", "5"), ("upload-metadata", metadata), ("upload-concat", "final;/files/a /etc/passwd")];
        assert_eq!(sender.ask("POST", "/files", &concat, Vec::new()).await.status, 201);
        assert_eq!(sender.head(&hash).await.header("upload-offset"), "0");
        // Not a chunk; packed; longer than announced, with and without saying so.
        for more in [[("content-type", "application/json")], [("content-encoding", "gzip")]] {
            let mut headers = vec![version, ("upload-offset", "0")];
            if more[0].0 != "content-type" {
                headers.push(("content-type", "application/offset+octet-stream"));
            }
            headers.extend(more);
            let told = sender.ask("PATCH", &format!("/files/{hash}"), &headers, b"abcde".to_vec()).await;
            assert_eq!(told.refusal().1, "UNSUPPORTED_MEDIA_TYPE");
        }
        assert_eq!(sender.patch(&hash, 0, b"abcdef", &[]).await.refusal(), (413, "BODY_TOO_LARGE".to_owned(), Some(5)));
        assert_eq!(sender.head(&hash).await.header("upload-offset"), "0");
        assert_eq!(sender.ask("PUT", &format!("/files/{hash}"), &[], Vec::new()).await.status, 405);
        assert_eq!(sender.ask("GET", "/files", &[], Vec::new()).await.status, 405);

        // Nobody sends without an account, or by a token that only reads.
        let stranger = Sender::at(app.address(), None);
        assert_eq!(stranger.create(b"x").await.refusal().1, "UNAUTHENTICATED");
        assert_eq!(stranger.head(&hash).await.status, 401);
        assert_eq!(stranger.patch(&hash, 0, b"abcde", &[]).await.status, 401);
        assert_eq!(stranger.read(&hash, &[]).await.status, 404);
        assert_eq!(Sender::at(app.address(), Some("nonsense")).create(b"x").await.status, 401);
        // A device that was given up offers rows and nothing else.
        let owner = app.person(&world.here.delegates[0]);
        let device = serde_json::json!({"deviceId": world.here.delegates[0].device});
        owner.done("revokeDevice", device, "device { id }").await;
        assert_eq!(sender.create(b"x").await.refusal().1, "DEVICE_REVOKED");
        assert_eq!(sender.read(&hash, &[]).await.refusal().1, "DEVICE_REVOKED");
        assert!(stored(&app.files()).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_is_told_to_whoever_asks() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let app = TestApp::start(&db).await;
    let stranger = Sender::at(app.address(), None);
    for path in ["/files", &format!("/files/{}", "ab".repeat(32))] {
        let told = stranger.ask("OPTIONS", path, &[], Vec::new()).await;
        assert_eq!((told.status, told.header("tus-version")), (204, "1.0.0"));
        assert_eq!(
            told.header("tus-extension"),
            "creation,checksum,termination,expiration"
        );
        assert_eq!(told.header("tus-checksum-algorithm"), "sha256,sha1");
        assert_eq!(told.header("tus-max-size"), (64_u64 << 20).to_string());
        assert!(
            told.header("access-control-allow-headers")
                .contains("upload-checksum")
        );
        assert!(told.header("access-control-allow-methods").contains("PATCH"));
        assert!(
            told.header("access-control-expose-headers")
                .contains("upload-offset")
        );
    }
}
