//! JPEG (ITU-T T.81): segments, each with a marker and a length, and scans.

/// Start and end of the image.
const SOI: [u8; 2] = [0xff, 0xd8];
const EOI: [u8; 2] = [0xff, 0xd9];
const SOS: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const EXIF: &[u8] = b"Exif\0\0";

/// The image alone: tables, frames, scans, colour profile, and which side is up. Exif, XMP, IPTC, comments, previews,
/// further images behind the end and whatever makers add go.
pub(super) fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(&SOI)?;
    let mut kept: Vec<u8> = Vec::with_capacity(bytes.len());
    let (mut orientation, mut has_frame, mut has_scan) = (None, false, false);
    let mut jfif = None;
    loop {
        let marker = loop {
            match rest {
                // a frame that was cut short is shown as far as it goes
                [] if has_scan => break 0xd9,
                [0xff, marker, ..] if *marker != 0xff => {
                    let marker = *marker;
                    rest = &rest[2..];
                    break marker;
                }
                [0xff, 0xff, ..] => rest = &rest[1..],
                _ => return None,
            }
        };
        if marker == 0xd9 {
            break;
        }
        let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        let content = rest.get(2..length)?;
        rest = rest.get(length..)?;
        match marker {
            APP0 if content.starts_with(b"JFIF\0") => jfif = content.get(..12),
            APP1 if content.starts_with(EXIF) => orientation = orientation.or_else(|| upright(content)),
            // frames, Huffman and arithmetic tables, quantisation, number of lines, restart interval
            0xc0..=0xc7 | 0xc9..=0xcf | 0xdb..=0xdd => {
                has_frame |= !matches!(marker, 0xc4 | 0xcc | 0xdb..=0xdd);
                segment(&mut kept, marker, content)?;
            }
            0xe2 if content.starts_with(b"ICC_PROFILE\0") => segment(&mut kept, marker, content)?,
            0xee if content.starts_with(b"Adobe") => segment(&mut kept, marker, content.get(..12)?)?,
            SOS => {
                has_scan = true;
                segment(&mut kept, marker, content)?;
                let scan = scan(rest);
                kept.extend_from_slice(&rest[..scan]);
                rest = &rest[scan..];
            }
            // markers without content do not stand here
            0x00..=0x01 | 0xd0..=0xd8 => return None,
            _ => {}
        }
    }
    if !has_frame || !has_scan {
        return None;
    }
    let mut out = SOI.to_vec();
    if let Some(jfif) = jfif {
        // without the preview behind it
        segment(&mut out, APP0, &[jfif, &[0, 0]].concat())?;
    }
    if let Some(orientation) = orientation {
        segment(&mut out, APP1, &only_upright(orientation))?;
    }
    out.append(&mut kept);
    out.extend_from_slice(&EOI);
    Some(out)
}

fn segment(out: &mut Vec<u8>, marker: u8, content: &[u8]) -> Option<()> {
    let length = u16::try_from(content.len() + 2).ok()?;
    out.extend_from_slice(&[0xff, marker]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(content);
    Some(())
}

/// How long a scan is: up to the next marker that is neither a stuffed byte nor a restart.
fn scan(bytes: &[u8]) -> usize {
    let ends = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    bytes.windows(2).position(ends).unwrap_or(bytes.len())
}

/// Which side is up, of an Exif segment: 2 to 8, where it is not simply the first.
fn upright(content: &[u8]) -> Option<u8> {
    const ORIENTATION: u16 = 0x0112;
    const SHORT: u16 = 3;
    let tiff = content.strip_prefix(EXIF)?;
    let is_little = match tiff.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let two = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_little {
            u16::from_le_bytes(two)
        } else {
            u16::from_be_bytes(two)
        })
    };
    let long = |at: usize| {
        let four = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let number = if is_little {
            u32::from_le_bytes(four)
        } else {
            u32::from_be_bytes(four)
        };
        usize::try_from(number).ok()
    };
    let directory = long(4)?;
    for entry in 0..usize::from(short(directory)?) {
        let at = directory.checked_add(2 + 12 * entry)?;
        if short(at)? == ORIENTATION && short(at.checked_add(2)?)? == SHORT {
            let value = u8::try_from(short(at.checked_add(8)?)?).ok()?;
            return (2..=8).contains(&value).then_some(value);
        }
    }
    None
}

/// An Exif segment that says which side is up and nothing else.
fn only_upright(orientation: u8) -> Vec<u8> {
    let mut exif = EXIF.to_vec();
    exif.extend_from_slice(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0");
    exif.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
    exif
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(segments: &[(u8, &[u8])], behind: &[u8]) -> Vec<u8> {
        let mut out = SOI.to_vec();
        for (marker, content) in segments {
            segment(&mut out, *marker, content).expect("short");
        }
        segment(&mut out, 0xdb, &[0; 65]).expect("table");
        segment(&mut out, 0xc2, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]).expect("frame");
        for scan in [b"\x12\xff\x00\x34\xff\xd0\x56".as_slice(), b"\x78"] {
            segment(&mut out, 0xc4, &[0; 20]).expect("table");
            segment(&mut out, SOS, &[1, 1, 0, 0, 63, 0]).expect("scan");
            out.extend_from_slice(scan);
        }
        out.extend_from_slice(&EOI);
        out.extend_from_slice(behind);
        out
    }

    fn exif(order: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = EXIF.to_vec();
        exif.extend_from_slice(order);
        if order.starts_with(b"II") {
            exif.extend_from_slice(b"\x08\0\0\0\x02\0");
            exif.extend_from_slice(b"\x25\x88\x04\0\x01\0\0\0\x26\0\0\0");
            exif.extend_from_slice(&[0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
        } else {
            exif.extend_from_slice(b"\0\0\0\x08\0\x01");
            exif.extend_from_slice(&[1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
        }
        exif.extend_from_slice(b"\0\0\0\0GPS 10.5 106.4");
        exif
    }

    #[test]
    fn the_picture_stays_and_its_story_goes() {
        let jfif = b"JFIF\0\x01\x02\0\0\x48\0\x48\x01\x01PREVIEW";
        let little = exif(b"II*\0", 6);
        let told = with(
            &[
                (0xe0, jfif),
                (0xe1, &little),
                (0xe1, b"http://ns.adobe.com/xap/1.0/\0GPS"),
                (0xed, b"Photoshop 3.0\0GPS"),
                (0xe2, b"MPF\0GPS"),
                (0xe2, b"ICC_PROFILE\0\x01\x01profile"),
                (0xfe, b"GPS comment"),
                (0xef, b"GPS maker"),
            ],
            b"\xff\xd8\xff\xe1 second image with GPS",
        );
        let clean = clean(&told).expect("a picture");
        let bare = with(
            &[
                (0xe0, b"JFIF\0\x01\x02\0\0\x48\0\x48\0\0"),
                (0xe1, &only_upright(6)),
                (0xe2, b"ICC_PROFILE\0\x01\x01profile"),
            ],
            b"",
        );
        assert_eq!(clean, bare);
        assert_eq!(super::clean(&clean), Some(clean), "nothing more to take");
        assert_eq!(upright(&exif(b"MM\0*", 3)), Some(3));
        assert_eq!(upright(&exif(b"MM\0*", 1)), None);
        assert_eq!(upright(&exif(b"MM\0*", 9)), None);
    }

    #[test]
    fn what_is_broken_is_refused_or_cut_and_never_a_panic() {
        let whole = with(&[(0xe1, &exif(b"II*\0", 6))], b"");
        for length in 0..whole.len() {
            if let Some(clean) = clean(&whole[..length]) {
                assert!(clean.ends_with(&EOI) && !clean.windows(3).any(|three| three == b"GPS"));
            }
        }
        for byte in 0..whole.len() {
            for value in [0, 0xff, whole[byte] ^ 1] {
                let mut broken = whole.clone();
                broken[byte] = value;
                drop(clean(&broken));
            }
        }
    }
}
