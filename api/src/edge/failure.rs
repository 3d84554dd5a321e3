//! A request that ended before it was executed.

use crate::error::Code;

/// Why a request was not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The reason, from the closed table.
    pub(super) code: Code,
    /// The limit that was exceeded.
    pub(super) limit: Option<u64>,
    /// What the parser said, shortened before it is sent; never anything of the server's inside.
    pub(super) detail: Option<String>,
    /// The methods that the path knows, for 405.
    pub(super) allow: Option<&'static str>,
}

impl Failure {
    /// A limit was exceeded.
    pub(super) fn limit(code: Code, limit: usize) -> Self {
        Self {
            limit: Some(limit as u64),
            ..code.into()
        }
    }

    /// A reason with the parser's own words.
    pub(super) fn detail(code: Code, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..code.into()
        }
    }

    /// The path exists, the method does not.
    pub(super) fn method(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Code::MethodNotAllowed.into()
        }
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self {
            code,
            limit: None,
            detail: None,
            allow: None,
        }
    }
}
