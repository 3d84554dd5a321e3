//! A year of a province's work, from the rounds to the closing, with its arithmetic: 350 voter contacts, 2,800 opinions,
//! 470 petitions. Every figure that somebody reads at the end is a sum of what was done.

use std::collections::BTreeMap;

use cutri_tests::{
    TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    world,
};
use entity::id::AgencyId;
use serde_json::{Value, json};

use crate::{
    answering::text,
    documents::{fetched, reading::text_of},
    reports,
    rounds::Stage,
};

/// Contacts, petitions by tier (central, province, commune, non-state) and those made of two opinions, by round.
const ROUNDS: [(&str, usize, [usize; 4], usize); 4] = [
    ("2026-03-02", 88, [10, 75, 25, 8], 8),
    ("2026-05-25", 88, [10, 75, 25, 8], 8),
    ("2026-08-31", 87, [10, 75, 25, 7], 7),
    ("2026-11-02", 87, [10, 75, 25, 7], 7),
];
/// What is said at a contact.
const SAID: usize = 8;

/// The same mutation for many inputs, ten in a request; the payloads.
async fn many(person: &Person, name: &str, inputs: Vec<Value>, selection: &str) -> Vec<Value> {
    let input_type = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let mut payloads = Vec::new();
    for inputs in inputs.chunks(10) {
        let (mut heads, mut fields, mut variables) = (Vec::new(), Vec::new(), serde_json::Map::new());
        for (index, input) in inputs.iter().enumerate() {
            heads.push(format!("$i{index}: {input_type}!"));
            fields.push(format!(
                "m{index}: {name}(input: $i{index}) {{ {selection} userErrors {{ code field }} }}"
            ));
            variables.insert(format!("i{index}"), input.clone());
        }
        let query = format!("mutation({}) {{ {} }}", heads.join(", "), fields.join(" "));
        let data = person.data(&query, Value::Object(variables)).await;
        for index in 0..inputs.len() {
            let payload = data[format!("m{index}")].clone();
            assert_eq!(payload["userErrors"], json!([]), "{name}: {payload}");
            payloads.push(payload);
        }
    }
    payloads
}

/// What the office knows of a petition.
#[derive(Clone)]
struct Work {
    id: String,
    tier: usize,
}

struct Year {
    stage: Stage,
    delegates: [world::Login; 2],
    /// Who answers: for the centre, the province, the commune, and outside the state.
    leads: [(AgencyId, Option<world::Login>); 4],
    done: BTreeMap<&'static str, usize>,
    open: Vec<Work>,
}

const TIERS: [&str; 4] = ["central", "province", "commune", "non_state"];
const OUTCOMES: [&str; 5] = ["resolved", "resolved", "explained", "in_progress", "deferred"];

impl Year {
    async fn begin(db: &TestDatabase) -> Self {
        let stage = Stage::set(db).await;
        let world = stage.world.clone();
        let (delegation, login) = stage
            .a_body(
                world.province,
                "Đoàn ĐBQH tỉnh Tây Ninh",
                "assembly_delegation",
                "assembly_office",
            )
            .await;
        let second = world::login(&stage.app.state, "daibieu2.tinh", &world.province.to_string()).await;
        world::mandate(
            &stage.app.state,
            &second,
            world.province_council,
            &[world.there.unit],
        )
        .await;
        Self {
            delegates: [world.province_delegate.clone(), second],
            leads: [
                (delegation, Some(login)),
                (world.department, Some(world.department_login.clone())),
                (world.here.committee, Some(world.here.committee_login.clone())),
                (world.company, None),
            ],
            done: BTreeMap::new(),
            open: Vec::new(),
            stage,
        }
    }

    fn office(&self) -> Person {
        self.stage.app.person(&self.stage.world.province_office)
    }

    fn did(&mut self, what: &'static str, count: usize) {
        *self.done.entry(what).or_default() += count;
    }

    /// A round: its contacts are planned and held, and what was said there is written down.
    async fn round(&mut self, index: usize) -> (String, Vec<Value>) {
        let (day, contacts, ..) = ROUNDS[index];
        self.stage.day(day);
        let world = self.stage.world.clone();
        let council = world.province_council;
        let office = self.office();
        let round = json!({"councilId": council, "kind": "before_session", "title": format!("Đợt {}", index + 1),
            "pointsPlanned": contacts, "planNumber": format!("{}/KH-HĐND", index + 1), "planDate": day});
        let round = text(&office.done("planRound", round, "round { id }").await["round"]["id"]);
        let starts = self.stage.hours(-3);
        let units = [world.here.unit, world.there.unit];
        let points = (0..contacts).map(|number| json!({"councilId": council, "kind": "before_session", "roundId": round,
            "title": format!("Điểm {number}"), "place": "Nhà văn hóa", "startsAt": starts, "unitIds": [units[number % 2]]}));
        let points = many(&office, "planMeeting", points.collect(), "meeting { id }").await;
        let points: Vec<String> = points
            .iter()
            .map(|payload| text(&payload["meeting"]["id"]))
            .collect();
        office
            .done("advanceRound", json!({"roundId": round, "event": "approve"}), "")
            .await;
        for event in ["notify", "hold"] {
            let steps = points
                .iter()
                .map(|point| json!({"meetingId": point, "event": event, "basis": "KH"}));
            many(&office, "advanceMeeting", steps.collect(), "").await;
        }
        self.did("contacts", contacts);

        // Delegates write down eight opinions at each; what is not petitioned is answered on the spot.
        let (_, _, tiers, twice) = ROUNDS[index];
        let to_group = tiers.iter().sum::<usize>() + twice;
        let mut grouped = Vec::new();
        for (place, delegate) in self.delegates.iter().enumerate() {
            let mine = points
                .iter()
                .enumerate()
                .filter(|(number, _)| number % 2 == place);
            let rows: Vec<Value> = mine
                .flat_map(|(number, point)| (0..SAID).map(move |one| (number, point, one)))
                .map(|(number, point, one)| {
                    // Two petitions of the first contacts' words, one of the others', as far as the round has petitions.
                    let on_spot = one * contacts + number >= to_group;
                    let said = json!({"meetingId": point, "unitId": units[place], "kind": "petition", "channel": "contact_meeting",
                        "content": format!("Ý kiến {one} tại điểm {number} đợt {index}"), "answeredOnSpot": on_spot,
                        "onSpotAnswer": on_spot.then_some("Đã giải trình")});
                    create("feedback", &new_id(), said)
                })
                .collect();
            let phone = Phone::new(self.stage.app.person(delegate));
            for result in phone.push_patiently(&rows).await {
                assert_eq!(result["status"], "APPLIED", "{result}");
            }
            grouped.extend(
                rows.into_iter()
                    .filter(|row| row["patch"]["answeredOnSpot"] == false),
            );
        }
        self.did("said", contacts * SAID);
        assert_eq!(grouped.len(), to_group);
        (round, grouped)
    }

    /// The office groups, classifies and forwards, forty in a letter.
    async fn forward(&mut self, index: usize, said: &[Value]) {
        let (day, _, tiers, twice) = ROUNDS[index];
        let office = self.office();
        let (pairs, ones) = said.split_at(2 * twice);
        let ids = pairs.chunks(2).chain(ones.chunks(1));
        let groups = ids.map(|rows| {
            let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
            json!({"feedbackIds": ids, "title": rows[0]["patch"]["content"], "content": rows[0]["patch"]["content"]})
        });
        let made = many(&office, "groupFeedback", groups.collect(), "petition { id }").await;
        let kinds = tiers
            .iter()
            .enumerate()
            .flat_map(|(tier, count)| std::iter::repeat_n(tier, *count));
        let works: Vec<Work> = made
            .iter()
            .zip(kinds)
            .map(|(payload, tier)| Work {
                id: text(&payload["petition"]["id"]),
                tier,
            })
            .collect();
        assert_eq!(works.len(), made.len());
        let classify = works
            .iter()
            .map(|work| json!({"petitionId": work.id, "field": "transport", "tier": TIERS[work.tier]}));
        many(&office, "classifyPetition", classify.collect(), "").await;
        for (tier, (lead, _)) in self.leads.iter().enumerate() {
            let of: Vec<&String> = works
                .iter()
                .filter(|work| work.tier == tier)
                .map(|work| &work.id)
                .collect();
            let letters = of.chunks(40).enumerate().map(|(letter, ids)| {
                json!({"petitionIds": ids, "leadId": lead,
                "documentNumber": format!("{index}{tier}{letter}/VP"), "documentDate": day})
            });
            many(&office, "forwardPetitions", letters.collect(), "").await;
        }
        self.did("petitions", works.len());
        self.open.extend(works);
    }

    /// Bodies answer all but the last `owed`, twelve in a reply; the office assesses, delegates tell, the office closes.
    async fn answer(&mut self, index: usize, day: &str, owed: usize, untold: usize) {
        self.stage.day(day);
        let owing = self.open.split_off(self.open.len() - owed);
        let answered = std::mem::replace(&mut self.open, owing);
        for (tier, (lead, login)) in self.leads.clone().iter().enumerate() {
            let of: Vec<&String> = answered
                .iter()
                .filter(|work| work.tier == tier)
                .map(|work| &work.id)
                .collect();
            let person = login
                .as_ref()
                .map_or_else(|| self.office(), |login| self.stage.app.person(login));
            let replies = of.chunks(12).enumerate().map(|(reply, ids)| {
                let outcome = OUTCOMES[(reply + tier + index) % OUTCOMES.len()];
                let is_later = matches!(outcome, "deferred" | "in_progress");
                json!({"petitionIds": ids, "agencyId": lead, "documentNumber": format!("{index}{tier}{reply}/TL"), "documentDate": day,
                    "text": "Trả lời kiến nghị của cử tri", "outcome": outcome, "roadmapAt": is_later.then_some("2027-06-30"),
                    "costMillions": is_later.then_some(120), "onBehalf": login.is_none()})
            });
            many(&person, "answerPetitions", replies.collect(), "").await;
        }
        // One in ten is off the point at first, and answered anew.
        let wanting: Vec<&Work> = answered.iter().step_by(10).collect();
        let judge = |how: &'static str| move |work: &Work| json!({"petitionId": work.id, "assessment": how});
        let first = wanting.iter().map(|work| judge("off_point")(work)).collect();
        many(&self.office(), "assessAnswer", first, "").await;
        for (tier, (lead, login)) in self.leads.clone().iter().enumerate() {
            let ids: Vec<&String> = wanting
                .iter()
                .filter(|work| work.tier == tier)
                .map(|work| &work.id)
                .collect();
            if ids.is_empty() {
                continue;
            }
            let person = login
                .as_ref()
                .map_or_else(|| self.office(), |login| self.stage.app.person(login));
            let again = json!({"petitionIds": ids, "agencyId": lead, "documentNumber": format!("{index}{tier}/TLBS"), "documentDate": day,
                "text": "Trả lời bổ sung", "outcome": "resolved", "onBehalf": login.is_none()});
            person.done("answerPetitions", again, "").await;
        }
        many(
            &self.office(),
            "assessAnswer",
            answered.iter().map(judge("ok")).collect(),
            "",
        )
        .await;
        let told = &answered[..answered.len() - untold];
        let rows: Vec<Value> = told
            .iter()
            .enumerate()
            .map(|(number, work)| {
                let said = ["satisfied", "satisfied", "partly", "dissatisfied"][number % 4];
                create(
                    "informing",
                    &new_id(),
                    json!({"petitionId": work.id, "channel": "contact_meeting", "satisfaction": said}),
                )
            })
            .collect();
        // Each delegate tells the voters of his own constituency; a petition is seen only there.
        let mut left = rows;
        for delegate in self.delegates.clone() {
            let phone = Phone::new(self.stage.app.person(&delegate));
            let results = phone.push_patiently(&left).await;
            left = left
                .into_iter()
                .zip(&results)
                .filter(|(_, result)| result["status"] != "APPLIED")
                .map(|(row, _)| row)
                .collect();
        }
        assert!(left.is_empty(), "{left:?}");
        let close = told.iter().map(|work| json!({"petitionId": work.id}));
        many(&self.office(), "closePetition", close.collect(), "").await;
        self.did("answered", answered.len());
        self.did("wanting", wanting.len());
        self.did("closed", told.len());
        self.did("untold", untold);
    }

    async fn total(&self, filter: Value) -> usize {
        let query = "query($filter: PetitionFilter) { petitions(filter: $filter, first: 1) { totalCount } }";
        let data = self.office().data(query, json!({"filter": filter})).await;
        usize::try_from(data["petitions"]["totalCount"].as_i64().unwrap()).unwrap()
    }
}

each_db! {
    async fn a_year_of_a_provinces_work_adds_up(db: TestDatabase) {
        let mut year = Year::begin(&db).await;
        // In the first two rounds everything is answered; at the end 30 are owed and 20 answers have not been told.
        for (index, (day, owed, untold)) in [("2026-03-26", 0, 0), ("2026-06-18", 0, 0), ("2026-09-24", 10, 5), ("2026-11-26", 30, 15)].into_iter().enumerate() {
            let (round, said) = year.round(index).await;
            year.forward(index, &said).await;
            let counts = "query($id: ID!) { round(id: $id) { counts { pointsHeld recorded answeredOnSpot forwarded waiting forwardedByTier { tier count } } } }";
            let counts = year.office().data(counts, json!({"id": round})).await["round"]["counts"].clone();
            let (_, contacts, tiers, twice) = ROUNDS[index];
            let forwarded = tiers.iter().sum::<usize>() + twice;
            assert_eq!((&counts["pointsHeld"], &counts["recorded"]), (&json!(contacts), &json!(contacts * SAID)));
            assert_eq!((&counts["forwarded"], &counts["answeredOnSpot"], &counts["waiting"]), (&json!(forwarded), &json!(contacts * SAID - forwarded), &json!(0)));
            let by_tier: i64 = counts["forwardedByTier"].as_array().unwrap().iter().map(|tier| tier["count"].as_i64().unwrap()).sum();
            assert_eq!(by_tier, forwarded as i64);
            year.answer(index, day, owed, untold).await;
        }
        let done = |what: &str| year.done[what];
        assert_eq!((done("contacts"), done("said"), done("petitions")), (350, 2_800, 470));
        // 470 = 420 closed + 20 answered and not yet told + 30 owed.
        assert_eq!((done("closed"), done("untold"), year.open.len()), (420, 20, 30));
        assert_eq!(done("answered") + year.open.len(), 470);

        // The days go by to the end of the year; the server reminds, somebody urges for ten by one letter.
        year.stage.day("2026-12-31");
        year.stage.turns().await;
        let targets: Vec<&String> = year.open.iter().filter(|work| work.tier == 3 || work.tier == 2).map(|work| &work.id).take(10).collect();
        assert_eq!(targets.len(), 10);
        let letter = json!({"targetKind": "petition", "targetId": targets[0], "targetIds": targets[1..], "how": "document", "documentNumber": "99/VP"});
        year.office().done("urge", letter, "").await;
        for (status, count) in [("closed", 420), ("assessed", 20), ("forwarded", 30), ("answered", 0), ("informed", 0), ("returned", 0)] {
            assert_eq!(year.total(json!({"status": [status]})).await, count, "{status}");
        }
        let outcomes = ["resolved", "in_progress", "explained", "not_resolved", "deferred", "out_of_competence"];
        let mut sum = 0;
        for outcome in outcomes {
            sum += year.total(json!({"outcome": [outcome]})).await;
        }
        assert_eq!(sum, 440, "every answer has its outcome, and nothing else has one");

        let debts = "{ agencyDebts(first: 100) { nodes { agency { name } owed overdue urgings reminders } } }";
        let debts = year.office().data(debts, json!({})).await["agencyDebts"]["nodes"].as_array().unwrap().clone();
        let sum = |field: &str| debts.iter().map(|debt| debt[field].as_i64().unwrap()).sum::<i64>();
        assert_eq!((sum("owed"), sum("urgings")), (30, 10));
        assert_eq!(sum("overdue") as usize, year.total(json!({"isOverdue": true})).await);
        assert!(sum("overdue") > 0 && sum("reminders") > 0);
        let company = debts.iter().find(|debt| debt["agency"]["name"] == "Công ty Điện lực").unwrap();
        assert_eq!(company["reminders"], 0, "nobody reads a reminder at a body without an account");

        // What waits says the same as what was counted.
        let agenda = year.office().data("{ agenda { kind count overdue } }", json!({})).await["agenda"].clone();
        assert_eq!(agenda, json!([{"kind": "synthesis_overdue", "count": 4, "overdue": 4}, {"kind": "overdue", "count": sum("overdue"), "overdue": sum("overdue")}, {"kind": "to_inform", "count": 20, "overdue": 20}]));

        // The table for the session: 470 rows, and the numbers of the year run from 1 to 470.
        let (status, _, table) = year.office().get(&format!("/export/petition-results.csv?unit={}&from=2026-01-01&to=2026-12-31", year.stage.world.province)).await;
        assert_eq!(status, 200, "{table}");
        let mut reader = csv::Reader::from_reader(table.trim_start_matches('\u{feff}').as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let mut numbers: Vec<u32> = rows.iter()
            .map(|row| row.iter().find_map(|cell| cell.strip_suffix("/2026")?.parse().ok()).unwrap()).collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(1..=470), "each petition once, under its number");

        // The tables say what was done: of the contacts what was said there, and where it went.
        let office = year.office();
        let question = format!("unit={}&from=2026-01-01&to=2026-12-31", year.stage.world.province);
        let contacts = reports::table(&office, "contacts", &question).await;
        let contacts: Vec<_> = contacts.into_iter().filter(|row| !row["round_id"].is_empty()).collect();
        let twice: usize = ROUNDS.iter().map(|(.., twice)| twice).sum();
        let asked = |tier: usize| ROUNDS.iter().map(|(_, _, tiers, _)| tiers[tier]).sum::<usize>();
        let forwarded = done("petitions") + twice;
        for (column, count) in [
            ("points", done("contacts")),
            ("points_without_figures", done("contacts")),
            ("opinions", done("said")),
            ("opinions_recorded", done("said")),
            ("answered_on_spot", done("said") - forwarded),
            ("forwarded", forwarded),
            // The first petitions of each round are those made of two opinions.
            ("forwarded_central", asked(0) + twice),
            ("forwarded_province", asked(1)),
            ("forwarded_commune", asked(2)),
            ("forwarded_other", asked(3)),
            ("not_forwarded", 0),
        ] {
            assert_eq!(reports::sum(&contacts, column), count as i64, "{column}");
        }
        // Of the petitions who answered what, and how many are left.
        let results = reports::table(&office, "petition-results", &question).await;
        let with = |column: &str, value: &str| results.iter().filter(|row| row[column] == value).count();
        assert_eq!((with("state", "done"), with("state", "left"), with("arrival", "new")), (420, 50, 470));
        let (by_agency, by_field) = (reports::table(&office, "petitions-by-agency", &question).await, reports::table(&office, "petitions-by-field", &question).await);
        assert_eq!(with("outcome", "not_answered"), year.open.len());
        for outcome in outcomes {
            assert_eq!(with("outcome", outcome), year.total(json!({"outcome": [outcome]})).await, "{outcome}");
        }
        for outcome in outcomes.into_iter().chain(["not_answered"]) {
            for summary in [&by_agency, &by_field] {
                assert_eq!(reports::sum(summary, outcome), with("outcome", outcome) as i64, "{outcome}");
            }
        }
        let totals: BTreeMap<&str, i64> = by_agency.iter().map(|row| (row["agency_id"].as_str(), row["total"].parse().unwrap())).collect();
        let leads: Vec<String> = year.leads.iter().map(|(lead, _)| lead.to_string()).collect();
        let expected = leads.iter().enumerate().map(|(tier, lead)| (lead.as_str(), asked(tier) as i64));
        assert_eq!(totals, expected.collect(), "each body has what is of its tier");
        assert_eq!((by_field.len(), by_field[0]["field"].as_str(), by_field[0]["total"].as_str()), (1, "transport", "470"));
        let balance = reports::table(&office, "petition-balance", &question).await;
        assert_eq!(["carried_over", "new", "total", "done", "left"].map(|column| reports::sum(&balance, column)), [0, 470, 470, 420, 50]);
        // The session at the end of the year reads the same.
        let session = json!({"councilId": year.stage.world.province_council, "family": "session", "kind": "regular_end",
            "title": "Kỳ họp thường lệ cuối năm 2026", "startsAt": "2026-12-31T08:00:00+07:00"});
        let session = text(&office.done("planMeeting", session, "meeting { id }").await["meeting"]["id"]);
        let (_, paper) = fetched(&office, &format!("/documents/petition-results/{session}.docx")).await;
        let paper = text_of(&paper);
        let figures = "Kỳ trước chuyển sang 0 kiến nghị; mới trong kỳ 470; tổng số 470; đã xong (đã trả lời và thông tin lại cho cử tri) 420; còn lại 50.";
        assert!(paper.contains(figures), "{paper}");
        assert_eq!(paper.lines().filter(|line| line.contains("/2026 | ")).count(), 470);
    }
}
