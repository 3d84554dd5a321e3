//! `cutri import units`: a newer list of units, and what it leaves open, line by line.

use std::{fs, path::Path};

use crate::{
    error::Lang,
    start::Failure,
    state::State,
    terminal::{Progress, say},
    units::{
        self, ImportReport,
        import::{Gap, GapReason, LineProblem},
    },
};

/// Takes in the lists and tells what happened. Fails when nothing of the list of units could be used.
pub(super) async fn import(state: &State, list: &Path, successions: Option<&Path>) -> Result<(), Failure> {
    let read = |path: &Path| fs::read(path).map_err(|cause| Failure::file(path, &cause));
    let units = read(list)?;
    let edges = successions.map(read).transpose()?;
    let mut progress = Progress::of("Nạp danh mục đơn vị hành chính [importing units]");
    let report = units::import_lists(state, &units, edges.as_deref(), |done, all| {
        progress.at(done as u64, all as u64);
    })
    .await?;
    drop(progress);
    tell(&report, list, successions);
    if report.units == 0 && !report.unit_problems.is_empty() {
        return Err(Failure::new(format!(
            "{}: không dùng được dòng nào [no usable line]",
            list.display()
        )));
    }
    Ok(())
}

fn tell(report: &ImportReport, list: &Path, successions: Option<&Path>) {
    for problem in &report.unit_problems {
        say(format_args!("{}: {}", list.display(), words(problem)));
    }
    for problem in &report.succession_problems {
        let file = successions.unwrap_or(list);
        say(format_args!("{}: {}", file.display(), words(problem)));
    }
    // Line 0: what the delivered lists left open long ago, whichever file is read now.
    let (old, new): (Vec<&Gap>, Vec<&Gap>) = report.gaps.iter().partition(|gap| gap.line == 0);
    for gap in new {
        say(open(gap));
    }
    if !old.is_empty() {
        say(format_args!(
            "Ngoài tệp này, {} đơn vị kết thúc mà chưa rõ đơn vị kế thừa. [units without a known successor, not of this file]",
            old.len()
        ));
    }
    say(format_args!(
        "Đơn vị hành chính: {} phiên bản, {} mới hoặc đổi. Kế thừa: {}, {} mới hoặc đổi. Bỏ qua {} dòng. Còn bỏ ngỏ {}. \
         [units, successions, lines left out, gaps]",
        report.units,
        report.units_written,
        report.successions,
        report.successions_written,
        report.unit_problems.len() + report.succession_problems.len(),
        report.gaps.len(),
    ));
}

fn words(problem: &LineProblem) -> String {
    let code = if problem.code.is_empty() {
        String::new()
    } else {
        format!(" (mã {})", problem.code)
    };
    format!(
        "dòng {}{code}: {}",
        problem.line,
        problem.problem.message(Lang::Vi)
    )
}

fn open(gap: &Gap) -> String {
    let Gap {
        line,
        from_code,
        to_code,
        date,
        ..
    } = gap;
    let why = match gap.reason {
        GapReason::NoSuccessor => {
            format!("đơn vị {from_code} kết thúc ngày {date} mà không rõ đơn vị kế thừa")
        }
        GapReason::UnknownPredecessor => {
            format!("{from_code} → {to_code}: không có đơn vị nào mã {from_code} kết thúc ngày {date}")
        }
        GapReason::UnknownSuccessor => {
            format!("{from_code} → {to_code}: không có đơn vị nào mã {to_code} bắt đầu ngày {date}")
        }
    };
    format!("Bỏ ngỏ [open], dòng {line}, cấp {}: {why}", gap.level.code())
}
