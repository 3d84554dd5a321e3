//! Table 5: each petition and what became of it.

use super::{
    super::{
        Export,
        cells::{codes_cell, label, unit_cells},
        columns::{Column, UNIT_CODE, UNIT_NAME, column},
        csv::Cell,
        paging::{After, Page},
    },
    columns::{AGENCY, AGENCY_ID, FIELD, FIELD_LABEL, field_cells},
    read::read,
};
use crate::{clock::local_date, error::Result};

/// Table 5.
pub(in super::super) const COLUMNS: &[Column] = &[
    column("id", "Mã kiến nghị", "Id of the petition, as in the API"),
    column("number", "Số", "The council's own running number within the year"),
    column(
        "title",
        "Tiêu đề",
        "What it is about; readers from outside get the redacted title, or nothing",
    ),
    column(
        "content",
        "Nội dung kiến nghị",
        "What is asked; readers from outside get the redacted text, or nothing",
    ),
    UNIT_CODE,
    UNIT_NAME,
    column(
        "voters_unit_codes",
        "Mã đơn vị của cử tri",
        "Codes of the units whose voters asked, as they were then, separated by spaces",
    ),
    FIELD,
    FIELD_LABEL,
    column(
        "tier",
        "Thẩm quyền",
        "Code of the list `tier`; empty until it is classified",
    ),
    AGENCY_ID,
    AGENCY,
    column(
        "answer_number",
        "Số văn bản trả lời",
        "Number of the latest answer dated by the cut-off date; empty if none counts: reopened, or found wanting",
    ),
    column("answer_date", "Ngày trả lời", "Date of that answer"),
    column(
        "outcome",
        "Mã kết quả",
        "What that answer amounts to: code of the list `outcome`",
    ),
    column("outcome_label", "Kết quả", "Its label"),
    column(
        "roadmap_date",
        "Lộ trình đến",
        "Until when, for what is in progress or put off",
    ),
    column("due_date", "Hạn trả lời", "The first due date"),
    column(
        "extended_to",
        "Gia hạn đến",
        "The due date after extensions; the first one stays",
    ),
    column(
        "urgings",
        "Số lần đôn đốc",
        "How often somebody urged a body for it, until now",
    ),
    column(
        "repeats",
        "Số lần kiến nghị lại",
        "How often voters had to ask again",
    ),
    column("process", "Bước hiện tại", "Where it is in its process now"),
    column(
        "arrival",
        "Kỳ trước hay mới",
        "`carried_over`: it, or what it was split or merged from, was there before the period; else `new`",
    ),
    column(
        "state",
        "Xong hay còn lại",
        "`done`: closed by the cut-off date, after the voters were told; else `left`",
    ),
    column(
        "informed_on",
        "Ngày thông tin cho cử tri",
        "The day on which the voters were first told the latest answer, until now",
    ),
    column(
        "satisfaction",
        "Mã mức độ hài lòng",
        "What voters said last to the latest answer: code of the list `satisfaction`; empty where nobody asked, and for \
         readers from outside",
    ),
    column("satisfaction_label", "Mức độ hài lòng của cử tri", "Its label"),
    column(
        "remark",
        "Ghi chú",
        "Why it is not resolved: the label of that answer's `unresolved_reason`; but for readers from outside also what the \
         office noted when it assessed the answer",
    ),
];

/// Table 5: each petition, a page of them.
pub(in super::super) async fn table(export: &Export, after: Option<After>) -> Result<Page> {
    let (entries, next) = read(export, after, true).await?;
    let reference = export.state.reference();
    let lang = export.viewer.lang;
    let rows = entries.into_iter().map(|entry| {
        let row = &entry.row;
        let (title, content) = entry.words();
        let unit = export.scope.unit_of(&reference, row.council_id);
        let (agency, name) = entry.responder(&reference);
        let answer = entry.answer.as_ref();
        let mut cells = vec![
            row.id.0.into(),
            row.number.clone().into(),
            title.into(),
            content.into(),
        ];
        cells.extend(unit_cells(unit, lang));
        cells.push(codes_cell(&reference, &entry.units));
        cells.extend(field_cells(row.field.as_deref(), lang));
        cells.extend([
            row.tier.clone().into(),
            agency.into(),
            name.into(),
            answer.map(|answer| answer.number.clone()).into(),
            answer.map(|answer| answer.date).into(),
            Cell::Plain(entry.outcome().to_owned()),
            label("outcome", entry.outcome(), lang),
            answer.and_then(|answer| answer.roadmap).into(),
            row.due_at.into(),
            row.extended_to.into(),
            i64::from(row.urgings).into(),
            i64::from(row.repeats).into(),
            Cell::Plain(row.process.code().to_owned()),
            Cell::Plain(if entry.carried_over { "carried_over" } else { "new" }.to_owned()),
            Cell::Plain(if entry.done { "done" } else { "left" }.to_owned()),
            row.informed_at.map(local_date).into(),
            entry.satisfaction().map(str::to_owned).into(),
            entry
                .satisfaction()
                .map_or(Cell::Empty, |said| label("satisfaction", said, lang)),
            entry
                .remark(lang)
                .map_or(Cell::Empty, |remark| Cell::text(&remark)),
        ]);
        cells.extend(export.scope.closing());
        cells
    });
    Ok(Page {
        rows: rows.collect(),
        next,
    })
}
