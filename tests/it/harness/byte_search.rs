use cutri_tests::{LogCapture, byte_search};
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
