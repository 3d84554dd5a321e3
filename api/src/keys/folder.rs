//! The folder that holds the keys: what is refused there, and how a file appears in it whole or not at all.
//!
//! It knows files and rights, never what a key means.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{KeyError, KeyFault, hex};
use crate::entropy::{Entropy, bytes};

/// No key file comes near this size; a larger one is something else.
const MAX_BYTES: u64 = 16 * 1024;

pub(super) struct Folder {
    path: PathBuf,
    owner: u32,
}

impl Folder {
    pub(super) fn open_or_create(path: &Path) -> Result<Self, KeyError> {
        if fs::symlink_metadata(path).is_err_and(|cause| cause.kind() == ErrorKind::NotFound) {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
            made.and_then(|()| sync(path.parent()))
                .map_err(|cause| io_fault(path, &cause))?;
        }
        Self::open(path)
    }

    pub(super) fn open(path: &Path) -> Result<Self, KeyError> {
        let seen = fs::symlink_metadata(path).map_err(|cause| io_fault(path, &cause))?;
        let fault = match seen.file_type() {
            kind if kind.is_symlink() => Some(KeyFault::Symlink),
            kind if !kind.is_dir() => Some(KeyFault::NotAFolder),
            _ => open_to_others(&seen),
        };
        match fault {
            Some(fault) => Err(KeyError {
                path: path.to_owned(),
                fault,
            }),
            None => Ok(Self {
                path: path.to_owned(),
                owner: seen.uid(),
            }),
        }
    }

    pub(super) fn fault(&self, name: &str, fault: KeyFault) -> KeyError {
        KeyError {
            path: self.path.join(name),
            fault,
        }
    }

    /// The file's content; `None` when there is no such file.
    pub(super) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        let path = self.path.join(name);
        let seen = match fs::symlink_metadata(&path) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|cause| io_fault(&path, &cause))?,
        };
        // Before opening: opening a pipe would wait for ever.
        let fault = match seen.file_type() {
            kind if kind.is_symlink() => Some(KeyFault::Symlink),
            kind if !kind.is_file() => Some(KeyFault::NotAFile),
            _ if seen.uid() != self.owner => Some(KeyFault::ForeignOwner),
            _ if seen.len() > MAX_BYTES => Some(KeyFault::Corrupt),
            _ => open_to_others(&seen),
        };
        if let Some(fault) = fault {
            return Err(self.fault(name, fault));
        }
        let mut file = match File::open(&path) {
            // Removed by another process that turned the keys over.
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|cause| io_fault(&path, &cause))?,
        };
        let opened = file.metadata().map_err(|cause| io_fault(&path, &cause))?;
        if (opened.dev(), opened.ino()) != (seen.dev(), seen.ino()) {
            return Err(self.fault(name, KeyFault::Symlink));
        }
        let mut content = Zeroizing::new(Vec::with_capacity(opened.len() as usize));
        file.read_to_end(&mut content)
            .map_err(|cause| io_fault(&path, &cause))?;
        Ok(Some(content))
    }

    /// Lets a whole file appear under this name, durable when this returns; `false` when another process was
    /// first, whose file stays as it is.
    pub(super) fn publish(
        &self,
        name: &str,
        content: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<bool, KeyError> {
        let draft = self.path.join(format!(
            ".new-{}-{}",
            std::process::id(),
            hex(&bytes::<8>(entropy))
        ));
        let linked = write_new(&draft, content).and_then(|()| fs::hard_link(&draft, self.path.join(name)));
        let cleared = fs::remove_file(&draft);
        let first = match linked {
            Ok(()) => true,
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => false,
            Err(cause) => return Err(io_fault(&self.path.join(name), &cause)),
        };
        cleared
            .and_then(|()| sync(Some(&self.path)))
            .map_err(|cause| io_fault(&self.path, &cause))?;
        Ok(first)
    }

    /// Has a whole file take the place of what was under this name, durable when this returns.
    pub(super) fn replace(&self, name: &str, content: &[u8], entropy: &dyn Entropy) -> Result<(), KeyError> {
        let draft = self.path.join(format!(
            ".new-{}-{}",
            std::process::id(),
            hex(&bytes::<8>(entropy))
        ));
        write_new(&draft, content)
            .and_then(|()| fs::rename(&draft, self.path.join(name)))
            .and_then(|()| sync(Some(&self.path)))
            .map_err(|cause| io_fault(&self.path.join(name), &cause))
    }

    /// Removes a file; that another process already did so is no error.
    pub(super) fn remove(&self, name: &str) -> Result<(), KeyError> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => Err(io_fault(&path, &cause)),
            _ => Ok(()),
        }
    }

    /// The names of all files, in no order.
    pub(super) fn names(&self) -> Result<Vec<String>, KeyError> {
        let read = || -> io::Result<Vec<String>> {
            fs::read_dir(&self.path)?
                .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
                .collect()
        };
        read().map_err(|cause| io_fault(&self.path, &cause))
    }
}

fn open_to_others(seen: &fs::Metadata) -> Option<KeyFault> {
    let mode = seen.mode() & 0o777;
    (mode & 0o077 != 0).then_some(KeyFault::OpenToOthers(mode))
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// A new name is durable only when its folder is.
fn sync(folder: Option<&Path>) -> io::Result<()> {
    match folder.filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

fn io_fault(path: &Path, cause: &io::Error) -> KeyError {
    let fault = match cause.kind() {
        ErrorKind::NotFound => KeyFault::Missing,
        kind => KeyFault::Io(kind),
    };
    KeyError {
        path: path.to_owned(),
        fault,
    }
}
