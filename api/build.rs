//! How the program is linked.

use std::{env, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The places that hold addresses are told to the loader as a bitmap (DT_RELR) instead of a list of seventy thousand
    // entries: 1.5 MB less to be read and held (ADR 13). A C library that is too old to read it would not start the program.
    if reads_bitmaps().unwrap_or(false) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the C library of this machine does, and the program is made for this machine.
#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells it a build script so; these are no settings"
)]
fn reads_bitmaps() -> Option<bool> {
    let [host, target] = ["HOST", "TARGET"].map(|name| env::var(name).ok());
    if host != target || env::var("CARGO_CFG_TARGET_ENV").ok()? != "gnu" {
        return None;
    }
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?) >= (2, 36))
}
