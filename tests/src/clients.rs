//! Clients of strangers (tests/clients): where they lie, installed.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Once,
};

/// The folder of one of them. `tests/run` and nextest have installed them before; under `cargo test` alone the first test
/// that needs one does.
pub fn folder(client: &str) -> PathBuf {
    static LOOKED: Once = Once::new();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    let folder = all.join(client);
    let is_there = || {
        ["node_modules", "site/.installed"]
            .iter()
            .any(|name| folder.join(name).exists())
    };
    LOOKED.call_once(|| {
        if !is_there() {
            let status = Command::new(all.join("install")).status();
            assert!(
                status.is_ok_and(|status| status.success()),
                "tests/clients/install says above what is missing"
            );
        }
    });
    assert!(
        is_there(),
        "the client {client} is not installed: run tests/clients/install"
    );
    folder
}
