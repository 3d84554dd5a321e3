//! Lists from what was said, without a database.

use entity::{
    id::{AccountId, MeetingId},
    meeting_council, petition_feedback,
};

use super::*;

fn id<T: From<Uuid>>(number: u128) -> T {
    T::from(Uuid::from_u128(number))
}

fn moment() -> chrono::DateTime<chrono::Utc> {
    "2026-03-02T01:00:00Z".parse().unwrap()
}

const WHOSE: Whose = Whose {
    council: CouncilId(Uuid::from_u128(1)),
    round: RoundId(Uuid::from_u128(2)),
    group: None,
};

fn point() -> meeting::Model {
    meeting::Model {
        id: id(3),
        family: meeting::Family::Contact,
        kind: "before_session".to_owned(),
        council_id: WHOSE.council,
        author_id: None,
        round_id: Some(WHOSE.round),
        outside_round: None,
        title: "Tiếp xúc cử tri".to_owned(),
        place: None,
        starts_at: Some(moment()),
        ends_at: None,
        mode: None,
        status: meeting::Status::MinutesSigned,
        ordinal: None,
        plan_number: None,
        plan_date: None,
        agenda: None,
        brief: None,
        invited: None,
        attended: None,
        speakers: None,
        opinions: None,
        attendance_bands: None,
        is_public: false,
        stamps: String::new(),
        created_at: moment(),
        rev: 1,
        updated_at: moment(),
    }
}

fn said(number: u128, petition: Option<PetitionId>) -> feedback::Model {
    feedback::Model {
        id: id(1_000_000 + number),
        council_id: WHOSE.council,
        author_id: AccountId(Uuid::from_u128(4)),
        delegate_id: None,
        meeting_id: Some(MeetingId(Uuid::from_u128(3))),
        unit_id: None,
        sub_unit: None,
        channel: None,
        origin: None,
        kind: "petition".to_owned(),
        subject: None,
        content: Some(format!("Ý kiến {number}")),
        wanted: None,
        affected: None,
        since: None,
        evidence: None,
        answered_on_spot: None,
        on_spot_answer: None,
        tracking_code: None,
        receipt_number: None,
        received_on: None,
        receiving_agency_id: None,
        recorded_at: None,
        received_at: moment(),
        accepted_at: None,
        seen_at: None,
        question: None,
        returns: 0,
        missing: None,
        status: feedback::Status::Accepted,
        late: false,
        petition_id: petition,
        stamps: String::new(),
        rev: 1,
        updated_at: moment(),
    }
}

fn petition(number: u128, process: Process) -> petition::Model {
    petition::Model {
        title: format!("Kiến nghị {number}"),
        field: Some("transport".to_owned()),
        tier: Some("province".to_owned()),
        process,
        rev: 1,
        ..petition::Model::accepted(
            id(2_000_000 + number),
            WHOSE.council,
            format!("{number}/2026"),
            moment(),
        )
    }
}

fn became(from: PetitionId, to: PetitionId, kind: &str) -> petition_lineage::Model {
    petition_lineage::Model {
        from_id: from,
        to_id: to,
        kind: kind.to_owned(),
        at: moment(),
    }
}

/// A round in which each of so many petitions was said once.
fn round(petitions: impl Iterator<Item = petition::Model>) -> Working {
    let mut working = Working::default();
    working.meeting.loaded([point()]);
    for (row, number) in petitions.zip(0..) {
        let said = said(number, Some(row.id));
        working.petition_feedback.loaded([petition_feedback::Model {
            petition_id: row.id,
            feedback_id: said.id,
        }]);
        working.feedback.loaded([said]);
        working.petition.loaded([row]);
    }
    working
}

#[test]
fn two_thousand_eight_hundred_and_sixty_eight_became_two_thousand_four_hundred_and_fifty_eight() {
    // 410 pairs were the same.
    let process = |number| {
        if number < 820 {
            Process::Merged
        } else {
            Process::Classified
        }
    };
    let mut working = round((0..2_868).map(|number| petition(number, process(number))));
    for pair in 0..410 {
        let one = petition(10_000 + pair, Process::Classified);
        for number in [2 * pair, 2 * pair + 1] {
            working
                .petition_lineage
                .loaded([became(id(2_000_000 + number), one.id, "merge")]);
        }
        working.petition.loaded([one]);
    }
    let made = list(&working, &Reference::default(), WHOSE);
    assert_eq!(
        (made.opinions, made.before, made.lines.len()),
        (2_868, 2_868, 2_458)
    );
    assert_eq!(made.lines.iter().map(|line| line.opinions).sum::<usize>(), 2_868);
    assert_eq!(
        made.lines.iter().filter(|line| line.merged_from == 2).count(),
        410
    );
}

#[test]
fn the_figure_before_does_not_move_when_two_are_grouped() {
    let on_spot = feedback::Model {
        answered_on_spot: Some(true),
        ..said(4, None)
    };
    // Two delegates heard of one bridge, and the office makes one petition of it.
    let made = |bridge: Option<PetitionId>| {
        let mut working = Working::default();
        working.meeting.loaded([point()]);
        working.petition.loaded([petition(1, Process::Classified)]);
        working
            .feedback
            .loaded([said(1, bridge), said(2, bridge), said(3, None), on_spot.clone()]);
        let made = list(&working, &Reference::default(), WHOSE);
        assert_eq!(made.before, made.opinions - made.on_spot);
        let merged_from: Vec<usize> = made.lines.iter().map(|line| line.merged_from).collect();
        assert_eq!(merged_from.iter().sum::<usize>(), made.before, "the lines add up");
        (made.before, made.ungrouped(), merged_from)
    };
    assert_eq!(made(None), (3, 3, vec![1, 1, 1]));
    assert_eq!(made(Some(id(2_000_001))), (3, 1, vec![2, 1]));
}

#[test]
fn lines_stand_by_tier_field_and_number_and_nothing_is_missing() {
    let mut working = round([(9, "commune"), (10, "commune"), (2, "central")].into_iter().map(
        |(number, tier)| petition::Model {
            tier: Some(tier.to_owned()),
            ..petition(number, Process::Classified)
        },
    ));
    let on_spot = feedback::Model {
        answered_on_spot: Some(true),
        ..said(100, None)
    };
    let withdrawn = feedback::Model {
        status: feedback::Status::Withdrawn,
        ..said(101, None)
    };
    let denounced = feedback::Model {
        kind: "denunciation".to_owned(),
        ..said(102, None)
    };
    working
        .feedback
        .loaded([on_spot, withdrawn, denounced, said(103, None)]);
    let made = list(&working, &Reference::default(), WHOSE);
    assert_eq!(
        (made.points, made.opinions, made.on_spot, made.before),
        (1, 5, 1, 4)
    );
    let numbers: Vec<Option<&str>> = made.lines.iter().map(|line| line.number.as_deref()).collect();
    assert_eq!(numbers, [Some("2/2026"), Some("9/2026"), Some("10/2026"), None]);
    assert_eq!(made.lines[3].title, "Ý kiến 103");
    // Of another round, and of another council, nothing.
    let other = Whose {
        round: id(9),
        ..WHOSE
    };
    assert!(list(&working, &Reference::default(), other).lines.is_empty());
    let other = Whose {
        council: id(9),
        ..WHOSE
    };
    assert_eq!(list(&working, &Reference::default(), other).opinions, 0);
}

#[test]
fn a_split_leads_to_its_parts_and_a_merger_of_parts_to_one() {
    let mut working = round([petition(1, Process::Split), petition(2, Process::Merged)].into_iter());
    let (part, other, one) = (
        petition(3, Process::Merged),
        petition(4, Process::Classified),
        petition(5, Process::Classified),
    );
    working.petition_lineage.loaded([
        became(id(2_000_001), part.id, "split"),
        became(id(2_000_001), other.id, "split"),
        became(part.id, one.id, "merge"),
        became(id(2_000_002), one.id, "merge"),
    ]);
    working.petition.loaded([part, other, one]);
    let made = list(&working, &Reference::default(), WHOSE);
    assert_eq!((made.before, made.lines.len()), (2, 2));
    let of = |number: &str| {
        made.lines
            .iter()
            .find(|line| line.number.as_deref() == Some(number))
            .unwrap()
    };
    assert_eq!(
        (
            of("5/2026").merged_from,
            of("5/2026").opinions,
            &of("5/2026").split_from
        ),
        (2, 2, &None)
    );
    assert_eq!(
        (of("4/2026").merged_from, of("4/2026").split_from.as_deref()),
        (1, Some("1/2026"))
    );
}

#[test]
fn what_was_heard_at_a_contact_of_others_is_in_the_list_once_the_council_takes_part() {
    let mut working = Working::default();
    working.meeting.loaded([meeting::Model {
        council_id: id(9),
        ..point()
    }]);
    working.feedback.loaded([said(1, None)]);
    let made = list(&working, &Reference::default(), WHOSE);
    assert_eq!((made.points, made.opinions, made.lines.len()), (0, 0, 0));
    working.meeting_council.loaded([meeting_council::Model {
        meeting_id: id(3),
        council_id: WHOSE.council,
    }]);
    let made = list(&working, &Reference::default(), WHOSE);
    assert_eq!((made.points, made.opinions, made.lines.len()), (1, 1, 1));
}
