//! The file of mistakes: the rows that were refused, as they were written in the columns that are read, with which row
//! each was and what is wrong with it. Corrected it can be sent again; only what was corrected is then taken over.

use super::{
    columns::{Column, Head, Heads, MISTAKES, SOURCE},
    run::RowOutcome,
    values,
};
use crate::{
    clock::written,
    error::{Lang, Result},
    reports::csv::{self, Cell},
};

/// Writes the file, piece by piece.
pub struct Mistakes {
    heads: Heads,
    /// The columns that are written: those that are read. Any other may be about voters as persons.
    kept: Vec<usize>,
    lang: Lang,
}

impl Mistakes {
    /// A file with these heads.
    pub fn of(heads: Heads, lang: Lang) -> Self {
        let kept = heads
            .heads
            .iter()
            .enumerate()
            .filter(|(_, head)| matches!(head, Head::Column(_)))
            .map(|(place, _)| place)
            .collect();
        Self { heads, kept, lang }
    }

    /// Its first bytes.
    pub fn begin(&self) -> Result<bytes::Bytes> {
        let heads = self.kept.iter().map(|place| {
            self.heads
                .raw
                .get(*place)
                .map_or(Cell::Empty, |head| Cell::text(head))
        });
        let own = [Cell::text(SOURCE), Cell::text(MISTAKES)];
        let all: Vec<Cell> = heads.chain(own).collect();
        csv::begin(&all)
    }

    /// The refused ones of these rows.
    pub fn lines(&self, rows: &[RowOutcome]) -> Result<bytes::Bytes> {
        let refused = rows.iter().filter(|row| !row.problems.is_empty());
        let lines: Vec<Vec<Cell>> = refused
            .map(|row| {
                let cells = self.kept.iter().map(|place| {
                    let cell = row.cells.get(*place).map(String::as_str).unwrap_or_default();
                    match self.heads.heads.get(*place) {
                        Some(Head::Column(column)) if is_day(*column) => {
                            Cell::text(&readable(cell, row.is_1904))
                        }
                        _ => Cell::text(cell),
                    }
                });
                let messages = row
                    .problems
                    .iter()
                    .map(|problem| problem.message(&self.heads, self.lang));
                let mistakes = messages.collect::<Vec<_>>().join("; ");
                cells
                    .chain([Cell::text(&row.source), Cell::text(&mistakes)])
                    .collect()
            })
            .collect();
        csv::lines(&lines)
    }
}

fn is_day(column: Column) -> bool {
    matches!(
        column,
        Column::Received
            | Column::ForwardedAt
            | Column::Due
            | Column::AnsweredAt
            | Column::Roadmap
            | Column::InformedAt
    )
}

/// The number of a day is nothing that anybody can correct.
fn readable(cell: &str, is_1904: bool) -> String {
    match (cell.trim().parse::<f64>(), values::day(cell, is_1904)) {
        (Ok(_), Some(day)) => written(day),
        _ => cell.to_owned(),
    }
}
