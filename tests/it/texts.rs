//! Two texts: what people said and wrote inside, and what the public reads. Planted words, and every way out.

use std::collections::BTreeMap;

use cutri::store::{
    partition::Partition,
    rebuild::{rebuild, rebuild_if_due},
};
use cutri_tests::{
    TestApp, TestDatabase,
    app::{Person, state_on},
    database::Kind,
    each_db,
    phone::{Phone, create, new_id},
    world::{Put, World},
};
use entity::{
    event,
    id::{AgencyId, PetitionId},
    installation, petition, sync_digest, sync_doc, sync_log, urging,
};
use migration::Migrator;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, sea_query::Expr,
};
use sea_orm_migration::MigratorTrait;
use serde_json::{Value, json};

use crate::{
    authorization::{
        samples::{moment, samples},
        schema::Sdl,
    },
    reports::this_year,
    rows,
};

/// Words of the inside, one for each place where somebody writes.
const INSIDE: [&str; 16] = [
    "kintieude",
    "kinnoidung",
    "kinphieu",
    "kinmuon",
    "kinbando",
    "kintralai",
    "kingiahan",
    "kinlotrinh",
    "kindondoc",
    "kintraloi",
    "kindanhgia",
    "kinthongtin",
    "kinmoi",
    "kinhop",
    "kinnha",
    "kinghichu",
];

/// A petition with a planted word in every text that belongs to it, and a meeting that nobody published.
struct Planted {
    petition: Value,
    feedback: String,
    meeting: Value,
    record: String,
    note: String,
    urging: String,
    informing: String,
}

async fn plant(app: &TestApp, world: &World) -> Planted {
    let (office, body) = (
        app.person(&world.here.office),
        app.person(&world.here.committee_login),
    );
    let phone = Phone::new(app.person(&world.here.delegates[0]));
    let mut planted = Planted {
        petition: Value::Null,
        feedback: new_id(),
        meeting: Value::Null,
        record: new_id(),
        note: new_id(),
        urging: new_id(),
        informing: new_id(),
    };
    let said = json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "subject": "kinphieu",
        "meetingId": world.here.meeting, "content": "kinphieu ở ấp Ba", "wanted": "kinmuon",
        "recordedAt": "2026-02-01T08:00:00+07:00"});
    let record = json!({"meetingId": world.here.meeting, "minutesDraft": "kinbando"});
    let note = json!({"text": "kinghichu", "updatedAt": "2026-02-01T08:00:00+07:00"});
    let pushed = phone
        .push(&[
            create("feedback", &planted.feedback, said),
            create("meetingRecord", &planted.record, record),
            create("note", &planted.note, note),
        ])
        .await;
    assert!(
        pushed.iter().all(|result| result["status"] == "APPLIED"),
        "{pushed:#?}"
    );
    let group = json!({"feedbackIds": [planted.feedback], "title": "Đường kintieude", "content": "Bà Sáu kinnoidung xin sửa đường"});
    let made = office.done("groupFeedback", group, "petition { id }").await["petition"]["id"].clone();
    let step = async |who: &Person, name: &str, input: Value| {
        who.done(name, input, "").await;
    };
    step(
        &office,
        "classifyPetition",
        json!({"petitionId": made, "field": "transport", "tier": "commune"}),
    )
    .await;
    for number in ["1/VP", "2/VP"] {
        let forward = json!({"petitionIds": [made], "leadId": world.here.committee, "documentNumber": number, "documentDate": "2026-03-02"});
        step(&office, "forwardPetitions", forward).await;
        if number == "1/VP" {
            step(
                &body,
                "returnPetitions",
                json!({"petitionIds": [made], "reason": "kintralai"}),
            )
            .await;
        }
    }
    let later = (app.state.clock.today() + chrono::Duration::days(40)).to_string();
    let extend =
        json!({"petitionIds": [made], "dueAt": later, "reason": "kingiahan", "roadmap": "kinlotrinh"});
    step(&body, "extendDue", extend).await;
    let urging = json!({"targetKind": "petition", "targetId": made, "how": "phone", "text": "kindondoc"});
    phone.push(&[create("urging", &planted.urging, urging)]).await;
    step(
        &body,
        "answerPetitions",
        answer(world, &made, "8/UBND", "kintraloi"),
    )
    .await;
    step(
        &office,
        "assessAnswer",
        json!({"petitionId": made, "assessment": "ok", "note": "kindanhgia"}),
    )
    .await;
    let informing = json!({"petitionId": made, "channel": "phone", "note": "kinthongtin"});
    phone
        .push(&[create("informing", &planted.informing, informing)])
        .await;
    planted.petition = made;

    let input = json!({"councilId": world.here.council, "kind": "thematic", "title": "kinhop", "place": "Nhà ông kinnha",
        "agenda": "kinhop", "brief": "kinhop", "startsAt": "2026-02-01T08:00:00+07:00", "unitIds": [world.here.unit]});
    let meeting = office.done("planMeeting", input, "meeting { id }").await["meeting"]["id"].clone();
    for event in ["approve", "notify", "hold"] {
        step(
            &office,
            "advanceMeeting",
            json!({"meetingId": meeting, "event": event, "basis": "kinhop"}),
        )
        .await;
    }
    planted.meeting = meeting;
    planted
}

fn answer(world: &World, petition: &Value, number: &str, text: &str) -> Value {
    json!({"petitionIds": [petition], "agencyId": world.here.committee, "documentNumber": number,
        "documentDate": "2026-03-12", "text": text, "outcome": "resolved"})
}

fn publish(petition: &Value, answer: Option<&str>) -> Value {
    json!({"petitionId": petition, "publicTitle": "Đường liên ấp", "publicContent": "Xin sửa đường liên ấp",
        "publicAnswer": answer})
}

fn words_in(text: &str) -> Vec<&'static str> {
    INSIDE.into_iter().filter(|word| text.contains(word)).collect()
}

/// Asks everything that can be asked, about exactly what was planted.
async fn nothing_inside_is_told(app: &TestApp, planted: &Planted, world: &World, viewers: &[(&str, Person)]) {
    let sdl = Sdl::read();
    let queries = sdl.root_fields("Query");
    for sample in samples()
        .iter()
        .filter(|sample| queries.iter().any(|field| field == sample.field))
    {
        let id = |kind: &str| match kind {
            "petition" | "second" | "classified" | "forwarded" | "answered" | "informed" | "closed" => {
                planted.petition.as_str().unwrap().to_owned()
            }
            "meeting" | "held" => planted.meeting.as_str().unwrap().to_owned(),
            "feedback" | "fresh" => planted.feedback.clone(),
            "record" => planted.record.clone(),
            "note" => planted.note.clone(),
            "urging" => planted.urging.clone(),
            "informing" => planted.informing.clone(),
            "unit" => world.here.unit.to_string(),
            "council" => world.here.council.to_string(),
            "agency" => world.here.committee.to_string(),
            "later" | "yesterday" => moment(&app.state, kind),
            _ => new_id(),
        };
        // Every word is sought below.
        let asked = sample.args.to_string().replace("<word>", INSIDE[0]);
        let mut text = asked
            .replace("\"limit\":5", "\"limit\":1000")
            .replace("\"first\":5", "\"first\":50");
        while let Some((before, rest)) = text.split_once('<') {
            let (kind, after) = rest.split_once('>').unwrap();
            text = format!("{before}{}{after}", id(kind));
        }
        let arguments: Value = serde_json::from_str(&text).unwrap();
        let names: Vec<&str> = arguments
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let query = sdl.call("Query", sample.field, &names);
        for (who, person) in viewers {
            let told = person.ask(&query, arguments.clone()).await.body;
            let found = words_in(&told["data"].to_string());
            assert!(
                found.is_empty(),
                "{who} reads {found:?} by {}: {told:#}",
                sample.field
            );
        }
    }
    for (who, person) in viewers {
        for word in INSIDE {
            let search = "query($text: String!) { search(text: $text, first: 5) { id title snippet } }";
            let found = person.data(search, json!({"text": word})).await;
            assert_eq!(found["search"], json!([]), "{who} finds {word}");
        }
        for table in cutri::reports::Table::ALL {
            let path = format!("/export/{}.csv?unit=27721&{}", table.name(), this_year(app));
            let (status, _, text) = person.get(&path).await;
            assert_eq!(
                (status, words_in(&text)),
                (200, vec![]),
                "{who} reads in {}",
                table.name()
            );
        }
        let (_, _, page) = person.get("/").await;
        assert_eq!(words_in(&page), Vec::<&str>::new(), "{who}");
        if person.account.is_some() {
            let mut phone = Phone::without_units(person.clone());
            phone.pull().await;
            for collection in cutri::sync::registry::COLLECTIONS {
                for row in phone.rows_of(collection.name()) {
                    assert_eq!(
                        words_in(&row.to_string()),
                        Vec::<&str>::new(),
                        "{who} keeps {}",
                        collection.name()
                    );
                }
            }
        }
    }
    nothing_inside_is_stored(app).await;
}

/// What pulls, streams and search are made of.
async fn nothing_inside_is_stored(app: &TestApp) {
    let stored = sync_doc::Entity::find()
        .filter(sync_doc::Column::Audience.lte(2))
        .all(app.state.store.read())
        .await
        .unwrap();
    assert!(!stored.is_empty());
    for row in stored {
        assert_eq!(words_in(&row.doc), Vec::<&str>::new(), "{}", row.collection);
    }
}

fn from_outside(app: &TestApp, world: &World) -> Vec<(&'static str, Person)> {
    vec![
        ("the public", app.stranger()),
        ("an aggregator", app.person(&world.aggregator)),
        ("a foreign body", app.person(&world.department_login)),
        ("the neighbours' office", app.person(&world.there.office)),
    ]
}

const PUBLIC: &str =
    "query($id: ID!) { petition(id: $id) { title content publicTitle publicContent publicAnswer answerText
    answerNumber answeredAt outcome answers { text } } }";

async fn read(person: &Person, id: &Value) -> Value {
    person.data(PUBLIC, json!({"id": id})).await["petition"].clone()
}

async fn refusal(person: &Person, input: Value) -> (String, String) {
    let refused = person.mutate("publishPetition", input, "").await;
    let text = |field: &str| {
        refused["userErrors"][0][field]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (text("code"), text("field"))
}

fn said(code: &str, field: &str) -> (String, String) {
    (code.to_owned(), field.to_owned())
}

each_db! {
    async fn nothing_that_was_written_inside_gets_out(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let planted = plant(&app, &world).await;
        let (office, body, public) = (app.person(&world.here.office), app.person(&world.here.committee_login), app.stranger());
        // It can be read at all, by those for whom it is.
        let own = office.data("query($id: ID!) { petition(id: $id) { title content answerText forwardings { returnReason }
            extensions { reason roadmap } answers { assessmentNote } history(first: 100) { basis } feedbacks { content wanted } } }",
            json!({"id": planted.petition})).await.to_string();
        for word in ["kintieude", "kinnoidung", "kinphieu", "kinmuon", "kintralai", "kingiahan", "kinlotrinh", "kintraloi", "kindanhgia"] {
            assert!(own.contains(word), "{word} was not planted: {own}");
        }
        let viewers = from_outside(&app, &world);
        nothing_inside_is_stored(&app).await;

        office.done("publishPetition", publish(&planted.petition, Some("Đã sửa xong")), "").await;
        let shown = read(&public, &planted.petition).await;
        assert_eq!(shown["title"], "Đường liên ấp");
        assert_eq!(shown["content"], "Xin sửa đường liên ấp");
        assert_eq!((&shown["answerText"], &shown["answerNumber"]), (&json!("Đã sửa xong"), &json!("8/UBND")));
        nothing_inside_is_told(&app, &planted, &world, &viewers).await;
        let found = "query { search(text: \"liên ấp\", first: 5) { title snippet } }";
        assert_eq!(public.data(found, json!({})).await["search"], json!([{"title": "Đường liên ấp", "snippet": "Xin sửa đường liên ấp"}]));

        // A newer answer is not the one that was released.
        let again = json!({"petitionId": planted.petition, "assessment": "unclear", "note": "kindanhgia"});
        office.done("assessAnswer", again, "").await;
        body.done("answerPetitions", answer(&world, &planted.petition, "9/UBND", "kinmoi"), "").await;
        let shown = read(&public, &planted.petition).await;
        assert_eq!((&shown["answerText"], &shown["answerNumber"]), (&Value::Null, &json!("9/UBND")));
        nothing_inside_is_told(&app, &planted, &world, &viewers).await;
        let kept = office.data("query($id: ID!) { petition(id: $id) { answers { version publicText } } }", json!({"id": planted.petition})).await;
        assert_eq!(kept["petition"]["answers"], json!([{"version": 1, "publicText": "Đã sửa xong"}, {"version": 2, "publicText": null}]));

        office.done("publishPetition", json!({"petitionId": planted.petition}), "").await;
        assert_eq!(read(&public, &planted.petition).await, Value::Null);
        nothing_inside_is_stored(&app).await;
    }

    async fn what_is_released_is_whole_and_of_the_answer_that_was_read(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let planted = plant(&app, &world).await;
        let (office, body) = (app.person(&world.here.office), app.person(&world.here.committee_login));
        let id = &planted.petition;
        let without = json!({"petitionId": id, "publicTitle": "Đường"});
        assert_eq!(refusal(&office, without).await, said("REQUIRED", "publicContent"));
        let offered = "query($id: ID!) { redactionSuggestions(petitionId: $id) { answerId } }";
        let read_answer = office.data(offered, json!({"id": id})).await["redactionSuggestions"]["answerId"].clone();
        body.done("answerPetitions", answer(&world, id, "9/UBND", "kinmoi"), "").await;
        let mut late = publish(id, Some("Đã sửa xong"));
        late["answerId"] = read_answer;
        assert_eq!(refusal(&office, late).await, said("INVALID_STATE", "answerId"));
        let unknown = publish(&json!(new_id()), None);
        assert_eq!(refusal(&office, unknown.clone()).await, said("NOT_FOUND", "petitionId"));
        for other in [&app.person(&world.there.office), &body] {
            let refused = refusal(other, publish(id, None)).await.0;
            assert!(["NOT_FOUND", "FORBIDDEN"].contains(&refused.as_str()), "{refused}");
        }
        // Not answered yet: there is nothing to release.
        let fresh = crate::objects::petition(&app, &world).await;
        assert_eq!(refusal(&office, publish(&fresh, Some("Đã sửa"))).await, said("INVALID_STATE", "publicAnswer"));
        office.done("publishPetition", publish(&fresh, None), "").await;
        // The same again changes nothing.
        let steps = async || event::Entity::find().filter(event::Column::RowId.eq(fresh.as_str().unwrap().parse::<uuid::Uuid>().unwrap())).all(app.state.store.read()).await.unwrap().len();
        let before = steps().await;
        office.done("publishPetition", publish(&fresh, None), "").await;
        assert_eq!(steps().await, before);
    }

    async fn a_person_confirms_what_stays_and_history_keeps_counts_alone(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, delegate) = (app.person(&world.here.office), app.person(&world.here.delegates[0]));
        let feedback = new_id();
        let row = json!({"kind": "petition", "unitId": world.here.unit, "content": "Đường hỏng"});
        Phone::new(delegate.clone()).push(&[create("feedback", &feedback, row)]).await;
        let content = "Bà Trần Thị Mẫn (0912 345 678), thửa đất số 123, đề nghị Chủ tịch UBND xã Nguyễn Văn Tấn sửa đường.";
        let group = json!({"feedbackIds": [feedback], "title": "Đường trước nhà bà Mẫn", "content": content});
        let id = office.done("groupFeedback", group, "petition { id }").await["petition"]["id"].clone();
        let offered = "query($id: ID!) { redactionSuggestions(petitionId: $id) { title { redacted suggestions { kind text } }
            content { text redacted suggestions { start end kind label text replacement } } answer { text } } }";
        let offer = office.data(offered, json!({"id": id})).await["redactionSuggestions"].clone();
        assert_eq!(offer["title"], json!({"redacted": "Đường trước nhà bà [họ tên]", "suggestions": [{"kind": "NAME", "text": "Mẫn"}]}));
        assert_eq!(offer["content"]["redacted"], "Bà [họ tên] ([số điện thoại]), thửa đất số [số], đề nghị Chủ tịch UBND xã Nguyễn Văn Tấn sửa đường.");
        assert_eq!(offer["content"]["suggestions"][1], json!({"start": 17, "end": 29, "kind": "PHONE", "label": "số điện thoại", "text": "0912 345 678", "replacement": "[số điện thoại]"}));
        assert_eq!(offer["answer"], Value::Null);
        for (who, person) in from_outside(&app, &world).iter().chain(&[("its delegate", delegate), ("its body", app.person(&world.here.committee_login))]) {
            assert_eq!(person.data(offered, json!({"id": id})).await["redactionSuggestions"], Value::Null, "{who}");
        }
        let release = |content: &str, acknowledged: Value| json!({"petitionId": id, "publicTitle": "Sửa đường", "publicContent": content, "acknowledged": acknowledged});
        assert_eq!(refusal(&office, release(content, json!([]))).await, said("NOT_REDACTED", "publicContent"));
        for words in [json!(["PHONE"]), json!(["PHONE", "LAND_PLOT"])] {
            assert_eq!(refusal(&office, release(content, words)).await, said("NOT_REDACTED", "publicContent"));
        }
        // Numbers that people read and rules overlooked were published without a word.
        for hidden in ["0912\u{200b}345\u{200b}678", "０９１２３４５６７８", "0912\n345\n678", "0912/345/678", "CCCD 079/123/456/789"] {
            assert_eq!(refusal(&office, release(&format!("Xin gọi {hidden} để biết thêm."), json!([]))).await, said("NOT_REDACTED", "publicContent"), "{hidden:?}");
        }
        // So were names.
        let kept = "Bà Trần Thị Mẫn, thửa đất số 123, đề nghị sửa đường.";
        assert_eq!(refusal(&office, release(kept, json!(["LAND_PLOT"]))).await, said("NOT_REDACTED", "publicContent"));
        assert_eq!(read(&app.stranger(), &id).await, Value::Null);
        office.done("publishPetition", release(kept, json!(["LAND_PLOT", "NAME"])), "").await;
        let history = office.data("query($id: ID!) { petition(id: $id) { history(first: 20) { event actor basis } } }", json!({"id": id})).await;
        let step = history["petition"]["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(step["event"], "published");
        assert_eq!(step["basis"], "Đã lược bỏ: 1 họ tên; 1 số điện thoại. Xác nhận giữ lại: 1 họ tên; 1 số thửa đất, giấy chứng nhận");
        let row: uuid::Uuid = id.as_str().unwrap().parse().unwrap();
        let detail = event::Entity::find().filter(event::Column::RowId.eq(row)).filter(event::Column::Event.eq("published")).one(app.state.store.read()).await.unwrap().unwrap();
        assert_eq!(detail.actor_id, Some(world.here.office.account));
        let detail = detail.detail.unwrap();
        assert!(detail.contains(r#""phone":{"kept":0,"removed":1}"#) && !detail.contains("Mẫn") && !detail.contains("123"), "{detail}");
    }

    async fn a_title_and_an_answer_are_confirmed_like_the_content(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, body) = (app.person(&world.here.office), app.person(&world.here.committee_login));
        let feedback = new_id();
        let row = json!({"kind": "petition", "unitId": world.here.unit, "content": "Cầu gãy", "recordedAt": "2026-02-01T08:00:00+07:00"});
        Phone::new(app.person(&world.here.delegates[0])).push(&[create("feedback", &feedback, row)]).await;
        let group = json!({"feedbackIds": [feedback], "title": "Cầu gãy, xin gọi 0912 345 678 để hỏi thêm", "content": "Cầu gãy đã ba tháng"});
        let id = office.done("groupFeedback", group, "petition { id }").await["petition"]["id"].clone();
        office.done("classifyPetition", json!({"petitionId": id, "field": "transport", "tier": "commune"}), "").await;
        let forward = json!({"petitionIds": [id], "leadId": world.here.committee, "documentNumber": "1/VP", "documentDate": "2026-03-02"});
        office.done("forwardPetitions", forward, "").await;
        let words = "Bà Trần Thị Mẫn, trú tại 25A Trần Phú, phường 1. CCCD số 079123456789 cấp ngày 12/03/2021. Xin gọi 0912 345 678 để hỏi thêm.";
        body.done("answerPetitions", answer(&world, &id, "8/UBND", words), "").await;

        let offered = "query($id: ID!) { redactionSuggestions(petitionId: $id) { title { redacted suggestions { kind text } }
            content { suggestions { kind } } answer { text redacted suggestions { kind label text replacement } } } }";
        let offer = office.data(offered, json!({"id": id})).await["redactionSuggestions"].clone();
        assert_eq!(offer["title"], json!({"redacted": "Cầu gãy, xin gọi [số điện thoại] để hỏi thêm", "suggestions": [{"kind": "PHONE", "text": "0912 345 678"}]}));
        assert_eq!(offer["content"]["suggestions"], json!([]));
        assert_eq!(offer["answer"], json!({"text": words,
            "redacted": "Bà [họ tên], trú tại [địa chỉ], phường 1. CCCD số [số giấy tờ] cấp ngày 12/03/2021. Xin gọi [số điện thoại] để hỏi thêm.",
            "suggestions": [
                {"kind": "NAME", "label": "họ tên", "text": "Trần Thị Mẫn", "replacement": "[họ tên]"},
                {"kind": "ADDRESS", "label": "địa chỉ", "text": "25A Trần Phú", "replacement": "[địa chỉ]"},
                {"kind": "ID_NUMBER", "label": "số giấy tờ", "text": "079123456789", "replacement": "[số giấy tờ]"},
                {"kind": "PHONE", "label": "số điện thoại", "text": "0912 345 678", "replacement": "[số điện thoại]"}]}));

        let release = |title: &str, answer: &str, acknowledged: Value| json!({"petitionId": id, "publicTitle": title, "publicContent": "Cầu gãy đã ba tháng",
            "publicAnswer": answer, "acknowledged": acknowledged});
        let kept = "Bà [họ tên], trú tại 25A Trần Phú, phường 1, đã được trả lời.";
        let (number, card) = ("Xin gọi 0912 345 678 để hỏi thêm.", "CCCD số 079123456789 cấp ngày 12/03/2021.");
        for (title, told, acknowledged, field) in [
            (number, "Đã sửa", json!([]), "publicTitle"), (number, "Đã sửa", json!(["ID_NUMBER", "LAND_PLOT"]), "publicTitle"),
            ("Cầu gãy", number, json!([]), "publicAnswer"), ("Cầu gãy", number, json!(["ID_NUMBER", "ADDRESS"]), "publicAnswer"),
            ("Cầu gãy", card, json!([]), "publicAnswer"), ("Cầu gãy", card, json!(["PHONE"]), "publicAnswer"),
            ("Cầu gãy", words, json!(["PHONE"]), "publicAnswer"), (number, words, json!(["ID_NUMBER"]), "publicTitle"),
            ("Cầu gãy", words, json!(["PHONE", "ID_NUMBER", "NAME"]), "publicAnswer"), ("Cầu gãy", words, json!(["PHONE", "ID_NUMBER", "ADDRESS"]), "publicAnswer"),
            ("Cầu gãy", kept, json!([]), "publicAnswer"), ("Cầu gãy", kept, json!(["NAME"]), "publicAnswer"),
        ] {
            assert_eq!(refusal(&office, release(title, told, acknowledged)).await, said("NOT_REDACTED", field), "{title} / {told}");
        }
        assert_eq!(read(&app.stranger(), &id).await, Value::Null, "nothing of it got out");

        // Whoever publishes judges whose name and house number it is, and says that they stay.
        office.done("publishPetition", release("Cầu gãy", kept, json!(["ADDRESS"])), "").await;
        assert_eq!(read(&app.stranger(), &id).await["answerText"], kept);
        // With a word for each kind all of it may stay.
        office.done("publishPetition", release(number, words, json!(["PHONE", "ID_NUMBER", "NAME", "ADDRESS"])), "").await;
        let shown = read(&app.stranger(), &id).await;
        assert_eq!((&shown["title"], &shown["answerText"]), (&json!(number), &json!(words)));
        let history = office.data("query($id: ID!) { petition(id: $id) { history(first: 20) { event basis } } }", json!({"id": id})).await;
        let steps = history["petition"]["history"].as_array().unwrap();
        let told: Vec<&Value> = steps.iter().filter(|step| step["event"] == "published").map(|step| &step["basis"]).collect();
        assert_eq!(told, [
            "Đã lược bỏ: 1 họ tên; 2 số điện thoại; 1 số giấy tờ. Xác nhận giữ lại: 1 địa chỉ",
            "Xác nhận giữ lại: 1 họ tên; 2 số điện thoại; 1 địa chỉ; 1 số giấy tờ",
        ]);
    }

    async fn the_calendar_tells_nothing_of_contacts_but_what_is_published(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        plant(&app, &world).await;
        let (office, point) = (app.person(&world.here.office), world.here.meeting);
        // Of the published contact there are minutes already, words for the delegates, preparations, and why it was put off.
        office.done("updateMeeting", json!({"meetingId": point, "brief": "kintomtat"}), "").await;
        let prepared = json!({"councilId": world.here.council, "kind": "other", "title": "kinchuanbi", "meetingId": point,
            "anchorOn": "2026-03-02", "steps": [{"title": "kinchuanbi", "responsible": "kinchuanbi", "days": 3}]});
        let step = office.done("startProcedure", prepared, "procedure { steps { id } }").await["procedure"]["steps"][0]["id"].clone();
        office.done("completeStep", json!({"stepId": step, "note": "kinchuanbi"}), "").await;
        office.done("advanceMeeting", json!({"meetingId": point, "event": "postpone", "basis": "kinlydo"}), "").await;
        // Another one of the same days nobody published.
        let soon = cutri::clock::wire(app.state.clock.now() + chrono::Duration::hours(24));
        let quiet = json!({"councilId": world.here.council, "kind": "thematic", "outsideRound": "urgent", "title": "kinhop", "place": "Nhà ông kinnha",
            "agenda": "kinhop", "brief": "kinhop", "startsAt": soon, "unitIds": [world.here.unit]});
        let quiet = office.done("planMeeting", quiet, "meeting { id }").await["meeting"]["id"].clone();
        office.done("advanceMeeting", json!({"meetingId": quiet, "event": "approve", "basis": "kinhop"}), "").await;
        for unit in ["27721".to_owned(), world.here.unit.to_string(), world.province.to_string()] {
            for person in [&app.stranger(), &office] {
                let (status, _, text) = person.get(&format!("/lich/{unit}.ics")).await;
                // Long lines are folded, also within a word.
                let text = text.replace("\r\n ", "");
                assert!(status == 200 && text.contains(&format!("UID:{point}@cutri")), "{unit}: {text}");
                assert!(text.contains("SUMMARY:[Hoãn] Tiếp xúc cử tri") && text.contains("LOCATION:Nhà văn hóa"), "{unit}: {text}");
                let more = ["kintomtat", "kinchuanbi", "kinlydo", quiet.as_str().unwrap()];
                let found: Vec<&str> = INSIDE.into_iter().chain(more).filter(|word| text.contains(word)).collect();
                assert_eq!(found, Vec::<&str>::new(), "{unit}: {text}");
            }
        }
    }

    /// A database in which title and answer of a published petition went out as they were written.
    async fn what_was_published_before_is_made_again_and_only_that_moves(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let planted = plant(&app, &world).await;
        let office = app.person(&world.here.office);
        office.done("publishPetition", json!({"petitionId": planted.petition, "publicContent": "Xin sửa đường liên ấp"}), "").await;
        let id: PetitionId = planted.petition.as_str().unwrap().parse::<uuid::Uuid>().unwrap().into();
        let conn = app.state.store.migrating();
        for row in sync_doc::Entity::find().filter(sync_doc::Column::RowId.eq(id.0)).filter(sync_doc::Column::Audience.lte(2)).all(conn).await.unwrap() {
            let mut document: serde_json::Map<String, Value> = serde_json::from_str(&row.doc).unwrap();
            document.insert("title".into(), json!("Đường kintieude"));
            document.insert("answerText".into(), json!("kintraloi"));
            sync_doc::Entity::update_many().col_expr(sync_doc::Column::Doc, Expr::value(Value::Object(document).to_string()))
                .filter(sync_doc::Column::RowId.eq(id.0)).filter(sync_doc::Column::Audience.eq(row.audience)).exec(conn).await.unwrap();
        }
        cutri::search::index::rebuild(&app.state).await.unwrap();
        let search = "query { search(text: \"kintieude\", first: 5) { id } }";
        assert_eq!(app.stranger().data(search, json!({})).await["search"].as_array().unwrap().len(), 1, "it went out");
        installation::Entity::insert(installation::ActiveModel { name: Set("rebuild".into()), value: Set("due".into()) }).exec_without_returning(conn).await.unwrap();
        let log = async || -> BTreeMap<(i64, String, uuid::Uuid), i64> {
            sync_log::Entity::find().all(app.state.store.read()).await.unwrap().into_iter().map(|row| ((row.partition, row.collection, row.row_id), row.seq)).collect()
        };
        let before = log().await;
        let mut aggregator = Phone::without_units(app.person(&world.aggregator));
        aggregator.pull().await;

        assert_eq!(rebuild_if_due(&app.state, |_, _| {}).await.unwrap(), Some(1));
        nothing_inside_is_stored(&app).await;
        let after = log().await;
        let moved: Vec<uuid::Uuid> = after.iter().filter(|(line, seq)| before.get(line) != Some(seq)).map(|(line, _)| line.2).collect();
        assert!(!moved.is_empty() && moved.iter().all(|row| *row == id.0), "{moved:?}");
        let news = aggregator.pull().await;
        assert_eq!(news.len(), 1, "{news:?}");
        assert_eq!(aggregator.row("petition", &id.to_string())["title"], Value::Null);
        assert_eq!(rebuild_if_due(&app.state, |_, _| {}).await.unwrap(), None);
        assert_eq!(rebuild(&app.state, |_, _| {}).await.unwrap(), 0);
        assert_eq!(log().await, after, "made again without a difference nothing moves");
    }

    /// A database in which an urging lay with its author and the council alone.
    async fn what_a_body_was_urged_with_before_reaches_it(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let planted = plant(&app, &world).await;
        let conn = app.state.store.migrating();
        let partition = Partition::Agency(world.here.committee).id();
        let id: uuid::Uuid = planted.urging.parse().unwrap();
        let (documents, lines, sums) = (
            sync_doc::Entity::delete_many().filter(sync_doc::Column::RowId.eq(id)).filter(sync_doc::Column::Audience.eq(4)),
            sync_log::Entity::delete_many().filter(sync_log::Column::RowId.eq(id)).filter(sync_log::Column::Partition.eq(partition)),
            sync_digest::Entity::delete_many().filter(sync_digest::Column::Collection.eq("urging"))
                .filter(sync_digest::Column::Partition.eq(partition)),
        );
        assert_eq!(documents.exec(conn).await.unwrap().rows_affected, 1);
        assert_eq!(lines.exec(conn).await.unwrap().rows_affected, 1);
        assert_eq!(sums.exec(conn).await.unwrap().rows_affected, 1);
        let mut phone = Phone::without_units(app.person(&world.here.committee_login));
        phone.pull().await;
        assert!(phone.rows_of("urging").is_empty() && !phone.rows_of("petition").is_empty());

        installation::Entity::insert(installation::ActiveModel { name: Set("rebuild".into()), value: Set("due".into()) }).exec_without_returning(conn).await.unwrap();
        assert_eq!(rebuild_if_due(&app.state, |_, _| {}).await.unwrap(), Some(1));
        phone.pull().await;
        assert_eq!(phone.row("urging", &planted.urging)["text"], "kindondoc");
        assert_eq!(rebuild(&app.state, |_, _| {}).await.unwrap(), 0);
    }

    /// The versions before counted what went to others, too.
    async fn urgings_of_an_older_version_are_counted_for_each_body(other: TestDatabase) {
        let db = TestDatabase::empty(other.kind()).await;
        let migrations = Migrator::migrations();
        let before = migrations.iter().position(|one| one.name() == "m20261128_000034_urgings_are_read").unwrap();
        let conn = db.connect().await;
        Migrator::up(&conn, Some(u32::try_from(before).unwrap())).await.unwrap();
        let rebuild = || installation::Entity::find().filter(installation::Column::Name.eq("rebuild"));
        assert_eq!(rebuild().one(&conn).await.unwrap(), None);
        let bodies = [(); 2].map(|()| AgencyId(uuid::Uuid::now_v7()));
        let (first, another) = (rows::urging(), rows::urging().target_id);
        let came = [
            (first.target_id, Some(bodies[0])),
            (first.target_id, Some(bodies[1])),
            (first.target_id, None),
            (first.target_id, Some(bodies[0])),
            (another, Some(bodies[0])),
            (first.target_id, None),
        ];
        for (ordinal, (target_id, to_agency_id)) in (1..).zip(came) {
            let received_at = first.received_at + chrono::Duration::minutes(i64::from(ordinal));
            let row = urging::Model { target_id, to_agency_id, ordinal, received_at, ..rows::urging() };
            urging::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(&conn).await.unwrap();
        }
        Migrator::up(&conn, None).await.unwrap();
        let now = urging::Entity::find().order_by_asc(urging::Column::ReceivedAt).all(&conn).await.unwrap();
        assert_eq!(now.iter().map(|row| row.ordinal).collect::<Vec<_>>(), [1, 1, 1, 2, 1, 2]);
        assert!(rebuild().one(&conn).await.unwrap().is_some(), "the next start looks at every document");
        conn.close().await.unwrap();
    }

    /// The versions before this one knew one public text.
    async fn a_database_of_an_older_version_is_brought_along(other: TestDatabase) {
        let db = TestDatabase::empty(other.kind()).await;
        let migrations = Migrator::migrations();
        let before = migrations.iter().position(|one| one.name() == "m20261127_000015_public_texts").unwrap();
        let conn = db.connect().await;
        Migrator::up(&conn, Some(u32::try_from(before).unwrap())).await.unwrap();
        let row = petition::Model { id: uuid::Uuid::now_v7().into(), ..rows::petition() };
        let columns = ["id", "council_id", "number", "title", "content", "public_content", "process", "urgings", "repeats", "created_at", "rev", "updated_at"];
        let mut insert = sea_orm::sea_query::Query::insert();
        insert.into_table("petition").columns(columns).values_panic([
            row.id.0.into(), row.council_id.0.into(), "1/2026".into(), "Đường".into(), "Bà Sáu xin sửa".into(), "Cử tri xin sửa".into(),
            "answered".into(), 0.into(), 0.into(), row.created_at.into(), 1_i64.into(), row.updated_at.into(),
        ]);
        conn.execute(&insert).await.unwrap();
        Migrator::up(&conn, None).await.unwrap();
        let now = petition::Entity::find_by_id(row.id).one(&conn).await.unwrap().unwrap();
        assert_eq!((now.public_title, now.public_content.as_deref(), now.public_answer), (None, Some("Cử tri xin sửa"), None));
        conn.close().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let state = state_on(db.url(), &folder.path().join("keys")).await;
        assert!(rebuild_if_due(&state, |_, _| {}).await.unwrap().is_some(), "the next start looks at every document");
        state.store.clone().close().await.unwrap();
    }
}

#[tokio::test]
async fn a_new_database_has_nothing_to_make_again() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let app = TestApp::start(&db).await;
    assert_eq!(rebuild_if_due(&app.state, |_, _| {}).await.unwrap(), None);
    Put::new()
        .row(petition::Model {
            id: uuid::Uuid::now_v7().into(),
            ..rows::petition()
        })
        .now(&app.state)
        .await;
    assert_eq!(rebuild(&app.state, |_, _| {}).await.unwrap(), 0);
}
