//! A brief of very much: what is left out, in which order, and what making it costs.

use std::cmp::Reverse;

use cutri::briefs;
use cutri_tests::{Kind, TestDatabase, each_db, world::Put};
use entity::{
    petition::{self, Process},
    petition_unit, resolution,
};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::{asked_of, day, in_all, taken_over};
use crate::{
    rounds::{Stage, pulled},
    rows,
};

/// The ids of a list, in its order.
fn ids(list: &Value) -> Vec<String> {
    let id = |one: &Value| one.as_str().or(one["id"].as_str()).unwrap().to_owned();
    list.as_array().unwrap().iter().map(id).collect()
}

each_db! {
    async fn a_brief_stays_small_and_keeps_what_is_urgent(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let long = "Ủy ban nhân dân xã đã kiểm tra thực tế, lập dự toán và trình cấp trên bố trí vốn. ".repeat(20);
        let mut open = Vec::new();
        for number in 0..24 {
            let title = format!("sửa tuyến đường số {number} {}", "dài ".repeat(number + 20));
            let answer = (number % 4 != 0).then(|| json!({"text": long, "outcome": "explained"}));
            let id = stage.petition(&title, answer.clone()).await;
            if answer.is_none() {
                open.push(id);
            }
        }
        let round = stage.round("before_session", 1).await;
        let point = stage.point(&round, "ấp 1", 72).await;
        briefs::make(&stage.app.state, true).await.unwrap();
        let text = pulled(stage.delegate(0)).await.row("meeting", &point)["brief"].as_str().unwrap().to_owned();
        assert!(text.len() <= briefs::MOST_BYTES, "{}", text.len());
        let brief: Value = serde_json::from_str(&text).unwrap();
        let mut kept: Vec<&str> = brief["open"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        kept.sort_unstable();
        open.sort_unstable();
        assert_eq!(kept, open, "answers go before what is open");
        let asked = brief["asked"].as_array().unwrap().len() as u64;
        assert_eq!(asked + brief["left"]["asked"].as_u64().unwrap(), 24);
    }

    // Those without a day came first on one database; on both whatever was open came before every promise, and only what
    // had been read was counted.
    async fn a_thousand_that_nobody_has_looked_at_hide_neither_the_overdue_one_nor_what_was_promised(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let committee = Some(stage.world.here.committee);
        let mut rows: Vec<petition::Model> = (0..1_000).map(|n| taken_over(&stage, n)).collect();
        let late = petition::Model { process: Process::Forwarded, agency_id: committee, due_at: Some(day(14)), ..taken_over(&stage, 1_000) };
        let promise = |n: u32| petition::Model {
            process: Process::Answered,
            outcome: Some("in_progress".to_owned()),
            agency_id: committee,
            due_at: Some(day(9)),
            answer_text: Some("Đã đưa vào kế hoạch".to_owned()),
            answered_at: Some(day(8)),
            roadmap_at: Some(day(200 + n * 4 % 9)),
            ..taken_over(&stage, 1_001 + n)
        };
        let mut promised: Vec<petition::Model> = (0..9).map(promise).collect();
        rows.push(late.clone());
        rows.extend(promised.iter().cloned());
        stage.put(&rows).await;
        promised.sort_by_key(|row| row.roadmap_at);
        let promised: Vec<String> = promised.iter().map(|row| row.id.to_string()).collect();

        let point = stage.coming().await;
        briefs::make(&stage.app.state, true).await.unwrap();
        let phone = pulled(stage.delegate(0)).await.row("meeting", &point).clone();
        let desk = stage.office().data("query($id: ID!) { meeting(id: $id) { brief } }", json!({"id": point})).await;
        for told in [&phone["brief"], &desk["meeting"]["brief"]] {
            let text = told.as_str().unwrap();
            assert!(text.len() <= briefs::MOST_BYTES, "{}", text.len());
            let brief: Value = serde_json::from_str(text).unwrap();
            let asked = brief["asked"].as_array().unwrap();
            assert_eq!((&asked[0]["id"], &asked[0]["dueAt"]), (&json!(late.id), &json!(day(14))), "{text}");
            assert_eq!(ids(&brief["promised"]), promised);
            assert_eq!(ids(&brief["asked"])[1..10], promised, "by the days for which it was promised");
            let rest: Vec<&str> = asked[10..].iter().map(|one| one["title"].as_str().unwrap()).collect();
            let newest: Vec<String> = (0..rest.len()).map(|n| format!("Kiến nghị thứ {}", 999 - n)).collect();
            assert!(!rest.is_empty());
            assert_eq!(rest, newest);
            assert_eq!(in_all(&brief, "asked"), 1_010, "{text}");
        }

        // Made again of the same it is the same, and nothing is written; one more of them is counted.
        briefs::make(&stage.app.state, true).await.unwrap();
        assert_eq!(pulled(stage.delegate(0)).await.row("meeting", &point)["rev"], phone["rev"]);
        stage.put(&[taken_over(&stage, 2_000)]).await;
        briefs::make(&stage.app.state, true).await.unwrap();
        assert_eq!(in_all(&stage.brief(stage.delegate(0), &point).await, "asked"), 1_011);
    }

    async fn what_is_due_promised_asked_again_waiting_and_settled_each_has_room(db: TestDatabase) {
        const EACH: u32 = 70;
        let stage = Stage::set(&db).await;
        let committee = Some(stage.world.here.committee);
        let explained = |n: u32| petition::Model {
            process: Process::Informed,
            outcome: Some("explained".to_owned()),
            agency_id: committee,
            answer_text: Some("Đã giải trình".to_owned()),
            ..taken_over(&stage, n)
        };
        // The days in another order than the ids and the numbers; every other one has a later day than the first.
        let due = |n: u32| petition::Model {
            process: Process::Forwarded,
            agency_id: committee,
            due_at: Some(day(n * 37 % EACH)),
            extended_to: n.is_multiple_of(2).then(|| day(100 + n * 37 % EACH)),
            ..taken_over(&stage, n)
        };
        let promised = |n: u32| petition::Model { roadmap_at: Some(day(200 + n * 37 % EACH)), ..explained(EACH + n) };
        let again = |n: u32| petition::Model { repeats: 1, ..explained(2 * EACH + n) };
        // These two alternate in time.
        let waits = |n: u32| taken_over(&stage, 3 * EACH + 2 * n);
        let settled = |n: u32| explained(3 * EACH + 2 * n + 1);
        let mut kinds: [Vec<petition::Model>; 5] = [
            (0..EACH).map(due).collect(),
            (0..EACH).map(promised).collect(),
            (0..EACH).map(again).collect(),
            (0..EACH).map(waits).collect(),
            (0..EACH).map(settled).collect(),
        ];
        for rows in &kinds {
            stage.put(rows).await;
        }
        // What its council keeps to itself is not counted either.
        asked_of(&stage, stage.world.province_council, stage.world.here.unit, "Đường tỉnh 819").await;
        kinds[0].sort_by_key(|row| row.extended_to.or(row.due_at));
        kinds[1].sort_by_key(|row| row.roadmap_at);
        for rows in &mut kinds[2..] {
            rows.sort_by_key(|row| Reverse(row.created_at));
        }

        let point = stage.coming().await;
        briefs::make(&stage.app.state, true).await.unwrap();
        let text = pulled(stage.delegate(0)).await.row("meeting", &point)["brief"].as_str().unwrap().to_owned();
        assert!(text.len() <= briefs::MOST_BYTES, "{}", text.len());
        let brief: Value = serde_json::from_str(&text).unwrap();
        let listed = ids(&brief["asked"]);
        assert_eq!(in_all(&brief, "asked"), u64::from(5 * EACH));
        // Of each kind those that are most urgent, and in that order.
        let shown = |rows: &[petition::Model]| rows.iter().filter(|row| listed.contains(&row.id.to_string())).count();
        let counts: Vec<usize> = kinds.iter().map(|rows| shown(rows)).collect();
        let enough = counts.iter().zip([4, 4, 2, 1, 1]).all(|(count, least)| *count >= least);
        assert!(enough, "{counts:?} {text}");
        let of = |kind: usize| kinds[kind][..counts[kind]].to_vec();
        let mut rest = [of(3), of(4)].concat();
        rest.sort_by_key(|row| Reverse(row.created_at));
        let expected: Vec<String> = [of(0), of(1), of(2), rest].concat().iter().map(|row| row.id.to_string()).collect();
        assert_eq!(listed, expected, "{counts:?}");
        assert_eq!(ids(&brief["promised"]).len(), counts[1]);
        assert_eq!(ids(&brief["repeated"]).len(), counts[2]);
        assert_eq!(ids(&brief["open"]).len(), counts[0] + counts[3]);
    }

    async fn resolutions_that_were_not_even_read_are_counted_among_those_left_out(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let mut put = Put::new();
        for n in 1..=70 {
            put = put.row(resolution::Model {
                council_id: here.council,
                unit_id: here.unit,
                session_id: None,
                number: Some(format!("{n}/NQ-HĐND")),
                number_key: Some(format!("{n}/nq-hdnd")),
                raw_number: format!("{n}/NQ-HĐND"),
                in_force_to: None,
                rev: 0,
                ..rows::resolution()
            });
        }
        put.now(&stage.app.state).await;
        let point = stage.coming().await;
        briefs::make(&stage.app.state, true).await.unwrap();
        let brief = stage.brief(stage.delegate(0), &point).await;
        assert_eq!(in_all(&brief, "resolutions"), 70, "{brief}");
    }

    async fn what_other_places_asked_is_not_walked_through_for_a_brief(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (state, there) = (&stage.app.state, &stage.world.there);
        let here: Vec<petition::Model> = (0..10).map(|n| taken_over(&stage, n)).collect();
        stage.put(&here).await;
        // Rows alone: thousands of documents would take their time.
        let foreign = |n: u32| {
            let row = petition::Model { council_id: there.council, content: "dài ".repeat(250), ..taken_over(&stage, 10 + n) };
            row.into_active_model().reset_all()
        };
        let elsewhere: Vec<petition::ActiveModel> = (0..4_000).map(foreign).collect();
        for rows in elsewhere.chunks(500) {
            let insert = petition::Entity::insert_many(rows.to_vec());
            insert.exec_without_returning(state.store.migrating()).await.unwrap();
        }
        let place = |n: u32| {
            let link = petition_unit::Model { petition_id: taken_over(&stage, 10 + n).id, unit_id: there.unit };
            link.into_active_model().reset_all()
        };
        let places: Vec<petition_unit::ActiveModel> = (0..20_000).map(place).collect();
        for rows in places.chunks(2_000) {
            let insert = petition_unit::Entity::insert_many(rows.to_vec());
            insert.exec_without_returning(state.store.migrating()).await.unwrap();
        }
        if db.kind() == Kind::Postgres {
            state.store.migrating().execute_unprepared("ANALYZE").await.unwrap();
        }
        let plan = briefs::plan(state, stage.world.here.meeting).await.unwrap().join("\n");
        match db.kind() {
            Kind::Sqlite => assert!(
                !plan.contains("SCAN petition")
                    && plan.contains("SEARCH petition USING INDEX sqlite_autoindex_petition_1 (id=?)")
                    && plan.contains("SEARCH petition_unit USING COVERING INDEX petition_unit_newest (unit_id=?)"),
                "{plan}"
            ),
            Kind::Postgres => assert!(
                // Whether the places' petitions are looked up one by one, or joined with the few of this council, is the
                // planner's choice by what it counted.
                !plan.contains("Seq Scan on") && plan.contains("petition_unit_newest"),
                "{plan}"
            ),
        }
    }
}
