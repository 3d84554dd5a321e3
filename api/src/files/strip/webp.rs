//! WebP (RFC 9649): RIFF chunks.

const STAYS: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// Bits of `VP8X` that announce Exif and XMP.
const ANNOUNCED: u8 = 0x0c;

/// The picture alone.
pub(super) fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let le32 = |at: usize| {
        let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(four)).ok()
    };
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WEBP" {
        return None;
    }
    let end = le32(4)?.checked_add(8)?.min(bytes.len());
    let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
    let (mut at, mut has_picture) = (12, false);
    while at < end {
        let length = le32(at + 4)?;
        let padded = length.checked_add(length % 2)?;
        let next = at.checked_add(8)?.checked_add(padded)?;
        // the last padding byte is often left out
        let chunk = bytes.get(at..next.min(bytes.len()))?;
        if chunk.len() < 8 + length {
            return None;
        }
        let name = &chunk[..4];
        if STAYS.iter().any(|stays| name == *stays) {
            let from = out.len();
            out.extend_from_slice(chunk);
            out.resize(from + 8 + padded, 0);
            if name == b"VP8X" {
                *out.get_mut(from + 8)? &= !ANNOUNCED;
            }
            has_picture |= matches!(name, b"VP8 " | b"VP8L" | b"ANMF");
        }
        at = next;
    }
    let size = u32::try_from(out.len() - 8).ok()?;
    out[4..8].copy_from_slice(&size.to_le_bytes());
    has_picture.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
        for (name, content) in chunks {
            out.extend_from_slice(*name);
            out.extend_from_slice(&(content.len() as u32).to_le_bytes());
            out.extend_from_slice(content);
            out.resize(out.len() + content.len() % 2, 0);
        }
        let size = out.len() as u32 - 8;
        out[4..8].copy_from_slice(&size.to_le_bytes());
        out
    }

    #[test]
    fn exif_and_xmp_go_and_are_no_longer_announced() {
        let mut told = with(&[
            (b"VP8X", &[0x3c, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            (b"ICCP", b"odd"),
            (b"VP8 ", b"pixels"),
            (b"EXIF", b"GPS"),
            (b"XMP ", b"GPS!"),
            (b"more", b"GPS!"),
        ]);
        told.extend_from_slice(b"behind the end GPS");
        let bare = with(&[
            (b"VP8X", &[0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            (b"ICCP", b"odd"),
            (b"VP8 ", b"pixels"),
        ]);
        assert_eq!(clean(&told), Some(bare));
        for length in 0..told.len() {
            drop(clean(&told[..length]));
        }
        assert_eq!(clean(&with(&[(b"EXIF", b"GPS")])), None);
    }
}
