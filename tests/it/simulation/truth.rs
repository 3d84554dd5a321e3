//! What must hold when everybody has synced.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Simulation;
use crate::invariants::{
    kept::{everything, places},
    light,
};

impl Simulation<'_> {
    /// Every device in use uploads, reads until nothing is new, and then holds what it should.
    pub(super) async fn all_agree(&mut self) {
        self.step += 1;
        for index in 0..self.devices.len() {
            if !self.devices[index].is_given_up {
                // First it hears whether the database is still the same.
                while self.read_page(index, 1 << 20, false).await {}
                self.upload(index, false).await;
                assert!(self.devices[index].outbox.is_empty());
            }
        }
        for index in 0..self.devices.len() {
            if !self.devices[index].is_given_up {
                // The last page proves the digest.
                while self.read_page(index, 4_096, false).await {}
                self.is_as_fresh(index).await;
            }
        }
        self.no_word_is_lost().await;
        self.nothing_foreign_is_on_a_phone();
    }

    async fn is_as_fresh(&self, index: usize) {
        let phone = &self.devices[index].phone;
        let mut fresh = light(phone.person.clone());
        fresh.pull().await;
        let differing: Vec<_> = fresh
            .rows
            .iter()
            .filter(|(key, row)| phone.rows.get(*key) != Some(row))
            .chain(
                phone
                    .rows
                    .iter()
                    .filter(|(key, _)| !fresh.rows.contains_key(*key)),
            )
            .collect();
        assert!(differing.is_empty(), "device {index}: {differing:#?}");
        assert_eq!(phone.lies, fresh.lies, "device {index}");
        assert_eq!(phone.digest(), fresh.digest(), "device {index}");
    }

    /// Each pushed row is stored, in the history, sealed with a reason, or waiting.
    async fn no_word_is_lost(&self) {
        let all = everything(&self.app().state).await;
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for (mutation, fate) in &self.fates {
            if fate.is_gone || fate.words.is_empty() {
                continue;
            }
            assert!(fate.status.is_some(), "never answered: {fate:?}");
            let places = places(&all, &fate.words);
            // A note has no history: what its author wrote over or deleted is gone, as he wanted.
            if places.is_empty() && fate.collection == "note" && self.is_written_over(mutation) {
                continue;
            }
            if places.is_empty() {
                // Its story: what was said of the row, and every restore and upload beside it.
                for line in self.story.iter().filter(|line| {
                    line.contains(&fate.row)
                        || line.contains(mutation)
                        || line.contains("copy")
                        || line.contains("uploads")
                }) {
                    println!("{line}");
                }
                panic!("lost: {mutation} {fate:?}");
            }
            for place in places {
                *found.entry(place).or_default() += 1;
            }
        }
        println!("{} rows: {found:?}", self.fates.len());
    }

    fn is_written_over(&self, mutation: &str) -> bool {
        let row = &self.fates[mutation].row;
        self.fates.iter().any(|(other, fate)| {
            other != mutation
                && fate.row == *row
                && matches!(fate.status.as_deref(), Some("APPLIED" | "MERGED" | "DUPLICATE"))
        })
    }

    /// Internal words are on the phones of those who may read them today, and nowhere else.
    fn nothing_foreign_is_on_a_phone(&self) {
        let here = self.world.here.council.to_string();
        for (index, device) in self.devices.iter().enumerate() {
            let own = device.login.account.to_string();
            let is_of_here = match index {
                0 | 1 | 2 | 6 => true,
                4 => self.guest.1.is_some(),
                _ => false,
            };
            for ((collection, id), row) in &device.phone.rows {
                if collection == "feedback" || collection == "meetingRecord" || collection == "note" {
                    let is_own = collection == "note" || row["authorId"] == own.as_str();
                    let is_internal = row["councilId"] == here.as_str() || row["councilId"] == Value::Null;
                    let by_role = index == 4 && row["councilId"] == self.world.there.council.to_string();
                    assert!(
                        is_own || (is_of_here && is_internal) || by_role || (index == 3 && !is_internal),
                        "device {index} holds {collection} {id}: {row}"
                    );
                }
            }
        }
    }
}
