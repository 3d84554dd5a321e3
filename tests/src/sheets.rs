//! Spreadsheets written and read by a real library, in a Node process of its own (tests/clients/sheets/driver.mjs).

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::clients::folder;

fn driver(arguments: &[&str], shared: bool, input: &str) -> Output {
    let mut process = Command::new("node")
        .arg(folder("sheets").join("driver.mjs"))
        .args(arguments)
        .env("SHARED", if shared { "1" } else { "0" })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js is not installed");
    let mut stdin = process.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    output
}

/// Writes a workbook with these rows; `{"date": "2025-02-01"}` is a date.
pub fn write(file: &Path, rows: &Value) {
    driver(&["write", file.to_str().unwrap()], false, &rows.to_string());
}

/// Writes a workbook of so many petitions, with its texts in the common table or in the cells.
pub fn many(file: &Path, count: u32, shared: bool) {
    driver(&["many", file.to_str().unwrap(), &count.to_string()], shared, "");
}

/// The rows of a CSV file as that library reads them.
pub fn read(file: &Path) -> Vec<Vec<String>> {
    let output = driver(&["read", file.to_str().unwrap()], false, "");
    serde_json::from_slice(&output.stdout).unwrap()
}
