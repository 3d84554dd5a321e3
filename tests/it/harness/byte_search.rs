use base64::{Engine, prelude::BASE64_STANDARD};
use cutri_tests::{LogCapture, byte_search, spellings::spellings};
use std::io::Write;

#[test]
fn finds_a_needle_at_every_place() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    let needle = "Nguyễn Thị Ánh".as_bytes();
    // Around the end of a search window, where a match lies half in each.
    for start in [
        0,
        1,
        1_048_575,
        1_048_576 - needle.len(),
        1_048_576 - 3,
        1_048_576,
        2_097_000,
    ] {
        let mut bytes = vec![b'N'; start];
        bytes.extend_from_slice(needle);
        let path = below.join(format!("{start}.bin"));
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(
            byte_search::files_with(folder.path(), &[b"absent", needle]),
            [(path.clone(), 1)],
            "{start}"
        );
        bytes.pop();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(
            byte_search::files_with(folder.path(), &[b"absent", needle]),
            [],
            "{start}, cut short"
        );
    }
}

#[test]
#[should_panic(expected = "stored in plain text")]
fn fails_on_a_planted_text() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cutri.db-wal"), "…0912 345 678…").unwrap();
    byte_search::assert_free_of(folder.path(), &["0912 345 678"]);
}

/// Each form lies in a file of its own, in the midst of something else.
#[test]
fn a_text_is_found_however_it_is_spelt() {
    let name = "Nguyễn Thị Ánh";
    let mut hidden = vec![
        "Nguye\u{302}\u{303}n Thi\u{323} A\u{301}nh".to_owned(),
        r"Nguy\u1ec5n Th\u1ecb \u00c1nh".to_owned(),
        r"Nguy\u1EC5n Th\u1ECB \u00C1nh".to_owned(),
    ];
    for before in ["", "a", "ab", "abc"] {
        for after in ["", "y", "yz"] {
            hidden.push(BASE64_STANDARD.encode(format!("{before}{name}{after}")));
        }
    }
    let needles = spellings(name);
    let needles: Vec<&[u8]> = needles.iter().map(Vec::as_slice).collect();
    for form in hidden {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cutri.db"), format!("\u{0}{form}\u{1}")).unwrap();
        assert!(
            !byte_search::files_with(folder.path(), &needles).is_empty(),
            "{form}"
        );
    }
    for number in ["0978 246 135", "0978.246.135", "097 824 6135", "0978-24-61-35"] {
        let needles = spellings("0978246135");
        assert!(needles.iter().any(|form| form == number.as_bytes()), "{number}");
    }
    let abroad = spellings("+84978246135");
    assert!(abroad.iter().any(|form| form == b"+84 978 246 135"));
}

#[test]
#[should_panic(expected = "to be read from what is stored")]
fn fails_on_a_text_in_another_spelling() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("server.log"), "{\"phone\":\"0978.246.135\"}").unwrap();
    byte_search::assert_nowhere_in(folder.path(), &["0978246135"]);
}

#[test]
fn a_log_is_searched_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let log = LogCapture::in_folder(folder.path());
    writeln!(log.writer(), "started\nphone 0912").unwrap();
    writeln!(log.writer(), "stopped").unwrap();
    assert_eq!(log.lines_with("0912"), ["phone 0912"]);
    log.assert_free_of(&["0913"]);
}

#[test]
#[should_panic(expected = "nothing was logged")]
fn an_empty_log_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    LogCapture::in_folder(folder.path()).assert_free_of(&["0912"]);
}
