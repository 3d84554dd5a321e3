//! The container of phones' recordings (ISO/IEC 14496-12): boxes in boxes.
//!
//! Sound only: films and timed tracks may hold the place in ways that cannot be listed, so that they are refused. What
//! goes is overwritten in place and called free space, because tables of the file count bytes from its beginning.

use super::be32;

/// What stays at the top, in the film box, in a track, in its media, in a fragment, in its track.
const TOP: &[&[u8; 4]] = &[b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"mfra"];
const MOOV: &[&[u8; 4]] = &[b"mvhd", b"iods", b"trak", b"mvex"];
const TRAK: &[&[u8; 4]] = &[b"tkhd", b"tref", b"edts", b"mdia"];
const MDIA: &[&[u8; 4]] = &[b"mdhd", b"hdlr", b"elng", b"minf"];
const MOOF: &[&[u8; 4]] = &[b"mfhd", b"traf"];
const TRAF: &[&[u8; 4]] = &[
    b"tfhd", b"tfdt", b"trun", b"saiz", b"saio", b"sbgp", b"sgpd", b"senc",
];

/// The recording alone; nothing if it is more than sound.
pub(super) fn clean(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let mut sounds = 0;
    let end = bytes.len();
    walk(&mut bytes, 0, end, TOP, &mut sounds)?;
    (sounds > 0).then_some(bytes)
}

fn walk(bytes: &mut [u8], mut at: usize, end: usize, stays: &[&[u8; 4]], sounds: &mut usize) -> Option<()> {
    while at < end {
        let (mut header, mut size) = (8, be32(bytes, at)?);
        let name: [u8; 4] = bytes.get(at + 4..at + 8)?.try_into().ok()?;
        match size {
            0 => size = end - at,
            1 => {
                header = 16;
                let eight = bytes.get(at + 8..at + 16)?.try_into().ok()?;
                size = usize::try_from(u64::from_be_bytes(eight)).ok()?;
            }
            _ => {}
        }
        let next = at
            .checked_add(size)
            .filter(|next| *next <= end && size >= header)?;
        if !stays.contains(&&name) {
            bytes[at + 4..at + 8].copy_from_slice(b"free");
            bytes[at + header..next].fill(0);
        }
        let inner = match &name {
            b"moov" => MOOV,
            b"trak" => TRAK,
            b"mdia" => MDIA,
            b"moof" => MOOF,
            b"traf" => TRAF,
            b"hdlr" => {
                if bytes.get(at + header + 8..at + header + 12)? != b"soun" {
                    return None;
                }
                *sounds += 1;
                &[]
            }
            _ => &[],
        };
        if !inner.is_empty() && stays.contains(&&name) {
            walk(bytes, at + header, next, inner, sounds)?;
        }
        at = next;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut out = ((content.len() + 8) as u32).to_be_bytes().to_vec();
        out.extend_from_slice(name);
        out.extend_from_slice(content);
        out
    }

    fn recording(handler: &[u8; 4], told: &[u8]) -> Vec<u8> {
        let handler = of(b"hdlr", &[&[0; 8], handler.as_slice(), &[0; 12]].concat());
        let media = of(
            b"mdia",
            &[of(b"mdhd", &[0; 24]), handler, of(b"minf", b"tables")].concat(),
        );
        let track = of(
            b"trak",
            &[of(b"tkhd", &[0; 84]), media, of(b"udta", told)].concat(),
        );
        let place = of(b"udta", &of(b"\xa9xyz", told));
        let film = of(
            b"moov",
            &[of(b"mvhd", &[0; 100]), track, place, of(b"meta", told)].concat(),
        );
        [
            of(b"ftyp", b"M4A \0\0\0\0"),
            of(b"free", told),
            film,
            of(b"uuid", told),
            of(b"mdat", b"sound"),
        ]
        .concat()
    }

    #[test]
    fn the_place_goes_and_every_byte_keeps_its_number() {
        let told = recording(b"soun", b"+10.5+106.4/GPS");
        let clean = clean(told.clone()).expect("a recording");
        assert_eq!(clean.len(), told.len());
        assert!(!clean.windows(3).any(|three| three == b"GPS"));
        assert!(clean.ends_with(b"mdatsound"));
        for handler in [b"vide", b"meta", b"text"] {
            assert_eq!(super::clean(recording(handler, b"x")), None);
        }
        for length in 0..told.len() {
            drop(super::clean(told[..length].to_vec()));
        }
        for byte in 0..told.len() {
            let mut broken = told.clone();
            broken[byte] = 0xff;
            drop(super::clean(broken));
        }
    }
}
