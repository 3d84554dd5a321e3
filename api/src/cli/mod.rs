//! The command line: one word per thing that an operator does. What it does is elsewhere; here it is read and told.

mod backup;
mod bundle;
mod people;
mod petitions;
mod units;
mod unread;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use uuid::Uuid;

use crate::{
    config::Settings,
    demo, doctor, schema, search, serve,
    start::{self, Failure},
    state::State,
    store, telemetry,
    terminal::{Progress, say, tell},
};

/// Máy chủ GraphQL của Hội đồng nhân dân: ý kiến, kiến nghị cử tri từ điện thoại không sóng đến câu trả lời.
/// [GraphQL server with offline sync for Vietnam's People's Councils]
#[derive(Parser)]
#[command(name = "cutri", version, disable_help_subcommand = true)]
struct Line {
    #[command(subcommand)]
    command: Command,
    #[command(flatten, next_help_heading = "Cài đặt [settings]")]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Chạy máy chủ; lần đầu tự tạo thư mục dữ liệu, khóa và cơ sở dữ liệu. [run the server]
    Serve {
        /// Dựng bản trình diễn trên cơ sở dữ liệu trống rồi chạy; từ chối cơ sở dữ liệu đã có dữ liệu thật.
        /// [make a demo on an empty database and serve it]
        #[arg(long)]
        demo: bool,
    },
    /// Bản trình diễn. [the demo]
    #[command(subcommand)]
    Demo(Demo),
    /// Cập nhật cấu trúc cơ sở dữ liệu rồi thoát; chạy lại không hại gì. [bring the database up to date]
    Migrate,
    /// Dựng lại bản dữ liệu đồng bộ và chỉ mục tìm kiếm từ các bản ghi; chỉ dòng nào khác mới gửi lại cho thiết bị, chạy
    /// lại không hại gì, máy chủ không cần dừng. [make documents and search index again]
    Rebuild,
    /// Nạp danh mục vào hệ thống. [take in lists]
    #[command(subcommand)]
    Import(Import),
    /// Tài khoản. [accounts]
    #[command(subcommand)]
    Account(Account),
    /// Thẻ cho hệ thống khác đọc dữ liệu. [tokens of integrators]
    #[command(subcommand)]
    Token(Token),
    /// In lược đồ GraphQL. [print the schema]
    Schema {
        /// Lược đồ JSON và cài đặt cho ứng dụng dùng RxDB. [JSON schemas and settings for apps with RxDB]
        #[arg(long)]
        rxdb: bool,
    },
    /// Sao lưu, kể cả khi máy chủ đang chạy; kiểm bản sao bằng số dòng và mã băm. [make or check a backup]
    Backup(backup::Backup),
    /// Khôi phục từ bản sao lưu, khi máy chủ đã dừng. [put a backup in place of the database]
    Restore(backup::Restore),
    /// Gói mang hộ: phiếu từ điện thoại không có mạng, trong một tệp đã niêm phong. [rows that somebody carried]
    #[command(subcommand)]
    Bundle(bundle::Bundle),
    /// Khám máy: khóa, quyền đọc, cơ sở dữ liệu, đồng hồ, đồng bộ; có mục hỏng thì mã thoát là 1.
    /// [examine the installation]
    Doctor,
}

#[derive(Subcommand)]
enum Import {
    /// Danh mục đơn vị hành chính (CSV: code,name,level,kind,parent_code,valid_from,valid_to); nạp lại không đổi gì,
    /// dòng hỏng được báo và không cản dòng khác. [a list of units; run twice it changes nothing]
    Units {
        /// Tệp danh mục. [the list]
        file: PathBuf,
        /// Tệp kế thừa (CSV: level,from_code,to_code,partly,date). [which unit became which]
        #[arg(long, value_name = "FILE")]
        successions: Option<PathBuf>,
    },
    /// Kiến nghị trong bảng tính của Văn phòng (CSV, XLSX; nhận cột theo tiêu đề tiếng Việt, xem docs/import.md); nạp lại
    /// không nhân đôi, dòng hỏng được báo và không cản dòng khác. [petitions of an office's spreadsheet]
    Petitions(NewPetitions),
}

#[derive(Args)]
struct NewPetitions {
    /// Tệp CSV hoặc XLSX. [the spreadsheet]
    file: PathBuf,
    /// Id của Hội đồng. [id of the council]
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "unit",
        conflicts_with = "unit"
    )]
    council: Option<Uuid>,
    /// Hoặc mã đơn vị hành chính có Hội đồng đương nhiệm. [or code of its unit]
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Cấp của đơn vị, khi hai cấp trùng mã. [its level, where two levels share a code]
    #[arg(long)]
    level: Option<UnitLevel>,
    /// Tên đăng nhập của người của Văn phòng chịu trách nhiệm nhập. [in whose name]
    #[arg(long = "as", value_name = "USERNAME")]
    account: String,
    /// Chỉ kiểm tra, không ghi gì. [judge everything, write nothing]
    #[arg(long)]
    validate_only: bool,
    /// Ghi các dòng lỗi ra tệp CSV này để sửa rồi nạp lại. [where to write the rows with mistakes]
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Account {
    /// Tạo một quản trị viên; mật khẩu được hỏi trên màn hình hoặc đọc từ stdin, không bao giờ là tham số.
    /// [make an administrator; the password is asked for, or read from stdin]
    Create {
        /// Tên đăng nhập. [user name]
        #[arg(long)]
        username: String,
    },
}

#[derive(Subcommand)]
enum Token {
    /// Tạo thẻ đọc dữ liệu của một đơn vị và cấp dưới của nó. [make a token that reads a unit's subtree]
    Create(NewToken),
    /// Thu hồi một thẻ. [revoke a token]
    Revoke {
        /// Mã thẻ. [its id]
        id: Uuid,
    },
    /// Liệt kê các thẻ. [list tokens]
    List,
}

#[derive(Args)]
struct NewToken {
    /// Được làm gì: chỉ có read. [what it may do]
    #[arg(long)]
    scope: Scope,
    /// Mã đơn vị hành chính hiện nay. [code of a unit of today]
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// Cấp của đơn vị, khi hai cấp trùng mã. [its level, where two levels share a code]
    #[arg(long)]
    level: Option<UnitLevel>,
    /// Cấp cho ai. [for whom]
    #[arg(long, default_value = "integrator")]
    name: String,
    /// Ngày đầu tiên không còn hiệu lực (giờ Việt Nam). [first day on which it is not valid]
    #[arg(long, value_name = "YYYY-MM-DD")]
    expires: Option<NaiveDate>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Scope {
    Read,
}

#[derive(Clone, Copy, ValueEnum)]
enum UnitLevel {
    Province,
    Commune,
}

impl UnitLevel {
    fn code(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Commune => "commune",
        }
    }
}

#[derive(Subcommand)]
enum Demo {
    /// Diễn lại cả chuỗi trên bản trình diễn đang chạy, mỗi bước một dòng. [play the whole chain]
    Story,
}

/// Reads the command line, does what it says, and returns the exit code: 0 done, 1 failed, 2 not understood.
pub fn run() -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => {
            if let Some(told) = unread::told(&error) {
                tell(told);
            }
            error.exit()
        }
    };
    telemetry::start(line.settings.log, line.settings.log_format);
    if matches!(line.command, Command::Serve { .. }) {
        start::with_small_heaps();
    }
    // A query's futures nest as deep as its selections; address space costs nothing, an overflow aborts the process.
    const STACK: usize = 16 * 1024 * 1024;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(STACK)
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(execute(line.command, &line.settings)),
        Err(cause) => Err(Failure::new(start::words(&cause))),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            tell(format_args!("cutri: {failure}"));
            ExitCode::FAILURE
        }
    }
}

async fn execute(command: Command, settings: &Settings) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve { demo } => serve::run(settings, demo).await?,
        Command::Demo(Demo::Story) => demo::story::play(&settings.data, settings.listen).await?,
        Command::Migrate => {
            close(start::open(settings).await?).await?;
            say("Cơ sở dữ liệu đã sẵn sàng. [the database is up to date]");
        }
        Command::Rebuild => {
            let state = start::open(settings).await?;
            rebuild(&state).await?;
            close(state).await?;
        }
        Command::Import(Import::Units { file, successions }) => {
            let state = start::open(settings).await?;
            units::import(&state, &file, successions.as_deref()).await?;
            close(state).await?;
        }
        Command::Import(Import::Petitions(new)) => {
            let state = start::open(settings).await?;
            let done = petitions::import(&state, &settings.data, &new).await?;
            close(state).await?;
            if !done {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Account(Account::Create { username }) => {
            let state = start::open(settings).await?;
            people::create_account(&state, &username).await?;
            close(state).await?;
        }
        Command::Token(token) => {
            let state = start::open(settings).await?;
            match token {
                Token::Create(new) => {
                    let Scope::Read = new.scope;
                    let new = people::NewToken {
                        unit: &new.unit,
                        level: new.level.map(UnitLevel::code),
                        name: &new.name,
                        expires: new.expires,
                    };
                    people::create_token(&state, new).await?;
                }
                Token::Revoke { id } => people::revoke_token(&state, id).await?,
                Token::List => people::list_tokens(&state).await?,
            }
            close(state).await?;
        }
        Command::Schema { rxdb: false } => say(schema::sdl(&schema::build()).trim_end()),
        Command::Schema { rxdb: true } => {
            say(format_args!("{:#}", crate::sync::rxdb::json_schema::published()))
        }
        Command::Backup(asked) => {
            if !backup::backup(settings, &asked).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Bundle(asked) => {
            if !bundle::run(settings, asked).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Restore(asked) => backup::restore(settings, &asked).await?,
        Command::Doctor => {
            if !doctor::run(settings).await {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn rebuild(state: &State) -> Result<(), Failure> {
    let progress = &mut Progress::of("Dựng lại bản dữ liệu đồng bộ [making documents again]");
    let written = store::rebuild::rebuild(state, |seen, all| progress.at(seen, all)).await?;
    let indexed = search::index::rebuild(state).await?;
    say(format_args!(
        "Đã dựng lại: {written} dòng khác trước được gửi lại cho thiết bị; chỉ mục tìm kiếm có {indexed} dòng. \
         [documents that differed; rows in the index]"
    ));
    Ok(())
}

async fn close(state: Arc<State>) -> Result<(), Failure> {
    state.store.clone().close().await?;
    Ok(())
}
