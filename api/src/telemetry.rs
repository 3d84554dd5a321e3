//! The log: lines that a person can read alone, on stderr.
//!
//! At no level may it show a variable, a token, a statement's parameter or a row. Our own events are written with
//! that in mind; those of other crates are not, and an update may add some. So a level that is asked for holds for
//! cutri alone: hyper's trace shows headers with their bearer tokens, sqlx's debug and its slow-statement warning
//! show statements, its PostgreSQL driver passes on the server's notices, and sea-orm's spans hold statements.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogFormat, LogLevel};

/// The crates of this workspace.
const OWN: [&str; 2] = ["cutri", "migration"];
/// Crates that see statements or rows; even their warnings quote them.
const DATABASE: [&str; 4] = ["sqlx", "sea_orm", "sea_orm_migration", "sea_query"];

/// Starts logging for the life of the process. A second call changes nothing.
pub fn start(level: LogLevel, format: LogFormat) {
    let registry = tracing_subscriber::registry().with(filter(level));
    let started = match format {
        LogFormat::Text => registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_target(false),
            )
            .try_init(),
        LogFormat::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false)
                    .with_writer(std::io::stderr),
            )
            .try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging had begun already");
    }
}

fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(DATABASE.map(|target| (target, LevelFilter::ERROR)))
        .with_targets(OWN.map(|target| (target, level)))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn at_trace_only_cutri_says_more() {
        let filter = filter(LogLevel::Trace);
        assert!(filter.would_enable("cutri::edge", &Level::TRACE));
        for target in ["hyper::proto", "h2", "tower", "async_graphql", "rustls", "tokio"] {
            assert!(!filter.would_enable(target, &Level::INFO), "{target}");
            assert!(filter.would_enable(target, &Level::WARN), "{target}");
        }
        for target in [
            "sqlx::query",
            "sqlx::postgres::notice",
            "sea_orm::driver",
            "sea_orm_migration",
        ] {
            assert!(!filter.would_enable(target, &Level::WARN), "{target}");
        }
    }

    #[test]
    fn a_quieter_level_holds_for_everybody() {
        let filter = filter(LogLevel::Error);
        assert!(!filter.would_enable("cutri", &Level::WARN));
        assert!(!filter.would_enable("hyper", &Level::WARN));
    }
}
