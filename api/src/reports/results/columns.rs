//! The columns and cells that the tables of petitions share.

use super::super::{
    cells::label,
    columns::{Column, column},
    csv::Cell,
};
use crate::error::Lang;

pub(super) const AGENCY_ID: Column = column(
    "agency_id",
    "Mã cơ quan",
    "Id of the body that answered, else of the one that has it; empty where nobody has it yet",
);
pub(super) const AGENCY: Column = column(
    "agency",
    "Cơ quan trả lời",
    "Its name; of the council above where the petition lies there and went no further",
);
pub(super) const FIELD: Column = column(
    "field",
    "Mã lĩnh vực",
    "Code of the list `field`; empty until it is classified",
);
pub(super) const FIELD_LABEL: Column = column("field_label", "Lĩnh vực", "Its label");
/// A field and its label.
pub(super) fn field_cells(field: Option<&str>, lang: Lang) -> [Cell; 2] {
    match field {
        Some(field) => [Cell::Plain(field.to_owned()), label("field", field, lang)],
        None => [Cell::Empty, Cell::Empty],
    }
}
