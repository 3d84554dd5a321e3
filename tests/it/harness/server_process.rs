use std::{env, path::Path, time::Duration};

use cutri_tests::{ServerProcess, target};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Not a test of its own: the server that the tests below start, as this very binary.
#[tokio::test]
async fn stand_in() {
    let Ok(address) = env::var("CUTRI_LISTEN") else {
        return;
    };
    let listener = TcpListener::bind(address).await.unwrap();
    eprintln!("listening, folder {:?}", env::var_os("CUTRI_DATA"));
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .await;
    }
}

async fn start(folder: &Path) -> ServerProcess {
    let program = env::current_exe().unwrap();
    let args = ["--exact", "harness::server_process::stand_in", "--nocapture"];
    ServerProcess::start_program(&program, folder, &args, &[]).await
}

async fn until_gone(id: u32) {
    for _ in 0..200 {
        // A killed process stays as a zombie until its parent collects it.
        let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        if state.is_empty() || state.contains(") Z ") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("process {id} outlived its owner");
}

#[tokio::test]
async fn starts_logs_and_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let (id, address, log) = (server.id(), server.address(), server.log().clone());
    assert_eq!(log.lines_with("listening").len(), 1);
    server.kill9().await;
    until_gone(id).await;
    assert!(TcpStream::connect(address).await.is_err());
    let again = start(folder.path()).await;
    assert_eq!(
        log.lines_with("listening").len(),
        2,
        "one log over several starts"
    );
    assert!(
        !again.term().await.success(),
        "the stand-in does not handle SIGTERM"
    );
}

#[tokio::test]
async fn dies_with_its_value() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let id = server.id();
    drop(server);
    until_gone(id).await;
}

/// As after a test that was killed: nothing is dropped, only the kernel closes what the process held.
#[tokio::test]
async fn dies_with_a_killed_test() {
    let folder = tempfile::tempdir().unwrap();
    let mut test = tokio::process::Command::new(env::current_exe().unwrap())
        .args(["--exact", "harness::server_process::owner"])
        .env("OWNER_FOLDER", folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let note = folder.path().join("id");
    let id = loop {
        match std::fs::read_to_string(&note).ok().and_then(|id| id.parse().ok()) {
            Some(id) => break id,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    test.kill().await.unwrap();
    until_gone(id).await;
}

/// The test that [`dies_with_a_killed_test`] kills; alone it does nothing.
#[tokio::test]
async fn owner() {
    let Some(folder) = env::var_os("OWNER_FOLDER") else {
        return;
    };
    let server = start(Path::new(&folder)).await;
    std::fs::write(Path::new(&folder).join("id"), server.id().to_string()).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
#[should_panic(expected = "ended while starting")]
async fn a_server_that_ends_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    ServerProcess::start_program(Path::new("false"), folder.path(), &[], &[]).await;
}

#[test]
fn the_product_is_built_where_the_tests_are() {
    assert!(target::binary().is_file());
}
