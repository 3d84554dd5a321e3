//! The collections that travel to phones: one line each. The only place of the engine that names nouns.

use crate::{
    agencies, councils, delegates, feedback, meetings, notes, petitions, resolutions,
    store::{collection::Collection, writing::Writable},
    units,
};

/// All collections, parents before children. The place in this list is a bit in every cursor: add at the end.
pub const COLLECTIONS: &[&dyn Collection] = &[
    &units::UnitCollection,
    &councils::CouncilCollection,
    &agencies::AgencyCollection,
    &delegates::DelegateCollection,
    &meetings::MeetingCollection,
    &meetings::record::MeetingRecordCollection,
    &feedback::FeedbackCollection,
    &petitions::PetitionCollection,
    &petitions::telling::InformingCollection,
    &petitions::telling::UrgingCollection,
    &resolutions::ResolutionCollection,
    &notes::NoteCollection,
    &crate::sync::issue::SyncIssueCollection,
];

/// What a phone may write.
pub const WRITABLE: &[&dyn Writable] = &[
    &meetings::MeetingCollection,
    &meetings::record::MeetingRecordCollection,
    &feedback::FeedbackCollection,
    &petitions::telling::InformingCollection,
    &petitions::telling::UrgingCollection,
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
