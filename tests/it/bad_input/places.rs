//! Hostile words in every place of every call that takes a text, a code, an id, a date or a number.

use cutri::capability::Capability::*;
use cutri_tests::{
    Kind, TestDatabase, each_db,
    phone::new_id,
    seeds,
    world::{self, Login},
};
use serde_json::{Value, json};

use super::{Case, Sender, Told, sane};
use crate::authorization::{
    cells::class,
    samples::{NOBODY, Sample, moment, samples},
    schema::Sdl,
    sites::{KINDS, Site, tracking_code},
};

/// What is refused here even before it is made hostile, beside what is refused to everybody, and why.
const UNFIT: &[(&str, &str)] = &[
    ("login", "nobody here has a password"),
    ("revokeDevice", "the device is nobody's"),
];

/// The word that whatever takes a text takes. It comes first: what it says is shown wherever it can be.
const TEXT: &str = "quotes and an emoji";

/// Words that say nothing more where that one was taken.
const PLAIN: &[&str] = &["an emoji", "a day that is none"];

/// What is put in the place of a text.
fn hostile() -> Vec<(&'static str, Value)> {
    vec![
        (TEXT, json!("😀'; DROP TABLE event; --\" \\ %_*()")),
        ("NUL", json!("a\u{0}b")),
        ("only NUL", json!("\u{0}")),
        ("bidi", json!("\u{202e}abc")),
        ("a non-character", json!("\u{fffe}")),
        ("an emoji", json!("😀")),
        ("nothing", json!("")),
        ("20 kB", json!("x".repeat(20_001))),
        ("a day that is none", json!("2026-02-30")),
        ("2^63", json!("9223372036854775808")),
    ]
}

/// Of the words those that are tried at this place. What a database makes of a word shows at any place: on PostgreSQL
/// every place gets a third of them, by turns; in the full run all.
fn tried(kind: Kind, place: usize, words: Vec<(&'static str, Value)>) -> Vec<(&'static str, Value)> {
    let all = kind == Kind::Sqlite || seeds::is_full();
    let words = words.into_iter().enumerate();
    words
        .filter(|(word, _)| all || (word + place).is_multiple_of(3))
        .map(|(_, word)| word)
        .collect()
}

/// What is put in the place of a number or a truth value.
fn wrong_numbers() -> Vec<(&'static str, Value)> {
    vec![
        ("2^31", json!(2_147_483_648_u64)),
        ("2^63", json!(9_223_372_036_854_775_808_u64)),
        ("-1", json!(-1)),
        ("a fraction", json!(0.5)),
        ("1e300", json!(1e300)),
        ("a text", json!("7")),
    ]
}

/// Every leaf of a JSON value, as a pointer.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                leaves(member, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &format!("{at}/{index}"), found);
            }
        }
        _ => found.push(at.to_owned()),
    }
}

/// Whoever gets furthest with this call.
fn token_for(sender: &Sender, front: &Login, sample: &Sample) -> String {
    let world = &sender.world;
    sender.token(match (sample.by, sample.field) {
        (Some(ManageAccounts | GrantRoles | ManageCouncil | ManageAgencies), _)
        | (_, "account" | "accounts" | "createCouncil") => &world.administrator,
        (Some(AnswerPetitions), _) => &world.here.committee_login,
        (Some(CosignSynthesis), _) => front,
        (None, "redactionSuggestions") => &world.here.office,
        (None, _) | (_, "syncPush" | "submitFeedback" | "urge" | "informVoters") => &world.here.delegates[1],
        (Some(_), _) => &world.here.office,
    })
}

/// The arguments with a row of the place wherever one is named.
async fn filled(sender: &Sender, site: &mut Site, mut text: String, sent: usize) -> Value {
    for kind in KINDS {
        if text.contains(&format!("<{kind}>")) {
            let id = site.id(&sender.app, kind).await;
            text = text.replace(&format!("<{kind}>"), &id);
        }
    }
    for which in ["later", "yesterday"] {
        text = text.replace(&format!("<{which}>"), &moment(sender.state(), which));
    }
    let text = text
        .replace("<new>", &new_id())
        .replace("<device>", &new_id())
        .replace("<code>", &tracking_code())
        .replace("<word>", "chim")
        .replace("<name>", &format!("la.{sent}"));
    serde_json::from_str(&text).unwrap()
}

/// Whether it was answered, or accepted.
fn is_fit(body: &Value, field: &str) -> bool {
    let told = body["data"][field].as_array();
    let is_refused = told.is_some_and(|told| told.iter().any(|told| told["_deleted"] == true));
    matches!(class(body, field).as_str(), "ok" | "empty") && !is_refused
}

each_db! {
    async fn hostile_words_in_every_place(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let sdl = Sdl::read();
        let queries = sdl.root_fields("Query");
        let mut site = Site::new(sender.world.here.clone(), "Rạch Chim");
        let kind = db.kind();
        let (mut seen, mut sent) = (0, 0);
        let (mut wrong, mut unfit) = (Vec::new(), Vec::new());
        let clock = sender.world.province.to_string();
        let front = world::login(sender.state(), "mttq.tanhung", &clock).await;
        world::at_council(sender.state(), &front, "front_officer", sender.world.here.council).await;
        for sample in samples() {
            // The accounts of this world have no password that could be changed, and who signs out is gone.
            if sample.field == "changePassword" || sample.spare {
                continue;
            }
            let root = if queries.iter().any(|field| field == sample.field) { "Query" } else { "Mutation" };
            let token = token_for(&sender, &front, &sample);
            let base = optional(sample.args.clone(), sample.field);
            // What is refused as it is would prove nothing when it is refused with a hostile word in it.
            sent += 1;
            let arguments = filled(&sender, &mut site, base.to_string(), sent).await;
            let query = query_of(&arguments, |names| sdl.call(root, sample.field, names));
            let told = ask(&sender, &token, "as it is", &query, arguments).await;
            let is_expected = [NOBODY, UNFIT].concat().iter().any(|(field, _)| *field == sample.field);
            if is_fit(&told.body, sample.field) == is_expected {
                unfit.push(format!("{}: {}", sample.field, told.body));
            }
            if root == "Mutation" && told.codes().is_empty() {
                forget(&mut site, &base);
            }
            let wide = out_of_place(base.clone(), sample.field);
            let mut places = Vec::new();
            leaves(&wide, "", &mut places);
            for place in places {
                let template = if base.pointer(&place).is_some() { &base } else { &wide };
                let of = template.pointer(&place).unwrap();
                let words = if of.is_string() { hostile() } else { wrong_numbers() };
                seen += 1;
                let mut takes_text = false;
                for (what, value) in tried(kind, seen, words) {
                    // In a number something is looked for.
                    if takes_text && PLAIN.contains(&what) && !place.ends_with("umber") {
                        continue;
                    }
                    let name = format!("{} {place}: {what}", sample.field);
                    let mut text = template.clone();
                    *text.pointer_mut(&place).unwrap() = value;
                    sent += 1;
                    let arguments = filled(&sender, &mut site, text.to_string(), sent).await;
                    let query = query_of(&arguments, |names| match what {
                        TEXT => sdl.call(root, sample.field, names),
                        _ => sdl.call_briefly(root, sample.field, names),
                    });
                    let told = ask(&sender, &token, &name, &query, arguments).await;
                    takes_text |= what == TEXT && is_fit(&told.body, sample.field);
                    if told.status >= 500 || told.codes().contains("UNAVAILABLE") {
                        wrong.push(format!("{name}: {}", told.body));
                    } else {
                        sane(&told, cutri::error::Lang::Vi, &name);
                    }
                    if root == "Mutation" && told.codes().is_empty() {
                        forget(&mut site, template);
                    }
                }
            }
        }
        assert!(unfit.is_empty(), "refused before it was hostile, or not although said so:\n{}", unfit.join("\n"));
        assert!(wrong.is_empty(), "{} of {sent} broke the server:\n{}", wrong.len(), wrong.join("\n"));
        assert!(sent > 500, "{sent}");
        sender.still_answers("everything").await;
    }
}

/// The document for these arguments.
fn query_of(arguments: &Value, call: impl FnOnce(&[&str]) -> String) -> String {
    let names = arguments.as_object().unwrap().keys().map(String::as_str);
    call(&names.collect::<Vec<_>>())
}

async fn ask(sender: &Sender, token: &str, name: &str, query: &str, arguments: Value) -> Told {
    let body = json!({"query": query, "variables": arguments})
        .to_string()
        .into_bytes();
    let token = Some(token);
    sender.once(&Case { name, token, body }, None).await
}

/// The rows of these arguments have changed.
fn forget(site: &mut Site, template: &Value) {
    let template = template.to_string();
    for kind in KINDS {
        if template.contains(&format!("<{kind}>")) {
            site.used(kind);
        }
    }
}

each_db! {
    async fn lists_longer_than_anybody_needs(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let sdl = Sdl::read();
        let office = sender.token(&sender.world.here.office);
        let ids: Vec<String> = (0..40_000).map(|_| new_id()).collect();
        let codes = |code: &str| vec![code.to_owned(); 40_000];
        let here = &sender.world.here;
        let parts = vec![json!({"title": "Cầu", "content": "Cầu"}); 10_000];
        let edges = vec![json!({"toId": new_id(), "kind": "implements"}); 10_000];
        let calls = [
            ("feedbacks", json!({"first": 1, "filter": {"status": codes("accepted")}})),
            ("petitions", json!({"first": 1, "filter": {"status": codes("accepted")}})),
            ("petitions", json!({"first": 1, "filter": {"outcome": codes("resolved")}})),
            ("meetings", json!({"first": 1, "filter": {"status": codes("notified")}})),
            ("meetings", json!({"first": 1, "filter": {"kind": codes("thematic")}})),
            ("resolutions", json!({"first": 1, "filter": {"effect": codes("in_force")}})),
            ("resolutions", json!({"first": 1, "filter": {"kind": codes("individual")}})),
            ("nodes", json!({ "ids": ids })),
            ("markFeedbackSeen", json!({"input": {"feedbackIds": ids}})),
            ("groupFeedback", json!({"input": {"feedbackIds": ids, "title": "Cầu", "content": "Cầu"}})),
            ("mergePetitions", json!({"input": {"petitionIds": ids, "title": "Cầu", "content": "Cầu"}})),
            ("splitPetition", json!({"input": {"petitionId": new_id(), "parts": parts}})),
            ("forwardPetitions", json!({"input": {"petitionIds": ids, "leadId": here.committee, "documentNumber": "1", "documentDate": "2026-02-09"}})),
            ("returnPetitions", json!({"input": {"petitionIds": ids, "reason": "Nhầm"}})),
            ("planMeeting", json!({"input": {"councilId": here.council, "kind": "thematic", "title": "Tiếp xúc", "unitIds": ids}})),
            ("relateResolutions", json!({"input": {"resolutionId": new_id(), "edges": edges}})),
            ("syncPull", json!({"collections": codes("feedback")})),
        ];
        let queries = sdl.root_fields("Query");
        for (field, arguments) in calls {
            let root = if queries.iter().any(|one| one == field) { "Query" } else { "Mutation" };
            let names: Vec<&str> = arguments.as_object().unwrap().keys().map(String::as_str).collect();
            let query = sdl.call(root, field, &names);
            let told = sender.ask(field, Some(&office), &query, arguments.clone()).await;
            assert!(!told.codes().is_empty() || field == "syncPull", "{field}: {:#}", told.body);
        }
        sender.still_answers("long lists").await;
    }
}

/// Members that have no place beside the others, whatever is in them: they are tried on top, and prove less.
fn out_of_place(mut args: Value, field: &str) -> Value {
    let more = match field {
        // Only sessions are counted.
        "planMeeting" | "updateMeeting" => json!({"ordinal": 3}),
        _ => json!({}),
    };
    if let (Some(input), Value::Object(more)) = (args.get_mut("input").and_then(Value::as_object_mut), more) {
        input.extend(more);
    }
    args
}

/// The members that the matrix has no use for, but that somebody may send.
fn optional(mut args: Value, field: &str) -> Value {
    let more = match field {
        "submitFeedback" => {
            json!({"subUnit": "Ấp 3", "subject": "Cầu", "wanted": "Sửa", "affected": "20 hộ", "since": "2020",
            "onSpotAnswer": "Sẽ sửa", "answeredOnSpot": true, "trackingCode": "<code>", "recordedAt": "2026-02-01T08:00:00+07:00",
            "receiptNumber": "1/2026", "receivedOn": "2026-02-01", "contactName": "A", "contactPhone": "0912345678",
            "consentText": "Đồng ý", "consentAt": "2026-02-01T08:00:00+07:00"})
        }
        "classifyPetition" | "closePetition" => json!({}),
        "forwardPetitions" => json!({"dueAt": "2027-01-01", "coordinatingIds": ["<partner>"]}),
        "extendDue" => json!({"roadmap": "Quý II"}),
        "answerPetitions" => json!({"roadmapAt": "2027-01-01", "outcome": "in_progress"}),
        "assessAnswer" => json!({"note": "Rõ"}),
        "urge" => json!({"text": "Chờ lâu", "documentNumber": "1/CV", "toAgencyId": "<agency>"}),
        "informVoters" => {
            json!({"note": "Đã báo", "at": "2026-03-13T08:00:00+07:00", "meetingId": "<meeting>"})
        }
        "planMeeting" | "updateMeeting" => {
            json!({"place": "Nhà văn hóa", "brief": "Tóm tắt", "agenda": "1.", "mode": "direct",
            "planNumber": "6/KH", "planDate": "2026-01-01", "startsAt": "2026-02-01T08:00:00+07:00",
            "endsAt": "2026-02-01T09:00:00+07:00", "invitedDelegateIds": ["<delegate>"]})
        }
        "addDocument" => json!({"signer": "A"}),
        "recordAttendance" => {
            json!({"attended": 3, "speakers": 2, "opinions": 2, "attendanceBands": "female=1",
            "attendedDelegateIds": ["<delegate>"]})
        }
        "createResolution" | "updateResolution" => {
            json!({"text": "Điều 1", "inForceFrom": "2026-01-20", "inForceTo": "2027-01-20",
            "votesFor": 20, "votesAgainst": 1, "votesAbstained": 0, "delegatesPresent": 21, "delegatesTotal": 25})
        }
        "setEffect" => json!({"basis": "5/NQ"}),
        "createAccount" => json!({"name": "Tên"}),
        "updateAccount" => json!({"username": "<name>"}),
        "grantRole" => json!({"validFrom": "2026-01-01", "validTo": "2027-01-01"}),
        "createAgency" => json!({"officialCode": "H01", "validFrom": "2025-07-01"}),
        "updateAgency" => json!({"officialCode": "H02"}),
        "createCouncil" => json!({"name": "HĐND"}),
        "updateCouncilDocument" => {
            json!({"purpose": "contact_guide", "kind": "HD", "date": "2026-02-09", "signer": "A", "summary": "Tóm tắt",
            "validFrom": "2026-02-09", "validTo": "2027-01-01"})
        }
        _ => json!({}),
    };
    if let (Some(input), Value::Object(more)) = (args.get_mut("input").and_then(Value::as_object_mut), more) {
        input.extend(more);
    }
    if let Some(filter) = args.get_mut("filter").and_then(Value::as_object_mut) {
        match field {
            "feedbacks" | "petitions" | "meetings" => {
                let status = if field == "meetings" {
                    "notified"
                } else {
                    "accepted"
                };
                filter.insert("status".to_owned(), json!([status]));
                filter.insert("updatedAfter".to_owned(), json!("2026-02-01T08:00:00+07:00"));
            }
            "resolutions" => {
                filter.insert("number".to_owned(), json!("5/2026"));
                filter.insert("year".to_owned(), json!(2026));
                filter.insert("issuedFrom".to_owned(), json!("2026-01-01"));
            }
            "units" | "agencies" => {
                filter.insert("name".to_owned(), json!("Tân"));
            }
            "councils" => {
                filter.insert("term".to_owned(), json!("2021-2026"));
            }
            _ => {}
        }
    }
    args
}
