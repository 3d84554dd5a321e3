//! A command line that cannot be understood, told in Vietnamese first. The parser's own English lines follow.

use clap::{
    Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// What is told; nothing for what is no mistake: the help and the version that somebody asked for.
pub(super) fn told(error: &Error) -> Option<String> {
    let of = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let what = match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
        ErrorKind::UnknownArgument => format!("không có tham số {}", of(ContextKind::InvalidArg)),
        ErrorKind::InvalidSubcommand => format!("không có lệnh {}", of(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingSubcommand => "thiếu tên lệnh".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("thiếu {}", of(ContextKind::InvalidArg)),
        ErrorKind::InvalidValue if of(ContextKind::InvalidValue).is_empty() => {
            format!("{} cần một giá trị", of(ContextKind::InvalidArg))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let valid = match of(ContextKind::ValidValue) {
                valid if valid.is_empty() => String::new(),
                valid => format!("; được dùng: {valid}"),
            };
            format!(
                "giá trị «{}» của {} không hợp lệ{valid}",
                of(ContextKind::InvalidValue),
                of(ContextKind::InvalidArg)
            )
        }
        ErrorKind::ArgumentConflict => format!(
            "{} không dùng chung với tham số khác",
            of(ContextKind::InvalidArg)
        ),
        ErrorKind::InvalidUtf8 => "dòng lệnh có ký tự không phải UTF-8".to_owned(),
        _ => "dòng lệnh chưa đúng".to_owned(),
    };
    Some(format!(
        "cutri: {what}. Xem: cutri --help [not understood; see below]"
    ))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Line;

    #[test]
    fn what_is_not_understood_is_told_in_vietnamese_first() {
        let told = |args: &[&str]| {
            let line = Line::try_parse_from(std::iter::once("cutri").chain(args.iter().copied()));
            told(&line.err().unwrap())
        };
        for (args, begins) in [
            (&["servee"][..], "cutri: không có lệnh servee."),
            (&["serve", "--demoo"], "cutri: không có tham số --demoo."),
            (&["serve", "--log", "loud"], "cutri: giá trị «loud» của --log <"),
            (
                &["serve", "--listen", "everywhere"],
                "cutri: giá trị «everywhere» của --listen <",
            ),
            (&["account", "create"], "cutri: thiếu --username <"),
            (
                &["token", "create", "--scope", "read", "--unit"],
                "cutri: --unit <",
            ),
        ] {
            let line = told(args).unwrap();
            assert!(line.starts_with(begins), "{line}");
        }
        for args in [&["--help"][..], &["--version"], &["serve", "--help"]] {
            assert_eq!(told(args), None);
        }
    }
}
