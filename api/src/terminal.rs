//! The operator's terminal: the only place that writes to stdout, shows progress and asks for a password.
//!
//! What is said here is for the person who runs a command. The log is [`crate::telemetry`]'s.

use std::{
    fmt::Display,
    io::{self, BufRead, IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// Longer lines are no passwords.
const LONGEST: u64 = 4 * 1024;

/// Writes a line to stdout. A reader that went away is no reason to fail.
pub fn say(line: impl Display) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// Writes a line to stderr: what went wrong, what is going on.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// How far a long job is: a bar on a terminal, else a line now and then, on stderr.
pub struct Progress {
    bar: Option<ProgressBar>,
    what: String,
    told: u64,
}

impl Progress {
    /// Begins to show.
    pub fn of(what: &str) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} ({elapsed})") {
                bar.set_style(style);
            }
            bar.set_message(what.to_owned());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        if bar.is_none() {
            tell(format_args!("{what} …"));
        }
        Self {
            bar,
            what: what.to_owned(),
            told: 0,
        }
    }

    /// So much is done, of so much.
    pub fn at(&mut self, done: u64, all: u64) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(all);
                bar.set_position(done);
            }
            None => {
                let quarter = (done * 4).checked_div(all).unwrap_or(0);
                if quarter > self.told && done < all {
                    self.told = quarter;
                    tell(format_args!("{} … {}%", self.what, quarter * 25));
                }
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A password: asked twice on a terminal, without showing it; else the first line of stdin. Never an argument,
/// which every user of the machine could read. `None` when the two differ or nothing came.
pub fn password(prompt: &str, again: &str) -> io::Result<Option<Zeroizing<String>>> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return line().map(|line| (!line.is_empty()).then_some(line));
    }
    let (first, second) = {
        let _silent = Silent::begin()?;
        (ask(prompt)?, ask(again)?)
    };
    Ok((!first.is_empty() && *first == *second).then_some(first))
}

fn ask(prompt: &str) -> io::Result<Zeroizing<String>> {
    let mut stderr = io::stderr().lock();
    write!(stderr, "{prompt}: ")?;
    stderr.flush()?;
    let line = line()?;
    writeln!(stderr)?;
    Ok(line)
}

fn line() -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST as usize));
    io::Read::take(io::stdin().lock(), LONGEST).read_until(b'\n', &mut bytes)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// While it lives, the terminal does not show what is typed.
struct Silent(rustix::termios::Termios);

impl Silent {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
