//! The same file from several hands at once, and from somebody who hangs up in the middle: each row once.

use std::process::Stdio;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    process::{command, count},
    *,
};

/// So many lines, each so manieth a petition, and every tenth of these says what another one said. The other lines are
/// refused: a transaction is of a thousand lines, and with few petitions it is over before anybody is tired of waiting.
fn list(lines: usize, each: usize) -> String {
    let mut file = "Nội dung kiến nghị,Tiêu đề\n".to_owned();
    for line in 0..lines {
        let text = if line % (10 * each) == 0 { 1 } else { line };
        let hidden = if line % each == 0 { "" } else { "\u{202e}" };
        file.push_str(&format!("Sửa đoạn {hidden}đường {text},\n"));
    }
    file
}

async fn imported(app: &TestApp) -> u64 {
    event::Entity::find()
        .filter(event::Column::Event.eq("imported"))
        .count(app.state.store.read())
        .await
        .unwrap()
}

/// Begins to send a file that is to have so many bytes.
async fn begun(
    app: &TestApp,
    person: &Person,
    council: impl ToString,
    length: usize,
    bytes: &[u8],
) -> TcpStream {
    let head = format!(
        "POST /import/petitions?council={} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         content-type: text/csv\r\ncontent-length: {length}\r\n\r\n",
        council.to_string(),
        app.address(),
        person.token().unwrap(),
    );
    let mut wire = TcpStream::connect(app.address()).await.unwrap();
    wire.write_all(head.as_bytes()).await.unwrap();
    wire.write_all(bytes).await.unwrap();
    wire
}

each_db! {
    async fn the_same_file_from_three_at_once_is_taken_over_once(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, council) = (app.person(&world.here.office), world.here.council);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiennghi.csv");
        let text = list(3_000, 5);
        std::fs::write(&file, &text).unwrap();
        let data = db.folder().to_owned();
        // A process of its own, and when it has a batch, two more over HTTP.
        let mut process =
            command(&db, &data, &file, &world, &[]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        while count(&app).await == 0 {
            assert!(process.try_wait().unwrap().is_none(), "it ended before anything was there");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let (one, other) = tokio::join!(send(&office, council, false, &text), send(&office, council, false, &text));
        let output = process.wait_with_output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let sum = shown.lines().find(|line| line.contains("kiến nghị mới")).expect(&shown);
        let numbers: Vec<u64> = sum.split(|sign: char| !sign.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
        let [3_000, created, unchanged, refused] = numbers[..] else { panic!("{sum}") };

        let mut created_by_all = 0;
        for (created, unchanged, refused) in [(created, unchanged, refused), one.counts(), other.counts()] {
            assert_eq!((created + unchanged, refused), (600, 2_400), "{sum}\n{}\n{}", one.summary(), other.summary());
            created_by_all += created;
        }
        assert_eq!(created_by_all, 600, "{sum}\n{}\n{}", one.summary(), other.summary());
        assert_eq!((count(&app).await, imported(&app).await), (600, 600));
        let petitions = |told: &Told| told.rows().iter().map(|row| row["petitionId"].clone()).collect::<Vec<_>>();
        assert_eq!(petitions(&one), petitions(&other), "each row is the same petition, whoever sends it");
    }

    async fn whoever_hangs_up_in_the_middle_sends_again_and_has_each_row_once(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, council) = (app.person(&world.here.office), world.here.council);
        let text = list(5_000, 10);
        // While it is sent, in the middle of a word: of half a file nothing is taken over.
        let cut = text.find("đường 2010,").unwrap();
        drop(begun(&app, &office, council, text.len(), &text.as_bytes()[..cut]).await);
        // While it is answered: the first batch has been told, the second is being written.
        let mut wire = begun(&app, &office, council, text.len(), text.as_bytes()).await;
        let (mut told, mut buffer) = (Vec::new(), [0; 8_192]);
        while !String::from_utf8_lossy(&told).contains("\"row\"") {
            let read = wire.read(&mut buffer).await.unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&told));
            told.extend_from_slice(&buffer[..read]);
        }
        drop(wire);

        let again = send(&office, council, false, &text).await;
        let (created, unchanged, refused) = again.counts();
        assert_eq!((created + unchanged, refused), (500, 4_500), "{}", again.summary());
        assert!(unchanged >= 100, "what was told is there: {}", again.summary());
        assert!(created >= 100, "nobody went on for somebody who was gone: {}", again.summary());
        assert_eq!((count(&app).await, imported(&app).await), (500, 500));
    }
}
