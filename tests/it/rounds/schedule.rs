//! The public schedule of contacts, and the same as a calendar.

use std::collections::BTreeSet;

use chrono::Duration;
use cutri::clock::Clock;
use cutri_tests::{TestDatabase, calendar_client::events, each_db};
use entity::{meeting, meeting_unit};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::Stage;
use crate::rows;

each_db! {
    async fn everybody_reads_the_schedule_and_subscribes_to_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let stranger = stage.app.stranger();
        let round = stage.round("before_session", 3).await;
        let place = "Nhà văn hóa ấp Gò Thuyền; khu B, xã Tân Hưng, tỉnh Tây Ninh, đối diện trường tiểu học";
        let late = stage.point(&round, "ấp Tân Bình", 72).await;
        let early = stage.point(&round, place, 24).await;
        let off = stage.point(&round, "ấp Cả Môn", 48).await;
        let schedule = async |more: &str| {
            let query = format!("{{ schedule(first: 10{more}) {{ totalCount nodes {{ id status startsAt place }} }} }}");
            stranger.data(&query, json!({})).await["schedule"].clone()
        };
        assert_eq!(schedule("").await["totalCount"], 0);
        stage.lead(&round, "approve").await;
        stage.advance(&off, &["cancel"]).await;
        office.done("publishRound", json!({"roundId": round}), "").await;
        let seen = schedule("").await;
        let ids: Vec<&str> = seen["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
        assert_eq!(ids, [&early, &off, &late]);
        assert_eq!(schedule(", filter: {withinUnit: {code: \"27736\"}}").await["totalCount"], 0);
        let page = stranger.data("{ schedule(first: 1) { pageInfo { hasNextPage endCursor } } }", json!({})).await;
        assert_eq!(page["schedule"]["pageInfo"]["hasNextPage"], true);
        let after = page["schedule"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
        let next = schedule(&format!(", after: \"{after}\"")).await;
        assert_eq!(next["nodes"][0]["id"], off);
        let wide = stranger.ask("{ schedule(first: 1, filter: {from: \"2026-01-01T00:00:00Z\", to: \"2027-06-01T00:00:00Z\"}) { totalCount } }", json!({})).await;
        assert_eq!(wide.body["errors"][0]["extensions"]["code"], "OUT_OF_RANGE");
        // The round itself is public with its figures; what is internal of it is not.
        let query = "query($id: ID!) { round(id: $id) { title status counts { pointsEntered recorded invitations } procedures { id } history(first: 5) { event } } }";
        let seen = stranger.data(query, json!({"id": round})).await["round"].clone();
        assert_eq!(seen["counts"], json!({"pointsEntered": 3, "recorded": null, "invitations": null}));
        assert_eq!((&seen["procedures"], &seen["history"]), (&json!([]), &json!([])));

        // The same as a calendar, read by a parser that is not ours.
        let (status, headers, text) = stranger.get("/lich/27721.ics").await;
        assert_eq!(status, 200);
        assert_eq!(headers["content-type"], "text/calendar; charset=utf-8");
        assert!(text.lines().all(|line| line.len() <= 75) && text.ends_with("END:VCALENDAR\r\n"));
        let events = events(&text).await;
        let mut ours: Vec<&Value> = events.iter().filter(|event| [&early, &off, &late].iter().any(|id| event["uid"] == format!("{id}@cutri"))).collect();
        ours.sort_by_key(|event| event["start"].as_str().unwrap().to_owned());
        assert_eq!(ours.len(), 3);
        assert_eq!(ours[0]["location"], place);
        assert_eq!(ours[0]["start"], "2026-03-03T01:00:00Z");
        assert_eq!(ours[0]["summary"], format!("Tiếp xúc cử tri tại {place}"));
        assert_eq!((&ours[1]["status"], &ours[1]["summary"]), (&json!("CANCELLED"), &json!("[Hủy] Tiếp xúc cử tri tại ấp Cả Môn")));
        // By id, and for the province; nowhere else.
        for unit in [world.here.unit.to_string(), world.province.to_string()] {
            assert_eq!(stranger.get(&format!("/lich/{unit}.ics")).await.0, 200);
        }
        for path in ["/lich/99999.ics", "/lich/27721", "/lich/%00.ics"] {
            assert_eq!(stranger.get(path).await.0, 404, "{path}");
        }
        // Taken back, it is gone from both.
        office.done("publishRound", json!({"roundId": round, "isPublic": false}), "").await;
        assert_eq!(schedule("").await["totalCount"], 0);
        assert!(!stranger.get("/lich/27721.ics").await.2.contains(&early));
    }

    // The calendar of a province ended with its two-thousandth contact, and nothing told that there were more.
    async fn a_schedule_that_is_too_long_for_one_calendar_goes_on_in_the_next(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let conn = stage.app.state.store.migrating();
        // Three an hour for weeks; and in June more on one day than a calendar holds.
        let hourly = (0..2_100).map(|n| stage.clock.now() + Duration::minutes(20 * n));
        let june = "2026-06-01T01:00:00Z".parse().unwrap();
        let contacts: Vec<meeting::Model> = hourly.chain(std::iter::repeat_n(june, 2_010))
            .map(|at| meeting::Model { starts_at: Some(at), ends_at: None, ..rows::meeting() }).collect();
        for contacts in contacts.chunks(500) {
            let rows = contacts.iter().map(|row| row.clone().into_active_model().reset_all());
            meeting::Entity::insert_many(rows).exec_without_returning(conn).await.unwrap();
            let places = contacts.iter().map(|row| meeting_unit::Model { meeting_id: row.id, unit_id: stage.world.here.unit });
            let places = places.map(|place| place.into_active_model().reset_all());
            meeting_unit::Entity::insert_many(places).exec_without_returning(conn).await.unwrap();
        }
        let stranger = stage.app.stranger();
        let mut address = "/lich/27721.ics".to_owned();
        let (mut told, mut begun): (Vec<Value>, Vec<String>) = Default::default();
        loop {
            let (status, headers, text) = stranger.get(&address).await;
            assert_eq!(status, 200, "{text}");
            told.extend(events(&text).await);
            let Some(link) = headers.get("link") else { break };
            let link = link.to_str().unwrap().strip_prefix('<').unwrap();
            address = link.strip_suffix(">; rel=\"next\"").unwrap().to_owned();
            begun.push(address.rsplit('=').next().unwrap().to_owned());
            // People read it in their calendar, on that day.
            let is_pointer = |event: &&Value| event["summary"].as_str().unwrap().contains(&address);
            let pointer = told.iter().find(is_pointer).unwrap_or_else(|| panic!("nothing tells of {address}"));
            assert_eq!(&pointer["start"], begun.last().unwrap());
        }
        assert_eq!(begun, ["2026-03-30", "2026-06-01", "2026-06-02"]);
        let ids: BTreeSet<String> = contacts.iter().map(|row| format!("{}@cutri", row.id)).collect();
        let uids: Vec<&str> = told.iter().filter_map(|event| event["uid"].as_str()).filter(|uid| ids.contains(*uid)).collect();
        assert_eq!((uids.len(), BTreeSet::from_iter(uids).len()), (4_110, 4_110), "each is there once");
        for day in ["hom-nay", "2026-02-30", ""] {
            assert_eq!(stranger.get(&format!("/lich/27721.ics?tu={day}")).await.0, 400, "{day}");
        }
    }

    // What nobody ever approved stood on the public page as called off.
    async fn what_was_called_off_as_a_proposal_is_nobodys_but_the_councils(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let office = stage.office();
        let round = stage.round("before_session", 3).await;
        let off = stage.point(&round, "ấp Gò Thuyền", 24).await;
        let never = stage.point(&round, "ấp Cả Môn", 48).await;
        let later = stage.point(&round, "ấp Tân Bình", 72).await;
        stage.advance(&never, &["cancel"]).await;
        stage.advance(&later, &["postpone"]).await;
        stage.lead(&round, "approve").await;
        stage.advance(&off, &["cancel"]).await;
        let published = async || {
            office.done("publishRound", json!({"roundId": round}), "").await;
            let stranger = stage.app.stranger();
            let seen = stranger.data("{ schedule(first: 10) { nodes { id } } }", json!({})).await;
            let (_, _, calendar) = stranger.get("/lich/27721.ics").await;
            let ids: Vec<String> = seen["schedule"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
            for point in [&off, &never, &later] {
                assert_eq!(calendar.contains(point.as_str()), ids.contains(point), "the calendar says the same");
            }
            ids
        };
        assert_eq!(published().await, std::slice::from_ref(&off));
        assert_eq!(office.refused("publishMeeting", json!({"meetingId": never})).await, "INVALID_STATE");
        // Approved anew it is published with the next call, and stays so when it is put off again.
        stage.advance(&later, &["approve"]).await;
        assert_eq!(published().await, [off.clone(), later.clone()]);
        stage.advance(&later, &["postpone"]).await;
        office.done("publishRound", json!({"roundId": round, "isPublic": false}), "").await;
        assert_eq!(published().await, [off.clone(), later.clone()]);
    }
}
