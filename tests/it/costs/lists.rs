//! Every list of the schema with everything that stands beside its rows: what a field costs does not grow with rows, and a
//! long text is read for whoever asks for it and for nobody else. The fields are those of the schema, so that a new one is
//! counted from its first day.

use std::{collections::BTreeSet, sync::Arc};

use cutri::clock::{Clock, ManualClock};
use cutri_tests::{TestApp, TestDatabase, app::Person, each_db, world::World};
use serde_json::{Value, json};

use super::page::{self, PAGE};
use crate::authorization::schema::Sdl;

/// The long texts: the field that shows it, and the columns that it reads.
const LONG: &[(&str, &[(&str, &str)])] = &[
    ("Answer.publicText", &[("answer_petition", "public_text")]),
    ("Answer.text", &[("answer", "text")]),
    ("CouncilDocument.summary", &[("document", "summary")]),
    ("Feedback.affected", &[("feedback", "affected")]),
    ("Feedback.content", &[("feedback", "content")]),
    ("Feedback.onSpotAnswer", &[("feedback", "on_spot_answer")]),
    ("Feedback.question", &[("feedback", "question")]),
    ("Feedback.wanted", &[("feedback", "wanted")]),
    ("HistoryEvent.lost", &[("event", "detail")]),
    ("Meeting.agenda", &[("meeting", "agenda")]),
    (
        "Meeting.brief",
        &[("meeting", "brief"), ("meeting_brief", "text")],
    ),
    ("Meeting.briefNote", &[("meeting", "brief")]),
    (
        "MeetingRecord.minutesDraft",
        &[("meeting_record", "minutes_draft")],
    ),
    ("Petition.answerText", &[("petition", "answer_text")]),
    ("Petition.content", &[("petition", "content")]),
    ("Petition.publicAnswer", &[("petition", "public_answer")]),
    ("Petition.publicContent", &[("petition", "public_content")]),
    ("Resolution.text", &[("resolution", "text")]),
    ("Round.content", &[("round", "content")]),
];

/// Never read beside a list's rows.
const NEVER: &[(&str, &str)] = &[("document_template", "file"), ("synthesis_item", "content")];

/// Counted anew by the rule that freezes a synthesis, which reads all that was said in the round.
const READS_ALL: &str = "Synthesis.preview";

fn column((table, column): (&str, &str)) -> String {
    format!("\"{table}\".\"{column}\"")
}

fn is_long(of: &str, member: &str) -> bool {
    let path = format!("{of}.{member}");
    LONG.iter().any(|(long, _)| *long == path)
}

/// What is asked for beside each row, and the long texts among it.
struct Asked {
    what: String,
    members: String,
    long: Vec<String>,
}

/// Everything that can be asked of a type: its plain members together, each long text, each object, each object's long
/// texts.
fn all_of(sdl: &Sdl, node: &str) -> Vec<Asked> {
    let members = |of: &str, long: bool| -> Vec<String> {
        let all = sdl.scalars(of).into_iter();
        all.filter(|member| is_long(of, member) == long).collect()
    };
    let mut all = vec![Asked {
        what: node.to_owned(),
        members: format!("__typename {}", members(node, false).join(" ")),
        long: Vec::new(),
    }];
    for text in members(node, true) {
        let path = format!("{node}.{text}");
        all.push(Asked {
            what: path.clone(),
            members: text,
            long: vec![path],
        });
    }
    for beside in sdl.beside(node) {
        let what = format!("{node}.{}", beside.name);
        let plain = format!("__typename {}", members(&beside.of, false).join(" "));
        all.push(Asked {
            what: what.clone(),
            members: beside.showing(&plain),
            long: Vec::new(),
        });
        let texts = members(&beside.of, true);
        if !texts.is_empty() {
            all.push(Asked {
                what,
                members: beside.showing(&texts.join(" ")),
                long: texts.iter().map(|text| format!("{}.{text}", beside.of)).collect(),
            });
        }
    }
    all
}

/// The statements that a page of a list costs.
async fn statements(app: &TestApp, person: &Person, list: &str, members: &str, first: usize) -> Vec<String> {
    let span = match list {
        "schedule" => ", filter: {from: \"2026-03-01T00:00:00Z\", to: \"2026-03-05T00:00:00Z\"}",
        _ => "",
    };
    let query = format!("query($first: Int!) {{ {list}(first: $first{span}) {{ nodes {{ {members} }} }} }}");
    app.state.store.keep_statements();
    let data = person.data(&query, json!({"first": first})).await;
    let mut texts = app.state.store.kept_statements();
    assert_eq!(data[list]["nodes"].as_array().unwrap().len(), first, "{query}");
    // Once a second the clocks are looked at, whoever asks.
    texts.retain(|text| !text.contains("sync_clock"));
    texts
}

fn assert_no_other_text(asked: &Asked, texts: &[String], seen: &mut BTreeSet<String>) {
    let mut wanted = BTreeSet::new();
    for (path, columns) in LONG {
        if asked.long.iter().any(|long| long == path) {
            wanted.extend(columns.iter().copied().map(column));
        }
    }
    let all = LONG.iter().flat_map(|(_, columns)| columns.iter()).chain(NEVER);
    for column in all.copied().map(column) {
        let read = texts.iter().find(|text| text.contains(&column));
        if wanted.contains(&column) {
            // Not always: what stands beside may be null, as the meeting of a procedure that a round has.
            seen.extend(read.map(|_| column));
        } else {
            assert_eq!(
                read, None,
                "{} was not asked for {column}: {}",
                asked.what, asked.members
            );
        }
    }
}

each_db! {
    async fn every_list_with_everything_beside_it_costs_the_same_for_one_row_and_for_twelve(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-06-01T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        page::fill(&app, &clock, &world).await;
        let person = app.person(&world.here.office);
        let sdl = Sdl::read();
        let mut seen = BTreeSet::new();
        let mut grown = Vec::new();
        for list in sdl.root_fields("Query").iter().filter(|field| sdl.is_connection("Query", field)) {
            for asked in all_of(&sdl, &sdl.node_of("Query", list)) {
                let mut one = statements(&app, &person, list, &asked.members, 1).await;
                let mut twelve = statements(&app, &person, list, &asked.members, PAGE).await;
                if one.len() != twelve.len() {
                    // The server may have looked at something of its own; what grows with rows grows again.
                    one = statements(&app, &person, list, &asked.members, 1).await;
                    twelve = statements(&app, &person, list, &asked.members, PAGE).await;
                }
                if one.len() != twelve.len() {
                    grown.push(format!(
                        "{list}, {}: {} and {}\n{}\n-- and\n{}",
                        asked.members, one.len(), twelve.len(), one.join("\n"), twelve.join("\n"),
                    ));
                }
                if asked.what != READS_ALL {
                    assert_no_other_text(&asked, &twelve, &mut seen);
                }
            }
        }
        assert!(grown.is_empty(), "{}", grown.join("\n\n"));
        let all: BTreeSet<String> = LONG.iter().flat_map(|(_, columns)| columns.iter()).copied().map(column).collect();
        assert_eq!(seen, all, "a long text that stands beside no list");

        // And what is read for many is for each its own newest.
        let query = "{ petitions(first: 12) { nodes { newest: history(first: 1) { basis } all: history(first: 9) { basis actor } } } }";
        let data = person.data(query, json!({})).await;
        let bases = |steps: &Value| -> Vec<Value> { steps.as_array().unwrap().iter().map(|step| step["basis"].clone()).collect() };
        for node in data["petitions"]["nodes"].as_array().unwrap() {
            assert_eq!(bases(&node["newest"]), ["2"]);
            assert_eq!(bases(&node["all"]), ["1", "2"]);
            assert!(node["all"][0]["actor"].is_string());
        }
    }
}
