//! `cutri backup` and `cutri restore`.

use std::path::PathBuf;

use clap::Args;

use crate::{backup, config::Settings, start::Failure, terminal::say};

/// What `cutri backup` is told.
#[derive(Args)]
pub(super) struct Backup {
    /// Thư mục sao lưu sẽ được tạo; nếu đã có thư mục ấy thì tạo một thư mục mang ngày giờ ở bên trong. Chỉ cho SQLite;
    /// máy chủ cứ chạy. [the backup to be made, or a folder for it; the server may run]
    #[arg(value_name = "FOLDER", required_unless_present_any = ["check", "manifest"])]
    target: Option<PathBuf>,

    /// Chép cả khóa vào thư mục này, phải ở nơi khác với bản sao. [copies the keys to another place]
    #[arg(long = "copy-keys", value_name = "FOLDER", requires = "target")]
    copy_keys: Option<PathBuf>,

    /// Kiểm một bản sao lưu (thư mục) hoặc một bản kê (tệp .json): số dòng và mã băm từng bảng, rồi so với cơ sở dữ liệu
    /// hiện nay; mã thoát 1 nếu bản sao hỏng, hoặc nếu cơ sở dữ liệu khác bản kê.
    /// [checks a backup, or compares the database with a manifest]
    #[arg(long, value_name = "BACKUP", conflicts_with_all = ["target", "manifest"])]
    check: Option<PathBuf>,

    /// Chỉ ghi bản kê (số dòng và mã băm từng bảng) của cơ sở dữ liệu vào tệp này. [writes the manifest alone]
    #[arg(long, value_name = "FILE", conflicts_with = "target")]
    manifest: Option<PathBuf>,

    /// Với --manifest trên PostgreSQL: chạy lệnh này trên cùng một thời điểm của dữ liệu; tên snapshot ở CUTRI_SNAPSHOT.
    /// [runs a command, such as pg_dump, that reads the same snapshot]
    #[arg(long = "with", value_name = "COMMAND", requires = "manifest")]
    with: Option<String>,
}

/// What `cutri restore` is told.
#[derive(Args)]
pub(super) struct Restore {
    /// Thư mục sao lưu; với PostgreSQL là bản kê, sau khi pg_restore xong. [the backup; on PostgreSQL the manifest]
    #[arg(value_name = "BACKUP")]
    from: PathBuf,

    /// Thay cơ sở dữ liệu đang có; bản cũ được giữ lại bên cạnh dưới tên mang ngày giờ.
    /// [replaces the database, which is kept aside]
    #[arg(long)]
    replace: bool,
}

/// Makes or checks a backup; whether it is as it should be.
pub(super) async fn backup(settings: &Settings, asked: &Backup) -> Result<bool, Failure> {
    if let Some(path) = &asked.check {
        return backup::check(settings, path).await;
    }
    if let Some(to) = &asked.manifest {
        let made = backup::make_manifest(settings, to, asked.with.as_deref()).await?;
        say(format_args!(
            "Đã ghi bản kê {}: {} bảng, {} dòng [manifest written]",
            made.at.display(),
            made.tables,
            made.rows
        ));
        return Ok(true);
    }
    let Some(target) = &asked.target else {
        return Err(Failure::new("thiếu thư mục sao lưu [no backup is named]"));
    };
    let made = backup::make(settings, target).await?;
    say(format_args!(
        "Đã sao lưu vào {}: {} bảng, {} dòng, {} byte [backup made]",
        made.at.display(),
        made.tables,
        made.rows,
        made.bytes
    ));
    match &asked.copy_keys {
        Some(to) => {
            backup::keys(settings, to, &made.at)?;
            say(format_args!("Đã chép khóa vào {} [keys copied]", to.display()));
        }
        None => say(format_args!(
            "Khóa ở {} và tệp đính kèm không nằm trong bản sao: hãy giữ chúng ở nơi khác [keys and files are kept apart]",
            settings.key_folder().display()
        )),
    }
    Ok(true)
}

/// Puts a backup in place.
pub(super) async fn restore(settings: &Settings, asked: &Restore) -> Result<(), Failure> {
    let aside = backup::restore(settings, &asked.from, asked.replace).await?;
    if let Some(aside) = aside {
        say(format_args!(
            "Cơ sở dữ liệu cũ được giữ ở {} [kept aside]",
            aside.display()
        ));
    }
    say(
        "Đã khôi phục. Khi máy chủ chạy lại, điện thoại tự gửi lại phần của mình. [restored; devices send theirs again]",
    );
    Ok(())
}
