//! Rows in which every field has a value: what can be told of them is all that is ever told.

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    agency, agenda, answer, answer_petition, attachment, constituency, council, delegate, feedback,
    feedback_addition, informing, meeting, meeting_council, meeting_record, meeting_unit, note, petition,
    petition_agency, petition_feedback, petition_lineage, petition_repeat, petition_unit, resolution,
    resolution_edge, sync_issue, unit, urging,
};
use uuid::Uuid;

/// A moment.
pub(crate) fn moment() -> DateTime<Utc> {
    "2026-03-02T01:00:00Z".parse().unwrap()
}

/// A day.
pub(crate) fn day() -> NaiveDate {
    "2026-03-02".parse().unwrap()
}

fn id<T: From<Uuid>>() -> T {
    T::from(Uuid::now_v7())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A file that a row names, and that has arrived.
pub(crate) fn attachment(collection: &str, row: impl Into<Uuid>) -> attachment::Model {
    attachment::Model {
        row_id: row.into(),
        sha256: "ab".repeat(32),
        collection: collection.into(),
        account_id: id(),
        position: 0,
        arrived: true,
    }
}

pub(crate) fn unit() -> unit::Model {
    unit::Model {
        id: id(),
        code: "27721".into(),
        name: "Xã Tân Hưng".into(),
        level: "commune".into(),
        kind: "commune".into(),
        parent_id: Some(id()),
        valid_from: Some(day()),
        valid_to: Some(day()),
        rev: 1,
    }
}

pub(crate) fn council() -> council::Model {
    council::Model {
        id: id(),
        unit_id: id(),
        level: "commune".into(),
        name: "HĐND xã".into(),
        term: "2026-2031".into(),
        ordinal: 1,
        valid_from: day(),
        valid_to: Some(day()),
        rev: 1,
    }
}

pub(crate) fn agency() -> agency::Model {
    agency::Model {
        id: id(),
        name: "UBND xã".into(),
        kind: "committee".into(),
        unit_id: id(),
        official_code: some("H53.1"),
        hotline: some("0276 3822 000"),
        email: some("ubnd@tayninh.gov.vn"),
        has_account: true,
        successor_id: Some(id()),
        valid_from: Some(day()),
        valid_to: Some(day()),
        rev: 1,
    }
}

pub(crate) fn delegate() -> delegate::Model {
    delegate::Model {
        id: id(),
        account_id: Some(id()),
        council_id: id(),
        group_id: Some(id()),
        name: "Đại biểu".into(),
        full_time: true,
        valid_from: day(),
        valid_to: Some(day()),
        end_reason: some("hết nhiệm kỳ"),
        rev: 1,
    }
}

pub(crate) fn meeting() -> meeting::Model {
    meeting::Model {
        id: id(),
        family: meeting::Family::Contact,
        kind: "before_session".into(),
        council_id: id(),
        author_id: Some(id()),
        round_id: Some(id()),
        outside_round: None,
        title: "Tiếp xúc cử tri".into(),
        place: some("Nhà văn hóa"),
        starts_at: Some(moment()),
        ends_at: Some(moment()),
        mode: some("direct"),
        status: meeting::Status::Held,
        ordinal: Some(1),
        plan_number: some("06/KH-HĐND"),
        plan_date: Some(day()),
        agenda: some("[]"),
        brief: some("Tóm tắt"),
        invited: Some(60),
        attended: Some(50),
        speakers: Some(3),
        opinions: Some(5),
        attendance_bands: some("female=20"),
        is_public: true,
        stamps: String::new(),
        created_at: moment(),
        rev: 1,
        updated_at: moment(),
    }
}

pub(crate) fn meeting_unit(meeting: &meeting::Model) -> meeting_unit::Model {
    meeting_unit::Model {
        meeting_id: meeting.id,
        unit_id: id(),
    }
}

pub(crate) fn meeting_council(meeting: &meeting::Model) -> meeting_council::Model {
    meeting_council::Model {
        meeting_id: meeting.id,
        council_id: id(),
    }
}

pub(crate) fn meeting_delegate(meeting: &meeting::Model) -> entity::meeting_delegate::Model {
    entity::meeting_delegate::Model {
        meeting_id: meeting.id,
        delegate_id: id(),
        invited: true,
        attended: true,
        attending: Some(true),
        absence_reason: None,
        answered_at: Some(moment()),
    }
}

/// Somebody else who was invited and will not come.
pub(crate) fn absent_delegate(meeting: &meeting::Model) -> entity::meeting_delegate::Model {
    entity::meeting_delegate::Model {
        attended: false,
        attending: Some(false),
        absence_reason: some("Họp Quốc hội"),
        ..meeting_delegate(meeting)
    }
}

pub(crate) fn meeting_brief(meeting: &meeting::Model) -> entity::meeting_brief::Model {
    entity::meeting_brief::Model {
        meeting_id: meeting.id,
        text: r#"{"asked":[],"onSpot":[]}"#.into(),
    }
}

pub(crate) fn meeting_record() -> meeting_record::Model {
    meeting_record::Model {
        id: id(),
        meeting_id: id(),
        council_id: id(),
        author_id: id(),
        started_at: Some(moment()),
        ended_at: Some(moment()),
        invited: Some(60),
        attended: Some(50),
        speakers: Some(3),
        opinion_count: Some(5),
        attendance_bands: some("female=20"),
        minutes_draft: some("Biên bản"),
        attending: Some(false),
        absence_reason: some("Họp Quốc hội"),
        status: meeting_record::Status::Draft,
        late: true,
        stamps: String::new(),
        rev: 1,
        updated_at: moment(),
    }
}

pub(crate) fn constituency(delegate: &delegate::Model) -> constituency::Model {
    constituency::Model {
        delegate_id: delegate.id,
        unit_id: id(),
    }
}

pub(crate) fn feedback() -> feedback::Model {
    feedback::Model {
        id: id(),
        council_id: id(),
        author_id: id(),
        delegate_id: Some(id()),
        meeting_id: Some(id()),
        unit_id: Some(id()),
        sub_unit: some("Ấp 1"),
        channel: some("contact_meeting"),
        origin: some("voter"),
        kind: "petition".into(),
        subject: some("Đường"),
        content: some("Đường hỏng"),
        wanted: some("Sửa đường"),
        affected: some("Cả ấp"),
        since: some("năm ngoái"),
        evidence: some("Có ảnh"),
        answered_on_spot: Some(true),
        on_spot_answer: some("Sẽ sửa"),
        tracking_code: some("ABCD-1234"),
        receipt_number: some("7"),
        received_on: Some(day()),
        receiving_agency_id: Some(id()),
        recorded_at: Some(moment()),
        received_at: moment(),
        accepted_at: Some(moment()),
        seen_at: Some(moment()),
        question: some("Ở đâu?"),
        returns: 1,
        missing: some("since"),
        status: feedback::Status::Accepted,
        late: true,
        petition_id: Some(id()),
        stamps: String::new(),
        rev: 1,
        updated_at: moment(),
    }
}

pub(crate) fn feedback_addition(feedback: &feedback::Model) -> feedback_addition::Model {
    feedback_addition::Model {
        id: id(),
        feedback_id: feedback.id,
        text: "Thêm".into(),
        at: moment(),
    }
}

pub(crate) fn petition() -> petition::Model {
    petition::Model {
        id: id(),
        council_id: id(),
        number: "12/2026".into(),
        title: "Sửa đường".into(),
        content: "Đề nghị sửa đường".into(),
        public_title: some("Sửa đường"),
        public_content: some("Đề nghị sửa đường"),
        public_answer: some("Sẽ sửa"),
        origin: some("voter"),
        field: some("transport"),
        tier: some("commune"),
        process: petition::Process::Forwarded,
        outcome: some("in_progress"),
        agency_id: Some(id()),
        upper_council_id: Some(id()),
        forwarding_id: Some(id()),
        forwarded_number: some("12/VP"),
        forwarded_at: Some(day()),
        due_at: Some(day()),
        extended_to: Some(day()),
        urgings: 1,
        reminders: 1,
        answer_id: Some(id()),
        answer_text: some("Sẽ sửa"),
        answer_number: some("8/UBND"),
        answered_at: Some(day()),
        assessment: some("ok"),
        roadmap_at: Some(day()),
        cost_millions: Some(850),
        unresolved_reason: some("budget"),
        satisfaction: some("partly"),
        informed_at: Some(moment()),
        closed_at: Some(moment()),
        repeats: 1,
        missing: some("since"),
        created_at: moment(),
        rev: 1,
        updated_at: moment(),
    }
}

pub(crate) fn petition_unit(petition: &petition::Model) -> petition_unit::Model {
    petition_unit::Model {
        petition_id: petition.id,
        unit_id: id(),
    }
}

pub(crate) fn petition_agency(petition: &petition::Model) -> petition_agency::Model {
    petition_agency::Model {
        petition_id: petition.id,
        agency_id: id(),
        answer_id: None,
    }
}

pub(crate) fn agenda() -> agenda::Model {
    agenda::Model {
        id: id(),
        account_id: id(),
        scope: agenda::Scope::Council,
        kind: agenda::Kind::ToForward,
        council_id: Some(id()),
        agency_id: Some(id()),
        count: 2,
        overdue: 1,
        due_at: Some(day()),
        petition_ids: "a b".into(),
        feedback_ids: Some("c d".into()),
        synthesis_ids: Some("e".into()),
        as_of: moment(),
        rev: 1,
    }
}

pub(crate) fn petition_feedback(petition: &petition::Model) -> petition_feedback::Model {
    petition_feedback::Model {
        petition_id: petition.id,
        feedback_id: id(),
    }
}

pub(crate) fn lineage(from: &petition::Model, to: &petition::Model) -> petition_lineage::Model {
    petition_lineage::Model {
        from_id: from.id,
        to_id: to.id,
        kind: "split".into(),
        at: moment(),
    }
}

pub(crate) fn petition_repeat(petition: &petition::Model) -> petition_repeat::Model {
    petition_repeat::Model {
        petition_id: petition.id,
        earlier_id: id(),
        actor_id: id(),
        at: moment(),
        unlinked_at: None,
        unlinked_by: None,
        unlink_reason: None,
    }
}

pub(crate) fn answer() -> answer::Model {
    answer::Model {
        id: id(),
        agency_id: id(),
        council_id: id(),
        document_number: "8/UBND".into(),
        document_date: day(),
        text: "Đã sửa".into(),
        outcome: "resolved".into(),
        roadmap_at: Some(day()),
        cost_millions: Some(850),
        unresolved_reason: None,
        on_behalf: false,
        actor_id: id(),
        at: moment(),
    }
}

pub(crate) fn answer_petition(
    answer: &answer::Model,
    petition: &petition::Model,
    version: i32,
) -> answer_petition::Model {
    answer_petition::Model {
        answer_id: answer.id,
        petition_id: petition.id,
        version,
        coordinating: false,
        assessment: None,
        assessment_note: None,
        public_text: None,
    }
}

pub(crate) fn informing() -> informing::Model {
    informing::Model {
        id: id(),
        petition_id: id(),
        council_id: id(),
        author_id: id(),
        at: moment(),
        channel: "phone".into(),
        meeting_id: Some(id()),
        note: some("Đã báo"),
        satisfaction: some("partly"),
        answer_id: Some(id()),
        received_at: moment(),
        rev: 1,
    }
}

pub(crate) fn urging() -> urging::Model {
    urging::Model {
        id: id(),
        target_kind: "petition".into(),
        target_id: id(),
        to_agency_id: Some(id()),
        council_id: id(),
        author_id: id(),
        how: "phone".into(),
        text: some("Bà con chờ"),
        document_number: some("9/VP"),
        ordinal: 1,
        at: moment(),
        received_at: moment(),
        rev: 1,
    }
}

pub(crate) fn resolution() -> resolution::Model {
    resolution::Model {
        id: id(),
        council_id: id(),
        unit_id: id(),
        session_id: Some(id()),
        by_standing_committee: true,
        number: some("07/NQ-HĐND"),
        number_key: some("07/nq-hdnd"),
        year: 2026,
        raw_number: "07/NQ-HĐND".into(),
        kind: "individual".into(),
        title: "Nghị quyết".into(),
        text: some("Điều 1"),
        effect: resolution::Effect::InForce,
        issued_on: Some(day()),
        in_force_from: Some(day()),
        in_force_to: Some(day()),
        votes_for: Some(20),
        votes_against: Some(0),
        votes_abstained: Some(1),
        delegates_present: Some(21),
        delegates_total: Some(25),
        is_public: true,
        created_at: moment(),
        rev: 1,
        updated_at: moment(),
    }
}

pub(crate) fn resolution_edge(from: &resolution::Model, kind: &str) -> resolution_edge::Model {
    resolution_edge::Model {
        from_id: from.id,
        to_id: id(),
        kind: kind.into(),
    }
}

pub(crate) fn note() -> note::Model {
    note::Model {
        id: id(),
        account_id: id(),
        unit_id: Some(id()),
        meeting_id: Some(id()),
        text: "Ghi chú".into(),
        updated_at: moment(),
        deleted: false,
        stamps: String::new(),
        rev: 1,
    }
}

pub(crate) fn sync_issue() -> sync_issue::Model {
    sync_issue::Model {
        id: id(),
        account_id: id(),
        device_id: id(),
        collection: some("feedback"),
        row_id: Some(id()),
        mutation_id: "m-1".into(),
        code: "UNKNOWN_CODE".into(),
        field: some("channel"),
        status: "open".into(),
        payload: Some(vec![1]),
        at: moment(),
        rev: 1,
    }
}
