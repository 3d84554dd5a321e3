//! Takes out of pictures and recordings where, when and with what they were made.
//!
//! By lists of what stays, not of what goes: makers of cameras invent new places for such things every year. A picture
//! that cannot be taken apart is refused.

mod jpeg;
mod mp4;
mod png;
mod webp;

use bytes::Bytes;

use super::sniff::Kind;

/// What is kept of a file; nothing if it is not what it looks like.
pub(super) fn clean(kind: Kind, bytes: Bytes) -> Option<Bytes> {
    match kind {
        Kind::Jpeg => jpeg::clean(&bytes).map(Bytes::from),
        Kind::Png => png::clean(&bytes).map(Bytes::from),
        Kind::Webp => webp::clean(&bytes).map(Bytes::from),
        Kind::M4a => mp4::clean(bytes.into()).map(Bytes::from),
        Kind::Pdf | Kind::Text | Kind::Docx | Kind::Xlsx | Kind::Odt | Kind::Mp3 | Kind::Ogg | Kind::Wav => {
            Some(bytes)
        }
    }
}

/// A big-endian number of four bytes.
fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_be_bytes(four.try_into().ok()?)).ok()
}
