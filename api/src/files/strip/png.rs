//! PNG (ISO/IEC 15948): a signature and chunks.

use super::be32;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What makes the picture; everything else, above all texts, times and Exif, goes.
const STAYS: [&[u8; 4]; 16] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP",
    b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];

/// The picture alone, up to its end.
pub(super) fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(SIGNATURE)?;
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(SIGNATURE);
    let mut has_data = false;
    loop {
        let length = be32(rest, 0)?.checked_add(12)?;
        let chunk = rest.get(..length)?;
        rest = &rest[length..];
        let name = &chunk[4..8];
        if STAYS.iter().any(|stays| name == *stays) {
            out.extend_from_slice(chunk);
        }
        has_data |= name == b"IDAT";
        if name == b"IEND" {
            return has_data.then_some(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut out = SIGNATURE.to_vec();
        for (name, content) in chunks {
            out.extend_from_slice(&(content.len() as u32).to_be_bytes());
            out.extend_from_slice(*name);
            out.extend_from_slice(content);
            out.extend_from_slice(b"crc!");
        }
        out
    }

    #[test]
    fn texts_and_exif_go() {
        let told = with(&[
            (b"IHDR", &[0; 13]),
            (b"eXIf", b"GPS"),
            (b"iTXt", b"XML:com.adobe.xmp GPS"),
            (b"tEXt", b"Location GPS"),
            (b"tIME", &[0; 7]),
            (b"IDAT", b"pixels"),
            (b"vpAg", b"GPS"),
            (b"IEND", b""),
            (b"tEXt", b"behind the end GPS"),
        ]);
        let bare = with(&[(b"IHDR", &[0; 13]), (b"IDAT", b"pixels"), (b"IEND", b"")]);
        assert_eq!(clean(&told), Some(bare));
        for length in 0..told.len() - 40 {
            assert_eq!(clean(&told[..length]), None, "cut at {length}");
        }
    }
}
