//! Counts open connections, so that one address cannot take the places of all others.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use super::{Connections, address};
use crate::error::Code;

/// All places of a server. Without limits everything is counted and nothing refused.
pub(super) struct Seats {
    limits: Option<Connections>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
    by_account: HashMap<Uuid, usize>,
}

/// The place of one connection, given back when it is dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    holder: Mutex<Holder>,
}

#[derive(Clone, Copy)]
enum Holder {
    /// A proxy that the operator named stands for many people.
    Proxy,
    Address(IpAddr),
    Account(Uuid),
}

impl Seats {
    pub(super) fn new(limits: Option<Connections>) -> Self {
        Self {
            limits,
            taken: Mutex::default(),
        }
    }

    /// How many connections are open.
    pub(super) fn taken(&self) -> usize {
        locked(&self.taken).total
    }

    /// A place for a new connection.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr, is_proxy: bool) -> Result<Seat, Code> {
        let mut taken = locked(&self.taken);
        if self.limits.is_some_and(|limits| taken.total >= limits.total) {
            return Err(Code::Unavailable);
        }
        let holder = if is_proxy {
            Holder::Proxy
        } else {
            let address = address::counted(peer);
            let most = self.limits.map(|limits| limits.per_address);
            if !take(&mut taken.by_address, address, most) {
                return Err(Code::RateLimited);
            }
            Holder::Address(address)
        };
        taken.total += 1;
        Ok(Seat {
            seats: Arc::clone(self),
            holder: Mutex::new(holder),
        })
    }
}

impl Seat {
    /// From now on the connection counts for an account and no longer for its address. The first account
    /// decides: a connection that is used by several is a proxy's.
    pub(super) fn belongs_to(&self, account: Uuid) -> Result<(), Code> {
        let mut holder = locked(&self.holder);
        let Holder::Address(address) = *holder else {
            return Ok(());
        };
        let mut taken = locked(&self.seats.taken);
        let most = self.seats.limits.map(|limits| limits.per_account);
        if !take(&mut taken.by_account, account, most) {
            return Err(Code::RateLimited);
        }
        give_back(&mut taken.by_address, address);
        *holder = Holder::Account(account);
        Ok(())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = locked(&self.seats.taken);
        taken.total = taken.total.saturating_sub(1);
        match *locked(&self.holder) {
            Holder::Proxy => {}
            Holder::Address(address) => give_back(&mut taken.by_address, address),
            Holder::Account(account) => give_back(&mut taken.by_account, account),
        }
    }
}

fn take<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K, most: Option<usize>) -> bool {
    let count = counts.entry(key).or_default();
    let free = most.is_none_or(|most| *count < most);
    *count += usize::from(free);
    free
}

fn give_back<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

/// Counting cannot leave the map half changed, so a panic elsewhere does not spoil it.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("address")
    }

    #[test]
    fn strangers_are_counted_by_address_and_accounts_by_account() {
        let limits = Connections {
            per_address: 2,
            per_account: 2,
            total: 6,
        };
        let seats = Arc::new(Seats::new(Some(limits)));
        let sit = |from: &str| seats.admit(address(from), false);
        let (a, b) = (
            sit("192.0.2.1").expect("first"),
            sit("192.0.2.1").expect("second"),
        );
        assert_eq!(sit("192.0.2.1").err(), Some(Code::RateLimited));
        let account = Uuid::from_u128(1);
        a.belongs_to(account).expect("account");
        a.belongs_to(account).expect("said twice, counted once");
        let c = sit("192.0.2.1").expect("the place at the address is free again");
        b.belongs_to(account).expect("second of the account");
        assert_eq!(c.belongs_to(account), Err(Code::RateLimited));
        drop(a);
        c.belongs_to(account).expect("a place is free again");
        let proxies: Vec<_> = (0..4)
            .map(|_| seats.admit(address("10.0.0.1"), true).expect("proxy"))
            .collect();
        assert_eq!(sit("192.0.2.9").err(), Some(Code::Unavailable));
        drop((b, c, proxies));
        assert_eq!(seats.taken(), 0);
        let taken = locked(&seats.taken);
        assert!(taken.by_address.is_empty() && taken.by_account.is_empty());
    }

    #[test]
    fn sixty_four_of_an_address_and_four_thousand_in_all() {
        let seats = Arc::new(Seats::new(Some(Connections::default())));
        let mut all = Vec::new();
        for index in 0..4_000u32 {
            let from = IpAddr::from((0x0a00_0000 + index / 64).to_be_bytes());
            all.push(seats.admit(from, false).expect("a place"));
        }
        assert_eq!(
            seats.admit(address("192.0.2.1"), false).err(),
            Some(Code::Unavailable)
        );
        all.truncate(64);
        assert_eq!(
            seats.admit(address("10.0.0.0"), false).err(),
            Some(Code::RateLimited)
        );
        let free = Arc::new(Seats::new(None));
        let _many: Vec<_> = (0..5_000)
            .map(|_| free.admit(address("10.0.0.0"), false).expect("free"))
            .collect();
    }
}
