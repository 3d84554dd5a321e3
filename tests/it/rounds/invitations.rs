//! Invitations to points of a round: answered without signal, or by telephone; for a day, and for no other.

use cutri_tests::{
    TestDatabase, each_db,
    phone::{Phone, change, create, new_id},
    refusals::{refusal, refused},
};
use serde_json::{Value, json};

use super::{Stage, pulled};

impl Stage {
    /// Of the invitations to the points of a round: how many there are, with coming, with not coming.
    async fn invitations(&self, round: &str) -> [i64; 3] {
        let query = "query($id: ID!) { round(id: $id) { counts { invitations invitationsAccepted invitationsDeclined } } }";
        let counts = self.office().data(query, json!({"id": round})).await["round"]["counts"].clone();
        ["invitations", "invitationsAccepted", "invitationsDeclined"]
            .map(|name| counts[name].as_i64().unwrap())
    }
}

each_db! {
    async fn delegates_answer_their_invitations_without_signal(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let round = stage.round("before_session", 1).await;
        let point = stage.point(&round, "ấp Gò Thuyền", 50).await;
        let (one, two) = (stage.mandate(&world.here.delegates[0]).await, stage.mandate(&world.here.delegates[1]).await);
        office.done("updateMeeting", json!({"meetingId": point, "invitedDelegateIds": [one, two]}), "").await;
        stage.lead(&round, "approve").await;

        // The phone knows of the invitation, loses its signal, and keeps the answer until it is back.
        let phone = pulled(stage.delegate(0)).await;
        assert!(phone.row("meeting", &point)["invitedDelegateIds"].as_str().unwrap().contains(&one));
        let record = new_id();
        let away = |patch: Value| {
            let mut row = create("meetingRecord", &record, patch);
            row["patch"]["meetingId"] = json!(point);
            row
        };
        let bare = phone.push(&[away(json!({"attending": false}))]).await;
        assert_eq!((&bare[0]["status"], &bare[0]["errors"][0]["field"]), (&json!("REJECTED"), &json!("absenceReason")));
        let answered = phone.push(&[away(json!({"attending": false, "absenceReason": "Dự họp ở tỉnh"}))]).await;
        assert_eq!(answered[0]["status"], "APPLIED", "{answered:?}");

        // The office sees it at its desk and on its phone; the public does not.
        let desk = pulled(stage.office()).await;
        assert_eq!(desk.row("meeting", &point)["absentDelegateIds"], one);
        assert_eq!(desk.row("meetingRecord", &record)["absenceReason"], "Dự họp ở tỉnh");
        office.done("publishRound", json!({"roundId": round}), "").await;
        let query = "query($id: ID!) { meeting(id: $id) { delegates { attending absenceReason delegate { id } } } }";
        let of = |data: &Value, id: &str| -> Value {
            let all = data["meeting"]["delegates"].as_array().unwrap();
            all.iter().find(|delegate| delegate["delegate"]["id"] == *id).unwrap().clone()
        };
        let seen = office.data(query, json!({"id": point})).await;
        assert_eq!((&of(&seen, &one)["attending"], &of(&seen, &one)["absenceReason"]), (&json!(false), &json!("Dự họp ở tỉnh")));
        let public = stage.app.stranger().data(query, json!({"id": point})).await;
        assert_eq!((&of(&public, &one)["attending"], &of(&public, &one)["absenceReason"]), (&Value::Null, &Value::Null));

        // He can come after all: the reason goes. The other one rings the office up.
        let again = phone.push(&[away(json!({"attending": true}))]).await;
        assert_ne!(again[0]["status"], "REJECTED", "{again:?}");
        let tell = |delegate: &str, attending: bool, reason: Value| json!({"meetingId": point, "delegateId": delegate, "attending": attending, "absenceReason": reason});
        assert_eq!(refusal(&office, "answerInvitation", tell(&two, false, Value::Null)).await, refused("REQUIRED", "absenceReason"));
        assert_eq!(refusal(&office, "answerInvitation", tell(&two, true, json!("Ốm"))).await, refused("INVALID_VALUE", "absenceReason"));
        assert_eq!(refusal(&office, "answerInvitation", tell(&new_id(), true, Value::Null)).await, refused("NOT_FOUND", "delegateId"));
        assert_eq!(refusal(&stage.delegate(0), "answerInvitation", tell(&two, true, Value::Null)).await.0, "FORBIDDEN");
        office.done("answerInvitation", tell(&two, false, json!("Ốm")), "").await;
        // Another place for the meeting leaves the answers as they are.
        office.done("updateMeeting", json!({"meetingId": point, "place": "Trường tiểu học"}), "").await;
        let seen = office.data(query, json!({"id": point})).await;
        assert_eq!((&of(&seen, &one)["attending"], &of(&seen, &one)["absenceReason"]), (&json!(true), &Value::Null));
        assert_eq!(of(&seen, &two)["absenceReason"], "Ốm");
        assert_eq!(stage.invitations(&round).await, [2, 1, 1]);
        let query = "query($id: ID!) { round(id: $id) { counts { invitations } } }";
        let public = stage.app.stranger().data(query, json!({"id": round})).await;
        assert_eq!(public["round"]["counts"]["invitations"], Value::Null);
    }

    // Who had said that he comes on Wednesday was counted as coming on Friday.
    async fn an_answer_to_an_invitation_is_for_its_day(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let round = stage.round("before_session", 2).await;
        let point = stage.point(&round, "ấp Gò Thuyền", 50).await;
        let off = stage.point(&round, "ấp Tân Bình", 50).await;
        let (one, two) = (stage.mandate(&world.here.delegates[0]).await, stage.mandate(&world.here.delegates[1]).await);
        for meeting in [&point, &off] {
            office.done("updateMeeting", json!({"meetingId": meeting, "invitedDelegateIds": [one, two]}), "").await;
        }
        stage.lead(&round, "approve").await;
        // One answers from his phone that he comes, the other rings the office up that he does not.
        let mut phone = pulled(stage.delegate(0)).await;
        let record = new_id();
        let comes = |meeting: &str| json!({"meetingId": meeting, "attending": true});
        let said = phone.push(&[create("meetingRecord", &record, comes(&point)), create("meetingRecord", &new_id(), comes(&off))]).await;
        assert!(said.iter().all(|result| result["status"] == "APPLIED"), "{said:?}");
        let ill = json!({"meetingId": point, "delegateId": two, "attending": false, "absenceReason": "Ốm"});
        office.done("answerInvitation", ill, "").await;
        phone.pull().await;
        let known = phone.row("meetingRecord", &record)["rev"].as_str().unwrap().to_owned();
        assert_eq!(stage.invitations(&round).await, [4, 2, 1]);

        // Another hour of the same day leaves the answers; on another day nobody has said anything yet.
        let moves = async |hours: i64| {
            let input = json!({"meetingId": point, "startsAt": stage.hours(hours)});
            office.done("updateMeeting", input, "").await;
        };
        moves(52).await;
        assert_eq!(stage.invitations(&round).await, [4, 2, 1]);
        moves(98).await;
        assert_eq!(stage.invitations(&round).await, [4, 1, 0]);
        let query = "query($id: ID!) { meeting(id: $id) { delegates { attending absenceReason answeredAt } history(first: 50) { event } } }";
        let seen = office.data(query, json!({"id": point})).await["meeting"].clone();
        let silent = json!({"attending": null, "absenceReason": null, "answeredAt": null});
        assert_eq!(seen["delegates"], json!([silent, silent]));
        let lapsed = |seen: &Value| seen["history"].as_array().unwrap().iter().filter(|step| step["event"] == "answers_lapsed").count();
        assert_eq!(lapsed(&seen), 1);

        // What another device of his answers for the old day counts for none; his phone shows that he is asked anew.
        let stale = json!({"meetingId": point, "attending": false, "absenceReason": "Dự họp ở tỉnh"});
        let late = phone.push(&[change("meetingRecord", &record, &known, stale)]).await;
        assert_eq!(late[0]["status"], "CONFLICT", "{late:?}");
        assert_eq!(stage.invitations(&round).await, [4, 1, 0]);
        phone.pull().await;
        let held = |phone: &Phone| {
            let (meeting, record) = (phone.row("meeting", &point), phone.row("meetingRecord", &record));
            assert!(!record["rev"].is_null());
            json!([meeting["attendingDelegateIds"], meeting["absentDelegateIds"], record["attending"], record["absenceReason"]])
        };
        assert_eq!(held(&phone), json!([null, null, null, null]));
        // Moved again before anybody answered: what he answers for the day between counts for none either.
        let between = phone.row("meetingRecord", &record)["rev"].as_str().unwrap().to_owned();
        moves(74).await;
        let late = phone.push(&[change("meetingRecord", &record, &between, comes(&point))]).await;
        assert_eq!(late[0]["status"], "CONFLICT", "{late:?}");
        assert_eq!(stage.invitations(&round).await, [4, 1, 0]);
        phone.pull().await;
        assert_eq!(held(&phone), json!([null, null, null, null]));
        // The same answer as before is an answer again.
        let rev = phone.row("meetingRecord", &record)["rev"].as_str().unwrap().to_owned();
        let again = phone.push(&[change("meetingRecord", &record, &rev, comes(&point))]).await;
        assert_eq!(again[0]["status"], "APPLIED", "{again:?}");
        assert_eq!(stage.invitations(&round).await, [4, 2, 0]);

        // Put off, and planned anew on whatever day, it is answered anew; what is called off asks nobody.
        stage.advance(&point, &["postpone"]).await;
        assert_eq!(stage.invitations(&round).await, [4, 1, 0]);
        stage.advance(&point, &["approve"]).await;
        assert_eq!(stage.invitations(&round).await, [4, 1, 0]);
        phone.pull().await;
        assert_eq!(held(&phone), json!([null, null, null, null]));
        stage.advance(&off, &["cancel"]).await;
        assert_eq!(stage.invitations(&round).await, [2, 0, 0]);
        // Of what was held the day is set right: who had said that he comes had said so.
        office.done("answerInvitation", json!({"meetingId": point, "delegateId": two, "attending": true}), "").await;
        moves(-2).await;
        assert_eq!(stage.invitations(&round).await, [2, 0, 0]);
        office.done("answerInvitation", json!({"meetingId": point, "delegateId": two, "attending": true}), "").await;
        stage.advance(&point, &["hold"]).await;
        moves(-26).await;
        assert_eq!(stage.invitations(&round).await, [2, 1, 0]);
        let seen = office.data(query, json!({"id": point})).await["meeting"].clone();
        assert_eq!(lapsed(&seen), 3);
    }
}
