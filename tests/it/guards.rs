//! What is committed beside the code says what the code does, and the house keeps its rules.
//! `UPDATE=1 cargo test guards` writes the files anew.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use cutri::error::{Code, Lang};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Compares a file of the project with what it should be, or writes it.
#[track_caller]
fn same_as_committed(file: &str, expected: &str) {
    let path = root().join(file);
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let first = committed
        .lines()
        .zip(expected.lines())
        .position(|(committed, expected)| committed != expected)
        .unwrap_or_else(|| committed.lines().count().min(expected.lines().count()));
    assert!(
        committed == expected,
        "{file} is not up to date (UPDATE=1 writes it); first difference in line {}:\n  file: {}\n  code: {}",
        first + 1,
        committed.lines().nth(first).unwrap_or("(ends)"),
        expected.lines().nth(first).unwrap_or("(ends)"),
    );
}

#[test]
fn the_committed_schema_is_the_served_one() {
    same_as_committed("schema.graphql", &cutri::schema::sdl());
}

#[test]
fn the_published_errors_are_the_table() {
    let mut page = String::from(
        "# Mã lỗi [errors]\n\n\
         Bảng này đóng: máy chủ không trả mã nào khác. Ứng dụng so sánh **mã**, không so sánh lời; lời theo\n\
         `Accept-Language` (`vi` nếu không nói gì, hoặc `en`). Thêm mã là thay đổi tương thích, đổi nghĩa thì không.\n\n\
         The table is closed. Clients compare the **code**, never the message. An expected refusal of a mutation stands\n\
         in `userErrors {code field message}` of its payload or in a pushed row's outcome; everything else in\n\
         `errors[].extensions {code requestId retryable limit field}`. *HTTP* is the status when the code ends a request\n\
         before it is executed (a document's errors are 400 under `application/graphql-response+json`, 200 under\n\
         `application/json`); 200 means that it appears beside data. *Retry*: the same request may succeed later.\n\
         `UNAVAILABLE` and `RATE_LIMITED` come with `Retry-After`.\n\n\
         | Mã [code] | HTTP | Thử lại [retry] | Tiếng Việt | English |\n|---|---|---|---|---|\n",
    );
    for code in Code::ALL {
        writeln!(
            page,
            "| `{}` | {} | {} | {} | {} |",
            code.name(),
            code.status(),
            if code.retryable() { "có [yes]" } else { "" },
            code.message(Lang::Vi),
            code.message(Lang::En),
        )
        .unwrap();
    }
    same_as_committed("docs/errors.md", &page);
    for code in Code::ALL {
        assert_eq!(Code::from_name(code.name()), Some(*code));
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The library's Result turns every Display into a message for the client. Clippy bans the type by its name; a glob
/// or an alias would get around it.
#[test]
fn the_librarys_result_is_nowhere() {
    let mut files = Vec::new();
    sources(&root().join("api/src"), &mut files);
    assert!(files.len() > 30, "the sources are elsewhere");
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        // An import over several lines is one statement.
        for statement in text.split_inclusive(';') {
            let code: String = statement
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect::<Vec<_>>()
                .join(" ");
            let imports = code
                .rsplit_once("use async_graphql::")
                .map(|(_, names)| names)
                .unwrap_or_default();
            let names: Vec<&str> = imports
                .split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '*')
                .collect();
            if names.contains(&"*") || names.contains(&"Result") || code.contains("async_graphql::Result") {
                found.push(format!("{}: {}", file.display(), code.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Nobody but the terminal and the log writes to the standard streams, and settings are read in one place.
#[test]
fn the_environment_is_read_in_one_place() {
    let mut files = Vec::new();
    sources(&root().join("api/src"), &mut files);
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        if name != "terminal.rs" {
            assert!(!text.contains("stdout()"), "{}", file.display());
        }
        if name != "config.rs" {
            assert!(
                !text.contains("env::var") && !text.contains("var_os("),
                "{}",
                file.display()
            );
        }
    }
}
