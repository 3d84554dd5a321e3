//! `cutri bundle`: rows that somebody carried here.

use std::{fs, io::Write as _, path::PathBuf};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::{Args, Subcommand};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    bundle::{self, Header, MOST_BYTES, MOST_PLAIN},
    clock::{Clock, SystemClock, wire},
    config::Settings,
    entropy::{Entropy, SystemEntropy, bytes},
    error::{Code, Error},
    keys::Keys,
    start::{self, Failure},
    terminal::{say, tell},
};

/// What `cutri bundle` is told.
#[derive(Subcommand)]
pub(super) enum Bundle {
    /// Nộp các gói vào cơ sở dữ liệu của máy này, ví dụ từ USB; máy chủ cứ chạy, nộp lại không ghi hai lần.
    /// [takes bundles in; each row once]
    Apply {
        /// Các tệp gói. [the bundles]
        #[arg(required = true, value_name = "FILE")]
        bundles: Vec<PathBuf>,
    },
    /// Xem gói của ai, làm lúc nào, và có nguyên vẹn với khóa của máy này không; không hiện nội dung.
    /// [whose it is and whether it opens here]
    Show {
        /// Tệp gói. [the bundle]
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Làm một gói từ các dòng JSON, để thử hoặc cho công cụ khác. [makes a bundle]
    Make(Make),
}

/// What `cutri bundle make` is told.
#[derive(Args)]
pub(super) struct Make {
    /// Tệp chứa {"rows":[…]} như của syncPush. [the rows]
    #[arg(value_name = "ROWS")]
    rows: PathBuf,
    /// Tệp gói sẽ được ghi. [the bundle]
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Tệp chứa bundleKey của thiết bị. [a file with the device's key]
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Mã tài khoản. [the account]
    #[arg(long)]
    account: Uuid,
    /// Mã thiết bị. [the device]
    #[arg(long)]
    device: Uuid,
}

/// Does it; whether everything was taken in.
pub(super) async fn run(settings: &Settings, bundle: Bundle) -> Result<bool, Failure> {
    match bundle {
        Bundle::Apply { bundles } => apply(settings, &bundles).await,
        Bundle::Show { file } => show(settings, &file),
        Bundle::Make(asked) => make(&asked).map(|()| true),
    }
}

fn read(path: &PathBuf, most: usize) -> Result<Vec<u8>, Failure> {
    let seen = fs::metadata(path).map_err(|cause| Failure::file(path, &cause))?;
    if seen.len() > most as u64 {
        return Err(Error::limit(Code::BodyTooLarge, most as u64).into());
    }
    fs::read(path).map_err(|cause| Failure::file(path, &cause))
}

async fn apply(settings: &Settings, files: &[PathBuf]) -> Result<bool, Failure> {
    let state = start::open(settings).await?;
    let mut is_all = true;
    for path in files {
        let applied = match read(path, MOST_BYTES) {
            Ok(file) => bundle::apply(&state, &file).await.map_err(Failure::from),
            Err(failure) => Err(failure),
        };
        match applied {
            Ok(applied) => say(format_args!(
                "{}: mới nhận {}, đã có từ trước {}, bị từ chối {} [received, known, refused]",
                path.display(),
                applied.received,
                applied.known,
                applied.refused
            )),
            Err(failure) => {
                is_all = false;
                tell(format_args!("{}: {failure}", path.display()));
            }
        }
    }
    state.store.clone().close().await?;
    Ok(is_all)
}

fn show(settings: &Settings, path: &PathBuf) -> Result<bool, Failure> {
    let file = read(path, MOST_BYTES)?;
    let Header {
        account,
        device,
        id,
        created_at,
        ..
    } = bundle::header(&file)?;
    // The time is the phone's own text.
    let created_at: String = created_at.chars().filter(|letter| !letter.is_control()).collect();
    say(format_args!("Gói [bundle]            {id}"));
    say(format_args!("Tài khoản [account]     {account}"));
    say(format_args!("Thiết bị [device]       {device}"));
    say(format_args!("Làm lúc [made at]       {created_at}"));
    let keys = Keys::open(&settings.key_folder())?;
    let (_, rows) = bundle::open(&keys, &file)?;
    say(format_args!("Nguyên vẹn [whole]      {} dòng [rows]", rows.len()));
    Ok(true)
}

fn make(asked: &Make) -> Result<(), Failure> {
    let rows = read(&asked.rows, MOST_PLAIN)?;
    let text = Zeroizing::new(read(&asked.key_file, 1_024)?);
    let mut key = Zeroizing::new([0; 32]);
    let decoded = URL_SAFE_NO_PAD.decode_slice(text.trim_ascii(), key.as_mut_slice());
    if decoded != Ok(32) {
        return Err(Failure::new(
            "tệp khóa phải chứa bundleKey: 32 byte, base64url [not a bundle key]",
        ));
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let packed = packed
        .write_all(&rows)
        .and_then(|()| packed.finish())
        .map_err(|cause| Failure::new(start::words(&cause)))?;
    let now = SystemClock.now();
    let header = Header::new(asked.account, asked.device, SystemEntropy.id(now), wire(now));
    let sealed = bundle::seal(&key, &header, &packed, bytes(&SystemEntropy))?;
    fs::write(&asked.output, sealed).map_err(|cause| Failure::file(&asked.output, &cause))
}
