//! What a file is: by its bytes. What the sender calls it is never asked.

/// A type that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Jpeg,
    Png,
    Webp,
    Pdf,
    Text,
    Docx,
    Xlsx,
    Odt,
    M4a,
    Mp3,
    Ogg,
    Wav,
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::Jpeg,
        Self::Png,
        Self::Webp,
        Self::Pdf,
        Self::Text,
        Self::Docx,
        Self::Xlsx,
        Self::Odt,
        Self::M4a,
        Self::Mp3,
        Self::Ogg,
        Self::Wav,
    ];

    /// As it is sent.
    pub(super) fn media_type(self) -> &'static str {
        self.names().0
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Jpeg => ("image/jpeg", "jpg"),
            Self::Png => ("image/png", "png"),
            Self::Webp => ("image/webp", "webp"),
            Self::Pdf => ("application/pdf", "pdf"),
            Self::Text => ("text/plain; charset=utf-8", "txt"),
            Self::Docx => (
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                "docx",
            ),
            Self::Xlsx => (
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "xlsx",
            ),
            Self::Odt => ("application/vnd.oasis.opendocument.text", "odt"),
            Self::M4a => ("audio/mp4", "m4a"),
            Self::Mp3 => ("audio/mpeg", "mp3"),
            Self::Ogg => ("audio/ogg", "ogg"),
            Self::Wav => ("audio/wav", "wav"),
        }
    }
}

/// How a file of this type is called when somebody saves it.
pub(super) fn extension(media_type: &str) -> &'static str {
    Kind::ALL
        .into_iter()
        .map(Kind::names)
        .find(|(name, _)| *name == media_type)
        .map_or("bin", |(_, extension)| extension)
}

/// The type of a whole file, if it is one that is taken. A recording is known for certain only by its tracks.
pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    let Some(found) = infer::get(bytes) else {
        return is_text(bytes).then_some(Kind::Text);
    };
    by_name(found.mime_type())
}

fn by_name(name: &str) -> Option<Kind> {
    Some(match name {
        "image/jpeg" => Kind::Jpeg,
        "image/png" => Kind::Png,
        "image/webp" => Kind::Webp,
        "application/pdf" => Kind::Pdf,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Kind::Docx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Kind::Xlsx,
        "application/vnd.oasis.opendocument.text" => Kind::Odt,
        // Phones write recordings without a picture into the same container.
        "audio/m4a" | "video/mp4" | "video/x-m4v" => Kind::M4a,
        "audio/mpeg" => Kind::Mp3,
        "audio/ogg" | "audio/opus" => Kind::Ogg,
        "audio/x-wav" => Kind::Wav,
        _ => return None,
    })
}

/// Whether the first bytes already say that the whole will be refused: a phone should not send the rest.
pub(super) fn is_hopeless(first: &[u8]) -> bool {
    match infer::get(first) {
        // What kind of package it is stands further behind.
        Some(found) => found.mime_type() != "application/zip" && by_name(found.mime_type()).is_none(),
        None => {
            let whole = match std::str::from_utf8(first) {
                Ok(_) => first.len(),
                // The last letter may be cut.
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                Err(_) => return true,
            };
            !is_text(&first[..whole])
        }
    }
}

/// Letters, digits, signs and line ends, in UTF-8.
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars()
            .all(|letter| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_are() {
        for (bytes, wanted) in [
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0".as_slice(), Some(Kind::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some(Kind::Png)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(Kind::Webp)),
            (b"%PDF-1.7\n", Some(Kind::Pdf)),
            ("Biên bản tiếp xúc cử tri\n".as_bytes(), Some(Kind::Text)),
            (b"\0\0\0\x20ftypM4A \0\0\0\0", Some(Kind::M4a)),
            (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", Some(Kind::M4a)),
            (b"ID3\x03\0\0\0", Some(Kind::Mp3)),
            (b"OggS\0\x02\0\0", Some(Kind::Ogg)),
            (b"RIFF\0\0\0\0WAVEfmt ", Some(Kind::Wav)),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", None),
            (b"<!DOCTYPE html><script>alert(1)</script>", None),
            (b"<?xml version=\"1.0\"?><svg/>", None),
            (b"\x7fELF\x02\x01\x01\0", None),
            (b"MZ\x90\0", None),
            (b"GIF89a", None),
            (b"PK\x03\x04\0\0\0\0", None),
            (b"nh\xe2", None),
            (b"a\0b", None),
        ] {
            assert_eq!(kind(bytes), wanted, "{}", String::from_utf8_lossy(bytes));
        }
        for kind in Kind::ALL {
            assert_ne!(extension(kind.media_type()), "bin");
        }
    }

    #[test]
    fn what_can_still_become_something_is_not_hopeless() {
        assert!(!is_hopeless(b"PK\x03\x04\0\0\0\0"));
        assert!(!is_hopeless(&"Kính thưa cử tri ạ".as_bytes()[..9]));
        assert!(!is_hopeless(b"\xff\xd8\xff\xe1"));
        assert!(is_hopeless(b"GIF89a"));
        assert!(is_hopeless(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"));
        assert!(is_hopeless(b"\x01\x02\x03"));
    }
}
