//! What is prepared for a round, and other procedures: dated steps, done in time or not.

use chrono::Duration;
use cutri_tests::{
    TestDatabase,
    app::Person,
    each_db,
    phone::new_id,
    refusals::{refusal, refused},
};
use serde_json::{Value, json};

use super::Stage;
use crate::documents::{fetched, reading::text_of};

each_db! {
    async fn preparations_are_dated_steps_and_their_punctuality_is_counted(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let round = stage.round("before_session", 1).await;
        let steps = "procedure { id title status round { id } steps { id position title responsible documentKind dueOn onTime } }";
        let input = json!({"councilId": world.here.council, "kind": "contact_preparation", "roundId": round, "anchorOn": "2026-03-20"});
        let made = office.done("startProcedure", input, steps).await["procedure"].clone();
        assert_eq!(made["title"], "Chuẩn bị đợt tiếp xúc cử tri");
        assert_eq!(made["round"]["id"], round);
        let all = made["steps"].as_array().unwrap();
        assert_eq!(all.len(), 8);
        // Three working days before Friday 20 March; the loudspeakers the day before.
        assert_eq!((&all[5]["documentKind"], &all[5]["dueOn"]), (&json!("BC"), &json!("2026-03-17")));
        assert_eq!((&all[7]["responsible"], &all[7]["dueOn"]), (&json!("UBND cấp xã"), &json!("2026-03-19")));
        let id = |step: usize| all[step]["id"].clone();
        // The first is done a week after its day, five in time, the hall is not needed.
        assert_eq!(all[0]["dueOn"], "2026-02-27");
        let done = async |office: &Person, step: usize, more: Value| {
            let mut input = json!({"stepId": id(step)});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            office.done("completeStep", input, steps).await["procedure"].clone()
        };
        assert_eq!(refusal(&office, "completeStep", json!({"stepId": id(0), "doneOn": "2026-03-03"})).await, refused("OUT_OF_RANGE", "doneOn"));
        let seen = done(&office, 0, json!({"doneOn": "2026-03-02"})).await;
        assert_eq!(seen["steps"][0]["onTime"], false);
        for step in 1..6 {
            done(&office, step, json!({"documentNumber": "06/KH-HĐND"})).await;
        }
        office.done("waiveStep", json!({"stepId": id(6), "reason": "Hội trường có sẵn"}), "").await;
        let counts = async |person: &Person, filter: Value| {
            let query = "query($filter: ProcedureFilter) { procedureCounts(filter: $filter) { procedures steps onTime late overdue coming waived onTimeShare } }";
            person.data(query, json!({"filter": filter})).await["procedureCounts"].clone()
        };
        assert_eq!(counts(&office, json!({"roundId": round})).await, json!({"procedures": 1, "steps": 7, "onTime": 5, "late": 1,
            "overdue": 0, "coming": 1, "waived": 1, "onTimeShare": 83.3}));
        // The plan tells who does what until when, and names no code.
        let plan = async |office: &Person| text_of(&fetched(office, &format!("/documents/contact-plan/{round}.docx")).await.1);
        let told = plan(&office).await;
        for must in ["\n4. Chuẩn bị đợt tiếp xúc cử tri:\n", "\n- Gửi giấy mời đại biểu và cơ quan liên quan: Văn phòng, chậm nhất ngày 13/03/2026.\n",
            "đường truyền nếu có điểm trực tuyến: UBND cấp xã, chậm nhất ngày 19/03/2026.\n"] {
            assert!(told.contains(must), "{must}\n{told}");
        }
        assert!(!told.contains("trang trí"), "the hall is not needed: {told}");
        // The first contact is put off by a week, and what is open with it.
        let input = json!({"procedureId": made["id"], "anchorOn": "2026-03-27", "reason": "Hoãn do bão"});
        let moved = office.done("moveProcedure", input, steps).await["procedure"].clone();
        assert_eq!((&moved["steps"][7]["dueOn"], &moved["steps"][0]["dueOn"]), (&json!("2026-03-26"), &json!("2026-02-27")));
        // Its day passes: overdue; then it is done, too late, and the procedure with it.
        stage.clock.advance(Duration::days(30));
        let office = stage.office();
        let late = counts(&office, json!({})).await;
        assert_eq!((&late["overdue"], &late["onTimeShare"]), (&json!(1), &json!(71.4)), "five of seven: {late}");
        let last = done(&office, 7, json!({"note": "Đã thử loa"})).await;
        assert_eq!(last["status"], "done");
        assert_eq!(counts(&office, json!({"kind": ["contact_preparation"]})).await["late"], 2);
        let open = office.done("reopenStep", json!({"stepId": id(7)}), steps).await;
        assert_eq!(open["procedure"]["status"], "open");
        office.done("cancelProcedure", json!({"procedureId": made["id"], "reason": "Hủy đợt"}), "").await;
        assert_eq!(counts(&office, json!({})).await["steps"], 0);
        let told = plan(&office).await;
        assert!(!told.contains("\n4. ") && !told.contains("đường truyền"), "{told}");
        assert_eq!(office.refused("completeStep", json!({"stepId": id(7)})).await, "INVALID_STATE");

        // Steps of one's own; none are usual for other work.
        let other = |steps: Value| json!({"councilId": world.here.council, "kind": "other", "title": "Khảo sát đường", "anchorOn": "2026-04-10", "steps": steps});
        assert_eq!(refusal(&office, "startProcedure", other(Value::Null)).await, refused("REQUIRED", "steps"));
        assert_eq!(refusal(&office, "startProcedure", other(json!([{"title": "Đi", "days": 1001}]))).await, refused("OUT_OF_RANGE", "steps"));
        assert_eq!(refusal(&office, "startProcedure", other(json!([{"title": "Đi", "days": 1, "unit": "lunar"}]))).await, refused("UNKNOWN_CODE", "steps"));
        let input = other(json!([{"title": "Đi thực tế", "days": 3, "unit": "calendar", "side": "after", "documentKind": "BC"}]));
        let own = office.done("startProcedure", input, steps).await["procedure"].clone();
        assert_eq!(own["steps"][0]["dueOn"], "2026-04-13");
        // Outside of one's constituency: asked for, decided within five working days, told there three before.
        let outside = json!({"councilId": world.here.council, "kind": "contact_outside", "anchorOn": "2026-04-15"});
        let outside = office.done("startProcedure", outside, "procedure { title steps { responsible dueOn } }").await["procedure"].clone();
        let step = |who: &str, day: &str| json!({"responsible": who, "dueOn": day});
        assert_eq!(outside, json!({"title": "Tiếp xúc cử tri ngoài đơn vị bầu cử", "steps": [step("Đại biểu", "2026-04-01"),
            step("Thường trực HĐND", "2026-04-08"), step("Văn phòng", "2026-04-10")]}));
        // It is nobody else's.
        let neighbour = stage.app.person(&world.there.office);
        assert_eq!(refusal(&neighbour, "completeStep", json!({"stepId": own["steps"][0]["id"]})).await, refused("NOT_FOUND", "stepId"));
        assert_eq!(counts(&neighbour, json!({})).await["procedures"], 0);
        assert_eq!(counts(&stage.app.stranger(), json!({})).await["procedures"], 0);
    }

    // The same id with other steps was answered with the old ones, as if they had been taken.
    async fn a_procedure_started_again_with_other_steps_is_refused(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let round = stage.round("before_session", 1).await;
        let point = stage.point(&round, "ấp Gò Thuyền", 50).await;
        let id = new_id();
        let step = |title: &str, days: i32| json!({"title": title, "days": days, "unit": "calendar", "side": "after", "responsible": "Văn phòng"});
        let start = |more: Value| {
            let mut input = json!({"id": id, "councilId": world.here.council, "kind": "other", "title": "Khảo sát đường", "roundId": round,
                "anchorOn": "2026-03-10", "steps": [step("Đi thực tế", 3), step("Báo cáo", 5)]});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        };
        let fields = "procedure { id steps { id title days dueOn doneOn } }";
        let made = office.done("startProcedure", start(json!({})), fields).await["procedure"].clone();
        // The fifteenth is a Sunday.
        assert_eq!(made["steps"][1]["dueOn"], "2026-03-16");
        for more in [
            json!({"steps": [step("Đi thực tế", 3), step("Báo cáo", 6)]}),
            json!({"steps": [step("Đi thực tế", 3), step("Họp", 5)]}),
            json!({"steps": [step("Đi thực tế", 3)]}),
            json!({"steps": [step("Báo cáo", 5), step("Đi thực tế", 3)]}),
            json!({"anchorOn": "2026-03-11"}),
            json!({"title": "Khảo sát cầu"}),
            json!({"roundId": null}),
            json!({"roundId": null, "meetingId": point}),
        ] {
            assert_eq!(refusal(&office, "startProcedure", start(more.clone())).await, refused("TAKEN", "id"), "{more}");
        }
        // What has become of its steps since makes no other procedure of it.
        office.done("completeStep", json!({"stepId": made["steps"][0]["id"]}), "").await;
        let again = office.done("startProcedure", start(json!({})), fields).await["procedure"].clone();
        assert_eq!((&again["id"], &again["steps"][0]["doneOn"]), (&json!(id), &json!("2026-03-02")));
        assert_eq!(again["steps"].as_array().unwrap().len(), 2);
        // What it is for is refused by the name under which it was given.
        for (more, field) in [(json!({"roundId": new_id()}), "roundId"), (json!({"roundId": null, "meetingId": new_id()}), "meetingId")] {
            let mut input = start(more);
            input["id"] = json!(new_id());
            assert_eq!(refusal(&office, "startProcedure", input).await, refused("NOT_FOUND", field));
        }
    }

    // A step that was done in time was waived away, and one was done years before anybody had planned it.
    async fn a_step_is_done_once_it_was_planned_and_is_not_waived_away(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let round = stage.round("before_session", 1).await;
        let steps = "procedure { id steps { id dueOn doneOn onTime waived } }";
        let input = json!({"councilId": world.here.council, "kind": "contact_preparation", "roundId": round, "anchorOn": "2026-03-20"});
        let made = office.done("startProcedure", input, steps).await["procedure"].clone();
        let id = made["steps"][0]["id"].clone();
        assert_eq!(made["steps"][0]["dueOn"], "2026-02-27");
        let on = |day: &str| json!({"stepId": id, "doneOn": day});
        // The plan is of 20 February, and was entered on 2 March.
        for day in ["2020-01-01", "2026-02-19"] {
            assert_eq!(refusal(&office, "completeStep", on(day)).await, refused("OUT_OF_RANGE", "doneOn"), "{day}");
        }
        let done = office.done("completeStep", on("2026-02-20"), steps).await["procedure"]["steps"][0].clone();
        assert_eq!(done["onTime"], true);
        let waive = json!({"stepId": id, "reason": "Không cần"});
        assert_eq!(refusal(&office, "waiveStep", waive.clone()).await, refused("INVALID_STATE", "stepId"));
        let query = "query($id: ID!) { procedure(id: $id) { steps { id dueOn doneOn onTime waived } } }";
        assert_eq!(office.data(query, json!({"id": made["id"]})).await["procedure"]["steps"][0], done);
        office.done("reopenStep", json!({"stepId": id}), "").await;
        let waived = office.done("waiveStep", waive, steps).await["procedure"]["steps"][0].clone();
        assert_eq!((&waived["doneOn"], &waived["waived"]), (&Value::Null, &json!("Không cần")));

        // Work that was done before it was entered is entered afterwards, from the day from which its periods are counted.
        let past = json!({"councilId": world.here.council, "kind": "other", "title": "Khảo sát đường", "anchorOn": "2026-02-10",
            "steps": [{"title": "Đi thực tế", "days": 3, "unit": "calendar", "side": "after"}]});
        let past = office.done("startProcedure", past, steps).await["procedure"]["steps"][0]["id"].clone();
        let on = |day: &str| json!({"stepId": past, "doneOn": day});
        assert_eq!(refusal(&office, "completeStep", on("2026-02-09")).await, refused("OUT_OF_RANGE", "doneOn"));
        office.done("completeStep", on("2026-02-10"), "").await;
    }
}
