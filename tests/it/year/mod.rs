//! A year of a province's work, from the rounds to the closing, with its arithmetic: 350 voter contacts, 2,800 opinions,
//! 470 petitions, four syntheses; what is split, merged and taken up again on the way. Every figure that somebody reads
//! at the end is a sum of what was done.

mod lists;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use cutri_tests::{TestDatabase, each_db};
use serde_json::{Value, json};

use crate::{
    answering::text,
    documents::{fetched, reading::text_of},
    reports,
    syntheses::adds_up,
};
use work::Year;

/// Contacts, petitions by tier (central, province, commune, non-state) as they are forwarded, and those made of two
/// opinions, by round.
const ROUNDS: [(&str, usize, [usize; 4], usize); 4] = [
    ("2026-03-02", 88, [10, 75, 25, 8], 8),
    ("2026-05-25", 88, [10, 75, 25, 8], 8),
    ("2026-08-31", 87, [10, 75, 25, 7], 7),
    ("2026-11-02", 87, [10, 75, 25, 7], 7),
];
/// What is said at a contact.
const SAID: usize = 8;

const TIERS: [&str; 4] = ["central", "province", "commune", "non_state"];
const OUTCOMES: [&str; 5] = ["resolved", "resolved", "explained", "in_progress", "deferred"];

/// Petitions by tier as the office first makes them of what was said. In the first round one of the province becomes three,
/// and two of the communes become one.
fn formed(index: usize) -> [usize; 4] {
    let [central, province, commune, other] = ROUNDS[index].2;
    if index == 0 {
        [central, province - 2, commune + 1, other]
    } else {
        [central, province, commune, other]
    }
}

each_db! {
    async fn a_year_of_a_provinces_work_adds_up(db: TestDatabase) {
        let mut year = Year::begin(&db).await;
        // In the first two rounds everything is answered; at the end 29 are owed, beside one that was taken up again, and 20
        // answers have not been told.
        for (index, (day, owed, untold)) in [("2026-03-26", 0, 0), ("2026-06-18", 0, 0), ("2026-09-24", 10, 5), ("2026-11-26", 29, 15)].into_iter().enumerate() {
            let (round, said) = year.round(index).await;
            let mut works = year.group(index, &said).await;
            if index == 0 {
                works = year.rearrange(works).await;
            }
            year.synthesise(index, &round).await;
            year.forward(index, works).await;
            let counts = "query($id: ID!) { round(id: $id) { counts { pointsHeld recorded answeredOnSpot forwarded waiting forwardedByTier { tier count } } } }";
            let counts = year.office().data(counts, json!({"id": round})).await["round"]["counts"].clone();
            let (_, contacts, _, twice) = ROUNDS[index];
            let forwarded = formed(index).iter().sum::<usize>() + twice;
            assert_eq!((&counts["pointsHeld"], &counts["recorded"]), (&json!(contacts), &json!(contacts * SAID)));
            assert_eq!((&counts["forwarded"], &counts["answeredOnSpot"], &counts["waiting"]), (&json!(forwarded), &json!(contacts * SAID - forwarded), &json!(0)));
            // An opinion is counted once, whatever became of its petition. The first ones are those of two opinions.
            let mut opinions = formed(index);
            opinions[0] += twice;
            let by_tier: Vec<Value> = TIERS.iter().zip(opinions).map(|(tier, count)| json!({"tier": tier, "count": count})).collect();
            assert_eq!(counts["forwardedByTier"], json!(by_tier));
            year.answer(index, day, owed, untold).await;
            if index == 2 {
                year.reopen("2026-10-05").await;
            }
        }
        let again = std::mem::take(&mut year.owed_again);
        year.open.extend(again);
        let done = |what: &str| year.done[what];
        assert_eq!((done("contacts"), done("said"), done("petitions")), (350, 2_800, 470));
        // 469 were made of 499 opinions. One became three and two became one: 470 stand.
        let formed_in_all: usize = (0..ROUNDS.len()).map(|index| formed(index).iter().sum::<usize>()).sum();
        assert_eq!((done("grouped"), formed_in_all), (499, 469));
        assert_eq!(formed_in_all + 3 + 1 - year.replaced.len(), done("petitions"));
        // 470 = 420 closed + 20 answered and not yet told + 30 owed; closed 422 times, of which 2 did not last.
        let closed = done("closings") - done("reopened");
        assert_eq!((closed, done("untold"), year.open.len()), (420, 20, 30));
        assert_eq!((done("closings"), done("reopened"), done("answered_again")), (422, 2, 1));
        assert_eq!(done("answered") + done("answered_again") - done("reopened") + year.open.len(), 470);

        // The days go by to the end of the year; the server reminds, somebody urges for ten by one letter.
        year.stage.day("2026-12-31");
        year.stage.turns().await;
        let targets: Vec<&String> = year.open.iter().filter(|work| work.tier == 3 || work.tier == 2).map(|work| &work.id).take(10).collect();
        assert_eq!(targets.len(), 10);
        let letter = json!({"targetKind": "petition", "targetId": targets[0], "targetIds": targets[1..], "how": "document", "documentNumber": "99/VP"});
        year.office().done("urge", letter, "").await;
        for (status, count) in [("closed", 420), ("assessed", 20), ("forwarded", 30), ("answered", 0), ("informed", 0), ("returned", 0), ("reopened", 0), ("split", 1), ("merged", 2)] {
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
        assert_eq!(agenda, json!([{"kind": "overdue", "count": sum("overdue"), "overdue": sum("overdue")}, {"kind": "to_inform", "count": 20, "overdue": 20}]));

        // What was frozen of each round is as it was, whatever became of its petitions since; the lists of the year add up.
        let mut listed = [0, 0, 0, 0];
        for id in &year.syntheses {
            let query = "query($id: ID!) { synthesis(id: $id) { status edition { opinions onSpot before after items(first: 1) { totalCount } } } }";
            let list = year.office().data(query, json!({"id": id})).await["synthesis"].clone();
            let edition = &list["edition"];
            assert_eq!((&list["status"], &edition["items"]["totalCount"]), (&json!("sent"), &edition["after"]));
            adds_up(edition);
            for (sum, figure) in listed.iter_mut().zip(["opinions", "onSpot", "before", "after"]) {
                *sum += edition[figure].as_u64().unwrap() as usize;
            }
        }
        assert_eq!(listed, [done("said"), done("said") - done("grouped"), done("grouped"), done("petitions")]);

        // The table for the session: 470 rows under numbers of the year, without those of the three that went on as others.
        let (status, _, table) = year.office().get(&format!("/export/petition-results.csv?unit={}&from=2026-01-01&to=2026-12-31", year.stage.world.province)).await;
        assert_eq!(status, 200, "{table}");
        let mut reader = csv::Reader::from_reader(table.trim_start_matches('\u{feff}').as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let mut numbers: Vec<u32> = rows.iter()
            .map(|row| row.iter().find_map(|cell| cell.strip_suffix("/2026")?.parse().ok()).unwrap()).collect();
        numbers.sort_unstable();
        let replaced: BTreeSet<u32> = year.replaced.iter().map(|number| number.strip_suffix("/2026").unwrap().parse().unwrap()).collect();
        assert_eq!(replaced.len(), 3);
        let standing = (1..=473).filter(|number| !replaced.contains(number));
        assert!(numbers.into_iter().eq(standing), "each petition once, under its number");

        // The tables say what was done: of the contacts what was said there, and where it went.
        let office = year.office();
        let question = format!("unit={}&from=2026-01-01&to=2026-12-31", year.stage.world.province);
        let contacts = reports::table(&office, "contacts", &question).await;
        let contacts: Vec<_> = contacts.into_iter().filter(|row| !row["round_id"].is_empty()).collect();
        let twice: usize = ROUNDS.iter().map(|(.., twice)| twice).sum();
        let asked = |tier: usize| ROUNDS.iter().map(|(_, _, tiers, _)| tiers[tier]).sum::<usize>();
        let first = |tier: usize| (0..ROUNDS.len()).map(|index| formed(index)[tier]).sum::<usize>();
        let forwarded = done("grouped");
        assert_eq!(forwarded, formed_in_all + twice);
        for (column, count) in [
            ("points", done("contacts")),
            ("points_without_figures", done("contacts")),
            ("opinions", done("said")),
            ("opinions_recorded", done("said")),
            ("answered_on_spot", done("said") - forwarded),
            ("forwarded", forwarded),
            // The first petitions of each round are those made of two opinions.
            ("forwarded_central", first(0) + twice),
            ("forwarded_province", first(1)),
            ("forwarded_commune", first(2)),
            ("forwarded_other", first(3)),
            ("not_forwarded", 0),
        ] {
            assert_eq!(reports::sum(&contacts, column), count as i64, "{column}");
        }
        // Of the petitions who answered what, and how many are left.
        let results = reports::table(&office, "petition-results", &question).await;
        let with = |column: &str, value: &str| results.iter().filter(|row| row[column] == value).count();
        assert_eq!((with("state", "done"), with("state", "left"), with("arrival", "new")), (420, 50, 470));
        assert_eq!((with("repeats", "0"), with("repeats", "1")), (468, done("reopened")), "voters had to ask again for two");
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
