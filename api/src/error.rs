//! The closed table of error codes, and the two ways an error leaves the server.
//!
//! Two kinds of "no": [`Refused`] is an expected answer of a rule (it becomes a `userError` of a mutation or
//! the outcome of a pushed row); [`Error`] means that the request itself failed. `Error` deliberately has no
//! `Display`: async-graphql turns every `Display` into a message for the client, and a database's text must
//! never get there.

use std::{borrow::Cow, sync::Arc};

use async_graphql::ErrorExtensionValues;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Language of messages, chosen by `Accept-Language`; Vietnamese unless English is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    #[default]
    Vi,
    En,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $name:literal $status:literal $retryable:literal $vi:literal $en:literal;)*) => {
        /// Every code that a client can meet. Published in docs/errors.md; a test holds the two together.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant),* }

        impl Code {
            /// All codes, in the order of the published table.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The stable name that clients compare.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name),* }
            }

            /// HTTP status when the code ends a request before execution; 200 where it appears beside data.
            pub fn status(self) -> u16 {
                match self { $(Code::$variant => $status),* }
            }

            /// Whether the same request may succeed later without being changed.
            pub fn retryable(self) -> bool {
                match self { $(Code::$variant => $retryable),* }
            }

            /// One sentence for people.
            pub fn message(self, lang: Lang) -> &'static str {
                match (self, lang) { $((Code::$variant, Lang::Vi) => $vi, (Code::$variant, Lang::En) => $en),* }
            }

            /// The code with this published name.
            pub fn from_name(name: &str) -> Option<Code> {
                match name { $($name => Some(Code::$variant),)* _ => None }
            }
        }
    };
}

codes! {
    // Who asks
    Unauthenticated "UNAUTHENTICATED" 401 false "Cần đăng nhập." "Sign in first.";
    TokenExpired "TOKEN_EXPIRED" 401 true "Phiên đăng nhập đã hết hạn." "The token has expired.";
    DeviceRevoked "DEVICE_REVOKED" 401 false "Thiết bị này đã bị thu hồi." "This device has been revoked.";
    LoginFailed "LOGIN_FAILED" 200 false "Tên đăng nhập hoặc mật khẩu không đúng." "User name or password is wrong.";
    RateLimited "RATE_LIMITED" 429 true "Quá nhiều yêu cầu; hãy thử lại sau." "Too many requests; try again later.";
    NotFound "NOT_FOUND" 200 false "Không tìm thấy." "Not found.";
    Forbidden "FORBIDDEN" 200 false "Tài khoản không có quyền làm việc này." "The account may not do this.";
    // Transport
    NotFoundPath "PATH_NOT_FOUND" 404 false "Không có địa chỉ này." "No such address.";
    MethodNotAllowed "METHOD_NOT_ALLOWED" 405 false "Phương thức HTTP không được phép." "HTTP method not allowed.";
    NotAcceptable "NOT_ACCEPTABLE" 406 false "Không trả được kiểu nội dung được yêu cầu." "No acceptable media type.";
    RequestTimeout "REQUEST_TIMEOUT" 408 true "Yêu cầu gửi quá chậm." "The request arrived too slowly.";
    BodyTooLarge "BODY_TOO_LARGE" 413 false "Nội dung gửi lên quá lớn." "The request body is too large.";
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" 415 false "Kiểu nội dung này không được nhận ở đây." "This media type is not accepted here.";
    HeadersTooLarge "HEADERS_TOO_LARGE" 431 false "Phần đầu yêu cầu quá lớn." "The request headers are too large.";
    Unavailable "UNAVAILABLE" 503 true "Máy chủ tạm thời không phục vụ được; hãy thử lại." "Temporarily unavailable; try again.";
    // Files
    FileTooLarge "FILE_TOO_LARGE" 413 false "Tệp quá lớn." "The file is too large.";
    FileQuota "FILE_QUOTA_EXCEEDED" 413 false "Tài khoản đã dùng hết dung lượng tệp." "The account's space for files is used up.";
    FileType "FILE_TYPE_REFUSED" 415 false
        "Loại tệp này không được nhận (ảnh JPEG, PNG, WebP; PDF; văn bản; DOCX, XLSX, ODT; ghi âm M4A, MP3, OGG, WAV)."
        "This type of file is not accepted (JPEG, PNG, WebP; PDF; plain text; DOCX, XLSX, ODT; recordings M4A, MP3, OGG, WAV).";
    FileInUse "FILE_IN_USE" 409 false "Tệp đang được đính kèm nên không xóa được." "The file is attached to a record and stays.";
    OffsetMismatch "OFFSET_MISMATCH" 409 false "Vị trí gửi tiếp không khớp; hãy hỏi lại bằng HEAD." "The upload stands elsewhere; ask with HEAD.";
    ChecksumMismatch "CHECKSUM_MISMATCH" 460 false "Nội dung nhận được không khớp mã kiểm tra; hãy gửi lại." "What arrived does not match its checksum; send it again.";
    TusVersion "TUS_VERSION_UNSUPPORTED" 412 false "Cần Tus-Resumable: 1.0.0." "Tus-Resumable: 1.0.0 is needed.";
    RangeNotSatisfiable "RANGE_NOT_SATISFIABLE" 416 false "Đoạn được yêu cầu nằm ngoài tệp." "The range lies outside the file.";
    // The document
    MalformedJson "MALFORMED_JSON" 400 false "Nội dung không phải JSON hợp lệ." "The body is not valid JSON.";
    MalformedRequest "MALFORMED_REQUEST" 400 false "Yêu cầu GraphQL không đúng dạng." "Not a well-formed GraphQL request.";
    ParseFailed "GRAPHQL_PARSE_FAILED" 400 false "Câu truy vấn sai cú pháp." "The query has a syntax error.";
    ValidationFailed "GRAPHQL_VALIDATION_FAILED" 400 false "Câu truy vấn không hợp với lược đồ." "The query does not fit the schema.";
    QueryTooLarge "QUERY_TOO_LARGE" 400 false "Câu truy vấn quá dài." "The query text is too long.";
    QueryTooDeep "QUERY_TOO_DEEP" 400 false "Câu truy vấn lồng quá sâu." "The query is nested too deeply.";
    QueryTooComplex "QUERY_TOO_COMPLEX" 400 false "Câu truy vấn đòi quá nhiều đối tượng." "The query asks for too many objects.";
    TooManyAliases "TOO_MANY_ALIASES" 400 false "Quá nhiều bí danh trong câu truy vấn." "Too many aliases in the query.";
    TooManyFields "TOO_MANY_ROOT_FIELDS" 400 false "Quá nhiều trường gốc trong câu truy vấn." "Too many root fields in the query.";
    TooManyDirectives "TOO_MANY_DIRECTIVES" 400 false "Quá nhiều chỉ thị trong câu truy vấn." "Too many directives in the query.";
    TooManyVariables "TOO_MANY_VARIABLES" 400 false "Quá nhiều biến trong câu truy vấn." "Too many variables in the query.";
    ExecutionTimeout "EXECUTION_TIMEOUT" 200 true "Câu truy vấn chạy quá lâu." "The query ran too long.";
    // Values
    FirstOrLastRequired "FIRST_OR_LAST_REQUIRED" 200 false "Phải có đúng một trong hai: first hoặc last." "Exactly one of first and last is required.";
    LimitTooLarge "LIMIT_TOO_LARGE" 200 false "Vượt quá giới hạn cho phép." "Over the limit.";
    InvalidCursor "INVALID_CURSOR" 200 false "Con trỏ không hợp lệ." "The cursor is not valid.";
    Required "REQUIRED" 200 false "Thiếu giá trị bắt buộc." "A required value is missing.";
    InvalidValue "INVALID_VALUE" 200 false "Giá trị không hợp lệ." "The value is not valid.";
    InvalidId "INVALID_ID" 200 false "Mã định danh không đúng dạng (UUID; mutationId: tối đa 64 ký tự ASCII)." "The id is not of its form (a UUID; a mutationId: at most 64 ASCII characters).";
    InvalidText "INVALID_TEXT" 200 false "Văn bản chứa ký tự không được phép." "The text holds a character that is not allowed.";
    InvalidDate "INVALID_DATE" 200 false "Ngày giờ không hợp lệ." "The date or time is not valid.";
    TooLong "TOO_LONG" 200 false "Văn bản quá dài." "The text is too long.";
    OutOfRange "OUT_OF_RANGE" 200 false "Giá trị nằm ngoài khoảng cho phép." "The value is out of range.";
    UnknownCode "UNKNOWN_CODE" 200 false "Mã không có trong danh mục." "The code is not in the list.";
    UnknownField "UNKNOWN_FIELD" 200 false "Trường này không được ghi." "This field cannot be written.";
    Ambiguous "AMBIGUOUS" 200 false "Có nhiều mục trùng tên; hãy ghi rõ hơn." "Several entries have this name; say which.";
    // Files to take over
    UnreadableFile "UNREADABLE_FILE" 400 false "Không đọc được tệp này: cần tệp CSV hoặc XLSX nguyên vẹn, không đặt mật khẩu." "The file cannot be read: a whole CSV or XLSX file without password is needed.";
    LegacyEncoding "LEGACY_ENCODING" 400 false
        "Tệp dùng bảng mã cũ (Windows-1258, TCVN3 hoặc VNI); hãy lưu lại thành XLSX hoặc CSV UTF-8."
        "The file is in a legacy encoding (Windows-1258, TCVN3 or VNI); save it as XLSX or CSV UTF-8.";
    MissingColumn "MISSING_COLUMN" 400 false "Không thấy dòng tiêu đề có cột “Nội dung kiến nghị”." "No head row with the column “Nội dung kiến nghị” was found.";
    StrayQuote "STRAY_QUOTE" 400 false
        "Dấu nháy kép (\") ở dòng này hoặc ngay trên nó không mở và đóng trọn một ô; hãy sửa, hoặc lưu lại thành XLSX."
        "A quotation mark (\") in this line or just above it does not open and close a whole cell; correct it, or save the file as XLSX.";
    // Templates of documents
    InvalidTemplate "INVALID_TEMPLATE" 400 false
        "Tệp này không dùng làm mẫu được: cần tệp .docx nguyên vẹn, không có macro, liên kết ra ngoài hay đối tượng nhúng."
        "The file cannot be a template: a whole .docx without macros, links to the outside or embedded objects is needed.";
    UnknownPlaceholder "UNKNOWN_PLACEHOLDER" 400 false "Mẫu có chỗ điền không biết; xem danh sách trong tài liệu." "The template has a placeholder that this document does not know.";
    // Rules
    InvalidState "INVALID_STATE" 200 false "Trạng thái hiện tại không cho phép bước này." "The current state does not allow this step.";
    Taken "TAKEN" 200 false "Giá trị này đã được dùng." "This value is already taken.";
    ConsentRequired "CONSENT_REQUIRED" 200 false "Chỉ ghi thông tin liên hệ khi cử tri đã đồng ý." "Contact details need the voter's consent.";
    DenunciationByHand "DENUNCIATION_BY_HAND" 200 false
        "Tố cáo không được ghi trên thiết bị nối mạng: chỉ ghi số biên nhận, ngày và nơi nhận; hãy chuyển tận tay rồi đánh dấu đã bàn giao."
        "A denunciation must not be kept on a networked device: only receipt number, date and receiving body; hand it over in person, then mark it as handed over.";
    ReturnInstead "RETURN_INSTEAD" 200 false
        "Không thuộc thẩm quyền thì không trả lời mà trả lại kiến nghị kèm lý do (returnPetitions), để Văn phòng chuyển đúng nơi."
        "What is of another's authority is not answered but returned with the reason (returnPetitions), for the office to send it on.";
    VotersNotInformed "VOTERS_NOT_INFORMED" 200 false "Chưa thông tin lại cho cử tri nên chưa được đóng." "The voters have not been informed yet.";
    AlreadyGrouped "ALREADY_GROUPED" 200 false "Văn phòng đã tổng hợp phiếu này." "The office has already grouped this feedback.";
    NotRedacted "NOT_REDACTED" 200 false
        "Văn bản còn họ tên, địa chỉ, số điện thoại, số giấy tờ, số thửa đất, số tài khoản hoặc thư điện tử; hãy lược bỏ, hoặc xác nhận giữ lại."
        "The text still tells a name, an address or a number of a person; take it out, or acknowledge that it stays.";
    BeforeCouncil "BEFORE_COUNCIL" 200 false "Thời điểm này trước khi Hội đồng được thành lập." "Before the council existed.";
    UnitNotInForce "UNIT_NOT_IN_FORCE" 200 false "Đơn vị hành chính này không tồn tại vào ngày đó." "The unit did not exist on that day.";
    WeakPassword "WEAK_PASSWORD" 200 false "Mật khẩu phải có ít nhất 10 ký tự." "A password has at least 10 characters.";
    LastAdministrator "LAST_ADMINISTRATOR" 200 false "Phải còn ít nhất một quản trị viên." "The last administrator must stay.";
    // Sync
    MalformedRow "MALFORMED_ROW" 200 false "Không đọc được dòng dữ liệu này; bản gốc đã được giữ lại." "The row cannot be read; its bytes are kept.";
    ReusedId "REUSED_ID" 200 false "mutationId đã dùng cho nội dung khác." "The mutationId was used for other content.";
    ReadOnly "READ_ONLY" 200 false "Thiết bị không được ghi loại dữ liệu này." "A device may not write this.";
    ForeignAuthor "FOREIGN_AUTHOR" 200 false "Dòng này mang tên người ghi khác." "The row names another author.";
    ParentUnknown "PARENT_UNKNOWN" 200 true "Dữ liệu gốc chưa đến; dòng này đang chờ." "What the row refers to has not arrived yet.";
    TooManyRows "TOO_MANY_ROWS" 200 false "Quá nhiều dòng trong một lần gửi." "Too many rows in one push.";
    InvalidBundle "INVALID_BUNDLE" 400 false
        "Đây không phải gói của máy chủ này, hoặc gói đã bị thay đổi." "Not a bundle of this server, or it was changed.";
    Conflict "CONFLICT" 200 false "Người khác đã sửa cùng trường này." "Somebody else changed the same field.";
}

/// An expected refusal of a rule: which code, for which field of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The reason, from the closed table.
    pub code: Code,
    /// The field of the input that it is about, in the spelling of the wire.
    pub field: Option<Cow<'static, str>>,
}

impl Refused {
    /// A refusal of the whole command.
    pub fn new(code: Code) -> Self {
        Self { code, field: None }
    }

    /// A refusal because of one field.
    pub fn field(code: Code, field: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            field: Some(field.into()),
        }
    }

    /// A refusal because of one entry of a list, counted from 0: `unitIds.1`. Of a list of one it needs no telling which.
    pub fn entry(code: Code, field: &'static str, place: usize, of: usize) -> Self {
        if of > 1 {
            Self::field(code, format!("{field}.{place}"))
        } else {
            Self::field(code, field)
        }
    }

    /// The same, because of this field where it names none.
    pub fn or_field(self, field: &'static str) -> Self {
        Self {
            field: self.field.or(Some(field.into())),
            ..self
        }
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// Why a request failed. Only [`Error::code`] and a limit ever reach a client.
#[derive(Clone, Debug)]
pub enum Error {
    /// A named code, with the limit that was exceeded if there is one.
    Code(Code, Option<u64>),
    /// A refusal that has no payload to appear in (queries).
    Refused(Refused),
    /// The database failed; the cause is logged at the edge and nowhere else.
    Database(Arc<DbErr>),
    /// Anything else that should not happen; logged likewise.
    Internal(Arc<str>),
}

/// The result of everything that can fail as a request.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that names the limit which was exceeded.
    pub fn limit(code: Code, limit: u64) -> Self {
        Self::Code(code, Some(limit))
    }

    /// A defect of ours: the text is for the log only.
    pub fn internal(what: impl Into<Arc<str>>) -> Self {
        Self::Internal(what.into())
    }

    /// What the client is told.
    pub fn code(&self) -> Code {
        match self {
            Self::Code(code, _) => *code,
            Self::Refused(refused) => refused.code,
            Self::Database(_) | Self::Internal(_) => Code::Unavailable,
        }
    }

    /// Writes to the log what the client is not told; expected refusals are no events.
    pub fn log(&self) {
        match self {
            Self::Database(cause) => {
                tracing::error!(target: "cutri", cause = %describe(cause), "database failed");
            }
            Self::Internal(cause) => tracing::error!(target: "cutri", cause = %cause, "defect"),
            Self::Code(..) | Self::Refused(_) => {}
        }
    }
}

/// What the log may know of a failure in the database: which one, where, but nothing that quotes a row. (The
/// details of PostgreSQL's constraint violations hold whole rows, its conversion errors the value.)
pub fn describe(cause: &DbErr) -> String {
    let runtime = match cause {
        DbErr::Conn(runtime) | DbErr::Exec(runtime) | DbErr::Query(runtime) => runtime,
        DbErr::ConnectionAcquire(why) => return why.to_string(),
        DbErr::Custom(text) | DbErr::Migration(text) => return text.clone(),
        other => return variant(other),
    };
    match runtime {
        RuntimeErr::Internal(text) => text.clone(),
        RuntimeErr::SqlxError(cause) => match cause.as_ref() {
            sqlx::Error::Database(refusal) => {
                let code = refusal.code().unwrap_or_default();
                // PostgreSQL's class of wrong values, and SQLite's errors in a search, which quote it
                let is_quoting = code.starts_with("22") && code.len() == 5;
                let message = refusal.message();
                let message = if is_quoting || message.starts_with("fts5") {
                    ""
                } else {
                    message
                };
                let table = refusal.table().unwrap_or_default();
                let constraint = refusal.constraint().unwrap_or_default();
                format!("[{code}] {message} {table} {constraint}")
                    .trim_end()
                    .to_owned()
            }
            sqlx::Error::Io(cause) => format!("connection: {}", cause.kind()),
            sqlx::Error::Tls(_) => "TLS".to_owned(),
            other => variant(other),
        },
    }
}

/// Why nobody answered where the database should be; nothing where one answered, even if it refused.
pub(crate) fn out_of_reach(cause: &DbErr) -> Option<String> {
    let DbErr::Conn(RuntimeErr::SqlxError(cause)) = cause else {
        return None;
    };
    match cause.as_ref() {
        sqlx::Error::Io(cause) => Some(cause.to_string()),
        sqlx::Error::PoolTimedOut => Some("no connection in time".to_owned()),
        _ => None,
    }
}

/// The bare name of an enum's variant.
fn variant(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    let end = text
        .find(|letter: char| !letter.is_alphanumeric())
        .unwrap_or(text.len());
    text[..end].to_owned()
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::Code(code, None)
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<DbErr> for Error {
    fn from(cause: DbErr) -> Self {
        Self::Database(Arc::new(cause))
    }
}

/// The only road into a GraphQL answer: the code's own sentence in Vietnamese (the edge puts it into the
/// caller's language), never the cause.
impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let code = error.code();
        error.log();
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code.name());
        extensions.set("retryable", code.retryable());
        match &error {
            Error::Code(_, Some(limit)) => extensions.set("limit", *limit),
            Error::Refused(Refused {
                field: Some(field), ..
            }) => extensions.set("field", field.as_ref()),
            _ => {}
        }
        let mut graphql = async_graphql::Error::new(code.message(Lang::Vi));
        graphql.extensions = Some(extensions);
        graphql
    }
}
