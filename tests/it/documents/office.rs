//! LibreOffice opens what we made, and says the same.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use super::reading::text_of;

fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|cause| panic!("{program} is not installed ({cause}): tests/run installs it"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    output.stdout
}

/// How often each letter and figure is there: of a page lines are broken and words set apart, but nothing is lost.
fn letters(text: &str) -> BTreeMap<char, usize> {
    let mut letters = BTreeMap::new();
    for letter in text.chars().filter(|letter| letter.is_alphanumeric()) {
        *letters.entry(letter).or_default() += 1;
    }
    letters
}

/// Opens documents and compares every letter of their pages.
pub(super) fn opens(files: &[(String, Vec<u8>)]) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let mut arguments = vec![
        format!("-env:UserInstallation=file://{}", at("profile")),
        "--headless".to_owned(),
        "--convert-to".to_owned(),
        "pdf".to_owned(),
        "--outdir".to_owned(),
        at(""),
    ];
    for (name, bytes) in files {
        fs::write(at(&format!("{name}.docx")), bytes).unwrap();
        arguments.push(at(&format!("{name}.docx")));
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run("soffice", &arguments);
    for (name, bytes) in files {
        let pdf = at(&format!("{name}.pdf"));
        assert!(Path::new(&pdf).is_file(), "LibreOffice made nothing of {name}");
        if let Some(keep) = std::env::var_os("CUTRI_TEST_KEEP_PDF") {
            fs::copy(&pdf, Path::new(&keep).join(format!("{name}.pdf"))).unwrap();
        }
        let read = run("pdftotext", &["-enc", "UTF-8", &pdf, "-"]);
        let shown = letters(std::str::from_utf8(&read).unwrap());
        for (letter, count) in letters(&text_of(bytes)) {
            let seen = shown.get(&letter).copied().unwrap_or_default();
            assert!(
                seen >= count,
                "{name}: {letter} is there {count} times, LibreOffice shows it {seen} times"
            );
        }
    }
}
