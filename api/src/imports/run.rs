//! The import itself: a thread reads the file, a task judges and writes. Between them waits never more than a batch.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
    sync::Arc,
};

use entity::{
    id::{CouncilId, PetitionId},
    petition,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    bodies::Bodies,
    columns::Heads,
    problem::Problem,
    rows::{Reading, Seen, hex},
    table::{self, Line},
};
use crate::{
    capability::Capability,
    error::{Code, Error, Refused, Result},
    petitions::importing,
    state::State,
    store::door::{self, Command, Done},
    units::places::Places,
    viewer::{Place, Viewer},
};

/// What was made of a row: its command with what there is to note, or what is wrong with it.
type Judged = std::result::Result<(importing::Import, Vec<Problem>), Vec<Problem>>;

/// Rows of one transaction.
const BATCH: usize = 1_000;

/// Rows above the table in which its heads are looked for.
const MOST_ABOVE: u32 = 30;

/// What is to be taken over.
pub struct Import {
    pub state: Arc<State>,
    pub viewer: Viewer,
    pub council: CouncilId,
    /// Judges everything and writes nothing.
    pub validate_only: bool,
    pub file: File,
    /// Where files without a name may be made.
    pub scratch: PathBuf,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It became a petition (or would).
    Created,
    /// It is one already.
    Unchanged,
    /// It has mistakes.
    Refused,
}

impl Outcome {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
        }
    }
}

/// A row and what became of it.
#[derive(Clone, Debug)]
pub struct RowOutcome {
    /// Line or row of the file, counted from 1.
    pub line: u32,
    pub outcome: Outcome,
    /// The petition; absent where the row was refused, unless it may be one that is there.
    pub petition: Option<Uuid>,
    /// Why it was refused.
    pub problems: Vec<Problem>,
    /// What it says that was not taken over.
    pub notes: Vec<Problem>,
    /// As its file of mistakes tells it; empty unless it was refused.
    pub cells: Vec<String>,
    /// Which row of which file it was first; empty unless it was refused.
    pub(super) source: String,
    pub(super) is_1904: bool,
}

/// How many rows became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub rows: u64,
    pub created: u64,
    pub unchanged: u64,
    pub refused: u64,
}

impl Summary {
    fn count(&mut self, rows: &[RowOutcome]) {
        for row in rows {
            self.rows += 1;
            match row.outcome {
                Outcome::Created => self.created += 1,
                Outcome::Unchanged => self.unchanged += 1,
                Outcome::Refused => self.refused += 1,
            }
        }
    }
}

/// What an import tells, one after another: the heads, the rows in their order, the end.
pub enum Part {
    Heads(Heads),
    Rows(Vec<RowOutcome>),
    Done(Summary),
    /// The file could not be read (further), or the database failed; what was told before holds.
    Failed(Error),
}

/// Begins an import. Whoever stops listening stops it, between two transactions. It goes on when the same file is
/// sent again.
pub fn start(import: Import) -> mpsc::Receiver<Part> {
    let (tell, told) = mpsc::channel(1);
    tokio::spawn(async move {
        let end = match run(import, &tell).await {
            Ok(Some(summary)) => Part::Done(summary),
            // Nobody listens any more.
            Ok(None) => return,
            Err(error) => {
                error.log();
                Part::Failed(error)
            }
        };
        let _ = tell.send(end).await;
    });
    told
}

async fn run(mut import: Import, tell: &mpsc::Sender<Part>) -> Result<Option<Summary>> {
    import
        .viewer
        .must(Capability::GroupFeedback, Place::Council(import.council))?;
    let state = Arc::clone(&import.state);
    let reference = state.reference();
    let own_unit = reference.council(import.council).ok_or(Code::NotFound)?.unit_id;

    let (line_tell, mut lines) = mpsc::channel::<Line>(BATCH);
    let scratch = std::mem::take(&mut import.scratch);
    let file = import.file.try_clone().map_err(|_| Code::UnreadableFile)?;
    let digest = tokio::task::spawn_blocking(move || digest(file));
    let digest = digest.await.map_err(|_| Error::internal("hashing broke off"))??;
    let file = import.file;
    let reading = tokio::task::spawn_blocking(move || {
        table::each(file, &scratch, &mut |line| line_tell.blocking_send(line).is_ok())
    });

    let heads = heads(&mut lines).await;
    let Some(heads) = heads else {
        drop(lines);
        reading
            .await
            .map_err(|_| Error::internal("reading broke off"))??;
        return Err(Code::MissingColumn.into());
    };
    let heads = match heads {
        Heading::Found(heads) => heads,
        Heading::Legacy => return Err(Code::LegacyEncoding.into()),
        Heading::Misquoted => return Err(Code::StrayQuote.into()),
    };
    if tell.send(Part::Heads(heads.clone())).await.is_err() {
        return Ok(None);
    }
    let places = Places::of(&reference.units);
    let bodies = Bodies::of(&reference, own_unit);
    let reader = Reading {
        reference: &reference,
        places: &places,
        bodies: &bodies,
        council: import.council,
        own_unit,
        today: state.clock.today(),
        file: &digest,
        heads: &heads,
    };
    let mut seen = Seen::default();
    let mut summary = Summary::default();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        batch.clear();
        if lines.recv_many(&mut batch, BATCH).await == 0 {
            break;
        }
        // What came at once may be little while the reader is slower: a transaction of a few rows costs as much as one
        // of many.
        while batch.len() < BATCH {
            match lines.recv().await {
                Some(line) => batch.push(line),
                None => break,
            }
        }
        let rows = judged(
            &state,
            &import.viewer,
            &reader,
            &mut seen,
            &batch,
            import.validate_only,
        )
        .await?;
        summary.count(&rows);
        if tell.send(Part::Rows(rows)).await.is_err() {
            return Ok(None);
        }
    }
    reading
        .await
        .map_err(|_| Error::internal("reading broke off"))??;
    Ok(Some(summary))
}

/// The heads of the table, or why there are none.
enum Heading {
    Found(Heads),
    /// Read as Latin letters, the heads are signs of an old Vietnamese encoding.
    Legacy,
    /// A quotation mark hides them, as it seems.
    Misquoted,
}

async fn heads(lines: &mut mpsc::Receiver<Line>) -> Option<Heading> {
    let (mut looks_legacy, mut is_misquoted) = (false, false);
    for _ in 0..MOST_ABOVE {
        let Some(line) = lines.recv().await else { break };
        if let Some(heads) = Heads::read(&line.cells) {
            return Some(Heading::Found(heads));
        }
        looks_legacy |= line.cells.iter().any(|cell| is_legacy(cell));
        is_misquoted |= line.is_misquoted;
    }
    match (looks_legacy, is_misquoted) {
        (true, _) => Some(Heading::Legacy),
        (false, true) => Some(Heading::Misquoted),
        (false, false) => None,
    }
}

/// Whether a text holds letters that no Vietnamese text in Unicode has, and every one in TCVN3 or VNI.
fn is_legacy(text: &str) -> bool {
    text.chars().any(|letter| {
        matches!(
            letter,
            '®' | 'µ' | '¸' | '¶' | '·' | '¹' | 'Þ' | 'ß' | 'æ' | 'ø' | 'ö' | 'ä' | 'ï'
        )
    })
}

fn digest(mut file: File) -> Result<String> {
    let unreadable = |_| Error::from(Code::UnreadableFile);
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer).map_err(unreadable)? {
            0 => break,
            read => digest.update(&buffer[..read]),
        }
    }
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    Ok(hex(&digest.finalize()))
}

/// The numbers of the petitions that corrected rows may be, for whoever has to tell.
async fn doubtful(state: &State, answers: &[Result<Done, Refused>]) -> Result<HashMap<Uuid, String>> {
    let answers = answers.iter().filter_map(|answer| answer.as_ref().ok());
    let is_doubtful = |done: &&Done| done.push.as_ref().is_some_and(|known| !known.errors.is_empty());
    let ids: Vec<Uuid> = answers
        .filter(is_doubtful)
        .flat_map(|done| done.ids.clone())
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let numbers: Vec<(PetitionId, String)> = petition::Entity::find()
        .select_only()
        .columns([petition::Column::Id, petition::Column::Number])
        .filter(petition::Column::Id.is_in(ids))
        .into_tuple()
        .all(state.store.read())
        .await?;
    Ok(numbers.into_iter().map(|(id, number)| (id.0, number)).collect())
}

/// Judges a batch of rows and takes over what is good.
async fn judged(
    state: &State,
    viewer: &Viewer,
    reader: &Reading<'_>,
    seen: &mut Seen,
    lines: &[Line],
    validate_only: bool,
) -> Result<Vec<RowOutcome>> {
    let read: Vec<_> = lines.iter().map(|line| reader.read(line, seen)).collect();
    let commands: Vec<&dyn Command> = read
        .iter()
        .filter_map(|row| row.as_ref().ok())
        .map(|(command, _)| command as &dyn Command)
        .collect();
    let answers = match (commands.is_empty(), validate_only) {
        (true, _) => Vec::new(),
        (false, true) => door::preview(state, viewer, &commands).await?,
        (false, false) => door::execute(state, viewer, &commands).await?,
    };
    let numbers = doubtful(state, &answers).await?;
    let mut answers = answers.into_iter();
    let outcome = |(line, row): (&Line, Judged)| {
        let refused = |problem| (Outcome::Refused, None, vec![problem], Vec::new());
        let (outcome, petition, problems, notes) = match row {
            Err(problems) => (Outcome::Refused, None, problems, Vec::new()),
            Ok((_, notes)) => match answers.next() {
                Some(Ok(done)) => {
                    let id = done.ids.first().copied();
                    match done.push.map(|known| known.errors.into_iter().next()) {
                        None => (Outcome::Created, id, Vec::new(), notes),
                        Some(None) => (Outcome::Unchanged, id, Vec::new(), Vec::new()),
                        Some(Some(taken)) => {
                            let number = id.and_then(|id| numbers.get(&id));
                            let problem = Problem::refused(taken, number);
                            (Outcome::Refused, id, vec![problem], Vec::new())
                        }
                    }
                }
                Some(Err(reason)) => refused(Problem::refused(reason, None)),
                None => refused(Problem::of_row(Code::Unavailable)),
            },
        };
        RowOutcome {
            line: line.number,
            outcome,
            petition,
            source: if problems.is_empty() {
                String::new()
            } else {
                reader.source_cell(line)
            },
            cells: if problems.is_empty() {
                Vec::new()
            } else {
                reader.told_cells(line)
            },
            problems,
            notes,
            is_1904: line.is_1904,
        }
    };
    Ok(lines.iter().zip(read).map(outcome).collect())
}
