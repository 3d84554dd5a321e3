//! What a server does not start on, by name and without a secret.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use cutri_tests::{Kind, TestDatabase};
use sea_orm::ConnectionTrait;

use super::{cutri, finds, folder, installation, refused_with, said};

#[tokio::test]
async fn other_keys_and_lost_keys_are_refused_by_name() {
    let db = installation().await;
    let folder = db.folder();
    assert!(cutri(folder, &["migrate"], &[]).status.success());
    let keys = folder.join("keys");
    let kept = folder.join("kept");
    fs::rename(&keys, &kept).unwrap();
    for args in [&["serve"][..], &["migrate"], &["doctor"]] {
        refused_with(&cutri(folder, args, &[]), "MISSING");
        assert!(!keys.exists(), "{args:?} made new keys");
    }
    let stranger = installation().await;
    assert!(cutri(stranger.folder(), &["migrate"], &[]).status.success());
    fs::rename(stranger.folder().join("keys"), &keys).unwrap();
    for args in [&["serve"][..], &["migrate"], &["doctor"]] {
        refused_with(&cutri(folder, args, &[]), "KEYS_MISMATCH (master.key)");
    }
    fs::remove_dir_all(&keys).unwrap();
    fs::rename(&kept, &keys).unwrap();
    assert!(cutri(folder, &["doctor"], &[]).status.success());
    fs::set_permissions(keys.join("master.key"), Permissions::from_mode(0o644)).unwrap();
    for args in [&["serve"][..], &["doctor"]] {
        refused_with(&cutri(folder, args, &[]), "OPEN_TO_OTHERS");
    }
}

#[tokio::test]
async fn a_folder_that_others_can_enter_is_refused() {
    let folder = folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    let environment = [("CUTRI_DATA", data.to_str().unwrap())];
    for args in [&["serve"][..], &["migrate"], &["doctor"]] {
        refused_with(&cutri(folder.path(), args, &environment), "DATA_OPEN_TO_OTHERS");
    }
    assert!(!data.join("cutri.db").exists());
}

#[tokio::test]
async fn a_database_address_is_never_shown_with_its_password() {
    let folder = folder();
    for url in [
        "mysql://cutri:bi-mat@127.0.0.1/cutri",
        "postgres://cutri:bi-mat@127.0.0.1:1/cutri",
        "postgres://127.0.0.1:1/cutri?user=cutri&password=bi-mat",
        "bi-mat",
    ] {
        for args in [&["serve"][..], &["doctor"], &["--help"]] {
            let output = cutri(
                folder.path(),
                args,
                &[("DATABASE_URL", url), ("CUTRI_LOG", "trace")],
            );
            assert!(!said(&output).contains("bi-mat"), "{args:?} {}", said(&output));
        }
    }
}

/// It ended in "uncategorized error" for a wrong host, and in "PoolTimedOut" for a wrong port.
#[test]
fn a_postgres_that_is_not_there_is_named_with_its_setting() {
    let folder = folder();
    for (url, server) in [
        ("postgres://cutri:bi-mat@127.0.0.1:1/cutri", "127.0.0.1:1"),
        (
            "postgres://cutri:bi-mat@khong-co.invalid/cutri",
            "khong-co.invalid:5432",
        ),
        (
            "postgres://cutri:bi-mat@localhost/cutri?host=127.0.0.1&port=1",
            "127.0.0.1:1",
        ),
    ] {
        let output = cutri(folder.path(), &["serve"], &[("DATABASE_URL", url)]);
        let told = said(&output);
        refused_with(
            &output,
            &format!("DATABASE_URL: không kết nối được máy chủ PostgreSQL ở {server};"),
        );
        assert!(
            told.contains(&format!(
                "the PostgreSQL server at {server}, which DATABASE_URL names, cannot be reached"
            )),
            "{told}"
        );
        assert!(
            !told.contains("bi-mat") && !told.contains("uncategorized") && !told.contains("PoolTimedOut"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_postgres_that_forgets_is_refused() {
    if !Kind::Postgres.is_available() {
        return;
    }
    let db = TestDatabase::empty(Kind::Postgres).await;
    let name = db.url().rsplit_once('/').unwrap().1.split('?').next().unwrap();
    let connection = db.connect().await;
    connection
        .execute_unprepared(&format!("ALTER DATABASE {name} SET synchronous_commit = off"))
        .await
        .unwrap();
    connection.close().await.unwrap();
    let environment = [("DATABASE_URL", db.url())];
    refused_with(
        &cutri(db.folder(), &["serve"], &environment),
        "synchronous_commit",
    );
    finds(
        &cutri(db.folder(), &["doctor"], &environment),
        "Cơ sở dữ liệu",
        "synchronous_commit",
    );
}
