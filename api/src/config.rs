//! The settings: one structure that is flag, environment variable and documentation at once.
//!
//! Nothing else reads the environment. A secret among the settings has no `Debug` and no `Display` that shows it.

mod database_url;

use std::{convert::Infallible, fmt, net::SocketAddr, path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use zeroize::Zeroizing;

pub use database_url::DatabaseUrl;

use crate::{
    edge::EdgeConfig,
    files::{
        FilePlace, Limits,
        store::{ACCOUNT_MIB, FILE_MIB},
    },
    start::Failure,
    store,
    waking::{self, Gateway, Hosts},
};

/// What an installation can be told. Every flag may be given as the environment variable beside it.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Cơ sở dữ liệu: postgres://… hoặc sqlite://…; mặc định là tệp cutri.db trong thư mục dữ liệu. Có mật khẩu thì
    /// đặt trong biến môi trường, vì dòng lệnh ai trên máy cũng đọc được.
    /// [the database; by default the embedded file in the data folder]
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    pub database_url: Option<DatabaseUrl>,

    /// Thư mục dữ liệu, chỉ chủ nhân được đọc (0700). [the data folder, for its owner only]
    #[arg(
        long,
        env = "CUTRI_DATA",
        global = true,
        value_name = "FOLDER",
        default_value = "./data"
    )]
    pub data: PathBuf,

    /// Thư mục khóa; mặc định là keys trong thư mục dữ liệu. [the key folder; by default keys in the data folder]
    #[arg(long, env = "CUTRI_KEYS", global = true, value_name = "FOLDER")]
    pub keys: Option<PathBuf>,

    /// Nơi giữ tệp đính kèm: một thư mục (mặc định là files trong thư mục dữ liệu) hoặc s3://bucket/tiền-tố, khi ấy khóa,
    /// vùng và địa chỉ S3 lấy từ các biến AWS_* thông thường. [where files lie: a folder or S3]
    #[arg(
        long,
        env = "CUTRI_FILES",
        global = true,
        value_name = "FOLDER|s3://BUCKET/PREFIX"
    )]
    pub files: Option<FilePlace>,

    /// Tệp lớn nhất được nhận, tính bằng MiB. [the largest file, in MiB]
    #[arg(
        long,
        env = "CUTRI_FILE_LIMIT",
        global = true,
        value_name = "MIB",
        default_value_t = FILE_MIB,
        value_parser = clap::value_parser!(u32).range(1..=1024)
    )]
    pub file_limit: u32,

    /// Mỗi tài khoản được giữ bao nhiêu tệp, tính bằng MiB. [what one account may keep, in MiB]
    #[arg(
        long,
        env = "CUTRI_FILE_QUOTA",
        global = true,
        value_name = "MIB",
        default_value_t = ACCOUNT_MIB,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub file_quota: u32,

    /// Địa chỉ máy chủ lắng nghe. [where the server listens]
    #[arg(
        long,
        env = "CUTRI_LISTEN",
        global = true,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8000"
    )]
    pub listen: SocketAddr,

    /// Địa chỉ công khai, ví dụ https://cutri.example.vn; cũng là bên phát hành (iss) của thẻ truy cập.
    /// [the public address; also the issuer of tokens]
    #[arg(long, env = "CUTRI_PUBLIC_URL", global = true, value_name = "URL", value_parser = public_url)]
    pub public_url: Option<String>,

    /// Các proxy được tin (địa chỉ hoặc mạng, cách nhau bằng dấu phẩy): chỉ chúng được báo địa chỉ máy khách.
    /// [proxies whose forwarding headers count]
    #[arg(
        long,
        env = "CUTRI_TRUSTED_PROXIES",
        global = true,
        value_name = "NETWORKS",
        default_value = "",
        value_parser = proxies
    )]
    pub trusted_proxies: Proxies,

    /// off bỏ mọi giới hạn kết nối và tần suất: chỉ để thử tải. [off lifts all caps: for load tests only]
    #[arg(
        long,
        env = "CUTRI_RATE_LIMITS",
        global = true,
        value_name = "on|off",
        default_value = "on"
    )]
    pub rate_limits: Switch,

    /// Các tiến trình trên cùng PostgreSQL báo nhau bằng LISTEN/NOTIFY khi có thay đổi; off khi đứng sau một bộ gom kết
    /// nối (pooler) ở chế độ transaction: lúc ấy chỉ còn việc hỏi cơ sở dữ liệu mỗi giây, vẫn không sót gì.
    /// [processes on one PostgreSQL tell each other; off behind a pooler in transaction mode]
    #[arg(
        long,
        env = "CUTRI_LISTEN_NOTIFY",
        global = true,
        value_name = "on|off",
        default_value = "on"
    )]
    pub listen_notify: Switch,

    /// Mấy giây hỏi cơ sở dữ liệu một lần xem tiến trình khác đã ghi gì; chỉ đổi khi thử nghiệm.
    /// [how often what other processes wrote is looked for; for tests]
    #[arg(
        long,
        env = "CUTRI_POLL_SECONDS",
        global = true,
        hide = true,
        value_name = "SECONDS",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=3_600)
    )]
    pub poll_seconds: u32,

    /// Cổng đẩy tín hiệu đánh thức điện thoại qua FCM, APNs (https://…). [the gateway that wakes phones by FCM and APNs]
    #[arg(long, env = "CUTRI_PUSH_GATEWAY", global = true, value_name = "URL")]
    pub push_gateway: Option<String>,

    /// Khóa bí mật chung với cổng đẩy tín hiệu, ít nhất 16 ký tự. [the secret shared with the gateway]
    #[arg(
        long,
        env = "CUTRI_PUSH_GATEWAY_KEY",
        hide_env_values = true,
        global = true,
        value_name = "SECRET"
    )]
    pub push_gateway_key: Option<Secret>,

    /// Chỉ gọi các máy chủ đẩy này (tên hoặc *.miền, cách nhau bằng dấu phẩy); mặc định là mọi máy trên Internet công
    /// cộng. [only these push services are called; by default any in the public network]
    #[arg(
        long,
        env = "CUTRI_PUSH_HOSTS",
        global = true,
        value_name = "HOSTS",
        default_value = "",
        value_parser = push_hosts
    )]
    pub push_hosts: Hosts,

    /// Liên hệ cho dịch vụ đẩy khi có sự cố (mailto:…); mặc định là địa chỉ công khai.
    /// [whom push services write to; by default the public address]
    #[arg(long, env = "CUTRI_PUSH_CONTACT", global = true, value_name = "URI", value_parser = push_contact)]
    pub push_contact: Option<String>,

    /// Mức nhật ký của cutri. [how much cutri logs]
    #[arg(
        long,
        env = "CUTRI_LOG",
        global = true,
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub log: LogLevel,

    /// Dạng nhật ký: dòng chữ hoặc JSON. [lines for people, or JSON]
    #[arg(
        long,
        env = "CUTRI_LOG_FORMAT",
        global = true,
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,
}

impl Settings {
    /// The address of the database.
    pub fn database(&self) -> DatabaseUrl {
        self.database_url
            .clone()
            .unwrap_or_else(|| DatabaseUrl(store::embedded_url(&self.data)))
    }

    /// The folder of the keys.
    pub fn key_folder(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| self.data.join("keys"))
    }

    /// Where files lie.
    pub fn file_place(&self) -> FilePlace {
        let folder = || FilePlace::Folder(self.data.join("files"));
        self.files.clone().unwrap_or_else(folder)
    }

    /// How much of them is taken.
    pub fn file_limits(&self) -> Limits {
        Limits::of_mib(self.file_limit, self.file_quota)
    }

    /// Who issues our tokens.
    pub fn issuer(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| "cutri".to_owned())
    }

    /// The database over which other processes are told of changes, if they are.
    pub fn neighbours(&self) -> Option<DatabaseUrl> {
        let url = self.database();
        (self.listen_notify == Switch::On && url.sqlite_file().is_none()).then_some(url)
    }

    /// How phones are woken.
    pub fn waking(&self) -> Result<waking::Settings, Failure> {
        let gateway = match (&self.push_gateway, &self.push_gateway_key) {
            (None, _) => None,
            (Some(url), key) => {
                let key = key.as_ref().map_or("", Secret::expose);
                Some(Gateway::new(url, key).ok_or_else(|| {
                    Failure::new(
                        "CUTRI_PUSH_GATEWAY phải là https://… và CUTRI_PUSH_GATEWAY_KEY có ít nhất 16 ký tự \
                         [the gateway needs an https address and a key of at least 16 characters]",
                    )
                })?)
            }
        };
        let public = self.public_url.clone().filter(|url| url.starts_with("https://"));
        Ok(waking::Settings {
            gateway,
            hosts: self.push_hosts.clone(),
            contact: self.push_contact.clone().or(public),
        })
    }

    /// What the edge has to know.
    pub fn edge(&self) -> EdgeConfig {
        EdgeConfig {
            trusted_proxies: self.trusted_proxies.0.clone(),
            rate_limits: self.rate_limits == Switch::On,
            ..EdgeConfig::default()
        }
    }
}

/// One line for the log and for `doctor`; without secrets.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "database={} data={} keys={} files={} file_limit={} file_quota={} listen={} public_url={} trusted_proxies={} rate_limits={} \
             listen_notify={} push_gateway={} push_hosts={} push_contact={} log={} log_format={}",
            self.database(),
            self.data.display(),
            self.key_folder().display(),
            self.file_place(),
            self.file_limit,
            self.file_quota,
            self.listen,
            self.public_url.as_deref().unwrap_or("-"),
            self.trusted_proxies,
            word(self.rate_limits),
            word(self.listen_notify),
            if self.push_gateway.is_some() { "set" } else { "-" },
            self.push_hosts,
            self.push_contact.as_deref().unwrap_or("-"),
            word(self.log),
            word(self.log_format),
        )
    }
}

fn word(value: impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

/// A setting that is never shown.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

/// How much is logged of what cutri itself does; see [`crate::telemetry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// In which form is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// Peers whose forwarding headers count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(pub Vec<IpNet>);

impl fmt::Display for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("-");
        }
        let networks: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&networks.join(","))
    }
}

fn proxies(list: &str) -> Result<Proxies, String> {
    EdgeConfig::parse_proxies(list)
        .map(Proxies)
        .map_err(|entry| format!("không phải địa chỉ hoặc mạng [neither address nor network]: {entry}"))
}

fn push_hosts(list: &str) -> Result<Hosts, String> {
    Hosts::parse(list).map_err(|entry| format!("không phải tên máy chủ [not a host]: {entry}"))
}

fn push_contact(text: &str) -> Result<String, String> {
    let is_contact = ["mailto:", "https://"].iter().any(|kind| text.starts_with(kind));
    if is_contact && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("cần mailto:… hoặc https://… [needed: one of these]".to_owned())
    }
}

fn public_url(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    if is_web && !text.contains(['?', '#', '@', ' ']) {
        Ok(text.to_owned())
    } else {
        Err("cần một địa chỉ https://… không có ?, # hay @ [an https address is needed]".to_owned())
    }
}

/// glibc's own settings: how many heaps it may use; from which size on a piece of memory is one of its own, which goes
/// back to the system when it is freed; how much may lie free at the end of a heap.
pub(crate) const HEAPS: &str = "MALLOC_ARENA_MAX";
pub(crate) const OWN_PIECE: &str = "MALLOC_MMAP_THRESHOLD_";
pub(crate) const FREE_END: &str = "MALLOC_TRIM_THRESHOLD_";
/// Set by the program for itself where it began again with such settings. They alone would not tell: the system takes
/// them away from a program with rights of its own (a port below 1024, by `setcap`), which would begin for ever.
pub(crate) const BEGUN: &str = "CUTRI_BEGUN_AGAIN";

/// Whether the environment has this setting.
pub(crate) fn names(setting: &str) -> bool {
    std::env::var_os(setting).is_some()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
    }

    fn settings(args: &[&str]) -> Settings {
        let line = ["cutri"].iter().chain(args);
        Line::try_parse_from(line)
            .unwrap_or_else(|error| panic!("{error}"))
            .settings
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in [
            "postgres://cutri:bi-mat@db.example/cutri",
            "postgresql://cutri:bi-mat@x@db.example:5432/cutri",
            "postgres://db.example/cutri?user=cutri&password=bi-mat",
            "postgres://cutri:a/bi-mat?b@db.example/cutri",
            "postgres://db.example/cutri?password=a@bi-mat",
            "mysql:cutri:bi-mat",
            "bi-mat",
        ] {
            let settings = settings(&["--database-url", url]);
            let database = settings.database();
            let shown = format!("{settings} {settings:?} {database:?} {:?}", database.server());
            assert!(!shown.contains("bi-mat"), "{shown}");
            assert_eq!(settings.database().expose(), url);
        }
        let url = settings(&["--database-url", "postgres://cutri:x@db.example/cutri"]).database();
        assert_eq!(url.to_string(), "postgres://***@db.example/cutri");
        assert_eq!(url.server().as_deref(), Some("db.example:5432"));
    }

    #[test]
    fn what_is_not_said_has_the_published_value() {
        let settings = settings(&[]);
        assert_eq!(
            settings.to_string(),
            "database=sqlite://./data/cutri.db?mode=rwc data=./data keys=./data/keys files=./data/files \
             file_limit=64 file_quota=4096 listen=127.0.0.1:8000 public_url=- trusted_proxies=- rate_limits=on \
             listen_notify=on push_gateway=- push_hosts=- push_contact=- log=info log_format=text"
        );
        assert_eq!(
            settings.database().sqlite_file(),
            Some(Path::new("./data/cutri.db"))
        );
        assert!(settings.edge().rate_limits && settings.issuer() == "cutri");
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        for args in [
            ["--trusted-proxies", "10.0.0.0/8,all"],
            ["--rate-limits", "none"],
            ["--listen", "everywhere"],
            ["--files", "s3://key:secret@bucket/x"],
            ["--file-limit", "0"],
            ["--file-limit", "2000"],
            ["--file-quota", "much"],
            ["--public-url", "cutri.example"],
            ["--public-url", "https://a:b@cutri.example"],
            ["--log", "cutri=trace,sqlx=trace"],
        ] {
            assert!(
                Line::try_parse_from(["cutri"].iter().chain(&args)).is_err(),
                "{args:?}"
            );
        }
        let settings = settings(&[
            "--trusted-proxies",
            "10.0.0.0/8,192.0.2.1",
            "--rate-limits",
            "off",
        ]);
        assert_eq!(settings.trusted_proxies.to_string(), "10.0.0.0/8,192.0.2.1/32");
        assert!(!settings.edge().rate_limits);
        assert_eq!(
            self::settings(&["--public-url", "https://cutri.example/"]).issuer(),
            "https://cutri.example"
        );
    }
}
