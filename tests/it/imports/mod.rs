//! The petitions of an office's spreadsheet: taken over once, in their true state, or told what is wrong with them.

mod at_once;
mod files;
mod process;
mod sheets;
mod voters;

use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    world::{self, Put, World},
};
use entity::{
    answer, council, event, forwarding, informing, petition, petition_import, petition_unit, sync_clock,
    sync_doc,
};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What an import told.
struct Told {
    status: u16,
    lines: Vec<Value>,
    text: String,
}

impl Told {
    fn rows(&self) -> Vec<&Value> {
        self.lines
            .iter()
            .filter(|line| line.get("row").is_some())
            .collect()
    }

    fn summary(&self) -> Value {
        self.lines.last().expect(&self.text)["summary"].clone()
    }

    /// Created, unchanged, refused.
    fn counts(&self) -> (u64, u64, u64) {
        let summary = self.summary();
        let count = |name: &str| summary[name].as_u64().expect(&self.text);
        (count("created"), count("unchanged"), count("refused"))
    }

    /// The field and code of the first mistake of the row in this line.
    fn mistake(&self, line: u64) -> (String, String) {
        let row = self
            .rows()
            .into_iter()
            .find(|row| row["row"] == line)
            .expect("a row");
        let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
        (text(&row["errors"][0]["field"]), text(&row["errors"][0]["code"]))
    }
}

async fn send(person: &Person, council: impl ToString, validate_only: bool, text: &str) -> Told {
    send_bytes(
        person,
        council,
        validate_only,
        "text/csv",
        text.as_bytes().to_vec(),
    )
    .await
}

async fn send_bytes(
    person: &Person,
    council: impl ToString,
    validate_only: bool,
    kind: &str,
    bytes: Vec<u8>,
) -> Told {
    let path = format!(
        "/import/petitions?council={}&validateOnly={validate_only}",
        council.to_string()
    );
    let (status, _, text) = person.send_file(&path, &[("content-type", kind)], bytes).await;
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{text}")))
        .collect();
    Told { status, lines, text }
}

async fn mistakes(person: &Person, council: impl ToString, text: &str) -> String {
    mistakes_of(person, council, false, text).await
}

async fn mistakes_of(person: &Person, council: impl ToString, validate_only: bool, text: &str) -> String {
    let path = format!(
        "/import/petitions?council={}&validateOnly={validate_only}",
        council.to_string()
    );
    let headers = [("content-type", "text/csv"), ("accept", "text/csv")];
    let (status, _, text) = person.send_file(&path, &headers, text.as_bytes().to_vec()).await;
    assert_eq!(status, 200, "{text}");
    text
}

/// Everything that a write would change.
async fn fingerprint(app: &TestApp) -> Vec<(String, i64)> {
    let read = app.state.store.read();
    let mut all: Vec<(String, i64)> = sync_clock::Entity::find()
        .all(read)
        .await
        .unwrap()
        .into_iter()
        .map(|clock| (clock.id, clock.seq))
        .collect();
    let counts = [
        ("petition", petition::Entity::find().count(read).await),
        ("unit", petition_unit::Entity::find().count(read).await),
        ("event", event::Entity::find().count(read).await),
        ("document", sync_doc::Entity::find().count(read).await),
        ("import", petition_import::Entity::find().count(read).await),
        ("forwarding", forwarding::Entity::find().count(read).await),
        ("answer", answer::Entity::find().count(read).await),
    ];
    all.extend(counts.map(|(name, count)| (name.to_owned(), count.unwrap() as i64)));
    all.sort();
    all
}

const HEADS: &str = "STT;Số/Mã;Nội dung kiến nghị;Lĩnh vực;Xã/phường;Họ và tên;Ngày tiếp nhận;Cơ quan giải quyết;\
    Số văn bản chuyển;Ngày chuyển;Hạn trả lời;Kết quả;Nội dung trả lời;Ngày trả lời;Số văn bản trả lời;\
    Ngày thông tin cử tri;Hình thức thông tin;Tình trạng";

/// Six petitions, one in each state of the chain; two went with one letter, two were answered by one.
fn six() -> String {
    let rows = [
        "1;01/2026;Sửa cầu Kênh Nhất;;;Nguyễn Văn Kín;5/1/2026;;;;;;;;;;;Mới tiếp nhận",
        "2;02/2026;Thêm đèn đường ấp 2;Điện, chiếu sáng;Xã Tân Hưng;Trần Thị Lặng;05-01-2026;Ủy ban nhân dân Xã Tân Hưng;;;;;;;;;;",
        "3;03/2026;Nạo vét kênh 79;Thủy lợi;;;2026-01-05;UBND Xã Tân Hưng;15/HĐND-VP;12/1/2026;20/2/2026;;;;;;;Đã chuyển",
        "4;04/2026;Sửa trạm y tế;Y tế;;;5/1/2026;UBND Xã Tân Hưng;15/HĐND-VP ngày 12/01/2026;;;Đã giải quyết xong;Đã sửa;3/2/2026;88/UBND;;;Đã trả lời",
        "5;05/2026;Cấp nước ấp Gò;Nước sạch;;;5/1/2026;Sở Xây dựng;16/HĐND-VP;12/1/2026;;Đang giải quyết;Đang làm;3/2/2026;89/SXD;10/2/2026;Niêm yết công khai;",
        "6;06/2026;=HYPERLINK(\"x\");Giao thông;27721;;5/1/2026;Sở Xây dựng;16/HĐND-VP;12/1/2026;;Đang giải quyết;Đang làm;3/2/2026;89/SXD;10/2/2026;Niêm yết công khai;Kết thúc",
    ];
    format!(
        "{HEADS}\r\n{}\r\n",
        rows.join("\r\n")
            .replace("=HYPERLINK(\"x\")", "\"=HYPERLINK(\"\"x\"\")\"")
    )
}

each_db! {
    async fn a_spreadsheet_becomes_petitions_in_their_true_state(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let told = send(&office, world.here.council, false, &six()).await;
        assert_eq!((told.status, told.counts()), (200, (6, 0, 0)), "{}", told.text);
        let columns = &told.lines[0]["columns"];
        assert_eq!(columns["personalLeftOut"], json!(["Họ và tên"]));
        assert_eq!(columns["unknownLeftOut"], json!(["STT"]));

        let mut states = Vec::new();
        for row in told.rows() {
            let query = "query($id: ID!) { petition(id: $id) { number content process outcome dueAt unitIds forwardedNumber
                answerNumber informedAt closedAt answers { onBehalf } history(first: 20) { event actor basis } } }";
            let petition = office.data(query, json!({"id": row["petitionId"]})).await["petition"].clone();
            states.push(petition["process"].as_str().unwrap().to_owned());
            let steps: Vec<&str> =
                petition["history"].as_array().unwrap().iter().map(|step| step["event"].as_str().unwrap()).collect();
            let all = ["imported", "classified", "forwarded", "answered_on_behalf", "informed", "closed"];
            let place = ["accepted", "classified", "forwarded", "answered", "informed", "closed"]
                .iter()
                .position(|state| petition["process"] == *state)
                .unwrap();
            assert_eq!(steps, all[..=place]);
            assert!(petition["history"][0]["basis"].as_str().unwrap().contains(&format!("dòng {}", row["row"])));
            assert!(petition["history"][0]["actor"].is_string());
            assert_eq!(petition["unitIds"], json!([world.here.unit]));
        }
        assert_eq!(states, ["accepted", "classified", "forwarded", "answered", "informed", "closed"]);

        let read = app.state.store.read();
        let letters = forwarding::Entity::find().all(read).await.unwrap();
        assert_eq!(letters.len(), 2, "one letter with two petitions is one document");
        assert_eq!(answer::Entity::find().count(read).await.unwrap(), 2);
        assert_eq!(informing::Entity::find().count(read).await.unwrap(), 2);
        let third = petition::Entity::find().filter(petition::Column::Content.eq("Nạo vét kênh 79")).one(read).await.unwrap().unwrap();
        assert_eq!(third.due_at, "2026-02-20".parse().ok());
        assert_eq!(third.number, "3/2026");
        let formula = petition::Entity::find().filter(petition::Column::Content.eq("=HYPERLINK(\"x\")")).one(read).await.unwrap();
        assert!(formula.is_some(), "a cell that looks like a formula stays what it is");
        for document in sync_doc::Entity::find().all(read).await.unwrap() {
            assert!(!document.doc.contains("Nguyễn Văn Kín") && !document.doc.contains("Trần Thị Lặng"));
        }
        for step in event::Entity::find().all(read).await.unwrap() {
            assert!(!format!("{step:?}").contains("Nguyễn Văn Kín"));
        }
    }

    async fn the_same_file_again_changes_nothing_in_whatever_format(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        assert_eq!(send(&office, world.here.council, false, &six()).await.counts(), (6, 0, 0));
        let before = fingerprint(&app).await;
        for text in [six(), format!("\u{feff}{}", six())] {
            let told = send(&office, world.here.council, false, &text).await;
            assert_eq!(told.counts(), (0, 6, 0), "{}", told.text);
        }
        // Another order of the columns, other dates for the same days, without the office's own numbers.
        let plain = "Tình trạng,Nội dung kiến nghị,Ngày tiếp nhận\nMới,Sửa cống,5/1/2026\nMới,Sửa cống,5/1/2026\n";
        let again = "Nội dung,Ngày tiếp nhận,Tình trạng\nSửa  cống,2026-01-05,Mới\nSửa cống,46027,Mới\n";
        assert_eq!(fingerprint(&app).await, before);
        assert_eq!(send(&office, world.here.council, false, plain).await.counts(), (2, 0, 0), "equal rows are two petitions");
        assert_eq!(send(&office, world.here.council, false, again).await.counts(), (0, 2, 0));
        // What is known by its number is not changed by a second file.
        let changed = six().replace("Sửa cầu Kênh Nhất", "Sửa cầu Kênh Hai");
        let told = send(&office, world.here.council, false, &changed).await;
        assert_eq!(told.counts(), (0, 5, 1));
        assert_eq!(told.mistake(2), ("number".to_owned(), "TAKEN".to_owned()));
    }

    async fn a_corrected_file_of_mistakes_adds_what_was_corrected(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let file = "Nội dung kiến nghị,Lĩnh vực,Họ tên,Ngày tiếp nhận,Ghi chú,Công dân,Người nêu ý kiến\r\n\
            Sửa đường,Giao thông,Lê Thị Kín,5/1/2026,,Lê Thị Kín,Lê Thị Kín\r\n\
            +84 sửa cầu,@Giáo thông,Lê Thị Kín,5/1/2026,hỏi bà Kín,Lê Thị Kín,Lê Thị Kín\r\n\
            Sửa cống,Giao thông,Lê Thị Kín,31/2/2026,,Lê Thị Kín,Lê Thị Kín\r\n";
        let told = mistakes(&office, world.here.council, file).await;
        let lines: Vec<&str> = told.strip_prefix('\u{feff}').expect("Excel needs the mark").lines().collect();
        assert_eq!(lines[0], "Nội dung kiến nghị,Lĩnh vực,Ngày tiếp nhận,Dòng gốc,Lỗi");
        assert!(lines[1].starts_with("'+84 sửa cầu,'@Giáo thông,5/1/2026,dòng 3 tệp ") && lines[1].contains("[@Giáo thông]"), "{told}");
        assert!(lines[2].contains("31/2/2026") && lines[2].contains("Ngày tiếp nhận"), "{told}");
        assert_eq!(lines.len(), 3);
        assert!(!told.contains("Kín"), "voters are in no file of ours");

        let corrected = told.replace("'@Giáo thông,5/1/2026", "Giao thông,5/1/2026").replace("31/2/2026", "28/2/2026");
        assert_eq!(send(&office, world.here.council, false, &corrected).await.counts(), (2, 0, 0));
        assert_eq!(send(&office, world.here.council, false, &corrected).await.counts(), (0, 2, 0));
        let contents: Vec<String> = petition::Entity::find().all(app.state.store.read()).await.unwrap().into_iter().map(|row| row.content).collect();
        assert!(contents.contains(&"+84 sửa cầu".to_owned()), "{contents:?}");
        let clean = mistakes(&office, world.here.council, &corrected).await;
        assert_eq!(clean.lines().count(), 1, "no mistake, no line");
    }

    // A slip of the pen made a petition of 2019 for a council of 2025, first of its year.
    async fn a_petition_is_not_older_than_its_council_and_those_before_it(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let early = ("receivedAt".to_owned(), "BEFORE_COUNCIL".to_owned());
        let file = "Nội dung kiến nghị,Số kiến nghị,Ngày tiếp nhận\nSửa cầu,1,5/5/2019\nSửa cống,2,30/6/2025\nSửa đường,3,1/7/2025\n";
        let told = send(&office, world.here.council, false, file).await;
        assert_eq!(told.counts(), (1, 0, 2), "{}", told.text);
        assert_eq!((told.mistake(2), told.mistake(3)), (early.clone(), early.clone()));
        // What the council of a former commune received is taken over by the one that follows it.
        let reference = app.state.reference();
        let units = &reference.units;
        let former = units
            .predecessors(world.here.unit)
            .map(|edge| edge.from_id)
            .find(|unit| units.heir(*unit) == world.here.unit)
            .expect("Tân Hưng was made of whole communes");
        let before = council::Model {
            unit_id: former,
            valid_from: "2021-07-01".parse().unwrap(),
            valid_to: "2025-07-01".parse().ok(),
            rev: 0,
            ..crate::rows::council()
        };
        Put::new().row(before).now(&app.state).await;
        let told = send(&office, world.here.council, false, file).await;
        assert_eq!(told.counts(), (1, 1, 1), "{}", told.text);
        assert_eq!(told.mistake(2), early);
    }

    // Corrected, a row said just what another one of its file had said, and was taken for that one: a petition was lost.
    async fn a_row_that_is_corrected_into_the_words_of_another_is_a_petition_of_its_own(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let council = world.here.council;
        let count = async || petition::Entity::find().count(app.state.store.read()).await.unwrap();
        let file = "Nội dung kiến nghị,Lĩnh vực\nSửa đường,Giao thông\nSửa đường,Giáo thông\nSửa đường,Giáo thong\n";
        // Corrected one by one: what is still wrong comes back and knows which row it was.
        let first = mistakes(&office, council, file).await;
        assert_eq!((count().await, first.lines().count()), (1, 3), "{first}");
        let half = first.replace("Giáo thông", "Giao thông");
        let second = mistakes(&office, council, &half).await;
        assert_eq!((count().await, second.lines().count()), (2, 2), "{second}");
        let whole = second.replace("Giáo thong", "Giao thông");
        assert_eq!(send(&office, council, false, &whole).await.counts(), (1, 0, 0));
        assert_eq!(count().await, 3);
        // Whatever is sent once more changes nothing: each of these files, and the list itself once it is corrected too.
        let both = first.replace("Giáo thông", "Giao thông").replace("Giáo thong", "Giao thông");
        assert_eq!(send(&office, council, false, &both).await.counts(), (0, 2, 0));
        assert_eq!(send(&office, council, false, &whole).await.counts(), (0, 1, 0));
        assert_eq!(send(&office, council, false, file).await.counts(), (0, 1, 2));
        let corrected = file.replace("Giáo thông", "Giao thông").replace("Giáo thong", "Giao thông");
        assert_eq!(send(&office, council, true, &corrected).await.counts(), (0, 3, 0), "validating tells the same");
        assert_eq!(send(&office, council, false, &corrected).await.counts(), (0, 3, 0));
        let longer = corrected.replace("Lĩnh vực\n", "Lĩnh vực\nSửa cống,Giao thông\n");
        assert_eq!(send(&office, council, false, &longer).await.counts(), (1, 3, 0), "the list of the week after");
        assert_eq!(count().await, 4);
        // The history of a corrected row names the file in which it was refused, and the one that brought it.
        let steps = event::Entity::find().filter(event::Column::Event.eq("imported")).all(app.state.store.read()).await.unwrap();
        let told = |line: &str| steps.iter().filter_map(|step| step.basis.as_deref()).any(|basis| basis.contains(line) && basis.contains("; sửa ở tệp "));
        assert!(told("dòng 3;") && told("dòng 4;"), "{steps:?}");
    }

    // Validated first, corrected, and sent before the list: the list's own row was then taken for the corrected one.
    async fn the_corrected_rows_may_be_sent_before_their_list(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let council = world.here.council;
        let file = "Nội dung kiến nghị,Lĩnh vực\nSửa đường,Giao thông\nSửa đường,Giáo thông\nSửa đường,Giao thông\n";
        let corrected = mistakes_of(&office, council, true, file).await.replace("Giáo thông", "Giao thông");
        assert_eq!(send(&office, council, false, &corrected).await.counts(), (1, 0, 0));
        assert_eq!(send(&office, council, false, file).await.counts(), (2, 0, 1));
        assert_eq!(send(&office, council, false, file).await.counts(), (0, 2, 1));
        assert_eq!(send(&office, council, false, &corrected).await.counts(), (0, 1, 0));
        assert_eq!(petition::Entity::find().count(app.state.store.read()).await.unwrap(), 3);
    }

    // Somebody corrects his list, sends it, and then corrects and sends the file of mistakes as well.
    async fn what_was_corrected_in_the_list_too_is_not_doubled(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let council = world.here.council;
        let file = "Nội dung kiến nghị,Lĩnh vực\nSửa đường,Giao thông\nSửa đường,Giáo thông\nSửa cống,Giáo thông\n";
        let told = mistakes(&office, council, file).await;
        let corrected = |text: &str| text.replace("Giáo thông", "Giao thông");
        assert_eq!(send(&office, council, false, &corrected(file)).await.counts(), (2, 1, 0));
        assert_eq!(send(&office, council, false, &corrected(&told)).await.counts(), (0, 2, 0));
        // A row of which nobody can tell any more which it was is told, and not guessed.
        let torn = corrected(&told).replace("dòng 3 ", "dòng ba ");
        let told = send(&office, council, false, &torn).await;
        assert_eq!(told.counts(), (0, 1, 1), "{}", told.text);
        assert_eq!(told.mistake(2), ("sourceRow".to_owned(), "INVALID_VALUE".to_owned()));
        assert_eq!(told.rows()[0]["errors"][0]["column"], "Dòng gốc");
        // Nor can anybody where the rows of the list have moved: it is told which petition it may be.
        let file = "Nội dung kiến nghị,Số kiến nghị,Lĩnh vực\nSửa kè,,Giáo thông\n";
        let wrong = corrected(&mistakes(&office, council, file).await);
        let moved = corrected(file).replace("Lĩnh vực\n", "Lĩnh vực\nSửa chợ,,Giao thông\n");
        let by_list = send(&office, council, false, &moved).await;
        assert_eq!(by_list.counts(), (2, 0, 0), "{}", by_list.text);
        let id = by_list.rows()[1]["petitionId"].clone();
        let petition = office.data("query($id: ID!) { petition(id: $id) { number } }", json!({"id": id})).await;
        let words = format!("cùng lời với kiến nghị {};", petition["petition"]["number"].as_str().unwrap());
        for validate_only in [true, false] {
            let told = send(&office, council, validate_only, &wrong).await;
            assert_eq!((told.counts(), told.mistake(2)), ((0, 0, 1), ("number".to_owned(), "TAKEN".to_owned())));
            assert_eq!(told.rows()[0]["petitionId"], id);
            assert!(told.text.contains(&words), "{}", told.text);
        }
        assert_eq!(send(&office, council, false, &moved).await.counts(), (0, 2, 0));
        // With a number of its own it is another one.
        let other = wrong.replace("Sửa kè,,", "Sửa kè,K-2,");
        assert_eq!(send(&office, council, false, &other).await.counts(), (1, 0, 0));
        assert_eq!(send(&office, council, false, &other).await.counts(), (0, 1, 0));
    }

    async fn validating_writes_nothing_and_tells_the_same(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let file = six().replace("Thủy lợi", "Thủy lợi lớn");
        let before = fingerprint(&app).await;
        let validated = send(&office, world.here.council, true, &file).await;
        assert_eq!(validated.counts(), (5, 0, 1));
        assert_eq!(fingerprint(&app).await, before);
        let done = send(&office, world.here.council, false, &file).await;
        let told = |told: &Told| told.rows().iter().map(|row| (row["row"].clone(), row["outcome"].clone(), row["petitionId"].clone())).collect::<Vec<_>>();
        assert_eq!(told(&validated), told(&done));
        let again = send(&office, world.here.council, true, &file).await;
        assert_eq!(again.counts(), (0, 5, 1), "what is there already is told by a validation too");
    }

    async fn what_the_chain_forbids_does_not_come_in_by_a_file(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let cases = [
            // An answer that nobody asked for; a closing whose voters were not told; a state without its documents.
            ("Sửa A;Giao thông;;;;Đã giải quyết xong;Đã sửa;3/2/2026;8/UBND;;;", "leadId", "REQUIRED"),
            ("Sửa B;Giao thông;UBND Xã Tân Hưng;1/VP;12/1/2026;Đã giải quyết xong;Đã sửa;3/2/2026;8/UBND;;;Kết thúc", "informedAt", "REQUIRED"),
            ("Sửa C;Giao thông;;;;;;;;;;Đã trả lời", "forwardedNumber", "REQUIRED"),
            ("Sửa D;;UBND Xã Tân Hưng;1/VP;12/1/2026;;;;;;;", "field", "REQUIRED"),
            ("Sửa E;Giao thông;UBND Xã Tân Hưng;1/VP;12/1/2099;;;;;;;", "forwardedAt", "OUT_OF_RANGE"),
            ("Sửa F;Giao thông;UBND Xã Tân Hưng;1/VP;12/1/2025;;;;;;;", "forwardedAt", "BEFORE_COUNCIL"),
            ("Sửa G;Giao thông;UBND Xã Tân Hưng;1/VP;12/1/2026;Tạm gác lại, có lộ trình;Chờ vốn;3/2/2026;8/UBND;;;", "roadmapAt", "REQUIRED"),
            ("Sửa H;Giao thông;UBND Xã Tân Hưng;1/VP;12/1/2026;Đã giải quyết xong;Đã sửa;3/1/2026;8/UBND;;;", "answeredAt", "OUT_OF_RANGE"),
            ("Sửa I;Giao thông;UBND Xã Tân Hưng;1/VP;12/1/2026;Đã giải quyết xong;Đã sửa;3/2/2026;8/UBND;1/2/2026;Điện thoại;", "informedAt", "OUT_OF_RANGE"),
            ("Sửa K;Giao thông;UBND Xã Tân Hưng;1/VP;12/1/2026;Đã giải quyết xong;Đã sửa;;;;;", "answerNumber", "REQUIRED"),
            ("Sửa L;Giao thông;Sở Không Có;1/VP;12/1/2026;;;;;;;", "leadId", "NOT_FOUND"),
            (";Giao thông;;;;;;;;;;", "content", "REQUIRED"),
            ("Sửa \u{202e}M;Giao thông;;;;;;;;;;", "content", "INVALID_TEXT"),
            ("Sửa N;Giao thông;UBND Xã Tân Hưng;1/VP;12/1/2026;Đã giải quyết xong;Đã sửa;3/2/2026;8/UBND;;;Đã chuyển", "status", "INVALID_STATE"),
        ];
        let mut file = "Nội dung kiến nghị;Lĩnh vực;Cơ quan giải quyết;Số văn bản chuyển;Ngày chuyển;Kết quả;Nội dung trả lời;\
            Ngày trả lời;Số văn bản trả lời;Ngày thông tin cử tri;Hình thức thông tin;Tình trạng\n".to_owned();
        for (row, ..) in &cases {
            file.push_str(row);
            file.push('\n');
        }
        let before = fingerprint(&app).await;
        let told = send(&office, world.here.council, false, &file).await;
        assert_eq!(told.counts(), (0, 0, cases.len() as u64), "{}", told.text);
        for (line, (row, field, code)) in (2..).zip(cases) {
            assert_eq!(told.mistake(line), (field.to_owned(), code.to_owned()), "{row}\n{}", told.text);
        }
        assert_eq!(fingerprint(&app).await, before);
    }

    async fn a_place_of_several_names_its_candidates_and_is_not_guessed(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.province_office);
        let file = "Nội dung kiến nghị,Xã/phường,Huyện,Tỉnh,Ngày tiếp nhận,Lĩnh vực\n\
            Cầu 1,Xã Tân Hưng,,,5/1/2026,Giao thông\n\
            Cầu 2,xã Tân Hưng,huyện Tân Hưng,tỉnh Long An,,Giao thông\n\
            Cầu 3,27721,,,5/1/2026,Giao thông\n\
            Cầu 4,Xã Vĩnh Thạnh,Tân Hưng,Long An,,Giao thông\n\
            Cầu 5,Phường Cửa Lò,,,5/1/2026,Giao thông\n\
            Cầu 6,Xã Không Có,,,5/1/2026,Giao thông\n\
            Cầu 7,Các xã Tân Hưng và Vĩnh Thạnh,,,5/1/2026,Giao thông\n\
            Cầu 8,Xã Tân Phú,,,1/6/2025,Giao thông\n";
        let told = send(&office, world.province_council, true, file).await;
        let outcomes: Vec<&str> = told.rows().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
        let reference = app.state.reference();
        let named = |name: &str| {
            reference.units.iter().filter(|unit| {
                unit.name == name && unit.level == "commune" && unit.valid_to.is_some()
                    && reference.units.covers_of_any_time(world.province, unit.id)
            }).count()
        };
        assert!(named("Xã Tân Phú") > 1, "the list has it twice in what became the province");
        assert_eq!(told.mistake(6), ("unitIds".to_owned(), "NOT_FOUND".to_owned()), "of another province");
        assert_eq!(told.mistake(7), ("unitIds".to_owned(), "NOT_FOUND".to_owned()));
        assert_eq!(told.mistake(9), ("unitIds".to_owned(), "AMBIGUOUS".to_owned()), "{}", told.text);
        let candidates = told.rows()[7]["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(candidates.contains("Xã Tân Phú, ") && candidates.contains("; "), "{candidates}");
        assert_eq!(outcomes[0], "created", "{}", told.text);
        assert_eq!(outcomes[2], "created");
        assert_eq!(outcomes[6], "created");
    }

    async fn a_body_of_several_names_its_candidates(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let twin = world::an_agency(&app.state, world.province, "Sở Xây dựng", "department", false);
        Put::new().row(twin).now(&app.state).await;
        let office = app.person(&world.here.office);
        let file = "Nội dung kiến nghị,Lĩnh vực,Cơ quan giải quyết,Số văn bản chuyển,Ngày chuyển\n\
            Cầu,Giao thông,Sở Xây dựng,1/VP,12/1/2026\nĐèn,Giao thông,Công ty Điện lực,2/VP,12/1/2026\n";
        let told = send(&office, world.here.council, false, file).await;
        assert_eq!(told.counts(), (1, 0, 1), "{}", told.text);
        assert_eq!(told.mistake(2), ("leadId".to_owned(), "AMBIGUOUS".to_owned()));
        let message = told.rows()[0]["errors"][0]["message"].as_str().unwrap();
        assert_eq!(message.matches("Sở Xây dựng (").count(), 2, "{message}");
    }

    async fn what_is_not_taken_over_is_said(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let file = "Nội dung kiến nghị,Lĩnh vực,Cơ quan giải quyết,Kết quả\nCầu,Giao thông,Sở Xây dựng,Đang giải quyết\n";
        let told = send(&office, world.here.council, false, file).await;
        assert_eq!(told.counts(), (1, 0, 0), "{}", told.text);
        let notes = told.rows()[0]["notes"].as_array().unwrap();
        let fields: Vec<&str> = notes.iter().map(|note| note["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["forwardedNumber", "answerNumber"], "a body without a letter, a result without an answer");
        // The day that had been promised, of what is done.
        let file = "Nội dung kiến nghị;Lĩnh vực;Cơ quan giải quyết;Số văn bản chuyển;Ngày chuyển;Kết quả;Nội dung trả lời;Ngày trả lời;Số văn bản trả lời;Lộ trình đến\n\
            Đèn;Giao thông;UBND Xã Tân Hưng;1/VP;12/1/2026;Đã giải quyết xong;Đã thay;3/2/2026;8/UBND;30/6/2026\n";
        let told = send(&office, world.here.council, false, file).await;
        assert_eq!(told.counts(), (1, 0, 0), "{}", told.text);
        assert_eq!(told.rows()[0]["notes"][0]["field"], "roadmapAt", "{}", told.text);
        let query = "query($id: ID!) { petition(id: $id) { outcome roadmapAt answerNumber } }";
        let petition = office.data(query, json!({"id": told.rows()[0]["petitionId"]})).await;
        assert_eq!(petition["petition"], json!({"outcome": "resolved", "roadmapAt": null, "answerNumber": "8/UBND"}));
        // What a body answered in earlier years is taken over as it was, though it would have to give it back today.
        let file = file.replace("Đèn;", "Cầu;")
            .replace("Đã giải quyết xong;Đã thay;3/2/2026;8/UBND;30/6/2026", "Không thuộc thẩm quyền;Đã chuyển Sở;3/2/2026;9/UBND;");
        let told = send(&office, world.here.council, false, &file).await;
        assert_eq!(told.counts(), (1, 0, 0), "{}", told.text);
        let petition = office.data(query, json!({"id": told.rows()[0]["petitionId"]})).await;
        assert_eq!(petition["petition"], json!({"outcome": "out_of_competence", "roadmapAt": null, "answerNumber": "9/UBND"}));
    }

    async fn only_the_councils_own_office_takes_over_and_foreign_is_absent(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let before = fingerprint(&app).await;
        let office = app.person(&world.here.office);
        let absent = cutri_tests::phone::new_id();
        let mut answers = Vec::new();
        for council in [world.there.council.to_string(), absent] {
            let told = send(&office, council, false, &six()).await;
            assert_eq!(told.status, 404);
            let mut body: Value = told.lines[0].clone();
            body["errors"][0]["extensions"].as_object_mut().unwrap().remove("requestId");
            answers.push(body);
        }
        assert_eq!(answers[0], answers[1]);
        for (person, status) in [
            (app.stranger(), 401),
            (app.person(&world.here.delegates[0]), 400),
            (app.person(&world.administrator), 404),
            (app.person(&world.there.office), 404),
            (app.person(&world.here.committee_login), 404),
        ] {
            let told = send(&person, world.here.council, false, &six()).await;
            assert_eq!(told.status, status, "{}", told.text);
        }
        assert_eq!(fingerprint(&app).await, before);
    }
}
