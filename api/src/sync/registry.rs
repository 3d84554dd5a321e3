//! The collections that travel to phones, and those of desks: one line each. The only place of the engine that names
//! nouns.

use crate::{
    agencies, agenda, councils, delegates, feedback, meetings, notes, petitions, procedures, resolutions,
    rounds,
    store::{collection::Collection, writing::Writable},
    syntheses, units,
};

/// Everything that lies in the change log. First what travels to phones, parents before children: the place among
/// these is a bit in every cursor, add at their end. Then what is only for desks: it lies in the log because that
/// says who may see it, and no pull, stream or push knows of it.
pub const LOGGED: &[&dyn Collection] = &[
    &units::UnitCollection,
    &councils::CouncilCollection,
    &agencies::AgencyCollection,
    &delegates::DelegateCollection,
    &meetings::MeetingCollection,
    &meetings::record::MeetingRecordCollection,
    &feedback::FeedbackCollection,
    &petitions::PetitionCollection,
    &petitions::informing::InformingCollection,
    &petitions::urging::UrgingCollection,
    &resolutions::ResolutionCollection,
    &notes::NoteCollection,
    &crate::sync::issue::SyncIssueCollection,
    &agenda::AgendaCollection,
    // For desks.
    &rounds::RoundCollection,
    &procedures::ProcedureCollection,
    &syntheses::SynthesisCollection,
];

/// How many of them travel.
const TRAVELLING: usize = 14;

/// What travels to phones.
pub const COLLECTIONS: &[&dyn Collection] = LOGGED.split_at(TRAVELLING).0;

/// What is only for desks.
pub const DESK: &[&dyn Collection] = LOGGED.split_at(TRAVELLING).1;

/// What a phone may write.
pub const WRITABLE: &[&dyn Writable] = &[
    &meetings::MeetingCollection,
    &meetings::record::MeetingRecordCollection,
    &feedback::FeedbackCollection,
    &petitions::informing::InformingCollection,
    &petitions::urging::UrgingCollection,
    &notes::NoteCollection,
];

/// The collection of this name.
pub fn collection(name: &str) -> Option<&'static dyn Collection> {
    COLLECTIONS
        .iter()
        .copied()
        .find(|collection| collection.name() == name)
}

/// The collection of this name, if a phone may write it.
pub fn writable(name: &str) -> Option<&'static dyn Writable> {
    WRITABLE.iter().copied().find(|writable| writable.name() == name)
}

/// The place of a collection in the order in which rows are applied.
pub fn rank(name: &str) -> usize {
    COLLECTIONS
        .iter()
        .position(|collection| collection.name() == name)
        .unwrap_or(usize::MAX)
}

/// The bit of a collection in a cursor.
pub fn bit(name: &str) -> Option<u64> {
    COLLECTIONS
        .iter()
        .position(|collection| collection.name() == name)
        .map(|place| 1 << place)
}

/// The bits of all collections.
pub fn all_bits() -> u64 {
    (1 << COLLECTIONS.len()) - 1
}

/// The names behind these bits.
pub fn names(bits: u64) -> Vec<&'static str> {
    COLLECTIONS
        .iter()
        .enumerate()
        .filter(|(place, _)| bits & (1 << place) != 0)
        .map(|(_, collection)| collection.name())
        .collect()
}
