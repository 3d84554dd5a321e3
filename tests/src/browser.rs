//! A real Chromium in which somebody uses the phone page, driven line by line (tests/clients/browser/driver.mjs).

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::clients::folder;

/// One command takes no longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// The same engine without the windows, menus and extensions around it: it takes half the time.
const SHELL: &str = "/usr/bin/chromium-headless-shell";

/// What Debian and others call the whole browser.
const PROGRAMS: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
];

/// A browser with a profile of its own. It ends with this value, and its profile goes.
pub struct Browser {
    _process: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _profile: TempDir,
}

/// One tab of a browser.
pub struct Tab<'a> {
    browser: &'a mut Browser,
    name: &'static str,
}

impl Browser {
    /// Starts one that has never been anywhere; without windows where that is installed.
    pub fn start() -> Self {
        Self::first_of(&[&[SHELL], PROGRAMS.as_slice()].concat())
    }

    /// Starts the browser that a person has, with all that is in it.
    pub fn start_whole() -> Self {
        Self::first_of(&PROGRAMS)
    }

    fn first_of(programs: &[&str]) -> Self {
        let program = programs.iter().find(|program| Path::new(program).exists());
        let program = program.expect("Chromium is not installed (tests/run installs it)");
        let profile = tempfile::tempdir().unwrap();
        let mut process = Command::new("node")
            .arg(folder("browser").join("driver.mjs"))
            .arg(program)
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Node.js is not installed");
        let commands = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            _process: process,
            commands,
            answers,
            _profile: profile,
        }
    }

    /// A tab by its name.
    pub fn tab(&mut self, name: &'static str) -> Tab<'_> {
        Tab { browser: self, name }
    }

    /// What the pages complained of since the last time.
    pub async fn complaints(&mut self) -> Vec<String> {
        let told = self.ask(json!({"command": "told"})).await;
        serde_json::from_value(told).unwrap()
    }

    async fn ask(&mut self, line: Value) -> Value {
        self.commands
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
        let answer = tokio::time::timeout(PATIENCE, self.answers.next_line()).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {line}"));
        let answer = answer
            .unwrap()
            .unwrap_or_else(|| panic!("the browser ended at {line}"));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(
            answer.get("failed").is_none(),
            "{line}\n{}",
            answer["failed"].as_str().unwrap_or_default()
        );
        answer["done"].clone()
    }
}

impl Tab<'_> {
    async fn ask(&mut self, command: &str, mut given: Value) -> Value {
        given["command"] = json!(command);
        given["tab"] = json!(self.name);
        self.browser.ask(given).await
    }

    /// Goes to an address; makes the tab if it is new.
    pub async fn open(&mut self, url: &str) {
        self.ask("open", json!({"url": url})).await;
    }

    /// Brings it to the front.
    pub async fn front(&mut self) {
        self.ask("front", json!({})).await;
    }

    /// Why this browser would not install the page.
    pub async fn hindrances(&mut self) -> Vec<String> {
        let told = self.ask("hindrances", json!({})).await;
        serde_json::from_value(told).unwrap()
    }

    /// Runs this in every page that it loads from now on, before anything of the page's own.
    pub async fn first_runs(&mut self, script: &str) {
        self.ask("first", json!({"script": script})).await;
    }

    /// Loads the page anew.
    pub async fn reload(&mut self) {
        self.ask("reload", json!({})).await;
    }

    /// Takes the network away from the tab and its worker, or gives it back.
    pub async fn offline(&mut self, on: bool) {
        self.ask("offline", json!({"on": on})).await;
    }

    /// Presses what has this written on it.
    pub async fn press(&mut self, words: &str) {
        self.ask("press", json!({"words": words})).await;
    }

    /// Types into the field with this label.
    pub async fn fill(&mut self, words: &str, value: &str) {
        self.ask("fill", json!({"words": words, "value": value})).await;
    }

    /// Chooses, in the field with this label, the option that holds these words.
    pub async fn choose(&mut self, words: &str, value: &str) {
        self.ask("choose", json!({"words": words, "value": value})).await;
    }

    /// Gives a file to the field with this label.
    pub async fn attach(&mut self, words: &str, file: &Path) {
        self.ask("attach", json!({"words": words, "file": file})).await;
    }

    /// Presses what has this written on it, and takes what is then saved into a folder.
    pub async fn save(&mut self, words: &str, folder: &Path) -> PathBuf {
        let saved = self.ask("save", json!({"words": words, "folder": folder})).await;
        saved.as_str().unwrap().into()
    }

    /// Closes it.
    pub async fn close(mut self) {
        self.ask("close", json!({})).await;
    }

    /// Lets pages of this origin show notifications.
    pub async fn allow_notifications(&mut self, origin: &str) {
        self.ask("allow", json!({"origin": origin})).await;
    }

    /// A signal without content comes to this origin's worker, as from a push service.
    pub async fn wake(&mut self, origin: &str) {
        self.ask("wake", json!({"origin": origin})).await;
    }

    /// Waits until these words can be read.
    pub async fn sees(&mut self, words: &str) {
        self.ask("see", json!({"words": words})).await;
    }

    /// Waits until these words cannot be read any more.
    pub async fn misses(&mut self, words: &str) {
        self.ask("miss", json!({"words": words})).await;
    }

    /// Waits until so many elements match.
    pub async fn sees_number(&mut self, number: u64, selector: &str) {
        self.ask("number", json!({"selector": selector, "number": number}))
            .await;
    }

    /// What keeps somebody from reading or pressing what is shown.
    pub async fn audit(&mut self) -> Vec<String> {
        serde_json::from_value(self.ask("audit", json!({})).await).unwrap()
    }

    /// All that can be read.
    pub async fn text(&mut self) -> String {
        self.ask("text", json!({})).await.as_str().unwrap().to_owned()
    }

    /// How many elements match.
    pub async fn count(&mut self, selector: &str) -> u64 {
        self.ask("count", json!({"selector": selector}))
            .await
            .as_u64()
            .unwrap()
    }

    /// The value of an expression in the page; promises are awaited.
    pub async fn evaluate(&mut self, expression: &str) -> Value {
        self.ask("evaluate", json!({"expression": expression})).await
    }

    /// A picture of the screen.
    pub async fn shoot(&mut self, file: &Path) {
        self.ask("shoot", json!({"file": file})).await;
    }
}
