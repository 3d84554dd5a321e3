//! Who hears what of whom: every stream of the schema, followed by every role while something of every kind happens at its
//! own place and at a foreign one.
//!
//! A stream takes no argument: what is foreign looks like what is absent when nothing at all is said of it. And what is said
//! are the rows that a pull brings, no more and no fewer. The cells are committed in `snapshots/`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

use cutri::{
    agenda::job,
    edge::{EdgeConfig, Times},
    sync::{registry::COLLECTIONS, rxdb},
    units,
};
use cutri_tests::{TestApp, TestDatabase, app::Person, each_db, phone::Phone, socket::Socket};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};

use super::{FAR, HERE, Matrix, THERE, sites::VOTER};

/// Nothing that is expected takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is not said within this time after everything that was expected is not said at all.
const QUIET: Duration = Duration::from_millis(500);
/// A stream without an account may be had with one.
const SIGN_IN: u16 = 4403;
/// What lies in the partition that everybody who is signed in reads.
const SHARED: [&str; 4] = ["unit", "council", "agency", "delegate"];
/// Rows whose making changes a row of every other collection; what they are about is made with them.
const MADE: [&str; 8] = [
    "delegate",
    "meeting",
    "record",
    "urging",
    "informing",
    "resolution",
    "note",
    "issue",
];

/// Collection and id.
type Row = (String, String);

each_db! {
    async fn a_stream_tells_everybody_what_is_his_and_nothing_else(db: TestDatabase) {
        let table = walk(&db).await;
        is_committed(&table);
    }
}

/// Outside of the test's own module, so that both databases are held to one snapshot.
fn is_committed(table: &str) {
    insta::assert_snapshot!("streams", table);
}

/// Somebody who follows every collection.
struct Listener {
    role: usize,
    said: mpsc::UnboundedReceiver<Value>,
    phone: Phone,
    /// What was said of each row last: whether it is there.
    heard: BTreeMap<Row, bool>,
    /// Everything that was said.
    words: String,
    reading: JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl Listener {
    async fn begin(matrix: &Matrix, role: usize, streams: &[(String, String)]) -> Self {
        let person = matrix.roles[role].person.clone();
        let mut phone = Phone::without_units(person.clone());
        phone.pull().await;
        let mut socket = Socket::signed_in(matrix.app.address(), person.token()).await;
        for (field, query) in streams {
            socket.subscribe(field, query, json!({})).await;
        }
        let (say, said) = mpsc::unbounded_channel();
        // Taken at once: a socket that is not read falls behind, and is closed.
        let reading = tokio::spawn(async move {
            let end = Instant::now() + Duration::from_secs(600);
            while let Some(message) = socket.hear_until(end).await {
                if say.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            role,
            said,
            phone,
            heard: BTreeMap::new(),
            words: String::new(),
            reading,
        }
    }

    fn take(&mut self, message: &Value) {
        self.words += &message.to_string();
        assert_eq!(message["type"], "next", "{message}");
        let (field, page) = message["payload"]["data"]
            .as_object()
            .and_then(|data| data.iter().next())
            .unwrap();
        let collection = rxdb::of_field("stream", field).unwrap().name();
        for document in page["documents"].as_array().unwrap() {
            let id = document["id"].as_str().unwrap().to_owned();
            let is_there = document["_deleted"] == false;
            self.heard.insert((collection.to_owned(), id), is_there);
        }
    }

    /// Listens until all of this was said, or for as long as one has patience.
    async fn listen(&mut self, expected: &BTreeSet<Row>) {
        let until = Instant::now() + PATIENCE;
        while !expected.iter().all(|row| self.heard.get(row) == Some(&true)) {
            let Ok(Some(message)) = timeout_at(until, self.said.recv()).await else {
                return;
            };
            self.take(&message);
        }
    }

    /// What lies with him of everything that was said since this was last asked, and all words of it.
    fn told(&mut self) -> (BTreeSet<Row>, String) {
        while let Ok(message) = self.said.try_recv() {
            self.take(&message);
        }
        let heard = std::mem::take(&mut self.heard).into_iter();
        let there = heard.filter(|(_, is_there)| *is_there).map(|(row, _)| row);
        (there.collect(), std::mem::take(&mut self.words))
    }
}

/// Follows everything as everybody, lets something happen at each place, judges what is said and returns its table.
async fn walk(db: &TestDatabase) -> String {
    // Nobody here is slow for a reason that matters.
    let times = Times {
        ping: Duration::from_secs(3_600),
        stalled: Duration::from_secs(3_600),
        ..Times::default()
    };
    let config = EdgeConfig {
        times,
        ..EdgeConfig::default()
    };
    let mut matrix = Matrix::of(TestApp::start_with(db, config).await).await;
    let of_schema = matrix.sdl.root_fields("Subscription");
    let titles = COLLECTIONS.iter().map(|collection| rxdb::title(*collection));
    let of_collections: BTreeSet<String> = titles.map(|title| format!("stream{title}")).collect();
    assert_eq!(
        of_schema.iter().cloned().collect::<BTreeSet<_>>(),
        of_collections,
        "what is no stream of a collection wants a matrix of its own"
    );
    let streams: Vec<(String, String)> = of_schema
        .into_iter()
        .map(|field| {
            let query = matrix.sdl.call("Subscription", &field, &[]);
            (field, query)
        })
        .collect();

    let mut listeners = Vec::new();
    for role in 0..matrix.roles.len() {
        if matrix.roles[role].login.is_some() {
            listeners.push(Listener::begin(&matrix, role, &streams).await);
            continue;
        }
        for (field, query) in &streams {
            let code = refused(&matrix.app, &matrix.roles[role].person, query).await;
            let name = matrix.roles[role].name;
            matrix.must(code == SIGN_IN, || format!("{name} {field}: {code}"));
        }
    }
    // Who still catches up while much is written falls behind, and is sent away.
    sleep(2 * QUIET).await;
    let mut told: BTreeMap<(usize, usize), BTreeSet<Row>> = BTreeMap::new();
    for site in [FAR, THERE, HERE] {
        let unit = something_happens(&mut matrix, site).await;
        let mut pulled = Vec::new();
        for listener in &mut listeners {
            let seen = listener.phone.pull().await.into_iter();
            let there = seen.filter(|(_, _, rev)| rev.is_some());
            let mut rows: BTreeSet<Row> = there.map(|(of, id, _)| (of, id)).collect();
            // The one collection that a quick phone leaves out; everybody has it.
            rows.insert(unit.clone());
            listener.listen(&rows).await;
            pulled.push(rows);
        }
        sleep(QUIET).await;
        for (listener, pulled) in listeners.iter_mut().zip(pulled) {
            let (heard, words) = listener.told();
            let role = listener.role;
            judge(&mut matrix, (role, site), &heard, &pulled, &words);
            told.insert((role, site), heard);
        }
    }
    let table = table(&mut matrix, &streams, &told);
    assert!(matrix.wrong.is_empty(), "{}\n\n{table}", matrix.wrong.join("\n"));
    table
}

/// The code with which somebody is sent away who asks for a stream.
async fn refused(app: &TestApp, person: &Person, query: &str) -> u16 {
    let mut socket = Socket::new(app.address()).await;
    let payload = person
        .token()
        .map(|token| json!({"Authorization": format!("Bearer {token}")}));
    socket
        .say(json!({"type": "connection_init", "payload": payload}))
        .await;
    socket.subscribe("s", query, json!({})).await;
    socket.closed().await
}

/// A row of every collection is made or changed at this place; which unit it was.
async fn something_happens(matrix: &mut Matrix, site: usize) -> Row {
    for kind in MADE {
        matrix.sites[site].id(&matrix.app, kind).await;
    }
    let commune = matrix.sites[site].commune.clone();
    let state = &matrix.app.state;
    let mut roles = matrix.roles.iter();
    let administrator = roles.find(|role| role.name == "administrator").unwrap();
    for (name, id, of) in [
        ("updateCouncil", "councilId", commune.council.to_string()),
        ("updateAgency", "agencyId", commune.committee.to_string()),
    ] {
        let input = json!({id: of, "name": format!("Tên mới {site}")});
        administrator.person.done(name, input, "").await;
    }
    let list = {
        let reference = state.reference();
        let unit = reference.units.get(commune.unit).unwrap();
        let parent = reference.units.get(unit.parent_id.unwrap()).unwrap();
        let since = unit.valid_from.map(|day| day.to_string()).unwrap_or_default();
        format!(
            "code,name,level,kind,parent_code,valid_from,valid_to\n{},{} Mới,{},{},{},{since},\n",
            unit.code, unit.name, unit.level, unit.kind, parent.code
        )
    };
    let report = units::import_lists(state, list.as_bytes(), None, |_, _| {})
        .await
        .unwrap();
    assert_eq!(report.units_written, 1, "{report:?}");
    job::count(state, true).await.unwrap();
    ("unit".to_owned(), commune.unit.to_string())
}

/// What holds of everything that is said to somebody about a place.
fn judge(
    matrix: &mut Matrix,
    (role, site): (usize, usize),
    heard: &BTreeSet<Row>,
    pulled: &BTreeSet<Row>,
    words: &str,
) {
    let (name, reads) = (matrix.roles[role].name, matrix.roles[role].reads);
    let told = format!("{name} of place {site}");
    let missed: Vec<&Row> = pulled.difference(heard).collect();
    matrix.must(missed.is_empty(), || format!("{told}: not heard: {missed:?}"));
    let more: Vec<&Row> = heard.difference(pulled).collect();
    matrix.must(more.is_empty(), || format!("{told}: heard alone: {more:?}"));
    let is_clean = !words.contains(VOTER) && !words.contains("912345678");
    matrix.must(is_clean, || format!("{told}: a voter's contact"));
    let foreign = (HERE..=FAR).filter(|index| !reads.contains(index));
    let said: Vec<String> = foreign
        .map(|index| matrix.sites[index].word.clone())
        .filter(|word| words.contains(word))
        .collect();
    matrix.must(said.is_empty(), || {
        format!("{told}: somebody else's words: {said:?}")
    });
}

/// The cells: whether anything was heard of one's own place and of a foreign one.
fn table(
    matrix: &mut Matrix,
    streams: &[(String, String)],
    told: &BTreeMap<(usize, usize), BTreeSet<Row>>,
) -> String {
    let mut table = String::new();
    let names: Vec<&str> = matrix.roles.iter().map(|role| role.name).collect();
    writeln!(table, "{:<30}{}", "", names.join(" | ")).unwrap();
    for (field, _) in streams {
        let collection = rxdb::of_field("stream", field).unwrap().name();
        for whose in ["own", "foreign"] {
            let cell = |role: usize| {
                let site = match whose {
                    "own" => HERE,
                    _ => matrix.roles[role].foreign,
                };
                match told.get(&(role, site)) {
                    None => SIGN_IN.to_string(),
                    Some(rows) if rows.iter().any(|(of, _)| of == collection) => "ok".to_owned(),
                    Some(_) => "silent".to_owned(),
                }
            };
            let cells: Vec<String> = (0..matrix.roles.len()).map(cell).collect();
            let is_heard = cells.iter().any(|cell| cell == "ok");
            let is_well = match whose {
                "own" => is_heard,
                _ => is_heard == SHARED.contains(&collection),
            };
            let line = format!("{:<30}{}", format!("{field} {whose}"), cells.join(" | "));
            matrix.must(is_well, || line.clone());
            writeln!(table, "{line}").unwrap();
        }
    }
    table
}
