//! Lists of units and successions into the database, through the write door like everything else: at most 1,000
//! rows in one transaction, so that an import that was killed goes on where it stood. A row that is there already
//! is not written; a row that the database does not take is reported and stops nothing.

use std::collections::HashSet;

use entity::id::UnitId;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    import::{Edge, Gap, LineProblem, Problem, UnitRecord, read_successions, read_units},
    rules,
};
use crate::{
    capability::Capability,
    error::{Code, Refused, Result},
    installation,
    state::State,
    store::{
        door::{self, Command, Facts, Verdict},
        table::Row,
        working::{Changes, Needs, Working},
    },
    viewer::{Place, Viewer},
};

/// The list of units that is delivered with the program.
const UNITS: &[u8] = include_bytes!("../../reference/administrative_units.csv");
/// The list of successions that is delivered with the program.
const SUCCESSIONS: &[u8] = include_bytes!("../../reference/unit_successions.csv");
/// The fact that says which delivered lists were taken in.
const DELIVERED: &str = "reference:units";

/// Rows in one transaction.
const AT_ONCE: usize = 1_000;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Usable unit versions of the list.
    pub units: usize,
    /// Of these, how many are new or were changed.
    pub units_written: usize,
    /// Successions, stated and derived.
    pub successions: usize,
    /// Of these, how many are new or were changed.
    pub successions_written: usize,
    /// Lines of the list of units that were left out.
    pub unit_problems: Vec<LineProblem>,
    /// Lines of the list of successions that were left out.
    pub succession_problems: Vec<LineProblem>,
    /// What the lists leave open, by line and code; nothing is guessed in its place.
    pub gaps: Vec<Gap>,
}

/// Takes in the delivered lists, unless these very lists were taken in before. Reports `(done, total)` rows.
pub async fn deliver(state: &State, progress: impl FnMut(usize, usize)) -> Result<Option<ImportReport>> {
    let mut digest = Sha256::new();
    digest.update(UNITS);
    digest.update(SUCCESSIONS);
    let version = format!("{:x}", digest.finalize());
    if installation::fact(&state.store, DELIVERED).await?.as_ref() == Some(&version) {
        return Ok(None);
    }
    let report = import_lists(state, UNITS, Some(SUCCESSIONS), progress).await?;
    installation::renew(&state.store, DELIVERED, &version).await?;
    Ok(Some(report))
}

/// Takes in a list of units, and of successions where there is one. Run twice it changes nothing. Reports
/// `(done, total)` rows.
pub async fn import_lists(
    state: &State,
    units: &[u8],
    successions: Option<&[u8]>,
    mut progress: impl FnMut(usize, usize),
) -> Result<ImportReport> {
    let viewer = Viewer::system();
    let reference = state.reference();
    let known: Vec<UnitRecord> = reference
        .units
        .iter()
        .filter_map(|row| rules::record(row, &reference.units))
        .collect();
    let known_edges: Vec<Edge> = reference.units.successions().map(rules::edge).collect();
    drop(reference);

    let units = read_units(units, &known);
    let listed: HashSet<Uuid> = units.records.iter().map(|unit| unit.id).collect();
    let mut all = units.records.clone();
    all.extend(known.into_iter().filter(|unit| !listed.contains(&unit.id)));
    let successions = read_successions(successions, &all, &known_edges);
    let steps = steps(&successions.edges, known_edges);

    let total = units.records.len() + steps.len();
    let mut report = ImportReport {
        units: units.records.len(),
        successions: successions.edges.len(),
        unit_problems: units.problems,
        succession_problems: successions.problems,
        gaps: successions.gaps,
        ..ImportReport::default()
    };
    let mut done = 0;
    progress(done, total);
    for records in units.records.chunks(AT_ONCE) {
        let commands: Vec<_> = records.iter().map(PutUnit).collect();
        for (record, answer) in records.iter().zip(execute(state, &viewer, &commands).await?) {
            match answer {
                Ok(written) => report.units_written += usize::from(written),
                Err(problem) => report.unit_problems.push(LineProblem {
                    line: record.line,
                    code: record.code.clone(),
                    problem,
                }),
            }
        }
        done += records.len();
        progress(done, total);
    }
    for steps in steps.chunks(AT_ONCE) {
        for (step, answer) in steps.iter().zip(execute(state, &viewer, steps).await?) {
            match answer {
                Ok(written) => report.successions_written += usize::from(written),
                Err(problem) => report.succession_problems.push(LineProblem {
                    line: step.edge().line.unwrap_or(0),
                    code: String::new(),
                    problem,
                }),
            }
        }
        done += steps.len();
        progress(done, total);
    }
    execute(
        state,
        &viewer,
        &[KeepGaps {
            found: &report.gaps,
            units: &all,
        }],
    )
    .await?;
    Ok(report)
}

/// Runs commands in one transaction; of each, whether it wrote anything, or that its row was not taken.
async fn execute<C: Command>(
    state: &State,
    viewer: &Viewer,
    commands: &[C],
) -> Result<Vec<Result<bool, Problem>>> {
    let commands: Vec<&dyn Command> = commands.iter().map(|command| command as &dyn Command).collect();
    let answers = door::execute(state, viewer, &commands).await?;
    answers
        .into_iter()
        .map(|answer| match answer {
            Ok(done) => Ok(Ok(!done.ids.is_empty())),
            Err(refused) if refused.code == Code::InvalidValue => Ok(Err(Problem::NotStored)),
            Err(refused) => Err(refused.into()),
        })
        .collect()
}

fn allowed(facts: &Facts<'_>) -> Result<(), Refused> {
    facts.viewer.must(Capability::ManageUnits, Place::Everywhere)
}

/// One version of a unit.
struct PutUnit<'a>(&'a UnitRecord);

impl Command for PutUnit<'_> {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.unit.insert(self.0.id);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        allowed(facts)?;
        let before = working.unit.get(self.0.id);
        let Some(row) = rules::unit(before, self.0) else {
            return Ok(Verdict::default());
        };
        let mut changes = Changes::default();
        if let Some(before) = before {
            // The list is the origin of what is new; what it changes is told by history.
            let mut event = facts.event("unit", row.id, "updated", None);
            let before = json!({"name": before.name, "kind": before.kind, "parentId": before.parent_id,
                "validTo": before.valid_to});
            event.detail = Some(json!({ "before": before }).to_string());
            changes.happened(event);
        }
        let id = row.id.0;
        changes.put(row);
        Ok(Verdict::about(changes, [id]))
    }
}

/// One succession, to be known or no more.
enum Step {
    Put(Edge),
    /// Was worked out before and does not follow any more.
    Withdraw(Edge),
}

impl Step {
    fn edge(&self) -> &Edge {
        match self {
            Self::Put(edge) | Self::Withdraw(edge) => edge,
        }
    }
}

fn steps(found: &[Edge], known: Vec<Edge>) -> Vec<Step> {
    let ends: HashSet<(Uuid, Uuid)> = found.iter().map(|edge| (edge.from_id, edge.to_id)).collect();
    let outdated = known
        .into_iter()
        .filter(|edge| edge.derived && !ends.contains(&(edge.from_id, edge.to_id)));
    let found = found.iter().cloned().map(Step::Put);
    found.chain(outdated.map(Step::Withdraw)).collect()
}

impl Command for Step {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.successions_of.insert(self.edge().from_id);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        allowed(facts)?;
        let row = rules::succession(self.edge());
        let key = row.key();
        let before = working.unit_succession.of(UnitId(key.0));
        let before = before.into_iter().find(|known| known.key() == key);
        let mut changes = Changes::default();
        match self {
            Self::Put(_) if before == Some(&row) => return Ok(Verdict::default()),
            Self::Put(_) => changes.put(row),
            Self::Withdraw(_) if before.is_none() => return Ok(Verdict::default()),
            Self::Withdraw(_) => changes.and(move |working| working.unit_succession.remove(key)),
        }
        Ok(Verdict::about(changes, [key.0]))
    }
}

/// What is open after this import; what was open and was closed by it goes.
struct KeepGaps<'a> {
    found: &'a [Gap],
    units: &'a [UnitRecord],
}

impl Command for KeepGaps<'_> {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.unit_gaps = true;
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        allowed(facts)?;
        let mut changes = Changes::default();
        let mut open = HashSet::new();
        for gap in self.found {
            let before = working.unit_gap.get(rules::gap_id(gap));
            let row = rules::gap(before, gap);
            open.insert(row.id);
            if before != Some(&row) {
                changes.put(row);
            }
        }
        for known in working.unit_gap.iter() {
            if !open.contains(&known.id) && !rules::is_still_open(known, self.units) {
                let key = known.key();
                changes.and(move |working| working.unit_gap.remove(key));
            }
        }
        Ok(Verdict::about(changes, []))
    }
}
