//! The whole chain, played against a running demo: every line is one step by one person, from a voter's words without
//! signal to the answer that the voter hears.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value, json};

use super::{accounts, client::Caller};
use crate::{
    clock::{self, Clock, SystemClock},
    codes,
    entropy::{self, Entropy, SystemEntropy},
    feedback::tracking::TrackingCode,
    start::Failure,
    terminal::say,
};

const PULL: &str = "query($cursor: String) { syncPull(cursor: $cursor, maxBytes: 1048576) {
    changes { c op id rev d } cursor more } }";
const PUSH: &str =
    "mutation($rows: [JSON!]!) { syncPush(rows: $rows) { results { status errors { message } } } }";

/// What three voters say.
const WORDS: [(&str, &str); 3] = [
    (
        "Đường liên ấp ngập",
        "Đường liên ấp Gò Thuyền mưa là ngập, học sinh phải lội nước.",
    ),
    (
        "Mặt đường bong tróc",
        "Mặt đường liên ấp bong tróc, xe chở lúa không vào được.",
    ),
    (
        "Sửa đường trước mùa mưa",
        "Đề nghị sửa đường liên ấp trước mùa mưa tới.",
    ),
];

/// Plays it. `data` is the demo's data folder, `listen` where its server listens.
pub async fn play(data: &Path, listen: SocketAddr) -> Result<(), Failure> {
    let server = if listen.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listen.port())
    } else {
        listen
    };
    let mut story = Story {
        server,
        logins: accounts::read(data)?,
        step: 0,
    };
    story.play().await
}

struct Story {
    server: SocketAddr,
    logins: Vec<accounts::Login>,
    step: u32,
}

impl Story {
    fn tell(&mut self, line: &str) {
        self.step += 1;
        say(format_args!("{:2}. {line}", self.step));
    }

    async fn sign_in(&self, username: &str) -> Result<(Caller, &accounts::Login), Failure> {
        let login = self.logins.iter().find(|login| login.username == username);
        let login =
            login.ok_or_else(|| Failure::new(format!("tệp demo.json không có tài khoản {username}")))?;
        Ok((
            Caller::login(self.server, login, "cutri demo story").await?,
            login,
        ))
    }

    async fn play(&mut self) -> Result<(), Failure> {
        let (delegate, login) = self.sign_in("daibieu1.tanhung").await?;
        let unit = login.unit_id.clone();
        let mut phone = Phone::default();
        let rows = phone.pull(&delegate).await?;
        self.tell(&format!(
            "Đại biểu xã Tân Hưng đăng nhập, điện thoại tải trọn gói việc của xã: {rows} dòng (đơn vị, cuộc tiếp xúc, kiến nghị, nghị quyết, cơ quan)."
        ));
        let meeting = phone
            .meeting(&unit)
            .ok_or_else(|| missing("cuộc tiếp xúc nào của xã"))?;
        let (agency, agency_name) = phone.agency(&unit).ok_or_else(|| missing("UBND xã"))?;

        let now = SystemClock.now();
        let mut ids = Vec::new();
        let mut written = Vec::new();
        let mut codes = Vec::new();
        for (subject, content) in WORDS {
            let (id, code) = (
                new_id(now),
                TrackingCode::from_bytes(entropy::bytes(&SystemEntropy)).to_string(),
            );
            let patch = json!({"meetingId": meeting, "unitId": unit, "channel": "contact_meeting", "origin": "voter",
                "kind": "petition", "subject": subject, "content": content, "answeredOnSpot": false,
                "trackingCode": code, "recordedAt": clock::wire(now - Duration::hours(1))});
            written.push(row("feedback", &id, patch));
            ids.push(id);
            codes.push(code);
        }
        self.tell("Tại hội trường không có sóng, ba cử tri nói về con đường liên ấp; đại biểu ghi ba phiếu, điện thoại tự giữ.");
        self.tell(&format!(
            "Mỗi cử tri nhận một mã tra cứu tạo ngay trên máy, chưa cần mạng: {}.",
            codes.join(", ")
        ));
        push(&delegate, &written, "APPLIED").await?;
        self.tell("Có sóng trở lại: điện thoại gửi ba phiếu, máy chủ nhận đủ ba.");
        push(&delegate, &written, "DUPLICATE").await?;
        self.tell("Mất hồi âm nên điện thoại gửi lại lần nữa: máy chủ nhận ra phiếu cũ, không nhân đôi.");

        let (office, _) = self.sign_in("vanphong.tanhung").await?;
        let input = json!({"feedbackIds": ids, "title": "Sửa chữa đường liên ấp Gò Thuyền",
            "content": "Cử tri đề nghị sửa chữa, chống ngập đường liên ấp Gò Thuyền trước mùa mưa."});
        let grouped = office
            .done(
                "groupFeedback",
                "GroupFeedbackInput",
                input,
                "petition { id number }",
            )
            .await?;
        let petition = text(&grouped["petition"]["id"]);
        let number = text(&grouped["petition"]["number"]);
        self.tell(&format!(
            "Văn phòng HĐND xã gộp ba phiếu thành một kiến nghị, số {number}."
        ));
        let input = json!({"petitionId": petition, "field": "transport", "tier": "commune"});
        office
            .done(
                "classifyPetition",
                "ClassifyPetitionInput",
                input,
                "petition { id }",
            )
            .await?;
        self.tell("Văn phòng phân loại: lĩnh vực giao thông, thẩm quyền cấp xã.");

        let today = SystemClock.today();
        let stamp = now.format("%H%M%S");
        let sent = format!("{stamp}/HĐND-VP");
        let input = json!({"petitionIds": [petition], "leadId": agency, "documentNumber": sent,
            "documentDate": today.to_string()});
        let forwarded = office
            .done(
                "forwardPetitions",
                "ForwardPetitionsInput",
                input,
                "petition { dueAt }",
            )
            .await?;
        self.tell(&format!(
            "Văn phòng chuyển kiến nghị đến {agency_name} bằng công văn số {sent}; hạn trả lời {} tính theo ngày làm việc.",
            date(&forwarded["petition"]["dueAt"])
        ));
        let urging = json!({"targetKind": "petition", "targetId": petition, "how": "phone",
            "text": "Bà con mong được trả lời trước mùa mưa", "at": clock::wire(now)});
        push(&delegate, &[row("urging", &new_id(now), urging)], "APPLIED").await?;
        self.tell("Đại biểu gọi điện đôn đốc và ghi lại việc đôn đốc, kể cả khi đang không có sóng.");

        let (body, _) = self.sign_in("ubnd.tanhung").await?;
        let answered = format!("{stamp}/UBND-KT");
        let input = json!({"petitionIds": [petition], "agencyId": agency, "documentNumber": answered,
            "documentDate": today.to_string(), "outcome": "in_progress", "roadmapAt": (today + Duration::days(120)).to_string(),
            "text": "UBND xã đã đưa tuyến đường vào kế hoạch đầu tư công, thi công trong mùa khô."});
        body.done(
            "answerPetitions",
            "AnswerPetitionsInput",
            input,
            "petition { process }",
        )
        .await?;
        self.tell(&format!(
            "{agency_name} trả lời bằng văn bản số {answered}: đang giải quyết, có lộ trình."
        ));
        let input = json!({"petitionId": petition, "assessment": "ok"});
        office
            .done("assessAnswer", "AssessAnswerInput", input, "petition { process }")
            .await?;
        self.tell("Văn phòng đánh giá văn bản trả lời đúng nội dung kiến nghị.");

        let changed = phone.pull(&delegate).await?;
        let answer = phone.text("petition", &petition, "answerText");
        self.tell(&format!(
            "Điện thoại đại biểu đồng bộ, chỉ tải {changed} dòng đã đổi; câu trả lời đã về: “{answer}”"
        ));
        let informing = json!({"petitionId": petition, "channel": "village_meeting", "at": clock::wire(now)});
        push(&delegate, &[row("informing", &new_id(now), informing)], "APPLIED").await?;
        self.tell("Đại biểu thông tin lại cho cử tri tại cuộc họp ấp và ghi nhận trên điện thoại.");
        let input = json!({"petitionId": petition});
        office
            .done(
                "closePetition",
                "ClosePetitionInput",
                input,
                "petition { process }",
            )
            .await?;
        self.tell("Cử tri đã được thông tin nên văn phòng khép lại kiến nghị; chưa thông tin thì máy chủ không cho khép.");
        self.follow(&delegate, &petition, &number).await
    }

    /// Ends with what a voter asks: where is it?
    async fn follow(&mut self, delegate: &Caller, petition: &str, number: &str) -> Result<(), Failure> {
        let query = "query($id: ID!) { petition(id: $id) { history(first: 50) { event at basis } } }";
        let data = delegate.ask(query, json!({"id": petition})).await?;
        self.tell(&format!(
            "Theo dõi kiến nghị số {number}, từng bước đều có ngày giờ và căn cứ:"
        ));
        for event in data["petition"]["history"].as_array().into_iter().flatten() {
            let basis = event["basis"]
                .as_str()
                .map(|basis| format!(", {}", basis_in_words(basis)));
            say(format_args!(
                "    • {} lúc {}{}",
                step_in_words(&text(&event["event"])),
                hour(&event["at"]),
                basis.unwrap_or_default()
            ));
        }
        Ok(())
    }
}

/// A step of a petition's history in words.
pub(crate) fn step_in_words(event: &str) -> &'static str {
    match event {
        "grouped" => "Tiếp nhận, tổng hợp thành kiến nghị",
        "split_from" => "Tách từ một kiến nghị khác",
        "merged_from" => "Gộp từ các kiến nghị khác",
        "classified" => "Phân loại theo lĩnh vực, thẩm quyền",
        "forwarded" => "Chuyển đến cơ quan có thẩm quyền",
        "forwarded_up" => "Chuyển lên HĐND cấp trên",
        "returned" => "Cơ quan trả lại vì không thuộc thẩm quyền",
        "extended" => "Gia hạn trả lời",
        "answered" | "answered_on_behalf" => "Cơ quan trả lời bằng văn bản",
        "assessed_ok" => "Đánh giá: trả lời đúng nội dung",
        "assessed_unclear" | "assessed_off_point" => "Đánh giá: trả lời chưa đạt, yêu cầu trả lời lại",
        "urged" => "Đôn đốc",
        "informed" => "Thông tin lại cho cử tri",
        "closed" => "Khép lại kiến nghị",
        "reopened" => "Mở lại kiến nghị",
        "published" => "Công khai",
        _ => "Cập nhật",
    }
}

/// A basis, with the codes and days in it as people write them.
fn basis_in_words(basis: &str) -> String {
    let lists = ["field", "tier", "urging_how", "informing_channel"];
    let words = basis.split(", ").map(|part| {
        let day = part.parse().ok().map(clock::written);
        let entry = || lists.iter().find_map(|list| codes::find(list, part));
        day.or_else(|| Some(entry()?.label_vi.to_lowercase()))
            .unwrap_or_else(|| part.to_owned())
    });
    words.collect::<Vec<_>>().join(", ")
}

/// What the delegate's phone holds.
#[derive(Default)]
struct Phone {
    cursor: Option<String>,
    rows: Map<String, Value>,
}

impl Phone {
    /// Pulls until nothing is pending; returns how many rows came.
    async fn pull(&mut self, caller: &Caller) -> Result<usize, Failure> {
        let mut count = 0;
        loop {
            let data = caller.ask(PULL, json!({"cursor": self.cursor})).await?;
            let page = &data["syncPull"];
            for change in page["changes"].as_array().into_iter().flatten() {
                count += 1;
                let key = key(&text(&change["c"]), &text(&change["id"]));
                if change["op"] == "put" {
                    self.rows.insert(key, change["d"].clone());
                } else {
                    self.rows.remove(&key);
                }
            }
            self.cursor = page["cursor"].as_str().map(str::to_owned);
            if page["more"] != true {
                return Ok(count);
            }
        }
    }

    fn of(&self, collection: &str) -> impl Iterator<Item = &Value> {
        let begin = format!("{collection} ");
        let rows = self.rows.iter().filter(move |(key, _)| key.starts_with(&begin));
        rows.map(|(_, row)| row)
    }

    /// A voter contact that was held in this unit.
    fn meeting(&self, unit: &str) -> Option<String> {
        self.of("meeting")
            .find(|row| {
                row["status"] == "held" && row["unitIds"].as_str().is_some_and(|units| units.contains(unit))
            })
            .map(|row| text(&row["id"]))
    }

    /// The body of this unit that answers here itself.
    fn agency(&self, unit: &str) -> Option<(String, String)> {
        self.of("agency")
            .find(|row| row["unitId"] == unit && row["hasAccount"] == true)
            .map(|row| (text(&row["id"]), text(&row["name"])))
    }

    fn text(&self, collection: &str, id: &str, field: &str) -> String {
        text(&self.rows.get(&key(collection, id)).unwrap_or(&Value::Null)[field])
    }
}

fn key(collection: &str, id: &str) -> String {
    format!("{collection} {id}")
}

/// A new row as a phone uploads it.
fn row(collection: &str, id: &str, patch: Value) -> Value {
    json!({"mutationId": format!("story-{id}"), "collection": collection, "id": id, "patch": patch})
}

/// Uploads; every row must come to this.
async fn push(caller: &Caller, rows: &[Value], expected: &str) -> Result<(), Failure> {
    let data = caller.ask(PUSH, json!({"rows": rows})).await?;
    for result in data["syncPush"]["results"].as_array().into_iter().flatten() {
        if result["status"] != expected {
            return Err(Failure::new(format!(
                "máy chủ không nhận một dòng như mong đợi: {result}"
            )));
        }
    }
    Ok(())
}

fn new_id(now: DateTime<Utc>) -> String {
    SystemEntropy.id(now).to_string()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// `2026-12-21` as people write it.
fn date(value: &Value) -> String {
    let parsed = value
        .as_str()
        .and_then(|day| day.parse::<chrono::NaiveDate>().ok());
    parsed.map_or_else(|| "theo quy định".to_owned(), clock::written)
}

/// A moment as people write it.
fn hour(value: &Value) -> String {
    let parsed = value
        .as_str()
        .and_then(|at| DateTime::parse_from_rfc3339(at).ok());
    parsed.map_or_else(String::new, |at| {
        at.with_timezone(&clock::VIETNAM)
            .format("%H:%M ngày %d/%m/%Y")
            .to_string()
    })
}

fn missing(what: &str) -> Failure {
    Failure::new(format!(
        "gói dữ liệu không có {what}; máy chủ này có phải bản trình diễn không?"
    ))
}
