//! Lines of a CSV file, each read for itself, so that a broken quotation mark cannot swallow the lines after it.

use crate::error::Lang;

/// A line that could not be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineProblem {
    /// Line of the file, counted from 1 with the header.
    pub line: u64,
    /// The unit code on that line, as far as it could be read.
    pub code: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Problem {
    /// The first line does not name the expected columns; nothing of the file was read.
    WrongHeader,
    /// Too few or too many columns.
    ColumnCount,
    /// A quotation mark that is not closed on its line.
    BadQuote,
    /// Not UTF-8.
    BadEncoding,
    /// No code, or one with other signs than letters, digits and dots.
    BadCode,
    /// No name.
    MissingName,
    /// A name with forbidden characters, or longer than 200 characters.
    BadName,
    /// Not province, district or commune.
    UnknownLevel,
    /// Not a kind of unit that exists on this level.
    UnknownKind,
    /// Not a date `YYYY-MM-DD`, or none where one is needed.
    BadDate,
    /// The version would end before it begins.
    EmptyPeriod,
    /// The same version, or the same succession, stands on an earlier line.
    Duplicate,
    /// Another version of the same unit, on an earlier line or known before, is valid at the same time.
    Overlap,
    /// No unit above it with that code existed when the version began.
    UnknownParent,
    /// Neither `true` nor `false`.
    BadFlag,
    /// The database did not take it.
    NotStored,
}

impl Problem {
    /// The problem in one sentence.
    pub fn message(self, lang: Lang) -> &'static str {
        let (vi, en) = match self {
            Self::WrongHeader => (
                "Dòng đầu không có đúng các cột cần thiết.",
                "The header does not name the expected columns.",
            ),
            Self::ColumnCount => ("Sai số cột.", "Wrong number of columns."),
            Self::BadQuote => ("Dấu ngoặc kép không đóng.", "A quotation mark is not closed."),
            Self::BadEncoding => ("Không phải UTF-8.", "Not UTF-8."),
            Self::BadCode => ("Thiếu mã hoặc mã sai.", "The code is missing or malformed."),
            Self::MissingName => ("Thiếu tên.", "The name is missing."),
            Self::BadName => (
                "Tên có ký tự không được phép hoặc quá dài.",
                "The name holds forbidden characters or is too long.",
            ),
            Self::UnknownLevel => ("Không rõ cấp hành chính.", "Unknown level."),
            Self::UnknownKind => (
                "Không rõ loại đơn vị ở cấp này.",
                "Unknown kind of unit on this level.",
            ),
            Self::BadDate => ("Ngày sai hoặc thiếu.", "The date is missing or malformed."),
            Self::EmptyPeriod => (
                "Ngày kết thúc không sau ngày bắt đầu.",
                "The version ends before it begins.",
            ),
            Self::Duplicate => ("Trùng với một dòng ở trên.", "The same as an earlier line."),
            Self::Overlap => (
                "Thời gian hiệu lực chồng lên một dòng ở trên hoặc một đơn vị đã có.",
                "Valid at the same time as an earlier line or a known version.",
            ),
            Self::UnknownParent => (
                "Không có đơn vị cấp trên với mã này tại ngày bắt đầu.",
                "No unit above with this code on the first day.",
            ),
            Self::BadFlag => (
                "Cột partly phải là true hoặc false.",
                "The column partly must be true or false.",
            ),
            Self::NotStored => (
                "Cơ sở dữ liệu không nhận dòng này.",
                "The database did not take this line.",
            ),
        };
        match lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }
}

/// A line of the right width.
pub(super) struct Row<const N: usize> {
    pub line: u64,
    pub fields: [String; N],
}

/// The rows of a file whose header must name exactly these columns. Accepts a byte order mark, CRLF and empty
/// lines; `code` is the column by which a bad line is named.
pub(super) fn rows<const N: usize>(
    bytes: &[u8],
    header: [&str; N],
    code: usize,
) -> (Vec<Row<N>>, Vec<LineProblem>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines = bytes
        .split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut numbered = (1..)
        .zip(lines)
        .filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace));
    let names = numbered.next().and_then(|(_, line)| fields(line).ok());
    if names.is_none_or(|names| names != header) {
        return (
            Vec::new(),
            vec![LineProblem {
                line: 1,
                code: String::new(),
                problem: Problem::WrongHeader,
            }],
        );
    }
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for (line, text) in numbered {
        match fields(text) {
            Ok(fields) => match <[String; N]>::try_from(fields) {
                Ok(fields) => rows.push(Row { line, fields }),
                Err(mut fields) => {
                    let code = if code < fields.len() {
                        fields.swap_remove(code)
                    } else {
                        String::new()
                    };
                    problems.push(LineProblem {
                        line,
                        code,
                        problem: Problem::ColumnCount,
                    });
                }
            },
            Err(problem) => {
                let lossy = String::from_utf8_lossy(text);
                let code = lossy.split(',').nth(code).unwrap_or_default().trim().to_owned();
                problems.push(LineProblem { line, code, problem });
            }
        }
    }
    (rows, problems)
}

fn fields(line: &[u8]) -> Result<Vec<String>, Problem> {
    let line = std::str::from_utf8(line).map_err(|_| Problem::BadEncoding)?;
    let quotes = line.matches('"').count();
    if quotes % 2 == 1 {
        return Err(Problem::BadQuote);
    }
    if quotes == 0 {
        return Ok(line.split(',').map(|field| field.trim().to_owned()).collect());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(line.as_bytes());
    match reader.records().next() {
        Some(Ok(record)) => Ok(record.iter().map(str::to_owned).collect()),
        _ => Err(Problem::BadQuote),
    }
}
