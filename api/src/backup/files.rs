//! Files that appear whole or not at all, for their owner alone.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{keys::hex, start::Failure};

/// How much is read at once.
const PIECE: usize = 256 * 1024;

/// A file's length and SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Whole {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Reads a file to its end, passing every piece on.
fn read_through(path: &Path, mut to: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Whole> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let (mut piece, mut bytes) = (vec![0; PIECE], 0);
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        digest.update(&piece[..read]);
        bytes += read as u64;
        to(&piece[..read])?;
    }
    Ok(Whole {
        bytes,
        sha256: hex(&digest.finalize()),
    })
}

/// What a file is.
pub(super) fn whole(path: &Path) -> Result<Whole, Failure> {
    read_through(path, |_| Ok(())).map_err(|cause| Failure::file(path, &cause))
}

/// Copies a file, durably; returns what was copied.
pub(super) fn copy(from: &Path, to: &Path) -> Result<Whole, Failure> {
    let mut made = create(to)?;
    let whole =
        read_through(from, |piece| made.write_all(piece)).map_err(|cause| Failure::file(to, &cause))?;
    made.sync_all().map_err(|cause| Failure::file(to, &cause))?;
    Ok(whole)
}

/// Writes a file, durably.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut file = create(path)?;
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .map_err(|cause| Failure::file(path, &cause))
}

fn create(path: &Path) -> Result<File, Failure> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|cause| Failure::file(path, &cause))
}

/// Makes a folder for its owner alone.
pub(super) fn folder(path: &Path) -> Result<(), Failure> {
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(|cause| Failure::file(path, &cause))
}

/// Makes what is in a file or folder durable; of a folder, its names.
pub(super) fn sync(path: &Path) -> Result<(), Failure> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|cause| Failure::file(path, &cause))
}

/// The folder in which something lies.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The same path with more behind its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Removes a file if it is there.
pub(super) fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(Failure::file(path, &cause)),
        _ => Ok(()),
    }
}
