//! The database: its settings, its migrations, whose keys it knows, its clocks, and whether its documents are those
//! that would be written today.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Duration, Utc};
use entity::{event, sync_digest, sync_doc, sync_log};
use migration::Migrator;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sea_orm_migration::MigratorTrait;
use uuid::Uuid;

use crate::{
    clock::{Clock, SystemClock, wire},
    error::{Error, Result, describe},
    installation,
    keys::Keys,
    start,
    store::{Fault, Store, digest::Sum, durability, fault, rebuild, reference::Reference, sql::Sql},
    sync::registry::LOGGED,
};

use super::Findings;

/// Documents of each collection that are made again.
const SAMPLE: u64 = 200;
/// Years in which the machine's clock is believed.
const YEARS: std::ops::RangeInclusive<i32> = 2025..=2100;

pub(super) async fn examine(store: &Store, keys: Option<&Keys>, findings: &mut Findings) -> Result<()> {
    let settings = store.durability().await?;
    let shown: Vec<String> = settings
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    findings.ok("Cơ sở dữ liệu", shown.join(", "));
    if let Some(line) = durability::too_old(&settings) {
        findings.warn("Phiên bản PostgreSQL", line);
    }
    if !migrations(store, findings).await {
        return Ok(());
    }
    writing(store, findings).await;
    fingerprints(store, keys, findings).await?;
    clock(store, SystemClock.now(), findings).await?;
    sync_clocks(store, findings).await?;
    sums(store, findings).await?;
    documents(store, findings).await
}

/// Whether the structure is the one that this program knows.
async fn migrations(store: &Store, findings: &mut Findings) -> bool {
    match Migrator::get_pending_migrations_read_only(store.read()).await {
        Ok(pending) if pending.is_empty() => {
            findings.ok("Cấu trúc", format!("đủ {} bước", Migrator::migrations().len()));
            true
        }
        Ok(pending) => {
            findings.fail(
                "Cấu trúc",
                format!("thiếu {} bước; hãy chạy cutri migrate", pending.len()),
            );
            false
        }
        Err(cause) => {
            // The library's own words: a step that this program does not know, because a newer one was here.
            findings.fail("Cấu trúc", describe(&cause));
            false
        }
    }
}

/// Whether it would keep what people send: a file without the right to write it, or a standby, can be read like any other,
/// and no server runs on it.
async fn writing(store: &Store, findings: &mut Findings) {
    const ABOUT: &str = "Quyền ghi";
    match write_nothing(store).await {
        Ok(()) => findings.ok(ABOUT, "ghi được vào cơ sở dữ liệu"),
        // Somebody else is writing.
        Err(Error::Database(cause)) if fault(&cause) == Fault::Met => {
            findings.ok(ABOUT, "ghi được vào cơ sở dữ liệu");
        }
        Err(error) => findings.fail(
            ABOUT,
            format!(
                "không ghi được vào cơ sở dữ liệu, cutri serve sẽ không chạy; hãy kiểm chủ sở hữu và quyền của tệp, hoặc \
                 quyền của người dùng trong DATABASE_URL [cannot be written]: {}",
                start::Failure::from(error)
            ),
        ),
    }
}

/// A statement that writes, for no row.
async fn write_nothing(store: &Store) -> Result<()> {
    let tx = store.begin().await?;
    Sql::new(
        store.backend(),
        "UPDATE installation SET value = value WHERE 1 = 0",
    )
    .run(&tx)
    .await?;
    tx.rollback().await?;
    Ok(())
}

async fn fingerprints(store: &Store, keys: Option<&Keys>, findings: &mut Findings) -> Result<()> {
    const ABOUT: &str = "Dấu vân tay của khóa";
    let Some(keys) = keys else { return Ok(()) };
    let stored = installation::fingerprints(store).await?;
    match keys.verify_fingerprints(&stored) {
        Err(mismatch) => findings.fail(ABOUT, mismatch.to_string()),
        Ok(()) if stored.is_empty() => {
            findings.warn(ABOUT, "cơ sở dữ liệu chưa ghi khóa nào; hãy chạy cutri serve")
        }
        Ok(()) => findings.ok(ABOUT, "khớp với cơ sở dữ liệu"),
    }
    Ok(())
}

/// Whether the machine's clock can be right.
async fn clock(store: &Store, now: DateTime<Utc>, findings: &mut Findings) -> Result<()> {
    const ABOUT: &str = "Đồng hồ máy";
    let newest: Option<DateTime<Utc>> = event::Entity::find()
        .select_only()
        .column(event::Column::At)
        .order_by_desc(event::Column::Id)
        .into_tuple()
        .one(store.read())
        .await?;
    let said = wire(now);
    if !YEARS.contains(&now.year()) {
        findings.fail(ABOUT, format!("{said}: năm không thể đúng; hãy chỉnh giờ (NTP)"));
    } else if let Some(newest) = newest.filter(|newest| *newest > now + Duration::minutes(1)) {
        findings.fail(
            ABOUT,
            format!(
                "{said}: chậm hơn sự kiện mới nhất ({}); hãy chỉnh giờ (NTP)",
                wire(newest)
            ),
        );
    } else {
        findings.ok(ABOUT, said);
    }
    Ok(())
}

/// No entry of the log may be ahead of its partition's clock, and each partition has one.
async fn sync_clocks(store: &Store, findings: &mut Findings) -> Result<()> {
    const ABOUT: &str = "Đồng bộ";
    let rows = Sql::new(
        store.backend(),
        "SELECT name, seq, newest FROM (SELECT p.name AS name, c.seq AS seq, \
         (SELECT max(l.seq) FROM sync_log l WHERE l.partition = p.id) AS newest \
         FROM sync_partition p LEFT JOIN sync_clock c ON c.id = p.clock) all_partitions \
         WHERE newest IS NOT NULL AND (seq IS NULL OR newest > seq) ORDER BY name LIMIT 3",
    )
    .all(store.read())
    .await?;
    let names = rows
        .iter()
        .map(|row| row.try_get::<String>("", "name"))
        .collect::<Result<Vec<_>, _>>()?;
    if names.is_empty() {
        findings.ok(ABOUT, "nhật ký không đi trước đồng hồ của phân vùng nào");
    } else {
        findings.fail(
            ABOUT,
            format!(
                "nhật ký đi trước đồng hồ của phân vùng {}; cơ sở dữ liệu bị chép dở, hãy khôi phục bản sao lưu",
                names.join(", ")
            ),
        );
    }
    Ok(())
}

/// Whether the sums by which devices prove that they are whole are those of the log, in the partitions that changed
/// last.
async fn sums(store: &Store, findings: &mut Findings) -> Result<()> {
    const ABOUT: &str = "Tổng đối chiếu";
    let lately = sync_log::Entity::find()
        .select_only()
        .column(sync_log::Column::Partition)
        .order_by_desc(sync_log::Column::Seq)
        .limit(SAMPLE)
        .into_tuple::<i64>()
        .all(store.read())
        .await?;
    let partitions: BTreeSet<i64> = lately.into_iter().collect();
    let mut counted: BTreeMap<(i64, String), Sum> = BTreeMap::new();
    for row in sync_log::Entity::find()
        .filter(sync_log::Column::Partition.is_in(partitions.iter().copied()))
        .filter(sync_log::Column::Op.eq("put"))
        .all(store.read())
        .await?
    {
        counted
            .entry((row.partition, row.collection))
            .or_default()
            .add(Sum::of(row.row_id, row.rev));
    }
    let stored: BTreeMap<(i64, String), Sum> = sync_digest::Entity::find()
        .filter(sync_digest::Column::Partition.is_in(partitions.iter().copied()))
        .filter(sync_digest::Column::Count.ne(0))
        .all(store.read())
        .await?
        .iter()
        .map(|row| ((row.partition, row.collection.clone()), Sum::stored(row)))
        .collect();
    if counted == stored {
        findings.ok(ABOUT, format!("{} phân vùng xem thử đều khớp", partitions.len()));
    } else {
        findings.fail(ABOUT, "khác với nhật ký; điện thoại sẽ thấy mình thiếu dữ liệu");
    }
    Ok(())
}

/// Whether stored documents are the same that would be written now.
async fn documents(store: &Store, findings: &mut Findings) -> Result<()> {
    const ABOUT: &str = "Tài liệu đồng bộ";
    let reference = Reference::load(store.read()).await?;
    let (mut looked_at, mut different) = (0, Vec::new());
    for collection in LOGGED {
        let stored = sync_doc::Entity::find()
            .filter(sync_doc::Column::Collection.eq(collection.name()))
            .order_by_desc(sync_doc::Column::RowId)
            .limit(SAMPLE)
            .all(store.read())
            .await?;
        let ids: BTreeSet<Uuid> = stored.iter().map(|document| document.row_id).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        looked_at += stored.len();
        let found = rebuild::differences(store.read(), *collection, &reference, &ids).await?;
        different.extend(found.iter().map(|one| format!("{}/{}", one.collection, one.row)));
    }
    if different.is_empty() {
        findings.ok(
            ABOUT,
            format!("{looked_at} tài liệu xem thử đều khớp với dữ liệu gốc"),
        );
    } else {
        different.truncate(3);
        findings.fail(
            ABOUT,
            format!(
                "tài liệu khác với dữ liệu gốc, trong đó có: {}",
                different.join(", ")
            ),
        );
    }
    Ok(())
}
