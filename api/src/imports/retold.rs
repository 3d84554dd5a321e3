//! What a file of mistakes tells of a refused row, and reads again of where it was. No name of a voter leaves by it.

use super::{
    columns::{Column, Head},
    problem::Problem,
    rows::Reading,
    table::Line,
    values,
};
use crate::units::places::Unclear;

/// Told instead of a cell that may hold the name of a voter: refused again until somebody writes what it is to be.
/// An empty one would be taken for the council's own unit.
const WITHHELD: &str = "?";

impl Reading<'_> {
    /// What a file of mistakes tells of where the row was.
    fn told_source<'a>(&self, line: &'a Line) -> &'a str {
        let place = self.heads.heads.iter().position(|head| *head == Head::Source);
        let cell = place.and_then(|place| line.cells.get(place));
        cell.map_or("", |cell| cell.trim())
    }

    /// The file and the line in which a corrected row was refused; nothing for a row of this file itself.
    pub(super) fn source(&self, line: &Line) -> Result<Option<(String, u32)>, Problem> {
        match self.told_source(line) {
            "" => Ok(None),
            told => values::source(told)
                .map(Some)
                .ok_or_else(|| Problem::of_source(told)),
        }
    }

    /// What the file of mistakes is to tell of where this row was first.
    pub(super) fn source_cell(&self, line: &Line) -> String {
        match self.told_source(line) {
            "" => values::source_told(self.file, line.number),
            told => told.to_owned(),
        }
    }

    /// The cells of a refused row, as its file of mistakes may tell them: what is not read is not told, nor what may be
    /// the name of a voter.
    pub(super) fn told_cells(&self, line: &Line) -> Vec<String> {
        let cells = self.heads.heads.iter().zip(&line.cells);
        let told = cells.map(|(head, cell)| match head {
            Head::Column(column) if self.may_be_name(*column, cell) => WITHHELD.to_owned(),
            Head::Column(_) => cell.clone(),
            _ => String::new(),
        });
        told.collect()
    }

    fn may_be_name(&self, column: Column, cell: &str) -> bool {
        if cell.trim().is_empty() || !self.heads.is_doubtful(column) {
            return false;
        }
        match column {
            Column::Unit => matches!(
                self.places.resolve(cell, self.today, |_| true),
                Err(Unclear::Unknown(_))
            ),
            Column::Origin => values::code("origin", cell).is_none(),
            _ => true,
        }
    }
}
