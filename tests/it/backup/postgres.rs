//! PostgreSQL's own programs make the copy, cutri says what must be in it.

use std::fs;

use cutri_tests::{
    Kind, TestDatabase,
    app::Person,
    database,
    phone::{Phone, create, new_id},
    server_process::command,
};
use sea_orm::ConnectionTrait;
use serde_json::Value;

use super::{Installation, cutri, done, refused, said};

/// The commands of docs/operations.md, with the folder of PostgreSQL's programs in front.
fn postgres_programs() -> String {
    let found = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let folders = found.map(|version| version.path().join("bin").display().to_string());
    let path = std::env::var("PATH").unwrap_or_default();
    folders.chain([path]).collect::<Vec<_>>().join(":")
}

#[test]
fn on_postgresql_dump_and_manifest_are_of_one_moment() {
    database::run(Kind::Postgres, async |db| {
        let (installation, state) = Installation::new(db).await;
        let server = installation.server().await;
        let author = installation.world.here.delegates[0].clone();
        let phone = Phone::new(Person::new(
            &state,
            server.address(),
            author.account,
            author.device,
        ));
        let rows: Vec<Value> = (0..40)
            .map(|_| create("feedback", &new_id(), installation.said("trong lúc sao lưu")))
            .collect();
        let pushing = tokio::spawn(async move {
            for row in rows {
                assert_eq!(phone.push(&[row]).await[0]["status"], "APPLIED");
            }
        });
        let (data, url) = (installation.data().to_owned(), installation.db.url().to_owned());
        let path = postgres_programs();
        let making = tokio::task::spawn_blocking(move || {
            let dump = "pg_dump --format=custom --snapshot=\"$CUTRI_SNAPSHOT\" --file=cutri.dump --dbname=\"$DATABASE_URL\"";
            let mut making = command(
                &data,
                &["backup", "--manifest", "cutri.json", "--with", dump],
                &[("DATABASE_URL", &url), ("PATH", &path)],
            );
            making.current_dir(&data).output().unwrap()
        });
        pushing.await.unwrap();
        done(&making.await.unwrap());
        let manifest = installation.data().join("cutri.json");
        let manifest = manifest.to_str().unwrap();
        // The database has gone on.
        let check = installation.cutri(&["backup", "--check", manifest]);
        server.kill9().await;

        let other = TestDatabase::empty(Kind::Postgres).await;
        let restored = std::process::Command::new("pg_restore")
            .env("PATH", postgres_programs())
            .args([
                "--no-owner",
                "--dbname",
                other.url(),
                installation.data().join("cutri.dump").to_str().unwrap(),
            ])
            .output()
            .unwrap();
        assert!(restored.status.success(), "{}", said(&restored));
        let environment = [("DATABASE_URL", other.url())];
        let there = |args: &[&str]| cutri(installation.data(), args, &environment);
        done(&there(&["backup", "--check", manifest]));
        // One row more, and the table is named.
        let connection = other.connect().await;
        connection
            .execute_unprepared("INSERT INTO installation VALUES ('thua', '1')")
            .await
            .unwrap();
        let different = there(&["backup", "--check", manifest]);
        refused(&different, "installation:");
        refused(&there(&["restore", manifest]), "RESTORE_DIFFERS");
        connection
            .execute_unprepared("DELETE FROM installation WHERE name = 'thua'")
            .await
            .unwrap();
        let epoch = "SELECT value FROM installation WHERE name = 'epoch'";
        let epoch = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, epoch);
        let before: String = connection
            .query_one_raw(epoch.clone())
            .await
            .unwrap()
            .unwrap()
            .try_get("", "value")
            .unwrap();
        done(&there(&["restore", manifest]));
        let after: String = connection
            .query_one_raw(epoch)
            .await
            .unwrap()
            .unwrap()
            .try_get("", "value")
            .unwrap();
        connection.close().await.unwrap();
        assert_ne!(before, after, "a new epoch");
        refused(
            &installation.cutri(&["backup", installation.data().join("x").to_str().unwrap()]),
            "BACKUP_BY_PG_DUMP",
        );
        println!("{}", said(&check));
    });
}
