//! What an installation is told about waking phones.

use std::fmt;

use url::Url;
use zeroize::Zeroizing;

/// What may be set.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Who wakes what no push service of the web reaches.
    pub gateway: Option<Gateway>,
    /// The hosts that may be called; all of the public network when there is none.
    pub hosts: Hosts,
    /// Whom a push service writes to when something is wrong: `mailto:` or `https:` (RFC 8292 §2.1).
    pub contact: Option<String>,
}

/// Hosts, by name or as `*.domain`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// A list separated by commas; the entry that is none.
    pub fn parse(list: &str) -> Result<Self, String> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries
            .map(|entry| {
                let name = entry.strip_prefix("*.").unwrap_or(entry);
                let is_host = !name.is_empty()
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'));
                is_host
                    .then(|| entry.to_ascii_lowercase())
                    .ok_or_else(|| entry.to_owned())
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether there is no list.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the list names this host, which is in lower case.
    pub fn names(&self, host: &str) -> bool {
        self.0.iter().any(|entry| match entry.strip_prefix('*') {
            Some(domain) => host.len() > domain.len() && host.ends_with(domain),
            None => entry == host,
        })
    }
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.is_empty() {
            true => f.write_str("-"),
            false => f.write_str(&self.0.join(",")),
        }
    }
}

/// The gateway to FCM and APNs, and the secret by which it knows us.
#[derive(Clone)]
pub struct Gateway {
    pub url: Url,
    pub key: Zeroizing<String>,
}

impl Gateway {
    /// Shorter secrets can be guessed.
    const SHORTEST_KEY: usize = 16;

    /// A gateway at an https address (on this very machine also http), with a secret of at least 16 characters.
    pub fn new(url: &str, key: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?;
        let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let is_sealed = url.scheme() == "https" || (url.scheme() == "http" && is_here);
        (is_sealed && key.len() >= Self::SHORTEST_KEY).then(|| Self {
            url,
            key: Zeroizing::new(key.to_owned()),
        })
    }
}

/// Without the secret, and without what the address may hold of one.
impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.url.host_str().unwrap_or_default())
    }
}
