//! What became of petitions, for a session (bảng tổng hợp kết quả giải quyết kiến nghị của cử tri): the standard tables of a
//! council's petitions, from the session before to this one.

use std::{collections::HashMap, sync::Arc};

use chrono::{Datelike, Duration, NaiveDate};
use entity::{
    id::{MeetingId, PetitionId},
    meeting::{self, Family, Status},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{
    Making, Paper, Signed,
    petitions::{AskedBefore, places},
    words::{capital, label, paper},
};
use crate::{
    clock::{local_date, written},
    documents::filling::{Filling, Row},
    error::{Code, Result},
    reports::{Export, Scope, Table, midnight},
};

type Cells = HashMap<&'static str, String>;

/// How the summaries name the outcomes.
const OUTCOMES: [(&str, &str); 8] = [
    ("tong", "total"),
    ("da_giai_quyet", "resolved"),
    ("dang_giai_quyet", "in_progress"),
    ("da_giai_trinh", "explained"),
    ("chua_giai_quyet", "not_resolved"),
    ("tam_gac", "deferred"),
    ("khong_tham_quyen", "out_of_competence"),
    ("chua_tra_loi", "not_answered"),
];

/// How the balance names its figures.
const BALANCE: [(&str, &str); 5] = [
    ("ky_truoc", "carried_over"),
    ("moi", "new"),
    ("tong", "total"),
    ("da_xong", "done"),
    ("con_lai", "left"),
];

pub(super) async fn fill(making: &Making<'_>, id: MeetingId) -> Result<Paper> {
    let session = meeting::Entity::find_by_id(id)
        .one(making.state.store.read())
        .await?;
    let session = session
        .filter(|session| session.family == Family::Session)
        .ok_or(Code::NotFound)?;
    making.inside(session.council_id)?;
    let (from, to) = period(making, &session).await?;
    let table = async |table: Table| {
        let reference = making.state.reference();
        let export = Export {
            state: Arc::clone(making.state),
            viewer: making.viewer.clone(),
            table,
            scope: Scope::of_council(session.council_id, from, to, &reference, making.today)?,
        };
        let rows = export.all(super::MOST_ROWS).await?;
        Ok::<Vec<Cells>, crate::error::Error>(rows)
    };

    let mut filling = Filling::default();
    filling.set("ky_hop", session.title.as_str());
    filling.set("tu_ngay", written(from));
    filling.set("den_ngay", written(to));
    let balance = table(Table::PetitionBalance).await?;
    for (name, column) in BALANCE {
        // One row for each unit of today; a council has one, or several when its unit was divided.
        let figures = balance
            .iter()
            .filter_map(|row| row.get(column)?.parse::<i64>().ok());
        filling.set(name, figures.sum::<i64>().to_string());
    }
    let by_agency = table(Table::PetitionsByAgency).await?;
    filling.list_of(
        "theo_co_quan",
        summary(&by_agency, "agency", "Chưa chuyển cơ quan nào"),
    );
    let by_field = table(Table::PetitionsByField).await?;
    filling.list_of(
        "theo_linh_vuc",
        summary(&by_field, "field_label", "Chưa phân loại"),
    );
    let petitions = table(Table::PetitionResults).await?;
    let ids: Vec<PetitionId> = petitions.iter().filter_map(petition).collect();
    let as_of = to.min(making.today);
    // The last moment of that day.
    let end = midnight(as_of.succ_opt().unwrap_or(as_of))? - Duration::microseconds(1);
    let asked = AskedBefore::read(making, &ids, end).await?;
    let places = places(making, &ids).await?;
    let rows = petitions.iter().zip(1..).map(|(row, number)| {
        let place = petition(row).and_then(|petition| places.get(&petition));
        listed(row, number, &asked).with("noi_kien_nghi", place.cloned().unwrap_or_default())
    });
    filling.list_of("kien_nghi", rows.collect());
    Ok(Paper {
        council: session.council_id,
        group: None,
        recorded: Signed::default(),
        as_of,
        receivers: making.partners(session.council_id),
        filling,
    })
}

/// From the day after the council's session before (its table ended with that day), or the first day of the year, to the
/// day of this one. What came on a session's own day is new in its table alone; sessions of one day share theirs.
async fn period(making: &Making<'_>, session: &meeting::Model) -> Result<(NaiveDate, NaiveDate)> {
    use meeting::{Column, Entity};
    let to = making.asked_day(making.question.to.as_ref(), "to")?;
    let to = to.or(session.starts_at.map(local_date)).unwrap_or(making.today);
    if let Some(from) = making.asked_day(making.question.from.as_ref(), "from")? {
        return Ok((from, to));
    }
    let day = session.starts_at.map_or(to, |at| local_date(at).min(to));
    let before = Entity::find()
        .filter(Column::CouncilId.eq(session.council_id))
        .filter(Column::Family.eq(Family::Session))
        .filter(Column::Status.is_not_in([Status::Cancelled, Status::Postponed]))
        .filter(Column::StartsAt.lt(midnight(day)?))
        .order_by_desc(Column::StartsAt)
        .one(making.state.store.read())
        .await?;
    let before = before.and_then(|before| before.starts_at).map(local_date);
    let after = before.and_then(|day| day.succ_opt());
    let new_year = to.with_ordinal(1).unwrap_or(to);
    Ok((after.unwrap_or(new_year), to))
}

fn cell<'a>(row: &'a Cells, column: &str) -> Option<&'a str> {
    row.get(column)
        .map(String::as_str)
        .filter(|cell| !cell.is_empty())
}

fn day(row: &Cells, column: &str) -> Option<NaiveDate> {
    cell(row, column)?.parse().ok()
}

fn summary(rows: &[Cells], name: &str, nobody: &str) -> Vec<Row> {
    let rows = rows.iter().map(|row| {
        let of = Row::default().with("ten", cell(row, name).unwrap_or(nobody));
        OUTCOMES.iter().fold(of, |of, (name, column)| {
            of.with(name, cell(row, column).unwrap_or_default())
        })
    });
    rows.collect()
}

fn petition(row: &Cells) -> Option<PetitionId> {
    Some(PetitionId(cell(row, "id")?.parse().ok()?))
}

fn listed(row: &Cells, number: usize, asked: &AskedBefore) -> Row {
    let told = |column| cell(row, column).unwrap_or_default();
    let is_done = told("state") == "done";
    // What was answered is not due any more: of it the day counts that the answer names, if it names one.
    let is_owed = !is_done && cell(row, "answer_date").is_none();
    let due = day(row, "extended_to").or(day(row, "due_date"));
    let until = day(row, "roadmap_date").or(due.filter(|_| is_owed));
    let mut remarks = Vec::new();
    if told("arrival") == "carried_over" {
        remarks.push("kỳ trước chuyển sang");
    }
    if is_done {
        remarks.push("đã xong");
    }
    let content = cell(row, "content").unwrap_or(told("title"));
    Row::numbered(number)
        .with("so", told("number"))
        .with("tieu_de", told("title"))
        .with("noi_dung", asked.told(petition(row), content))
        .with("linh_vuc", told("field_label"))
        .with("tham_quyen", label("tier", cell(row, "tier")))
        .with("co_quan", told("agency"))
        .with(
            "van_ban_tra_loi",
            paper(cell(row, "answer_number"), day(row, "answer_date")),
        )
        .with("ket_qua", told("outcome_label"))
        .with("thoi_han", until.map(written).unwrap_or_default())
        .with("don_doc", told("urgings"))
        .with("lap_lai", asked.times(petition(row)).to_string())
        .with("tinh_trang", if is_done { "Đã xong" } else { "Còn lại" })
        .with("ghi_chu", capital(&remarks.join("; ")))
}
