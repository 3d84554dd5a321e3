//! The page has itself woken: it registers, a signal without content comes, and nothing is on the locked screen.

use std::time::Duration;

use cutri_tests::{TestDatabase, browser::Browser, in_a_browser, push_service::PushService};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::{Stage, until};

const NEWS: &str = "Kín Như Bưng";

in_a_browser! {
    async fn a_sleeping_page_is_woken_without_a_word(db: TestDatabase) {
        let (service, certificate) = PushService::start_with_tls().await;
        let trusted = db.folder().join("trusted.pem");
        std::fs::write(&trusted, certificate).unwrap();
        let more = vec![
            ("CUTRI_PUSH_HOSTS", "localhost".to_owned()),
            ("SSL_CERT_FILE", trusted.to_str().unwrap().to_owned()),
        ];
        let mut stage = Stage::set_in(&db, more).await;
        // The light one hides no page behind another.
        stage.browser = Browser::start_whole();
        stage.signs_in().await;
        it_registers_when_a_finger_allows_it(&mut stage, &service).await;
        asleep_it_gets_a_signal_without_content(&mut stage, &service).await;
        the_signal_makes_it_read_or_say_that_there_is_something(&mut stage).await;
    }
}

/// From here no browser reaches its maker's push service: that it subscribes is the browser's business, what the page
/// does before and after it is ours.
async fn it_registers_when_a_finger_allows_it(stage: &mut Stage<'_>, service: &PushService) {
    let subscribes = format!(
        "let may = 'default';
        Object.defineProperty(Notification, 'permission', {{ get: () => may }});
        Notification.requestPermission = async () => may = 'granted';
        PushManager.prototype.subscribe = async ({{ applicationServerKey, userVisibleOnly }}) => {{
            if (atob(applicationServerKey.replace(/-/g, '+').replace(/_/g, '/')).length !== 65 || !userVisibleOnly) throw 0;
            return {{ toJSON: () => ({{ endpoint: '{}', expirationTime: null, keys: {{
                p256dh: 'B' + 'A'.repeat(86), auth: 'A'.repeat(22) }} }}) }};
        }};
        location.hash = '#kien-nghi'; setTimeout(() => {{ location.hash = '#hom-nay'; }}, 100)",
        service.endpoint("may-nay")
    );
    let mut tab = stage.tab();
    tab.evaluate(&subscribes).await;
    tab.sees("Báo cho tôi khi có tin mới").await;
    stage.is_legible().await;
    let mut tab = stage.tab();
    tab.press("Báo cho tôi khi có tin mới").await;
    tab.misses("Báo cho tôi khi có tin mới").await;
    until("it is registered", async || {
        let registrations = entity::waking::Entity::find();
        registrations.count(stage.state.store.read()).await.unwrap() == 1
    })
    .await;
}

async fn asleep_it_gets_a_signal_without_content(stage: &mut Stage<'_>, service: &PushService) {
    stage.tab().close().await;
    let office = stage.person(&stage.world.here.office);
    let input = json!({"meetingId": stage.world.here.meeting, "brief": NEWS});
    office.done("updateMeeting", input, "meeting { id }").await;
    let signal = service.hears(Duration::from_secs(120)).await.expect("a signal");
    assert_eq!(signal.line, "POST /may-nay HTTP/1.1");
    assert!(signal.body.is_empty());
    for word in [
        "Kín",
        "meeting",
        &stage.world.here.meeting.to_string(),
        &stage.world.here.unit.to_string(),
    ] {
        assert!(!signal.raw.contains(word), "{}", signal.raw);
    }
}

async fn the_signal_makes_it_read_or_say_that_there_is_something(stage: &mut Stage<'_>) {
    let (url, origin) = (stage.road.url("/dien-thoai"), stage.road.url(""));
    let mut tab = stage.tab();
    tab.allow_notifications(&origin).await;
    tab.open(&url).await;
    tab.sees(NEWS).await;
    tab.sees("Đã đồng bộ lúc").await;
    // Somebody looks at it: it reads at once, and says nothing.
    let watches = "const { dataset } = document.getElementById('state'); window.read = false;
        new MutationObserver(() => { window.read ||= dataset.standing === 'busy'; })
            .observe(document.getElementById('state'), { attributes: true })";
    tab.evaluate(watches).await;
    tab.wake(&origin).await;
    let read = "new Promise((resolve) => { const look = () => window.read ? resolve(true) : setTimeout(look, 20); look(); })";
    assert_eq!(tab.evaluate(read).await, true);
    let shown = "navigator.serviceWorker.ready.then((worker) => worker.getNotifications())
        .then((all) => all.map(({ title, body }) => `${title}: ${body}`))";
    assert_eq!(tab.evaluate(shown).await, json!([]));
    // Nobody does: what is on the locked screen tells nobody anything.
    let mut other = stage.browser.tab("other");
    other.open(&stage.road.url("/livez")).await;
    other.front().await;
    // The browser hides the other page in its own time, and its worker hears of it later still.
    until("nobody looks at it", async || {
        stage.tab().evaluate("document.visibilityState").await == "hidden"
    })
    .await;
    let told = "Sổ tay đại biểu: Có thông tin mới. Mở sổ tay để xem.";
    let mut wakes = 0;
    until("it says that there is something", async || {
        if wakes % 20 == 0 {
            stage.browser.tab("other").wake(&origin).await;
        }
        wakes += 1;
        stage.tab().evaluate(shown).await == json!([told])
    })
    .await;
}
