//! Pushed rows: each bad one has its own outcome and harms nobody else.

use cutri::sync::rxdb::json_schema::published;
use cutri_tests::{
    TestDatabase, each_db,
    phone::{Phone, create, new_id},
    rxdb::Replica,
};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{Case, Sender, Told};

const PUSH: &str = "mutation($rows: [JSON!]!) { syncPush(rows: $rows) { results { index mutationId status rev master \
    errors { code field message } } } }";

impl Sender {
    /// Uploads rows as they stand, with a good one behind them that has to be applied whatever goes before.
    async fn push_raw(&self, name: &str, token: &str, rows: &[String]) -> Told {
        let good = create(
            "note",
            &new_id(),
            json!({"text": "ghi chú", "updatedAt": "2026-02-01T08:00:00+07:00"}),
        );
        let rows: Vec<String> = rows.iter().cloned().chain([good.to_string()]).collect();
        let query = serde_json::to_string(PUSH).unwrap();
        let body = format!(
            r#"{{"query":{query},"variables":{{"rows":[{}]}}}}"#,
            rows.join(",")
        )
        .into_bytes();
        let told = self
            .send(&Case {
                name,
                token: Some(token),
                body,
            })
            .await;
        let results = told.body["data"]["syncPush"]["results"]
            .as_array()
            .unwrap_or_else(|| panic!("{name}: {:#}", told.body));
        assert_eq!(results.len(), rows.len(), "{name}");
        let last = results.last().unwrap();
        // Sent twice, once in each language.
        assert_eq!(
            last["status"], "DUPLICATE",
            "{name}: what is good is taken: {last}"
        );
        told
    }
}

fn first(told: &Told) -> (String, String) {
    let result = &told.body["data"]["syncPush"]["results"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&result["status"]), text(&result["errors"][0]["code"]))
}

/// The field that the first error of the first row names; nothing if it names none.
fn first_field(told: &Told) -> &str {
    told.body["data"]["syncPush"]["results"][0]["errors"][0]["field"]
        .as_str()
        .unwrap_or_default()
}

each_db! {
    async fn a_bad_row_has_its_own_outcome(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let token = sender.delegate();
        let world = &sender.world;
        let row = |patch: Value| create("feedback", &new_id(), patch);
        let said = |name: &str, value: Value| {
            let mut patch = json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": "Xin sửa cầu"});
            patch[name] = value;
            row(patch)
        };
        let with = |name: &str, value: Value| {
            let mut row = said("subject", json!("cầu"));
            row[name] = value;
            row
        };
        let raw = |text: &str| {
            let id = new_id();
            format!(r#"{{"mutationId":"{}","collection":"feedback","id":"{id}","patch":{{"kind":"petition","content":"{text}"}}}}"#, new_id())
        };
        let megabyte = "ă".repeat(500_000);
        // A name that a client made up is told without what is no letter, and not without end.
        let told_in_part = "x".repeat(64);
        // What it is, the row, what becomes of it, why, and which field is told (none where nothing could be read).
        let cases: Vec<(&str, String, &str, &str, &str)> = vec![
            ("a number", "7".into(), "REJECTED", "MALFORMED_ROW", ""),
            ("null", "null".into(), "REJECTED", "MALFORMED_ROW", ""),
            ("a list", "[]".into(), "REJECTED", "MALFORMED_ROW", ""),
            ("a text", "\"x\"".into(), "REJECTED", "MALFORMED_ROW", ""),
            ("empty", "{}".into(), "REJECTED", "REQUIRED", "mutationId"),
            ("a lone surrogate", raw("\\ud800"), "REJECTED", "MALFORMED_ROW", ""),
            ("a lone low surrogate", raw("a\\udc00b"), "REJECTED", "MALFORMED_ROW", ""),
            ("1e999", r#"{"mutationId":"m1","collection":"note","id":"x","patch":{"text":1e999}}"#.into(), "REJECTED", "MALFORMED_ROW", ""),
            ("NUL in a text", said("content", json!("a\u{0}b")).to_string(), "REJECTED", "INVALID_TEXT", "content"),
            ("bidi controls", said("content", json!("a\u{202e}b")).to_string(), "REJECTED", "INVALID_TEXT", "content"),
            ("a non-character", said("content", json!("a\u{fffe}b")).to_string(), "REJECTED", "INVALID_TEXT", "content"),
            ("an escape", said("content", json!("a\u{1b}[2J")).to_string(), "REJECTED", "INVALID_TEXT", "content"),
            ("ten marks on a letter", said("content", json!(format!("a{}", "\u{301}".repeat(10)))).to_string(), "REJECTED", "INVALID_TEXT", "content"),
            ("1 MB", said("content", json!(megabyte)).to_string(), "REJECTED", "TOO_LONG", "content"),
            ("1 MB as a code", said("channel", json!(megabyte)).to_string(), "REJECTED", "UNKNOWN_CODE", "channel"),
            ("NUL in a code", said("channel", json!("\u{0}")).to_string(), "REJECTED", "UNKNOWN_CODE", "channel"),
            ("a number as text", said("content", json!(3)).to_string(), "REJECTED", "INVALID_VALUE", "content"),
            ("a list as text", said("content", json!(["x"])).to_string(), "REJECTED", "INVALID_VALUE", "content"),
            ("an object as text", said("content", json!({"x": 1})).to_string(), "REJECTED", "INVALID_VALUE", "content"),
            ("an id that is none", said("unitId", json!("x\u{0}")).to_string(), "REJECTED", "INVALID_ID", "unitId"),
            ("a foreign unit", said("unitId", json!(world.there.unit)).to_string(), "REJECTED", "NOT_FOUND", "unitId"),
            ("no such unit", said("unitId", json!(new_id())).to_string(), "REJECTED", "NOT_FOUND", "unitId"),
            ("a day that is none", said("recordedAt", json!("2026-02-30T00:00:00Z")).to_string(), "REJECTED", "INVALID_DATE", "recordedAt"),
            ("long ago", said("recordedAt", json!("0001-01-01T00:00:00Z")).to_string(), "REJECTED", "INVALID_DATE", "recordedAt"),
            ("far away", said("recordedAt", json!("+99999-01-01T00:00:00Z")).to_string(), "REJECTED", "INVALID_DATE", "recordedAt"),
            ("a number as a time", said("recordedAt", json!(1_700_000_000)).to_string(), "REJECTED", "INVALID_DATE", "recordedAt"),
            ("no tracking code", said("trackingCode", json!("AB")).to_string(), "REJECTED", "INVALID_VALUE", "trackingCode"),
            ("a tracking code with a wrong check digit", said("trackingCode", json!("0000-0000-1")).to_string(), "REJECTED", "INVALID_VALUE", "trackingCode"),
            ("a word as truth", said("answeredOnSpot", json!("có")).to_string(), "REJECTED", "INVALID_VALUE", "answeredOnSpot"),
            ("a field that is none", said("khong_co", json!(1)).to_string(), "REJECTED", "UNKNOWN_FIELD", "khong_co"),
            ("NUL in a field's name", said("khong\u{0}co", json!(1)).to_string(), "REJECTED", "UNKNOWN_FIELD", "khongco"),
            ("a field's name of 100 kB", said(&"x".repeat(100_000), json!(1)).to_string(), "REJECTED", "UNKNOWN_FIELD", &told_in_part),
            ("a member that is none", with("khong_co", json!(1)).to_string(), "REJECTED", "UNKNOWN_FIELD", "khong_co"),
            ("NUL in a member's name", with("khong\u{0}co", json!(1)).to_string(), "REJECTED", "UNKNOWN_FIELD", "khongco"),
            ("another author", said("authorId", json!(world.there.delegates[0].account)).to_string(), "REJECTED", "FOREIGN_AUTHOR", "authorId"),
            ("no such collection", with("collection", json!("khong_co")).to_string(), "REJECTED", "UNKNOWN_CODE", "collection"),
            ("NUL as collection", with("collection", json!("\u{0}")).to_string(), "REJECTED", "UNKNOWN_CODE", "collection"),
            ("a collection of 100 kB", with("collection", json!("x".repeat(100_000))).to_string(), "REJECTED", "UNKNOWN_CODE", "collection"),
            ("a number as collection", with("collection", json!(3)).to_string(), "REJECTED", "INVALID_VALUE", "collection"),
            ("what is only read", create("petition", &new_id(), json!({"title": "x"})).to_string(), "REJECTED", "READ_ONLY", "collection"),
            ("units are only read", create("unit", &new_id(), json!({"name": "x"})).to_string(), "REJECTED", "READ_ONLY", "collection"),
            ("an id of 100 kB", with("id", json!("0".repeat(100_000))).to_string(), "REJECTED", "INVALID_ID", "id"),
            ("an id of braces", with("id", json!("{00000000-0000-0000-0000-00000000000}")).to_string(), "REJECTED", "INVALID_ID", "id"),
            ("a mutation id of 65", with("mutationId", json!("m".repeat(65))).to_string(), "REJECTED", "INVALID_ID", "mutationId"),
            ("an empty mutation id", with("mutationId", json!("")).to_string(), "REJECTED", "INVALID_ID", "mutationId"),
            ("NUL as mutation id", with("mutationId", json!("m\u{0}")).to_string(), "REJECTED", "INVALID_ID", "mutationId"),
            ("a control as mutation id", with("mutationId", json!("m\u{7}\r\n")).to_string(), "REJECTED", "INVALID_ID", "mutationId"),
            ("an emoji as mutation id", with("mutationId", json!("😀")).to_string(), "REJECTED", "INVALID_ID", "mutationId"),
            ("a base that is none", with("baseRev", json!("x")).to_string(), "REJECTED", "INVALID_VALUE", "baseRev"),
            ("a negative base", with("baseRev", json!("-1")).to_string(), "REJECTED", "INVALID_VALUE", "baseRev"),
            ("2^63 as base", with("baseRev", json!("9223372036854775808")).to_string(), "REJECTED", "INVALID_VALUE", "baseRev"),
            ("a number as base", with("baseRev", json!(1)).to_string(), "REJECTED", "INVALID_VALUE", "baseRev"),
            ("a list as patch", with("patch", json!([1])).to_string(), "REJECTED", "INVALID_VALUE", "patch"),
            ("a text as delete", with("delete", json!("yes")).to_string(), "REJECTED", "INVALID_VALUE", "delete"),
            ("a deletion of nothing", with("delete", json!(true)).to_string(), "REJECTED", "NOT_FOUND", "id"),
            ("a time that is none", with("recordedAt", json!("hôm qua")).to_string(), "REJECTED", "INVALID_DATE", "recordedAt"),
            ("a phone without consent", said("contactPhone", json!("0912345678")).to_string(), "REJECTED", "CONSENT_REQUIRED", "consentText"),
            ("no content", said("content", Value::Null).to_string(), "REJECTED", "REQUIRED", "content"),
        ];
        for (name, row, status, code, field) in &cases {
            let told = sender.push_raw(name, &token, std::slice::from_ref(row)).await;
            assert_eq!(first(&told), ((*status).to_owned(), (*code).to_owned()), "{name}: {:#}", told.body);
            assert_eq!(first_field(&told), *field, "{name}: {:#}", told.body);
        }

        // All of them in one upload; and they are all explained to their author.
        let rows: Vec<String> = cases.iter().map(|(_, row, ..)| row.clone()).filter(|row| row.len() < 100_000).collect();
        sender.push_raw("all together", &token, &rows).await;
        let mut phone = Phone::without_units(sender.app.person(&world.here.delegates[0]));
        phone.pull().await;
        assert!(phone.rows_of("syncIssue").len() >= cases.len() - 2, "{}", phone.rows_of("syncIssue").len());
        sender.still_answers("rows").await;
    }

    async fn odd_but_honest_text_is_stored_settled(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let unit = sender.world.here.unit;
        let mut phone = Phone::new(sender.app.person(&sender.world.here.delegates[0]));
        let cases = [
            ("decomposed", "Ha\u{302}\u{323}u Giang: đươ\u{300}ng ho\u{309}ng", "Hậu Giang: đường hỏng"),
            ("marks in the other order", "Ha\u{323}\u{302}u Giang", "Hậu Giang"),
            ("older tones", "hoà bình, thuỷ lợi", "hoà bình, thuỷ lợi"),
            ("newer tones", "hòa bình, thủy lợi", "hòa bình, thủy lợi"),
            ("an emoji", "Cầu gãy 😢👨‍👩‍👧", "Cầu gãy 😢👨‍👩‍👧"),
            ("windows lines", " một\r\nhai ", "một\nhai"),
            ("quotes", "'; DROP TABLE feedback; --", "'; DROP TABLE feedback; --"),
            ("a percent", "100% \\ _", "100% \\ _"),
        ];
        for (name, sent, stored) in cases {
            let id = new_id();
            let patch = json!({"kind": "petition", "unitId": unit, "channel": "contact_meeting", "content": sent});
            let result = phone.push(&[create("feedback", &id, patch)]).await.remove(0);
            assert_eq!(result["status"], "APPLIED", "{name}: {result}");
            phone.pull().await;
            assert_eq!(phone.row("feedback", &id)["content"], stored, "{name}");
        }
    }

    async fn too_many_rows_and_ids_used_twice(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let token = sender.delegate();
        let note = |text: &str| create("note", &new_id(), json!({"text": text, "updatedAt": "2026-02-01T08:00:00+07:00"}));
        let many: Vec<Value> = (0..501).map(|n| note(&n.to_string())).collect();
        let told = sender.ask("501 rows", Some(&token), PUSH, json!({ "rows": many })).await;
        told.is("TOO_MANY_ROWS", "501 rows");
        assert_eq!(told.body["errors"][0]["extensions"]["limit"], 500);
        for (name, rows) in [("no list", json!({})), ("null", Value::Null), ("a text", json!("x"))] {
            let told = sender.ask(name, Some(&token), PUSH, json!({ "rows": rows })).await;
            assert!(!told.codes().is_empty(), "{name}: {:#}", told.body);
        }
        let mut row = note("một");
        let person = sender.app.person(&sender.world.here.delegates[0]);
        assert_eq!(Phone::new(person.clone()).push(&[row.clone()]).await[0]["status"], "APPLIED");
        row["patch"]["text"] = json!("hai");
        let told = sender.push_raw("used twice", &token, &[row.to_string()]).await;
        assert_eq!(first(&told), ("REJECTED".to_owned(), "REUSED_ID".to_owned()), "{:#}", told.body);
        let twins = {
            let one = note("ba");
            let mut two = one.clone();
            two["id"] = json!(new_id());
            [one, two]
        };
        let results = Phone::new(person).push(&twins).await;
        assert_eq!((&results[0]["status"], &results[1]["errors"][0]["code"]), (&json!("APPLIED"), &json!("REUSED_ID")));
        let told = sender.ask("a stranger", None, PUSH, json!({"rows": [note("x")]})).await;
        told.is("UNAUTHENTICATED", "a stranger");
    }

    async fn rows_of_others_stay_as_they_are(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let world = &sender.world;
        let mut owner = Phone::new(sender.app.person(&world.here.delegates[0]));
        let (feedback, note) = (new_id(), new_id());
        let said = json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": "Cầu gãy"});
        let rows = [
            create("feedback", &feedback, said),
            create("note", &note, json!({"text": "riêng", "updatedAt": "2026-02-01T08:00:00+07:00"})),
        ];
        for result in owner.push(&rows).await {
            assert_eq!(result["status"], "APPLIED", "{result}");
        }
        for stranger in [&world.here.delegates[1], &world.there.delegates[0], &world.administrator] {
            let token = sender.token(stranger);
            let mut theirs = Phone::without_units(sender.app.person(stranger));
            theirs.pull().await;
            let sees = !theirs.row("feedback", &feedback).is_null();
            for (collection, id) in [("feedback", &feedback), ("note", &note)] {
                let field = if collection == "note" { "text" } else { "content" };
                for (delete, patch) in [(true, json!({})), (false, json!({ (field): "Khác" }))] {
                    let row = json!({"mutationId": new_id(), "collection": collection, "id": id, "baseRev": "1", "patch": patch, "delete": delete});
                    let told = sender.push_raw("a foreign row", &token, &[row.to_string()]).await;
                    let (status, code) = first(&told);
                    // A change of what one does not see may be of a row that is still to come, as where there is none.
                    let waits = collection == "feedback" && !delete;
                    let expected = if waits && !sees { ("DEFERRED", "") } else { ("REJECTED", "NOT_FOUND") };
                    assert_eq!((status.as_str(), code.as_str()), expected, "{collection} {delete}: {:#}", told.body);
                    if waits {
                        let mut absent = row.clone();
                        (absent["mutationId"], absent["id"]) = (json!(new_id()), json!(new_id()));
                        let told = sender.push_raw("a change of an absent row", &token, &[absent.to_string()]).await;
                        assert_eq!(first(&told).0, "DEFERRED", "{:#}", told.body);
                    }
                    // As a row that is nowhere is refused.
                    let nowhere = json!({"mutationId": new_id(), "collection": collection, "id": new_id(), "delete": true});
                    let absent = sender.push_raw("an absent row", &token, &[nowhere.to_string()]).await;
                    assert_eq!(first(&absent), ("REJECTED".to_owned(), "NOT_FOUND".to_owned()), "{:#}", absent.body);
                    assert!(!delete || first_field(&told) == first_field(&absent), "{collection}: {:#}", told.body);
                    assert!(told.body["data"]["syncPush"]["results"][0]["master"].is_null());
                }
            }
        }
        owner.pull().await;
        assert_eq!(owner.row("feedback", &feedback)["content"], "Cầu gãy");
        assert_eq!(owner.row("note", &note)["text"], "riêng");
    }

    async fn a_meeting_before_its_council(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let world = &sender.world;
        let office = sender.token(&world.here.office);
        let plan = "mutation($input: PlanMeetingInput!) { planMeeting(input: $input) { meeting { id } userErrors { code field message } } }";
        for (at, code) in [
            ("2001-01-01T08:00:00+07:00", "BEFORE_COUNCIL"),
            ("1066-10-14T08:00:00+07:00", "INVALID_DATE"),
            ("9999-01-01T08:00:00+07:00", "INVALID_DATE"),
            ("2026-13-01T08:00:00+07:00", "INVALID_DATE"),
        ] {
            let input = json!({"councilId": world.here.council, "kind": "thematic", "title": "Tiếp xúc", "startsAt": at,
                "unitIds": [world.here.unit]});
            sender.ask(at, Some(&office), plan, json!({ "input": input })).await.is(code, at);
        }
        let token = sender.delegate();
        let own = json!({"kind": "residence", "title": "Nơi cư trú", "unitIds": world.here.unit.to_string(), "startsAt": "2001-01-01T08:00:00+07:00"});
        let told = sender.push_raw("an own contact", &token, &[create("meeting", &new_id(), own).to_string()]).await;
        let (status, code) = first(&told);
        assert!(status == "REJECTED" && matches!(code.as_str(), "BEFORE_COUNCIL" | "NOT_FOUND"), "{status} {code}");
    }
}

each_db! {
    async fn a_denunciation_does_not_come_in_pieces(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let phone = Phone::new(sender.app.person(&sender.world.here.delegates[0]));
        let outcome = async |row: Value| {
            let results = phone.push(&[row]).await;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&results[0]["status"]), text(&results[0]["errors"][0]["code"]))
        };
        let by_hand = ("REJECTED".to_owned(), "DENUNCIATION_BY_HAND".to_owned());
        let applied = ("APPLIED".to_owned(), String::new());

        // The receipt first, the words or the name afterwards.
        let receipt = new_id();
        let of_it = |patch: Value| create("feedback", &receipt, patch);
        let first = of_it(json!({"kind": "denunciation", "receiptNumber": "125/2026"}));
        assert_eq!(outcome(first).await, applied);
        let words = json!({"content": "Người tố cáo là Lê Thị Kín"});
        assert_eq!(outcome(of_it(words)).await, by_hand);
        for named in ["NGUYEN/VAN/AN/1", "1/LE-KIN", "0912345678"] {
            assert_eq!(outcome(of_it(json!({"receiptNumber": named}))).await, by_hand, "{named}");
        }
        let name = json!({"contactName": "Lê Thị Kín", "consentText": "đồng ý", "consentAt": "2026-02-01T08:00:00+07:00"});
        assert_eq!(outcome(of_it(name)).await, by_hand);
        let body = sender.world.here.committee;
        assert_eq!(outcome(of_it(json!({"receivedOn": "2026-02-01", "receivingAgencyId": body}))).await, applied);
        // The office reads that there was one, and who has it.
        let query = "query($id: ID!) { feedback(id: $id) { content receiptNumber receivedOn receivingAgencyId receivingAgency { name } } }";
        let office = sender.app.person(&sender.world.here.office);
        assert_eq!(office.data(query, json!({"id": receipt})).await["feedback"], json!({"content": null, "receiptNumber": "125/2026",
            "receivedOn": "2026-02-01", "receivingAgencyId": body, "receivingAgency": {"name": "UBND Xã Tân Hưng"}}));

        // Whose receipt it is may be said; what stands there and is no id may be a denouncer's name.
        let me = sender.world.here.delegates[0].account;
        let of = |author: Value| json!({"kind": "denunciation", "receiptNumber": "127/2026", "authorId": author});
        assert_eq!(outcome(create("feedback", &new_id(), of(json!(me)))).await, applied);
        for named in [json!("Lê Thị Kín"), json!({"tên": "Lê Thị Kín"}), json!(["Lê Thị Kín"])] {
            assert_eq!(outcome(create("feedback", &new_id(), of(named.clone()))).await, by_hand, "{named}");
        }
        cutri_tests::byte_search::assert_free_of(&db.stored_in().await, &["Lê Thị Kín"]);

        // The words first, what they are afterwards.
        let complaint = new_id();
        let of_it = |patch: Value| create("feedback", &complaint, patch);
        let first = of_it(json!({"kind": "complaint", "content": "Về ông chủ tịch"}));
        assert_eq!(outcome(first).await, applied);
        let renamed = json!({"kind": "denunciation", "receiptNumber": "126/2026"});
        assert_eq!(outcome(of_it(renamed)).await, by_hand);
    }
}

each_db! {
    // `kind` spelled as people say it, or the collection misspelled: the bytes were kept, words and name included.
    async fn a_denunciation_under_another_word_is_not_kept(db: TestDatabase) {
        const HIDDEN: &str = "Hoàng Thị Giấu Tên";
        let sender = Sender::on(&db).await;
        let delegate = sender.app.person(&sender.world.here.delegates[0]);
        let mut phone = Phone::new(delegate.clone());
        let row = |collection: Value, kind: &str, content: String| {
            let patch = json!({"kind": kind, "unitId": sender.world.here.unit, "channel": "contact_meeting", "content": content});
            let mut row = create("feedback", &new_id(), patch);
            row["collection"] = collection;
            row
        };
        let words = || format!("{HIDDEN} tố cáo ông chủ tịch");
        let decomposed = "to\u{302}\u{301} ca\u{301}o";
        let mut rows: Vec<Value> = ["tố cáo", "TỐ CÁO", decomposed, "to_cao", "Đơn tố cáo"]
            .into_iter()
            .map(|kind| row(json!("feedback"), kind, words()))
            .collect();
        for collection in [json!("feedbacks"), Value::Null, json!("petition"), json!("note")] {
            rows.push(row(collection.clone(), "denunciation", words()));
            rows.push(row(collection, "tố cáo", words()));
        }
        let mut coded = row(json!("feedback"), "x", words());
        coded["patch"]["kind"] = json!({"code": "denunciation", "label": "Tố cáo"});
        rows.push(coded);
        // What follows a receipt, in a row that is broken besides.
        let receipt = new_id();
        let first = create("feedback", &receipt, json!({"kind": "denunciation", "receiptNumber": "125/2026"}));
        assert_eq!(phone.push(&[first]).await[0]["status"], "APPLIED");
        let mut later = create("feedback", &receipt, json!({"content": format!("Người đứng đơn là {HIDDEN}")}));
        later["khong_co"] = json!(1);
        rows.push(later);

        for (row, result) in rows.iter().zip(phone.push(&rows).await) {
            assert_eq!((&result["status"], &result["errors"][0]["code"]), (&json!("REJECTED"), &json!("DENUNCIATION_BY_HAND")), "{row}");
        }
        // The same words in a petition about rubber, as broken.
        let mut rubber = row(json!("feedback"), "petition", "Đường vào tổ cao su số 2 hỏng".to_owned());
        rubber["khong_co"] = json!(1);
        assert_eq!(phone.push(std::slice::from_ref(&rubber)).await[0]["errors"][0]["code"], "UNKNOWN_FIELD");

        phone.pull().await;
        assert_eq!(phone.rows_of("syncIssue").len(), rows.len() + 1);
        for issue in phone.rows_of("syncIssue") {
            let query = "query($id: ID!) { syncIssue(id: $id) { code original } }";
            let told = delegate.data(query, json!({"id": issue["id"]})).await["syncIssue"].clone();
            if told["code"] == "DENUNCIATION_BY_HAND" {
                assert_eq!(told["original"], Value::Null, "{told}");
            } else {
                assert!(told["original"].as_str().unwrap().contains("tổ cao su số 2"), "{told}");
            }
        }
        let issues = entity::sync_issue::Entity::find().all(sender.app.state.store.read()).await.unwrap();
        for issue in issues {
            assert_eq!(issue.payload.is_none(), issue.code == "DENUNCIATION_BY_HAND", "{}", issue.code);
        }
        cutri_tests::byte_search::assert_free_of(&db.stored_in().await, &[HIDDEN]);
    }
}

each_db! {
    // Words in the place of a date, escapes in a broken row, letters of other scripts, a telephone number in parts: the first
    // were refused and kept, the last was applied.
    async fn a_denunciation_that_hides_in_its_form_is_not_kept(db: TestDatabase) {
        const HIDDEN: &str = "Hoàng Thị Giấu Tên";
        let sender = Sender::on(&db).await;
        let delegate = sender.app.person(&sender.world.here.delegates[0]);
        let phone = Phone::new(delegate.clone());
        let receipt = || json!({"kind": "denunciation", "receiptNumber": "125/2026/BN-TCD", "receivedOn": "2026-02-01",
            "receivingAgencyId": sender.world.here.committee});
        let petition = |content: &str| json!({"kind": "petition", "unitId": sender.world.here.unit, "channel": "contact_meeting",
            "content": content});
        let words = format!("{HIDDEN} đứng đơn");
        let with = |mut patch: Value, name: &str, value: Value| {
            patch[name] = value;
            create("feedback", &new_id(), patch)
        };
        let mut rows = Vec::new();
        for field in ["receivedOn", "receivingAgencyId", "recordedAt"] {
            rows.push(with(receipt(), field, json!(HIDDEN)));
        }
        for number in ["0912-345-678", "091/234/5678", "079-123-456-789"] {
            rows.push(with(receipt(), "receiptNumber", json!(number)));
        }
        for kind in ["ｄｅｎｕｎｃｉａｔｉｏｎ", "denunci\u{430}tion", "t\u{43e} cao"] {
            rows.push(with(petition(&words), "kind", json!(kind)));
        }
        for key in ["kind\u{200b}", "loai", "loại", "type", "category"] {
            for word in ["denunciation", "tố cáo"] {
                rows.push(with(petition(&words), key, json!(word)));
            }
        }
        rows.push(with(petition(&words), "khac", json!({"kind": "denunciation"})));
        for (row, result) in rows.iter().zip(phone.push(&rows).await) {
            assert_eq!((&result["status"], &result["errors"][0]["code"]), (&json!("REJECTED"), &json!("DENUNCIATION_BY_HAND")), "{row}");
        }
        let broken = [r#""kind":"t\u1ed1 c\u00e1o""#, r#""kind":"\u0064enunciation""#].map(|kind| {
            format!(
                r#"{{"mutationId":"{}","collection":"feedback","id":"{}","patch":{{{kind},"content":"{words} \ud800"}}}}"#,
                new_id(),
                new_id()
            )
        });
        let told = delegate.try_send(Phone::push_body(&broken)).await.unwrap();
        let results = told.body["data"]["syncPush"]["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        for result in results {
            assert_eq!(result["errors"][0]["code"], "DENUNCIATION_BY_HAND", "{result}");
        }

        // What offices write is taken, and a petition about rubber is kept when it is refused.
        let good: Vec<Value> = ["123/2026", "15/TB-UBND", "01/BN-HĐND"]
            .into_iter()
            .map(|number| with(receipt(), "receiptNumber", json!(number)))
            .collect();
        for result in phone.push(&good).await {
            assert_eq!(result["status"], "APPLIED", "{result}");
        }
        let rubber = with(petition("Đường vào tổ cao su số 2 hỏng"), "loai", json!("tổ cao su"));
        assert_eq!(phone.push(&[rubber]).await[0]["errors"][0]["code"], "UNKNOWN_FIELD");

        let issues = entity::sync_issue::Entity::find().all(sender.app.state.store.read()).await.unwrap();
        assert_eq!(issues.len(), rows.len() + broken.len() + 1);
        for issue in issues {
            assert_eq!(issue.payload.is_none(), issue.code == "DENUNCIATION_BY_HAND", "{}", issue.code);
        }
        cutri_tests::byte_search::assert_free_of(&db.stored_in().await, &[HIDDEN]);
    }
}

each_db! {
    // A leap second was served to everybody; browsers stop at it, and one database makes the next minute of it.
    async fn a_second_sixty_is_no_time(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let world = &sender.world;
        let phone = Phone::new(sender.app.person(&world.here.delegates[0]));
        let mut row = create("feedback", &new_id(), json!({"kind": "petition", "content": "Cầu gãy", "unitId": world.here.unit,
            "channel": "contact_meeting", "recordedAt": "2026-02-01T08:00:60+07:00"}));
        let results = phone.push(std::slice::from_ref(&row)).await;
        assert_eq!((&results[0]["status"], &results[0]["errors"][0]["field"]), (&json!("REJECTED"), &json!("recordedAt")));
        row["mutationId"] = json!(new_id());
        row["patch"]["recordedAt"] = json!("2026-02-01T08:00:59.999999+07:00");
        assert_eq!(phone.push(&[row]).await[0]["status"], "APPLIED");
        // And what nobody can see is no text.
        let blank = create("feedback", &new_id(), json!({"kind": "petition", "content": "\u{a0}\u{200b}\u{ad}\u{2060} ", "unitId": world.here.unit,
            "channel": "contact_meeting"}));
        assert_eq!(phone.push(&[blank]).await[0]["errors"][0]["code"], "REQUIRED");
    }
}

each_db! {
    async fn another_spelling_changes_nothing(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let login = &sender.world.here.delegates[0];
        let device = cutri_tests::world::another_device(&sender.app.state, login, entity::id::DeviceId(uuid::Uuid::now_v7()));
        let tablet = device.id;
        cutri_tests::world::Put::new().row(device).now(&sender.app.state).await;
        let (phone, tablet) = (sender.app.person(login), sender.app.person_on(login, tablet));
        let id = new_id();
        let row = |content: &str, at: &str| create("feedback", &id, json!({"kind": "petition", "content": content, "recordedAt": at}));
        let status = async |person: &cutri_tests::app::Person, row: Value| {
            Phone::new(person.clone()).push(&[row]).await[0]["status"].clone()
        };
        assert_eq!(status(&phone, row("Cầu gãy", "2026-02-01T08:00:00+07:00")).await, "APPLIED");
        for person in [&phone, &tablet] {
            assert_eq!(status(person, row("Cầu gãy", "2026-02-01T08:00:00+07:00")).await, "DUPLICATE");
            assert_eq!(status(person, row("Ca\u{302}\u{300}u ga\u{303}y", "2026-02-01T01:00:00Z")).await, "DUPLICATE");
        }
        assert_eq!(status(&tablet, row("Cầu sập", "2026-02-01T08:00:00+07:00")).await, "CONFLICT");
    }
}

each_db! {
    // The last of two values was taken, and the first was gone without a word; called a denunciation first and a petition
    // then, words about somebody stood there in plain.
    async fn of_a_member_that_is_named_twice_the_first_vanished(db: TestDatabase) {
        const HIDDEN: &str = "Hoàng Thị Giấu Tên";
        let sender = Sender::on(&db).await;
        let token = sender.delegate();
        let unit = sender.world.here.unit;
        let ids = || format!(r#""mutationId":"{}","collection":"feedback","id":"{}""#, new_id(), new_id());
        let said = |content: &str| format!(r#""kind":"petition","unitId":"{unit}","channel":"contact_meeting",{content}"#);
        let content = |words: &str| said(&format!(r#""content":"{words}""#));
        let kept = [
            format!(r#"{{{},"patch":{{{},"content":"lời hai"}}}}"#, ids(), content("lời một")),
            format!(r#"{{{},"patch":{{{},"c\u006fntent":"lời hai"}}}}"#, ids(), content("lời một")),
            format!(r#"{{{},"patch":{{{}}},"patch":{{{}}}}}"#, ids(), content("lời một"), content("lời hai")),
            format!(r#"{{{},"id":"{}","patch":{{{}}}}}"#, ids(), new_id(), content("lời một")),
            format!(r#"{{{},"mutationId":"{}","patch":{{{}}}}}"#, ids(), new_id(), content("lời một")),
            format!(r#"{{{},"patch":{{{},"x":[{{"a":1,"a":1}}]}}}}"#, ids(), content("lời một")),
        ];
        let not_kept = [
            format!(r#"{{{},"patch":{{"kind":"denunciation",{}}}}}"#, ids(), content(HIDDEN)),
            format!(r#"{{{},"patch":{{"kind":"t\u1ed1 c\u00e1o"}},"patch":{{{}}}}}"#, ids(), content(HIDDEN)),
        ];
        for row in &kept {
            let told = sender.push_raw(row, &token, std::slice::from_ref(row)).await;
            assert_eq!(first(&told), ("REJECTED".to_owned(), "MALFORMED_ROW".to_owned()), "{row}: {:#}", told.body);
        }
        for row in &not_kept {
            let told = sender.push_raw(row, &token, std::slice::from_ref(row)).await;
            assert_eq!(first(&told), ("REJECTED".to_owned(), "DENUNCIATION_BY_HAND".to_owned()), "{row}: {:#}", told.body);
        }
        let mut phone = Phone::without_units(sender.app.person(&sender.world.here.delegates[0]));
        phone.pull().await;
        assert!(phone.rows_of("feedback").is_empty(), "{:#?}", phone.rows_of("feedback"));
        let mut originals = Vec::new();
        for issue in phone.rows_of("syncIssue") {
            let query = "query($id: ID!) { syncIssue(id: $id) { code original } }";
            let told = phone.person.data(query, json!({"id": issue["id"]})).await["syncIssue"].clone();
            assert_eq!(told["original"].is_null(), told["code"] == "DENUNCIATION_BY_HAND", "{told}");
            originals.extend(told["original"].as_str().map(str::to_owned));
        }
        originals.sort_unstable();
        let mut sent = kept.to_vec();
        sent.sort_unstable();
        assert_eq!(originals, sent, "as it was sent, both values");
        cutri_tests::byte_search::assert_free_of(&db.stored_in().await, &[HIDDEN]);
        // And where something else is sent than rows, the whole request is refused.
        let body = r#"{"query":"query($id: ID!) { node(id: $id) { id } }","variables":{"id":{"a":1,"a":2}}}"#;
        let told = sender.send(&Case { name: "no rows", token: Some(&token), body: body.as_bytes().to_vec() }).await;
        told.is("MALFORMED_JSON", "no rows");
    }
}

each_db! {
    // It was taken, as a feedback of no kind at all.
    async fn a_feedback_lost_its_kind_or_never_had_one(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let person = sender.app.person(&sender.world.here.delegates[0]);
        let mut phone = Phone::new(person.clone());
        phone.collections = Some(vec!["feedback".to_owned()]);
        let is_refused = |result: &Value| {
            let error = &result["errors"][0];
            assert_eq!((&result["status"], &error["code"], &error["field"]), (&json!("REJECTED"), &json!("REQUIRED"), &json!("kind")), "{result}");
        };
        let said = |kind: Value| json!({"kind": kind, "content": "Cầu gãy", "unitId": sender.world.here.unit, "channel": "contact_meeting"});
        is_refused(&phone.push(&[create("feedback", &new_id(), said(Value::Null))]).await[0]);
        let id = new_id();
        assert_eq!(phone.push(&[create("feedback", &id, said(json!("petition")))]).await[0]["status"], "APPLIED");
        is_refused(&phone.push(&[create("feedback", &id, json!({"kind": null}))]).await[0]);
        is_refused(&phone.push(&[create("feedback", &id, json!({"kind": null, "content": "Cầu sập"}))]).await[0]);
        // The same by an RxDB client that leaves it out: it gets its row back.
        let mut replica = Replica::new(person, "feedback", &published());
        replica.pull(10).await;
        let read = replica.documents[id.as_str()].clone();
        let mut bare = read.clone();
        bare.as_object_mut().unwrap().remove("kind");
        bare["content"] = json!("Cầu sập");
        let told = replica.push(&[json!({"assumedMasterState": read, "newDocumentState": bare})]).await;
        assert_eq!((told.len(), &told[0]["kind"], &told[0]["content"]), (1, &json!("petition"), &json!("Cầu gãy")));
        phone.pull().await;
        assert_eq!(phone.rows_of("feedback").len(), 1);
        assert_eq!((&phone.row("feedback", &id)["kind"], &phone.row("feedback", &id)["rev"]), (&json!("petition"), &json!("1")));
    }
}
