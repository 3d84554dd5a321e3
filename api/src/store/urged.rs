//! How often bodies were urged for petitions, for a working set.

use std::collections::BTreeSet;

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{sql::Sql, working::Working};
use crate::error::Result;

/// Bodies that one statement asks about: SQLite takes at most 500 parts.
const AT_ONCE: usize = 200;

impl Working {
    /// Which urging for a petition was the last of each of these bodies: read from the end of an index, however many there
    /// were.
    pub(super) async fn load_urged<C: ConnectionTrait>(
        &mut self,
        conn: &C,
        pairs: &BTreeSet<(Uuid, Option<Uuid>)>,
    ) -> Result<()> {
        let pairs: Vec<(Uuid, Option<Uuid>)> = pairs.iter().copied().collect();
        for pairs in pairs.chunks(AT_ONCE) {
            let mut sql = Sql::new(conn.get_database_backend(), "");
            for (place, (petition, body)) in pairs.iter().enumerate() {
                if place > 0 {
                    sql.push(" UNION ALL ");
                }
                sql.push(&format!(
                    "SELECT {place} AS place, (SELECT ordinal FROM urging WHERE target_id = "
                ));
                sql.bind(*petition);
                match body {
                    Some(body) => sql.push(" AND to_agency_id = ").bind(*body),
                    None => sql.push(" AND to_agency_id IS NULL"),
                };
                sql.push(" ORDER BY ordinal DESC LIMIT 1) AS latest");
            }
            for row in sql.all(conn).await? {
                let place: i32 = row.try_get("", "place")?;
                let latest: Option<i32> = row.try_get("", "latest")?;
                let pair = usize::try_from(place).ok().and_then(|place| pairs.get(place));
                if let (Some(pair), Some(latest)) = (pair, latest) {
                    self.urged.insert(*pair, latest);
                }
            }
        }
        Ok(())
    }
}
