//! What becomes of uploads that nobody goes on with, and of files that nobody names.

use std::sync::Arc;

use chrono::Duration;
use cutri::clock::{Clock, ManualClock};
use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{Phone, create, new_id},
    world::World,
};
use sea_orm::EntityTrait;
use serde_json::json;

use super::{Sender, sha256, stored, text};

each_db! {
    async fn after_thirty_days_goes_what_nobody_goes_on_with_and_what_nobody_names(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let login = &world.here.delegates[0];
        let sender = || Sender::new(&app, &app.person(login));
        let turn = async || {
            for _ in 0..2 {
                cutri::worker::turn(&app.state, &mut None).await;
            }
        };
        let [half, going, loose, named] = ["dở", "còn gửi", "không ai nêu", "được nêu"].map(|name| text(name, 4_000));
        for bytes in [&half, &going] {
            sender().create(bytes).await;
            assert_eq!(sender().patch(&sha256(bytes), 0, &bytes[..1_000], &[]).await.status, 204);
        }
        sender().send(&loose).await;
        let hash = sender().send(&named).await;
        let row = create("feedback", &new_id(), json!({"kind": "petition", "unitId": world.here.unit, "content": "Cống sập",
            "channel": "contact_meeting", "attachments": hash}));
        assert_eq!(Phone::new(app.person(login)).push(&[row]).await[0]["status"], "APPLIED");

        clock.advance(Duration::days(20));
        assert_eq!(sender().patch(&sha256(&going), 1_000, &going[1_000..2_000], &[]).await.status, 204);
        clock.advance(Duration::days(10) - Duration::minutes(1));
        turn().await;
        for bytes in [&half, &going, &loose, &named] {
            assert_eq!(sender().head(&sha256(bytes)).await.status, 200);
        }
        clock.advance(Duration::minutes(2));
        // Over is over, also before the worker came by.
        assert_eq!(sender().head(&sha256(&half)).await.status, 404);
        turn().await;
        for (bytes, wanted) in [(&half, 404), (&going, 200), (&loose, 404), (&named, 200)] {
            assert_eq!(sender().head(&sha256(bytes)).await.status, wanted);
        }
        assert_eq!(sender().read(&hash, &[]).await.body, named);
        assert_eq!(stored(&app.files()).len(), 3, "one file, and two parts of what goes on");
        let told = sender().patch(&sha256(&going), 2_000, &going[2_000..], &[]).await;
        assert_eq!(told.status, 204);
        assert_eq!(stored(&app.files()).len(), 2);

        // Room is made for as much as went.
        let name = format!("files:{}", login.account);
        let counter = entity::counter::Entity::find_by_id(name);
        let used = counter.one(app.state.store.read()).await.unwrap();
        assert_eq!(used.unwrap().value, 8_000);
        clock.advance(Duration::days(400));
        turn().await;
        assert_eq!(sender().read(&hash, &[]).await.body, named, "what a row names is kept");
        assert_eq!(stored(&app.files()).len(), 1);
    }

    /// The phone lets go of a photo when it is sent; a row that was refused is corrected when its author finds the time.
    async fn what_a_refused_or_waiting_row_names_is_kept_until_it_is_settled(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let turn = async || {
            for _ in 0..2 {
                cutri::worker::turn(&app.state, &mut None).await;
            }
        };
        let bytes = text("cầu gãy", 4_000);
        let hash = Sender::new(&app, &app.person(author)).send(&bytes).await;
        let row = |meeting: Option<&str>, channel: &str| {
            json!({"kind": "petition", "unitId": world.here.unit, "content": "Cầu gãy", "channel": channel,
                "attachments": hash, "meetingId": meeting})
        };
        let (waiting, refused, meeting) = (new_id(), new_id(), new_id());
        let phone = Phone::new(app.person(author));
        let sent = phone.push(&[
            create("feedback", &waiting, row(Some(&meeting), "contact_meeting")),
            create("feedback", &refused, row(None, "thần giao cách cảm")),
        ]).await;
        assert_eq!((&sent[0]["status"], &sent[1]["status"]), (&json!("DEFERRED"), &json!("REJECTED")));
        clock.advance(Duration::days(60));
        turn().await;
        // Corrected after two months.
        let phone = Phone::new(app.person(author));
        let sent = phone.push(&[create("feedback", &refused, row(None, "contact_meeting"))]).await;
        assert_eq!(sent[0]["status"], "APPLIED");
        assert_eq!(Sender::new(&app, &app.person(author)).read(&hash, &[]).await.body, bytes);
    }
}
