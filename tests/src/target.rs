//! Where cargo put this build, and the product's binary beside it.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The folder of this build's profile, such as `target/debug`.
pub fn profile_folder() -> PathBuf {
    let test = env::current_exe().unwrap();
    test.parent()
        .and_then(Path::parent)
        .expect("cargo puts tests into target/<profile>/deps")
        .to_owned()
}

/// A folder for what tests keep between runs, inside cargo's target folder: `cargo clean` removes it.
pub fn kept_folder() -> PathBuf {
    let folder = profile_folder().join("cutri-tests");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The product's binary in the state of its sources, built at most once per test process.
/// `CUTRI_TEST_BINARY` names one that is already built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match env::var_os("CUTRI_TEST_BINARY") {
        Some(path) => path.into(),
        None => build(),
    })
}

/// Whether [`binary`] is of the release profile, of which more is promised than of a debug build.
pub fn is_released() -> bool {
    let profile = binary().parent().and_then(Path::file_name);
    profile.is_some_and(|profile| profile == "release")
}

/// The whole workspace is named because features are unified over what is named: with `-p cutri` alone the
/// dependencies would get other features than in this test's own build, and be compiled a second time.
fn build() -> PathBuf {
    let folder = profile_folder();
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--workspace", "--bins", "--profile", profile]);
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    // Cargo tells a test about its package by these; build scripts that watch them would all run again.
    for (name, _) in env::vars_os() {
        let about_package = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
            "CARGO_PRIMARY_",
        ];
        if about_package
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix))
        {
            cargo.env_remove(name);
        }
    }
    let outcome = cargo.output().expect("cargo runs");
    assert!(
        outcome.status.success(),
        "cutri does not build:\n{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
    folder.join("cutri")
}
