//! Each contact.

use super::{
    super::{
        Export,
        cells::{codes_cell, label, unit_cells},
        columns::{Column, UNIT_CODE, UNIT_NAME, column},
        csv::Cell,
        paging::{After, Page},
    },
    columns::{
        CENTRAL, COMMUNE, DELEGATES, DISTRICT, FORWARDED, KIND, KIND_LABEL, ON_SPOT, OPINIONS, OTHER,
        PROVINCE, RECORDED, ROUND, SPEAKERS, VOTERS, WAITING,
    },
    delegates::delegates_cell,
    opinions::Opinions,
    read::read,
};
use uuid::Uuid;

use crate::{clock::local_date, error::Result};

/// Each contact.
pub(in super::super) const COLUMNS: &[Column] = &[
    column("id", "Mã cuộc", "Id of the contact, as in the API"),
    column("date", "Ngày", "The day on which it began, in Vietnam"),
    column(
        "title",
        "Nội dung",
        "Its title; for readers from outside once it is public",
    ),
    column(
        "place",
        "Địa điểm",
        "Where it took place; for readers from outside once it is public",
    ),
    column(
        "held_for_codes",
        "Mã đơn vị tổ chức",
        "Codes of the units that it was held for, as they were then, separated by spaces",
    ),
    UNIT_CODE,
    UNIT_NAME,
    ROUND,
    KIND,
    KIND_LABEL,
    column("status", "Trạng thái", "Where its minutes and reports stand now"),
    DELEGATES,
    VOTERS,
    SPEAKERS,
    OPINIONS,
    RECORDED,
    ON_SPOT,
    FORWARDED,
    CENTRAL,
    PROVINCE,
    COMMUNE,
    OTHER,
    DISTRICT,
    WAITING,
];

/// Each contact, a page of them.
pub(in super::super) async fn table(export: &Export, after: Option<After>) -> Result<Page> {
    let (points, next) = read(export, after).await?;
    let reference = export.state.reference();
    let lang = export.viewer.lang;
    let rows = points.into_iter().map(|point| {
        let unit = export.scope.unit_of(&reference, point.row.council_id);
        let mut row = vec![
            point.row.id.0.into(),
            point.row.starts_at.map(local_date).into(),
            Some(point.row.title.clone()).filter(|_| point.is_told).into(),
            point.row.place.clone().filter(|_| point.is_told).into(),
            codes_cell(&reference, &point.held_for),
        ];
        row.extend(unit_cells(unit, lang));
        row.push(point.row.round_id.map(Uuid::from).into());
        row.push(Cell::Plain(point.row.kind.clone()));
        row.push(label("contact_kind", &point.row.kind, lang));
        row.push(Cell::Plain(point.row.status.code().to_owned()));
        row.push(delegates_cell(&point.delegates));
        row.extend([point.voters, point.speakers, point.opinions].map(Cell::from));
        row.extend(Opinions::cells(point.became.as_ref()));
        row.extend(export.scope.closing());
        row
    });
    Ok(Page {
        rows: rows.collect(),
        next,
    })
}
