//! Tokens of integrators and provincial tools: long-lived, read only, revocable.
//!
//! The prefix lets scanners of leaked secrets know one, the check digits let a mistyped one be refused without
//! asking the database, which stores the SHA-256 and nothing else.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::entropy::{Entropy, bytes};

/// Beginning of every such token.
pub const PREFIX: &str = "cutri_read_";

const SECRET: usize = 43;
const CHECK: usize = 4;

/// A token for reading. Not printable.
pub struct ReadToken(Zeroizing<String>);

impl ReadToken {
    /// A new token; shown once to the person who asked for it.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let secret = Zeroizing::new(bytes::<32>(entropy));
        let mut text = Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(*secret)));
        let check = check(&text);
        text.push_str(&check);
        Self(text)
    }

    /// Reads what a client sent; `None` when it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text
            .strip_prefix(PREFIX)
            .filter(|rest| rest.is_ascii() && rest.len() == SECRET + CHECK)?;
        let (secret, stated) = rest.split_at(SECRET);
        URL_SAFE_NO_PAD.decode(secret).ok()?;
        let body = &text[..PREFIX.len() + SECRET];
        (check(body) == stated).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text for the client.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the whole text, as it is stored.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

fn check(body: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(body)[..3])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn every_slip_is_noticed() {
        let token = ReadToken::new(&SystemEntropy);
        let text = token.text().to_owned();
        assert_eq!(text.len(), PREFIX.len() + 47);
        assert_eq!(ReadToken::parse(&text).unwrap().hash(), token.hash());
        for at in 0..text.len() {
            let mut slip = text.clone().into_bytes();
            slip[at] = if slip[at] == b'x' { b'y' } else { b'x' };
            assert!(
                ReadToken::parse(std::str::from_utf8(&slip).unwrap()).is_none(),
                "{at}"
            );
            assert!(ReadToken::parse(&text[..at]).is_none());
        }
        assert!(ReadToken::parse(&format!("{text}x")).is_none());
        assert!(ReadToken::parse(&format!("{PREFIX}{}", "đ".repeat(23) + "x")).is_none());
        assert!(ReadToken::parse(&text.to_uppercase()).is_none());
    }

    #[test]
    fn no_two_are_alike() {
        assert_ne!(
            ReadToken::new(&SystemEntropy).hash(),
            ReadToken::new(&SystemEntropy).hash()
        );
    }
}
