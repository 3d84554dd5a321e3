//! Opening an installation: data folder, database, keys, reference data. Every command that works on one begins
//! here, so that all of them refuse the same things.
//!
//! It is safe to be killed at every point and started again, and for several processes to start at once.

use std::{
    env, fmt,
    fs::{self, DirBuilder, File, TryLockError},
    io::{self, ErrorKind},
    os::unix::{
        fs::{DirBuilderExt, MetadataExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
    time::Duration,
};

use migration::Migrator;
use rustix::{fs::Mode, process::umask};
use sea_orm_migration::MigratorTrait;

use crate::{
    accounts::throttle::Throttle,
    calendar::Calendar,
    clock::{Clock, SystemClock},
    config::{self, DatabaseUrl, Settings, Switch},
    entropy::SystemEntropy,
    error::{Error, Lang, describe, out_of_reach},
    feedback::consents,
    files::{FilePlace, Files},
    installation,
    keys::{KeyError, Keys},
    lookup::guessing::Guesses,
    state::State,
    store::{Store, rebuild},
    terminal::{self, Progress},
    units,
};

/// Held by the process that prepares an installation on SQLite.
const LOCK: &str = "start.lock";
/// Behind the name of an SQLite file: held by the process that serves it.
const SERVING: &str = "-serve.lock";

/// In the data folder: the days that came after this program.
const HOLIDAYS: &str = "holidays.csv";

/// Why a command could not do its work: a line for the operator. Never sent to a client.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// A reason in words.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    /// Something about a file or folder.
    pub fn file(path: &Path, cause: &io::Error) -> Self {
        Self(format!("{}: {}", path.display(), words(cause)))
    }
}

/// What the operating system refused, in Vietnamese, with its own words behind.
pub(crate) fn words(cause: &io::Error) -> String {
    let sentence = match cause.kind() {
        ErrorKind::AddrInUse => "địa chỉ này đang được dùng, có lẽ máy chủ đã chạy rồi",
        ErrorKind::AddrNotAvailable => "máy này không có địa chỉ đó",
        ErrorKind::NotFound => "không có tệp hoặc thư mục này",
        ErrorKind::PermissionDenied => "không được phép",
        ErrorKind::AlreadyExists => "đã có sẵn",
        ErrorKind::IsADirectory => "đây là thư mục, không phải tệp",
        ErrorKind::NotADirectory => "đây không phải thư mục",
        ErrorKind::StorageFull => "đĩa đã đầy",
        ErrorKind::ReadOnlyFilesystem => "đĩa chỉ cho đọc",
        ErrorKind::InvalidData => "nội dung không đọc được",
        _ => "hệ điều hành từ chối",
    };
    format!("{sentence} [{cause}]")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Code(code, _) => Self(format!("{}: {}", code.name(), code.message(Lang::Vi))),
            Error::Refused(refused) => {
                let field = refused
                    .field
                    .map(|field| format!(" ({field})"))
                    .unwrap_or_default();
                Self(format!(
                    "{}{field}: {}",
                    refused.code.name(),
                    refused.code.message(Lang::Vi)
                ))
            }
            Error::Database(cause) => Self(format!("cơ sở dữ liệu [database]: {}", describe(&cause))),
            Error::Internal(cause) => Self(cause.to_string()),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self(format!("khóa [keys]: {error}"))
    }
}

/// Opens the installation that the settings name, and makes what is missing.
pub async fn open(settings: &Settings) -> Result<Arc<State>, Failure> {
    let (state, _) = open_or_make(settings).await?;
    Ok(state)
}

/// As [`open`]; also whether the delivered lists were taken in, which leaves much memory behind.
pub(crate) async fn open_or_make(settings: &Settings) -> Result<(Arc<State>, bool), Failure> {
    // Whatever this process makes is for its owner alone: the database's -wal too, and files of later days.
    umask(Mode::RWXG | Mode::RWXO);
    make_data_folder(&settings.data)?;
    let calendar = calendar(&settings.data)?;
    let store = connect(settings).await?;
    let _file = lock(&settings.data)?;
    let alone = store.alone().await?;
    migrate(&store).await?;
    let keys = keys(settings, &store).await?;
    installation::seed_roles(&store).await?;
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let mut state = State::new(store, keys, clock, entropy, settings.issuer()).await?;
    state.look = Duration::from_secs(settings.poll_seconds.into());
    state.files = files(settings)?;
    // Once in a process, for as long as it runs.
    state.calendar = Box::leak(Box::new(calendar));
    if settings.rate_limits == Switch::Off {
        state.throttle = Throttle::off();
        state.guesses = Guesses::off();
    }
    state.waking.settings = settings.waking()?;
    if let Some(rows) = consents::seal_if_due(&state).await? {
        tracing::info!(rows, "words of consent sealed");
    }
    let is_new = deliver(&state).await?;
    make_documents_again(&state).await?;
    alone.end().await?;
    Ok((Arc::new(state), is_new))
}

/// Becomes the same program with the same words from its beginning: what the making of an installation took in memory
/// (400 MB where 18 do, and the allocator keeps it) goes with it, and the process stays the one that a supervisor
/// knows. Returns only where the system does not let it, and then there is no harm in going on.
pub(crate) fn again() {
    let cause = become_again(|_| {});
    tracing::warn!(%cause, "goes on with the memory of the first start until it is started again");
}

/// Begins again with a heap that gives back what it does not need; glibc reads its settings only when a program begins.
///
/// Once a large piece of memory was freed, glibc takes pieces up to that size from the heap, where small ones that outlive
/// them keep them from being given back: a hundred logins, each with 19 MiB for its hash, left 250 MB behind. Named, the
/// sizes stay as they are. And on a machine of one or two processors all threads have one heap: what one for each holds in
/// reserve is a third of what an idle server has for itself (ADR 13). On larger machines threads would wait for each
/// other.
pub(crate) fn with_small_heaps() {
    let is_small = thread::available_parallelism().is_ok_and(|processors| processors.get() <= 2);
    let settings = [
        (config::HEAPS, "1", is_small),
        (config::OWN_PIECE, "1048576", true),
        (config::FREE_END, "2097152", true),
    ];
    let settings = settings.map(|(name, value, is_wanted)| (name, value, is_wanted && !config::names(name)));
    let is_due = settings.iter().any(|(_, _, is_wanted)| *is_wanted);
    if cfg!(target_env = "gnu") && is_due && !config::names(config::BEGUN) {
        let cause = become_again(|program| {
            program.env(config::BEGUN, "1");
            for (name, value, _) in settings.iter().filter(|(_, _, is_wanted)| *is_wanted) {
                program.env(name, value);
            }
        });
        tracing::debug!(%cause, "goes on with heaps as the system makes them");
    }
}

/// Replaces the process by the same program with the same words. Returns why it could not.
fn become_again(change: impl FnOnce(&mut Command)) -> io::Error {
    match env::current_exe() {
        Ok(program) => {
            let mut program = Command::new(program);
            program.args(env::args_os().skip(1));
            change(&mut program);
            program.exec()
        }
        Err(cause) => cause,
    }
}

/// Connects to the database, which must be of a known kind and safe.
pub async fn connect(settings: &Settings) -> Result<Store, Failure> {
    let url = settings.database();
    if !url.is_known() {
        return Err(Failure::new(
            "DATABASE_URL phải bắt đầu bằng sqlite:, postgres:// hoặc postgresql:// \
             [must begin with one of these]",
        ));
    }
    if let Some(file) = url.sqlite_file() {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        if refuse_open_to_others(folder.unwrap_or(Path::new("."))).is_err() {
            refuse_open_to_others(file)?;
        }
    }
    Store::connect(url.expose())
        .await
        .map_err(|error| not_connected(&url, error))
}

/// Why there is no connection: the driver's own word for a wrong host is "uncategorized error", for a wrong port
/// "PoolTimedOut".
fn not_connected(url: &DatabaseUrl, error: Error) -> Failure {
    if let Error::Database(cause) = &error
        && let Some(why) = out_of_reach(cause)
        && let Some(server) = url.server()
    {
        return Failure::new(format!(
            "DATABASE_URL: không kết nối được máy chủ PostgreSQL ở {server}; hãy kiểm tên máy và cổng trong DATABASE_URL, \
             máy chủ đã chạy và còn nhận kết nối chưa [the PostgreSQL server at {server}, which DATABASE_URL names, cannot \
             be reached: {why}]"
        ));
    }
    Failure::new(format!("{url}: {}", Failure::from(error)))
}

/// Brings the database to the newest version.
pub(crate) async fn migrate(store: &Store) -> Result<(), Failure> {
    let pending = Migrator::get_pending_migrations(store.migrating())
        .await
        .map_err(Error::from)?;
    if pending.is_empty() {
        return Ok(());
    }
    terminal::tell(format_args!(
        "Cập nhật cấu trúc cơ sở dữ liệu: {} bước … [migrating]",
        pending.len()
    ));
    Migrator::up(store.migrating(), None).await.map_err(Error::from)?;
    Ok(())
}

/// Takes in the delivered lists of units, and tells whether it did; when they are in, this is one small read.
async fn deliver(state: &State) -> Result<bool, Failure> {
    let mut progress = None;
    let report = units::deliver(state, |done, all| {
        let progress =
            progress.get_or_insert_with(|| Progress::of("Nạp danh mục đơn vị hành chính [importing units]"));
        progress.at(done as u64, all as u64);
    })
    .await?;
    drop(progress);
    let Some(report) = report else {
        return Ok(false);
    };
    tracing::info!(
        units = report.units_written,
        successions = report.successions_written,
        open = report.gaps.len(),
        "imported the delivered units"
    );
    Ok(true)
}

/// Makes documents again where a new version shows something else in them: before it serves, since they may say what
/// they no longer should.
async fn make_documents_again(state: &State) -> Result<(), Failure> {
    let mut progress = None;
    let written = rebuild::rebuild_if_due(state, |seen, all| {
        let progress = progress
            .get_or_insert_with(|| Progress::of("Dựng lại bản dữ liệu đồng bộ [making documents again]"));
        progress.at(seen, all);
    })
    .await?;
    drop(progress);
    if let Some(rows) = written {
        tracing::info!(rows, "documents made again");
    }
    Ok(())
}

/// New keys are made only while the database knows none: a lost key folder must not be replaced in silence, for
/// what was sealed with the old one would stay sealed.
async fn keys(settings: &Settings, store: &Store) -> Result<Keys, Failure> {
    let folder = settings.key_folder();
    let keys = if installation::fingerprints(store).await?.is_empty() {
        Keys::open_or_create(&folder, SystemClock.now(), &SystemEntropy)?
    } else {
        Keys::open(&folder)?
    };
    installation::check_keys(store, &keys).await?;
    Ok(keys)
}

/// The delivered days, and over them those of the data folder: what the Government announces each autumn needs no new
/// program. A table that cannot be read is refused, for every due date would silently be another.
pub(crate) fn calendar(data: &Path) -> Result<Calendar, Failure> {
    let path = data.join(HOLIDAYS);
    let table = match fs::read_to_string(&path) {
        Ok(table) => table,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Calendar::delivered().clone()),
        Err(cause) => return Err(Failure::file(&path, &cause)),
    };
    Calendar::delivered().and(&table).map_err(|error| {
        let line = error.position().map_or(1, csv::Position::line);
        Failure::new(format!(
            "HOLIDAYS_BROKEN: {}: dòng {line} không đọc được; cần các cột date,kind,name,basis, kind là holiday hoặc \
             working [line {line} cannot be read: {error}]",
            path.display()
        ))
    })
}

/// Opens the file store that the settings name.
fn files(settings: &Settings) -> Result<Files, Failure> {
    let place = settings.file_place();
    if let FilePlace::Folder(folder) = &place {
        refuse_open_to_others(folder)?;
    }
    Files::open(&place, settings.file_limits()).map_err(|cause| Failure::new(format!("CUTRI_FILES: {cause}")))
}

/// Makes the folder for its owner alone, or refuses one that others can enter.
pub(crate) fn make_data_folder(data: &Path) -> Result<(), Failure> {
    if !data.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data)
            .map_err(|cause| Failure::file(data, &cause))?;
    }
    if !data.is_dir() {
        return Err(Failure::new(format!(
            "DATA_NOT_A_FOLDER: {} không phải thư mục [is not a folder]",
            data.display()
        )));
    }
    refuse_open_to_others(data)
}

/// Refuses a file or folder that others than its owner can use; one that is not there is fine.
pub(crate) fn refuse_open_to_others(path: &Path) -> Result<(), Failure> {
    let mode = match fs::metadata(path) {
        Ok(seen) => seen.mode() & 0o777,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(Failure::file(path, &cause)),
    };
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Failure::new(format!(
        "DATA_OPEN_TO_OTHERS: {0} có quyền {mode:03o}, người khác trên máy đọc được; hãy chạy: chmod go= {0} \
         [other users of this machine can read it]",
        path.display()
    )))
}

/// One process at a time prepares an installation on this machine. Released when the file is dropped, also by a
/// crash.
pub(crate) fn lock(data: &Path) -> Result<File, Failure> {
    let path = data.join(LOCK);
    let file = lock_file(&path)?;
    file.lock().map_err(|cause| Failure::file(&path, &cause))?;
    Ok(file)
}

/// One server at a time on an SQLite file, wherever its data folder and whatever its address; other commands may
/// work beside it, and on PostgreSQL several servers. Released when the file is dropped, also by a crash.
pub(crate) fn serve_alone(settings: &Settings) -> Result<Option<File>, Failure> {
    let url = settings.database();
    let Some(database) = url.sqlite_file() else {
        return Ok(None);
    };
    // One file may have several names.
    let mut path = real(database)
        .map_err(|cause| Failure::file(database, &cause))?
        .into_os_string();
    path.push(SERVING);
    let path = PathBuf::from(path);
    let file = lock_file(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(Failure::new(format!(
            "ALREADY_SERVING: một máy chủ khác đang chạy trên {} [another server runs on this database]",
            database.display()
        ))),
        Err(TryLockError::Error(cause)) => Err(Failure::file(&path, &cause)),
    }
}

/// The one name of a file, which need not be there yet.
fn real(file: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(file) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            let name = file.file_name().ok_or(cause)?;
            Ok(fs::canonicalize(folder.unwrap_or(Path::new(".")))?.join(name))
        }
        found => found,
    }
}

fn lock_file(path: &Path) -> Result<File, Failure> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|cause| Failure::file(path, &cause))
}
