//! The true server as a process of its own, for what only a process can show: being killed, starting, stopping.

use std::{
    env,
    fs::Permissions,
    io::{PipeWriter, pipe},
    net::{SocketAddr, TcpListener},
    os::unix::{
        fs::PermissionsExt,
        process::{CommandExt, ExitStatusExt},
    },
    path::Path,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::{log_capture::LogCapture, target};

const START: Duration = Duration::from_secs(60);
/// The server promises 20 seconds for requests in flight.
const STOP: Duration = Duration::from_secs(25);

/// A running server. It dies with this value, and with the test, even when that is killed.
pub struct ServerProcess {
    process: tokio::process::Child,
    _guard: Guard,
    address: SocketAddr,
    log: LogCapture,
}

impl ServerProcess {
    /// Starts `cutri` with `args` and waits for `/readyz`. `folder` becomes `CUTRI_DATA` (for its owner alone) and takes the log;
    /// `environment` is added, and nothing that begins with `CUTRI_` is inherited. Without `CUTRI_LISTEN` a
    /// free loopback port is taken.
    pub async fn start(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_program(target::binary(), folder, args, environment).await
    }

    /// As [`start`](Self::start), with another program that keeps the same promises.
    pub async fn start_program(
        program: &Path,
        folder: &Path,
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let listen = environment
            .iter()
            .find(|(name, _)| *name == "CUTRI_LISTEN")
            .map(|(_, value)| *value);
        let address = listen.map_or_else(free_address, |address| address.parse().unwrap());
        let log = LogCapture::in_folder(folder);
        let mut command = clean_command(program, folder, args, environment);
        command.env("CUTRI_LISTEN", address.to_string());
        command
            .stdin(Stdio::null())
            .stdout(log.writer())
            .stderr(log.writer());
        let process = tokio::process::Command::from(command)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let guard = Guard::over(process.id().unwrap());
        let mut server = Self {
            process,
            _guard: guard,
            address,
            log,
        };
        server.wait_until_ready().await;
        server
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` URL of a path, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Process id, for reading `/proc`.
    pub fn id(&self) -> u32 {
        self.process.id().expect("the server runs")
    }

    /// What it has written to stdout and stderr, together with earlier starts in the same folder.
    pub fn log(&self) -> &LogCapture {
        &self.log
    }

    /// Ends it as a power cut would (SIGKILL), and returns once it is gone.
    pub async fn kill9(mut self) {
        self.process.kill().await.unwrap();
    }

    /// Asks it to stop (SIGTERM) and returns how it ended; it must end in time.
    pub async fn term(mut self) -> ExitStatus {
        let pid = self.id().to_string();
        assert!(
            Command::new("sh")
                .args(["-c", "kill -TERM \"$0\"", &pid])
                .status()
                .unwrap()
                .success()
        );
        match tokio::time::timeout(STOP, self.process.wait()).await {
            Ok(status) => status.unwrap(),
            Err(_) => panic!("still running {STOP:?} after SIGTERM:\n{}", self.log.text()),
        }
    }

    async fn wait_until_ready(&mut self) {
        let begun = Instant::now();
        let url = self.url("/readyz");
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                let signal = status.signal();
                panic!(
                    "ended while starting ({status}, signal {signal:?}):\n{}",
                    self.log.text()
                );
            }
            let answer = match reqwest::get(&url).await {
                Ok(response) if response.status().is_success() => return,
                Ok(response) => format!("{} {:?}", response.status(), response.text().await),
                Err(failure) => format!("{failure:?}"),
            };
            assert!(
                begun.elapsed() < START,
                "not ready after {START:?}, /readyz said last: {answer}\n{}",
                self.log.text()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A folder for its owner alone, as the server wants its data to lie.
pub fn private_folder() -> tempfile::TempDir {
    let private = Permissions::from_mode(0o700);
    tempfile::Builder::new().permissions(private).tempdir().unwrap()
}

/// A `cutri` command that ends by itself, such as `account create`; run it with `.output()`.
pub fn command(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Command {
    clean_command(target::binary(), folder, args, environment)
}

fn clean_command(program: &Path, folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Command {
    // A test's folder is made as the umask says, and the product refuses one that others can enter.
    std::fs::set_permissions(folder, Permissions::from_mode(0o700)).unwrap();
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CUTRI_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command
        .args(args)
        .env("CUTRI_DATA", folder)
        .envs(environment.iter().copied());
    command
}

/// A loopback port that is free now. Nothing holds it until the server binds it, so it is drawn by the kernel
/// from a range of thousands.
pub fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

/// Kills a process when this one disappears without having dropped its values: a shell waits for the end of a
/// pipe that only this process holds. (Linux's own death signal follows a thread, and would need unsafe code.)
struct Guard {
    shell: std::process::Child,
    _held: PipeWriter,
}

impl Guard {
    fn over(pid: u32) -> Self {
        let (ends, held) = pipe().unwrap();
        let shell = Command::new("sh")
            .args(["-c", "read -r _; kill -9 \"$0\"", &pid.to_string()])
            .stdin(ends)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C and a test runner's timeout end the whole group; the guard must outlive it.
            .process_group(0)
            .spawn()
            .unwrap();
        Self { shell, _held: held }
    }
}

impl Drop for Guard {
    /// The guard goes before the pipe ends: the process may be gone already, and its number given to another.
    fn drop(&mut self) {
        self.shell.kill().and_then(|()| self.shell.wait()).unwrap();
    }
}
