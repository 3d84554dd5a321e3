//! A file store that is older than its database, and bytes that two accounts have of one upload.

use std::path::{Path, PathBuf};

use cutri::{
    accounts::authentication,
    error::{Code, Lang},
    files::{
        FileHash,
        commands::{Abandon, Arrive},
        erasing,
    },
    store::door,
};
use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{Phone, change, create, new_id},
    world::World,
};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{Sender, Told, sha256, stored, text};

/// What the operator puts back: a folder from before these files came.
fn put_back_older(folder: &Path) {
    for file in stored(folder) {
        std::fs::remove_file(file).unwrap();
    }
}

/// Goes on as tus-js-client does: looks first, creates where nothing is, sends from where it stands.
async fn upload(sender: &Sender, bytes: &[u8]) -> usize {
    let offset = |told: &Told| told.header("upload-offset").parse::<usize>().unwrap();
    let hash = sha256(bytes);
    let looked = sender.head(&hash).await;
    let from = if looked.status == 200 {
        offset(&looked)
    } else {
        let told = sender.create(bytes).await;
        assert_eq!(told.status, 201, "{told:?}");
        offset(&told)
    };
    if from < bytes.len() {
        let told = sender.patch(&hash, from, &bytes[from..], &[]).await;
        assert_eq!(told.status, 204, "{told:?}");
    }
    bytes.len() - from
}

fn naming(world: &World, hash: &str) -> Value {
    json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": "Cống sập",
        "attachments": hash})
}

each_db! {
    async fn a_photo_that_the_files_put_back_do_not_have_is_sent_again_and_read_again(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let [author, colleague] = [0, 1].map(|n| app.person(&world.here.delegates[n]));
        let (sender, other) = (Sender::new(&app, &author), Sender::new(&app, &colleague));
        let bytes = text("ảnh hiện trường", 9_000);
        let hash = sha256(&bytes);
        assert_eq!(upload(&sender, &bytes).await, bytes.len());
        let mut phone = Phone::new(author.clone());
        let id = new_id();
        assert_eq!(phone.push(&[create("feedback", &id, naming(&world, &hash))]).await[0]["status"], "APPLIED");
        assert_eq!(upload(&sender, &bytes).await, 0, "it is here");

        put_back_older(&app.files());
        assert_eq!(sender.read(&hash, &[]).await.status, 404);
        // To a colleague who may read it, and would not have to send it, nothing is said to be complete either.
        assert_eq!(other.head(&hash).await.status, 404);
        // Half of it, and then the app is killed.
        assert_eq!(sender.head(&hash).await.status, 404);
        assert_eq!(sender.create(&bytes).await.header("upload-offset"), "0");
        assert_eq!(sender.patch(&hash, 0, &bytes[..4_000], &[]).await.status, 204);
        assert_eq!(upload(&sender, &bytes).await, 5_000);
        for reader in [&sender, &other] {
            let told = reader.read(&hash, &[]).await;
            assert_eq!((told.status, told.body == bytes), (200, true));
        }
        assert_eq!(upload(&sender, &bytes).await + upload(&other, &bytes).await, 0, "for both it is here again");
        phone.pull().await;
        assert_eq!(phone.row("feedback", &id)["arrived"], json!(hash));
        let counter = entity::counter::Entity::find_by_id(format!("files:{}", world.here.delegates[0].account));
        let used = counter.one(app.state.store.read()).await.unwrap();
        assert_eq!(used.unwrap().value, 9_000, "counted once");
        assert_eq!(stored(&app.files()).len(), 1);
    }

    async fn a_folder_that_was_away_for_an_hour_takes_no_photo_with_it(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = app.person(&world.here.delegates[0]);
        let sender = Sender::new(&app, &author);
        let bytes = text("ảnh hiện trường", 9_000);
        let hash = sender.send(&bytes).await;
        let phone = Phone::new(author);
        assert_eq!(phone.push(&[create("feedback", &new_id(), naming(&world, &hash))]).await[0]["status"], "APPLIED");
        let files: Vec<(PathBuf, Vec<u8>)> =
            stored(&app.files()).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        put_back_older(&app.files());
        // Begun anew, and then other bytes come than were announced.
        assert_eq!(sender.create(&bytes).await.header("upload-offset"), "0");
        for (path, bytes) in &files {
            std::fs::write(path, bytes).unwrap();
        }
        let told = sender.patch(&hash, 0, &text("hỏng trên đường", 9_000), &[]).await;
        assert_eq!(told.refusal().1, "CHECKSUM_MISMATCH");
        let told = sender.read(&hash, &[]).await;
        assert_eq!((told.status, told.body == bytes), (200, true), "what was there before is there");
        assert_eq!(sender.head(&hash).await.header("upload-offset"), "9000");
    }

    async fn bytes_that_come_together_too_late_are_not_taken_from_somebody_else(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let [login, colleague] = &world.here.delegates;
        let (sender, other) = (Sender::new(&app, &app.person(login)), Sender::new(&app, &app.person(colleague)));
        let bytes = text("cùng một ảnh", 3_000);
        let hash = sender.send(&bytes).await;
        let file = entity::file::Entity::find_by_id(hash.clone()).one(app.state.store.read()).await.unwrap().unwrap();
        // A colleague who sees the row counts as having sent it; then its author takes it back.
        let phone = Phone::new(app.person(login));
        let id = new_id();
        assert_eq!(phone.push(&[create("feedback", &id, naming(&world, &hash))]).await[0]["status"], "APPLIED");
        assert_eq!(other.head(&hash).await.header("upload-offset"), "3000");
        let none = change("feedback", &id, "1", json!({"attachments": null}));
        assert_eq!(phone.push(&[none]).await[0]["status"], "APPLIED");
        assert_eq!(sender.delete(&hash).await.status, 204);

        // The author's upload was being put together by another process all the while, and that comes to its end now.
        let viewer = authentication::load(&app.state, login.account, login.device, Lang::Vi).await.unwrap();
        let late = Arrive { hash: FileHash::parse(&hash).unwrap(), file: Some(file.clone()), quota: i64::MAX, missing: None };
        let answers = door::execute(&app.state, &viewer, &[&late]).await.unwrap();
        assert_eq!(answers[0].as_ref().unwrap_err().code, Code::NotFound);
        let abandon = Abandon { hash: FileHash::parse(&hash).unwrap(), object: file.object };
        door::execute(&app.state, &viewer, &[&abandon]).await.unwrap().remove(0).unwrap();
        erasing::sweep(&app.state).await.unwrap();
        let told = other.read(&hash, &[]).await;
        assert_eq!((told.status, told.body == bytes), (200, true), "the colleague's file is this very object");
        // Without anybody who has it, it goes.
        assert_eq!(other.delete(&hash).await.status, 204);
        assert!(stored(&app.files()).is_empty());
        let whole = app.files().join(cutri::files::store::whole(file.object));
        std::fs::create_dir_all(whole.parent().unwrap()).unwrap();
        std::fs::write(&whole, &bytes).unwrap();
        door::execute(&app.state, &viewer, &[&abandon]).await.unwrap().remove(0).unwrap();
        erasing::sweep(&app.state).await.unwrap();
        assert!(stored(&app.files()).is_empty());
    }
}
