//! What `cutri doctor` finds.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use cutri_tests::{Kind, TestDatabase, each_db};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};

use super::{cutri, finds, folder, installation, said};

#[tokio::test]
async fn the_doctor_names_what_is_missing_around_a_database() {
    let empty = folder();
    let absent = empty.path().join("data");
    let examined = cutri(
        empty.path(),
        &["doctor"],
        &[("CUTRI_DATA", absent.to_str().unwrap())],
    );
    finds(&examined, "Thư mục dữ liệu", "chưa có");
    finds(&examined, "Khóa", "MISSING");
    finds(
        &examined,
        "Cơ sở dữ liệu",
        "chưa có; hãy chạy cutri serve hoặc cutri migrate",
    );
    assert!(!absent.exists(), "it only looks");

    let db = installation().await;
    let folder = db.folder();
    assert!(cutri(folder, &["migrate"], &[]).status.success());
    let doctor = || cutri(folder, &["doctor"], &[]);
    let nowhere = [("DATABASE_URL", "postgres://cutri@127.0.0.1:1/cutri")];
    finds(
        &cutri(folder, &["doctor"], &nowhere),
        "Cơ sở dữ liệu",
        "127.0.0.1:1",
    );

    let files = folder.join("files");
    fs::create_dir_all(&files).unwrap();
    fs::set_permissions(&files, Permissions::from_mode(0o755)).unwrap();
    finds(&doctor(), "Kho tệp", "DATA_OPEN_TO_OTHERS");
    fs::remove_dir_all(&files).unwrap();
    let told = doctor();
    assert!(told.status.success(), "{}", said(&told));
    assert!(
        said(&told).contains("warn  Kho tệp: ") && said(&told).contains("cutri serve sẽ tạo"),
        "{}",
        said(&told)
    );
    assert!(!files.exists(), "it only looks");

    // The rows came back from a backup, the files did not.
    fs::create_dir(&files).unwrap();
    fs::set_permissions(&files, Permissions::from_mode(0o700)).unwrap();
    assert!(doctor().status.success(), "{}", said(&doctor()));
    let beside = db.connect().await;
    let arrived = entity::file::Model {
        sha256: "0".repeat(64),
        object: uuid::Uuid::now_v7(),
        stored_sha256: "0".repeat(64),
        size: 3,
        media_type: "image/jpeg".to_owned(),
        at: chrono::Utc::now(),
    };
    let row: entity::file::ActiveModel = arrived.into_active_model();
    entity::file::Entity::insert(row.reset_all())
        .exec_without_returning(&beside)
        .await
        .unwrap();
    beside.close().await.unwrap();
    finds(&doctor(), "Kho tệp", "thiếu 1 trong 1 tệp xem thử");
}

each_db! {
    async fn the_doctor_names_what_is_broken_in_a_database(db: TestDatabase) {
        let (folder, environment) = (db.folder(), [("DATABASE_URL", db.url())]);
        assert!(cutri(folder, &["migrate"], &environment).status.success());
        let doctor = || cutri(folder, &["doctor"], &environment);
        let is_well = |after: &str| {
            let examined = doctor();
            assert!(examined.status.success(), "after {after}: {}", said(&examined));
            said(&examined)
        };
        is_well("the making");
        let beside = db.connect().await;
        // What breaks it, what mends it, the line, its words.
        for (breaks, mends, about, words) in [
            (
                "CREATE TABLE kept AS SELECT * FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations); \
                 DELETE FROM seaql_migrations WHERE version = (SELECT version FROM kept)",
                "INSERT INTO seaql_migrations SELECT * FROM kept; DROP TABLE kept",
                "Cấu trúc",
                "thiếu 1 bước; hãy chạy cutri migrate",
            ),
            (
                "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_later', 0)",
                "DELETE FROM seaql_migrations WHERE version = 'm29991231_000001_later'",
                "Cấu trúc",
                "m29991231_000001_later",
            ),
            (
                "UPDATE sync_log SET seq = seq + 4000000000000000000 WHERE seq = (SELECT max(seq) FROM sync_log)",
                "UPDATE sync_log SET seq = seq - 4000000000000000000 WHERE seq > 4000000000000000000",
                "Đồng bộ",
                "đi trước đồng hồ của phân vùng shared",
            ),
            (
                "UPDATE sync_digest SET count = count + 1",
                "UPDATE sync_digest SET count = count - 1",
                "Tổng đối chiếu",
                "khác với nhật ký",
            ),
            (
                "UPDATE sync_doc SET doc = doc || ' '",
                "UPDATE sync_doc SET doc = rtrim(doc)",
                "Tài liệu đồng bộ",
                "tài liệu khác với dữ liệu gốc, trong đó có: unit/",
            ),
        ] {
            for statement in breaks.split("; ") {
                beside.execute_unprepared(statement).await.unwrap();
            }
            finds(&doctor(), about, words);
            for statement in mends.split("; ") {
                beside.execute_unprepared(statement).await.unwrap();
            }
            is_well(mends);
        }

        // Somebody set the machine's clock back: what happened last lies in the future.
        let tomorrow = entity::event::Model {
            id: entity::id::EventId(uuid::Uuid::from_u128(u128::MAX)),
            kind: "feedback".to_owned(),
            row_id: uuid::Uuid::now_v7(),
            event: "recorded".to_owned(),
            actor_id: None,
            device_id: None,
            council_id: None,
            basis: None,
            detail: None,
            at: chrono::Utc::now() + chrono::Duration::days(1),
        };
        let row: entity::event::ActiveModel = tomorrow.into_active_model();
        entity::event::Entity::insert(row.reset_all()).exec_without_returning(&beside).await.unwrap();
        finds(&doctor(), "Đồng hồ máy", "chậm hơn sự kiện mới nhất");
        entity::event::Entity::delete_many().exec(&beside).await.unwrap();
        is_well("the clock");

        // A database that knows no key yet is nothing broken, and said all the same.
        beside.execute_unprepared("DELETE FROM installation WHERE name LIKE 'key:%'").await.unwrap();
        let told = is_well("the fingerprints");
        assert!(told.contains("warn  Dấu vân tay của khóa: cơ sở dữ liệu chưa ghi khóa nào"), "{told}");
        beside.close().await.unwrap();
    }

    /// A file that its owner may only read: nothing was found wrong, and no server ran. (Root may write it all the same,
    /// so that here the address says it.)
    async fn the_doctor_finds_a_database_that_takes_no_writes(db: TestDatabase) {
        let (folder, environment) = (db.folder(), [("DATABASE_URL", db.url())]);
        assert!(cutri(folder, &["migrate"], &environment).status.success());
        let well = cutri(folder, &["doctor"], &environment);
        assert!(well.status.success() && said(&well).contains("ok    Quyền ghi: "), "{}", said(&well));
        let only_read = match db.kind() {
            Kind::Sqlite => format!("{}?mode=ro", db.url().split('?').next().unwrap()),
            Kind::Postgres => {
                let sign = if db.url().contains('?') { '&' } else { '?' };
                format!("{}{sign}options[default_transaction_read_only]=on", db.url())
            }
        };
        let examined = cutri(folder, &["doctor"], &[("DATABASE_URL", &only_read)]);
        finds(&examined, "Quyền ghi", "không ghi được vào cơ sở dữ liệu");
    }
}
