//! The tables of docs/sync.md are made from the registry: which collection lies where, who reads what of it, and
//! what a phone may write. `UPDATE=1 cargo test sync_table` writes them anew.

use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

use cutri::{
    store::{
        collection::{Collection, Shape},
        partition::{Audience, Partition},
        reference::Reference,
        working::Working,
    },
    sync::registry,
};
use uuid::Uuid;

use crate::rows;

/// One row of each collection in which every field has a value, with all that hangs on it.
fn everything() -> (Working, Vec<(&'static str, Uuid)>) {
    let mut working = Working::default();
    let mut ids = Vec::new();
    macro_rules! row {
        ($name:literal, $table:ident, $row:expr $(, $part:ident: $parts:expr)*) => {{
            let row = $row;
            $(working.$part.loaded($parts(&row));)*
            ids.push(($name, row.id.into()));
            working.$table.loaded([row]);
        }};
    }
    row!("unit", unit, rows::unit());
    row!("council", council, rows::council());
    row!("agency", agency, rows::agency());
    row!("delegate", delegate, rows::delegate(), constituency: |row| [rows::constituency(row)]);
    row!("meeting", meeting, rows::meeting(),
        meeting_unit: |row| [rows::meeting_unit(row)], meeting_council: |row| [rows::meeting_council(row)],
        meeting_delegate: |row| [rows::meeting_delegate(row), rows::absent_delegate(row)],
        meeting_brief: |row| [rows::meeting_brief(row)]);
    row!("meetingRecord", meeting_record, rows::meeting_record(), attachment: |row: &entity::meeting_record::Model| [rows::attachment("meetingRecord", row.id)]);
    row!("feedback", feedback, rows::feedback(), feedback_addition: |row| [rows::feedback_addition(row)],
        attachment: |row: &entity::feedback::Model| [rows::attachment("feedback", row.id)]);
    row!("petition", petition, rows::petition(),
        petition_unit: |row| [rows::petition_unit(row)], petition_agency: |row| [rows::petition_agency(row)],
        petition_feedback: |row| [rows::petition_feedback(row)], petition_repeat: |row| [rows::petition_repeat(row)],
        petition_lineage: |row| [rows::lineage(row, &rows::petition()), rows::lineage(&rows::petition(), row)]);
    row!("informing", informing, rows::informing());
    row!("urging", urging, rows::urging());
    row!("resolution", resolution, rows::resolution(), resolution_edge: |row| {
        ["amends", "replaces", "annuls", "suspends", "implements"].map(|kind| rows::resolution_edge(row, kind))
    });
    row!("note", note, rows::note());
    row!("syncIssue", sync_issue, rows::sync_issue());
    row!("agenda", agenda, rows::agenda());
    (working, ids)
}

/// What the collections know of provinces: one that holds the councils of all rows.
fn reference(working: &Working) -> Reference {
    let mut reference = Reference::default();
    let province = entity::unit::Model {
        level: "province".to_owned(),
        parent_id: None,
        ..rows::unit()
    };
    let council = entity::council::Model {
        unit_id: province.id,
        ..rows::council()
    };
    let bodies = std::sync::Arc::make_mut(&mut reference.bodies);
    let owners = working
        .meeting
        .iter()
        .map(|row| row.council_id)
        .chain(working.petition.iter().map(|row| row.council_id))
        .chain(working.resolution.iter().map(|row| row.council_id));
    for owner in owners {
        bodies.councils.insert(
            owner,
            entity::council::Model {
                id: owner,
                ..council.clone()
            },
        );
    }
    reference.units = std::sync::Arc::new([province].into_iter().collect());
    reference
}

const PARTITIONS: [&str; 7] = [
    "shared", "council", "place", "agency", "account", "public", "region",
];

fn kind(partition: &Partition) -> String {
    partition.name().split(':').next().unwrap().to_owned()
}

fn audience(partition: &str) -> Audience {
    let id = Uuid::nil();
    let partition = match partition {
        "shared" => Partition::Shared,
        "council" => Partition::Council(id.into()),
        "place" => Partition::Place(id.into()),
        "agency" => Partition::Agency(id.into()),
        "account" => Partition::Account(id.into()),
        "public" => Partition::Public(id.into()),
        _ => Partition::Region(id.into()),
    };
    partition.audience()
}

fn name(audience: Audience) -> String {
    format!("{audience:?}").to_lowercase()
}

/// The fields of a document, by the audience that it is for.
type Fields = Vec<(Audience, BTreeSet<String>)>;

/// Every collection with the kinds of partition in which it lies, and its fields.
fn collections() -> Vec<(&'static dyn Collection, BTreeSet<String>, Fields)> {
    let (working, ids) = everything();
    let reference = reference(&working);
    registry::COLLECTIONS
        .iter()
        .map(|collection| {
            let (_, id) = *ids
                .iter()
                .find(|(name, _)| *name == collection.name())
                .unwrap_or_else(|| panic!("{} has no row in everything()", collection.name()));
            let lies = collection.partitions(&working, &reference, id);
            let audiences: BTreeSet<Audience> = lies.iter().map(|partition| partition.audience()).collect();
            let fields = audiences
                .into_iter()
                .map(|audience| {
                    let document = collection.document(&working, &reference, id, audience);
                    (audience, document.keys().cloned().collect())
                })
                .collect();
            (*collection, lies.iter().map(kind).collect(), fields)
        })
        .collect()
}

/// Collection x partition.
fn partitions() -> String {
    let mut table = String::from("| collection |");
    for partition in PARTITIONS {
        write!(table, " `{partition}` |").unwrap();
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(PARTITIONS.len()));
    table.push_str("\n| |");
    for partition in PARTITIONS {
        write!(table, " *{}* |", name(audience(partition))).unwrap();
    }
    table.push('\n');
    for (collection, lies, _) in collections() {
        write!(table, "| `{}` |", collection.name()).unwrap();
        for partition in PARTITIONS {
            table.push_str(if lies.contains(partition) { " ✓ |" } else { " |" });
        }
        table.push('\n');
    }
    table
}

/// Fields, with those who get them where not everybody does.
fn fields() -> String {
    let mut table = String::from("| collection | fields |\n|---|---|\n");
    for (collection, _, by_audience) in collections() {
        let writable = registry::writable(collection.name());
        let is_written = |field: &str| writable.is_some_and(|writable| writable.fields().contains(&field));
        let mut all: BTreeSet<String> = by_audience
            .iter()
            .flat_map(|(_, fields)| fields.clone())
            .collect();
        all.extend(
            writable
                .into_iter()
                .flat_map(|writable| writable.fields().iter().map(|name| (*name).to_owned())),
        );
        let mut told: Vec<String> = all
            .iter()
            .map(|field| {
                let readers: Vec<_> = by_audience
                    .iter()
                    .filter(|(_, fields)| fields.contains(field))
                    .map(|(audience, _)| name(*audience))
                    .collect();
                let shown = match is_written(field) || (field == "id" && writable.is_some()) {
                    true => format!("**{field}**"),
                    false => field.clone(),
                };
                match readers.len() {
                    0 => format!("{shown} (only in the document of a row that has it)"),
                    count if count == by_audience.len() => shown,
                    _ => format!("{shown} ({})", readers.join(", ")),
                }
            })
            .collect();
        if let Some(hidden) = writable
            .map(|writable| writable.write_only())
            .filter(|hidden| !hidden.is_empty())
        {
            let hidden: Vec<String> = hidden.iter().map(|field| format!("**{field}**")).collect();
            told.push(format!("write-only: {}", hidden.join(" · ")));
        }
        writeln!(table, "| `{}` | {} |", collection.name(), told.join(" · ")).unwrap();
    }
    table
}

#[test]
fn the_tables_of_the_protocol_are_those_of_the_registry() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for page in ["docs/sync.md", "docs/sync.vi.md"] {
        let path = root.join(page);
        let mut text = fs::read_to_string(&path).unwrap();
        for (mark, table) in [("partitions", partitions()), ("fields", fields())] {
            let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->"));
            let from = text.find(&begin).unwrap_or_else(|| panic!("{page}: {begin}")) + begin.len();
            let to = text.find(&end).unwrap_or_else(|| panic!("{page}: {end}"));
            if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
                text.replace_range(from..to, &table);
                fs::write(&path, &text).unwrap();
                continue;
            }
            assert_eq!(
                &text[from..to],
                table,
                "{page} is not up to date (UPDATE=1 writes it)"
            );
        }
    }
}

#[test]
fn a_collection_declares_the_members_of_its_documents() {
    for (collection, _, by_audience) in collections() {
        let declared: BTreeSet<String> = collection
            .members()
            .iter()
            .map(|member| member.name.to_owned())
            .collect();
        assert_eq!(
            declared.len(),
            collection.members().len(),
            "{}: declared twice",
            collection.name()
        );
        let mut found: BTreeSet<String> = by_audience.into_iter().flat_map(|(_, fields)| fields).collect();
        let writable = registry::writable(collection.name());
        for written in writable.into_iter().flat_map(|writable| writable.fields()) {
            found.insert((*written).to_owned());
        }
        found.remove("id");
        assert_eq!(declared, found, "{}", collection.name());
    }
    let (working, ids) = everything();
    for collection in registry::COLLECTIONS {
        let (_, id) = *ids.iter().find(|(name, _)| *name == collection.name()).unwrap();
        let document = collection.document(&working, &reference(&working), id, Audience::Own);
        for member in collection.members() {
            let value = document.get(member.name);
            let fits = value.is_none_or(|value| match member.shape {
                Shape::Text => value.is_string(),
                Shape::Whole => value.is_i64(),
                Shape::Flag => value.is_boolean(),
            });
            assert!(fits, "{}.{} is {value:?}", collection.name(), member.name);
        }
    }
}

#[test]
fn what_is_written_but_never_given_back_is_in_no_document() {
    for (collection, _, by_audience) in collections() {
        let hidden = registry::writable(collection.name()).map(|writable| writable.write_only());
        for field in hidden.into_iter().flatten() {
            for (audience, fields) in &by_audience {
                assert!(
                    !fields.contains(*field),
                    "{} tells {audience:?} {field}",
                    collection.name()
                );
            }
        }
    }
}
