//! Refresh tokens: opaque, single use, one line of succession per device.
//!
//! The successor is computed from its predecessor, so that a phone that lost the reply, and two hundred
//! requests at once, get the same one. Whether a token may still be used (the 60 seconds of grace, a revoked
//! device) is decided with the stored digests, not here. The database never sees a token.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    entropy::{Entropy, bytes},
    keys::{Keys, Purpose},
};

/// A refresh token: 256 bits that nobody can guess. Not printable.
pub struct Refresh(Zeroizing<[u8; 32]>);

impl Refresh {
    /// The first token of a device.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(Zeroizing::new(bytes(entropy)))
    }

    /// Reads what a client sent: exactly 43 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let mut token = Self(Zeroizing::new([0; 32]));
        let length = (text.len() == 43)
            .then(|| URL_SAFE_NO_PAD.decode_slice(text, &mut token.0[..]))?
            .ok()?;
        (length == 32).then_some(token)
    }

    /// The text for the client.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(*self.0)
    }

    /// SHA-256, as it is stored. Enough for 256 random bits: there is nothing to guess.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(*self.0).into()
    }

    /// The one token that follows this one.
    pub fn successor(&self, keys: &Keys) -> Self {
        Self(Zeroizing::new(keys.mac(Purpose::RefreshRotation, &[&self.0[..]])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;
    use std::collections::HashSet;

    fn keys(dir: &tempfile::TempDir) -> Keys {
        let now = "2026-03-01T08:00:00Z".parse().unwrap();
        Keys::open_or_create(&dir.path().join("keys"), now, &SystemEntropy).unwrap()
    }

    #[test]
    fn two_hundred_at_once_get_one_successor() {
        let dir = tempfile::tempdir().unwrap();
        let first = Refresh::new(&SystemEntropy).text();
        let (one, two) = (keys(&dir), keys(&dir));
        let successors: HashSet<String> = std::thread::scope(|scope| {
            let ask = |keys| {
                let first = &first;
                scope.spawn(move || Refresh::parse(first).unwrap().successor(keys).text())
            };
            let asked: Vec<_> = (0..100).flat_map(|_| [ask(&one), ask(&two)]).collect();
            asked.into_iter().map(|answer| answer.join().unwrap()).collect()
        });
        assert_eq!(successors.len(), 1);
    }

    #[test]
    fn a_line_never_returns_and_lines_never_meet() {
        let dir = tempfile::tempdir().unwrap();
        let keys = keys(&dir);
        let mut seen = HashSet::new();
        for _ in 0..10 {
            let mut token = Refresh::new(&SystemEntropy);
            for _ in 0..50 {
                assert!(seen.insert(token.hash()));
                token = token.successor(&keys);
            }
        }
        let other = tempfile::tempdir().unwrap();
        let token = Refresh::new(&SystemEntropy);
        assert_ne!(
            token.successor(&keys).text(),
            token.successor(&self::keys(&other)).text()
        );
    }

    #[test]
    fn only_the_one_spelling_is_read() {
        let text = Refresh::new(&SystemEntropy).text();
        assert_eq!(text.len(), 43);
        assert_eq!(Refresh::parse(&text).unwrap().text(), text);
        for wrong in [
            String::new(),
            text[..42].to_owned(),
            format!("{text}="),
            format!("{text}A"),
            format!("{}+", &text[..42]),
            format!("{}_", &text[..42]), // bits beyond the 256th
            format!(" {}", &text[..42]),
            "đ".repeat(21) + "a",
            "a".repeat(1 << 20),
        ] {
            assert!(Refresh::parse(&wrong).is_none(), "{:.50}", wrong);
        }
    }
}
