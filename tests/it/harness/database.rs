use cutri_tests::{Kind, TestDatabase, byte_search, each_db};
use migration::Migrator;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, Statement};
use sea_orm_migration::MigratorTrait;
use std::sync::atomic::{AtomicUsize, Ordering};

static PREPARED: AtomicUsize = AtomicUsize::new(0);

async fn prepare(url: String) {
    PREPARED.fetch_add(1, Ordering::SeqCst);
    let db = Database::connect(ConnectOptions::new(url)).await.unwrap();
    db.execute_unprepared("CREATE TABLE word (text TEXT NOT NULL)")
        .await
        .unwrap();
    db.execute_unprepared("INSERT INTO word VALUES ('cử tri')")
        .await
        .unwrap();
    db.close().await.unwrap();
}

async fn words(db: &TestDatabase) -> Vec<String> {
    let connection = db.connect().await;
    let select = Statement::from_string(connection.get_database_backend(), "SELECT text FROM word");
    let rows = connection.query_all_raw(select).await.unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn add(db: &TestDatabase, word: &str) {
    let connection = db.connect().await;
    connection
        .execute_unprepared(&format!("INSERT INTO word VALUES ('{word}')"))
        .await
        .unwrap();
    connection.close().await.unwrap();
}

each_db! {
    async fn copies_share_the_template_and_nothing_else(db: TestDatabase) {
        let copies = tokio::join!(
            TestDatabase::from_template(db.kind(), "words", prepare),
            TestDatabase::from_template(db.kind(), "words", prepare),
        );
        // One for each kind at most; none where an earlier run of this build has left its template.
        assert!(PREPARED.load(Ordering::SeqCst) <= 2);
        add(&copies.0, "đại biểu").await;
        assert_eq!(words(&copies.0).await, ["cử tri", "đại biểu"]);
        assert_eq!(words(&copies.1).await, ["cử tri"]);
    }

    async fn stored_bytes_can_be_searched(db: TestDatabase) {
        let db = TestDatabase::from_template(db.kind(), "words", prepare).await;
        add(&db, "planted-7f3a9c").await;
        let found = byte_search::files_with(&db.stored_in().await, &[b"planted-7f3a9c", b"never-planted-1"]);
        assert!(!found.is_empty() && found.iter().all(|(_, index)| *index == 0), "{found:?}");
    }

    async fn a_fresh_database_is_migrated(db: TestDatabase) {
        let connection = db.connect().await;
        assert_eq!(Migrator::get_pending_migrations(&connection).await.unwrap().len(), 0);
        connection.close().await.unwrap();
    }

    async fn an_empty_database_has_no_table(db: TestDatabase) {
        let db = TestDatabase::empty(db.kind()).await;
        let connection = db.connect().await;
        assert!(connection.execute_unprepared("SELECT 1 FROM word").await.is_err());
        connection.close().await.unwrap();
    }

    async fn nothing_is_left_behind(db: TestDatabase) {
        let (url, folder) = (db.url().to_owned(), db.folder().to_owned());
        // An open connection, as of a server that was not stopped, must not keep it alive.
        let connection = db.connect().await;
        let kind = db.kind();
        drop(db);
        drop(connection);
        assert!(!folder.exists());
        if kind == Kind::Postgres {
            assert!(Database::connect(ConnectOptions::new(url)).await.is_err());
        }
    }
}
