//! A synthesis (báo cáo tổng hợp ý kiến, kiến nghị cử tri): a frozen edition, or what would be frozen now.

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    id::{PetitionId, SynthesisId},
    round, synthesis, synthesis_edition, synthesis_item,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{
    Making, Paper, Signed,
    petitions::AskedBefore,
    words::{self, label, lowered},
};
use crate::{
    clock::{local_date, written},
    documents::filling::{Filling, Row},
    error::{Code, Refused, Result},
    store::{
        partition::{Audience, Partition},
        visibility::audiences,
    },
    syntheses::{list::Line, parts::counted, preview, was_sent_to},
};

/// The list of an edition with its counts, and what is known of its paper.
struct Edition {
    name: String,
    reason: Option<String>,
    /// Number and day of the edition before it.
    replaces: Option<String>,
    signed: Signed,
    cosigner: Option<String>,
    cosigned_on: Option<NaiveDate>,
    sent_to: Option<String>,
    /// The moment of its list.
    at: DateTime<Utc>,
    due_on: Option<NaiveDate>,
    /// Points, opinions, those answered on the spot, petitions before splits and mergers.
    counts: [String; 4],
    lines: Vec<Line>,
}

pub(super) async fn fill(making: &Making<'_>, id: SynthesisId) -> Result<Paper> {
    let conn = making.state.store.read();
    let row = synthesis::Entity::find_by_id(id).one(conn).await?;
    let row = row.ok_or(Code::NotFound)?;
    // Also for the council to which it was sent.
    let seen = audiences(conn, making.viewer, "synthesis", &[id.0]).await?;
    if seen
        .get(&id.0)
        .is_none_or(|audience| *audience < Audience::Internal)
    {
        return Err(Code::NotFound.into());
    }
    let edition = match wanted(making, &row).await? {
        0 => draft(making, &row).await?,
        number => frozen(making, &row, number).await?,
    };
    making.few(edition.lines.len())?;
    let round = round::Entity::find_by_id(row.round_id).one(conn).await?;
    let reference = making.state.reference();
    let group = row.group_id.and_then(|group| reference.bodies.groups.get(&group));
    let group = group.map(|group| group.name.clone());

    let mut filling = Filling::default();
    // The kind of document stands above it.
    let about = row.title.strip_prefix("Báo cáo ").map(words::capital);
    filling.set("ten_bao_cao", about.unwrap_or(row.title));
    filling.set(
        "ten_dot",
        round.map(|round| lowered(&round.title)).unwrap_or_default(),
    );
    let by = group
        .clone()
        .unwrap_or_else(|| "Thường trực Hội đồng nhân dân".to_owned());
    filling.set("co_quan_lap", by);
    filling.set("ban", edition.name);
    filling.set("thay_the", edition.replaces.unwrap_or_default());
    filling.set("ly_do", edition.reason.unwrap_or_default());
    filling.set("nguoi_cung_ky", edition.cosigner.unwrap_or_default());
    filling.set(
        "ngay_cung_ky",
        edition.cosigned_on.map(written).unwrap_or_default(),
    );
    filling.set("han_gui", edition.due_on.map(written).unwrap_or_default());
    let [points, opinions, on_spot, before] = edition.counts;
    for (name, figure) in [
        ("so_diem", points),
        ("so_y_kien", opinions),
        ("so_tai_cho", on_spot),
        ("so_truoc", before),
        ("so_sau", edition.lines.len().to_string()),
    ] {
        filling.set(name, figure);
    }
    let classes = counted(edition.lines.iter().map(Line::class));
    let classes = classes.into_iter().map(|class| {
        Row::default()
            .with("tham_quyen", named("tier", class.tier.as_deref()))
            .with("linh_vuc", named("field", class.field.as_deref()))
            .with("so_luong", class.count.to_string())
    });
    filling.list_of("phan_loai", classes.collect());
    let ids: Vec<PetitionId> = edition.lines.iter().filter_map(|line| line.petition).collect();
    let asked = AskedBefore::read(making, &ids, edition.at).await?;
    let lines = edition.lines.iter().zip(1..);
    let lines = lines.map(|(line, number)| listed(line, number, &asked));
    filling.list_of("kien_nghi", lines.collect());

    let mut receivers: Vec<String> = edition.sent_to.into_iter().collect();
    if receivers.is_empty() && row.group_id.is_some() {
        receivers.push("Thường trực Hội đồng nhân dân".to_owned());
    } else if row.group_id.is_none() {
        receivers.extend(making.partners(row.council_id));
    }
    Ok(Paper {
        council: row.council_id,
        group,
        recorded: edition.signed,
        as_of: local_date(edition.at),
        receivers,
        filling,
    })
}

/// Which edition: the newest unless another one is asked for; 0 for what is not frozen yet. A council to which some were
/// sent has these and no others.
async fn wanted(making: &Making<'_>, row: &synthesis::Model) -> Result<i32> {
    let numbers: Vec<i32> = if making.viewer.reads(Partition::Council(row.council_id)) {
        (0..=row.edition).collect()
    } else {
        let editions = synthesis_edition::Entity::find()
            .filter(synthesis_edition::Column::SynthesisId.eq(row.id))
            .order_by_asc(synthesis_edition::Column::Number)
            .all(making.state.store.read())
            .await?;
        let sent = editions
            .iter()
            .filter(|edition| was_sent_to(edition, making.viewer));
        sent.map(|edition| edition.number).collect()
    };
    match making.question.edition.as_deref() {
        None => Ok(*numbers.last().ok_or(Code::NotFound)?),
        Some(told) => {
            let number = told.parse().ok().filter(|number| numbers.contains(number));
            Ok(number.ok_or(Refused::field(Code::OutOfRange, "edition"))?)
        }
    }
}

/// An edition by its number, from 1.
async fn edition_of(
    making: &Making<'_>,
    row: &synthesis::Model,
    number: i32,
) -> Result<Option<synthesis_edition::Model>> {
    let edition = synthesis_edition::Entity::find()
        .filter(synthesis_edition::Column::SynthesisId.eq(row.id))
        .filter(synthesis_edition::Column::Number.eq(number))
        .one(making.state.store.read())
        .await?;
    Ok(edition)
}

/// Number and day of the edition with this number, if there is one: another one replaces it.
async fn paper_of(making: &Making<'_>, row: &synthesis::Model, number: i32) -> Result<Option<String>> {
    let edition = edition_of(making, row, number).await?;
    let paper = |edition: synthesis_edition::Model| {
        words::paper(Some(&edition.document_number), Some(edition.document_date))
    };
    Ok(edition.map(paper))
}

async fn frozen(making: &Making<'_>, row: &synthesis::Model, number: i32) -> Result<Edition> {
    let conn = making.state.store.read();
    let edition = edition_of(making, row, number).await?.ok_or(Code::NotFound)?;
    let items = synthesis_item::Entity::find()
        .filter(synthesis_item::Column::EditionId.eq(edition.id))
        .order_by_asc(synthesis_item::Column::Position)
        .all(conn)
        .await?;
    Ok(Edition {
        name: format!("Bản thứ {number}"),
        reason: edition.reason,
        replaces: paper_of(making, row, number - 1).await?,
        signed: Signed {
            number: Some(edition.document_number),
            date: Some(edition.document_date),
            signer: edition.signer,
        },
        cosigner: edition.cosigner,
        // The day of its paper, where the office recorded it later.
        cosigned_on: edition
            .cosign_document_date
            .or(edition.cosigned_at.map(local_date)),
        sent_to: edition.sent_to,
        at: edition.frozen_at,
        due_on: edition.due_on,
        counts: [edition.points, edition.opinions, edition.on_spot, edition.before]
            .map(|count| count.to_string()),
        lines: items.into_iter().map(Line::from).collect(),
    })
}

async fn draft(making: &Making<'_>, row: &synthesis::Model) -> Result<Edition> {
    let now = preview::now(making.state, row).await?;
    let list = now.list;
    Ok(Edition {
        name: "Dự thảo".to_owned(),
        reason: None,
        replaces: paper_of(making, row, row.edition).await?,
        signed: Signed::default(),
        cosigner: None,
        cosigned_on: None,
        sent_to: None,
        at: making.state.clock.now(),
        due_on: now.due_on,
        counts: [list.points, list.opinions, list.on_spot, list.before].map(|count| count.to_string()),
        lines: list.lines,
    })
}

fn listed(line: &Line, number: usize, asked: &AskedBefore) -> Row {
    let mut notes = Vec::new();
    if line.merged_from > 1 {
        notes.push(format!("nhập từ {} kiến nghị", line.merged_from));
    }
    notes.extend(line.split_from.as_ref().map(|from| format!("tách từ {from}")));
    let content = if line.content.is_empty() {
        &line.title
    } else {
        &line.content
    };
    Row::numbered(number)
        .with("so", line.number.as_deref().unwrap_or_default())
        .with("tieu_de", line.title.as_str())
        .with("noi_dung", asked.told(line.petition, content))
        .with("noi_kien_nghi", line.places.as_str())
        .with("tham_quyen", named("tier", line.tier.as_deref()))
        .with("linh_vuc", named("field", line.field.as_deref()))
        .with("so_y_kien", line.opinions.to_string())
        .with("ghi_chu", notes.join("; "))
}

fn named(list: &str, code: Option<&str>) -> String {
    match code {
        Some(_) => label(list, code),
        None => "Chưa phân loại".to_owned(),
    }
}
