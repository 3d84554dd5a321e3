//! Letters about petitions (công văn): those that forward them, and those that urge.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    answer, answer_petition, event, extension, forwarding, forwarding_agency, forwarding_petition,
    id::{AgencyId, AnswerId, CouncilId, ForwardingId, PetitionId, UrgingId},
    petition, urging,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    Making, Paper, Signed,
    days::{Days, until},
    petitions::Petitions,
    words::paper,
};
use crate::{
    clock::{local_date, written},
    documents::filling::Filling,
    error::{Code, Result},
    store::visibility::visible,
};

/// A letter that forwards petitions (công văn chuyển kiến nghị), with all that it forwarded.
pub(super) async fn forwarding(making: &Making<'_>, id: ForwardingId) -> Result<Paper> {
    let conn = making.state.store.read();
    let letter = forwarding::Entity::find_by_id(id).one(conn).await?;
    let letter = letter.ok_or(Code::NotFound)?;
    making.inside(letter.council_id)?;
    let forwarded: Vec<PetitionId> = forwarding_petition::Entity::find()
        .select_only()
        .column(forwarding_petition::Column::PetitionId)
        .filter(forwarding_petition::Column::ForwardingId.eq(id))
        .into_tuple()
        .all(conn)
        .await?;
    // The council wrote this letter: it says what it said, whoever has its petitions by now.
    let petitions = Petitions::read(making, forwarded, Condition::all(), letter.at).await?;
    let coordinating: Vec<AgencyId> = forwarding_agency::Entity::find()
        .select_only()
        .column(forwarding_agency::Column::AgencyId)
        .filter(forwarding_agency::Column::ForwardingId.eq(id))
        .into_tuple()
        .all(conn)
        .await?;
    let reference = making.state.reference();
    let mut coordinating: Vec<String> = coordinating
        .into_iter()
        .filter_map(|agency| Some(reference.agency(agency)?.name.clone()))
        .collect();
    coordinating.sort();
    let upper = letter
        .upper_council_id
        .and_then(|council| reference.council(council));
    let to = agency(making, letter.lead_agency_id).or(upper.map(|council| council.name.clone()));

    let mut filling = Filling::default();
    filling.set("kinh_gui", to.unwrap_or_default());
    filling.set("co_quan_phoi_hop", coordinating.join("; "));
    let days = Days::read(making, &petitions.rows).await?;
    let due = |row: &petition::Model| days.of(row, &letter);
    filling.set("han_tra_loi", until(petitions.rows.iter().map(due)));
    filling.set("so_kien_nghi", petitions.rows.len().to_string());
    let rows = petitions.rows.iter().zip(1..).map(|(row, number)| {
        petitions
            .listed(row, number)
            .with("han_tra_loi", due(row).map(written).unwrap_or_default())
    });
    filling.list_of("kien_nghi", rows.collect());
    let mut receivers = vec!["Như trên".to_owned()];
    receivers.extend(coordinating);
    Ok(Paper {
        council: letter.council_id,
        group: None,
        as_of: letter.document_date,
        recorded: Signed {
            number: Some(letter.document_number),
            date: Some(letter.document_date),
            signer: None,
        },
        receivers,
        filling,
    })
}

/// A letter that urges a body (công văn đôn đốc): one urging, or all that went by the same letter to the same body. It says
/// what was so when it was entered, however late it is printed again.
pub(super) async fn urging(making: &Making<'_>, id: UrgingId) -> Result<Paper> {
    use urging::{Column, Entity};
    let conn = making.state.store.read();
    let one = Entity::find_by_id(id).one(conn).await?.ok_or(Code::NotFound)?;
    making.inside(one.council_id)?;
    let day = local_date(one.at);
    let mut letter = vec![one.clone()];
    if let Some(number) = &one.document_number {
        let with_it = Entity::find()
            .filter(Column::CouncilId.eq(one.council_id))
            .filter(Column::DocumentNumber.eq(number))
            .filter(match one.to_agency_id {
                Some(agency) => Column::ToAgencyId.eq(agency),
                None => Column::ToAgencyId.is_null(),
            })
            .order_by_asc(Column::At)
            .order_by_asc(Column::Id);
        // Numbers begin anew every year.
        letter = with_it.all(conn).await?;
        letter.retain(|other| chrono::Datelike::year(&local_date(other.at)) == chrono::Datelike::year(&day));
    }
    let day = letter
        .iter()
        .map(|urging| local_date(urging.at))
        .max()
        .unwrap_or(day);
    let then = letter.iter().map(|urging| urging.received_at).max();
    let of: BTreeMap<PetitionId, &urging::Model> = letter
        .iter()
        .map(|urging| (PetitionId(urging.target_id), urging))
        .collect();
    let seen = visible(
        making.viewer,
        "petition",
        (petition::Entity, petition::Column::Id),
    );
    let then = then.unwrap_or(one.received_at);
    let mut petitions = Petitions::read(making, of.keys().copied().collect(), seen, then).await?;
    let owed = owed(making, &petitions.rows, then).await?;
    let answered = answered(making, &petitions.rows, &owed, one.to_agency_id, then).await?;
    // What was never answered stands first.
    petitions.rows.sort_by_key(|row| answered.contains_key(&row.id));
    let due = |row: &petition::Model| owed.get(&row.id).and_then(|owed| owed.due);
    let is_late =
        |row: &petition::Model| !answered.contains_key(&row.id) && due(row).is_some_and(|due| due < day);
    let to = agency(making, one.to_agency_id).or_else(|| {
        let first = petitions.rows.first()?;
        let reference = making.state.reference();
        let upper = owed.get(&first.id).and_then(|owed| owed.upper);
        let upper = upper.and_then(|council| reference.council(council));
        let upper = upper.map(|council| council.name.clone());
        upper.or_else(|| agency(making, first.agency_id))
    });
    let late = petitions.rows.iter().filter(|row| is_late(row)).count();
    let with_answer = answered.len();
    let without_answer = petitions.rows.len() - with_answer;

    let mut filling = Filling::default();
    filling.set("kinh_gui", to.unwrap_or_default());
    filling.set("so_kien_nghi", petitions.rows.len().to_string());
    filling.set("so_chua_tra_loi", without_answer.to_string());
    filling.set("so_qua_han", late.to_string());
    filling.set("so_da_tra_loi", with_answer.to_string());
    filling.set("tinh_hinh", situation(without_answer, late, with_answer));
    filling.set("de_nghi", request(without_answer, with_answer));
    let mut said: Vec<&str> = letter
        .iter()
        .filter_map(|urging| urging.text.as_deref())
        .collect();
    said.dedup();
    filling.paragraphs("noi_dung", &said.join("\n"));
    let rows = petitions.rows.iter().zip(1..).map(|(row, number)| {
        let letter = owed.get(&row.id).map(|owed| owed.letter.clone());
        let ordinal = of.get(&row.id).map(|urging| urging.ordinal.to_string());
        let state = match answered.get(&row.id) {
            Some(told) => told.as_str(),
            None if is_late(row) => "Chưa trả lời, đã quá hạn",
            None => "Chưa trả lời",
        };
        petitions
            .listed(row, number)
            .with("van_ban_chuyen", letter.unwrap_or_default())
            .with("han_tra_loi", due(row).map(written).unwrap_or_default())
            .with("tinh_trang", state)
            .with("lan_don_doc", ordinal.unwrap_or_default())
    });
    filling.list_of("kien_nghi", rows.collect());
    Ok(Paper {
        council: one.council_id,
        group: None,
        recorded: Signed {
            date: Some(day),
            number: one.document_number,
            signer: None,
        },
        as_of: day,
        receivers: vec!["Như trên".to_owned()],
        filling,
    })
}

/// How it stands with what a body is urged for: what it never answered, late or not, and what it answered and has to answer
/// better, or to carry out.
fn situation(without_answer: usize, late: usize, with_answer: usize) -> String {
    let mut told = Vec::new();
    if without_answer > 0 || with_answer == 0 {
        told.push(format!(
            "Thường trực Hội đồng nhân dân chưa nhận được kết quả giải quyết {without_answer} kiến nghị, trong đó {late} \
             kiến nghị đã quá hạn trả lời."
        ));
    }
    if with_answer > 0 {
        told.push(format!(
            "{with_answer} kiến nghị đã được trả lời, nhưng cần trả lời rõ hơn hoặc báo cáo kết quả thực hiện."
        ));
    }
    told.join(" ")
}

/// What the body is asked to do.
fn request(without_answer: usize, with_answer: usize) -> String {
    let mut asked = Vec::new();
    if without_answer > 0 || with_answer == 0 {
        asked
            .push("khẩn trương giải quyết và trả lời bằng văn bản, nêu rõ lý do chậm và thời hạn hoàn thành");
    }
    if with_answer > 0 {
        asked.push("trả lời rõ hơn, báo cáo kết quả thực hiện đối với các kiến nghị đã được trả lời");
    }
    asked.join("; ")
}

/// By which letter a body had a petition at some moment, and until when it had to answer.
struct Owed {
    letter: String,
    due: Option<NaiveDate>,
    /// Since when it asked; not known of what no letter brought.
    since: Option<DateTime<Utc>>,
    /// The council above, where the letter went there.
    upper: Option<CouncilId>,
}

/// The same of these petitions, as it was at that moment: dates are moved and petitions sent anew since.
async fn owed(
    making: &Making<'_>,
    rows: &[petition::Model],
    then: DateTime<Utc>,
) -> Result<HashMap<PetitionId, Owed>> {
    let conn = making.state.store.read();
    let links = forwarding_petition::Entity::find()
        .filter(forwarding_petition::Column::PetitionId.is_in(rows.iter().map(|row| row.id)))
        .all(conn)
        .await?;
    let letters = forwarding::Entity::find()
        .filter(forwarding::Column::Id.is_in(links.iter().map(|link| link.forwarding_id)))
        .order_by_asc(forwarding::Column::At)
        .order_by_asc(forwarding::Column::Id)
        .all(conn)
        .await?;
    let moved = extension::Entity::find()
        .filter(extension::Column::PetitionId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(extension::Column::At)
        .order_by_asc(extension::Column::Id)
        .all(conn)
        .await?;
    let days = Days::read(making, rows).await?;
    let of = |row: &petition::Model| {
        let brought = |letter: &&forwarding::Model| {
            let mut links = links.iter().filter(|link| link.forwarding_id == letter.id);
            links.any(|link| link.petition_id == row.id)
        };
        let (before, after): (Vec<_>, Vec<_>) = letters
            .iter()
            .filter(brought)
            .partition(|letter| letter.at <= then);
        let (letter, next) = (before.last(), after.first());
        let moved = moved.iter().filter(|moved| {
            moved.petition_id == row.id
                && letter.is_none_or(|letter| letter.at <= moved.at)
                && next.is_none_or(|next| moved.at < next.at)
        });
        let (known, later): (Vec<_>, Vec<_>) = moved.partition(|moved| moved.at <= then);
        let due = match (known.last(), later.first(), letter, next) {
            (Some(moved), ..) => Some(moved.to_due),
            (None, Some(moved), ..) => moved.from_due,
            // Of a petition that went out anew only history still tells the day.
            (None, None, Some(letter), Some(_)) => days.of(row, letter),
            // Nobody had it yet.
            (None, None, None, Some(_)) => None,
            (None, None, ..) => row.extended_to.or(row.due_at),
        };
        let since = letter.map(|letter| letter.at);
        let upper = letter.and_then(|letter| letter.upper_council_id);
        let letter = match letter {
            Some(letter) => paper(Some(&letter.document_number), Some(letter.document_date)),
            None if next.is_some() => String::new(),
            None => paper(row.forwarded_number.as_deref(), row.forwarded_at),
        };
        let owed = Owed {
            letter,
            due,
            since,
            upper,
        };
        (row.id, owed)
    };
    Ok(rows.iter().map(of).collect())
}

/// An answer: which, of which body, its number and day, until when it promises something, when it came.
type Given = (
    AnswerId,
    AgencyId,
    String,
    NaiveDate,
    Option<NaiveDate>,
    DateTime<Utc>,
);

/// Of those of these petitions that were answered at that moment to the letter that asked: by which document, and what is
/// still to be had. The reply of a coordinating body is an answer of its own alone.
async fn answered(
    making: &Making<'_>,
    rows: &[petition::Model],
    owed: &HashMap<PetitionId, Owed>,
    to: Option<AgencyId>,
    then: DateTime<Utc>,
) -> Result<HashMap<PetitionId, String>> {
    use answer::Column;
    let conn = making.state.store.read();
    let links = answer_petition::Entity::find()
        .filter(answer_petition::Column::PetitionId.is_in(rows.iter().map(|row| row.id)))
        .all(conn)
        .await?;
    let answers: Vec<Given> = answer::Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::AgencyId,
            Column::DocumentNumber,
            Column::DocumentDate,
            Column::RoadmapAt,
            Column::At,
        ])
        .filter(Column::Id.is_in(links.iter().map(|link| link.answer_id)))
        .filter(Column::At.lte(then))
        .into_tuple()
        .all(conn)
        .await?;
    let answers: HashMap<AnswerId, Given> = answers.into_iter().map(|answer| (answer.0, answer)).collect();
    let found_wanting: Vec<(Uuid, DateTime<Utc>)> = event::Entity::find()
        .select_only()
        .columns([event::Column::RowId, event::Column::At])
        .filter(event::Column::Kind.eq("petition"))
        .filter(event::Column::RowId.is_in(rows.iter().map(|row| row.id.0)))
        .filter(event::Column::Event.is_in(["assessed_unclear", "assessed_off_point"]))
        .filter(event::Column::At.lte(then))
        .order_by_asc(event::Column::At)
        .into_tuple()
        .all(conn)
        .await?;
    // The last of each.
    let found_wanting: HashMap<Uuid, DateTime<Utc>> = found_wanting.into_iter().collect();
    let mut newest: HashMap<PetitionId, &Given> = HashMap::new();
    for link in &links {
        let Some(answer) = answers.get(&link.answer_id) else {
            continue;
        };
        let since = owed.get(&link.petition_id).and_then(|owed| owed.since);
        let counts = !link.coordinating || Some(answer.1) == to;
        let is_newer = |known: &&Given| (known.5, known.0) < (answer.5, answer.0);
        if counts
            && since.is_none_or(|since| since <= answer.5)
            && newest.get(&link.petition_id).is_none_or(is_newer)
        {
            newest.insert(link.petition_id, answer);
        }
    }
    let told = |(petition, answer): (PetitionId, &Given)| {
        let (_, _, number, date, roadmap, at) = answer;
        let told = format!("Đã trả lời tại {}", paper(Some(number), Some(*date)));
        let is_wanting = found_wanting.get(&petition.0).is_some_and(|found| found >= at);
        let told = match roadmap {
            _ if is_wanting => format!("{told}; cần trả lời rõ hơn"),
            Some(until) => format!("{told}; hẹn chậm nhất ngày {}", written(*until)),
            None => told,
        };
        (petition, told)
    };
    Ok(newest.into_iter().map(told).collect())
}

fn agency(making: &Making<'_>, agency: Option<AgencyId>) -> Option<String> {
    let reference = making.state.reference();
    Some(reference.agency(agency?)?.name.clone())
}
