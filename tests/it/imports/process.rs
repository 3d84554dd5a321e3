//! The import as a process of its own: killed in the middle it goes on, and its memory does not grow with the file.

use std::{
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use cutri_tests::{
    ServerProcess,
    app::founded,
    database::{self, Kind},
    seeds, server_process, sheets,
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;

/// What it takes beyond an import of one row: the figure holds for the unoptimised build.
const MOST_MEMORY: u64 = 150 * 1024 * 1024;

/// What a server takes beyond idling for [`workbook_with_a_photo`]. A thousand rows wait and a thousand are judged: 5 MB.
/// What became of them is made, waits and is written, a thousand rows each: 3 MB. The rows and documents of a
/// transaction of 25 petitions: 2 MB. SQLite keeps 2 MB for each of 5 connections. This is twice as much, for an allocator
/// that does not give back at once. Rows that were kept would take 40 MB more, the file 100 MB.
const MOST_OF_A_SERVER: u64 = 40 * 1024 * 1024;

pub(super) fn command(
    db: &TestDatabase,
    folder: &Path,
    file: &Path,
    world: &World,
    more: &[&str],
) -> Command {
    let council = world.here.council.to_string();
    let mut arguments = vec![
        "import",
        "petitions",
        file.to_str().unwrap(),
        "--council",
        council.as_str(),
    ];
    arguments.extend(["--as", world.here.office.username.as_str()]);
    arguments.extend(more);
    server_process::command(folder, &arguments, &[("DATABASE_URL", db.url())])
}

/// The greatest memory that a process had so far; nothing once it is gone.
fn highest(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes: Option<u64> = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// The greatest memory that a process had, as long as it runs.
fn peak(process: &mut Child) -> u64 {
    let mut most = 0;
    loop {
        most = most.max(highest(process.id()));
        if process.try_wait().unwrap().is_some() {
            return most;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(super) async fn count(app: &TestApp) -> u64 {
    petition::Entity::find()
        .count(app.state.store.read())
        .await
        .unwrap()
}

each_db! {
    async fn an_import_that_was_killed_goes_on_and_doubles_nothing(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiennghi.csv");
        let mut out = std::fs::File::create(&file).unwrap();
        out.write_all("Nội dung kiến nghị,Lĩnh vực\n".as_bytes()).unwrap();
        for row in 0..5_000 {
            // Every tenth row says what another one said.
            let text = if row % 10 == 0 { 1 } else { row };
            out.write_all(format!("Sửa đoạn đường {text},Giao thông\n").as_bytes()).unwrap();
        }
        let data = db.folder().to_owned();
        let mut first = command(&db, &data, &file, &world, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while count(&app).await == 0 {
            assert!(first.try_wait().unwrap().is_none(), "it ended before anything was there");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        first.kill().unwrap();
        first.wait().unwrap();
        let so_far = count(&app).await;
        assert!(so_far > 0 && so_far < 5_000, "{so_far} were there when it was killed");
        assert_eq!(so_far % 1_000, 0, "a transaction is whole or not at all");

        let again = command(&db, &data, &file, &world, &[]).output().unwrap();
        let text = String::from_utf8_lossy(&again.stdout);
        assert!(again.status.success(), "{text}{}", String::from_utf8_lossy(&again.stderr));
        assert_eq!(count(&app).await, 5_000);
        assert!(text.contains(&format!("5000 dòng; {} kiến nghị mới, {so_far} đã có từ trước, 0 dòng có lỗi", 5_000 - so_far)), "{text}");
        let steps = event::Entity::find().filter(event::Column::Event.eq("imported")).count(app.state.store.read()).await;
        assert_eq!(steps.unwrap(), 5_000);
    }

    async fn the_command_line_says_who_and_writes_the_mistakes(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let folder = tempfile::tempdir().unwrap();
        let data = db.folder().to_owned();
        let (file, errors) = (folder.path().join("kiennghi.csv"), folder.path().join("loi.csv"));
        std::fs::write(&file, six().replace("Thủy lợi", "Thủy lợi lớn")).unwrap();
        let more = ["--errors", errors.to_str().unwrap()];
        let validated = command(&db, &data, &file, &world, &[&more[..], &["--validate-only"]].concat()).output().unwrap();
        let text = String::from_utf8_lossy(&validated.stdout);
        let wrong = String::from_utf8_lossy(&validated.stderr);
        assert_eq!(validated.status.code(), Some(1), "{text}{wrong}");
        assert!(text.contains("Họ và tên") && text.contains("chưa ghi gì") && text.contains("Lĩnh vực"), "{text}{wrong}");
        assert_eq!(count(&app).await, 0);
        assert_eq!(std::fs::read_to_string(&errors).unwrap().lines().count(), 2);

        let done = command(&db, &data, &file, &world, &more).output().unwrap();
        assert_eq!(done.status.code(), Some(1));
        assert_eq!(count(&app).await, 5);
        let steps = event::Entity::find().filter(event::Column::Event.eq("imported")).all(app.state.store.read()).await.unwrap();
        assert!(steps.iter().all(|step| step.actor_id == Some(world.here.office.account) && step.device_id.is_none()));

        // In the name of somebody who may not, or of nobody, nothing is done.
        for name in [world.there.office.username.as_str(), world.here.delegates[0].username.as_str(), "khongcoai"] {
            let council = world.here.council.to_string();
            let arguments = ["import", "petitions", file.to_str().unwrap(), "--council", council.as_str(), "--as", name];
            let refused = server_process::command(&data, &arguments, &[("DATABASE_URL", db.url())]).output().unwrap();
            assert_eq!(refused.status.code(), Some(1), "{name}");
        }
        assert_eq!(count(&app).await, 5);
        // By the code of the unit; the same file changes nothing.
        let arguments = ["import", "petitions", file.to_str().unwrap(), "--unit", "27721", "--as", world.here.office.username.as_str()];
        let again = server_process::command(&data, &arguments, &[("DATABASE_URL", db.url())]).output().unwrap();
        assert!(String::from_utf8_lossy(&again.stdout).contains("5 đã có từ trước, 1 dòng có lỗi"));
    }
}

/// A workbook with its texts in a common table: 20,000 rows looked at and 2,500 of them taken over here, 200,000 of both in
/// the full run, there on PostgreSQL as well.
#[test]
fn the_memory_of_an_import_does_not_grow_with_its_sheets() {
    database::run(Kind::Sqlite, the_memory_of_an_import);
    if seeds::is_full() {
        database::run(Kind::Postgres, the_memory_of_an_import);
    }
}

async fn the_memory_of_an_import(db: TestDatabase) {
    let (seen, taken) = if seeds::is_full() {
        (200_000, 200_000)
    } else {
        (20_000, 2_500)
    };
    let app = TestApp::start(&db).await;
    let world = World::create(&app.state).await;
    let folder = tempfile::tempdir().unwrap();
    let data = db.folder().to_owned();
    let mut measured = Vec::new();
    for (rows, more) in [
        (1, &["--validate-only"] as &[&str]),
        (seen, &["--validate-only"]),
        (taken, &[]),
    ] {
        let file = folder.path().join(format!("{rows}.xlsx"));
        sheets::many(&file, rows, true);
        let mut command = command(&db, &data, &file, &world, more);
        let mut process = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        measured.push(peak(&mut process));
        assert!(process.wait().unwrap().success());
    }
    let [idle, validated, imported] = measured[..] else {
        panic!()
    };
    println!(
        "above one row: {} MB when {seen} are looked at, {} MB when {taken} are taken over ({} MB in all)",
        validated.saturating_sub(idle) >> 20,
        imported.saturating_sub(idle) >> 20,
        imported >> 20
    );
    assert!(
        validated < idle + MOST_MEMORY && imported < idle + MOST_MEMORY,
        "{measured:?}"
    );
    assert_eq!(count(&app).await, u64::from(taken));
}

/// 20,000 rows of two kilobytes, most of them in a column that is not read, and a photo of 60 MB. Each fortieth row is a
/// petition, the others are refused.
fn workbook_with_a_photo() -> Vec<u8> {
    let mut sheet = "<worksheet><sheetData>".to_owned();
    let mut row = |cells: [&str; 3]| {
        let cells = cells.map(|cell| format!("<c t=\"str\"><v>{cell}</v></c>"));
        sheet.push_str(&format!("<row>{}</row>", cells.concat()));
    };
    row(["Nội dung kiến nghị", "Tiêu đề", "Ghi chú"]);
    let remark = "n".repeat(2_000);
    for line in 0..20_000 {
        let hidden = if line % 40 == 0 { "" } else { "\u{202e}" };
        row([&format!("Sửa đoạn {hidden}đường {line}"), "", &remark]);
    }
    sheet.push_str("</sheetData></worksheet>");
    let book = "<workbook xmlns:r=\"r\"><sheets><sheet name=\"A\" r:id=\"rId1\"/></sheets></workbook>";
    let relations =
        "<Relationships><Relationship Id=\"rId1\" Target=\"worksheets/sheet1.xml\"/></Relationships>";
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let photo = vec![0xff_u8; 60_000_000];
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in [
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/media/image1.jpeg", photo.as_slice()),
    ] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn the_memory_of_a_server_does_not_grow_with_what_it_is_sent() {
    database::run(Kind::Sqlite, the_memory_of_a_server);
    if seeds::is_full() {
        database::run(Kind::Postgres, the_memory_of_a_server);
    }
}

async fn the_memory_of_a_server(db: TestDatabase) {
    let folder = db.folder().to_owned();
    let keys = folder.join("keys");
    let (state, world) = founded(db.url(), &keys).await;
    let environment = [("DATABASE_URL", db.url()), ("CUTRI_KEYS", keys.to_str().unwrap())];
    let server = ServerProcess::start(&folder, &["serve"], &environment).await;
    let office = &world.here.office;
    let person = Person::new(&state, server.address(), office.account, office.device);
    let one = send(
        &person,
        world.here.council,
        false,
        "Nội dung kiến nghị,Tiêu đề\nSửa cầu,\n",
    );
    assert_eq!(one.await.counts(), (1, 0, 0));
    // What it took to start does not count; where the kernel cannot forget it, the peak of the start does.
    let _ = std::fs::write(format!("/proc/{}/clear_refs", server.id()), "5");
    let idle = highest(server.id());
    let file = workbook_with_a_photo();
    let length = file.len() as u64;
    let told = send_bytes(&person, world.here.council, false, XLSX, file).await;
    assert_eq!(told.counts(), (500, 0, 19_500));
    let most = highest(server.id());
    println!(
        "{} MB beyond idling, for a file of {} MB",
        (most - idle) >> 20,
        length >> 20
    );
    assert!(length > 2 * MOST_OF_A_SERVER);
    assert!(idle > 0 && most < idle + MOST_OF_A_SERVER, "{idle} {most}");
    server.kill9().await;
}
