//! What a voter takes home: the code and where to look it up, short enough for one message by telephone.

use crate::{feedback::tracking::TrackingCode, text};

/// Characters of one message in the telephone alphabet (GSM 03.38), and in UCS-2.
pub const GSM: usize = 160;
/// See [`GSM`].
pub const UCS2: usize = 70;

/// A message and its length in the units that an operator counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub text: String,
    pub length: usize,
}

/// The page where codes are looked up, if the installation has a public address.
pub fn page(public_url: Option<&str>) -> Option<String> {
    public_url.map(|url| format!("{url}/tra-cuu"))
}

/// Without marks, for any telephone: at most 160 characters, whatever the address.
pub fn plain(code: TrackingCode, page: Option<&str>) -> Message {
    let head = format!("Ma tra cuu kien nghi cua ong/ba: {code}.");
    let candidates = [
        page.map(|page| format!("{head} Xem ket qua tai {page} (khong can tai khoan).")),
        page.map(|page| format!("{head} Xem: {page}")),
        Some(format!("{head} Xin giu ma nay de hoi ket qua.")),
    ];
    shortest(candidates, GSM, gsm_length)
}

/// With marks: at most 70 characters.
pub fn marked(code: TrackingCode, page: Option<&str>) -> Message {
    let bare = page.map(|page| page.split_once("://").map_or(page, |(_, rest)| rest));
    let candidates = [
        bare.map(|page| format!("Mã tra cứu kiến nghị: {code}. Xem tại {page}")),
        bare.map(|page| format!("Mã tra cứu: {code}. Xem {page}")),
        Some(format!("Mã tra cứu kiến nghị của ông/bà: {code}")),
    ];
    shortest(candidates, UCS2, |text| Some(text.encode_utf16().count()))
}

/// The first that fits; the last always does.
fn shortest(candidates: [Option<String>; 3], most: usize, length: impl Fn(&str) -> Option<usize>) -> Message {
    let mut last = Message {
        text: String::new(),
        length: 0,
    };
    for text in candidates.into_iter().flatten() {
        if let Some(length) = length(&text) {
            last = Message { text, length };
            if length <= most {
                break;
            }
        }
    }
    last
}

/// Characters in the telephone alphabet, of which some count twice; nothing where one is not in it.
fn gsm_length(text: &str) -> Option<usize> {
    text.chars()
        .map(|c| match c {
            '[' | ']' | '{' | '}' | '\\' | '~' | '^' | '|' => Some(2),
            '`' => None,
            c if c.is_ascii_graphic() || c == ' ' => Some(1),
            _ => None,
        })
        .sum()
}

/// Whether a text has no mark, as a message for any telephone must be.
pub fn is_plain(text: &str) -> bool {
    text.is_ascii() && text::fold(text).is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> TrackingCode {
        TrackingCode::from_bytes([1, 2, 3, 4, 5])
    }

    #[test]
    fn a_message_fits_whatever_the_address() {
        for url in [
            None,
            Some("https://cutri.tanhung.gov.vn"),
            Some("https://kien-nghi-cu-tri.hoi-dong-nhan-dan.tay-ninh.gov.vn"),
            Some("https://xn--tnh-tay-ninh.example.vn/~hdnd/{x}"),
            Some(&*format!("https://{}.vn", "a".repeat(300))),
        ] {
            let page = page(url);
            let (plain, marked) = (plain(code(), page.as_deref()), marked(code(), page.as_deref()));
            assert!(plain.length <= GSM && is_plain(&plain.text), "{plain:?}");
            assert!(marked.length <= UCS2, "{marked:?}");
            assert!(plain.text.contains(&code().to_string()) && marked.text.contains(&code().to_string()));
            assert_eq!(marked.length, marked.text.chars().count());
        }
        let page = page(Some("https://cutri.tanhung.gov.vn"));
        assert!(
            plain(code(), page.as_deref())
                .text
                .contains("https://cutri.tanhung.gov.vn/tra-cuu")
        );
        assert!(
            marked(code(), page.as_deref())
                .text
                .contains(" cutri.tanhung.gov.vn/tra-cuu")
        );
    }

    #[test]
    fn some_characters_of_the_telephone_alphabet_count_twice() {
        assert_eq!(gsm_length("a~b"), Some(4));
        assert_eq!(gsm_length("mã"), None);
    }
}
