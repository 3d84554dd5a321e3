//! Days that can be: of letters, answers and voices, and what a body grants itself.

use cutri_tests::{
    TestDatabase, each_db,
    phone::{Phone, create, new_id},
    refusals::{refusal, refused},
    world::Put,
};
use entity::{id::PetitionId, petition, petition_unit};
use serde_json::{Value, json};

use super::{pulled, text};
use crate::{rounds::Stage, rows};

each_db! {
    // The voter's page told an answer older than the letter that had asked for it.
    async fn no_answer_is_older_than_the_letter_that_asked_for_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let petition = stage.one("Cầu gãy").await;
        stage.forward(std::slice::from_ref(&petition), here.committee, &[], "12/VP").await;
        let of = |date: &str| stage.answer(std::slice::from_ref(&petition), here.committee, "30/UBND", json!({"documentDate": date}));
        assert_eq!(refusal(&stage.body(), "answerPetitions", of("2026-03-01")).await, refused("OUT_OF_RANGE", "documentDate"));
        stage.body().done("answerPetitions", of("2026-03-02"), "").await;
    }

    // Found wanting, the body answered by a paper that was older than the wanting one.
    async fn no_better_answer_is_older_than_the_one_that_was_wanting(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let petition = stage.one("Cầu gãy").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, here.committee, &[], "12/VP").await;
        stage.day("2026-03-05");
        stage.body().done("answerPetitions", stage.answer(one, here.committee, "30/UBND", json!({})), "").await;
        stage.office().done("assessAnswer", json!({"petitionId": petition, "assessment": "unclear"}), "").await;
        let better = |date: &str| stage.answer(one, here.committee, "31/UBND", json!({"text": "Đã sửa xong cả hai đầu cầu", "documentDate": date}));
        assert_eq!(refusal(&stage.body(), "answerPetitions", better("2026-03-04")).await, refused("OUT_OF_RANGE", "documentDate"));
        stage.body().done("answerPetitions", better("2026-03-05"), "").await;
    }

    // Forwarded by a letter of months before, the petition was late as soon as it had been said.
    async fn no_letter_is_older_than_the_voice_that_it_forwards(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, here) = (stage.office(), &stage.world.here);
        let letter = |petitions: &[&String], date: &str| json!({"petitionIds": petitions, "leadId": here.committee,
            "documentNumber": "12/VP", "documentDate": date, "dueAt": "2026-12-31"});
        let early = refused("OUT_OF_RANGE", "documentDate");
        // Said at the meeting of this morning.
        let today = stage.one("Cầu gãy").await;
        // Written down in February, handed in only now, and made into two petitions.
        let said = new_id();
        let row = create("feedback", &said, json!({"kind": "petition", "unitId": here.unit, "content": "Đường và điện",
            "recordedAt": "2026-02-10T19:00:00+07:00"}));
        assert_eq!(Phone::new(stage.delegate(0)).push(&[row]).await[0]["status"], "APPLIED");
        let both = stage.group_of(&[&said], "đường và điện").await;
        let parts = json!({"petitionId": both, "parts": [{"title": "Đường", "content": "Đường"}, {"title": "Điện", "content": "Điện"}]});
        let parts = office.done("splitPetition", parts, "petitions { id }").await["petitions"].clone();
        let (road, power) = (text(&parts[0]["id"]), text(&parts[1]["id"]));
        for part in [&road, &power] {
            stage.classify(part, "transport", "commune").await;
        }
        // Taken over from a list: of one it tells the day of receipt, of the other it does not.
        let taken = |at: &str| {
            let id: PetitionId = new_id().parse::<uuid::Uuid>().unwrap().into();
            petition::Model {
                id, council_id: here.council, number: id.to_string(), process: petition::Process::Classified,
                created_at: at.parse().unwrap(), agency_id: None, upper_council_id: None, forwarding_id: None, answer_id: None,
                rev: 0, ..rows::petition()
            }
        };
        // A slip of the pen would never be late, and nothing could be put off beyond it.
        let mut far = letter(&[&today], "2026-03-02");
        far["dueAt"] = json!("2099-12-31");
        assert_eq!(refusal(&office, "forwardPetitions", far).await, refused("OUT_OF_RANGE", "dueAt"));
        let (told, untold) = (taken("2026-01-12T17:00:00Z"), taken("2026-03-02T01:00:00Z"));
        let [told_id, untold_id] = [told.id.to_string(), untold.id.to_string()];
        let mut put = Put::new();
        for row in [told, untold] {
            put = put.row(petition_unit::Model { petition_id: row.id, unit_id: here.unit }).row(row);
        }
        put.now(&stage.app.state).await;

        for (petitions, day) in [
            (vec![&today], "2026-03-01"), (vec![&road], "2026-02-09"), (vec![&told_id], "2026-01-12"),
            // One letter is as young as the last voice in it.
            (vec![&road, &today], "2026-02-10"),
        ] {
            assert_eq!(refusal(&office, "forwardPetitions", letter(&petitions, day)).await, early, "{day}");
        }
        for (petition, day) in [
            (&today, "2026-03-02"), (&road, "2026-02-10"), (&power, "2026-02-11"), (&told_id, "2026-01-13"), (&untold_id, "2026-01-05"),
        ] {
            office.done("forwardPetitions", letter(&[petition], day), "").await;
        }
    }

    // A body gave itself two months more, and nobody could tell what had been late but for that, nor who had given them.
    async fn what_a_body_granted_itself_is_told_and_counted_by_the_first_day(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let two = stage.petitions(0, &["Cầu gãy".to_owned(), "Cống sập".to_owned()]).await;
        stage.forward(&two, here.committee, &[], "12/VP").await;
        let later = |which: usize| json!({"petitionIds": [two[which]], "dueAt": "2026-05-29", "reason": "Chờ bố trí vốn", "roadmap": "Khởi công quý II"});
        stage.body().done("extendDue", later(0), "").await;
        stage.office().done("extendDue", later(1), "").await;

        stage.day("2026-04-15");
        let fields = "dueAt isOverdue isPastFirstDue extensions { fromDue toDue agencyId agency { name } }";
        let own = stage.shown(&stage.office(), &two[0], fields).await;
        let given = stage.shown(&stage.office(), &two[1], fields).await;
        let first = text(&own["dueAt"]);
        assert!(first.as_str() < "2026-04-15", "{first}");
        let extended = |by: Value, name: Value| json!({"dueAt": first, "isOverdue": false, "isPastFirstDue": true,
            "extensions": [{"fromDue": first, "toDue": "2026-05-29", "agencyId": by, "agency": name}]});
        assert_eq!(own, extended(json!(here.committee), json!({"name": "UBND Xã Tân Hưng"})));
        assert_eq!(given, extended(Value::Null, Value::Null));

        let charged = async || {
            let query = "{ agencyDebts(first: 10) { nodes { owed overdue pastFirstDue } } }";
            stage.office().data(query, json!({})).await["agencyDebts"]["nodes"].clone()
        };
        assert_eq!(charged().await, json!([{"owed": 2, "overdue": 0, "pastFirstDue": 2}]));
        for (filter, total) in [
            (json!({"isOverdue": true}), 0), (json!({"isPastFirstDue": true}), 2), (json!({"isPastFirstDue": false}), 0),
        ] {
            assert_eq!(stage.total(&stage.office(), filter.clone()).await, total, "{filter}");
        }
        let table = crate::reports::table(&stage.office(), "petition-results", "unit=27721&from=2026-03-01&to=2026-04-30").await;
        let days: Vec<(&str, &str)> = table.iter().map(|row| (row["due_date"].as_str(), row["extended_to"].as_str())).collect();
        assert_eq!(days, [(first.as_str(), "2026-05-29"); 2], "both dates stay");

        // What is answered is owed no more, and after the second day the rest is late by both.
        stage.body().done("answerPetitions", stage.answer(&two[..1], here.committee, "30/UBND", json!({})), "").await;
        assert_eq!(charged().await, json!([{"owed": 1, "overdue": 0, "pastFirstDue": 1}]));
        stage.day("2026-05-30");
        assert_eq!(charged().await, json!([{"owed": 1, "overdue": 1, "pastFirstDue": 1}]));

        // No rule says how often; but each goes beyond the last, every day stays, and the first goes on counting.
        let again = |day: &str| json!({"petitionIds": [two[1]], "dueAt": day, "reason": "Chờ nghiệm thu", "roadmap": "Xong quý III"});
        for day in [first.as_str(), "2026-05-29", "2099-12-31"] {
            assert_eq!(refusal(&stage.office(), "extendDue", again(day)).await, refused("OUT_OF_RANGE", "dueAt"), "{day}");
        }
        stage.office().done("extendDue", again("2026-06-30"), "").await;
        stage.day("2026-06-01");
        stage.office().done("extendDue", again("2026-07-31"), "").await;
        let fields = "dueAt extendedTo isOverdue isPastFirstDue extensions { fromDue toDue reason roadmap } history(first: 50) { event basis }";
        let mut twice = stage.shown(&stage.office(), &two[1], fields).await;
        let steps = twice["history"].take();
        let steps: Vec<&Value> = steps.as_array().unwrap().iter().filter(|step| step["event"] == "extended").collect();
        let (capital, taking) = ("Chờ bố trí vốn; Khởi công quý II", "Chờ nghiệm thu; Xong quý III");
        let bases: Vec<&Value> = steps.iter().map(|step| &step["basis"]).collect();
        assert_eq!(bases, [capital, taking, taking]);
        let moved = |from: &str, to: &str, reason: &str, roadmap: &str| json!({"fromDue": from, "toDue": to, "reason": reason, "roadmap": roadmap});
        assert_eq!(twice["extensions"], json!([
            moved(&first, "2026-05-29", "Chờ bố trí vốn", "Khởi công quý II"),
            moved("2026-05-29", "2026-06-30", "Chờ nghiệm thu", "Xong quý III"),
            moved("2026-06-30", "2026-07-31", "Chờ nghiệm thu", "Xong quý III"),
        ]));
        let both = (&twice["dueAt"], &twice["extendedTo"]);
        assert_eq!(both, (&json!(first), &json!("2026-07-31")));
        assert_eq!((&twice["isOverdue"], &twice["isPastFirstDue"]), (&json!(false), &json!(true)));
        assert_eq!(charged().await, json!([{"owed": 1, "overdue": 0, "pastFirstDue": 1}]));
        let held = pulled(stage.delegate(0)).await;
        let held = held.row("petition", &two[1]);
        assert_eq!((&held["dueAt"], &held["extendedTo"]), (&json!(first), &json!("2026-07-31")));
    }
}
