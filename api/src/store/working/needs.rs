//! Which rows the commands of a batch ask for, before any is read.

use std::collections::BTreeSet;

use entity::id::CouncilId;
use uuid::Uuid;

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
    /// The periods that these councils set for themselves.
    pub periods_of: BTreeSet<Uuid>,
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
    /// At which councils history says that these accounts belong or belonged ([`entity::event::BELONGING`]).
    pub belonging_of: BTreeSet<Uuid>,
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
    pub document: BTreeSet<Uuid>,
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
    /// By which letters these petitions went to whom, to which successors they passed, and the turns that they took
    /// ([`entity::event::TURNS`]).
    pub letters_of: BTreeSet<Uuid>,
    /// When feedback joined these petitions.
    pub joined_of: BTreeSet<Uuid>,
    pub answer: BTreeSet<Uuid>,
    /// From which files these petitions were taken over.
    pub imports_of: BTreeSet<Uuid>,
    /// Reminders that may have been made already.
    pub reminder: BTreeSet<Uuid>,
    /// All that waits for these accounts.
    pub agendas_of: BTreeSet<Uuid>,
    pub agenda: BTreeSet<Uuid>,
    pub urging: BTreeSet<Uuid>,
    /// How often these bodies were urged for these petitions; no body: the council above.
    pub urged: BTreeSet<(Uuid, Option<Uuid>)>,
    /// Urgings for these petitions by letters of these numbers.
    pub urgings_by: BTreeSet<(Uuid, String)>,
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
    /// All files that these rows name.
    pub files_of: BTreeSet<Uuid>,
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
