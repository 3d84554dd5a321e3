//! Search on real words: found in any spelling, by an index, and never what is not the searcher's.

use std::{collections::BTreeSet, path::Path, sync::Mutex, time::Instant};

use cutri::{
    error::{Code, Lang, Refused},
    search::{
        Kind,
        find::{Hit, Search, find, plan},
        index::rebuild,
    },
    state::State,
    store::{
        door::{Command, Facts, Verdict, execute},
        partition::{Audience, Partition},
        working::{Changes, Needs, Working},
    },
    text::{fold, mark_fold},
    viewer::Viewer,
};
use cutri_tests::{
    TestApp, TestDatabase,
    app::state_on,
    byte_search, database, each_db,
    world::{Login, Put, World},
};
use entity::{
    id::{CouncilId, PetitionId, ResolutionId, UnitId},
    petition, petition_unit, resolution, sync_doc, sync_log, sync_partition,
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, TransactionTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::similar::suggested_by_the_index;

/// The texts of 60 published petitions.
fn published() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/reference/demo/petitions.jsonl");
    let texts: Vec<String> = std::fs::read_to_string(file)
        .unwrap()
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["text"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(texts.len(), 60);
    texts
}

fn id(n: usize) -> PetitionId {
    PetitionId(Uuid::from_u128(
        0x0197_0000_0000_7000_8000_0000_0000_0000 + n as u128,
    ))
}

fn title(text: &str) -> String {
    text.split_whitespace().take(8).collect::<Vec<_>>().join(" ")
}

fn petition(n: usize, council: CouncilId, content: &str, public: Option<&str>) -> petition::Model {
    let now = "2026-03-02T01:00:00Z".parse().unwrap();
    petition::Model {
        title: title(public.unwrap_or(content)),
        content: content.to_owned(),
        public_title: public.map(title),
        public_content: public.map(str::to_owned),
        ..petition::Model::accepted(id(n), council, format!("{n}/2026"), now)
    }
}

fn of_unit(petition: PetitionId, unit: UnitId) -> petition_unit::Model {
    petition_unit::Model {
        petition_id: petition,
        unit_id: unit,
    }
}

fn a_resolution(n: u128, world: &World, raw: &str, title: &str, is_public: bool) -> resolution::Model {
    let now = "2026-03-02T01:00:00Z".parse().unwrap();
    resolution::Model {
        id: ResolutionId(Uuid::from_u128(n)),
        council_id: world.here.council,
        unit_id: world.here.unit,
        session_id: None,
        by_standing_committee: false,
        number: None,
        number_key: None,
        year: 2025,
        raw_number: raw.to_owned(),
        kind: "NQ".to_owned(),
        title: title.to_owned(),
        text: None,
        effect: resolution::Effect::InForce,
        issued_on: None,
        in_force_from: None,
        in_force_to: None,
        votes_for: None,
        votes_against: None,
        votes_abstained: None,
        delegates_present: None,
        delegates_total: None,
        is_public,
        created_at: now,
        rev: 0,
        updated_at: now,
    }
}

/// Changes a petition that is there.
struct Edit<F>(PetitionId, Mutex<F>);

impl<F: Fn(&mut petition::Model) + Send> Command for Edit<F> {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.0.0);
    }

    fn judge(&self, working: &Working, _facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut row = working.petition.get(self.0).ok_or(Code::NotFound)?.clone();
        (self.1.lock().unwrap())(&mut row);
        let mut changes = Changes::default();
        changes.put(row);
        Ok(Verdict::about(changes, [self.0.0]))
    }
}

async fn edit(state: &State, n: usize, change: impl Fn(&mut petition::Model) + Send) {
    let command = Edit(id(n), Mutex::new(change));
    for answer in execute(state, &Viewer::anonymous(Lang::Vi), &[&command])
        .await
        .unwrap()
    {
        answer.unwrap();
    }
}

/// Somebody as the write door and the search see him today.
pub(crate) async fn viewer(state: &State, login: &Login) -> Viewer {
    let today = state.clock.today();
    Viewer::load(
        state.store.read(),
        &state.reference(),
        login.account,
        login.device,
        today,
        Lang::Vi,
    )
    .await
    .unwrap()
}

fn anyone() -> Viewer {
    Viewer::anonymous(Lang::Vi)
}

fn asked(text: &str) -> Search {
    Search {
        text: text.to_owned(),
        kinds: BTreeSet::new(),
        units: None,
        first: 100,
    }
}

async fn hits(state: &State, viewer: &Viewer, text: &str) -> Vec<Hit> {
    find(&state.store, viewer, &asked(text)).await.unwrap()
}

/// What is found beside the meetings of the world.
async fn ids(state: &State, viewer: &Viewer, text: &str) -> Vec<Uuid> {
    let found = hits(state, viewer, text).await;
    found
        .into_iter()
        .filter(|hit| hit.kind != Kind::Meeting)
        .map(|hit| hit.id)
        .collect()
}

async fn app(db: &TestDatabase) -> (TestApp, World) {
    let app = TestApp::start(db).await;
    let world = World::create(&app.state).await;
    (app, world)
}

/// All 60 petitions, readable by everyone, newest last.
async fn with_published(db: &TestDatabase) -> (TestApp, World, Vec<String>) {
    let (app, world) = app(db).await;
    let texts = published();
    let mut put = Put::new();
    for (n, text) in texts.iter().enumerate() {
        put = put
            .row(petition(n, world.here.council, text, Some(text)))
            .row(of_unit(id(n), world.here.unit));
    }
    put.now(&app.state).await;
    (app, world, texts)
}

/// What a search has to find and in which order, worked out word by word without any index.
fn expected(texts: &[String], question: &str) -> Vec<Uuid> {
    let cut = |text: &str| {
        text.split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (folded, marked) = (cut(&fold(question)), cut(&mark_fold(question)));
    let together = |words: &[String], asked: &[String]| words.windows(asked.len()).any(|part| part == asked);
    let scattered = |words: &dyn Fn(usize) -> Vec<String>, asked: &dyn Fn(usize) -> String, prefix: bool| {
        (0..folded.len()).all(|n| {
            let goes_on = prefix && n + 1 == folded.len();
            words(n)
                .iter()
                .any(|word| *word == asked(n) || goes_on && word.starts_with(&asked(n)))
        })
    };
    let mut found: Vec<(usize, std::cmp::Reverse<usize>)> = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        let head = format!("{n}/2026 {}", title(text));
        let words = |kind: fn(&str) -> String| (cut(&kind(&head)), cut(&kind(text)));
        let ((head, body), (marked_head, marked_body)) = (words(fold), words(mark_fold));
        let all = [head.clone(), body.clone()].concat();
        let marked_all = [marked_head.clone(), marked_body.clone()].concat();
        let typed = |n: usize| marked[n] != folded[n];
        let mixed = |n: usize| if typed(n) { marked_all.clone() } else { all.clone() };
        let mut tiers = Vec::new();
        if marked != folded {
            tiers.push(together(&marked_head, &marked));
            tiers.push(together(&marked_head, &marked) || together(&marked_body, &marked));
            for prefix in [false, true] {
                tiers.push(scattered(&mixed, &|n| marked[n].clone(), prefix));
            }
        }
        tiers.push(together(&head, &folded));
        tiers.push(together(&head, &folded) || together(&body, &folded));
        for prefix in [false, true] {
            tiers.push(scattered(&|_| all.clone(), &|n| folded[n].clone(), prefix));
        }
        if let Some(tier) = tiers.iter().position(|fulfilled| *fulfilled) {
            found.push((tier, std::cmp::Reverse(n)));
        }
    }
    found.sort();
    found.into_iter().map(|(_, n)| id(n.0).0).collect()
}

each_db! {
    async fn real_petitions_are_found_as_word_by_word(db: TestDatabase) {
        let (app, _world, texts) = with_published(&db).await;
        let mut found = 0;
        for question in [
            "đường", "duong", "Đường", "DUONG", "đươ", "dương", "vấn đề", "van de", "nước sạch", "nuoc sach",
            "sạch nước", "trường học", "truong hoc", "trạm y tế", "tram y te", "khám chữa bệnh", "Trung Yên",
            "trung yen", "đường Trung Yen", "xuong cap", "ĐT185", "dt185", "6 km", "3/2026", "12/2026", "hoà bình",
            "hòa", "sức khoẻ", "sức khỏe", "suc khoe", "cau", "cầu", "hỗ trợ", "ho tro nong dan", "bảo hiểm y tế",
            "môi trường", "điện", "dien", "đ", "x", "đề nghị", "de nghi", "khong co trong do", "quy hoạch", "quy",
        ] {
            let expected = expected(&texts, question);
            assert_eq!(ids(&app.state, &anyone(), question).await, expected, "{question}");
            found += expected.len();
        }
        assert!(found > 300, "the questions ask for something: {found}");
    }

    async fn every_encoding_and_placement_of_marks_asks_the_same(db: TestDatabase) {
        let (app, world, _texts) = with_published(&db).await;
        let text = "Xã Hòa Bình đề nghị sửa chữa thuỷ lợi ở thôn Quý Hòa";
        let put = Put::new().row(petition(100, world.here.council, text, Some(text)));
        put.row(of_unit(id(100), world.here.unit)).now(&app.state).await;
        for (one, other) in [
            ("đường hỏng", "đu\u{31b}o\u{31b}\u{300}ng ho\u{309}ng"),
            ("sức khỏe", "sức khoẻ"),
            ("thủy lợi", "thuỷ lợi"),
            ("Hòa Bình", "HOÀ BÌNH"),
            ("Quý Hòa", "qúy hoà"),
            ("đề nghị", "ðề nghị"),
            ("Đường", "ĐƯỜNG!!!"),
        ] {
            let found = ids(&app.state, &anyone(), one).await;
            assert_eq!(found, ids(&app.state, &anyone(), other).await, "{one} {other}");
        }
        assert_eq!(ids(&app.state, &anyone(), "thôn quy hoa").await[0], id(100).0);
        assert_eq!(ids(&app.state, &anyone(), "hoà bình").await[0], id(100).0);
    }

    async fn exact_marks_stand_first(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let texts = ["Phố Dương xuống cấp", "Con đường xuống cấp", "Bà Dượng xuống cấp", "Đường phố xuống cấp"];
        let mut put = Put::new();
        for (n, text) in texts.iter().enumerate() {
            put = put.row(petition(n, world.here.council, text, Some(text))).row(of_unit(id(n), world.here.unit));
        }
        put.now(&app.state).await;
        let order = async |text: &str| -> Vec<usize> {
            let found = ids(&app.state, &anyone(), text).await;
            found.iter().map(|found| (0..4).find(|n| id(*n).0 == *found).unwrap()).collect()
        };
        assert_eq!(order("đường").await, [3, 1, 2, 0]);
        assert_eq!(order("Dương").await, [0, 3, 2, 1]);
        assert_eq!(order("duong").await, [3, 2, 1, 0]);
        assert_eq!(order("xuong cap duong").await, [3, 2, 1, 0]);
        assert_eq!(order("phố dương").await, [0, 3]);
    }

    async fn nobody_finds_what_he_may_not_read(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let (here, there) = (&world.here, &world.there);
        let inner = "Bà Planthoa báo cầu gãy";
        Put::new()
            .row(petition(1, here.council, inner, None))
            .row(of_unit(id(1), here.unit))
            .row(petition(2, here.council, "Ông Plantnam báo điện yếu", Some("Cử tri báo điện yếu")))
            .row(of_unit(id(2), here.unit))
            .row(petition(3, there.council, "Plantkhac báo nước đục", None))
            .row(of_unit(id(3), there.unit))
            .now(&app.state)
            .await;
        let state = app.state.as_ref();
        let office = viewer(state, &here.office).await;
        let delegate = viewer(state, &here.delegates[0]).await;
        let neighbour = viewer(state, &there.delegates[0]).await;
        let agency = viewer(state, &here.committee_login).await;
        let aggregator = viewer(state, &world.aggregator).await;
        for (who, text, found) in [
            (&office, "planthoa", vec![1]),
            (&delegate, "planthoa", vec![1]),
            (&neighbour, "planthoa", vec![]),
            (&agency, "planthoa", vec![]),
            (&aggregator, "planthoa", vec![]),
            (&anyone(), "planthoa", vec![]),
            // The title of a published petition is public, its inner text is not.
            (&office, "plantnam", vec![2]),
            (&neighbour, "plantnam", vec![]),
            (&aggregator, "plantnam", vec![]),
            (&anyone(), "plantnam", vec![]),
            (&office, "điện yếu", vec![2]),
            (&neighbour, "điện yếu", vec![2]),
            (&anyone(), "dien yeu", vec![2]),
            (&neighbour, "plantkhac", vec![3]),
            (&office, "plantkhac", vec![]),
            (&office, "báo", vec![2, 1]),
            (&anyone(), "báo", vec![2]),
            // A prefix gives nothing away either.
            (&neighbour, "planth", vec![]),
            (&anyone(), "p", vec![]),
            // Aggregators read the number of what is not published, and no free text.
            (&aggregator, "1/2026", vec![1]),
        ] {
            let found: Vec<Uuid> = found.into_iter().map(|n| id(n).0).collect();
            assert_eq!(ids(state, who, text).await, found, "{text}");
        }
        assert_eq!(hits(state, &aggregator, "1/2026").await[0].title, None);
        assert_eq!(hits(state, &office, "1/2026").await[0].audience, Audience::Internal);

        // The index follows in the transaction of the change.
        edit(state, 1, |row| row.content = "Bà Plantmai báo cầu gãy".to_owned()).await;
        assert_eq!(ids(state, &office, "planthoa").await, [id(1).0], "the title still says so");
        edit(state, 1, |row| row.title = "Cầu gãy".to_owned()).await;
        assert!(ids(state, &office, "planthoa").await.is_empty());
        assert_eq!(ids(state, &delegate, "plantmai").await, [id(1).0]);
        edit(state, 1, |row| row.agency_id = Some(here.committee)).await;
        assert_eq!(ids(state, &agency, "plantmai").await, [id(1).0]);
        edit(state, 1, |row| row.agency_id = None).await;
        assert!(ids(state, &agency, "plantmai").await.is_empty());
        edit(state, 2, |row| row.public_content = None).await;
        assert!(ids(state, &anyone(), "điện yếu").await.is_empty());
        assert_eq!(ids(state, &office, "điện yếu").await, [id(2).0]);
        let before: Vec<_> = hits(state, &office, "báo").await;
        assert!(rebuild(state).await.unwrap() >= 3);
        assert_eq!(hits(state, &office, "báo").await, before);
    }

    async fn a_resolution_is_found_by_its_text(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let with = |n: u128, text: &str, is_public: bool| resolution::Model {
            text: Some(text.to_owned()), ..a_resolution(n, &world, &format!("{n}/NQ-HĐND"), "Về đầu tư công", is_public)
        };
        Put::new()
            .row(with(1, "Điều 1. Nâng cấp đê bao Bắc Kênh Tám, dài 4,2 km", true))
            .row(with(2, "Điều 1. Nâng cấp đê bao Nam Kênh Tám", false))
            .now(&app.state)
            .await;
        let office = viewer(app.state.as_ref(), &world.here.office).await;
        for typed in ["Bắc Kênh Tám", "bac kenh tam", "BẮC KÊNH TÁM dài"] {
            assert_eq!(ids(&app.state, &anyone(), typed).await, [Uuid::from_u128(1)], "{typed}");
        }
        assert_eq!(ids(&app.state, &office, "đê bao").await.len(), 2);
        assert_eq!(ids(&app.state, &anyone(), "đê bao").await, [Uuid::from_u128(1)]);
    }

    async fn numbers_are_found_in_any_spelling(db: TestDatabase) {
        let (app, world) = app(&db).await;
        Put::new()
            .row(a_resolution(1, &world, "Nghị quyết số 05/2025/NQ-HĐND", "Về phí", true))
            .row(a_resolution(2, &world, "15/2025/NQ-HĐND", "Về đường", true))
            .row(a_resolution(3, &world, "17/BC-BĐT", "Về dân tộc", true))
            .row(a_resolution(4, &world, "17/BC-BDT", "Về đô thị", true))
            .now(&app.state)
            .await;
        let state = app.state.as_ref();
        let office = viewer(state, &world.here.office).await;
        for spelling in [
            "05/2025/NQ-HĐND", "5/2025/NQ-HĐND", "5/2025/nq-hdnd", "Nghị quyết số 5/2025/NQ–HĐND",
            "05 / 2025 / NQ - HĐND", "5/2025", "05/2025",
        ] {
            assert_eq!(ids(state, &office, spelling).await[0], Uuid::from_u128(1), "{spelling}");
        }
        assert_eq!(ids(state, &office, "17/BC-BĐT").await, [3, 4].map(Uuid::from_u128));
        assert_eq!(ids(state, &office, "17/BC-BDT").await, [4, 3].map(Uuid::from_u128));
    }

    async fn whatever_is_typed_is_a_valid_question(db: TestDatabase) {
        let (app, _world, _texts) = with_published(&db).await;
        let hostile = [
            "\"", "'", "*", "đường*", "\"đường", "đường\"", "AND", "OR NOT", "NEAR(a b, 2)", "title:đường", "-đường",
            "{head} : x", "^đường", "a + b", "' OR 1=1 --", "\\", "\\' | 'a':*", "!& |", "<->", "a<->b", ":*", "':A",
            "@public", "=đường", "public", "petition", "\0", "a\0b", "\u{feff}", "\u{202e}abc", "កី ខ្មែរ", "🚰 nước",
            "\u{301}\u{301}\u{301}", "ß İ ŉ ﬁ", "1e999", "0x1F", "%_%", "$1", "?", "NULL", "a.b.c@d.vn",
            "https://x.vn/?q=a&b=c#d", "((((((((((", "))))", "\u{1F1FB}\u{1F1F3}", "\u{10ffff}", "\u{e000}", "ǅ",
        ];
        let mut runner = TestRunner::deterministic();
        let any = ("\\PC{0,40}", "[\"'*:^(){}|&!<>@=\\\\ a-zđườ\u{300}-\u{304}-]{0,40}");
        let mut questions: Vec<String> = hostile.iter().map(|text| (*text).to_owned()).collect();
        for _ in 0..100 {
            let (one, other) = any.new_tree(&mut runner).unwrap().current();
            questions.extend([one, other]);
        }
        for question in questions {
            match find(&app.state.store, &anyone(), &asked(&question)).await {
                Ok(_) => {}
                Err(error) => assert_eq!(error.code(), Code::LimitTooLarge, "{question:?}: {error:?}"),
            }
        }
        // What means something to the index and is no word finds nothing.
        for question in ["@public", "petition", "#petition", "\"", "*", "\u{301}"] {
            assert!(ids(&app.state, &anyone(), question).await.is_empty(), "{question}");
        }
    }

    async fn search_over_http(db: TestDatabase) {
        let (app, world, _texts) = with_published(&db).await;
        let ask = "query($text: String!, $kinds: [SearchKind!], $unit: ID, $first: Int!) {
            search(text: $text, kinds: $kinds, unitId: $unit, first: $first) {
                kind id number title unitIds snippet node { id }
            } }";
        let stranger = app.stranger();
        let found = stranger.data(ask, json!({"text": "trạm y tế xã", "first": 2})).await;
        let hit = &found["search"][0];
        assert_eq!(hit["kind"], "PETITION");
        assert_eq!(hit["unitIds"], json!([world.here.unit]));
        assert_eq!(hit["node"]["id"], hit["id"]);
        assert!(hit["snippet"].as_str().unwrap().to_lowercase().contains("trạm y tế"), "{hit:#}");
        assert!(hit["number"].as_str().unwrap().ends_with("/2026"));

        let count = async |variables: Value| {
            let answer = stranger.data(ask, variables).await;
            answer["search"].as_array().unwrap().len()
        };
        assert_eq!(count(json!({"text": "", "first": 5})).await, 0);
        assert_eq!(count(json!({"text": "đường", "first": 3})).await, 3);
        assert_eq!(count(json!({"text": "đường", "first": 3, "kinds": ["PETITION"]})).await, 3);
        assert_eq!(count(json!({"text": "đường", "first": 3, "kinds": ["RESOLUTION"]})).await, 0);
        assert_eq!(count(json!({"text": "đường", "first": 3, "unit": world.here.unit})).await, 3);
        assert_eq!(count(json!({"text": "đường", "first": 3, "unit": world.province})).await, 3);
        assert_eq!(count(json!({"text": "đường", "first": 3, "unit": world.there.unit})).await, 0);
        assert_eq!(count(json!({"text": "đường", "first": 3, "unit": Uuid::nil()})).await, 0);
        assert_eq!(count(json!({"text": "tiep xuc cu tri", "first": 9, "kinds": ["MEETING"]})).await, 2);
        assert_eq!(count(json!({"text": "ă".repeat(200), "first": 1})).await, 0);
        assert_eq!(count(json!({"text": "x ".repeat(16), "first": 100})).await, 0);
        for (variables, code) in [
            (json!({"text": "a", "first": 101}), "LIMIT_TOO_LARGE"),
            (json!({"text": "a", "first": 0}), "OUT_OF_RANGE"),
            (json!({"text": "a", "first": -1}), "OUT_OF_RANGE"),
            (json!({"text": "ă".repeat(201), "first": 1}), "TOO_LONG"),
            (json!({"text": "x ".repeat(17), "first": 1}), "LIMIT_TOO_LARGE"),
        ] {
            let answer = stranger.ask(ask, variables.clone()).await;
            assert_eq!(answer.body["errors"][0]["extensions"]["code"], code, "{variables}");
        }
    }

    async fn twenty_thousand_rows_are_searched_by_the_index(db: TestDatabase) {
        const ROWS: usize = 20_000;
        let (app, world) = app(&db).await;
        let state = app.state.as_ref();
        let delegate = viewer(state, &world.here.delegates[0]).await;
        // One for the index, two to ask the change log of each kind, three around them.
        let few = 10;

        stored_in_bulk(state, &world, ROWS).await;
        let begun = Instant::now();
        assert!(rebuild(state).await.unwrap() >= ROWS as u64);
        println!("{:?}: {ROWS} rows indexed in {:?}", db.kind(), begun.elapsed());
        if db.kind() == database::Kind::Postgres {
            state.store.migrating().execute_unprepared("ANALYZE").await.unwrap();
        }

        for (who, viewer) in [("anyone", anyone()), ("delegate", delegate)] {
            for text in ["đường", "sua chua duong", "trạm y tế", "nước", "x", "khongcotu", "77/2026", "de nghi"] {
                for units in [None, Some(BTreeSet::from([world.here.unit, world.there.unit]))] {
                    let search = Search { units, first: 20, ..asked(text) };
                    let plan = plan(&state.store, &viewer, &search).await.unwrap();
                    assert_by_index(db.kind(), &plan, &format!("{who} {text}"));
                    let statements = state.store.statements();
                    let begun = Instant::now();
                    let found = find(&state.store, &viewer, &search).await.unwrap();
                    println!(
                        "{:?} {who} {text:?} units: {}: {} in {:?}",
                        db.kind(),
                        search.units.is_some(),
                        found.len(),
                        begun.elapsed()
                    );
                    assert!(found.len() <= 20);
                    assert!(state.store.statements() - statements <= few, "a fixed number, however many rows");
                }
            }
        }
        assert_eq!(hits(state, &anyone(), "77/2026").await[0].number.as_deref(), Some("77/2026"));
        // And what is suggested to an office of so many petitions is found by an index, too.
        suggested_by_the_index(state, &world, db.kind(), ROWS).await;
    }
}

/// Documents and log as the write door would leave them, of petitions that lie in many councils.
pub(crate) async fn stored_in_bulk(state: &State, world: &World, count: usize) {
    let texts = published();
    let tx = state.store.migrating().begin().await.unwrap();
    let here = [
        Partition::Council(world.here.council),
        Partition::Public(world.here.unit),
    ];
    let mut partitions = Vec::new();
    let mut log = Vec::new();
    let mut documents = Vec::new();
    let mut places = Vec::new();
    for n in 0..count {
        let elsewhere = CouncilId(Uuid::from_u128(0xf00 + (n % 200) as u128));
        let [council, public] = if n % 100 == 0 {
            here
        } else {
            [Partition::Council(elsewhere), here[1]]
        };
        if n < 200 {
            partitions.extend([council, public]);
        }
        let row = id(1_000 + n).0;
        let text = &texts[n % texts.len()];
        places.push(petition_unit::ActiveModel {
            petition_id: Set(PetitionId(row)),
            unit_id: Set(world.here.unit),
        });
        let readers = [(Audience::Internal, council), (Audience::Public, public)];
        for (audience, partition) in readers.into_iter().take(1 + n % 2) {
            let doc = json!({
                "id": row, "number": format!("{n}/2026"), "title": title(text), "content": text,
                "unitIds": world.here.unit,
            });
            documents.push(sync_doc::ActiveModel {
                collection: Set("petition".to_owned()),
                row_id: Set(row),
                audience: Set(audience.rank()),
                rev: Set(1),
                doc: Set(doc.to_string()),
            });
            log.push(sync_log::ActiveModel {
                partition: Set(partition.id()),
                collection: Set("petition".to_owned()),
                row_id: Set(row),
                seq: Set(1_000_000 + n as i64),
                op: Set("put".to_owned()),
                rev: Set(1),
            });
        }
    }
    let known: Vec<_> = partitions
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|partition| sync_partition::ActiveModel {
            id: Set(partition.id()),
            name: Set(partition.name()),
            clock: Set("national".to_owned()),
        })
        .collect();
    let nothing = sea_orm::sea_query::OnConflict::column(sync_partition::Column::Id)
        .do_nothing()
        .to_owned();
    sync_partition::Entity::insert_many(known)
        .on_conflict(nothing)
        .exec_without_returning(&tx)
        .await
        .unwrap();
    for rows in documents.chunks(2_000) {
        sync_doc::Entity::insert_many(rows.to_vec())
            .exec_without_returning(&tx)
            .await
            .unwrap();
    }
    for rows in places.chunks(2_000) {
        petition_unit::Entity::insert_many(rows.to_vec())
            .exec_without_returning(&tx)
            .await
            .unwrap();
    }
    for rows in log.chunks(2_000) {
        sync_log::Entity::insert_many(rows.to_vec())
            .exec_without_returning(&tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}

/// The plan goes by the index of words and walks through no table.
fn assert_by_index(kind: database::Kind, plan: &[String], what: &str) {
    let text = plan.join("\n");
    match kind {
        database::Kind::Sqlite => {
            assert!(
                text.contains("SCAN search_words VIRTUAL TABLE INDEX"),
                "{what}\n{text}"
            );
            for line in plan.iter().filter(|line| line.contains("SCAN")) {
                let walks_words = line.contains("VIRTUAL TABLE INDEX");
                // The demands' own answers, and the list of units that came with the question.
                let walks_question =
                    line.contains("SCAN t") || line.contains("place") || line.contains("CONSTANT");
                assert!(
                    walks_words || walks_question || line.contains("(subquery"),
                    "{what}\n{text}"
                );
            }
        }
        database::Kind::Postgres => {
            assert!(
                text.contains("Bitmap Index Scan on search_words"),
                "{what}\n{text}"
            );
            assert!(!text.contains("Seq Scan"), "{what}\n{text}");
            assert!(!text.contains("search_entry_pkey"), "{what}\n{text}");
        }
    }
}

/// What was erased is in no page of the file: neither in the entry nor in the words of the index.
#[test]
fn erased_words_leave_the_file() {
    database::run(database::Kind::Sqlite, async |db: TestDatabase| {
        let keys = tempfile::tempdir().unwrap();
        let state = state_on(db.url(), &keys.path().join("keys")).await;
        let world = World::create(&state).await;
        let planted = "plantedword7f3a9c";
        Put::new()
            .row(petition(
                1,
                world.here.council,
                &format!("Ông {planted} nói"),
                None,
            ))
            .row(of_unit(id(1), world.here.unit))
            .now(&state)
            .await;
        let office = viewer(&state, &world.here.office).await;
        assert_eq!(ids(&state, &office, planted).await.len(), 1);
        edit(&state, 1, |row| {
            row.title = "Đã xóa".to_owned();
            row.content = "Đã xóa".to_owned();
        })
        .await;
        assert!(ids(&state, &office, planted).await.is_empty());
        state.store.clone().close().await.unwrap();
        let found = byte_search::files_with(db.folder(), &[planted.as_bytes()]);
        assert!(found.is_empty(), "{found:?}");
    });
}

/// Kinds and collections name each other.
#[test]
fn every_kind_is_a_collection() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of_collection(kind.collection()), Some(kind));
    }
    assert_eq!(Kind::of_collection("feedback"), None);
}
