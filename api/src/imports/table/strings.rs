//! The shared texts of a workbook, on disk: with them in memory a sheet of long texts would need as much memory as it
//! has words.

use std::{
    fs::File,
    io::{BufWriter, Write},
    os::unix::fs::FileExt,
    path::Path,
};

use crate::error::Error;

use super::unreadable;

/// Places of texts that were asked for lately; fields and units repeat in every row.
const LATELY: usize = 1_024;

/// Texts being written.
pub(super) struct Writing {
    texts: BufWriter<File>,
    /// Where each of them ends.
    ends: BufWriter<File>,
    end: u64,
}

impl Writing {
    pub(super) fn begin(scratch: &Path) -> Result<Self, Error> {
        let file = || tempfile::tempfile_in(scratch).map(BufWriter::new);
        let failed = |cause: std::io::Error| Error::internal(format!("no scratch file: {cause}"));
        Ok(Self {
            texts: file().map_err(failed)?,
            ends: file().map_err(failed)?,
            end: 0,
        })
    }

    pub(super) fn add(&mut self, text: &str) -> Result<(), Error> {
        let failed = |cause: std::io::Error| Error::internal(format!("scratch file: {cause}"));
        self.end += text.len() as u64;
        self.texts.write_all(text.as_bytes()).map_err(failed)?;
        self.ends.write_all(&self.end.to_le_bytes()).map_err(failed)
    }

    pub(super) fn done(self) -> Result<Strings, Error> {
        let file = |writer: BufWriter<File>| {
            let file = writer.into_inner();
            file.map_err(|cause| Error::internal(format!("scratch file: {}", cause.error())))
        };
        Ok(Strings {
            texts: file(self.texts)?,
            ends: file(self.ends)?,
            lately: vec![None; LATELY],
        })
    }
}

/// Texts that can be asked for by their number.
pub(super) struct Strings {
    texts: File,
    ends: File,
    lately: Vec<Option<(u64, String)>>,
}

impl Strings {
    pub(super) fn get(&mut self, number: u64) -> Result<String, Error> {
        let slot = usize::try_from(number % LATELY as u64).unwrap_or_default();
        if let Some(Some((known, text))) = self.lately.get(slot)
            && *known == number
        {
            return Ok(text.clone());
        }
        let end = |number: u64| {
            let mut bytes = [0; 8];
            let at = number.checked_mul(8).ok_or(()).map_err(unreadable)?;
            self.ends.read_exact_at(&mut bytes, at).map_err(unreadable)?;
            Ok::<u64, Error>(u64::from_le_bytes(bytes))
        };
        let start = match number.checked_sub(1) {
            Some(before) => end(before)?,
            None => 0,
        };
        let length = usize::try_from(end(number)?.saturating_sub(start)).map_err(unreadable)?;
        let mut bytes = vec![0; length];
        self.texts.read_exact_at(&mut bytes, start).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(unreadable)?;
        if let Some(lately) = self.lately.get_mut(slot) {
            *lately = Some((number, text.clone()));
        }
        Ok(text)
    }
}
