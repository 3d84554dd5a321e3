//! Passwords: their rules, and Argon2id at a price that a small box can pay.
//!
//! Hashing runs on the blocking threads, never more than twice per core at once and never more than eight times: each
//! run takes 19 MiB, so that a flood of logins would otherwise take all memory. (What is freed goes back to the system:
//! `start::with_small_heaps`.) Never to be called inside a write transaction.

use std::{sync::Arc, thread::available_parallelism};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{
    entropy::{Entropy, bytes},
    error::{Code, Error, Refused, Result},
};

/// Fewest characters of a password.
pub const MIN_CHARS: usize = 10;
/// Longest password, in bytes after normalisation.
pub const MAX_BYTES: usize = 256;
/// Longest text that is normalised at all: composition makes Vietnamese shorter, never longer.
const MAX_INPUT: usize = 4 * MAX_BYTES;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// 152 MiB, which the promise of 256 MB has room for, and some three hundred logins a second.
const MOST_AT_ONCE: usize = 8;

/// A password in one normal form (NFKC), whatever keyboard it was typed on. Not printable.
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password that somebody wants to have from now on.
    pub fn choose(text: &str, user_name: &str) -> Result<Self, Refused> {
        let refuse = |code| Err(Refused::field(code, "password"));
        if text.len() > MAX_INPUT {
            return refuse(Code::TooLong);
        }
        let password = normal(text);
        if password.len() > MAX_BYTES {
            refuse(Code::TooLong)
        } else if password.contains(char::is_control) {
            refuse(Code::InvalidText)
        } else if password.chars().count() < MIN_CHARS || folded(&password) == folded(&normal(user_name)) {
            refuse(Code::WeakPassword)
        } else {
            Ok(Self(password))
        }
    }

    /// A password that somebody claims to have. What nobody can have chosen is looked at like any other wrong
    /// one, at the same cost.
    pub fn attempt(text: &str) -> Self {
        Self(if text.len() > MAX_INPUT {
            Zeroizing::default()
        } else {
            normal(text)
        })
    }

    /// A random password that can be read out on the telephone: 72 bits in twelve syllables.
    pub fn random(entropy: &dyn Entropy) -> Self {
        const CONSONANTS: &[u8; 16] = b"bcdghklmnpqrstvx";
        const VOWELS: &[u8; 4] = b"aeiu";
        let mut text = Zeroizing::new(String::with_capacity(27));
        for (at, byte) in bytes::<12>(entropy).into_iter().enumerate() {
            if at > 0 && at % 3 == 0 {
                text.push('-');
            }
            text.push(CONSONANTS[usize::from(byte & 15)].into());
            text.push(VOWELS[usize::from(byte >> 4 & 3)].into());
        }
        Self(text)
    }

    /// The text, to be shown once.
    pub fn text(&self) -> &str {
        &self.0
    }
}

fn normal(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.nfkc().collect())
}

fn folded(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.trim().to_lowercase())
}

/// Hashes and compares passwords, a bounded number at a time.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    slots: Arc<Semaphore>,
}

impl Passwords {
    /// Two at once for every core of this machine, up to [`MOST_AT_ONCE`].
    pub fn new() -> Result<Self> {
        let cores = available_parallelism().map_or(1, usize::from);
        Self::with_slots((2 * cores).min(MOST_AT_ONCE))
    }

    fn with_slots(slots: usize) -> Result<Self> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
            .map_err(|cause| Error::internal(format!("argon2: {cause}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Ok(Self {
            argon2,
            slots: Arc::new(Semaphore::new(slots)),
        })
    }

    /// The PHC string that is stored for a password.
    pub async fn hash(&self, password: Password, entropy: &dyn Entropy) -> Result<String> {
        let salt = SaltString::encode_b64(&bytes::<16>(entropy))
            .map_err(|cause| Error::internal(format!("salt: {cause}")))?;
        self.run(move |argon2| {
            let hash = argon2.hash_password(password.0.as_bytes(), &salt);
            hash.map(|hash| hash.to_string())
                .map_err(|cause| Error::internal(format!("argon2: {cause}")))
        })
        .await?
    }

    /// Whether this is the password behind the stored string. `None` stands for an unknown or disabled user:
    /// the answer is no, after the same work.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool> {
        self.run(move |argon2| match stored {
            Some(stored) => {
                let stored = PasswordHash::new(&stored)
                    .map_err(|cause| Error::internal(format!("stored password: {cause}")))?;
                Ok(argon2.verify_password(password.0.as_bytes(), &stored).is_ok())
            }
            None => {
                let mut waste = Zeroizing::new([0; 32]);
                let worked = argon2.hash_password_into(password.0.as_bytes(), &[0; 16], &mut waste[..]);
                worked
                    .map(|()| false)
                    .map_err(|cause| Error::internal(format!("argon2: {cause}")))
            }
        })
        .await?
    }

    /// The place in the queue is given back by the work itself: a client who hangs up does not make room for
    /// another run while his own still takes memory.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Argon2) -> T + Send + 'static) -> Result<T> {
        let slot = self.slots.clone().acquire_owned().await;
        let slot = slot.map_err(|_| Error::internal("password queue closed"))?;
        let argon2 = self.argon2.clone();
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&argon2);
            drop(slot);
            result
        });
        done.await
            .map_err(|cause| Error::internal(format!("password work: {cause}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::{SeededEntropy, SystemEntropy};
    use std::{
        collections::HashSet,
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        time::Duration,
    };

    fn chosen(text: &str) -> Password {
        Password::choose(text, "lan.nguyen").unwrap_or_else(|refused| panic!("{text}: {refused:?}"))
    }

    #[test]
    fn the_rules_at_and_over_each_limit() {
        use Code::*;
        let cases: [(&str, Result<(), Code>); 15] = [
            ("mật khẩu 1", Ok(())),
            ("mật khẩu ", Err(WeakPassword)),
            ("", Err(WeakPassword)),
            ("🐃🐃🐃🐃🐃🐃🐃🐃🐃🐃", Ok(())),
            ("🐃🐃🐃🐃🐃🐃🐃🐃🐃", Err(WeakPassword)),
            // Nine characters, typed with separate marks: they do not count as more.
            (
                "a\u{301}a\u{301}a\u{301}a\u{301}a\u{301}a\u{301}a\u{301}a\u{301}a\u{301}",
                Err(WeakPassword),
            ),
            ("lan.nguyen", Err(WeakPassword)),
            ("Lan.Nguyen", Err(WeakPassword)),
            (" lan.nguyen ", Err(WeakPassword)),
            ("ｌａｎ．ｎｇｕｙｅｎ", Err(WeakPassword)),
            ("lan.nguyen1", Ok(())),
            (&"a".repeat(256), Ok(())),
            (&"a".repeat(257), Err(TooLong)),
            (&"a".repeat(5_000_000), Err(TooLong)),
            ("ab\0cdefghijkl", Err(InvalidText)),
        ];
        for (text, expected) in cases {
            let got = Password::choose(text, "lan.nguyen")
                .map(|_| ())
                .map_err(|refused| refused.code);
            assert_eq!(got, expected, "{:.40}", text);
        }
        // One character that becomes eighteen.
        let expanding = "\u{fdfa}".repeat(100);
        assert_eq!(
            Password::choose(&expanding, "x")
                .err()
                .map(|refused| refused.code),
            Some(TooLong)
        );
    }

    #[tokio::test]
    async fn right_wrong_and_unknown() {
        let passwords = Passwords::new().unwrap();
        let stored = passwords
            .hash(chosen("Tiếng Việt 2026"), &SystemEntropy)
            .await
            .unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let decomposed: String = "Tiếng Việt 2026".nfd().collect();
        for (attempt, right) in [
            ("Tiếng Việt 2026", true),
            (&decomposed, true),
            ("Tiếng Viêt 2026", false),
            ("", false),
            (&"a".repeat(100_000), false),
        ] {
            let verified = passwords
                .verify(Password::attempt(attempt), Some(stored.clone()))
                .await;
            assert_eq!(verified.unwrap(), right, "{:.40}", attempt);
            assert!(!passwords.verify(Password::attempt(attempt), None).await.unwrap());
        }
        let again = passwords
            .hash(chosen("Tiếng Việt 2026"), &SystemEntropy)
            .await
            .unwrap();
        assert_ne!(stored, again, "salted");
        let broken = passwords
            .verify(Password::attempt("x"), Some("not a hash".into()))
            .await;
        assert!(matches!(broken, Err(Error::Internal(_))));
    }

    /// The same work by the same parameters: asserted from the stored string, because a timed test would only tell
    /// how busy the machine is.
    #[tokio::test]
    async fn an_unknown_user_costs_the_same() {
        let passwords = Passwords::with_slots(1).unwrap();
        let stored = passwords
            .hash(chosen("Tiếng Việt 2026"), &SystemEntropy)
            .await
            .unwrap();
        let params = passwords.argon2.params();
        let told = format!(
            "m={},t={},p={}",
            params.m_cost(),
            params.t_cost(),
            params.p_cost()
        );
        assert!(stored.contains(&told), "{stored} against {told}");
        let attempt = || Password::attempt("wrong password");
        assert!(!passwords.verify(attempt(), Some(stored)).await.unwrap());
        assert!(!passwords.verify(attempt(), None).await.unwrap());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn never_more_at_once_than_there_are_slots() {
        let passwords = Passwords::with_slots(2).unwrap();
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = (0..16).map(|_| {
            let (passwords, running, most) = (passwords.clone(), running.clone(), most.clone());
            tokio::spawn(async move {
                let run = passwords.run(move |_| {
                    most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                    std::thread::sleep(Duration::from_millis(5));
                    running.fetch_sub(1, SeqCst);
                });
                run.await.unwrap();
            })
        });
        let work: Vec<_> = work.collect();
        // Those who hang up while waiting or working harm nobody.
        work[3].abort();
        work[15].abort();
        for one in work {
            let _ = one.await;
        }
        assert_eq!(most.load(SeqCst), 2);
        assert_eq!(passwords.slots.available_permits(), 2);
    }

    #[test]
    fn random_passwords_can_be_read_out_and_chosen() {
        let many: HashSet<_> = (0..1_000)
            .map(|_| Password::random(&SystemEntropy).text().to_owned())
            .collect();
        assert_eq!(many.len(), 1_000);
        for text in &many {
            assert_eq!((text.len(), text.split('-').count()), (27, 4), "{text}");
            chosen(text);
        }
        let seeded = || Password::random(&SeededEntropy::new(5)).text().to_owned();
        assert_eq!(seeded(), seeded());
    }
}
