//! How much room the disk under a folder has left.

use std::path::Path;

/// A gibibyte.
const GIB: u64 = 1 << 30;

/// Bytes of a disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Room {
    free: u64,
    whole: u64,
}

impl Room {
    /// Of the disk under `folder`, as this process may use it; nothing where that cannot be told.
    pub(crate) fn under(folder: &Path) -> Option<Self> {
        let disk = rustix::fs::statvfs(folder).ok()?;
        (disk.f_blocks > 0).then(|| Self {
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
            whole: disk.f_blocks.saturating_mul(disk.f_frsize),
        })
    }

    /// One of the next writes may fail: less than a twentieth is free, and less than a gibibyte. A part alone
    /// would send a server away from a large disk with room for years.
    pub(crate) fn is_scarce(self) -> bool {
        self.free < (self.whole / 20).min(GIB)
    }

    /// The operator has to look after it: less than 15 % is free, and less than four gibibytes.
    pub(crate) fn is_little(self) -> bool {
        self.free < (self.whole / 20 * 3).min(4 * GIB)
    }

    /// Free part in percent.
    pub(crate) fn percent(self) -> u64 {
        self.free.saturating_mul(100) / self.whole.max(1)
    }

    /// Free mebibytes.
    pub(crate) fn mebibytes(self) -> u64 {
        self.free >> 20
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of tenths of a gibibyte.
    fn room(free: u64, whole: u64) -> Room {
        Room {
            free: free * GIB / 10,
            whole: whole * GIB / 10,
        }
    }

    #[test]
    fn a_large_disk_with_room_for_years_turned_its_server_away() {
        let large = room(120, 2520);
        assert_eq!((large.percent(), large.mebibytes()), (4, 12_288));
        assert!(!large.is_scarce() && !large.is_little());
        assert!(room(39, 2520).is_little() && !room(39, 2520).is_scarce());
        assert!(room(9, 2520).is_scarce());
    }

    #[test]
    fn a_small_disk_is_judged_by_its_part() {
        assert!(!room(16, 100).is_little());
        assert!(room(14, 100).is_little() && !room(14, 100).is_scarce());
        assert!(room(4, 100).is_scarce() && room(4, 100).is_little());
    }

    #[test]
    fn the_disk_of_this_machine_has_a_size() {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::under(folder.path()).unwrap();
        assert!(room.whole > 0 && room.percent() <= 100, "{room:?}");
        assert_eq!(Room::under(&folder.path().join("missing")), None);
    }
}
