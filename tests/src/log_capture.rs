//! Logs as evidence: what a server wrote, kept in a file so that a test can look for what must not be there.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
};

/// A log file, of one server or of several starts of it one after the other.
#[derive(Clone, Debug)]
pub struct LogCapture {
    path: PathBuf,
}

impl LogCapture {
    /// The log of servers that run in `folder`; nothing need be there yet.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            path: folder.join("server.log"),
        }
    }

    /// A handle that appends: the output of a process, or (in an `Arc`) the writer of a tracing subscriber.
    pub fn writer(&self) -> File {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)
            .unwrap()
    }

    /// Everything written so far; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.path).unwrap_or_default()).into_owned()
    }

    /// The lines in which `needle` stands.
    pub fn lines_with(&self, needle: &str) -> Vec<String> {
        self.text()
            .lines()
            .filter(|line| line.contains(needle))
            .map(str::to_owned)
            .collect()
    }

    /// Fails when one of the planted texts stands anywhere in the log, and when the log is empty: a capture
    /// that caught nothing proves nothing.
    pub fn assert_free_of(&self, planted: &[&str]) {
        let text = self.text();
        assert!(!text.is_empty(), "nothing was logged to {}", self.path.display());
        for secret in planted {
            let lines: Vec<_> = text.lines().filter(|line| line.contains(secret)).collect();
            assert!(lines.is_empty(), "{secret:?} was logged: {lines:#?}");
        }
    }
}
