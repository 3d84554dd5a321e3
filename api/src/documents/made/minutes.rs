//! The minutes of a voter contact (biên bản tiếp xúc cử tri), to be read out and signed. Every council that takes part
//! makes its own: its minutes list what was recorded for it, and of the others tell how much they recorded.

use std::collections::BTreeMap;

use entity::{
    document, feedback,
    id::{CouncilId, MeetingId},
    meeting::{self, Family},
    meeting_record,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{
    Making, Paper, Signed,
    points::Points,
    words::{hour_or_room, label, lowered},
};
use crate::{
    clock::local_date,
    documents::filling::{Filling, Row},
    error::{Code, Result},
    meetings::TakingPart,
    reports::{Export, Scope, Table, became_of},
    store::{partition::Partition, visibility::visible},
};

/// How the table of contacts names the figures that are told of the whole contact.
const STATED: [(&str, &str); 3] = [
    ("so_cu_tri", "voters"),
    ("so_phat_bieu", "speakers"),
    ("so_y_kien", "opinions"),
];

/// What is counted of the list: all, answered on the spot, forwarded, neither.
const LISTED: [&str; 4] = ["so_phieu", "so_tra_loi_tai_cho", "so_da_chuyen", "so_chua_chuyen"];

pub(super) async fn fill(making: &Making<'_>, id: MeetingId) -> Result<Paper> {
    let conn = making.state.store.read();
    let row = meeting::Entity::find_by_id(id).one(conn).await?;
    let row = row
        .filter(|row| row.family == Family::Contact)
        .ok_or(Code::NotFound)?;
    let reference = making.state.reference();
    let taking_part = TakingPart::read(conn, reference, vec![(row.id, row.council_id)]).await?;
    // Whose minutes they are: of the council that holds it for whoever belongs to it, else of his own.
    let mut councils = taking_part.of(id).iter().copied();
    let council = councils
        .find(|council| making.viewer.reads(Partition::Council(*council)))
        .ok_or(Code::NotFound)?;
    let records = meeting_record::Entity::find()
        .filter(meeting_record::Column::MeetingId.eq(id))
        .filter(visible(
            making.viewer,
            "meetingRecord",
            (meeting_record::Entity, meeting_record::Column::Id),
        ))
        .order_by_asc(meeting_record::Column::Id)
        .all(conn)
        .await?;
    let names = Points::read(making, &[id]).await?;

    let mut filling = Filling::default();
    filling.set("ten_cuoc", row.title.as_str());
    filling.set("loai", label("contact_kind", Some(&row.kind)));
    let began = records.iter().filter_map(|record| record.started_at).min();
    let ended = records.iter().filter_map(|record| record.ended_at).max();
    filling.set("bat_dau", hour_or_room(began.or(row.starts_at)));
    filling.set("ket_thuc", hour_or_room(ended.or(row.ends_at)));
    filling.set("dia_diem", row.place.as_deref().unwrap_or("…………"));
    filling.set("don_vi_cu_tri", names.units(id));
    filling.set("dai_bieu", names.delegates(id, |link| link.attended));
    let secretary = making.asked(making.question.secretary.as_ref(), "secretary")?;
    filling.set("thu_ky", secretary.unwrap_or_default());
    let drafts: Vec<&str> = records
        .iter()
        .filter_map(|record| record.minutes_draft.as_deref())
        .collect();
    filling.paragraphs("dien_bien", &drafts.join("\n"));
    let said = said(making, &taking_part, id, council).await?;
    figures(making, &row, &said, &mut filling).await?;
    filling.set("ngoai_ra", others(making, &taking_part, id, &said).await?);
    list(making, &said, &mut filling);

    // The office may have entered the paper with its number already.
    let entered = document::Entity::find()
        .filter(document::Column::MeetingId.eq(id))
        .filter(document::Column::CouncilId.eq(council))
        .filter(document::Column::Kind.eq("BB"))
        .order_by_desc(document::Column::Date)
        .order_by_desc(document::Column::Id)
        .one(conn)
        .await?;
    Ok(Paper {
        council,
        group: None,
        recorded: entered.map_or_else(
            || Signed {
                date: row.starts_at.map(local_date),
                ..Signed::default()
            },
            |paper| Signed {
                number: Some(paper.number),
                date: Some(paper.date),
                signer: paper.signer,
            },
        ),
        as_of: making.today,
        receivers: making.partners(council),
        filling,
    })
}

/// The figures of the contact, as the table of contacts counts them today; what was recorded, as it is listed.
async fn figures(
    making: &Making<'_>,
    row: &meeting::Model,
    said: &[feedback::Model],
    filling: &mut Filling,
) -> Result<()> {
    filling.figure("so_moi", row.invited);
    let (mut counted, mut listed) = (None, None);
    if let Some(day) = row.starts_at.map(local_date).filter(|day| *day <= making.today) {
        let reference = making.state.reference();
        let export = Export {
            state: std::sync::Arc::clone(making.state),
            viewer: making.viewer.clone(),
            table: Table::ContactPoints,
            scope: Scope::of_council(row.council_id, day, making.today, &reference, making.today)?,
        };
        let id = row.id.to_string();
        counted = export.find(|cells| cells.get("id") == Some(&id)).await?;
        if counted.is_some() {
            let said = said
                .iter()
                .map(|said| ((), said.answered_on_spot, said.petition_id))
                .collect();
            let became = became_of(making.state.store.read(), said, &export.scope).await?;
            listed = Some(became.get(&()).copied().unwrap_or_default().figures());
        }
    }
    for (name, column) in STATED {
        let figure = counted.as_ref().and_then(|cells| cells.get(column));
        filling.figure(name, figure.filter(|figure| !figure.is_empty()));
    }
    for (name, place) in LISTED.into_iter().zip(0_usize..) {
        filling.figure(name, listed.map(|figures| figures[place]));
    }
    Ok(())
}

/// What was recorded at a contact; what was withdrawn, and denunciations, are no part of minutes.
fn recorded(id: MeetingId) -> Select<feedback::Entity> {
    use feedback::{Column, Entity};
    Entity::find()
        .filter(Column::MeetingId.eq(id))
        .filter(Column::Status.ne(feedback::Status::Withdrawn))
        .filter(Column::Kind.ne("denunciation"))
}

/// What was recorded for a council, in the order of time.
async fn said(
    making: &Making<'_>,
    taking_part: &TakingPart,
    id: MeetingId,
    council: CouncilId,
) -> Result<Vec<feedback::Model>> {
    use feedback::{Column, Entity};
    let mut said = recorded(id)
        .filter(visible(making.viewer, "feedback", (Entity, Column::Id)))
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Id)
        .all(making.state.store.read())
        .await?;
    said.retain(|said| taking_part.under(id, said.council_id) == Some(council));
    making.few(said.len())?;
    Ok(said)
}

/// How much is not listed because it was recorded for the other councils that take part: their voters' words are theirs.
/// Nothing where there is none.
async fn others(
    making: &Making<'_>,
    taking_part: &TakingPart,
    id: MeetingId,
    listed: &[feedback::Model],
) -> Result<String> {
    use feedback::Column;
    let all: Vec<(CouncilId, i64)> = recorded(id)
        .select_only()
        .column(Column::CouncilId)
        .column_as(Column::Id.count(), "recorded")
        .group_by(Column::CouncilId)
        .into_tuple()
        .all(making.state.store.read())
        .await?;
    let mut left: BTreeMap<CouncilId, i64> = BTreeMap::new();
    for (recorded_for, count) in all {
        if let Some(council) = taking_part.under(id, recorded_for) {
            *left.entry(council).or_default() += count;
        }
    }
    for row in listed {
        if let Some(council) = taking_part.under(id, row.council_id) {
            *left.entry(council).or_default() -= 1;
        }
    }
    left.retain(|_, count| *count > 0);
    if left.is_empty() {
        return Ok(String::new());
    }
    let reference = making.state.reference();
    let mut named: Vec<String> = left
        .iter()
        .map(|(council, count)| {
            let unit = reference.council(*council).map(|council| council.unit_id);
            let unit = unit.and_then(|unit| reference.units.get(unit));
            let unit = unit.map(|unit| lowered(&unit.name)).unwrap_or_default();
            format!("Hội đồng nhân dân {unit} ({count})")
        })
        .collect();
    named.sort();
    let count: i64 = left.values().sum();
    Ok(format!(
        "Ngoài ra {count} phiếu do đại biểu {} ghi.",
        named.join(", ")
    ))
}

/// Lists what was recorded.
fn list(making: &Making<'_>, said: &[feedback::Model], filling: &mut Filling) {
    let reference = making.state.reference();
    let rows = said.iter().zip(1..).map(|(said, number)| {
        let unit = said.unit_id.and_then(|unit| reference.units.get(unit));
        let place = [said.sub_unit.as_deref(), unit.map(|unit| unit.name.as_str())];
        let place: Vec<&str> = place.into_iter().flatten().collect();
        let words = said.content.as_deref().or(said.wanted.as_deref());
        let on_spot = said
            .on_spot_answer
            .as_deref()
            .filter(|_| said.answered_on_spot == Some(true));
        Row::numbered(number)
            .with("loai", label("submission_kind", Some(&said.kind)))
            .with("noi", place.join(", "))
            .with("noi_dung", words.or(said.subject.as_deref()).unwrap_or_default())
            .with("tra_loi", on_spot.unwrap_or_default())
    });
    filling.list_of("y_kien", rows.collect());
}
