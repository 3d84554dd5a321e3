//! The binary as an operator meets it: first start, second start, stopping, refusing, and the doors for everybody.

mod beside;
mod doctor;
mod doors;
mod memory;
mod refusing;
mod starting;

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::Output,
};

use cutri_tests::{
    Kind, ServerProcess, TestDatabase, seeds,
    server_process::{self, free_address},
    target,
};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// A second and 40 MB are promised of the program that is handed out, on a machine that does nothing else: a part of
/// `tests/run full`.
fn is_handed_out_and_alone() -> bool {
    seeds::is_full() && target::is_released()
}

/// An empty folder, as private as the product wants it.
fn folder() -> tempfile::TempDir {
    let private = Permissions::from_mode(0o700);
    tempfile::Builder::new().permissions(private).tempdir().unwrap()
}

/// An installation on which everything was imported already; its folder is its data folder.
async fn installation() -> TestDatabase {
    TestDatabase::fresh(Kind::Sqlite).await
}

fn cutri(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Output {
    server_process::command(folder, args, environment)
        .env("CUTRI_LISTEN", free_address().to_string())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[track_caller]
fn refused_with(output: &Output, name: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    assert!(said(output).contains(name), "{}", said(output));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

async fn ask(server: &ServerProcess, query: &str) -> (StatusCode, Value) {
    let sent = Client::new()
        .post(server.url("/graphql"))
        .json(&json!({ "query": query }))
        .send();
    let answer = sent.await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// Once it is ready the program says five lines, where everything is, and no word more. (Lines of the log begin with
/// the time.)
#[track_caller]
pub(crate) fn the_five_lines(server: &ServerProcess, accounts: &str) {
    let text = server.log().text();
    let said: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.ends_with("[ready]"))
        .filter(|line| !line.starts_with("20"))
        .collect();
    assert_eq!(said.len(), 5, "{text}");
    assert!(
        said[0].starts_with("cutri ") && said[0].contains(" sẵn sàng sau "),
        "{text}"
    );
    let doors = [
        ("Trang giới thiệu [page]   ", server.url("/")),
        ("GraphiQL                  ", server.url("/graphql")),
        ("Lược đồ [schema]          ", server.url("/schema.graphql")),
        ("Tài khoản [accounts]      ", accounts.to_owned()),
    ];
    for (line, (name, place)) in said[1..].iter().zip(doors) {
        assert_eq!(*line, format!("  {name} {place}"));
    }
}

/// The doctor failed, and says this in its line about that.
#[track_caller]
fn finds(examined: &Output, about: &str, words: &str) {
    assert_eq!(examined.status.code(), Some(1), "{}", said(examined));
    let told = String::from_utf8_lossy(&examined.stdout).into_owned();
    let beginning = format!("fail  {about}: ");
    let mut lines = told.lines().filter(|line| line.starts_with(&beginning));
    assert!(lines.any(|line| line.contains(words)), "{about}: {words}\n{told}");
}
