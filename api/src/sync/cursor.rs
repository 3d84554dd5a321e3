//! The checkpoint: an opaque, signed token that says how far a device has read.
//!
//! Signed, because an unsigned one would let a client claim a partition that it never had and fetch the ids of
//! its rows as purges. Rights are never read from it, only positions.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::id::{AccountId, DeviceId};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

use crate::{
    error::{Code, Error, Result},
    keys::{Keys, Purpose},
};

const FORMAT: u8 = 2;
/// Before starts of servers were noted.
const WITHOUT_START: u8 = 1;
/// With parts beside the first.
const IN_PARTS: u8 = 3;
const MAC: usize = 16;
/// Longer than any cursor of a viewer with a thousand partitions who reads collection by collection.
const LONGEST: usize = 400_000;

/// How far one partition has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Everything up to the clock's position.
    Level,
    /// New to this device: everything above the clock's position then is read like the rest, and what was there
    /// before is read downwards; all above this sequence number has been sent.
    Backfill(i64),
    /// The same for a partition that was won when others had been read: rows that the device has already are sent
    /// again, so that it knows that they lie here too.
    Gained(i64),
    /// Lost: ids are being sent as gone, upwards; all up to this sequence number have been.
    Purge(i64),
}

/// How far a device has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub account: AccountId,
    pub device: DeviceId,
    pub epoch: Uuid,
    /// The newest start of a server that the database knew; zero if none. See [`crate::starts`].
    pub seen: i64,
    /// Which collections it covers, one bit each.
    pub collections: u64,
    /// Positions by clock, clocks by the first 8 bytes of their name's digest.
    pub clocks: BTreeMap<i64, i64>,
    /// Partitions by number.
    pub partitions: BTreeMap<i64, Reading>,
    /// Other collections, that have been read less far. No two parts have one in common.
    pub beside: Vec<Part>,
}

/// How far some collections have been read, where not all have been read equally far: some were asked for later than
/// others, or are not asked for any more. Their positions are kept, since only from there what is gone can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whether they are asked for; else they rest as they are until they are.
    pub wanted: bool,
    /// One bit each.
    pub collections: u64,
    /// Positions by clock.
    pub clocks: BTreeMap<i64, i64>,
    /// Partitions by number.
    pub partitions: BTreeMap<i64, Reading>,
}

/// The number of a clock in a cursor.
pub fn clock_key(name: &str) -> i64 {
    let digest = Sha256::digest(name.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

impl Cursor {
    /// The start: nothing read yet.
    pub fn start(account: AccountId, device: DeviceId, epoch: Uuid, collections: u64) -> Self {
        Self {
            account,
            device,
            epoch,
            seen: 0,
            collections,
            clocks: BTreeMap::new(),
            partitions: BTreeMap::new(),
            beside: Vec::new(),
        }
    }

    /// The collections that were asked for.
    pub fn served(&self) -> u64 {
        let wanted = self.beside.iter().filter(|part| part.wanted);
        wanted.fold(self.collections, |bits, part| bits | part.collections)
    }

    /// The collections of which it knows how far they have been read.
    pub fn known(&self) -> u64 {
        let all = self.beside.iter();
        all.fold(self.collections, |bits, part| bits | part.collections)
    }

    /// The same device at the positions of some collections.
    pub fn at(&self, part: &Part) -> Self {
        Self {
            account: self.account,
            device: self.device,
            epoch: self.epoch,
            seen: self.seen,
            collections: part.collections,
            clocks: part.clocks.clone(),
            partitions: part.partitions.clone(),
            beside: Vec::new(),
        }
    }

    fn part(&self, wanted: bool) -> Part {
        Part {
            wanted,
            collections: self.collections,
            clocks: self.clocks.clone(),
            partitions: self.partitions.clone(),
        }
    }

    /// Divides it by the collections that are asked for: a cursor for all of them that have been read equally far, at
    /// least one, and the parts of those that are not asked for. What it does not know begins.
    pub fn divided(&self, wanted: u64) -> (Vec<Self>, Vec<Part>) {
        let (mut read_on, mut resting) = (Vec::new(), Vec::new());
        for part in [self.part(true)].iter().chain(&self.beside) {
            let of = |bits: u64| Part {
                wanted: bits & wanted != 0,
                collections: part.collections & bits,
                ..part.clone()
            };
            if part.collections & wanted != 0 {
                read_on.push(self.at(&of(wanted)));
            }
            if part.collections & !wanted != 0 {
                resting.push(of(!wanted));
            }
        }
        let new = wanted & !self.known();
        if new != 0 || read_on.is_empty() {
            read_on.push(Self {
                seen: self.seen,
                ..Self::start(self.account, self.device, self.epoch, new)
            });
        }
        (read_on, resting)
    }

    /// Puts together what was divided. `level`: all that was asked for has been read up to one moment, and is one part
    /// from here on.
    pub fn joined(read: Vec<Self>, resting: Vec<Part>, level: bool) -> Option<Self> {
        let mut read = read.into_iter();
        let mut whole = read.next()?;
        for other in read {
            whole.seen = whole.seen.max(other.seen);
            if level {
                whole.collections |= other.collections;
            } else {
                whole.beside.push(other.part(true));
            }
        }
        whole.beside.extend(resting);
        Some(whole)
    }

    /// The token.
    pub fn encode(&self, keys: &Keys) -> String {
        let mut bytes = vec![if self.beside.is_empty() { FORMAT } else { IN_PARTS }];
        bytes.extend_from_slice(self.account.0.as_bytes());
        bytes.extend_from_slice(self.device.0.as_bytes());
        bytes.extend_from_slice(self.epoch.as_bytes());
        put(&mut bytes, self.seen.unsigned_abs());
        put_part(&mut bytes, self.collections, &self.clocks, &self.partitions);
        if !self.beside.is_empty() {
            put(&mut bytes, self.beside.len() as u64);
            for part in &self.beside {
                bytes.push(u8::from(part.wanted));
                put_part(&mut bytes, part.collections, &part.clocks, &part.partitions);
            }
        }
        let tag = keys.mac(Purpose::CursorSigning, &[&bytes]);
        bytes.extend_from_slice(&tag[..MAC]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token; anything that we did not sign for this account and device is refused.
    pub fn decode(text: &str, keys: &Keys, account: AccountId, device: DeviceId) -> Result<Self> {
        let cursor = Self::decode_of_account(text, keys, account)?;
        if cursor.device != device {
            return Err(Code::InvalidCursor.into());
        }
        Ok(cursor)
    }

    /// Reads a token; anything that we did not sign for this account is refused.
    pub fn decode_of_account(text: &str, keys: &Keys, account: AccountId) -> Result<Self> {
        let invalid = || Error::from(Code::InvalidCursor);
        if text.len() > LONGEST {
            return Err(invalid());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let (body, tag) = bytes
            .len()
            .checked_sub(MAC)
            .map(|at| bytes.split_at(at))
            .ok_or_else(invalid)?;
        let expected = keys.mac(Purpose::CursorSigning, &[body]);
        // A 128-bit tag; compared without a secret-dependent early exit.
        if expected[..MAC]
            .iter()
            .zip(tag)
            .fold(0, |differs, (a, b)| differs | (a ^ b))
            != 0
        {
            return Err(invalid());
        }
        let mut reader = Reader(body);
        let cursor = reader.cursor().ok_or_else(invalid)?;
        if cursor.account != account {
            return Err(invalid());
        }
        Ok(cursor)
    }
}

fn put_part(
    bytes: &mut Vec<u8>,
    collections: u64,
    clocks: &BTreeMap<i64, i64>,
    partitions: &BTreeMap<i64, Reading>,
) {
    put(bytes, collections);
    put(bytes, clocks.len() as u64);
    for (clock, seq) in clocks {
        bytes.extend_from_slice(&clock.to_be_bytes());
        put(bytes, seq.unsigned_abs());
    }
    put(bytes, partitions.len() as u64);
    for (partition, reading) in partitions {
        bytes.extend_from_slice(&partition.to_be_bytes());
        match reading {
            Reading::Level => bytes.push(0),
            Reading::Backfill(seq) => {
                bytes.push(1);
                put(bytes, seq.unsigned_abs());
            }
            Reading::Purge(seq) => {
                bytes.push(2);
                put(bytes, seq.unsigned_abs());
            }
            Reading::Gained(seq) => {
                bytes.push(3);
                put(bytes, seq.unsigned_abs());
            }
        }
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number as u8) | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.take()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn seq(&mut self) -> Option<i64> {
        i64::try_from(self.number()?).ok()
    }

    fn cursor(&mut self) -> Option<Cursor> {
        let [format] = self.take()?;
        if !matches!(format, FORMAT | WITHOUT_START | IN_PARTS) {
            return None;
        }
        let mut cursor = Cursor::start(
            AccountId(Uuid::from_bytes(self.take()?)),
            DeviceId(Uuid::from_bytes(self.take()?)),
            Uuid::from_bytes(self.take()?),
            0,
        );
        if format != WITHOUT_START {
            cursor.seen = self.seq()?;
        }
        let first = self.part(true)?;
        cursor.collections = first.collections;
        cursor.clocks = first.clocks;
        cursor.partitions = first.partitions;
        if format == IN_PARTS {
            for _ in 0..self.number()? {
                let wanted = self.take::<1>()? == [1];
                cursor.beside.push(self.part(wanted)?);
            }
        }
        self.0.is_empty().then_some(cursor)
    }

    fn part(&mut self, wanted: bool) -> Option<Part> {
        let mut part = Part {
            wanted,
            collections: self.number()?,
            clocks: BTreeMap::new(),
            partitions: BTreeMap::new(),
        };
        for _ in 0..self.number()? {
            let clock = i64::from_be_bytes(self.take()?);
            part.clocks.insert(clock, self.seq()?);
        }
        for _ in 0..self.number()? {
            let partition = i64::from_be_bytes(self.take()?);
            let reading = match self.take::<1>()? {
                [0] => Reading::Level,
                [1] => Reading::Backfill(self.seq()?),
                [2] => Reading::Purge(self.seq()?),
                [3] => Reading::Gained(self.seq()?),
                _ => return None,
            };
            part.partitions.insert(partition, reading);
        }
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::registry;

    /// It goes both ways with every request on a bad line. A clock moves by 65,536 with every commit: with a clock of its own
    /// for each partition there are 67 million commits of each, and with as many clocks as three provinces that became one
    /// have, a million million.
    #[test]
    fn with_twelve_partitions_it_takes_at_most_600_bytes() {
        let (_parent, keys) = Keys::of_a_test();
        let (account, device) = (AccountId(Uuid::max()), DeviceId(Uuid::max()));
        for (clocks, bits) in [(12, 42), (5, 56)] {
            let far = (1_i64 << bits) - 1;
            for reading in [
                Reading::Level,
                Reading::Backfill(far),
                Reading::Gained(far),
                Reading::Purge(far),
            ] {
                let mut cursor = Cursor::start(account, device, Uuid::max(), registry::all_bits());
                cursor.seen = i64::MAX;
                for place in 0..clocks {
                    cursor.clocks.insert(clock_key(&format!("clock {place}")), far);
                }
                for place in 0..12 {
                    cursor.partitions.insert(i64::MAX - place, reading);
                }
                let text = cursor.encode(&keys);
                assert!(text.len() <= 600, "{clocks} clocks, {reading:?}: {}", text.len());
                let read = Cursor::decode(&text, &keys, account, device).unwrap();
                assert_eq!(read, cursor);
            }
        }
    }
}
