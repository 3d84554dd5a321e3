//! Sealing what must not be readable in the database: single personal fields, and the raw bytes of refused
//! rows (XChaCha20-Poly1305, keys outside the database).
//!
//! A sealed value opens only at the place for which it was sealed: moved to another row, column or table it
//! is a forgery. A mark of a denunciation says "the same again" and nothing about its content.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    entropy::{Entropy, bytes},
    error::Error,
    keys::{Keys, Purpose},
};

/// First byte of every sealed value.
const FORMAT: u8 = 1;
/// Version of the field key that seals today; older ones still open.
const KEY_VERSION: u16 = 1;

const HEAD: usize = 3;
const NONCE: usize = 24;
const TAG: usize = 16;

/// By how many bytes a sealed value is longer than what it holds.
pub const OVERHEAD: usize = HEAD + NONCE + TAG;

/// The place of a value in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name of the table.
    pub table: &'static str,
    /// Name of the column.
    pub column: &'static str,
    /// Id of the row.
    pub row_id: Uuid,
}

/// Why a sealed value does not open. For the log; a client hears nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Cut, or of a format that this release does not know.
    Format,
    /// Sealed with a key version that this release does not know.
    KeyVersion,
    /// Changed, sealed for another place, or sealed with other keys.
    Forged,
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        Error::internal(format!("sealed value: {broken:?}"))
    }
}

/// Seals a personal field: format, key version, nonce, then ciphertext and tag.
pub fn seal(keys: &Keys, entropy: &dyn Entropy, field: Field, plain: &[u8]) -> Result<Vec<u8>, Error> {
    let place = field.place(FORMAT, KEY_VERSION);
    close(
        keys,
        Purpose::FieldEncryption(KEY_VERSION),
        KEY_VERSION,
        entropy,
        &place,
        plain,
    )
}

/// Whether these bytes can be what [`seal`] made: no text begins as a sealed value does, with a control character.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.first() == Some(&FORMAT)
}

/// Opens what [`seal`] made, in the same place.
pub fn open(keys: &Keys, field: Field, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Broken> {
    let version = version(sealed)?;
    if version == 0 || version > KEY_VERSION {
        return Err(Broken::KeyVersion);
    }
    unclose(
        keys,
        Purpose::FieldEncryption(version),
        &field.place(FORMAT, version),
        sealed,
    )
}

/// Seals the raw bytes of a refused row, for its author and for repair.
pub fn seal_quarantined(
    keys: &Keys,
    entropy: &dyn Entropy,
    field: Field,
    raw: &[u8],
) -> Result<Vec<u8>, Error> {
    close(
        keys,
        Purpose::Quarantine,
        KEY_VERSION,
        entropy,
        &field.place(FORMAT, KEY_VERSION),
        raw,
    )
}

/// Opens what [`seal_quarantined`] made, in the same place.
pub fn open_quarantined(keys: &Keys, field: Field, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Broken> {
    match version(sealed)? {
        KEY_VERSION => unclose(
            keys,
            Purpose::Quarantine,
            &field.place(FORMAT, KEY_VERSION),
            sealed,
        ),
        _ => Err(Broken::KeyVersion),
    }
}

/// What is kept of a denunciation that was refused: by it the same upload is known again, and without the key
/// nobody can try out whether a text was the one (Luật Tố cáo 25/2018/QH14, art. 56: the denouncer's identity
/// is secret).
pub fn denunciation_mark(keys: &Keys, raw: &[u8]) -> [u8; 32] {
    keys.mac(Purpose::DenunciationHash, &[raw])
}

impl Field {
    /// The associated data. Lengths in front: `("ab", "c")` is not `("a", "bc")`.
    fn place(&self, format: u8, version: u16) -> Vec<u8> {
        let mut place = vec![format];
        place.extend(version.to_be_bytes());
        for name in [self.table, self.column] {
            place.extend((name.len() as u64).to_be_bytes());
            place.extend(name.as_bytes());
        }
        place.extend(self.row_id.as_bytes());
        place
    }
}

fn close(
    keys: &Keys,
    purpose: Purpose,
    version: u16,
    entropy: &dyn Entropy,
    aad: &[u8],
    msg: &[u8],
) -> Result<Vec<u8>, Error> {
    let nonce = bytes::<NONCE>(entropy);
    let sealed = cipher(keys, purpose).encrypt(XNonce::from_slice(&nonce), Payload { msg, aad });
    let sealed = sealed.map_err(|_| Error::internal("value too long to be sealed"))?;
    let mut whole = Vec::with_capacity(HEAD + NONCE + sealed.len());
    whole.push(FORMAT);
    whole.extend(version.to_be_bytes());
    whole.extend(nonce);
    whole.extend(sealed);
    Ok(whole)
}

fn unclose(keys: &Keys, purpose: Purpose, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Broken> {
    let (nonce, msg) = sealed[HEAD..].split_at(NONCE);
    let plain = cipher(keys, purpose).decrypt(XNonce::from_slice(nonce), Payload { msg, aad });
    plain.map(Zeroizing::new).map_err(|_| Broken::Forged)
}

/// The key version, of a value that is long enough and of our format.
fn version(sealed: &[u8]) -> Result<u16, Broken> {
    match sealed {
        [FORMAT, high, low, ..] if sealed.len() >= OVERHEAD => Ok(u16::from_be_bytes([*high, *low])),
        _ => Err(Broken::Format),
    }
}

fn cipher(keys: &Keys, purpose: Purpose) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*keys.secret(purpose)).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::{SeededEntropy, SystemEntropy};

    fn keys(seed: u64) -> Keys {
        let dir = tempfile::tempdir().unwrap();
        let now = "2026-03-01T08:00:00Z".parse().unwrap();
        Keys::open_or_create(&dir.path().join("keys"), now, &SeededEntropy::new(seed)).unwrap()
    }

    fn phone_of(row: u128) -> Field {
        Field {
            table: "feedback_contact",
            column: "phone",
            row_id: Uuid::from_u128(row),
        }
    }

    #[test]
    fn what_was_sealed_opens_in_its_place() {
        let keys = keys(1);
        for plain in [
            &b""[..],
            b"+84912345678",
            &[0; 100_000],
            "Nguyễn Thị Lan".as_bytes(),
        ] {
            let sealed = seal(&keys, &SystemEntropy, phone_of(1), plain).unwrap();
            assert_eq!(sealed.len(), plain.len() + OVERHEAD);
            assert_eq!(sealed[..3], [FORMAT, 0, 1]);
            assert_eq!(**open(&keys, phone_of(1), &sealed).unwrap(), *plain);
            if !plain.is_empty() {
                assert!(!sealed.windows(plain.len()).any(|part| part == plain));
            }
        }
    }

    #[test]
    fn the_same_value_is_never_sealed_alike() {
        let keys = keys(1);
        let one = seal(&keys, &SystemEntropy, phone_of(1), b"+84912345678").unwrap();
        assert_ne!(
            one,
            seal(&keys, &SystemEntropy, phone_of(1), b"+84912345678").unwrap()
        );
    }

    #[test]
    fn moved_to_another_place_it_is_a_forgery() {
        let keys = keys(1);
        let sealed = seal(&keys, &SystemEntropy, phone_of(1), b"+84912345678").unwrap();
        let here = phone_of(1);
        for place in [
            phone_of(2),
            Field {
                column: "name",
                ..here
            },
            Field {
                table: "delegate",
                ..here
            },
            Field {
                table: "feedback_contactp",
                column: "hone",
                ..here
            },
        ] {
            assert_eq!(
                open(&keys, place, &sealed).unwrap_err(),
                Broken::Forged,
                "{place:?}"
            );
        }
        assert_eq!(open(&self::keys(2), here, &sealed).unwrap_err(), Broken::Forged);
        assert_eq!(
            open_quarantined(&keys, here, &sealed).unwrap_err(),
            Broken::Forged
        );
        let quarantined = seal_quarantined(&keys, &SystemEntropy, here, b"raw").unwrap();
        assert_eq!(open(&keys, here, &quarantined).unwrap_err(), Broken::Forged);
        assert_eq!(**open_quarantined(&keys, here, &quarantined).unwrap(), *b"raw");
    }

    #[test]
    fn cut_or_changed_it_does_not_open() {
        let keys = keys(1);
        let sealed = seal(&keys, &SystemEntropy, phone_of(1), b"+84912345678").unwrap();
        for end in 0..sealed.len() {
            assert!(open(&keys, phone_of(1), &sealed[..end]).is_err(), "cut at {end}");
        }
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let broken = open(&keys, phone_of(1), &changed).unwrap_err();
            let expected = match bit / 8 {
                0 => Broken::Format,
                1 | 2 => Broken::KeyVersion,
                _ => Broken::Forged,
            };
            assert_eq!(broken, expected, "bit {bit}");
        }
        assert!(open(&keys, phone_of(1), &[sealed, vec![0]].concat()).is_err());
    }

    #[test]
    fn a_denunciations_mark_needs_the_key() {
        let raw = "tố cáo ông A".as_bytes();
        assert_eq!(denunciation_mark(&keys(1), raw), denunciation_mark(&keys(1), raw));
        assert_ne!(denunciation_mark(&keys(1), raw), denunciation_mark(&keys(2), raw));
        assert_ne!(
            denunciation_mark(&keys(1), raw),
            denunciation_mark(&keys(1), b"other")
        );
    }

    #[test]
    fn a_value_sealed_by_the_first_release_opens_for_ever() {
        // Made by an independent implementation of HKDF-SHA-256 and XChaCha20-Poly1305; the nonce counts 0 to 23.
        const MASTER: &str =
            "cutri-master-1 0707070707070707070707070707070707070707070707070707070707070707 4bb06f8e\n";
        const SEALED: &str = "010001000102030405060708090a0b0c0d0e0f1011121314151617f88e4a46d0ade9adf8454c18c06b7f1eb290da9b68c7f312ec5e54ee";
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("keys");
        let now = "2026-03-01T08:00:00Z".parse().unwrap();
        Keys::open_or_create(&dir, now, &SystemEntropy).unwrap();
        std::fs::write(dir.join("master.key"), MASTER).unwrap();
        let keys = Keys::open(&dir).unwrap();
        let digits = SEALED
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap());
        let sealed: Vec<u8> = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        assert_eq!(**open(&keys, phone_of(1), &sealed).unwrap(), *b"+84912345678");
    }
}
