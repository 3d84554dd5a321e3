//! Standard tables as files, for a unit with everything below it and a period: what voter contacts came to, and
//! what became of petitions.
//!
//! Counted plainly, from the rows themselves, at the moment of asking. What somebody may not see is not counted for
//! him either: every row is asked of [`crate::store::visibility`]. Nothing here may write, and nothing may hold
//! more than a page of rows at a time.

mod cells;
mod columns;
mod contacts;
pub(crate) mod csv;
pub mod http;
mod paging;
mod results;
mod scope;

use std::{collections::HashMap, sync::Arc};

use self::csv::Cell;
pub use self::{
    columns::Column,
    paging::{After, Page},
    scope::{Question, Scope},
};
pub(crate) use self::{contacts::became_of, scope::midnight};
use crate::{
    clock::local_date,
    error::{Code, Error, Lang, Result},
    state::State,
    viewer::Viewer,
};

/// A table that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Table 4: voter contacts by unit, round and kind.
    Contacts,
    /// The contacts that table 4 counts, one by one.
    ContactPoints,
    /// Units for which none of them took place.
    UnitsNotMet,
    /// Table 5: petitions, one by one.
    PetitionResults,
    /// Summary of table 5: who answers x outcome.
    PetitionsByAgency,
    /// Summary of table 5: field x outcome.
    PetitionsByField,
    /// Summary of table 5: carried over, new, done, left.
    PetitionBalance,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 7] = [
        Self::Contacts,
        Self::ContactPoints,
        Self::UnitsNotMet,
        Self::PetitionResults,
        Self::PetitionsByAgency,
        Self::PetitionsByField,
        Self::PetitionBalance,
    ];

    /// The name in the address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::ContactPoints => "contact-points",
            Self::UnitsNotMet => "units-not-met",
            Self::PetitionResults => "petition-results",
            Self::PetitionsByAgency => "petitions-by-agency",
            Self::PetitionsByField => "petitions-by-field",
            Self::PetitionBalance => "petition-balance",
        }
    }

    /// The table with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The title for people, in Vietnamese and English.
    pub fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Contacts => (
                "Tiếp xúc cử tri theo đơn vị, đợt và loại",
                "Voter contacts by unit, round and kind",
            ),
            Self::ContactPoints => ("Từng cuộc tiếp xúc cử tri", "Each voter contact"),
            Self::UnitsNotMet => (
                "Đơn vị chưa được tiếp xúc cử tri trong kỳ",
                "Units without a voter contact in the period",
            ),
            Self::PetitionResults => (
                "Kết quả giải quyết từng kiến nghị của cử tri",
                "Each petition and what became of it",
            ),
            Self::PetitionsByAgency => (
                "Kiến nghị theo cơ quan trả lời và kết quả",
                "Petitions by the body that answers and outcome",
            ),
            Self::PetitionsByField => (
                "Kiến nghị theo lĩnh vực và kết quả",
                "Petitions by field and outcome",
            ),
            Self::PetitionBalance => (
                "Kiến nghị kỳ trước chuyển sang, mới, đã xong, còn lại",
                "Petitions carried over, new, done and left",
            ),
        }
    }

    /// Its columns, in order.
    pub fn columns(self) -> Vec<&'static Column> {
        let own = match self {
            Self::Contacts => contacts::table::COLUMNS,
            Self::ContactPoints => contacts::points::COLUMNS,
            Self::UnitsNotMet => contacts::unmet::COLUMNS,
            Self::PetitionResults => results::petitions::COLUMNS,
            Self::PetitionsByAgency => results::summaries::AGENCY_COLUMNS,
            Self::PetitionsByField => results::summaries::FIELD_COLUMNS,
            Self::PetitionBalance => results::summaries::BALANCE_COLUMNS,
        };
        own.iter()
            .chain([&columns::CUT_OFF, &columns::UNIT_VIEW])
            .collect()
    }
}

/// A row by the stable names of its columns; what is not known, or not for this reader, is empty.
pub(crate) type Named = HashMap<&'static str, String>;

/// A table for somebody.
pub struct Export {
    pub state: Arc<State>,
    pub viewer: Viewer,
    pub table: Table,
    pub scope: Scope,
}

impl Export {
    /// The heads of the columns.
    fn header(&self) -> Vec<Cell> {
        let columns = self.table.columns();
        let names = columns.iter().map(|column| match self.viewer.lang {
            Lang::Vi => column.vi,
            Lang::En => column.name,
        });
        names.map(Cell::text).collect()
    }

    /// The next rows. Summaries are one page, whatever they were counted from.
    async fn page(&self, after: Option<After>) -> Result<Page> {
        match self.table {
            Table::Contacts => contacts::table::table(self).await,
            Table::ContactPoints => contacts::points::table(self, after).await,
            Table::UnitsNotMet => contacts::unmet::table(self).await,
            Table::PetitionResults => results::petitions::table(self, after).await,
            Table::PetitionsByAgency => results::summaries::by_agency(self).await,
            Table::PetitionsByField => results::summaries::by_field(self).await,
            Table::PetitionBalance => results::summaries::balance(self).await,
        }
    }

    /// All rows, by the stable names of their columns; more than `most` are an error that says so.
    pub(crate) async fn all(&self, most: usize) -> Result<Vec<Named>> {
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let page = self.page(next).await?;
            all.extend(page.rows.into_iter().map(|row| self.named(row)));
            if all.len() > most {
                return Err(Error::limit(Code::LimitTooLarge, most as u64));
            }
            match page.next {
                Some(after) => next = Some(after),
                None => return Ok(all),
            }
        }
    }

    /// The first row of which this holds.
    pub(crate) async fn find(&self, holds: impl Fn(&Named) -> bool) -> Result<Option<Named>> {
        let mut next = None;
        loop {
            let page = self.page(next).await?;
            let mut rows = page.rows.into_iter().map(|row| self.named(row));
            let found = rows.find(&holds);
            next = page.next;
            if found.is_some() || next.is_none() {
                return Ok(found);
            }
        }
    }

    fn named(&self, row: Vec<Cell>) -> Named {
        let columns = self.table.columns().into_iter();
        let named = columns
            .zip(row)
            .map(|(column, cell)| (column.name, cell.into_text()));
        named.collect()
    }

    /// The name under which a browser saves it.
    fn file_name(&self) -> String {
        format!(
            "{}_{}_{}.csv",
            self.table.name(),
            local_date(self.scope.start),
            self.scope.cut_off
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_stable_ascii_and_unique_within_a_table() {
        for table in Table::ALL {
            assert_eq!(Table::from_name(table.name()), Some(table));
            let mut seen = BTreeSet::new();
            let mut seen_vi = BTreeSet::new();
            for column in table.columns() {
                assert!(seen.insert(column.name), "{} twice", column.name);
                assert!(seen_vi.insert(column.vi), "{} twice", column.vi);
                assert!(
                    column
                        .name
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                );
            }
        }
        assert_eq!(Table::from_name("petition"), None);
    }
}
