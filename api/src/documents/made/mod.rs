//! What is told in each document, read from the rows that it is about. Figures come from where they are counted for
//! everybody else: rounds, reports, syntheses.

mod days;
mod letters;
mod minutes;
mod petitions;
mod plan;
mod points;
mod results;
mod synthesis;
mod words;

use chrono::NaiveDate;
use entity::id::CouncilId;
use serde::Deserialize;
use uuid::Uuid;

use self::words::{city, lowered, on_the_day};
use super::{DocumentKind, filling::Filling, template::Template, templates};
use crate::{
    error::{Code, Error, Refused, Result},
    state::State,
    store::{partition::Partition, writing::parse_date},
    text,
    viewer::Viewer,
};

/// Petitions in one document; more are an error that says so, never a shortened list.
const MOST_ROWS: usize = 5_000;

/// What somebody adds to what is recorded, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    number: Option<String>,
    date: Option<String>,
    signer: Option<String>,
    position: Option<String>,
    secretary: Option<String>,
    edition: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// A document that is being made for somebody.
struct Making<'a> {
    state: &'a std::sync::Arc<State>,
    viewer: &'a Viewer,
    question: &'a Question,
    today: NaiveDate,
}

/// Number, date and signer, as far as they are known.
#[derive(Default)]
struct Signed {
    number: Option<String>,
    date: Option<NaiveDate>,
    signer: Option<String>,
}

/// A document before it is filled in.
struct Paper {
    council: CouncilId,
    /// The delegate group that issues it.
    group: Option<String>,
    recorded: Signed,
    /// On which day its figures were true.
    as_of: NaiveDate,
    receivers: Vec<String>,
    filling: Filling,
}

/// A document that was made.
pub(super) struct Made {
    pub(super) bytes: Vec<u8>,
    /// The name under which a browser saves it: plain letters.
    pub(super) file_name: String,
}

/// Makes the document of a row. A row that the viewer may not have documents of is as if it were not there.
pub(super) async fn make(
    state: &std::sync::Arc<State>,
    viewer: &Viewer,
    kind: DocumentKind,
    row: Uuid,
    question: &Question,
) -> Result<Made> {
    let making = Making {
        state,
        viewer,
        question,
        today: state.clock.today(),
    };
    let mut paper = match kind {
        DocumentKind::ContactPlan => plan::fill(&making, row.into()).await,
        DocumentKind::ContactMinutes => minutes::fill(&making, row.into()).await,
        DocumentKind::Synthesis => synthesis::fill(&making, row.into()).await,
        DocumentKind::Forwarding => letters::forwarding(&making, row.into()).await,
        DocumentKind::Urging => letters::urging(&making, row.into()).await,
        DocumentKind::PetitionResults => results::fill(&making, row.into()).await,
    }?;
    let file_name = making.head(kind, &mut paper)?;
    let own = templates::current(state.store.read(), paper.council, kind).await?;
    let filling = paper.filling;
    let names = filling.names();
    if !names.iter().all(|(list, name)| kind.knows(*list, name)) {
        // A mistake of ours, which the test that makes this document finds.
        return Err(Error::internal(format!(
            "not in the catalogue of {kind:?}: {names:?}"
        )));
    }
    let bytes = tokio::task::spawn_blocking(move || {
        let template = own.as_deref().unwrap_or(kind.shipped());
        let template = Template::read(template, kind)
            .map_err(|wrong| Error::internal(format!("a template that was taken: {wrong:?}")))?;
        template.make(&filling)
    });
    let bytes = bytes
        .await
        .map_err(|_| Error::internal("a document was dropped"))??;
    Ok(Made { bytes, file_name })
}

impl Making<'_> {
    /// Refuses whoever does not belong to the council: foreign looks like absent.
    fn inside(&self, council: CouncilId) -> Result<()> {
        if self.viewer.reads(Partition::Council(council)) {
            Ok(())
        } else {
            Err(Code::NotFound.into())
        }
    }

    /// Refuses a document with more rows than anybody prints.
    fn few(&self, rows: usize) -> Result<()> {
        if rows > MOST_ROWS {
            return Err(Error::limit(Code::LimitTooLarge, MOST_ROWS as u64));
        }
        Ok(())
    }

    /// Those at the same level who take part in voter contacts and in what comes of them.
    fn partners(&self, council: CouncilId) -> Vec<String> {
        let reference = self.state.reference();
        let council = reference.council(council);
        let unit = council.and_then(|council| reference.units.get(council.unit_id));
        let unit = unit.map(|unit| lowered(&unit.name)).unwrap_or_default();
        vec![
            "Các đại biểu Hội đồng nhân dân".to_owned(),
            format!("Ban Thường trực Ủy ban Mặt trận Tổ quốc Việt Nam {unit}"),
            format!("Ủy ban nhân dân {unit}"),
        ]
    }

    fn asked(&self, told: Option<&String>, field: &'static str) -> Result<Option<String>> {
        match told.map(|told| told.trim()).filter(|told| !told.is_empty()) {
            Some(told) => {
                let told = text::required(told, 200).map_err(|code| Refused::field(code, field))?;
                Ok(Some(told))
            }
            None => Ok(None),
        }
    }

    fn asked_day(&self, told: Option<&String>, field: &'static str) -> Result<Option<NaiveDate>> {
        let told = self.asked(told, field)?;
        let day = told.map(|told| parse_date(&told).ok_or(Refused::field(Code::InvalidDate, field)));
        Ok(day.transpose()?)
    }

    /// Sets what every document has: what is recorded stands, what is not may be told by the one who asks. Returns
    /// under which name it is saved.
    fn head(&self, kind: DocumentKind, paper: &mut Paper) -> Result<String> {
        let question = self.question;
        let recorded = &paper.recorded;
        let number = self.asked(question.number.as_ref(), "number")?;
        let number = recorded.number.clone().or(number);
        let date = self.asked_day(question.date.as_ref(), "date")?;
        let date = recorded.date.or(date);
        let signer = self.asked(question.signer.as_ref(), "signer")?;
        let signer = recorded.signer.clone().or(signer);
        let position = match (question.position.as_deref(), &paper.group) {
            (None | Some("chair"), None) => "CHỦ TỊCH",
            (None | Some("chair"), Some(_)) => "TỔ TRƯỞNG",
            (Some("vice_chair"), None) => "KT. CHỦ TỊCH\nPHÓ CHỦ TỊCH",
            (Some("vice_chair"), Some(_)) => "TỔ PHÓ",
            (Some(_), _) => return Err(Refused::field(Code::UnknownCode, "position").into()),
        };
        let reference = self.state.reference();
        let council = reference.council(paper.council).ok_or(Code::NotFound)?;
        let unit = reference
            .units
            .get(council.unit_id)
            .map(|unit| unit.name.as_str());
        let unit = unit.unwrap_or_default();
        let (body, below, authority) = match &paper.group {
            None => (
                "HỘI ĐỒNG NHÂN DÂN".to_owned(),
                unit.to_uppercase(),
                "TM. THƯỜNG TRỰC HỘI ĐỒNG NHÂN DÂN",
            ),
            Some(group) => (
                format!("HỘI ĐỒNG NHÂN DÂN\n{}", unit.to_uppercase()),
                group.to_uppercase(),
                "TM. TỔ ĐẠI BIỂU",
            ),
        };
        let filling = &mut paper.filling;
        filling.set("co_quan", body);
        filling.set("don_vi", below);
        filling.set("ten_hdnd", format!("Hội đồng nhân dân {}", lowered(unit)));
        filling.set("nhiem_ky", council.term.as_str());
        filling.set("dia_danh", city(unit));
        let blank = || format!("        /{}", kind.kind().symbol);
        filling.set("so_van_ban", number.clone().unwrap_or_else(blank));
        filling.set("ngay_van_ban", on_the_day(date, self.today));
        filling.set("quyen_han_ky", authority);
        filling.set("chuc_vu_ky", position);
        filling.set("nguoi_ky", signer.unwrap_or_default());
        filling.set("so_lieu_tinh_den", on_the_day(Some(paper.as_of), self.today));
        let receivers: Vec<String> = paper.receivers.iter().map(|name| format!("- {name};")).collect();
        filling.set("noi_nhan", receivers.join("\n"));

        let slug = |told: &str| text::fold(told).replace(' ', "-");
        let mut name = kind.kind().file.to_owned();
        if let Some(number) = number {
            name = format!("{name}_{}", slug(&number));
        }
        let day = date.unwrap_or(paper.as_of);
        // A browser's name of a file is plain ASCII.
        name.retain(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
        Ok(format!("{name}_{day}.docx"))
    }
}
