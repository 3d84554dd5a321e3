//! The commands of the README, as they stand, against a demo.

use std::{fs, path::Path, process::Command};

use cutri_tests::ServerProcess;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The blocks that are marked as shell.
fn commands(file: &str) -> Vec<String> {
    let text = fs::read_to_string(project().join(file)).unwrap();
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("\n```").next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_readme_speaks_the_truth() {
    let commands = commands("README.md");
    assert_eq!(commands.len(), 4);
    assert_eq!(
        commands,
        self::commands("README.vi.md"),
        "both languages show the same commands"
    );

    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(folder.path(), &["serve", "--demo"], &[]).await;
    let script = commands.join("\necho\n");
    let script = script.replace("127.0.0.1:8000", &server.address().to_string());
    let script = script.replace(
        "data/demo.json",
        folder.path().join("demo.json").to_str().unwrap(),
    );
    let run = Command::new("sh").args(["-euc", &script]).output().unwrap();
    let said = String::from_utf8(run.stdout).unwrap();
    assert!(
        run.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(said.contains("\"totalCount\":60"), "{said}");
    assert!(said.contains("\"status\":\"APPLIED\""), "{said}");
    assert!(
        said.contains("\"cursor\":") && said.contains("\"c\":\"meeting\""),
        "{said}"
    );
    assert!(!said.contains("\"errors\":[{"), "{said}");
    assert!(server.term().await.success());
}
