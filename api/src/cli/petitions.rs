//! `cutri import petitions`: an office's spreadsheet, row by row.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
};

use entity::{account, id::CouncilId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{NewPetitions, UnitLevel};
use crate::{
    error::{Code, Lang},
    imports::{Import, Mistakes, Part, Summary, columns::Heads, start},
    start::Failure,
    state::State,
    store::reference::existed,
    terminal::{Progress, say},
    viewer::Viewer,
};

/// Rows with mistakes that are told on the terminal; the file has all of them.
const MOST_TOLD: u64 = 20;

/// Takes over the petitions of a file; whether every row was good.
pub(super) async fn import(state: &Arc<State>, data: &Path, new: &NewPetitions) -> Result<bool, Failure> {
    let file = File::open(&new.file).map_err(|cause| Failure::file(&new.file, &cause))?;
    let council = council(state, new)?;
    let viewer = viewer(state, &new.account).await?;
    let mut parts = start(Import {
        state: Arc::clone(state),
        viewer,
        council,
        validate_only: new.validate_only,
        file,
        scratch: data.to_owned(),
    });
    let mut progress = Progress::of("Nạp kiến nghị [importing petitions]");
    let mut mistakes: Option<(Mistakes, Heads)> = None;
    let mut out = match &new.errors {
        Some(path) => Some(BufWriter::new(
            File::create(path).map_err(|cause| Failure::file(path, &cause))?,
        )),
        None => None,
    };
    let mut write = |bytes: &[u8]| match (&mut out, &new.errors) {
        (Some(out), Some(path)) => out
            .write_all(bytes)
            .and_then(|()| out.flush())
            .map_err(|cause| Failure::file(path, &cause)),
        _ => Ok(()),
    };
    let (mut rows, mut refused) = (0, 0);
    let summary = loop {
        match parts.recv().await {
            Some(Part::Heads(heads)) => {
                tell_left_out(&heads);
                let file = Mistakes::of(heads.clone(), Lang::Vi);
                write(&file.begin()?)?;
                mistakes = Some((file, heads));
            }
            Some(Part::Rows(done)) => {
                rows += done.len() as u64;
                progress.at(rows, rows);
                let Some((file, heads)) = &mistakes else { continue };
                write(&file.lines(&done)?)?;
                for row in done.iter().filter(|row| !row.problems.is_empty()) {
                    refused += 1;
                    if refused <= MOST_TOLD {
                        let all = row
                            .problems
                            .iter()
                            .map(|problem| problem.message(heads, Lang::Vi));
                        let all = all.collect::<Vec<_>>().join("; ");
                        say(format_args!("{}: dòng {}: {all}", new.file.display(), row.line));
                    }
                }
            }
            Some(Part::Done(summary)) => break summary,
            Some(Part::Failed(error)) => return Err(error.into()),
            None => return Err(Failure::new("việc nạp bị ngắt [the import broke off]")),
        }
    };
    drop(progress);
    tell(summary, new);
    Ok(summary.refused == 0)
}

fn council(state: &State, new: &NewPetitions) -> Result<CouncilId, Failure> {
    let reference = state.reference();
    let today = state.clock.today();
    let missing = || Failure::new("không có Hội đồng này [no such council]");
    if let Some(council) = new.council {
        let council = CouncilId(council);
        return reference.council(council).map(|_| council).ok_or_else(missing);
    }
    let code = new.unit.as_deref().unwrap_or_default();
    let level = new.level.map(UnitLevel::code);
    let unit = reference.units.by_code(code, level, today).ok_or_else(missing)?;
    let council = reference.bodies.councils.values().find(|council| {
        council.unit_id == unit.id && existed(Some(council.valid_from), council.valid_to, today)
    });
    council.map(|council| council.id).ok_or_else(missing)
}

async fn viewer(state: &State, username: &str) -> Result<Viewer, Failure> {
    let account = account::Entity::find()
        .filter(account::Column::Username.eq(username))
        .one(state.store.read())
        .await
        .map_err(crate::error::Error::from)?;
    let account =
        account.ok_or_else(|| Failure::new(format!("{username}: {}", Code::NotFound.message(Lang::Vi))))?;
    let (reference, now) = (state.reference(), state.clock.now());
    Ok(Viewer::at_server(state.store.read(), &reference, account, now, Lang::Vi).await?)
}

fn tell_left_out(heads: &Heads) {
    let (personal, unknown) = heads.left_out();
    if !personal.is_empty() {
        say(format_args!(
            "Bỏ qua cột có dữ liệu cá nhân của cử tri [personal data, not read]: {}",
            personal.join(", ")
        ));
    }
    if !unknown.is_empty() {
        say(format_args!(
            "Bỏ qua cột không biết [unknown columns]: {}",
            unknown.join(", ")
        ));
    }
}

fn tell(summary: Summary, new: &NewPetitions) {
    let Summary {
        rows,
        created,
        unchanged,
        refused,
    } = summary;
    let what = if new.validate_only {
        "Kiểm tra, chưa ghi gì [nothing was written]"
    } else {
        "Đã nạp [done]"
    };
    say(format_args!(
        "{what}: {rows} dòng; {created} kiến nghị mới, {unchanged} đã có từ trước, {refused} dòng có lỗi. \
         [rows, new, known, refused]"
    ));
    if let (Some(path), true) = (&new.errors, refused > 0) {
        say(format_args!(
            "Sửa các dòng lỗi trong {} rồi nạp lại tệp đó. [correct them there and import that file]",
            path.display()
        ));
    }
}
