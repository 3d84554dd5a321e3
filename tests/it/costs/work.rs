//! The work of a page: meetings, feedback, petitions, resolutions, rounds, procedures and syntheses, each with all that can
//! hang on it.

use cutri_tests::world::Put;
use entity::{
    agenda_item, answer, answer_petition, extension, feedback, forwarding, forwarding_agency,
    forwarding_petition,
    id::{AgencyId, DelegateId, GroupId, MeetingId, PetitionId, ResolutionId, RoundId},
    informing, meeting, meeting_council, meeting_delegate, meeting_record, meeting_unit, petition,
    petition_agency, petition_feedback, petition_repeat, petition_transfer, petition_unit, procedure,
    procedure_step, reminder, resolution, resolution_edge, round, synthesis, synthesis_edition,
    synthesis_item, urging,
};

use super::page::{Bodies, PAGE, Page, Told};
use crate::rows::{self, day, moment};

impl Page<'_> {
    fn petition(&self, agency: Option<AgencyId>) -> petition::Model {
        let id: PetitionId = self.id();
        petition::Model {
            id,
            // No two of a council have one.
            number: id.to_string(),
            council_id: self.world.here.council,
            agency_id: agency,
            upper_council_id: Some(self.world.province_council),
            forwarding_id: None,
            answer_id: None,
            ..rows::petition()
        }
    }

    /// A page of meetings, feedback, petitions, resolutions, rounds, procedures and syntheses.
    pub(super) async fn work(&self, bodies: &Bodies) -> Told {
        let mut told = Told::new();
        // What petitions came of and went on as, and what resolutions amend, is older: the page does not show it.
        let mut around = Vec::new();
        let mut put = Put::new();
        for _ in 0..PAGE {
            let (before, after) = (self.petition(None), self.petition(None));
            let amended = self.resolution(None);
            around.push((before.clone(), after.clone(), amended.id));
            put = put.row(before).row(after).row(amended);
        }
        self.write(put).await;
        self.later();

        let mut put = Put::new();
        let mut rounds: Vec<RoundId> = Vec::new();
        for (number, (before, after, amended)) in around.into_iter().enumerate() {
            let (round, meeting): (RoundId, MeetingId) = (self.id(), self.id());
            rounds.push(round);
            put = self.round(put, round, meeting, bodies.delegates[number]);
            let agency = bodies.agencies[number];
            let now = self.petition(Some(agency));
            let said = feedback::Model {
                id: self.id(),
                council_id: self.world.here.council,
                author_id: self.world.here.office.account,
                delegate_id: Some(bodies.delegates[number]),
                meeting_id: Some(meeting),
                unit_id: Some(self.world.here.unit),
                receiving_agency_id: Some(agency),
                petition_id: Some(now.id),
                status: feedback::Status::Grouped,
                ..rows::feedback()
            };
            let resolution = self.resolution(Some(meeting));
            let amends = resolution_edge::Model {
                to_id: amended,
                ..rows::resolution_edge(&resolution, "amends")
            };
            let procedure = self.procedure(round);
            told.extend([
                ("round", round.0),
                ("meeting", meeting.0),
                ("petition", now.id.0),
                ("feedback", said.id.0),
                ("resolution", resolution.id.0),
                ("procedure", procedure.id.0),
            ]);
            put = put
                .row(rows::lineage(&before, &now))
                .row(rows::lineage(&now, &after))
                .row(petition_repeat::Model {
                    earlier_id: before.id,
                    ..rows::petition_repeat(&now)
                })
                .row(petition_repeat::Model {
                    earlier_id: now.id,
                    ..rows::petition_repeat(&after)
                })
                .row(petition_feedback::Model {
                    petition_id: now.id,
                    feedback_id: said.id,
                })
                .row(rows::feedback_addition(&said))
                .row(resolution)
                .row(amends)
                .row(self.step(&procedure))
                .row(procedure)
                .row(said);
            put = self.chain(put, now, meeting, agency);
        }
        let newest = *rounds.iter().max().unwrap();
        for group in &bodies.groups {
            let synthesis = self.synthesis(newest, *group);
            told.push(("synthesis", synthesis.id.0));
            put = self.editions(put, &synthesis).row(synthesis);
        }
        self.write(put).await;
        told
    }

    /// A round with its one point and all that belongs to this.
    fn round(&self, put: Put, round: RoundId, meeting: MeetingId, delegate: DelegateId) -> Put {
        let here = &self.world.here;
        let row = meeting::Model {
            id: meeting,
            council_id: here.council,
            author_id: None,
            round_id: Some(round),
            ..rows::meeting()
        };
        put.row(round::Model {
            id: round,
            council_id: here.council,
            kind: "before_session".to_owned(),
            title: "Đợt tiếp xúc".to_owned(),
            session_id: Some(meeting),
            plan_number: Some("6/KH".to_owned()),
            plan_date: Some(day()),
            points_planned: Some(1),
            starts_on: Some(day()),
            ends_on: Some(day()),
            content: Some("Nội dung dài".to_owned()),
            status: round::Status::Approved,
            is_public: true,
            created_at: moment(),
            rev: 0,
            updated_at: moment(),
        })
        .row(meeting_unit::Model {
            meeting_id: meeting,
            unit_id: here.unit,
        })
        .row(meeting_council::Model {
            meeting_id: meeting,
            council_id: self.world.province_council,
        })
        .row(meeting_delegate::Model {
            delegate_id: delegate,
            ..rows::meeting_delegate(&row)
        })
        .row(agenda_item::Model {
            id: self.id(),
            meeting_id: meeting,
            position: 1,
            title: "Tiếp thu ý kiến".to_owned(),
            presenter: None,
        })
        .row(self.document(here.council, Some(meeting)))
        .row(rows::meeting_brief(&row))
        .row(meeting_record::Model {
            id: self.id(),
            meeting_id: meeting,
            council_id: here.council,
            author_id: here.delegates[0].account,
            ..rows::meeting_record()
        })
        .row(row)
    }

    /// A petition with all that happened to it.
    fn chain(&self, put: Put, row: petition::Model, meeting: MeetingId, agency: AgencyId) -> Put {
        let world = self.world;
        let (council, office) = (world.here.council, world.here.office.account);
        let letter = forwarding::Model {
            id: self.id(),
            council_id: council,
            lead_agency_id: Some(agency),
            upper_council_id: None,
            document_number: "12/VP".to_owned(),
            document_date: day(),
            due_on: Some(day()),
            actor_id: office,
            at: moment(),
        };
        let reply = answer::Model {
            id: self.id(),
            agency_id: agency,
            council_id: council,
            actor_id: office,
            ..rows::answer()
        };
        put.row(petition_unit::Model {
            petition_id: row.id,
            unit_id: world.here.unit,
        })
        .row(petition_agency::Model {
            petition_id: row.id,
            agency_id: world.department,
            answer_id: None,
        })
        .row(forwarding_petition::Model {
            forwarding_id: letter.id,
            petition_id: row.id,
            returned_at: None,
            return_reason: None,
        })
        .row(forwarding_agency::Model {
            forwarding_id: letter.id,
            agency_id: world.department,
        })
        .row(letter)
        .row(answer_petition::Model {
            public_text: Some("Đã sửa".to_owned()),
            ..rows::answer_petition(&reply, &row, 1)
        })
        .row(extension::Model {
            id: self.id(),
            petition_id: row.id,
            from_due: Some(day()),
            to_due: day(),
            reason: "Chờ vốn".to_owned(),
            roadmap: None,
            actor_id: office,
            agency_id: Some(agency),
            at: moment(),
        })
        .row(reminder::Model {
            id: self.id(),
            petition_id: row.id,
            agency_id: agency,
            kind: reminder::Kind::Overdue,
            ordinal: 1,
            due_on: day(),
            at: moment(),
        })
        .row(petition_transfer::Model {
            id: self.id(),
            petition_id: row.id,
            from_id: world.company,
            to_id: agency,
            is_lead: true,
            at: moment(),
        })
        .row(urging::Model {
            id: self.id(),
            target_id: row.id.0,
            to_agency_id: Some(agency),
            council_id: council,
            author_id: office,
            ..rows::urging()
        })
        .row(informing::Model {
            id: self.id(),
            petition_id: row.id,
            council_id: council,
            author_id: office,
            meeting_id: Some(meeting),
            answer_id: Some(reply.id),
            ..rows::informing()
        })
        .row(reply)
        .row(row)
    }

    fn resolution(&self, session: Option<MeetingId>) -> resolution::Model {
        let id: ResolutionId = self.id();
        resolution::Model {
            id,
            council_id: self.world.here.council,
            unit_id: self.world.here.unit,
            session_id: session,
            // No two of a year have one.
            number_key: Some(id.to_string()),
            ..rows::resolution()
        }
    }

    fn procedure(&self, round: RoundId) -> procedure::Model {
        procedure::Model {
            id: self.id(),
            council_id: self.world.here.council,
            kind: "contact_preparation".to_owned(),
            title: "Quy trình".to_owned(),
            subject_kind: Some("round".to_owned()),
            subject_id: Some(round.0),
            anchor_on: day(),
            status: procedure::Status::Open,
            created_at: moment(),
            rev: 0,
            updated_at: moment(),
        }
    }

    fn step(&self, of: &procedure::Model) -> procedure_step::Model {
        procedure_step::Model {
            id: self.id(),
            procedure_id: of.id,
            position: 1,
            title: "Ban hành kế hoạch".to_owned(),
            responsible: None,
            document_kind: None,
            days: 5,
            unit: "working".to_owned(),
            side: "before".to_owned(),
            basis: None,
            due_on: day(),
            done_on: Some(day()),
            actor_id: Some(self.world.here.office.account),
            document_number: None,
            note: None,
            waived: None,
        }
    }

    fn synthesis(&self, round: RoundId, group: GroupId) -> synthesis::Model {
        synthesis::Model {
            id: self.id(),
            council_id: self.world.here.council,
            round_id: round,
            group_id: Some(group),
            title: "Báo cáo tổng hợp".to_owned(),
            status: synthesis::Status::Frozen,
            edition: 1,
            created_at: moment(),
            rev: 0,
            updated_at: moment(),
        }
    }

    fn editions(&self, put: Put, of: &synthesis::Model) -> Put {
        let edition = synthesis_edition::Model {
            id: self.id(),
            synthesis_id: of.id,
            number: 1,
            document_number: "9/BC".to_owned(),
            document_date: day(),
            signer: None,
            reason: None,
            frozen_at: moment(),
            frozen_by: Some(self.world.here.office.account),
            round_ended_on: Some(day()),
            due_on: Some(day()),
            points: 1,
            opinions: 1,
            on_spot: 0,
            before: 1,
            after: 1,
            cosigned_at: None,
            cosigned_by: None,
            cosigner: None,
            cosign_document_number: None,
            cosign_document_date: None,
            sent_on: None,
            sent_by: None,
            sent_to: None,
            to_council_id: None,
        };
        put.row(synthesis_item::Model {
            id: self.id(),
            edition_id: edition.id,
            position: 1,
            petition_id: None,
            feedback_id: None,
            number: None,
            title: "Sửa đường".to_owned(),
            content: "Đề nghị sửa đường".to_owned(),
            tier: None,
            field: None,
            places: "Tân Hưng".to_owned(),
            opinions: 1,
            merged_from: 1,
            split_from: None,
        })
        .row(edition)
    }
}
