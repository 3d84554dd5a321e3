//! Looks at the bytes of a query before the parser sees them.
//!
//! The parser recurses once per nested list or object, and a stack that overflows ends the process: no panic
//! handler sees it. So nesting is bounded here, by a loop. The scan must agree with the parser's grammar on
//! where strings and comments end, else brackets could hide from it; what it cannot follow it refuses.

use super::failure::Failure;
use crate::error::Code;

/// The longest query text, in bytes.
pub(super) const TEXT: usize = 16 * 1024;
/// The deepest nesting of brackets of any kind.
pub(super) const BRACKETS: usize = 64;
/// The most tokens.
pub(super) const TOKENS: usize = 2_000;

/// Refuses texts that are too long, too deeply nested, or of too many tokens.
pub(super) fn scan(text: &str) -> Result<(), Failure> {
    if text.len() > TEXT {
        return Err(Failure::limit(Code::QueryTooLarge, TEXT));
    }
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut tokens) = (0, 0usize, 0usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += line(&bytes[at..]);
                continue;
            }
            b'"' => at += string(&bytes[at..]).ok_or_else(unterminated)?,
            b'{' | b'[' | b'(' => {
                depth += 1;
                if depth > BRACKETS {
                    return Err(Failure::limit(Code::QueryTooDeep, BRACKETS));
                }
                at += 1;
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b'.' if bytes[at..].starts_with(b"...") => at += 3,
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => at += word(&bytes[at..]),
            b'0'..=b'9' => at += number(&bytes[at..]),
            _ => at += 1,
        }
        tokens += 1;
        if tokens > TOKENS {
            return Err(Failure::limit(Code::QueryTooLarge, TOKENS));
        }
    }
    Ok(())
}

fn unterminated() -> Failure {
    Failure::detail(Code::ParseFailed, "unterminated string")
}

/// Length of a comment, without its line end.
fn line(rest: &[u8]) -> usize {
    rest.iter()
        .position(|byte| matches!(byte, b'\r' | b'\n'))
        .unwrap_or(rest.len())
}

/// Length of a name.
fn word(rest: &[u8]) -> usize {
    rest.iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        .unwrap_or(rest.len())
}

/// Length of the digits of a number, its fraction and exponent.
fn number(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = rest.get(at) {
        let part = match byte {
            b'0'..=b'9' | b'e' | b'E' => true,
            b'.' => rest.get(at + 1).is_some_and(u8::is_ascii_digit),
            b'+' | b'-' => matches!(rest[at - 1], b'e' | b'E'),
            _ => false,
        };
        if !part {
            break;
        }
        at += 1;
    }
    at
}

/// Length of a string or block string with its quotes. A text without an end is refused: the parser would try
/// to read `"""` as an empty string and a new one, and see brackets that the scan had taken for text.
fn string(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"\"\"\"") {
        let mut at = 3;
        while at < rest.len() {
            if rest[at..].starts_with(b"\\\"\"\"") {
                at += 4;
            } else if rest[at..].starts_with(b"\"\"\"") {
                return Some(at + 3);
            } else {
                at += 1;
            }
        }
        return None;
    }
    let mut at = 1;
    loop {
        match rest.get(at)? {
            b'"' => return Some(at + 1),
            b'\r' | b'\n' => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn code(text: &str) -> Option<(Code, Option<u64>)> {
        scan(text).err().map(|failure| (failure.code, failure.limit))
    }

    #[test]
    fn text_of_16_kib_passes_and_one_byte_more_does_not() {
        let at = format!("{{a}}{}", " ".repeat(TEXT - 3));
        assert_eq!(code(&at), None);
        assert_eq!(code(&format!("{at} ")), Some((Code::QueryTooLarge, Some(16_384))));
    }

    #[test]
    fn brackets_of_every_kind_nest_64_deep() {
        for (open, close) in [("[", "]"), ("{b:", "}"), ("[{b:[", "]}]")] {
            let each = open.matches(['[', '{']).count();
            // two brackets are the selection set and the arguments
            let times = (BRACKETS - 2) / each;
            let nested = |n: usize| format!("{{a(b:{}{}{})}}", open.repeat(n), 1, close.repeat(n));
            assert_eq!(code(&nested(times)), None, "{open}");
            assert!(parse_query(nested(times)).is_ok(), "{open}");
            assert_eq!(
                code(&nested(times + 1)),
                Some((Code::QueryTooDeep, Some(64))),
                "{open}"
            );
        }
    }

    #[test]
    fn two_thousand_tokens_pass_and_one_more_does_not() {
        assert_eq!(code(&format!("{{{}}}", "a ".repeat(TOKENS - 2))), None);
        assert_eq!(
            code(&format!("{{{}}}", "a ".repeat(TOKENS - 1))),
            Some((Code::QueryTooLarge, Some(2_000)))
        );
        // -1 is counted as two tokens, never as fewer than the parser's one
        assert_eq!(
            code(&"-1".repeat(TOKENS)),
            Some((Code::QueryTooLarge, Some(2_000)))
        );
        assert_eq!(code("{a(b:[1.5e+3 -2 0.1]) ...c}"), None);
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let many = "[".repeat(500);
        for text in [
            format!("{{a(b:\"{many}\")}}"),
            format!("{{a(b:\"\\\"{many}\")}}"),
            format!("{{a(b:\"\"\"{many}\n\\\"\"\"{many}\"\"\")}}"),
            format!("{{a # {many}\n}}"),
            format!("{{a(b:\"\" c:\"{many}\")}}"),
        ] {
            assert_eq!(code(&text), None, "{text}");
            assert!(parse_query(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn brackets_cannot_hide_behind_strings_that_never_end() {
        let many = "[".repeat(3_000);
        for text in [
            format!("{{a(b:[\"\"\"x\" {many}"),
            format!("{{a(b:\"\n{many}"),
            format!("{{a(b:\"\\\\\"{many}"),
            format!("{{a # \r{many}"),
            format!("{{a(b:\"\"\"\"\"\"{many}"),
        ] {
            assert!(code(&text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_passes_never_kills_the_parser() {
        // all texts of four pieces that are hard to tell apart, with a bomb at the end
        let pieces = ["\"", "\\", "\n", "#", "{", "[", "a"];
        let bomb = "[".repeat(3_000);
        for mut number in 0..7usize.pow(4) {
            let mut text = String::from("{a(b:[");
            for _ in 0..4 {
                text.push_str(pieces[number % 7]);
                number /= 7;
            }
            text.push_str(&bomb);
            if scan(&text).is_ok() {
                let _ = parse_query(&text);
            }
        }
    }
}
