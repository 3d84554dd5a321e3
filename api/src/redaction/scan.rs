//! A text as words, numbers and other signs.

use unicode_normalization::char::is_combining_mark;

use crate::text::{fold, mark_fold};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Letters with their marks, composed or not.
    Word,
    /// Digits.
    Number,
    /// Any other sign but space; a line's end too.
    Sign,
}

/// A piece of the text.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) text: &'a str,
    pub(super) shape: Shape,
    /// Lower case with its marks.
    pub(super) marked: String,
    /// Lower case without them.
    pub(super) folded: String,
    /// Nothing stands between it and the token before.
    pub(super) glued: bool,
}

impl Token<'_> {
    pub(super) fn is_word(&self) -> bool {
        self.shape == Shape::Word
    }

    pub(super) fn is_number(&self) -> bool {
        self.shape == Shape::Number
    }

    pub(super) fn is(&self, sign: &str) -> bool {
        self.shape == Shape::Sign && self.text == sign
    }

    /// Begins with a capital letter.
    pub(super) fn is_capital(&self) -> bool {
        self.is_word() && self.text.chars().next().is_some_and(char::is_uppercase)
    }

    /// Has capital letters only.
    pub(super) fn is_shouted(&self) -> bool {
        self.is_word() && !self.text.chars().any(char::is_lowercase)
    }
}

/// A text with its tokens.
pub(super) struct Text<'a> {
    pub(super) whole: &'a str,
    pub(super) tokens: Vec<Token<'a>>,
}

impl<'a> Text<'a> {
    pub(super) fn read(whole: &'a str) -> Self {
        let mut tokens: Vec<Token<'a>> = Vec::new();
        let mut chars = whole.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            if c.is_whitespace() && c != '\n' {
                continue;
            }
            let shape = shape(c);
            let mut end = start + c.len_utf8();
            while shape != Shape::Sign
                && let Some((at, next)) = chars.next_if(|(_, next)| goes_on(shape, *next))
            {
                end = at + next.len_utf8();
            }
            let text = whole.get(start..end).unwrap_or_default();
            let (marked, folded) = match shape {
                Shape::Word => (mark_fold(text), fold(text)),
                _ => (text.to_owned(), text.to_owned()),
            };
            tokens.push(Token {
                start,
                end,
                text,
                shape,
                marked,
                folded,
                glued: tokens.last().is_some_and(|before| before.end == start),
            });
        }
        Self { whole, tokens }
    }

    pub(super) fn get(&self, at: usize) -> Option<&Token<'a>> {
        self.tokens.get(at)
    }

    /// The token before.
    pub(super) fn before(&self, at: usize) -> Option<&Token<'a>> {
        self.tokens.get(at.checked_sub(1)?)
    }

    /// The folded word at this place; empty where there is none.
    pub(super) fn word(&self, at: usize) -> &str {
        self.get(at)
            .filter(|token| token.is_word())
            .map_or("", |token| token.folded.as_str())
    }

    /// Whether these folded words follow one another from here.
    pub(super) fn has(&self, at: usize, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(offset, word)| self.word(at + offset) == *word)
    }

    /// Where the words of one of these phrases end that begins here.
    pub(super) fn after_any(&self, at: usize, phrases: &[&[&str]]) -> Option<usize> {
        let longest = phrases
            .iter()
            .filter(|words| self.has(at, words))
            .map(|words| words.len())
            .max()?;
        Some(at + longest)
    }

    /// Whether a sentence begins here.
    pub(super) fn begins_sentence(&self, at: usize) -> bool {
        self.before(at).is_none_or(|before| {
            matches!(
                before.text,
                "." | "!" | "?" | "\n" | ":" | "-" | "–" | "•" | "\"" | "“"
            )
        })
    }
}

fn shape(c: char) -> Shape {
    if c.is_ascii_digit() {
        Shape::Number
    } else if c.is_alphabetic() {
        Shape::Word
    } else {
        Shape::Sign
    }
}

fn goes_on(shape: Shape, c: char) -> bool {
    match shape {
        Shape::Word => c.is_alphabetic() || is_combining_mark(c),
        Shape::Number => c.is_ascii_digit(),
        Shape::Sign => false,
    }
}
