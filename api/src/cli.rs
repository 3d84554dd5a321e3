//! The command line: one word per thing that an operator does. What it does is elsewhere; here it is read and told.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{
    config::Settings,
    doctor, schema, serve,
    start::{self, Failure},
    telemetry,
    terminal::{say, tell},
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
    Serve,
    /// Cập nhật cấu trúc cơ sở dữ liệu rồi thoát; chạy lại không hại gì. [bring the database up to date]
    Migrate,
    /// In lược đồ GraphQL. [print the schema]
    Schema,
    /// Khám máy: khóa, quyền đọc, cơ sở dữ liệu, đồng hồ, đồng bộ; có mục hỏng thì mã thoát là 1.
    /// [examine the installation]
    Doctor,
}

/// Reads the command line, does what it says, and returns the exit code: 0 done, 1 failed, 2 not understood.
pub fn run() -> ExitCode {
    let line = Line::parse();
    telemetry::start(line.settings.log, line.settings.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(execute(line.command, &line.settings)),
        Err(cause) => Err(Failure::new(cause.to_string())),
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
        Command::Serve => serve::run(settings).await?,
        Command::Migrate => {
            start::open(settings).await?.store.clone().close().await?;
            say("Cơ sở dữ liệu đã sẵn sàng. [the database is up to date]");
        }
        Command::Schema => say(schema::sdl().trim_end()),
        Command::Doctor => {
            if !doctor::run(settings).await {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
