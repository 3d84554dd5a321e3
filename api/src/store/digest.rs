//! Sums by which a client proves that it holds what lies in a partition.
//!
//! A row's fingerprint is the first eight bytes of SHA-256 over `id:rev`, read as two 32-bit numbers; a sum adds each
//! modulo 2^32, so that any client can keep it without large numbers, in any order, adding what comes and taking
//! away what goes. The sums of a partition are kept in its clock's transactions: they cost what changed.

use std::collections::BTreeMap;

use entity::sync_digest::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, EntityTrait, ExprTrait,
    sea_query::{Alias, Expr, OnConflict},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::Result;

/// Both halves of a sum stay below this.
const MODULUS: i64 = 1 << 32;

/// How many rows, and the sum of their fingerprints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub count: i64,
    high: u32,
    low: u32,
}

impl Sum {
    /// A row as it is in this version.
    pub fn of(id: Uuid, rev: i64) -> Self {
        let digest = Sha256::digest(format!("{id}:{rev}").as_bytes());
        let half = |from: usize| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(&digest[from..from + 4]);
            u32::from_be_bytes(bytes)
        };
        Self {
            count: 1,
            high: half(0),
            low: half(4),
        }
    }

    /// Adds rows.
    pub fn add(&mut self, other: Self) {
        self.count += other.count;
        self.high = self.high.wrapping_add(other.high);
        self.low = self.low.wrapping_add(other.low);
    }

    /// Takes rows away.
    pub fn take(&mut self, other: Self) {
        self.count -= other.count;
        self.high = self.high.wrapping_sub(other.high);
        self.low = self.low.wrapping_sub(other.low);
    }

    /// The sum as clients get it: 16 hexadecimal digits.
    pub fn hex(self) -> String {
        format!("{:08x}{:08x}", self.high, self.low)
    }

    /// What is stored.
    pub fn stored(row: &entity::sync_digest::Model) -> Self {
        // Both are kept modulo 2^32.
        let half = |kept: i64| u32::try_from(kept.rem_euclid(MODULUS)).unwrap_or_default();
        Self {
            count: row.count,
            high: half(row.high),
            low: half(row.low),
        }
    }
}

/// By how much the sums of partitions change, by partition and collection.
pub(crate) type Differences = BTreeMap<(i64, &'static str), Sum>;

/// Adds the differences to the sums. The clocks of their partitions must be held.
pub(crate) async fn write<C: ConnectionTrait>(tx: &C, differences: &Differences) -> Result<()> {
    let rows: Vec<ActiveModel> = differences
        .iter()
        .filter(|(_, sum)| **sum != Sum::default())
        .map(|((partition, collection), sum)| ActiveModel {
            partition: Set(*partition),
            collection: Set((*collection).to_owned()),
            count: Set(sum.count),
            high: Set(sum.high.into()),
            low: Set(sum.low.into()),
        })
        .collect();
    let plus = |column: Column| Expr::col((Entity, column)).add(Expr::col((Alias::new("excluded"), column)));
    for rows in rows.chunks(1_000) {
        Entity::insert_many(rows.to_vec())
            .on_conflict(
                OnConflict::columns([Column::Partition, Column::Collection])
                    .value(Column::Count, plus(Column::Count))
                    .value(Column::High, plus(Column::High).modulo(MODULUS))
                    .value(Column::Low, plus(Column::Low).modulo(MODULUS))
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fingerprint_is_what_the_protocol_says() {
        // printf '01890a5d-ac96-774b-bcce-b302099a8057:3' | sha256sum | cut -c1-16
        let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        assert_eq!(Sum::of(id, 3).hex(), "39c63bbaa3bb4bf3");
    }

    proptest! {
        #[test]
        fn what_is_added_and_taken_away_leaves_nothing(rows: Vec<(u128, i64)>) {
            let mut sum = Sum::default();
            for (id, rev) in &rows {
                sum.add(Sum::of(Uuid::from_u128(*id), *rev));
            }
            for (id, rev) in rows.iter().rev() {
                sum.take(Sum::of(Uuid::from_u128(*id), *rev));
            }
            prop_assert_eq!(sum, Sum::default());
        }
    }
}
