//! What is committed beside the code says what the code does, and the house keeps its rules.
//! `UPDATE=1 cargo test guards` writes the files anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use cutri::error::{Code, Lang};
use cutri_tests::{Kind, TestDatabase, each_db};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

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
    same_as_committed("schema.graphql", &cutri::schema::sdl(&cutri::schema::build()));
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
         `UNAVAILABLE` and `RATE_LIMITED` come with `Retry-After` (but where `login` or a code is slowed for one account:\n\
         that is a user error, answered 200). *field* is the field of the input, `.`-separated where\n\
         inputs nest and counted from 0 in lists (`unitIds.1`; of a list of one the list itself, `unitIds`).\n\n\
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

/// A row as its entity declares it: table, and columns with whether they may be empty.
fn entities() -> BTreeMap<String, BTreeMap<String, bool>> {
    let mut files = Vec::new();
    sources(&root().join("entity/src"), &mut files);
    let mut tables = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let Some((_, rest)) = text.split_once("#[sea_orm(table_name = \"") else {
            continue;
        };
        assert!(
            !text.contains("column_name"),
            "{}: columns are named like fields",
            file.display()
        );
        let (table, rest) = rest.split_once('"').unwrap();
        let (_, rest) = rest.split_once("pub struct Model {").unwrap();
        let (body, _) = rest.split_once("\n}").unwrap();
        let columns = body
            .lines()
            .filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(": "))
            .map(|(name, kind)| (name.to_owned(), kind.starts_with("Option<")))
            .collect();
        tables.insert(table.to_owned(), columns);
    }
    tables
}

/// Tables that no entity stands for: the migrations' own, and the search index, which is written by hand.
fn is_by_hand(table: &str) -> bool {
    table == "seaql_migrations" || table.starts_with("search_") || table.starts_with("sqlite_")
}

each_db! {
    async fn every_table_is_what_its_entity_says(db: TestDatabase) {
        let connection = db.connect().await;
        let (backend, text) = match db.kind() {
            Kind::Sqlite => (
                DbBackend::Sqlite,
                "SELECT m.name AS t, p.name AS c, p.\"notnull\" = 0 AND p.pk = 0 AS empty \
                 FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'",
            ),
            Kind::Postgres => (
                DbBackend::Postgres,
                "SELECT CAST(table_name AS TEXT) AS t, CAST(column_name AS TEXT) AS c, is_nullable = 'YES' AS empty \
                 FROM information_schema.columns WHERE table_schema = 'public'",
            ),
        };
        let mut live: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
        for row in connection.query_all_raw(Statement::from_string(backend, text)).await.unwrap() {
            let table: String = row.try_get("", "t").unwrap();
            if !is_by_hand(&table) {
                let column = row.try_get("", "c").unwrap();
                live.entry(table).or_default().insert(column, row.try_get("", "empty").unwrap());
            }
        }
        connection.close().await.unwrap();
        let entities = entities();
        assert!(entities.len() > 40, "the entities are elsewhere");
        assert_eq!(live.keys().collect::<Vec<_>>(), entities.keys().collect::<Vec<_>>());
        for (table, columns) in &entities {
            assert_eq!(&live[table], columns, "{table}");
        }
    }
}

/// Whoever adds a noun and forgets the word in schema.rs has written resolvers that nobody can reach.
#[test]
fn every_folder_with_resolvers_is_in_the_schema() {
    let api = root().join("api/src");
    let schema = fs::read_to_string(api.join("schema.rs")).unwrap();
    let mut files = Vec::new();
    sources(&api, &mut files);
    let mut folders = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let has_root = text.lines().any(|line| {
            let name = line
                .strip_prefix("pub struct ")
                .unwrap_or_default()
                .trim_end_matches(';');
            name.ends_with("Query") || name.ends_with("Mutation")
        });
        if has_root && text.contains("#[Object]") {
            let inside = file.strip_prefix(&api).unwrap();
            folders.insert(inside.iter().next().unwrap().to_string_lossy().into_owned());
        }
    }
    assert!(folders.len() > 8, "the resolvers are elsewhere: {folders:?}");
    let forgotten: Vec<_> = folders
        .iter()
        .filter(|folder| !schema.contains(&format!("{folder}::")))
        .collect();
    assert!(forgotten.is_empty(), "not in schema.rs: {forgotten:?}");
}

#[test]
fn every_collection_is_in_the_protocol() {
    for page in ["docs/sync.md", "docs/sync.vi.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for collection in cutri::sync::registry::COLLECTIONS {
            let row = format!("\n| `{}` |", collection.name());
            assert!(
                text.contains(&row),
                "{page} does not tell of {}",
                collection.name()
            );
        }
    }
}

/// What is first built is not what is handed out: `cargo run --release` links quickly, `just dist` well.
#[test]
fn only_the_file_that_is_handed_out_is_linked_with_care() {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let settings = |profile: &str| -> BTreeSet<String> {
        let heading = format!("[profile.{profile}]");
        let lines = text.lines().skip_while(|line| line.trim() != heading).skip(1);
        let lines = lines.take_while(|line| !line.trim_start().starts_with('['));
        let names = lines
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name.trim());
        names.map(str::to_owned).collect()
    };
    let (release, dist) = (settings("release"), settings("dist"));
    assert!(
        release.contains("opt-level") && !release.contains("lto"),
        "{release:?}"
    );
    assert!(dist.contains("lto"), "{dist:?}");
    let recipes = fs::read_to_string(root().join("justfile")).unwrap();
    let handed_out = "\ndist:\n    cargo build --profile dist --package cutri\n";
    assert!(recipes.contains(handed_out), "`just dist` makes something else");
    // Without it `cargo run` built the tests too, with proptest and an HTTP client of their own.
    let program = fs::read_to_string(root().join("api/Cargo.toml")).unwrap();
    assert!(
        program.contains("\ndefault-run = \"cutri\"\n"),
        "`cargo run` builds all of the workspace"
    );
}

#[test]
fn decisions_are_short_and_numbered() {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("docs/adr"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for (index, file) in files.iter().enumerate() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            name.starts_with(&format!("{:04}-", index + 1)) && name.ends_with(".md"),
            "{name}"
        );
        let text = fs::read_to_string(file).unwrap();
        assert!(text.lines().count() <= 40, "{name} is longer than 40 lines");
        for part in ["## Context", "## Decision", "## Consequences"] {
            assert!(text.contains(part), "{name} has no {part}");
        }
    }
}

/// Arguments whose name says it all: an input or filter whose type is described, the id of what the field is about,
/// and the four of every connection.
const PLAIN_ARGUMENTS: [&str; 8] = ["input", "filter", "id", "ids", "first", "last", "after", "before"];

#[test]
fn everything_in_the_schema_is_described() {
    use async_graphql::parser::{
        parse_schema,
        types::{TypeKind, TypeSystemDefinition},
    };
    let document = parse_schema(cutri::schema::sdl(&cutri::schema::build())).unwrap();
    let mut missing = Vec::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let definition = &definition.node;
        let type_name = &definition.name.node;
        let mut look = |name: String, described: bool| {
            if !described {
                missing.push(name);
            }
        };
        // The library makes these and lets nobody describe them; their fields are described.
        look(
            type_name.to_string(),
            definition.description.is_some() || type_name.ends_with("Connection"),
        );
        match &definition.kind {
            TypeKind::Object(kind) => {
                for field in &kind.fields {
                    let field = &field.node;
                    look(
                        format!("{type_name}.{}", field.name.node),
                        field.description.is_some(),
                    );
                    for argument in &field.arguments {
                        let argument = &argument.node;
                        let described = argument.description.is_some()
                            || PLAIN_ARGUMENTS.contains(&argument.name.node.as_str());
                        look(
                            format!("{type_name}.{}({})", field.name.node, argument.name.node),
                            described,
                        );
                    }
                }
            }
            TypeKind::InputObject(kind) => {
                for field in &kind.fields {
                    let field = &field.node;
                    look(
                        format!("{type_name}.{}", field.name.node),
                        field.description.is_some(),
                    );
                }
            }
            TypeKind::Enum(kind) => {
                for value in &kind.values {
                    look(
                        format!("{type_name}.{}", value.node.value.node),
                        value.node.description.is_some(),
                    );
                }
            }
            TypeKind::Interface(kind) => {
                for field in &kind.fields {
                    look(
                        format!("{type_name}.{}", field.node.name.node),
                        field.node.description.is_some(),
                    );
                }
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }
    assert!(missing.is_empty(), "without a description: {missing:#?}");
}

#[test]
fn the_published_placeholders_are_those_that_are_filled_in() {
    use cutri::documents::{COMMON, DocumentKind, Field};
    const HEAD: &str = "## Chỗ điền [placeholders]\n";
    let page = fs::read_to_string(root().join("docs/documents.md")).unwrap();
    let (prose, _) = page.split_once(HEAD).unwrap();
    let mut page = format!("{prose}{HEAD}");
    let mut table = |title: &str, fields: &mut dyn Iterator<Item = &'static Field>| {
        writeln!(page, "\n### {title}\n\n| Chỗ điền | Nghĩa |\n|---|---|").unwrap();
        for field in fields {
            let list = field.list.map(|list| format!("{list}.")).unwrap_or_default();
            writeln!(page, "| `{{{{{list}{}}}}}` | {} |", field.name, field.means).unwrap();
        }
    };
    table("Mọi văn bản [all]", &mut COMMON.iter());
    for kind in DocumentKind::ALL {
        let title = format!("`{}`: {} [of a {}]", kind.name(), kind.title(), kind.subject());
        table(&title, &mut kind.own_fields());
    }
    same_as_committed("docs/documents.md", &page);
}

#[test]
fn the_published_tables_are_those_that_are_served() {
    let mut page = String::from(
        "# Bảng xuất ra tệp [exports]\n\n\
         `GET /export/{bảng}.csv?unit=MÃ|ID&from=YYYY-MM-DD&to=YYYY-MM-DD`\n\n\
         Số liệu đếm trực tiếp từ bản ghi tại lúc hỏi, cho một đơn vị, mọi đơn vị bên dưới và mọi đơn vị cũ đã nhập vào.\n\
         Có token thì thấy phần mình được xem, không có thì thấy phần công khai. `unit` là mã hoặc id; cả hai ngày đều\n\
         tính vào kỳ, dài nhất 10 năm. Ô trống nghĩa là không biết hoặc không được xem, không bao giờ là số 0.\n\n\
         Counted from the rows at the moment of asking, for a unit, everything below it, and the former units that they\n\
         were made of. With a bearer token: what that person or integrator may see; without: what is public. Both days\n\
         belong to the period. An empty cell means not known or not for this reader, never 0. A joint meeting, or a\n\
         petition of several units, is counted once in each table that covers one of its units, so tables of neighbours\n\
         may overlap; within a table every record is counted once.\n\n\
         UTF-8 with a byte order mark, RFC 4180 with CRLF, ISO dates. Text that a spreadsheet would run (`= + - @`, tab,\n\
         carriage return) begins with `'`. Head row in Vietnamese; with `Accept-Language: en` the stable names. Columns\n\
         are only ever added, at the end of their group. Errors: JSON `{\"errors\":[…]}` with 400 (`REQUIRED`,\n\
         `INVALID_DATE`, `OUT_OF_RANGE`, `INVALID_VALUE`), 404 (`NOT_FOUND` for an unknown unit, `PATH_NOT_FOUND`), 401.\n\
         A file that breaks off (no closing chunk) is incomplete: ask again.\n\n\
         ```sh\n\
         curl -o kiennghi.csv 'http://127.0.0.1:8000/export/petition-results.csv?unit=27721&from=2026-01-01&to=2026-06-30'\n\
         ```\n",
    );
    for table in cutri::reports::Table::ALL {
        let (vi, en) = table.title();
        writeln!(
            page,
            "\n## `{}`: {vi} [{en}]\n\n| Cột [column] | Tên [name] | [what it is] |\n|---|---|---|",
            table.name()
        )
        .unwrap();
        for column in table.columns() {
            writeln!(page, "| {} | `{}` | {} |", column.vi, column.name, column.means).unwrap();
        }
    }
    same_as_committed("docs/exports.md", &page);
}
