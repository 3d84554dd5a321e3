//! The table of docs/faults.md names tests that exist.

use std::{collections::BTreeSet, fs, path::Path};

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_invariant_has_the_test_that_the_table_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut here, mut all) = (String::new(), String::new());
    sources(&root.join("it/invariants"), &mut here);
    sources(&root.join("it"), &mut all);
    let page = fs::read_to_string(root.join("../docs/faults.md")).unwrap();
    let mut proved = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| I")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let number: u32 = cells[1].trim_start_matches('I').parse().unwrap();
        let names: Vec<&str> = cells[3].split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{line}");
        for name in &names {
            assert!(all.contains(&format!("fn {name}(")), "no test is called {name}");
        }
        let own = format!("i{number:02}_");
        assert!(
            names
                .iter()
                .any(|name| name.starts_with(&own) && here.contains(&format!("fn {name}("))),
            "I{number} has no test of its name"
        );
        assert!(proved.insert(number), "I{number} stands there twice");
    }
    assert_eq!(proved, (1..=20).collect());
}
