//! `cutri doctor`: what the operator of an installation should know before it hurts.
//!
//! It only looks: it makes no file, changes no row, and never shows a secret. It may run beside a serving process.

mod database;
mod files;

use std::fmt;

use migration::Migrator;
use sea_orm_migration::MigratorTrait;

use crate::{
    clock::{Clock, SystemClock, local_date},
    config::Settings,
    keys::Keys,
    start,
    store::Store,
    terminal::say,
};

/// How a finding is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    Ok,
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Finding {
    pub grade: Grade,
    /// What was looked at, in Vietnamese.
    pub about: &'static str,
    /// What was found, and what to do about it.
    pub line: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Ok => "ok  ",
            Grade::Warn => "warn",
            Grade::Fail => "fail",
        };
        write!(f, "{grade}  {}: {}", self.about, self.line)
    }
}

/// The findings so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, grade: Grade, about: &'static str, line: impl Into<String>) {
        self.0.push(Finding {
            grade,
            about,
            line: line.into(),
        });
    }

    fn ok(&mut self, about: &'static str, line: impl Into<String>) {
        self.add(Grade::Ok, about, line);
    }

    fn warn(&mut self, about: &'static str, line: impl Into<String>) {
        self.add(Grade::Warn, about, line);
    }

    fn fail(&mut self, about: &'static str, line: impl Into<String>) {
        self.add(Grade::Fail, about, line);
    }
}

/// Looks at everything, says it line by line, and returns whether nothing failed.
pub async fn run(settings: &Settings) -> bool {
    let findings = examine(settings).await;
    for finding in &findings {
        say(finding);
    }
    let count = |grade| findings.iter().filter(|finding| finding.grade == grade).count();
    let (warnings, failures) = (count(Grade::Warn), count(Grade::Fail));
    say(format_args!(
        "{} mục: {warnings} cần chú ý, {failures} hỏng [{warnings} warnings, {failures} failures]",
        findings.len()
    ));
    failures == 0
}

/// Looks at everything.
pub async fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = Findings::default();
    files::data(settings, &mut findings);
    files::holidays(&settings.data, local_date(SystemClock.now()), &mut findings);
    let keys = keys(settings, &mut findings);
    let url = settings.database();
    if let Some(file) = url.sqlite_file().filter(|file| !file.exists()) {
        findings.fail(
            "Cơ sở dữ liệu",
            format!(
                "{} chưa có; hãy chạy cutri serve hoặc cutri migrate",
                file.display()
            ),
        );
        return findings.0;
    }
    match start::connect(settings).await {
        Err(failure) => findings.fail("Cơ sở dữ liệu", failure.to_string()),
        Ok(store) => {
            let mut examined = database::examine(&store, keys.as_ref(), &mut findings).await;
            if examined.is_ok() && migrated(&store).await {
                examined = files::store(settings, &store, &mut findings).await;
            }
            if let Err(error) = examined {
                let why = start::Failure::from(error).to_string();
                findings.fail("Cơ sở dữ liệu", why);
            }
            // Closing can only fail when the connection is gone already, which the report says then.
            let _ = store.close().await;
        }
    }
    findings.0
}

/// Whether the table of files can be asked at all.
async fn migrated(store: &Store) -> bool {
    let pending = Migrator::get_pending_migrations_read_only(store.read()).await;
    pending.is_ok_and(|pending| pending.is_empty())
}

fn keys(settings: &Settings, findings: &mut Findings) -> Option<Keys> {
    let folder = settings.key_folder();
    match Keys::open(&folder) {
        Ok(keys) => {
            findings.ok("Khóa", format!("{} đủ, chỉ chủ nhân đọc được", folder.display()));
            Some(keys)
        }
        Err(error) => {
            findings.fail("Khóa", error.to_string());
            None
        }
    }
}
