//! The standard tables as files: what they count adds up, and tells nobody more than he may see.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike, Duration, NaiveDate};
use cutri::{accounts::integrators::create_read_token, reports::Table};
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    world::{Login, Put, World},
};
use entity::{
    council, delegate, feedback,
    id::{AgencyId, UnitId},
    meeting, meeting_delegate, meeting_unit, petition, petition_unit,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::{rounds::Stage, rows};

pub(crate) type Row = HashMap<String, String>;

/// The rows of a table by the stable names of its columns.
pub(crate) async fn table(person: &Person, name: &str, question: &str) -> Vec<Row> {
    let path = format!("/export/{name}.csv?{question}");
    let (status, headers, text) = person.get(&path).await;
    assert_eq!(status, 200, "{path}: {text}");
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert!(headers["content-disposition"].to_str().unwrap().contains(name));
    let text = text.strip_prefix('\u{feff}').expect("Excel needs the mark");
    assert!(text.ends_with("\r\n"));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = Table::from_name(name).unwrap().columns();
    let heads: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(heads, columns.iter().map(|column| column.vi).collect::<Vec<_>>());
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        let cells = columns.iter().zip(record.iter());
        cells
            .map(|(column, cell)| (column.name.to_owned(), cell.to_owned()))
            .collect()
    });
    rows.collect()
}

/// The sum of a column; an empty cell is not zero and may not be summed.
#[track_caller]
pub(crate) fn sum(rows: &[Row], column: &str) -> i64 {
    rows.iter()
        .map(|row| {
            row[column]
                .parse::<i64>()
                .unwrap_or_else(|_| panic!("{column}: {row:?}"))
        })
        .sum()
}

/// The question for the year in which this runs.
pub(crate) fn this_year(app: &TestApp) -> String {
    let today = app.state.clock.today();
    // In the first hours of a year what was held before midnight belongs to it.
    let begun = today - Duration::days(1);
    format!("from={}-01-01&to={}-12-31", begun.year(), today.year())
}

const FORWARDED: [&str; 5] = [
    "forwarded_central",
    "forwarded_province",
    "forwarded_commune",
    "forwarded_other",
    "forwarded_district",
];

/// Four contacts with 233 voters, 8 speakers and 15 opinions: 10 answered on the spot, 5 forwarded.
async fn four_contacts(app: &TestApp, world: &World) {
    let here = &world.here;
    let now = app.state.clock.now();
    let mut put = Put::new();
    let mut on_spot = 10;
    let mut forwarded = Vec::new();
    // Of the two delegates one came each time and the other once; a guest from the neighbour is not counted.
    let mandate = async |of: &Login| {
        let found = delegate::Entity::find().filter(delegate::Column::AccountId.eq(of.account));
        found.one(app.state.store.read()).await.unwrap().unwrap().id
    };
    let (always, once) = (
        mandate(&here.delegates[0]).await,
        mandate(&here.delegates[1]).await,
    );
    let guest = mandate(&world.there.delegates[0]).await;
    for (number, (attended, speakers, opinions)) in [(60, 2, 4), (58, 2, 4), (65, 3, 4), (50, 1, 3)]
        .into_iter()
        .enumerate()
    {
        let contact = meeting::Model {
            council_id: here.council,
            author_id: None,
            round_id: None,
            outside_round: Some("other_plan".to_owned()),
            title: format!("=Điểm số {number}"),
            starts_at: Some(now - Duration::hours(5)),
            attended: Some(attended),
            speakers: Some(speakers),
            opinions: Some(opinions),
            ..rows::meeting()
        };
        let unit = meeting_unit::Model {
            meeting_id: contact.id,
            unit_id: here.unit,
        };
        for _ in 0..opinions {
            let answered = on_spot > 0;
            on_spot -= 1;
            let said = feedback::Model {
                council_id: here.council,
                author_id: here.delegates[0].account,
                delegate_id: None,
                meeting_id: Some(contact.id),
                unit_id: Some(here.unit),
                petition_id: None,
                answered_on_spot: Some(answered),
                status: if answered {
                    feedback::Status::AnsweredOnSpot
                } else {
                    feedback::Status::Accepted
                },
                ..rows::feedback()
            };
            if !answered {
                forwarded.push(said.id.to_string());
            }
            put = put.row(said);
        }
        for (delegate_id, attended) in [(always, true), (once, number == 2), (guest, true)] {
            put = put.row(meeting_delegate::Model {
                meeting_id: contact.id,
                delegate_id,
                invited: true,
                attended,
                attending: None,
                absence_reason: None,
                answered_at: None,
            });
        }
        put = put.row(contact).row(unit);
    }
    put.now(&app.state).await;

    // Three become one petition of the commune; two become one that is split, and one part is the province's.
    let office = app.person(&here.office);
    let group = async |feedback: &[String]| {
        let input = json!({"feedbackIds": feedback, "title": "Đường", "content": "Sửa đường"});
        let made = office.done("groupFeedback", input, "petition { id }").await;
        made["petition"]["id"].as_str().unwrap().to_owned()
    };
    let one = group(&forwarded[..3]).await;
    let two = group(&forwarded[3..]).await;
    let parts = json!([{"title": "Điện", "content": "Điện yếu"}, {"title": "Nước", "content": "Nước đục"}]);
    let split = office
        .done(
            "splitPetition",
            json!({"petitionId": two, "parts": parts}),
            "petitions { id }",
        )
        .await;
    let part = |index: usize| split["petitions"][index]["id"].as_str().unwrap().to_owned();
    for (petition, tier) in [(&one, "commune"), (&part(0), "province"), (&part(1), "commune")] {
        let input = json!({"petitionId": petition, "field": "transport", "tier": tier});
        office.done("classifyPetition", input, "petition { id }").await;
    }
    let forward = json!({"petitionIds": [one, part(0), part(1)], "leadId": here.committee,
        "documentNumber": "12/VP-HĐND", "documentDate": app.state.clock.today()});
    office.done("forwardPetitions", forward, "petitions { id }").await;
}

/// A petition of a council and a unit as it stands after its story.
fn stands(council: entity::id::CouncilId, created: NaiveDate, closed: Option<NaiveDate>) -> petition::Model {
    let at = |day: NaiveDate| day.and_hms_opt(2, 0, 0).unwrap().and_utc();
    let id: entity::id::PetitionId = uuid::Uuid::now_v7().into();
    petition::Model {
        id,
        number: id.to_string(),
        council_id: council,
        upper_council_id: None,
        agency_id: None,
        forwarding_id: None,
        answer_id: None,
        public_title: None,
        public_content: None,
        public_answer: None,
        process: if closed.is_some() {
            petition::Process::Closed
        } else {
            petition::Process::Forwarded
        },
        created_at: at(created),
        closed_at: closed.map(at),
        informed_at: closed.map(at),
        satisfaction: None,
        ..rows::petition()
    }
}

fn asked_in(petition: &petition::Model, unit: UnitId) -> petition_unit::Model {
    petition_unit::Model {
        petition_id: petition.id,
        unit_id: unit,
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

each_db! {
    async fn four_contacts_come_to_the_figures_of_their_minutes(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        four_contacts(&app, &world).await;
        let question = format!("unit=27721&{}", this_year(&app));

        let office = app.person(&world.here.office);
        let contacts = table(&office, "contacts", &question).await;
        assert_eq!(contacts.len(), 1, "one unit, no round, one kind: {contacts:#?}");
        for (column, expected) in [
            ("points", 4), ("points_without_figures", 0),
            ("delegates_attended", 2), ("delegates_total", 2), ("voters", 233), ("speakers", 8), ("opinions", 15),
            ("opinions_recorded", 15), ("answered_on_spot", 10), ("forwarded", 5), ("forwarded_province", 2),
            ("forwarded_commune", 3), ("not_forwarded", 0),
        ] {
            assert_eq!(sum(&contacts, column), expected, "{column}");
        }
        assert_eq!(contacts[0]["unit_code"], "27721");
        assert_eq!(contacts[0]["kind_label"], "Trước kỳ họp");
        assert_eq!(contacts[0]["cut_off_date"], app.state.clock.today().to_string());
        assert_eq!(contacts[0]["unit_view"], "now");

        // The contacts one by one add up to the table.
        let points = table(&office, "contact-points", &question).await;
        assert_eq!(points.len(), 4);
        for column in ["voters", "speakers", "opinions", "opinions_recorded", "answered_on_spot", "forwarded"] {
            assert_eq!(sum(&points, column), sum(&contacts, column), "{column}");
        }
        // A delegate counts once in the table, and at each contact to which he came.
        assert_eq!(sum(&points, "delegates_attended"), 5);
        for row in &points {
            let number = |column: &str| row[column].parse::<i64>().unwrap();
            assert_eq!(
                number("opinions_recorded"),
                number("answered_on_spot") + number("forwarded") + number("not_forwarded")
            );
            assert_eq!(number("forwarded"), FORWARDED.iter().map(|tier| number(tier)).sum::<i64>());
            assert!(row["title"].starts_with("'=Điểm số"), "no formula: {}", row["title"]);
            assert_eq!(row["held_for_codes"], "27721");
        }

        // The province's aggregator counts the same, through the province too.
        let reference = app.state.reference();
        let province = reference.units.get(world.province).unwrap().code.clone();
        let aggregator = app.person(&world.aggregator);
        assert_eq!(table(&aggregator, "contacts", &question).await, contacts);
        let all = table(&aggregator, "contacts", &format!("unit={province}&{}", this_year(&app))).await;
        assert_eq!(all, contacts);

        // Everybody sees that the published contacts took place; what is counted from feedback is not for him.
        for somebody in [app.stranger(), app.person(&world.there.delegates[0])] {
            let public = table(&somebody, "contacts", &question).await;
            assert_eq!(sum(&public, "voters"), 233);
            assert_eq!(sum(&public, "delegates_attended"), 2);
            assert_eq!(sum(&public, "opinions"), 15);
            for column in ["opinions_recorded", "answered_on_spot", "forwarded", "not_forwarded"] {
                assert_eq!(public[0][column], "", "{column}");
            }
        }
        // Before the meetings there was nothing.
        let before = table(&office, "contacts", "unit=27721&from=2026-01-01&to=2026-01-31").await;
        assert_eq!(before, Vec::<Row>::new());
    }

    // How slowly words are passed on was a complaint of everybody, and a figure of nobody.
    async fn days_from_hearing_to_forwarding_have_their_median(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (round, point) = stage.held().await;
        let words = [("Đường ngập", false), ("Đèn tắt", false), ("Cầu gãy", false), ("Nước đục", true)];
        let said = stage.said(0, &point, &words).await;
        let days = async |to: &str| {
            let rows = table(&stage.office(), "contacts", &format!("unit=27721&from=2026-03-01&to={to}")).await;
            let of: Vec<&Row> = rows.iter().filter(|row| row["round_id"] == round).collect();
            assert_eq!(of.len(), 1, "{rows:?}");
            of[0]["days_to_forward"].clone()
        };
        let send = async |which: usize, number: &str| {
            let group = json!({"feedbackIds": [said[which]], "title": words[which].0, "content": words[which].0});
            let made = stage.office().done("groupFeedback", group, "petition { id }").await;
            let petition = made["petition"]["id"].as_str().unwrap().to_owned();
            let classify = json!({"petitionId": petition, "field": "transport", "tier": "commune"});
            stage.office().done("classifyPetition", classify, "").await;
            stage.forward(&[petition], stage.world.here.committee, &[], number).await;
        };
        assert_eq!(days("2026-03-31").await, "", "nothing was forwarded");
        // Heard on 2 March: one is sent on the fourth, two on the thirteenth. What was answered on the spot waits for nobody.
        stage.day("2026-03-04");
        send(0, "1/VP").await;
        assert_eq!(days("2026-03-31").await, "2");
        stage.day("2026-03-13");
        send(1, "2/VP").await;
        assert_eq!(days("2026-03-31").await, "6.5");
        send(2, "3/VP").await;
        assert_eq!(days("2026-03-31").await, "11");
        assert_eq!(days("2026-03-10").await, "2", "as it was by then");
    }

    // Which communes nobody had met for a year could be found by nobody.
    async fn units_that_nobody_met_are_listed_with_their_last_contact(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (app, world) = (&stage.app, &stage.world);
        let reference = app.state.reference();
        let units = &reference.units;
        let former = units.predecessors(world.here.unit).find(|edge| !edge.derived).unwrap().from_id;
        let below = units.subtree(world.province);
        let known = [world.province, world.here.unit, world.there.unit];
        let hidden = below.iter().copied().find(|unit| !known.contains(unit)).unwrap();
        let mut put = Put::new();
        for (unit, council_id, on, status, is_public) in [
            (former, world.here.council, "2025-03-20", meeting::Status::Reported, true),
            (world.there.unit, world.there.council, "2025-08-15", meeting::Status::Held, true),
            (world.there.unit, world.there.council, "2026-02-10", meeting::Status::Postponed, true),
            (hidden, world.province_council, "2026-01-10", meeting::Status::Held, false),
        ] {
            let contact = meeting::Model {
                council_id, status, is_public, author_id: None, round_id: None, outside_round: Some("other_plan".into()),
                starts_at: Some(day(on).and_hms_opt(2, 0, 0).unwrap().and_utc()), ends_at: None, ..rows::meeting()
            };
            let link = meeting_unit::Model { meeting_id: contact.id, unit_id: unit };
            put = put.row(contact).row(link);
        }
        put.now(&app.state).await;

        let province = units.get(world.province).unwrap().code.clone();
        let asked = |unit: &str, from: &str, to: &str| format!("unit={unit}&from={from}&to={to}");
        let told = |row: &Row| ["unit_code", "last_contact", "months_since"].map(|name| row[name].clone());
        let aggregator = app.person(&world.aggregator);
        let all = table(&aggregator, "units-not-met", &asked(&province, "2025-12-01", "2026-03-02")).await;
        // All communes but the one that was met in January; what was put off reached nobody. Those that nobody met come first.
        assert_eq!(all.len(), below.len() - 2);
        let [.., longest, next] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(told(longest), ["27721", "2025-03-20", "11"]);
        assert_eq!(told(next), ["27736", "2025-08-15", "6"]);
        let never = &all[..all.len() - 2];
        assert!(never.iter().all(|row| row["last_contact"].is_empty() && row["months_since"].is_empty()));
        assert!(never.is_sorted_by_key(|row| row["unit_code"].as_str()));
        let codes: BTreeSet<&str> = all.iter().map(|row| row["unit_code"].as_str()).collect();
        assert!(codes.len() == all.len() && !codes.contains(units.get(hidden).unwrap().code.as_str()));
        assert_eq!((all[0]["cut_off_date"].as_str(), all[0]["unit_view"].as_str()), ("2026-03-02", "now"));
        // Whoever may not know of a contact reads of none.
        let public = table(&app.stranger(), "units-not-met", &asked(&province, "2025-12-01", "2026-03-02")).await;
        assert_eq!(public.len(), below.len() - 1);
        // One commune, by the day from which it is asked and up to which.
        let office = app.person(&world.there.office);
        for (from, to, expected) in [
            ("2025-12-01", "2026-03-02", vec![["27736", "2025-08-15", "6"]]),
            ("2025-08-15", "2026-03-02", vec![]),
            ("2025-08-16", "2025-09-14", vec![["27736", "2025-08-15", "0"]]),
            ("2025-07-01", "2025-08-14", vec![["27736", "", ""]]),
        ] {
            let rows = table(&office, "units-not-met", &asked("27736", from, to)).await;
            assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), expected, "{from} {to}");
        }
    }

    async fn every_summary_of_petitions_adds_up_to_the_same_rows(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let here = &world.here;
        let (from, to) = ("2026-01-01", "2026-06-30");
        let question = format!("unit=27721&from={from}&to={to}");

        let carried_and_done = stands(here.council, day("2025-11-10"), Some(day("2026-02-01")));
        let carried_and_left = petition::Model {
            title: "@SUM(A1:A9)".into(), content: "-2+3".into(), field: None, agency_id: Some(world.department),
            ..stands(here.council, day("2025-12-31"), None)
        };
        let new_and_done = petition::Model {
            satisfaction: Some("partly".into()),
            ..stands(here.council, day("2026-01-01"), Some(day("2026-06-30")))
        };
        let closed_after = stands(here.council, day("2026-06-30"), Some(day("2026-07-01")));
        let gone_before = stands(here.council, day("2025-10-01"), Some(day("2025-12-31")));
        let came_after = stands(here.council, day("2026-07-01"), None);
        // Split in the period: its part is carried over, as it was itself.
        let whole = petition::Model {
            process: petition::Process::Split, ..stands(here.council, day("2025-12-01"), None)
        };
        let part = petition::Model { field: Some("power".into()), outcome: Some("resolved".into()), ..stands(here.council, day("2026-03-02"), None) };
        let elsewhere = stands(world.there.council, day("2026-03-01"), None);

        let answered = |agency: AgencyId, date: &str, outcome: &str| entity::answer::Model {
            agency_id: agency, document_date: day(date), outcome: outcome.into(), ..rows::answer()
        };
        let resolved = answered(here.committee, "2026-01-20", "resolved");
        let first = entity::answer::Model {
            unresolved_reason: Some("budget".into()), ..answered(here.committee, "2026-05-01", "deferred")
        };
        let second = answered(world.company, "2026-08-01", "resolved");
        // Found wanting, and answered again after the cut-off.
        let wanting = answered(here.committee, "2026-04-01", "resolved");
        let again = answered(here.committee, "2026-07-20", "resolved");
        let found = entity::answer_petition::Model {
            assessment: Some("unclear".into()), ..rows::answer_petition(&wanting, &part, 1)
        };
        let judged = entity::answer_petition::Model {
            assessment: Some("ok".into()), assessment_note: Some("Đã làm việc với Sở".into()),
            ..rows::answer_petition(&first, &new_and_done, 1)
        };
        let mut put = Put::new()
            .row(rows::lineage(&whole, &part))
            .row(found)
            .row(judged)
            .row(rows::answer_petition(&again, &part, 2))
            .row(rows::answer_petition(&resolved, &carried_and_done, 1))
            .row(rows::answer_petition(&second, &new_and_done, 2));
        for answer in [resolved, first, second, wanting, again] {
            put = put.row(answer);
        }
        let counted = [&carried_and_done, &carried_and_left, &new_and_done, &closed_after, &part].map(|row| row.id);
        for petition in [carried_and_done.clone(), carried_and_left.clone(), new_and_done.clone(), closed_after,
            gone_before, came_after, whole, part.clone()]
        {
            put = put.row(asked_in(&petition, here.unit)).row(petition);
        }
        put.row(asked_in(&elsewhere, world.there.unit)).row(elsewhere).now(&app.state).await;

        let office = app.person(&here.office);
        let petitions = table(&office, "petition-results", &question).await;
        let ids: BTreeSet<&str> = petitions.iter().map(|row| row["id"].as_str()).collect();
        let expected: Vec<String> = counted.iter().map(ToString::to_string).collect();
        assert_eq!(ids, expected.iter().map(String::as_str).collect());
        let row = |id: entity::id::PetitionId| petitions.iter().find(|row| row["id"] == id.to_string()).unwrap();
        assert_eq!(row(new_and_done.id)["outcome"], "deferred", "what was answered later does not count yet");
        assert_eq!(row(new_and_done.id)["answer_date"], "2026-05-01");
        let told = ["informed_on", "satisfaction", "satisfaction_label"];
        assert_eq!(told.map(|name| row(new_and_done.id)[name].as_str()), ["2026-06-30", "partly", "Hài lòng một phần"]);
        assert_eq!(told.map(|name| row(part.id)[name].as_str()), ["", "", ""], "nobody was told");
        assert_eq!(row(new_and_done.id)["remark"], "Chưa bố trí được nguồn lực; Đã làm việc với Sở");
        assert_eq!(row(part.id)["remark"], "", "what was found wanting explains nothing");
        assert_eq!(row(part.id)["outcome"], "not_answered", "an answer found wanting is none");
        assert_eq!(row(part.id)["arrival"], "carried_over");
        assert_eq!(row(carried_and_left.id)["title"], "'@SUM(A1:A9)");
        assert_eq!(row(carried_and_left.id)["content"], "'-2+3");
        assert_eq!(row(carried_and_left.id)["agency"], "Sở Xây dựng");
        assert_eq!(row(carried_and_left.id)["outcome_label"], "Chưa trả lời");

        let balance = table(&office, "petition-balance", &question).await;
        let of = |column: &str| sum(&balance, column);
        assert_eq!(
            ["carried_over", "new", "total", "done", "left"].map(of),
            [3, 2, 5, 2, 3]
        );
        assert_eq!(of("carried_over") + of("new"), of("done") + of("left"));
        // What was left in the year before is what is carried over.
        let before = table(&office, "petition-balance", "unit=27721&from=2025-01-01&to=2025-12-31").await;
        assert_eq!(sum(&before, "left"), of("carried_over"));

        let total = petitions.len() as i64;
        for name in ["petitions-by-agency", "petitions-by-field"] {
            let summary = table(&office, name, &question).await;
            assert_eq!(sum(&summary, "total"), total, "{name}");
            let mut by_outcome: BTreeMap<&str, i64> = BTreeMap::new();
            for row in &petitions {
                *by_outcome.entry(row["outcome"].as_str()).or_default() += 1;
            }
            for outcome in cutri::codes::list("outcome") {
                let counted = by_outcome.get(outcome.code.as_str()).copied().unwrap_or(0);
                assert_eq!(sum(&summary, &outcome.code), counted, "{name} {}", outcome.code);
            }
        }
        let by_agency = table(&office, "petitions-by-agency", &question).await;
        assert_eq!(by_agency.len(), 3, "the committee, the department, nobody: {by_agency:#?}");

        // The neighbour, the public and whoever answers see their own part and nothing else.
        for name in ["petition-results", "petitions-by-agency", "petitions-by-field", "petition-balance"] {
            for somebody in [app.stranger(), app.person(&world.there.office)] {
                assert_eq!(table(&somebody, name, &question).await, Vec::<Row>::new(), "{name}");
            }
        }
        let body = table(&app.person(&world.department_login), "petition-results", &question).await;
        assert_eq!(body.len(), 1);
        assert_eq!(body[0]["id"], carried_and_left.id.to_string());
        // The aggregator counts all, and reads no text that was not published.
        let region = table(&app.person(&world.aggregator), "petition-results", &question).await;
        assert_eq!(region.len() as i64, total);
        assert!(region.iter().all(|row| row["title"].is_empty() && row["content"].is_empty()));
        assert!(region.iter().all(|row| row["satisfaction"].is_empty() && row["satisfaction_label"].is_empty()));
        let mut remarks: Vec<&str> = region.iter().map(|row| row["remark"].as_str()).collect();
        remarks.sort_unstable();
        assert_eq!(remarks, ["", "", "", "", "Chưa bố trí được nguồn lực"], "nor what the office noted");
    }

    async fn what_a_former_unit_asked_counts_for_the_one_that_it_became(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let reference = app.state.reference();
        let units = &reference.units;
        // A commune that went into one of today's as a whole, and the province in which both lie.
        let former = units
            .predecessors(world.here.unit)
            .filter(|edge| !edge.derived && units.successors(edge.from_id).len() == 1)
            .map(|edge| units.get(edge.from_id).unwrap())
            .find(|unit| unit.level == "commune")
            .expect("Tân Hưng was made of communes");
        let old_council = council::Model {
            unit_id: former.id, valid_from: day("2021-07-01"), valid_to: Some(day("2025-07-01")), rev: 0,
            ..rows::council()
        };
        let old = stands(old_council.id, day("2025-03-01"), None);
        let province = units.get(world.province).unwrap().code.clone();
        Put::new().row(old_council).now(&app.state).await;
        Put::new().row(asked_in(&old, former.id)).row(old.clone()).now(&app.state).await;

        let office = app.person(&world.here.office);
        for unit in ["27721", &province, &former.id.to_string()] {
            let question = format!("unit={unit}&from=2025-01-01&to=2025-12-31");
            let rows = table(&office, "petition-results", &question).await;
            assert_eq!(rows.len(), 1, "{unit}");
            assert_eq!(rows[0]["unit_code"], "27721", "as of today");
            assert_eq!(rows[0]["voters_unit_codes"], former.code, "as it was then");
        }
        let neighbour = table(&office, "petition-results", "unit=27736&from=2025-01-01&to=2025-12-31").await;
        assert!(neighbour.is_empty());
    }

    async fn a_long_table_comes_whole_at_a_cost_that_does_not_grow_with_its_rows(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let mut put = Put::new();
        for _ in 0..1_050 {
            let petition = stands(world.here.council, day("2026-03-01"), None);
            put = put.row(asked_in(&petition, world.here.unit)).row(petition);
        }
        put.now(&app.state).await;
        let office = app.person(&world.here.office);
        let before = app.state.store.statements();
        let rows = table(&office, "petition-results", "unit=27721&from=2026-01-01&to=2026-12-31").await;
        let statements = app.state.store.statements() - before;
        let ids: BTreeSet<&String> = rows.iter().map(|row| &row["id"]).collect();
        assert_eq!((rows.len(), ids.len()), (1_050, 1_050));
        assert!(statements < 40, "{statements} statements for three pages");
    }

    async fn a_communes_token_reads_its_commune_and_no_other(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        four_contacts(&app, &world).await;
        let period = this_year(&app);
        let office = app.person(&world.here.office);
        let (feedback, said) = (new_id(), json!({"kind": "petition", "unitId": world.here.unit,
            "channel": "contact_meeting", "content": "Bà Tư xin sửa cầu"}));
        let author = Phone::new(app.person(&world.here.delegates[0]));
        assert_eq!(author.push(&[create("feedback", &feedback, said)]).await[0]["status"], "APPLIED");
        let grouped = json!({"feedbackIds": [feedback], "title": "Cầu nhà bà Tư", "content": "Bà Tư xin sửa cầu"});
        office.done("groupFeedback", grouped, "petition { id }").await;
        for (name, least) in [("contact-points", 4), ("petition-results", 1)] {
            let asked = format!("unit=27721&{period}");
            let all = table(&office, name, &asked).await.len();
            assert!(all >= least, "{name}: {all}");
            // A neighbour sees what everybody does.
            let public = table(&app.stranger(), name, &asked).await.len();
            for (unit, expected) in [(world.here.unit, all), (world.province, all), (world.there.unit, public)] {
                let made = create_read_token(&app.state, unit, "cổng xã", None).await.unwrap();
                let integrator = app.bearer(Some(made.1.text()));
                assert_eq!(table(&integrator, name, &asked).await.len(), expected, "{name}");
            }
        }
        // What a petition says may name people: an integrator has its numbers only.
        let made = create_read_token(&app.state, world.here.unit, "cổng xã", None).await.unwrap();
        let asked = "{ petitions(first: 50) { nodes { number title content } } feedbacks(first: 50) { nodes { id } } }";
        let data = app.bearer(Some(made.1.text())).ask(asked, Value::Null).await.body;
        let petitions = data["data"]["petitions"]["nodes"].as_array().unwrap();
        assert!(!petitions.is_empty());
        assert!(petitions.iter().all(|row| row["content"].is_null() && row["title"].is_null()), "{data:#}");
        assert_eq!(data["data"]["feedbacks"]["nodes"].as_array().map_or(0, Vec::len), 0);
    }

    async fn what_is_asked_wrongly_is_told_with_its_field(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let period = "from=2026-01-01&to=2026-06-30";
        for (path, status, code, field) in [
            (format!("/export/contacts.csv?{period}"), 400, "REQUIRED", "unit"),
            ("/export/contacts.csv?unit=27721&to=2026-06-30".to_owned(), 400, "REQUIRED", "from"),
            (format!("/export/contacts.csv?unit=00000&{period}"), 404, "NOT_FOUND", "unit"),
            (format!("/export/contacts.csv?unit={}&{period}", uuid::Uuid::nil()), 404, "NOT_FOUND", "unit"),
            ("/export/contacts.csv?unit=27721&from=2026-02-30&to=2026-06-30".to_owned(), 400, "INVALID_DATE", "from"),
            ("/export/contacts.csv?unit=27721&from=2026-01-01&to=30/6/2026".to_owned(), 400, "INVALID_DATE", "to"),
            ("/export/contacts.csv?unit=27721&from=2016-01-01&to=2026-01-01".to_owned(), 400, "OUT_OF_RANGE", "to"),
            ("/export/contacts.csv?unit=27721&from=2026-02-01&to=2026-01-01".to_owned(), 400, "OUT_OF_RANGE", "to"),
            (format!("/export/contacts.csv?unit=27721&unit=27736&{period}"), 400, "INVALID_VALUE", ""),
            (format!("/export/contacts.csv?unit=27721&unti=1&{period}"), 400, "INVALID_VALUE", ""),
            (format!("/export/salaries.csv?unit=27721&{period}"), 404, "PATH_NOT_FOUND", ""),
            (format!("/export/contacts.xlsx?unit=27721&{period}"), 404, "PATH_NOT_FOUND", ""),
        ] {
            for somebody in [&office, &app.stranger()] {
                let (got, headers, text) = somebody.get(&path).await;
                assert_eq!(got, status, "{path}: {text}");
                assert!(headers["content-type"].to_str().unwrap().starts_with("application/json"));
                let body: Value = serde_json::from_str(&text).unwrap();
                let told = &body["errors"][0]["extensions"];
                assert_eq!(told["code"], code, "{path}");
                assert_eq!(told["field"].as_str().unwrap_or_default(), field, "{path}");
            }
        }
        // Ten whole years are allowed.
        table(&office, "contacts", "unit=27721&from=2016-01-01&to=2025-12-31").await;

        // A bad token is never taken for a stranger.
        let url = format!("http://{}/export/contacts.csv?unit=27721&{period}", app.address());
        let client = reqwest::Client::new();
        for header in ["Bearer abc", "Basic abc", "Bearer"] {
            let answer = client.get(&url).header("authorization", header).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 401, "{header}");
        }
        let posted = client.post(&url).send().await.unwrap();
        assert_eq!(posted.status().as_u16(), 405);
        // Programs may ask for the stable names.
        let english = client.get(&url).header("accept-language", "en").send().await.unwrap().text().await.unwrap();
        assert!(english.starts_with("\u{feff}unit_code,unit_name,round_id,"), "{english}");
    }
}
