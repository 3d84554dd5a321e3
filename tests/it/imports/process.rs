//! The import as a process of its own: killed in the middle it goes on, and its memory does not grow with the file.

use std::{
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use cutri_tests::{
    database::{self, Kind},
    seeds, server_process, sheets,
};

use super::*;

/// What it takes beyond an import of one row: the figure holds for the unoptimised build.
const MOST_MEMORY: u64 = 150 * 1024 * 1024;

fn command(db: &TestDatabase, folder: &Path, file: &Path, world: &World, more: &[&str]) -> Command {
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

/// The greatest memory that a process had, as long as it runs.
fn peak(process: &mut Child) -> u64 {
    let mut most = 0;
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kilobytes: Option<u64> = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        most = most.max(kilobytes.unwrap_or(0) * 1024);
        if process.try_wait().unwrap().is_some() {
            return most;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

async fn count(app: &TestApp) -> u64 {
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
