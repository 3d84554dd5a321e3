//! What the processes that serve one PostgreSQL database call out to each other: which partitions changed, and whose rights.
//!
//! A call is a hint and may be lost; the clocks are looked at in any case, and that alone suffices. It is sent after the
//! commit, on a connection of its own, for all commits within [`TOGETHER`]: a NOTIFY inside the transactions themselves
//! would put all commits of the database in one line. Where a pooler in transaction mode stands before the database,
//! LISTEN does not work and the setting turns it off.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use sea_orm::sqlx::{
    self, Pool, Postgres,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::{task::JoinHandle, time::sleep};
use uuid::Uuid;

use super::wake::Wake;
use crate::entropy::{self, Entropy};

/// The channel; it belongs to the database, so that two installations on one server do not hear each other.
const CHANNEL: &str = "cutri";
/// Commits within this time are called out together.
const TOGETHER: Duration = Duration::from_millis(20);
/// After a fault.
const AGAIN: Duration = Duration::from_secs(1);
/// PostgreSQL takes less than 8,000 bytes.
const LONGEST: usize = 7_900;
/// Of more than fit in so many calls it is only said that something changed.
const MOST_CALLS: usize = 4;
/// Stands for partitions that are not named.
const SOMETHING: &str = "*";
/// Stands before a tick of the clock of rights and the accounts whose rights changed with it.
const RIGHTS: &str = "rights";
/// Of more accounts it is not told whose rights changed: one call holds so many.
const MOST_ACCOUNTS: usize = 200;

/// Calling and being called, until it is dropped.
pub struct Neighbours([JoinHandle<()>; 2]);

impl Drop for Neighbours {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

impl Neighbours {
    /// Begins to call out what is committed here, and to hear what others call.
    pub fn meet(url: &str, wake: &Wake, entropy: &dyn Entropy) -> Self {
        let me = format!("{:016x}", u64::from_be_bytes(entropy::bytes(entropy)));
        wake.tell_neighbours();
        Self([
            tokio::spawn(hear(url.to_owned(), wake.clone(), me.clone())),
            tokio::spawn(say(url.to_owned(), wake.clone(), me)),
        ])
    }
}

async fn hear(url: String, wake: Wake, me: String) {
    loop {
        if let Err(cause) = listen(&url, &wake, &me).await {
            tracing::debug!(%cause, "what other servers call out is not heard");
        }
        sleep(AGAIN).await;
    }
}

async fn listen(url: &str, wake: &Wake, me: &str) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    tracing::info!("hearing what other servers of this database write");
    loop {
        // Whatever was called while nobody listened here.
        wake.something();
        while let Some(call) = listener.try_recv().await? {
            let Some((sender, said)) = read(call.payload()) else {
                continue;
            };
            if sender == me {
                continue;
            }
            tracing::debug!(?said, "called by another server");
            match said {
                Said::Partitions(partitions) => wake.heard_of(partitions),
                Said::Rights(at, accounts) => wake.heard_of_rights(at, accounts),
                Said::Something => wake.something(),
            }
        }
    }
}

async fn say(url: String, wake: Wake, me: String) {
    let mut pool = None;
    loop {
        wake.to_tell().await;
        sleep(TOGETHER).await;
        let partitions = wake.untold();
        // Taken after the partitions of the same commits, and said before them: whoever is woken knows whose rights changed.
        let mut calls_out = calls_of_rights(&me, &wake.untold_rights());
        calls_out.extend(calls(&me, &partitions));
        let connection = match &pool {
            Some(pool) => pool,
            None => match lazily(&url) {
                Ok(made) => pool.insert(made),
                Err(cause) => {
                    tracing::debug!(%cause, "nothing can be called out");
                    sleep(AGAIN).await;
                    continue;
                }
            },
        };
        for call in calls_out {
            let sent = sqlx::query("SELECT pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(call)
                .execute(connection)
                .await;
            if let Err(cause) = sent {
                // The others look at the clocks.
                tracing::debug!(%cause, "a call was lost");
                sleep(AGAIN).await;
                break;
            }
        }
    }
}

/// One connection, which comes back by itself.
fn lazily(url: &str) -> Result<Pool<Postgres>, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(3))
        .connect_lazy(url)
}

/// What is sent for these partitions.
fn calls(me: &str, partitions: &BTreeSet<i64>) -> Vec<String> {
    let mut calls: Vec<String> = Vec::new();
    for partition in partitions {
        let number = format!(" {partition}");
        match calls
            .last_mut()
            .filter(|call| call.len() + number.len() <= LONGEST)
        {
            Some(call) => call.push_str(&number),
            None => calls.push(format!("{me}{number}")),
        }
    }
    if calls.len() > MOST_CALLS {
        return vec![format!("{me} {SOMETHING}")];
    }
    calls
}

/// What is sent for these ticks of the clock of rights. An earlier release takes it for something that changed.
fn calls_of_rights(me: &str, ticks: &BTreeMap<i64, Arc<BTreeSet<Uuid>>>) -> Vec<String> {
    ticks
        .iter()
        .filter(|(_, accounts)| accounts.len() <= MOST_ACCOUNTS)
        .map(|(at, accounts)| {
            let accounts: String = accounts.iter().map(|account| format!(" {account}")).collect();
            format!("{me} {RIGHTS} {at}{accounts}")
        })
        .collect()
}

/// What another process called out.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Partitions(BTreeSet<i64>),
    Rights(i64, BTreeSet<Uuid>),
    Something,
}

/// The sender, and what he said.
fn read(call: &str) -> Option<(&str, Said)> {
    let (sender, rest) = call.split_once(' ')?;
    let mut words = rest.split(' ').peekable();
    let said = if words.next_if_eq(&RIGHTS).is_some() {
        let at = words.next().and_then(|at| at.parse::<i64>().ok());
        let accounts: Result<BTreeSet<Uuid>, _> = words.map(str::parse).collect();
        at.zip(accounts.ok())
            .map(|(at, accounts)| Said::Rights(at, accounts))
    } else {
        let partitions: Result<BTreeSet<i64>, _> = words.map(str::parse).collect();
        partitions.ok().map(Said::Partitions)
    };
    // It may not be said of which, and a later release may say it otherwise: then something changed.
    Some((sender, said.unwrap_or(Said::Something)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_out_is_heard_whole() {
        for many in [1_usize, 2, 374, 375, 376, 1_400] {
            let partitions: BTreeSet<i64> = (0..many as i64).map(|one| i64::MIN + one).collect();
            let calls = calls("me", &partitions);
            assert!(calls.iter().all(|call| call.len() < 8_000), "{many}");
            let heard: BTreeSet<i64> = calls
                .iter()
                .flat_map(|call| match read(call).unwrap().1 {
                    Said::Partitions(partitions) => partitions,
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(heard, partitions);
        }
    }

    #[test]
    fn of_too_many_it_is_said_that_something_changed() {
        let calls = calls("me", &(0..1_600).map(|one| i64::MIN + one).collect());
        assert_eq!(calls.len(), 1);
        assert_eq!(read(&calls[0]), Some(("me", Said::Something)));
        assert_eq!(read("me of-a-later-release"), Some(("me", Said::Something)));
        assert_eq!(
            read("me rights of-a-later-release"),
            Some(("me", Said::Something))
        );
        assert_eq!(read("nothing"), None);
    }

    #[test]
    fn whose_rights_changed_is_heard_or_not_said() {
        let accounts = |many: u128| -> Arc<BTreeSet<Uuid>> {
            Arc::new((0..many).map(|one| Uuid::from_u128(u128::MAX - one)).collect())
        };
        let most = MOST_ACCOUNTS as u128;
        let ticks: BTreeMap<i64, Arc<BTreeSet<Uuid>>> = BTreeMap::from([
            (i64::MAX, accounts(most)),
            (65_536, accounts(0)),
            (131_072, accounts(most + 1)),
        ]);
        let calls = calls_of_rights("0123456789abcdef", &ticks);
        assert!(calls.iter().all(|call| call.len() < 8_000));
        let heard: Vec<Said> = calls.iter().map(|call| read(call).unwrap().1).collect();
        let expected = [65_536, i64::MAX].map(|at| Said::Rights(at, BTreeSet::clone(&ticks[&at])));
        assert_eq!(heard, expected);
    }
}
