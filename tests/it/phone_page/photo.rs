//! A photo of what a voter speaks of: made small on the phone, sent in pieces, once, wherever it was cut.

use std::path::Path;

use cutri_tests::{TestDatabase, each_db, in_a_browser};
use entity::{file, upload};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::{Stage, session::signs_in_again, until, words};
use crate::files::Sender;

const SAID: &str = "Mưa lớn là đường liên ấp ngập, có ảnh";
/// A piece of a photo, as the page cuts it.
const PIECE: u64 = 256 * 1_024;

each_db! {
    async fn a_photo_goes_on_where_the_server_was_killed(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let sha256 = it_is_taken_without_signal(&mut stage).await;
        the_server_is_killed_within_a_piece(&mut stage).await;
        it_goes_on_from_there(&mut stage, &sha256).await;
        the_office_sees_it(&mut stage, &sha256).await;
    }
}

in_a_browser! {
    // It was asked again for ever, and nobody was told.
    async fn a_photo_that_is_refused_stays_and_is_explained(db: TestDatabase) {
        let mut stage = Stage::set_in(&db, vec![("CUTRI_FILE_QUOTA", "1".to_owned())]).await;
        stage.signs_in().await;
        // Another phone of the account has all the space.
        let delegate = stage.person(&stage.world.here.delegates[0]);
        let other = Sender::at(stage.listen, delegate.token());
        let taken = "ab".repeat(32);
        assert_eq!(other.create_as(&taken, "1000000").await.status, 201);
        let camera = db.folder().join("duong-ngap.bmp");
        flooded_road(&camera);
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.fill("Cử tri nói gì", SAID).await;
        tab.attach("Chụp hoặc chọn ảnh", &camera).await;
        tab.sees_number(1, ".photos img").await;
        tab.press("Lưu trên máy").await;
        tab.sees("Ảnh chưa được nhận").await;
        tab.sees("Tài khoản đã dùng hết dung lượng tệp.").await;
        // It holds nothing up, is not asked for again, and goes nowhere.
        tab.sees("Mọi lời đã gửi; còn 1 ảnh trên máy.").await;
        assert_eq!(words(&stage.arrived().await), [SAID]);
        stage.is_legible().await;
        stage.road.keep_requests();
        stage.writes("Trạm y tế thiếu thuốc").await;
        stage.tab().sees("Mọi lời đã gửi; còn 1 ảnh trên máy.").await;
        let asked: Vec<u8> = stage.road.kept().concat();
        assert!(!String::from_utf8_lossy(&asked).contains(" /files"), "asked again for nothing");
        stage.tab().reload().await;
        let leave = "location.hash = '#roi-may'";
        stage.tab().evaluate(leave).await;
        stage.tab().sees("Còn 1 việc chưa gửi").await;
        // There is space again.
        assert_eq!(other.delete(&taken).await.status, 204);
        let mut tab = stage.tab();
        tab.press("Hộp gửi").await;
        tab.press("Gửi lại").await;
        tab.misses("Ảnh chưa được nhận").await;
        until("it is sent", async || stage.unsent_photos().await == 0).await;
        let read = stage.state.store.read();
        assert_eq!(file::Entity::find().count(read).await.unwrap(), 1);
    }
}

in_a_browser! {
    // Chosen and not yet saved, they were lost by a change of tabs, by the phone ending the page behind its camera, by a
    // thumb that was quicker than the picture, or because the browser could not open them; each without a word.
    async fn photos_are_kept_from_the_moment_they_are_chosen(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let pictures: Vec<_> = (0..11).map(|n| db.folder().join(format!("{n}.bmp"))).collect();
        for (n, picture) in pictures.iter().enumerate() {
            std::fs::write(picture, bitmap(4, 4, &[n as u8 * 20; 48])).unwrap();
        }
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.fill("Cử tri nói gì", SAID).await;
        tab.attach("Chụp hoặc chọn ảnh", &pictures[0]).await;
        tab.sees_number(1, ".photos img").await;
        tab.press("Hôm nay").await;
        tab.press("Ghi phiếu").await;
        tab.sees_number(1, ".photos img").await;
        tab.reload().await;
        tab.sees("Phiếu mới").await;
        tab.sees_number(1, ".photos img").await;
        // Dropped with a clumsy thumb, the same one is chosen again: nothing came of it.
        for _ in 0..2 {
            tab.press("Bỏ ảnh").await;
            tab.sees_number(0, ".photos img").await;
            tab.attach("Chụp hoặc chọn ảnh", &pictures[0]).await;
            tab.sees_number(1, ".photos img").await;
        }
        // What this browser cannot open is told.
        let unknown = db.folder().join("may-anh.heic");
        std::fs::write(&unknown, "ftypheic").unwrap();
        tab.attach("Chụp hoặc chọn ảnh", &unknown).await;
        tab.sees("Không mở được ảnh may-anh.heic").await;
        // No more than the server takes.
        for picture in &pictures[1..] {
            tab.attach("Chụp hoặc chọn ảnh", picture).await;
        }
        tab.sees("Mỗi phiếu có tối đa 10 ảnh.").await;
        tab.sees_number(10, ".photos img").await;
        stage.is_legible().await;
        let mut tab = stage.tab();
        for _ in 0..8 {
            tab.press("Bỏ ảnh").await;
        }
        tab.sees_number(2, ".photos img").await;
        // Dropped ones leave the store a moment after they left the page.
        until("none is left behind", async || stage.held("photos").await.len() <= 2).await;
        assert_eq!(stage.held("photos").await.len(), 2, "nothing goes before it is saved");
        let mut tab = stage.tab();
        // Saved in the same moment as the last one is chosen.
        tab.attach("Chụp hoặc chọn ảnh", &pictures[3]).await;
        tab.press("Lưu trên máy").await;
        tab.sees("Ảnh kèm phiếu (3)").await;
        tab.sees("Mọi điều đã ghi đều đã gửi").await;
        until("they are sent", async || stage.unsent_photos().await == 0).await;
        let office = stage.person(&stage.world.here.office);
        let told = office.data("{ feedbacks(first: 2) { nodes { id attachments { arrived } } } }", json!({})).await;
        let nodes = told["feedbacks"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 1);
        assert_eq!(nodes[0]["attachments"], json!([{"arrived": true}, {"arrived": true}, {"arrived": true}]));
        // The next voter begins with an empty form, of another id.
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.sees("Phiếu mới").await;
        tab.sees_number(0, ".photos img").await;
        assert_eq!(tab.evaluate("document.querySelector('[name=content]').value").await, "");
        assert_ne!(tab.evaluate("document.querySelector('[name=id]').value").await, nodes[0]["id"]);
        // Those of a denunciation stay with it, and go when it was handed over.
        tab.press("Tố cáo").await;
        tab.fill("Cử tri nói gì", "Cán bộ ấp vòi tiền").await;
        tab.evaluate("document.querySelector('[name=kind][value=petition]').click()").await;
        tab.attach("Chụp hoặc chọn ảnh", &pictures[5]).await;
        tab.sees_number(1, ".photos img").await;
        tab.press("Tố cáo").await;
        tab.press("Lưu trên máy").await;
        tab.sees("Tố cáo: chuyển tận tay").await;
        tab.press("Ảnh kèm phiếu (1)").await;
        tab.sees_number(1, ".by-hand .photos img[src^=blob]").await;
        stage.tab().press("Khi đã bàn giao").await;
        stage.tab().press("Đã bàn giao, xóa lời trên máy").await;
        until("it is gone", async || stage.held("photos").await.len() == 3).await;
        let read = stage.state.store.read();
        assert_eq!(upload::Entity::find().count(read).await.unwrap(), 3, "it was sent nowhere");
    }
}

in_a_browser! {
    // An earlier attempt still held it: the page said that all was well, and asked again at the next news, hours later.
    async fn a_photo_that_could_not_go_on_is_tried_again_soon(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let picture = db.folder().join("nho.bmp");
        std::fs::write(&picture, bitmap(4, 4, &[90; 48])).unwrap();
        let held = "const road = fetch; window.tries = 0; window.fetch = (path, options) => (options?.method === 'PATCH'
            && window.tries++ === 0 ? Promise.resolve(new Response('{}', { status: 409 })) : road(path, options)); true";
        stage.tab().evaluate(held).await;
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.fill("Cử tri nói gì", SAID).await;
        tab.attach("Chụp hoặc chọn ảnh", &picture).await;
        tab.sees_number(1, ".photos img").await;
        tab.press("Lưu trên máy").await;
        until("it is sent after all", async || stage.unsent_photos().await == 0).await;
        assert_eq!(stage.tab().evaluate("window.tries").await, 2);
    }
}

in_a_browser! {
    // It was sent again every two minutes for ever; the page said that there was no signal, and nobody was told.
    async fn a_photo_that_will_never_be_taken_waits_for_a_person(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let picture = db.folder().join("nho.bmp");
        std::fs::write(&picture, bitmap(4, 4, &[90; 48])).unwrap();
        answers_first(&mut stage, "403").await;
        saves_with(&mut stage, SAID, &picture).await;
        stage.tab().sees("Ảnh chưa được nhận").await;
        // Whoever answered so had no words of ours.
        stage.tab().sees("Máy chủ không nhận ảnh này (mã 403).").await;
        stage.is_legible().await;
        stage.writes("Trạm y tế thiếu thuốc").await;
        stage.tab().sees("Mọi lời đã gửi; còn 1 ảnh trên máy.").await;
        assert_eq!(words(&stage.arrived().await), [SAID, "Trạm y tế thiếu thuốc"]);
        for (n, status) in [400, 404, 410, 422].into_iter().enumerate() {
            assert_eq!(stage.unsent_photos().await, 1, "only when he asks");
            let mut tab = stage.tab();
            tab.evaluate(&format!("window.answers = [{status}]; true")).await;
            tab.press("Gửi lại").await;
            tab.sees(&format!("Lý do {status}")).await;
            assert_eq!(tab.evaluate("window.tries").await, n + 2);
        }
        // Who signs in again may be answered otherwise.
        let username = stage.world.here.delegates[0].username.clone();
        stage.tab().evaluate("location.hash = '#dang-nhap'").await;
        signs_in_again(&mut stage, &username).await;
        until("it is sent", async || stage.unsent_photos().await == 0).await;
        stage.tab().press("Hộp gửi").await;
        stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
        stage.tab().misses("Ảnh chưa được nhận").await;
    }

    // Of these a phone knows nothing but that it has to ask again.
    async fn a_photo_for_which_there_was_no_time_is_sent_later(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let picture = db.folder().join("nho.bmp");
        std::fs::write(&picture, bitmap(4, 4, &[90; 48])).unwrap();
        answers_first(&mut stage, "401, 408, 429, 503").await;
        saves_with(&mut stage, SAID, &picture).await;
        until("it is sent after all", async || {
            let shown = stage.tab().text().await;
            assert!(!shown.contains("Ảnh chưa được nhận"), "{shown}");
            // It waits longer each time; a signal ends that.
            stage.tab().evaluate("dispatchEvent(new Event('online')); true").await;
            stage.unsent_photos().await == 0
        }).await;
        assert_eq!(stage.tab().evaluate("window.tries").await, 4);
    }

    // Dropped from a draft it was gone for the paper that was already written, and handed over with that it was gone for
    // the petition, whose only copy it was when a server came back from a backup.
    async fn a_photo_stays_as_long_as_somebodys_words_name_it(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        // The same picture, taken twice.
        let pictures = ["mot.bmp", "hai.bmp"].map(|name| db.folder().join(name));
        for picture in &pictures {
            std::fs::write(picture, bitmap(4, 4, &[90; 48])).unwrap();
        }
        for denounced in ["Cán bộ ấp vòi tiền", "Cán bộ ấp lấn đất"] {
            let mut tab = stage.tab();
            tab.press("Ghi phiếu").await;
            tab.attach("Chụp hoặc chọn ảnh", &pictures[0]).await;
            tab.sees_number(1, ".photos img").await;
            tab.press("Tố cáo").await;
            tab.fill("Cử tri nói gì", denounced).await;
            tab.press("Lưu trên máy").await;
            tab.sees(denounced).await;
        }
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.attach("Chụp hoặc chọn ảnh", &pictures[0]).await;
        tab.sees_number(1, ".photos img").await;
        tab.press("Bỏ ảnh").await;
        tab.sees_number(0, ".photos img").await;
        assert_eq!(stage.held("photos").await.len(), 1, "the denunciations have it still");
        let read = stage.state.store.read();
        assert_eq!(upload::Entity::find().count(read).await.unwrap(), 0, "it was sent nowhere");
        saves_with(&mut stage, SAID, &pictures[1]).await;
        stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
        until("it is sent with the petition", async || stage.unsent_photos().await == 0).await;
        for left in [1, 0] {
            let mut tab = stage.tab();
            tab.sees_number(left + 1, ".by-hand .photos img[src^=blob]").await;
            tab.press("Khi đã bàn giao").await;
            tab.press("Đã bàn giao, xóa lời trên máy").await;
            tab.sees_number(left, ".by-hand").await;
        }
        assert_eq!(stage.held("photos").await.len(), 1, "the petition has it still");
        let read = stage.state.store.read();
        assert_eq!(upload::Entity::find().count(read).await.unwrap(), 1);
        assert_eq!(words(&stage.arrived().await), [SAID]);
    }
}

/// Something between here and the server answers the next uploads of photos with these: 403 as a stranger would.
async fn answers_first(stage: &mut Stage<'_>, statuses: &str) {
    let answers = format!(
        "const road = fetch; window.tries = 0; window.answers = [{statuses}];
        window.fetch = (path, options) => {{
            if (path !== '/files' || !window.answers.length) return road(path, options);
            window.tries++;
            const status = window.answers.shift();
            const told = {{ errors: [{{ message: `Lý do ${{status}}`, extensions: {{ code: 'TOKEN_EXPIRED' }} }}] }};
            return Promise.resolve(new Response(status === 403 ? '<h1>Forbidden</h1>' : JSON.stringify(told), {{ status }}));
        }}; true"
    );
    stage.tab().evaluate(&answers).await;
}

/// Writes down what somebody said, with a photo.
async fn saves_with(stage: &mut Stage<'_>, words: &str, picture: &Path) {
    let mut tab = stage.tab();
    tab.press("Ghi phiếu").await;
    tab.fill("Cử tri nói gì", words).await;
    tab.attach("Chụp hoặc chọn ảnh", picture).await;
    tab.sees_number(1, ".photos img").await;
    tab.press("Lưu trên máy").await;
    tab.sees("Mã tra cứu cho cử tri").await;
    tab.sees(words).await;
}

async fn it_is_taken_without_signal(stage: &mut Stage<'_>) -> String {
    let camera = stage.db.folder().join("duong-ngap.bmp");
    flooded_road(&camera);
    let mut tab = stage.tab();
    tab.press("Mất sóng").await;
    tab.press("Ghi phiếu").await;
    tab.fill("Cử tri nói gì", SAID).await;
    tab.attach("Chụp hoặc chọn ảnh", &camera).await;
    tab.sees_number(1, ".photos img").await;
    stage.is_legible().await;
    stage.brings_to_view(".photos").await;
    stage.shoots("ghi-anh").await;
    let mut tab = stage.tab();
    tab.press("Lưu trên máy").await;
    tab.sees("1 việc đang chờ gửi").await;
    // It can be looked at before anything was sent.
    tab.press("Ảnh kèm phiếu (1)").await;
    tab.sees_number(1, ".photos img[src^=blob]").await;
    stage.is_legible().await;
    let photos = stage.held("photos").await;
    let [photo] = photos.as_slice() else {
        panic!("{photos:?}")
    };
    photo["sha256"].as_str().unwrap().to_owned()
}

async fn the_server_is_killed_within_a_piece(stage: &mut Stage<'_>) {
    let cuts = stage.road.cuts();
    stage.road.cut_request_after(PIECE * 3 / 2);
    stage.tab().press("Mất sóng").await;
    until("the photo is cut", async || stage.road.cuts() > cuts).await;
    stage.dies().await;
    assert_eq!(
        stage.held("photos").await.len(),
        1,
        "it is kept until all of it is there"
    );
}

async fn it_goes_on_from_there(stage: &mut Stage<'_>, sha256: &str) {
    stage.road.clear();
    stage.road.keep_requests();
    stage.starts().await;
    for _ in 0..600 {
        if stage.unsent_photos().await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(stage.unsent_photos().await, 0);
    let kept = stage.road.kept();
    let said: Vec<String> = kept
        .iter()
        .map(|said| String::from_utf8_lossy(said).into_owned())
        .collect();
    let said = said.concat();
    assert!(
        said.contains(&format!("HEAD /files/{sha256} ")),
        "it asks where it stands"
    );
    assert!(!said.contains("POST /files"), "nothing is begun anew");
    let offsets: Vec<u64> = said
        .to_lowercase()
        .split("\r\nupload-offset: ")
        .skip(1)
        .map(|rest| rest.split('\r').next().unwrap().parse().unwrap())
        .collect();
    assert!(
        offsets[0] >= PIECE,
        "what was there is not sent again: {offsets:?}"
    );
    assert!(offsets.is_sorted(), "{offsets:?}");
}

async fn the_office_sees_it(stage: &mut Stage<'_>, sha256: &str) {
    stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
    assert_eq!(words(&stage.arrived().await), [SAID], "once");
    let read = stage.state.store.read();
    assert_eq!(file::Entity::find().count(read).await.unwrap(), 1);
    assert_eq!(upload::Entity::find().count(read).await.unwrap(), 1);
    let office = stage.person(&stage.world.here.office);
    let query = "{ feedbacks(first: 1) { nodes { attachments { sha256 arrived mediaType url } } } }";
    let told = office.data(query, json!({})).await;
    let attachment = &told["feedbacks"]["nodes"][0]["attachments"][0];
    assert_eq!(attachment["sha256"], sha256);
    assert_eq!(
        (&attachment["arrived"], &attachment["mediaType"]),
        (&json!(true), &json!("image/jpeg"))
    );
    let (status, headers, _) = office.get(&format!("/files/{sha256}")).await;
    assert_eq!(
        (status, headers["content-type"].to_str().unwrap()),
        (200, "image/jpeg")
    );
    assert_eq!(
        stage
            .person(&stage.world.there.office)
            .get(&format!("/files/{sha256}"))
            .await
            .0,
        404
    );
    it_is_shown(stage).await;
    // The phone keeps its copy for as long as backups reach back; then it shows that of the server.
    for (days, kept) in [(34, 1), (2, 0)] {
        was_sent_earlier(stage, days).await;
        stage.writes("Điều khác, để gửi").await;
        stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
        until("it lets go in time", async || {
            stage.held("photos").await.len() == kept
        })
        .await;
    }
    it_is_shown(stage).await;
}

async fn it_is_shown(stage: &mut Stage<'_>) {
    stage.tab().reload().await;
    stage.tab().press("Ảnh kèm phiếu (1)").await;
    stage.tab().sees_number(1, ".photos img[src^=blob]").await;
    let width = "new Promise((resolve) => { const look = () => { const { naturalWidth } = document.querySelector('.photos img');
        if (naturalWidth) resolve(naturalWidth); else setTimeout(look, 50); }; look(); })";
    assert_eq!(stage.tab().evaluate(width).await, 1_600);
}

/// As if so many days had gone by since the photos arrived.
async fn was_sent_earlier(stage: &mut Stage<'_>, days: u32) {
    let earlier = format!(
        "indexedDB.databases().then(([{{ name }}]) => new Promise((resolve) => {{
            indexedDB.open(name).onsuccess = ({{ target: {{ result }} }}) => {{
                const tx = result.transaction('photos', 'readwrite');
                tx.objectStore('photos').openCursor().onsuccess = ({{ target: {{ result: at }} }}) => {{
                    if (at) {{ at.update({{ ...at.value, sentAt: at.value.sentAt - {days} * 86400000 }}); at.continue(); }} }};
                tx.oncomplete = () => {{ result.close(); resolve(true); }}; }}; }}))"
    );
    assert_eq!(stage.tab().evaluate(&earlier).await, true);
}

/// What a camera would have taken: a road under water, 2,000 by 1,500 points, with the grain of dim light.
fn flooded_road(path: &Path) {
    let (width, height) = (2_000_i32, 1_500_i32);
    let mut grain = StdRng::seed_from_u64(7);
    let mut points = Vec::with_capacity((width * height * 3) as usize);
    // A bitmap begins with its lowest line, and its points are blue, green, red.
    for y in (0..height).rev() {
        for x in 0..width {
            let down = y - 600;
            let is_road = down > 0 && (x - 1_000).abs() < 60 + down * 9 / 10;
            let (across, along) = ((x - 1_050) as f64 / 520.0, (y - 1_150) as f64 / 170.0);
            let [red, green, blue] = match () {
                () if is_road && across.hypot(along) < 1.0 => [133, 110, 78],
                () if is_road => [118, 116, 112],
                () if down > 0 => [74, 112, 58],
                () if (x / 7 * 31 % 90) + down > 0 => [46, 84, 48],
                () => [150 - down / 12, 168 - down / 14, 184 - down / 20],
            };
            for colour in [blue, green, red] {
                points.push((colour + grain.random_range(-70..=70)).clamp(0, 255) as u8);
            }
        }
    }
    std::fs::write(path, bitmap(width, height, &points)).unwrap();
}

/// A bitmap of these points.
pub(super) fn bitmap(width: i32, height: i32, points: &[u8]) -> Vec<u8> {
    let mut bitmap = b"BM".to_vec();
    for word in [
        54 + points.len() as i32,
        0,
        54,
        40,
        width,
        height,
        24 << 16 | 1,
        0,
        0,
        0,
        0,
        0,
        0,
    ] {
        bitmap.extend_from_slice(&word.to_le_bytes());
    }
    bitmap.extend_from_slice(points);
    bitmap
}
