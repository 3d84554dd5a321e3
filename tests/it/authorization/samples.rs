//! One call for every root field of the schema: its arguments, with places for the row that it is about.
//!
//! `<kind>` stands for the id of such a row at one's own place, at a foreign one, or of none at all; `<word>` for the
//! word that was planted there, `<new>` for a new id, `<name>` for a new user name, `<later>` and `<yesterday>` for a day
//! and a moment of the calendar on which this runs.

use chrono::{Days, Duration};
use cutri::{
    capability::Capability::{self, *},
    clock::wire,
    state::State,
};
use serde_json::{Value, json};

use super::{pushes::pushes, sites::KINDS};

/// One root field.
pub struct Sample {
    pub field: &'static str,
    pub args: Value,
    /// What one has to hold at the own place for it to be accepted there.
    pub by: Option<Capability>,
    /// Whether even the existence of a foreign row is nobody's business.
    pub secret: bool,
    /// Sent from a device of its own, because it ends with it.
    pub spare: bool,
}

impl Sample {
    /// Whether it is about somebody's place; the others are asked once.
    pub fn has_place(&self) -> bool {
        let args = self.args.to_string();
        let mut places = KINDS.iter().chain(&["device", "word"]);
        places.any(|kind| args.contains(&format!("<{kind}>")))
    }
}

/// What nobody is granted at his own place, and why that proves something all the same. Every other sample is accepted from
/// somebody: a refusal of what would be refused anyway tells nothing of rights.
pub const NOBODY: &[(&str, &str)] = &[
    (
        "refresh",
        "a refresh token is made by a login and used up by its use; accounts/session.rs",
    ),
    (
        "changePassword",
        "the people here have no password that could be changed; accounts/session.rs",
    ),
    ("pushUnit", "units come from the lists alone"),
    ("pushCouncil", "councils are entered at the desk"),
    ("pushAgency", "bodies are entered at the desk"),
    ("pushDelegate", "mandates are entered at the desk"),
    (
        "pushPetition",
        "petitions are led at the desk, each step by its own mutation",
    ),
    ("pushResolution", "resolutions are entered at the desk"),
    (
        "pushSyncIssue",
        "the server makes them, and `dismissSyncIssue` ends them",
    ),
    ("pushAgenda", "the server counts it"),
];

/// What `<later>` and `<yesterday>` stand for: nothing is put off to a day that has been, and a schedule begins now.
pub fn moment(state: &State, which: &str) -> String {
    match which {
        "later" => (state.clock.today() + Days::new(200)).to_string(),
        _ => wire(state.clock.now() - Duration::days(1)),
    }
}

fn one(field: &'static str, args: Value) -> Sample {
    Sample {
        field,
        args,
        by: None,
        secret: true,
        spare: false,
    }
}

fn public(field: &'static str, args: Value) -> Sample {
    Sample {
        secret: false,
        ..one(field, args)
    }
}

/// A list of what lies at a place; the place itself is public.
fn list(field: &'static str, filter: Value) -> Sample {
    public(field, json!({"first": 5, "filter": filter}))
}

/// A mutation about a row that is nobody else's business.
fn write(field: &'static str, by: Capability, input: Value) -> Sample {
    Sample {
        by: Some(by),
        ..one(field, json!({ "input": input }))
    }
}

/// A mutation about something that everybody may know of.
fn write_public(field: &'static str, by: Capability, input: Value) -> Sample {
    Sample {
        secret: false,
        ..write(field, by, input)
    }
}

/// A mutation about oneself.
pub(super) fn own(field: &'static str, args: Value) -> Sample {
    public(field, args)
}

/// The password of the account that everybody may sign in to here.
pub const PASSWORD: &str = "ngựa ô thắng kiệu vàng 9";

/// All of them.
pub fn samples() -> Vec<Sample> {
    let within = || json!({"withinUnit": {"id": "<unit>"}});
    let mut all = queries(within);
    all.extend(of_the_chain());
    all.extend(of_meetings_and_resolutions());
    all.extend(of_rounds());
    all.extend(of_people_and_bodies());
    all.extend(pushes());
    all
}

fn queries(within: impl Fn() -> Value) -> Vec<Sample> {
    vec![
        one("account", json!({"id": "<account>"})),
        own("agenda", json!({})),
        public("agencyDebts", json!({"first": 5, "filter": within()})),
        public("accounts", json!({"first": 5})),
        public("agencies", json!({"first": 5, "filter": within()})),
        public("agency", json!({"id": "<agency>"})),
        own("codeLists", json!({"names": ["field", "tier"]})),
        public("council", json!({"id": "<council>"})),
        list("councils", within()),
        public("delegate", json!({"id": "<delegate>"})),
        list("delegates", within()),
        own("devices", json!({})),
        one("feedback", json!({"id": "<feedback>"})),
        list("feedbacks", within()),
        one("meeting", json!({"id": "<meeting>"})),
        list(
            "meetings",
            json!({"withinUnit": {"id": "<unit>"}, "kind": ["thematic"]}),
        ),
        one("node", json!({"id": "<feedback>"})),
        one(
            "nodes",
            json!({"ids": ["<petition>", "<meeting>", "<resolution>", "<record>", "<note>", "<urging>", "<informing>"]}),
        ),
        one("petition", json!({"id": "<answered>"})),
        one("procedure", json!({"id": "<procedure>"})),
        public("procedureCounts", json!({"filter": within()})),
        list("procedures", within()),
        one("round", json!({"id": "<round>"})),
        list("rounds", within()),
        list(
            "schedule",
            json!({"withinUnit": {"id": "<unit>"}, "from": "<yesterday>"}),
        ),
        one("synthesis", json!({"id": "<frozen>"})),
        list("syntheses", within()),
        list("petitions", within()),
        one("redactionSuggestions", json!({"petitionId": "<answered>"})),
        one("resolution", json!({"id": "<resolution>"})),
        list("resolutions", within()),
        one("search", json!({"text": "<word>", "first": 5})),
        one(
            "similarPetitions",
            json!({"id": "<petition>", "unitId": "<unit>", "first": 5}),
        ),
        one("syncIssue", json!({"id": "<issue>"})),
        own("syncDigest", json!({})),
        own("syncHead", json!({})),
        own(
            "syncRepair",
            json!({"partition": "council:<council>", "collection": "feedback", "held": ["<feedback>:1"]}),
        ),
        own("syncPull", json!({"maxBytes": 4_194_304})),
        one("trackingSlip", json!({"feedbackId": "<feedback>"})),
        public("trackingStatus", json!({"code": "0000-0000-0"})),
        public("unit", json!({"id": "<unit>"})),
        list("units", within()),
        own("viewer", json!({})),
        own("pushKey", json!({})),
    ]
}

fn of_the_chain() -> Vec<Sample> {
    let said = json!({"kind": "petition", "channel": "contact_meeting", "origin": "voter", "unitId": "<unit>",
        "content": "Xin sửa cầu"});
    vec![
        write("submitFeedback", RecordFeedback, said),
        Sample {
            by: None,
            ..write(
                "withdrawFeedback",
                RecordFeedback,
                json!({"feedbackId": "<fresh>", "reason": "Cử tri rút lại"}),
            )
        },
        write(
            "markFeedbackSeen",
            GroupFeedback,
            json!({"feedbackIds": ["<feedback>"]}),
        ),
        write(
            "returnForClarity",
            GroupFeedback,
            json!({"feedbackId": "<fresh>", "question": "Cầu nào, từ bao giờ?"}),
        ),
        write(
            "linkRepeat",
            GroupFeedback,
            json!({"petitionId": "<second>", "earlierId": "<petition>"}),
        ),
        write(
            "unlinkRepeat",
            GroupFeedback,
            json!({"petitionId": "<repeat>", "earlierId": "<earlier>", "reason": "Cầu khác"}),
        ),
        write(
            "groupFeedback",
            GroupFeedback,
            json!({"feedbackIds": ["<fresh>"], "title": "Sửa cầu", "content": "Sửa cầu"}),
        ),
        write(
            "splitPetition",
            GroupFeedback,
            json!({"petitionId": "<petition>", "parts": [{"title": "Cầu", "content": "Cầu"}, {"title": "Đường", "content": "Đường"}]}),
        ),
        write(
            "mergePetitions",
            GroupFeedback,
            json!({"petitionIds": ["<petition>", "<second>"], "title": "Cầu đường", "content": "Cầu đường"}),
        ),
        write(
            "classifyPetition",
            ClassifyPetition,
            json!({"petitionId": "<petition>", "field": "transport", "tier": "commune"}),
        ),
        write(
            "forwardPetitions",
            ForwardPetitions,
            json!({"petitionIds": ["<classified>"], "leadId": "<agency>", "documentNumber": "9/VP", "documentDate": "2026-02-09"}),
        ),
        write(
            "returnPetitions",
            ReturnPetitions,
            json!({"petitionIds": ["<forwarded>"], "reason": "Không thuộc thẩm quyền"}),
        ),
        write(
            "extendDue",
            ExtendDue,
            json!({"petitionIds": ["<forwarded>"], "dueAt": "<later>", "reason": "Chờ vốn"}),
        ),
        write(
            "answerPetitions",
            AnswerPetitions,
            json!({"petitionIds": ["<forwarded>"], "agencyId": "<agency>", "documentNumber": "8/UBND",
                "documentDate": "2026-03-12", "text": "Đã sửa", "outcome": "resolved"}),
        ),
        write(
            "assessAnswer",
            AssessAnswer,
            json!({"petitionId": "<answered>", "assessment": "ok"}),
        ),
        write(
            "urge",
            Urge,
            json!({"targetKind": "petition", "targetId": "<forwarded>", "how": "phone"}),
        ),
        write(
            "informVoters",
            InformVoters,
            json!({"petitionId": "<answered>", "channel": "phone"}),
        ),
        write(
            "closePetition",
            ClosePetition,
            json!({"petitionId": "<informed>"}),
        ),
        write(
            "reopenPetition",
            ReopenPetition,
            json!({"petitionId": "<closed>", "reason": "Chưa làm xong"}),
        ),
        // What is its own already stays: a council that was divided has a test of its own.
        write(
            "allocatePetitions",
            AllocateObligations,
            json!({"petitionIds": ["<petition>"], "councilId": "<council>"}),
        ),
        write(
            "publishPetition",
            Publish,
            json!({"petitionId": "<petition>", "publicTitle": "Cầu", "publicContent": "Sửa cầu"}),
        ),
        Sample {
            by: Some(InformVoters),
            ..one(
                "syncPush",
                json!({"rows": [{"mutationId": "<new>", "collection": "informing", "id": "<new>",
                    "patch": {"petitionId": "<answered>", "channel": "phone"}}]}),
            )
        },
    ]
}

fn of_meetings_and_resolutions() -> Vec<Sample> {
    vec![
        write(
            "planMeeting",
            ManageMeetings,
            json!({"councilId": "<council>", "kind": "thematic", "title": "Tiếp xúc", "unitIds": ["<unit>"]}),
        ),
        write(
            "updateMeeting",
            ManageMeetings,
            json!({"meetingId": "<meeting>", "title": "Tiếp xúc"}),
        ),
        write(
            "advanceMeeting",
            ManageMeetings,
            json!({"meetingId": "<meeting>", "event": "approve", "basis": "6/KH"}),
        ),
        write(
            "setAgenda",
            ManageMeetings,
            json!({"meetingId": "<meeting>", "items": [{"title": "Báo cáo"}]}),
        ),
        write(
            "addDocument",
            ManageMeetings,
            json!({"meetingId": "<meeting>", "kind": "GM", "number": "12/GM", "date": "2026-02-09", "title": "Giấy mời"}),
        ),
        write(
            "recordAttendance",
            ManageMeetings,
            json!({"meetingId": "<held>", "invited": 9}),
        ),
        write("publishMeeting", Publish, json!({"meetingId": "<held>"})),
        write(
            "answerInvitation",
            ManageMeetings,
            json!({"meetingId": "<asked>", "delegateId": "<delegate>", "attending": true}),
        ),
        write(
            "createResolution",
            ManageResolutions,
            json!({"councilId": "<council>", "rawNumber": "<name>", "kind": "individual", "title": "Về cầu", "issuedOn": "2026-01-15"}),
        ),
        write(
            "updateResolution",
            ManageResolutions,
            json!({"resolutionId": "<resolution>", "title": "Về cầu"}),
        ),
        write(
            "setEffect",
            ManageResolutions,
            json!({"resolutionId": "<resolution>", "event": "come_into_force", "on": "2026-01-20"}),
        ),
        write(
            "relateResolutions",
            ManageResolutions,
            json!({"resolutionId": "<resolution>", "edges": [{"toId": "<other>", "kind": "implements"}]}),
        ),
    ]
}

fn of_rounds() -> Vec<Sample> {
    vec![
        write(
            "planRound",
            ManageMeetings,
            json!({"councilId": "<council>", "kind": "thematic", "title": "Đợt tiếp xúc"}),
        ),
        write(
            "updateRound",
            ManageMeetings,
            json!({"roundId": "<round>", "title": "Đợt tiếp xúc"}),
        ),
        write(
            "advanceRound",
            ManageMeetings,
            json!({"roundId": "<round>", "event": "approve"}),
        ),
        write("publishRound", Publish, json!({"roundId": "<approved>"})),
        write(
            "startProcedure",
            ManageMeetings,
            json!({"councilId": "<council>", "kind": "contact_preparation", "anchorOn": "2026-03-20"}),
        ),
        write(
            "completeStep",
            ManageMeetings,
            json!({"stepId": "<step>", "doneOn": "2026-03-12"}),
        ),
        write(
            "waiveStep",
            ManageMeetings,
            json!({"stepId": "<step>", "reason": "Có sẵn"}),
        ),
        write("reopenStep", ManageMeetings, json!({"stepId": "<step>"})),
        write(
            "moveProcedure",
            ManageMeetings,
            json!({"procedureId": "<procedure>", "anchorOn": "2026-03-27"}),
        ),
        write(
            "cancelProcedure",
            ManageMeetings,
            json!({"procedureId": "<procedure>", "reason": "Hủy đợt"}),
        ),
        write(
            "draftSynthesis",
            GroupFeedback,
            json!({"councilId": "<council>", "roundId": "<round>"}),
        ),
        write(
            "freezeSynthesis",
            GroupFeedback,
            json!({"synthesisId": "<synthesis>", "documentNumber": "<name>", "documentDate": "2026-03-12"}),
        ),
        write(
            "cosignSynthesis",
            CosignSynthesis,
            json!({"synthesisId": "<frozen>", "signer": "Chủ tịch"}),
        ),
        write(
            "sendSynthesis",
            GroupFeedback,
            json!({"synthesisId": "<cosigned>", "sentTo": "Thường trực HĐND tỉnh"}),
        ),
        write(
            "addCouncilDocument",
            ManageMeetings,
            json!({"councilId": "<council>", "purpose": "contact_guide", "kind": "HD", "number": "<name>",
                "date": "2026-02-09", "title": "Hướng dẫn"}),
        ),
        write(
            "updateCouncilDocument",
            ManageMeetings,
            json!({"documentId": "<paper>", "title": "Hướng dẫn khác"}),
        ),
        write(
            "setCouncilPeriod",
            ManageCouncil,
            json!({"councilId": "<council>", "code": "inform_voters", "days": 15, "validFrom": "<later>", "basis": "<name>"}),
        ),
    ]
}

fn of_people_and_bodies() -> Vec<Sample> {
    vec![
        own(
            "login",
            json!({"input": {"username": "aicungduoc", "password": PASSWORD, "deviceName": "máy"}}),
        ),
        own("refresh", json!({"input": {"refreshToken": "không có"}})),
        own(
            "changePassword",
            json!({"input": {"currentPassword": "không đúng", "newPassword": "ngắn"}}),
        ),
        own(
            "registerPush",
            json!({"input": {"kind": "WEB_PUSH", "endpoint": "https://push.example.vn/x"}}),
        ),
        own("unregisterPush", json!({})),
        one("dismissSyncIssue", json!({"input": {"id": "<issue>"}})),
        Sample {
            spare: true,
            ..own("logout", json!({}))
        },
        one(
            "revokeDevice",
            json!({"input": {"deviceId": "<device>", "stolen": false}}),
        ),
        write_public(
            "createAccount",
            ManageAccounts,
            json!({"username": "<name>", "password": PASSWORD, "role": "committee", "councilId": "<council>"}),
        ),
        write(
            "updateAccount",
            ManageAccounts,
            json!({"accountId": "<account>", "name": "Tên khác"}),
        ),
        write(
            "disableAccount",
            ManageAccounts,
            json!({"accountId": "<account>", "reason": "nghỉ việc"}),
        ),
        write("enableAccount", ManageAccounts, json!({"accountId": "<account>"})),
        write(
            "resetPassword",
            ManageAccounts,
            json!({"accountId": "<account>", "password": PASSWORD}),
        ),
        write(
            "grantRole",
            GrantRoles,
            json!({"accountId": "<account>", "role": "auditor", "councilId": "<council>"}),
        ),
        write("revokeRole", GrantRoles, json!({"grantId": "<grant>"})),
        // Whoever keeps a council keeps no unit beside it: only where the whole country is one's own.
        public(
            "createCouncil",
            json!({"input": {"unitId": "<bare>", "term": "2026-2031", "ordinal": 2, "validFrom": "2026-07-01"}}),
        ),
        write_public(
            "updateCouncil",
            ManageCouncil,
            json!({"councilId": "<council>", "name": "HĐND xã"}),
        ),
        write_public(
            "createCommittee",
            ManageCouncil,
            json!({"councilId": "<council>", "name": "<name>"}),
        ),
        write_public(
            "createGroup",
            ManageCouncil,
            json!({"councilId": "<council>", "name": "<name>"}),
        ),
        write_public(
            "createDelegate",
            ManageCouncil,
            json!({"councilId": "<council>", "name": "Đại biểu mới", "unitIds": ["<unit>"]}),
        ),
        write_public(
            "updateDelegate",
            ManageCouncil,
            json!({"delegateId": "<delegate>", "name": "Đại biểu khác"}),
        ),
        write_public(
            "endMandate",
            ManageCouncil,
            json!({"delegateId": "<delegate>", "on": "2026-03-01", "reason": "dismissed"}),
        ),
        write_public(
            "createAgency",
            ManageAgencies,
            json!({"name": "<name>", "kind": "department", "unitId": "<unit>"}),
        ),
        write_public(
            "updateAgency",
            ManageAgencies,
            json!({"agencyId": "<agency>", "name": "UBND xã"}),
        ),
    ]
}
