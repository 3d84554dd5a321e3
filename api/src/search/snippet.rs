//! The few words around a match.

use super::words::{Word, words};

/// Words of a snippet.
const LENGTH: usize = 28;

/// Words shown before the first match.
const BEFORE: usize = 4;

/// How far a long text is looked through.
const DEPTH: usize = 2_000;

/// The stretch of the text that holds most of the words asked for; nothing when none is in it.
pub(super) fn snippet(text: &str, asked: &[Word]) -> Option<String> {
    let pieces: Vec<&str> = text.split_whitespace().take(DEPTH).collect();
    let hits: Vec<Option<usize>> = pieces
        .iter()
        .map(|piece| {
            words(piece, 8).iter().find_map(|word| {
                let marked = asked
                    .iter()
                    .position(|asked| word.marked.starts_with(&asked.marked));
                marked.or_else(|| {
                    asked
                        .iter()
                        .position(|asked| word.folded.starts_with(&asked.folded))
                })
            })
        })
        .collect();
    let mut best: Option<(usize, usize)> = None;
    for (start, hit) in hits.iter().enumerate() {
        if hit.is_none() {
            continue;
        }
        let mut seen = vec![false; asked.len()];
        let window = &hits[start..hits.len().min(start + LENGTH - BEFORE)];
        for word in window.iter().flatten() {
            seen[*word] = true;
        }
        let count = seen.into_iter().filter(|seen| *seen).count();
        if best.is_none_or(|(most, _)| count > most) {
            best = Some((count, start));
        }
        if count == asked.len() {
            break;
        }
    }
    let (_, at) = best?;
    let start = at.saturating_sub(BEFORE);
    let end = pieces.len().min(start + LENGTH);
    let cut = |yes: bool| if yes { "…" } else { "" };
    let more = end < pieces.len() || pieces.len() == DEPTH;
    Some(format!(
        "{}{}{}",
        cut(start > 0),
        pieces[start..end].join(" "),
        cut(more)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_stretch_is_shown() {
        let text = format!(
            "Đường nhỏ. {} Đề nghị sửa đường ĐT185 qua xã Trung Yên.",
            "lời ".repeat(60)
        );
        let found = snippet(&text, &words("duong trung yen", 5)).unwrap();
        assert!(
            found.starts_with("…lời") && found.ends_with("Trung Yên."),
            "{found}"
        );
        assert_eq!(snippet(&text, &words("cầu", 5)), None);
        assert_eq!(snippet("", &words("cầu", 5)), None);
    }
}
