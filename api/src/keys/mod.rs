//! The secrets of an installation: signing keys for tokens, and one master key from which every other key is
//! derived. They live in the folder `CUTRI_KEYS`, outside the database, and all processes share them.
//!
//! Nothing here may print, log or serialise a secret. The database knows fingerprints only, so that a wrong
//! folder is noticed by name before anything is signed or sealed with it.

mod folder;
mod ring;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac, digest::KeyInit};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::entropy::{Entropy, bytes};
use folder::Folder;
pub(crate) use ring::SigningKey;
pub use ring::{LEAD, ROTATION, VERIFIES_AFTER};

/// Name of the master key's file and of its fingerprint.
const MASTER: &str = "master.key";
/// First word of the master key's file: what it is, and in which format.
const MASTER_FORMAT: &str = "cutri-master-1";

/// HKDF's salt: separates these keys from any other use of the same secret.
const SALT: &[u8; 32] = b"cutri keys derived from a master";

/// What a derived key is for. A key never serves two purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signs checkpoints and list cursors.
    CursorSigning,
    /// Makes the one successor of a refresh token.
    RefreshRotation,
    /// Seals single fields (name, phone, address), by key version.
    FieldEncryption(u16),
    /// Seals the raw bytes of refused rows.
    Quarantine,
    /// Marks a refused denunciation without keeping it.
    DenunciationHash,
    /// Finds a phone number without storing it.
    BlindIndex,
    /// Makes the key with which a device seals what others carry for it.
    Bundle,
    /// Signs for push services; the next version where one is no key of the curve.
    Vapid(u16),
}

impl Purpose {
    fn label(self) -> (&'static str, u16) {
        match self {
            Self::CursorSigning => ("cursor-signing", 0),
            Self::RefreshRotation => ("refresh-rotation", 0),
            Self::FieldEncryption(version) => ("field-encryption", version),
            Self::Quarantine => ("quarantine", 0),
            Self::DenunciationHash => ("denunciation-hash", 0),
            Self::BlindIndex => ("blind-index", 0),
            Self::Bundle => ("bundle", 0),
            Self::Vapid(version) => ("vapid", version),
        }
    }
}

/// The opened keys of an installation. Shared; turning the signing keys over needs no `mut`.
pub struct Keys {
    folder: Folder,
    /// HKDF's extracted key; the master itself is not kept in memory.
    root: Zeroizing<[u8; 32]>,
    ring: RwLock<Arc<ring::Ring>>,
}

/// Shows which signing keys there are, and no secret.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("kids", &self.ring().kids())
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// Opens the folder and makes what is missing: folder 0700, files 0600. Processes that start at the same
    /// moment end with the same keys.
    pub fn open_or_create(dir: &Path, now: DateTime<Utc>, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let folder = Folder::open_or_create(dir)?;
        if folder.read(MASTER)?.is_none() {
            let secret = Zeroizing::new(bytes::<32>(entropy));
            folder.publish(MASTER, master_text(&secret).as_bytes(), entropy)?;
        }
        if ring::Ring::read(&folder)?.is_empty() {
            ring::publish(&folder, 1, now, entropy)?;
        }
        Self::load(folder)
    }

    /// Opens existing keys and creates nothing: for an installation whose database already has data.
    pub fn open(dir: &Path) -> Result<Self, KeyError> {
        Self::load(Folder::open(dir)?)
    }

    fn load(folder: Folder) -> Result<Self, KeyError> {
        let text = folder
            .read(MASTER)?
            .ok_or_else(|| folder.fault(MASTER, KeyFault::Missing))?;
        let master = parse_master(&text).ok_or_else(|| folder.fault(MASTER, KeyFault::Corrupt))?;
        let ring = ring::Ring::read(&folder)?;
        if ring.is_empty() {
            return Err(folder.fault(&ring::file_name(1), KeyFault::Missing));
        }
        let root = Zeroizing::new(hmac(SALT, &[&master[..]]));
        Ok(Self {
            folder,
            root,
            ring: RwLock::new(Arc::new(ring)),
        })
    }

    /// Copies the keys, without what is noted beside them, into another folder.
    pub fn copy_to(&self, dir: &Path, entropy: &dyn Entropy) -> Result<(), KeyError> {
        let to = Folder::open_or_create(dir)?;
        for name in self.folder.names()? {
            let is_key = name == MASTER || name.ends_with(".pem");
            if let Some(content) = self.folder.read(&name)?.filter(|_| is_key) {
                to.replace(&name, &content, entropy)?;
            }
        }
        Ok(())
    }

    /// What was noted beside the keys under this name; nothing if nothing was, or it cannot be read.
    pub fn note(&self, name: &str) -> Option<String> {
        let text = self.folder.read(name).ok()??;
        String::from_utf8(text.to_vec()).ok()
    }

    /// Notes something beside the keys, in place of what was noted before.
    pub fn set_note(&self, name: &str, text: &str, entropy: &dyn Entropy) -> Result<(), KeyError> {
        self.folder.replace(name, text.as_bytes(), entropy)
    }

    /// Reads the signing keys again, makes a new one when the newest is 90 days old, and removes those that
    /// verify nothing any more. To be called at least once within [`LEAD`] by every process. Says whether
    /// this call made a key.
    pub fn rotate(&self, now: DateTime<Utc>, entropy: &dyn Entropy) -> Result<bool, KeyError> {
        let mut ring = ring::Ring::read(&self.folder)?;
        let mut made = false;
        if ring.is_due(now) {
            made = ring::publish(&self.folder, ring.next_number(), now, entropy)?;
            ring = ring::Ring::read(&self.folder)?;
        }
        for name in ring.dead(now) {
            self.folder.remove(&name)?;
        }
        if ring.is_empty() {
            return Err(self.folder.fault(&ring::file_name(1), KeyFault::Missing));
        }
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(made)
    }

    /// What the database remembers of these keys: names and digests, of no use to a thief.
    pub fn fingerprints(&self) -> Vec<(String, String)> {
        let master = hmac(&self.root, &[b"fingerprint"]);
        let mut all = vec![(MASTER.to_owned(), hex(&master[..16]))];
        all.extend(self.ring().fingerprints());
        all
    }

    /// Compares with what the database remembers. The master key must be the same; a signing key may have
    /// come or gone by rotation, but under one name it never changes.
    pub fn verify_fingerprints(&self, stored: &[(String, String)]) -> Result<(), FingerprintMismatch> {
        let own = self.fingerprints();
        match stored
            .iter()
            .find(|(name, digest)| own.iter().any(|(n, d)| n == name && d != digest))
        {
            Some((name, _)) => Err(FingerprintMismatch { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// The public halves of the keys that verify now, as a JSON Web Key Set (RFC 8037).
    pub fn jwks(&self, now: DateTime<Utc>) -> Value {
        json!({ "keys": self.ring().public(now) })
    }

    /// HMAC-SHA-256 of the parts under the key of this purpose. Every part is preceded by its length, so that
    /// no other division into parts gives the same value.
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        framed(&self.secret(purpose), parts)
            .finalize()
            .into_bytes()
            .into()
    }

    /// Whether this is the value that [`Keys::mac`] gives; takes the same time for every wrong one.
    pub fn checks(&self, purpose: Purpose, parts: &[&[u8]], tag: &[u8]) -> bool {
        framed(&self.secret(purpose), parts).verify_slice(tag).is_ok()
    }

    /// The derived key of a purpose: HKDF-Expand's first block over its label.
    pub(crate) fn secret(&self, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        let (label, version) = purpose.label();
        Zeroizing::new(hmac(
            &self.root,
            &[label.as_bytes(), b"\0", &version.to_be_bytes(), &[1]],
        ))
    }

    /// The key that signs now.
    pub(crate) fn signer(&self, now: DateTime<Utc>) -> Option<Arc<SigningKey>> {
        self.ring().signer(now)
    }

    /// The key with this id, while it verifies.
    pub(crate) fn verifier(&self, kid: &str, now: DateTime<Utc>) -> Option<Arc<SigningKey>> {
        self.ring().verifier(kid, now)
    }

    fn ring(&self) -> Arc<ring::Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed(key);
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn framed(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

/// HMAC fills a short key up with zeros to its block; done here, it cannot fail.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    <Hmac<Sha256> as KeyInit>::new((&*block).into())
}

/// One line: format, key, and the beginning of the key's digest, so that a flipped bit has a name instead of
/// making everything sealed unreadable.
fn master_text(secret: &[u8; 32]) -> Zeroizing<String> {
    let key = Zeroizing::new(hex(secret));
    Zeroizing::new(format!(
        "{MASTER_FORMAT} {} {}\n",
        *key,
        hex(&Sha256::digest(secret)[..4])
    ))
}

fn parse_master(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let line = std::str::from_utf8(text).ok()?.strip_suffix('\n')?;
    let mut words = line.split(' ');
    let (format, key, check) = (words.next()?, words.next()?, words.next()?);
    if format != MASTER_FORMAT || words.next().is_some() || key.len() != 64 {
        return None;
    }
    let mut secret = Zeroizing::new([0; 32]);
    for (byte, digits) in secret.iter_mut().zip(key.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    (hex(&Sha256::digest(&secret[..])[..4]) == check).then_some(secret)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
            }
            text
        })
}

/// Why the keys cannot be used. For the operator at start; never for a client.
#[derive(Debug)]
pub struct KeyError {
    /// The file or folder that it is about.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: KeyFault,
}

/// What can be wrong with a key file or its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFault {
    /// It is a symbolic link, which somebody else could turn.
    Symlink,
    /// A folder was expected.
    NotAFolder,
    /// A plain file was expected.
    NotAFile,
    /// Group or others have rights (the mode found).
    OpenToOthers(u32),
    /// It belongs to another user than the folder.
    ForeignOwner,
    /// Short, cut, changed or not a key at all.
    Corrupt,
    /// It is not there.
    Missing,
    /// The operating system refused.
    Io(std::io::ErrorKind),
}

impl KeyFault {
    /// The fault's stable name, for `doctor` and for tests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Symlink => "SYMLINK",
            Self::NotAFolder => "NOT_A_FOLDER",
            Self::NotAFile => "NOT_A_FILE",
            Self::OpenToOthers(_) => "OPEN_TO_OTHERS",
            Self::ForeignOwner => "FOREIGN_OWNER",
            Self::Corrupt => "CORRUPT",
            Self::Missing => "MISSING",
            Self::Io(_) => "IO",
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): ", self.fault.name(), self.path.display())?;
        match self.fault {
            KeyFault::Symlink => write!(
                f,
                "không đọc khóa qua liên kết [keys are not followed through symbolic links]"
            ),
            KeyFault::NotAFolder => write!(f, "đây không phải thư mục [this is not a folder]"),
            KeyFault::NotAFile => write!(f, "đây không phải tệp thường [this is not a plain file]"),
            KeyFault::OpenToOthers(mode) => {
                write!(
                    f,
                    "quyền {mode:03o} cho người khác vào; thư mục khóa là 700, tệp khóa là 600 \
                     [other users can get in]"
                )
            }
            KeyFault::ForeignOwner => write!(
                f,
                "tệp thuộc người khác với chủ thư mục [the file belongs to another user than its folder]"
            ),
            KeyFault::Corrupt => write!(
                f,
                "khóa không còn nguyên vẹn; hãy đặt lại bản sao lưu \
                 [not a whole key; put the copy from the backup in its place]"
            ),
            KeyFault::Missing => write!(
                f,
                "không có ở đây; hãy đặt lại bản sao lưu [not there; put back the copy from the backup]"
            ),
            KeyFault::Io(kind) => write!(f, "hệ điều hành từ chối [{kind}]"),
        }
    }
}

impl std::error::Error for KeyError {}

/// The keys of this folder are not those that the database was used with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FingerprintMismatch {
    /// The key that differs.
    pub name: String,
}

impl fmt::Display for FingerprintMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "KEYS_MISMATCH ({}): cơ sở dữ liệu đã dùng một khóa khác cùng tên \
             [the database was used with another key of this name]",
            self.name
        )
    }
}

impl std::error::Error for FingerprintMismatch {}
