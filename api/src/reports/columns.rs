//! What a column is, and those that several tables have.

/// A column of a table. The Vietnamese name heads it, unless English is asked for: then the stable name does.
pub struct Column {
    /// The stable name: ASCII, never changed.
    pub name: &'static str,
    /// The Vietnamese name.
    pub vi: &'static str,
    /// What is counted or told, for docs/exports.md.
    pub means: &'static str,
}

pub(super) const fn column(name: &'static str, vi: &'static str, means: &'static str) -> Column {
    Column { name, vi, means }
}

/// The council's unit; see [`super::cells::unit_cells`].
pub(super) const UNIT_CODE: Column = column(
    "unit_code",
    "Mã đơn vị",
    "Official code of the council's unit, as of today",
);
pub(super) const UNIT_NAME: Column = column(
    "unit_name",
    "Đơn vị",
    "Its name; unallocated where the former unit became several",
);

/// The day whose end decides what had happened; every table has it.
pub(super) const CUT_OFF: Column = column(
    "cut_off_date",
    "Ngày chốt số liệu",
    "What had happened by the end of this day counts: the last day of the period, or today if that is earlier",
);

/// By which map units are named; every table has it.
pub(super) const UNIT_VIEW: Column = column(
    "unit_view",
    "Cách tính đơn vị",
    "`now`: units as they are today; a record of a former unit counts for the one unit that it became",
);
