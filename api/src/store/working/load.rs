//! Reading what a batch needs, table by table; what takes more than a table is read beside it.

use std::collections::BTreeSet;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::{Needs, Working};
use crate::error::Result;

impl Working {
    /// Reads what is needed: a fixed number of statements for each kind of row, whatever their number.
    pub async fn load<C: ConnectionTrait>(conn: &C, needs: &Needs) -> Result<Self> {
        let mut working = Self {
            clocks: needs.clocks.clone(),
            ..Self::default()
        };

        macro_rules! by {
            ($table:ident . $column:ident in $ids:expr) => {{
                let ids: Vec<_> = $ids.iter().cloned().collect();
                if !ids.is_empty() {
                    let rows = entity::$table::Entity::find()
                        .filter(entity::$table::Column::$column.is_in(ids))
                        .all(conn)
                        .await?;
                    working.$table.loaded(rows);
                }
            }};
        }

        by!(unit.Id in needs.unit);
        by!(unit_succession.FromId in needs.successions_of);
        if needs.unit_gaps {
            working
                .unit_gap
                .loaded(entity::unit_gap::Entity::find().all(conn).await?);
        }
        by!(council.Id in needs.council);
        by!(council.UnitId in needs.councils_of);
        by!(committee.Id in needs.committee);
        by!(delegate_group.Id in needs.delegate_group);
        by!(committee.CouncilId in needs.parts_of);
        by!(delegate_group.CouncilId in needs.parts_of);
        by!(council_period.CouncilId in needs.periods_of);
        by!(delegate.Id in needs.delegate);
        by!(constituency.DelegateId in needs.delegate);
        by!(agency.Id in needs.agency);
        by!(agency.UnitId in needs.agencies_of);
        by!(account.Id in needs.account);
        by!(account.Username in needs.username);
        by!(device.Id in needs.device);
        by!(device.AccountId in needs.devices_of);
        by!(role_grant.Id in needs.role_grant);
        by!(role_grant.AccountId in needs.grants_of);
        by!(delegate.AccountId in needs.mandates_of);
        by!(role_grant.Role in needs.holders_of);
        by!(role_grant.AgencyId in needs.holders_at);
        by!(role_grant.CouncilId in needs.holders_at_council);
        let holding = [&needs.holders_at, &needs.holders_at_council];
        if !needs.holders_of.is_empty() || holding.iter().any(|places| !places.is_empty()) {
            let holders: BTreeSet<_> = working.role_grant.iter().map(|grant| grant.account_id).collect();
            by!(account.Id in holders);
        }
        by!(api_token.Id in needs.api_token);
        by!(waking.DeviceId in needs.waking);

        by!(synthesis.Id in needs.synthesis);
        let of = &needs.synthesis_round;
        let of = working.synthesis.iter().filter(|row| of.contains(&row.id.0));
        let of: BTreeSet<Uuid> = of.map(|row| row.round_id.0).collect();
        let said_in: BTreeSet<Uuid> = needs.said_in.union(&of).copied().collect();
        let points_of: BTreeSet<Uuid> = needs.points_of.union(&of).copied().collect();
        let rounds: BTreeSet<Uuid> = needs.round.union(&of).copied().collect();
        by!(round.Id in rounds);
        by!(procedure.Id in needs.procedure);
        by!(procedure_step.ProcedureId in needs.procedure);
        by!(procedure_step.Id in needs.procedure_step);
        let of = &needs.subjects_of;
        let of = working.procedure.iter().filter(|row| of.contains(&row.id.0));
        let subjects: BTreeSet<Uuid> = of.filter_map(|row| row.subject_id).collect();
        by!(round.Id in subjects);
        by!(synthesis.RoundId in needs.syntheses_of);
        by!(synthesis_edition.SynthesisId in needs.synthesis);
        by!(synthesis_item.EditionId in needs.lines_of);
        by!(meeting.Id in needs.meeting);
        by!(meeting.RoundId in points_of);
        let points = working.meeting.iter().map(|row| row.id.0);
        let meetings: BTreeSet<Uuid> = needs.meeting.iter().copied().chain(points).collect();
        by!(meeting_unit.MeetingId in meetings);
        by!(meeting_council.MeetingId in meetings);
        by!(meeting_delegate.MeetingId in meetings);
        by!(agenda_item.MeetingId in meetings);
        by!(meeting_brief.MeetingId in meetings);
        by!(meeting.Id in subjects);
        if !needs.happened_to.is_empty() {
            use entity::event::{Column, Entity};
            let (rows, events): (Vec<_>, Vec<_>) = needs.happened_to.iter().copied().unzip();
            let happened: Vec<(Uuid, String)> = Entity::find()
                .select_only()
                .columns([Column::RowId, Column::Event])
                .distinct()
                .filter(Column::RowId.is_in(rows))
                .filter(Column::Event.is_in(events))
                .into_tuple()
                .all(conn)
                .await?;
            working.happened.extend(happened);
        }
        by!(document.Id in needs.document);
        by!(document.MeetingId in needs.documents_of);
        if !needs.papers_of.is_empty() {
            let papers = entity::document::Entity::find()
                .filter(entity::document::Column::CouncilId.is_in(needs.papers_of.iter().copied()))
                .filter(entity::document::Column::Purpose.is_not_null());
            working.document.loaded(papers.all(conn).await?);
        }
        if !needs.templates_of.is_empty() {
            use entity::document_template::{Column, Entity};
            let (councils, kinds): (Vec<_>, Vec<_>) = needs.templates_of.iter().copied().unzip();
            let in_force = Entity::find()
                .filter(Column::CouncilId.is_in(councils))
                .filter(Column::Kind.is_in(kinds))
                .filter(Column::EndedAt.is_null());
            working.document_template.loaded(in_force.all(conn).await?);
        }
        if !needs.session_of.is_empty() {
            let any = needs
                .session_of
                .iter()
                .fold(Condition::any(), |any, (council, ordinal)| {
                    any.add(
                        Condition::all()
                            .add(entity::meeting::Column::CouncilId.eq(*council))
                            .add(entity::meeting::Column::Ordinal.eq(*ordinal)),
                    )
                });
            let rows = entity::meeting::Entity::find().filter(any).all(conn).await?;
            working.meeting.loaded(rows);
        }
        by!(meeting_record.Id in needs.meeting_record);
        by!(meeting_record.MeetingId in needs.records_of);
        if !needs.record_of.is_empty() {
            let any = needs
                .record_of
                .iter()
                .fold(Condition::any(), |any, (meeting, author)| {
                    any.add(
                        Condition::all()
                            .add(entity::meeting_record::Column::MeetingId.eq(*meeting))
                            .add(entity::meeting_record::Column::AuthorId.eq(*author)),
                    )
                });
            let rows = entity::meeting_record::Entity::find()
                .filter(any)
                .all(conn)
                .await?;
            working.meeting_record.loaded(rows);
        }

        by!(feedback.Id in needs.feedback);
        by!(feedback_addition.FeedbackId in needs.feedback);
        by!(feedback_contact.FeedbackId in needs.feedback);

        by!(petition.Id in needs.petition);
        by!(petition_unit.PetitionId in needs.petition);
        by!(petition_feedback.PetitionId in needs.petition);
        by!(petition_agency.PetitionId in needs.petition);
        by!(petition_lineage.FromId in needs.petition);
        by!(petition_lineage.ToId in needs.petition);
        by!(petition_repeat.PetitionId in needs.petition);
        let mut ancestry = needs.ancestry_of.clone();
        let mut young = ancestry.clone();
        while !young.is_empty() {
            use entity::petition_lineage::{Column, Entity};
            let edges = Entity::find().filter(Column::ToId.is_in(young));
            let edges = edges.all(conn).await?;
            let older = edges.iter().map(|edge| edge.from_id.0);
            young = older.filter(|id| ancestry.insert(*id)).collect();
            working.petition_lineage.loaded(edges);
        }
        by!(forwarding_petition.PetitionId in needs.petition);
        by!(answer_petition.PetitionId in needs.petition);
        if !said_in.is_empty() {
            working.load_said(conn, &said_in).await?;
        }
        if !needs.letters_of.is_empty() {
            by!(forwarding_petition.PetitionId in needs.letters_of);
            let links = working.forwarding_petition.iter();
            let links = links.filter(|link| needs.letters_of.contains(&link.petition_id.0));
            let letters: BTreeSet<Uuid> = links.map(|link| link.forwarding_id.0).collect();
            by!(forwarding.Id in letters);
            by!(forwarding_agency.ForwardingId in letters);
            by!(petition_transfer.PetitionId in needs.letters_of);
            // Without values, or no index of these would do.
            let turns = entity::event::TURNS.join("', '");
            let past = entity::event::Entity::find()
                .filter(entity::event::Column::RowId.is_in(needs.letters_of.iter().copied()))
                .filter(Expr::cust(format!("kind = 'petition' AND event IN ('{turns}')")));
            working.past = past.all(conn).await?;
        }
        if !needs.joined_of.is_empty() {
            use entity::event::{Column, Entity};
            let joined = Entity::find()
                .filter(Column::RowId.is_in(needs.joined_of.iter().copied()))
                .filter(Column::Event.eq(entity::event::JOINED));
            working.past.extend(joined.all(conn).await?);
        }
        if !needs.belonging_of.is_empty() {
            use entity::event::{BELONGING, Column, Entity};
            let belonging = Entity::find()
                .filter(Column::RowId.is_in(needs.belonging_of.iter().copied()))
                .filter(Column::Kind.eq("account"))
                .filter(Column::Event.is_in(BELONGING.iter().copied()))
                .filter(Column::CouncilId.is_not_null());
            working.past.extend(belonging.all(conn).await?);
        }
        if !needs.heard_of.is_empty() {
            working.load_heard(conn, &needs.heard_of).await?;
        }
        by!(forwarding.Id in needs.forwarding);
        by!(answer.Id in needs.answer);
        by!(petition_import.PetitionId in needs.imports_of);
        by!(reminder.Id in needs.reminder);
        by!(agenda.Id in needs.agenda);
        by!(agenda.AccountId in needs.agendas_of);
        by!(urging.Id in needs.urging);
        if !needs.urgings_by.is_empty() {
            use entity::urging::{Column, Entity};
            let (petitions, numbers): (BTreeSet<Uuid>, BTreeSet<String>) =
                needs.urgings_by.iter().cloned().unzip();
            let by_letter = Entity::find()
                .filter(Column::TargetId.is_in(petitions))
                .filter(Column::DocumentNumber.is_in(numbers));
            working.urging.loaded(by_letter.all(conn).await?);
        }
        if !needs.urged.is_empty() {
            working.load_urged(conn, &needs.urged).await?;
        }
        by!(informing.Id in needs.informing);
        by!(informing.PetitionId in needs.informings_of);

        by!(note.Id in needs.note);
        by!(resolution.Id in needs.resolution);
        by!(resolution_edge.FromId in needs.resolution);
        if !needs.resolution_number.is_empty() {
            let any = needs
                .resolution_number
                .iter()
                .fold(Condition::any(), |any, (unit, year, key)| {
                    any.add(
                        Condition::all()
                            .add(entity::resolution::Column::UnitId.eq(*unit))
                            .add(entity::resolution::Column::Year.eq(*year))
                            .add(entity::resolution::Column::NumberKey.eq(key.as_str())),
                    )
                });
            let rows = entity::resolution::Entity::find().filter(any).all(conn).await?;
            working.resolution.loaded(rows);
        }
        by!(sync_issue.Id in needs.sync_issue);
        if !needs.issues_about.is_empty() {
            let (accounts, rows): (BTreeSet<Uuid>, BTreeSet<Uuid>) =
                needs.issues_about.iter().copied().unzip();
            let open = entity::sync_issue::Entity::find()
                .filter(entity::sync_issue::Column::AccountId.is_in(accounts))
                .filter(entity::sync_issue::Column::RowId.is_in(rows))
                .filter(entity::sync_issue::Column::Status.eq(entity::sync_issue::OPEN));
            working.sync_issue.loaded(open.all(conn).await?);
        }
        by!(counter.Name in needs.counter);
        if !needs.receipt.is_empty() {
            let accounts: BTreeSet<Uuid> = needs.receipt.iter().map(|(account, _)| *account).collect();
            let mutations: Vec<String> = needs
                .receipt
                .iter()
                .map(|(_, mutation)| mutation.clone())
                .collect();
            let rows = entity::sync_receipt::Entity::find()
                .filter(entity::sync_receipt::Column::AccountId.is_in(accounts))
                .filter(entity::sync_receipt::Column::MutationId.is_in(mutations))
                .all(conn)
                .await?;
            working.sync_receipt.loaded(rows);
        }
        by!(sync_deferred.AccountId in needs.deferred_of);

        let with_files: BTreeSet<Uuid> = working
            .meeting_record
            .iter()
            .map(|record| record.id.0)
            .chain(needs.feedback.iter().copied())
            .chain(working.document.iter().map(|document| document.id.0))
            .chain(needs.files_of.iter().copied())
            .collect();
        by!(attachment.RowId in with_files);
        by!(attachment.Sha256 in needs.named_files);
        by!(file.Sha256 in needs.file);
        by!(upload.Sha256 in needs.uploads_of);
        if !needs.upload.is_empty() {
            let accounts: BTreeSet<Uuid> = needs.upload.iter().map(|(account, _)| *account).collect();
            let hashes: BTreeSet<String> = needs.upload.iter().map(|(_, hash)| hash.clone()).collect();
            let rows = entity::upload::Entity::find()
                .filter(entity::upload::Column::AccountId.is_in(accounts))
                .filter(entity::upload::Column::Sha256.is_in(hashes))
                .all(conn)
                .await?;
            working.upload.loaded(rows);
        }
        Ok(working)
    }
}
