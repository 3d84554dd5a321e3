//! The working set of one batch: the rows that its commands need, read in bulk; what the rules made of them; and
//! the statements that save it. The number of statements depends on the tables touched, never on the rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use entity::id::{AccountId, CouncilId, FeedbackId};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::table::{Key, Root, Row, Table, save};
use crate::error::Result;

macro_rules! rows {
    ($($table:ident ( $($key:ident),+ );)*) => {$(
        impl Row for entity::$table::Model {
            fn key(&self) -> Key {
                rows!(@key self $($key),+)
            }
        }
    )*};
    (@key $row:ident $id:ident) => { ($row.$id.into(), Uuid::nil()) };
    (@key $row:ident $from:ident, $to:ident) => { ($row.$from.into(), $row.$to.into()) };
}

rows! {
    unit(id); unit_succession(from_id, to_id); unit_gap(id); council(id); committee(id); delegate_group(id); delegate(id); agency(id); account(id); device(id);
    role_grant(id); meeting(id); meeting_record(id); agenda_item(id); document(id); feedback(id);
    feedback_contact(feedback_id); feedback_addition(id); petition(id); forwarding(id); answer(id); extension(id);
    urging(id); informing(id); note(id); resolution(id); sync_issue(id);
    constituency(delegate_id, unit_id); meeting_unit(meeting_id, unit_id);
    meeting_council(meeting_id, council_id); meeting_delegate(meeting_id, delegate_id); petition_unit(petition_id, unit_id);
    petition_feedback(petition_id, feedback_id); petition_agency(petition_id, agency_id);
    petition_lineage(from_id, to_id); forwarding_petition(forwarding_id, petition_id);
    forwarding_agency(forwarding_id, agency_id); answer_petition(answer_id, petition_id);
    api_token(id); waking(device_id); meeting_brief(meeting_id); round(id); procedure(id); procedure_step(id);
    synthesis(id); synthesis_edition(id); synthesis_item(id);
    petition_import(petition_id); petition_repeat(petition_id, earlier_id); reminder(id); petition_transfer(id);
    agenda(id); document_template(id);
}

/// Rows whose key is a text take a place made of it; the place never reaches the database.
fn place(parts: &[&str]) -> Key {
    (
        Uuid::new_v5(&Uuid::NAMESPACE_OID, parts.join("\u{1f}").as_bytes()),
        Uuid::nil(),
    )
}

impl Row for entity::counter::Model {
    fn key(&self) -> Key {
        place(&[&self.name])
    }
}

impl Row for entity::sync_receipt::Model {
    fn key(&self) -> Key {
        place(&[&self.account_id.to_string(), &self.mutation_id])
    }
}

impl Row for entity::sync_deferred::Model {
    fn key(&self) -> Key {
        place(&[&self.account_id.to_string(), &self.mutation_id])
    }
}

impl Row for entity::file::Model {
    fn key(&self) -> Key {
        place(&[&self.sha256])
    }
}

impl Row for entity::upload::Model {
    fn key(&self) -> Key {
        place(&[&self.account_id.to_string(), &self.sha256])
    }
}

impl Row for entity::attachment::Model {
    fn key(&self) -> Key {
        (self.row_id, place(&[&self.sha256]).0)
    }
}

impl Row for entity::erasure::Model {
    fn key(&self) -> Key {
        place(&[&self.object])
    }
}

impl Row for entity::resolution_edge::Model {
    fn key(&self) -> Key {
        (
            self.from_id.into(),
            place(&[&self.to_id.to_string(), &self.kind]).0,
        )
    }
}

macro_rules! roots {
    ($($table:ident $(. $updated:ident)?;)*) => {
        impl Working {
            /// Has the root with this id written again as it is: its documents, its place in the log, its entries in
            /// the index.
            pub(crate) fn touch(&mut self, id: Uuid) {
                $(if self.$table.get(id).is_some() {
                    self.$table.touch(id);
                })*
            }
        }

        $(impl Root for entity::$table::Model {
            fn rev(&self) -> i64 {
                self.rev
            }

            fn stamp(&mut self, rev: i64, _now: DateTime<Utc>) {
                self.rev = rev;
                $(self.$updated = _now;)?
            }
        })*
    };
}

roots! {
    unit; council; delegate; agency; account; note; urging; informing; sync_issue; agenda;
    meeting.updated_at; meeting_record.updated_at; feedback.updated_at; petition.updated_at; resolution.updated_at;
    round.updated_at; procedure.updated_at; synthesis.updated_at;
}

macro_rules! working {
    ($($table:ident)*) => {
        /// The rows of one batch.
        #[derive(Clone, Default)]
        pub struct Working {
            $(pub $table: Table<entity::$table::Model>,)*
            /// History, in the order in which it happened.
            pub events: Vec<entity::event::Model>,
            /// What had happened before, where it was asked for ([`Needs::letters_of`]).
            pub past: Vec<entity::event::Model>,
            /// On which day the feedback of some petitions was said or came in (`Needs::heard_of`).
            pub heard: BTreeMap<FeedbackId, NaiveDate>,
            /// What its commands want ticked beside the clocks of the partitions.
            pub(crate) clocks: BTreeSet<&'static str>,
            /// Of what history was asked, what happened: row and event.
            pub(crate) happened: BTreeSet<(Uuid, String)>,
        }

        impl Working {
            /// Whether the database has to be told anything.
            pub fn is_changed(&self) -> bool {
                !self.events.is_empty() $(|| self.$table.is_changed())*
            }

            /// Takes over what was read later.
            pub(crate) fn absorb(&mut self, more: Self) {
                $(self.$table.absorb(more.$table);)*
                self.past.extend(more.past);
                self.heard.extend(more.heard);
                self.clocks.extend(more.clocks);
                self.happened.extend(more.happened);
            }

            /// Writes everything that changed.
            pub(crate) async fn save<C: ConnectionTrait>(&self, tx: &C) -> Result<()> {
                $(save::<entity::$table::Entity, C>(&self.$table, tx).await?;)*
                let mut history = Table::default();
                for event in &self.events {
                    history.put(event.clone());
                }
                save::<entity::event::Entity, C>(&history, tx).await
            }
        }

        $(impl From<entity::$table::Model> for Change {
            fn from(row: entity::$table::Model) -> Self {
                Change(Box::new(move |working| working.$table.put(row)))
            }
        })*
    };
}

impl Row for entity::event::Model {
    fn key(&self) -> Key {
        (self.id.into(), Uuid::nil())
    }
}

working! {
    unit unit_succession unit_gap council committee delegate_group delegate constituency agency account device role_grant
    meeting meeting_unit meeting_council meeting_delegate agenda_item document meeting_record
    meeting_brief round procedure procedure_step synthesis synthesis_edition synthesis_item
    feedback feedback_contact feedback_addition
    petition petition_unit petition_feedback petition_agency petition_lineage
    forwarding forwarding_petition forwarding_agency answer answer_petition extension urging informing
    note resolution resolution_edge counter sync_issue sync_receipt sync_deferred
    api_token waking petition_import petition_repeat reminder petition_transfer agenda
    file upload attachment erasure document_template
}

/// Ticks with every change after which somebody may read something else than before. Since clocks and log are read in
/// one snapshot, whoever follows the log hears of a right that ended before he hears of what was written after it, in
/// every process.
pub const RIGHTS: &str = "rights";

impl Working {
    /// Whether somebody may read something else after these changes.
    pub(crate) fn changes_rights(&self) -> bool {
        self.changes_anybodys_rights() || !self.rights_of().is_empty()
    }

    /// The accounts that alone may read something else after these changes; nothing where it may be anybody.
    pub(crate) fn whose_rights(&self) -> Option<BTreeSet<AccountId>> {
        (!self.changes_anybodys_rights()).then(|| self.rights_of())
    }

    /// Whether anybody may read something else after these changes: whose rights they are does not follow from the rows.
    fn changes_anybodys_rights(&self) -> bool {
        fn is_written<M: Row>(table: &Table<M>) -> bool {
            table.written().next().is_some() || table.removed().next().is_some()
        }
        // What these decide for everybody who has a right there: what follows what, and what lies where.
        is_written(&self.council)
            || is_written(&self.unit)
            || is_written(&self.unit_succession)
            || is_written(&self.constituency)
    }

    /// The accounts whose own rights change: a device that is given up, a role, a mandate, a constituency. Not whoever
    /// signs in: that is no change for those who are there.
    pub(crate) fn rights_of(&self) -> BTreeSet<AccountId> {
        let mut accounts = BTreeSet::new();
        for account in self.account.written() {
            let was = self.account.was(account.id);
            if was.is_some_and(|was| was.disabled_at != account.disabled_at) {
                accounts.insert(account.id);
            }
        }
        for device in self.device.written() {
            let was = self.device.was(device.id);
            if was.is_some_and(|was| was.revoked_at != device.revoked_at) {
                accounts.insert(device.account_id);
            }
        }
        let grants = self.role_grant.written().chain(self.role_grant.removed());
        for grant in grants {
            let was = self.role_grant.was(grant.id).map(|was| was.account_id);
            accounts.extend(was.into_iter().chain([grant.account_id]));
        }
        let delegates = self.delegate.written().chain(self.delegate.removed());
        for delegate in delegates {
            let was = self.delegate.was(delegate.id).and_then(|was| was.account_id);
            accounts.extend(was.into_iter().chain(delegate.account_id));
        }
        let links = self.constituency.written().chain(self.constituency.removed());
        for link in links {
            accounts.extend(
                self.delegate
                    .get(link.delegate_id)
                    .and_then(|delegate| delegate.account_id),
            );
        }
        accounts
    }
}

/// One thing that a rule wants done to the working set.
pub struct Change(Box<dyn FnOnce(&mut Working) + Send>);

/// What a rule decided: rows to put, links to take away, history. Applied only when the whole command passed, so
/// that a refused command leaves no trace.
#[derive(Default)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// Puts a row, new or changed.
    pub fn put(&mut self, row: impl Into<Change>) {
        self.0.push(row.into());
    }

    /// Does something else to the working set: takes links away, touches a root.
    pub fn and(&mut self, change: impl FnOnce(&mut Working) + Send + 'static) {
        self.0.push(Change(Box::new(change)));
    }

    /// Adds a step to the history.
    pub fn happened(&mut self, event: entity::event::Model) {
        self.and(move |working| working.events.push(event));
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over what another rule decided.
    pub fn append(&mut self, mut other: Changes) {
        self.0.append(&mut other.0);
    }

    /// Does it.
    pub(crate) fn apply(self, working: &mut Working) {
        for Change(change) in self.0 {
            change(working);
        }
    }
}

/// Which rows a batch has to have in hand.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    pub council: BTreeSet<Uuid>,
    /// All councils of these units.
    pub councils_of: BTreeSet<Uuid>,
    pub committee: BTreeSet<Uuid>,
    pub delegate_group: BTreeSet<Uuid>,
    /// Committees and groups of these councils.
    pub parts_of: BTreeSet<Uuid>,
    pub delegate: BTreeSet<Uuid>,
    pub agency: BTreeSet<Uuid>,
    /// All agencies of these units.
    pub agencies_of: BTreeSet<Uuid>,
    pub account: BTreeSet<Uuid>,
    /// Accounts by their user name, to keep names unique.
    pub username: BTreeSet<String>,
    pub device: BTreeSet<Uuid>,
    /// All devices of these accounts.
    pub devices_of: BTreeSet<Uuid>,
    pub role_grant: BTreeSet<Uuid>,
    /// All grants of these accounts.
    pub grants_of: BTreeSet<Uuid>,
    /// All mandates of these accounts, without their constituencies.
    pub mandates_of: BTreeSet<Uuid>,
    /// All grants of these roles, and the accounts that hold them.
    pub holders_of: BTreeSet<String>,
    /// All grants at these agencies, and the accounts that hold them.
    pub holders_at: BTreeSet<Uuid>,
    /// All grants at these councils, and the accounts that hold them.
    pub holders_at_council: BTreeSet<Uuid>,
    pub api_token: BTreeSet<Uuid>,
    /// How these devices are woken.
    pub waking: BTreeSet<Uuid>,
    pub unit: BTreeSet<Uuid>,
    /// What became of these units.
    pub successions_of: BTreeSet<Uuid>,
    /// All that the lists of units leave open; there are few.
    pub unit_gaps: bool,
    pub meeting: BTreeSet<Uuid>,
    pub meeting_record: BTreeSet<Uuid>,
    /// Sessions by council and ordinal, to keep them one each.
    pub session_of: BTreeSet<(Uuid, i32)>,
    pub round: BTreeSet<Uuid>,
    /// All meetings of these rounds.
    pub points_of: BTreeSet<Uuid>,
    /// What was said at the meetings of these rounds, and the petitions that came of it.
    pub said_in: BTreeSet<Uuid>,
    /// With their steps.
    pub procedure: BTreeSet<Uuid>,
    /// What these procedures are for; of meetings the row alone.
    pub subjects_of: BTreeSet<Uuid>,
    pub procedure_step: BTreeSet<Uuid>,
    /// With their editions, without the lines of these.
    pub synthesis: BTreeSet<Uuid>,
    /// The lines of these editions.
    pub lines_of: BTreeSet<Uuid>,
    /// The rounds of these syntheses, with their points and what was said there.
    pub synthesis_round: BTreeSet<Uuid>,
    /// All syntheses of these rounds.
    pub syntheses_of: BTreeSet<Uuid>,
    /// Of these councils the templates of these kinds that are in force.
    pub templates_of: BTreeSet<(Uuid, &'static str)>,
    /// Documents of these councils' own.
    pub papers_of: BTreeSet<Uuid>,
    /// All documents of these meetings.
    pub documents_of: BTreeSet<Uuid>,
    /// Records by meeting and author, to keep them one each.
    pub record_of: BTreeSet<(Uuid, Uuid)>,
    /// All records of these meetings.
    pub records_of: BTreeSet<Uuid>,
    pub feedback: BTreeSet<Uuid>,
    pub petition: BTreeSet<Uuid>,
    /// Of which petitions these came by splits and mergers, back to the first; the links alone.
    pub ancestry_of: BTreeSet<Uuid>,
    /// When the feedback of these petitions was said; the days alone.
    pub heard_of: BTreeSet<Uuid>,
    pub forwarding: BTreeSet<Uuid>,
    /// By which letters these petitions went to whom, to which successors they passed, and all else that happened to them.
    pub letters_of: BTreeSet<Uuid>,
    pub answer: BTreeSet<Uuid>,
    /// From which files these petitions were taken over.
    pub imports_of: BTreeSet<Uuid>,
    /// Reminders that may have been made already.
    pub reminder: BTreeSet<Uuid>,
    /// All that waits for these accounts.
    pub agendas_of: BTreeSet<Uuid>,
    pub agenda: BTreeSet<Uuid>,
    pub urging: BTreeSet<Uuid>,
    /// All urgings of these petitions.
    pub urgings_of: BTreeSet<Uuid>,
    pub informing: BTreeSet<Uuid>,
    /// All that voters were told of these petitions.
    pub informings_of: BTreeSet<Uuid>,
    pub note: BTreeSet<Uuid>,
    pub resolution: BTreeSet<Uuid>,
    /// Resolutions by unit, year and folded number, to keep them one each.
    pub resolution_number: BTreeSet<(Uuid, i32, String)>,
    pub sync_issue: BTreeSet<Uuid>,
    /// What accounts were told of rows and is still open.
    pub issues_about: BTreeSet<(Uuid, Uuid)>,
    /// Running numbers by name.
    pub counter: BTreeSet<String>,
    /// Receipts by account and mutation.
    pub receipt: BTreeSet<(Uuid, String)>,
    /// Rows of these accounts that wait for something.
    pub deferred_of: BTreeSet<Uuid>,
    /// Files by hash.
    pub file: BTreeSet<String>,
    /// Uploads by account and hash.
    pub upload: BTreeSet<(Uuid, String)>,
    /// All uploads of these files.
    pub uploads_of: BTreeSet<String>,
    /// All rows that name these files.
    pub named_files: BTreeSet<String>,
    /// Whether these events ever happened to these rows.
    pub happened_to: BTreeSet<(Uuid, &'static str)>,
    /// Clocks to tick beside those of the partitions: what does not travel may need an order of its own.
    pub clocks: BTreeSet<&'static str>,
}

impl Needs {
    /// Counters are named by what they count, per council and year.
    pub fn petition_counter(council: CouncilId, year: i32) -> String {
        format!("petition:{council}:{year}")
    }
}

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
            let past = entity::event::Entity::find()
                .filter(entity::event::Column::Kind.eq("petition"))
                .filter(entity::event::Column::RowId.is_in(needs.letters_of.iter().copied()));
            working.past = past.all(conn).await?;
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
        by!(urging.TargetId in needs.urgings_of);
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

    /// The running number after the last one given, and the row that remembers it.
    pub fn next_number(&self, name: &str) -> entity::counter::Model {
        let last = self
            .counter
            .iter()
            .find(|counter| counter.name == name)
            .map_or(0, |counter| counter.value);
        entity::counter::Model {
            name: name.to_owned(),
            value: last + 1,
        }
    }
}
