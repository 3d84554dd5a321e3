//! Where the database is, and what of that may be shown: an address may hold a password.

use std::{convert::Infallible, fmt, path::Path, str::FromStr};

use url::Url;

/// The address of a database, which may hold a password. Any text is taken here: a refusal by the reader of the
/// command line would quote it.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub(super) String);

impl DatabaseUrl {
    /// The whole address, for the driver alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The file of an SQLite database.
    pub fn sqlite_file(&self) -> Option<&Path> {
        let rest = self.0.strip_prefix("sqlite:")?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        Some(Path::new(rest.split('?').next().unwrap_or(rest)))
    }

    /// Host and port of a PostgreSQL server, and nothing else of the address; nothing where they cannot be told for sure.
    pub fn server(&self) -> Option<String> {
        let (_, rest) = self.0.split_once("://")?;
        // A sign in the password that ends the host: what is read as one is a part of the password.
        let behind = rest.trim_start_matches(|sign: char| !matches!(sign, '/' | '?' | '#'));
        if behind.contains('@') {
            return None;
        }
        let url = Url::parse(&self.0).ok().filter(|url| url.scheme() != "sqlite")?;
        let mut host = url.host_str().unwrap_or("localhost").to_owned();
        let mut port = url.port().unwrap_or(5432).to_string();
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "host" | "hostaddr" => host = value.into_owned(),
                "port" => port = value.into_owned(),
                _ => {}
            }
        }
        Some(format!("{host}:{port}"))
    }

    /// Whether a driver for this kind of address is built in.
    pub fn is_known(&self) -> bool {
        ["sqlite:", "postgres://", "postgresql://"]
            .iter()
            .any(|kind| self.0.starts_with(kind))
    }
}

impl FromStr for DatabaseUrl {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sqlite_file().is_some() {
            return f.write_str(&self.0);
        }
        let Some((kind, rest)) = self.0.split_once("://") else {
            return f.write_str("***");
        };
        // Settings after a `?` may hold a password too, with an @ in it: then nothing is shown.
        let place = match rest.rsplit_once('@') {
            _ if rest.contains('?') => "***".to_owned(),
            Some((_, place)) => format!("***@{place}"),
            None => rest.to_owned(),
        };
        write!(f, "{kind}://{place}")
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
