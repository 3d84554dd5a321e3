//! What the folder refuses, that processes agree, and how signing keys follow one another.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use chrono::Duration;

use super::*;
use crate::entropy::{SeededEntropy, SystemEntropy};

fn start() -> DateTime<Utc> {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

fn fresh() -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("data/keys");
    (parent, dir)
}

fn create(dir: &Path) -> Keys {
    Keys::open_or_create(dir, start(), &SystemEntropy).unwrap()
}

impl Keys {
    /// New keys for a test of another module, and the folder in which they lie.
    pub(crate) fn of_a_test() -> (tempfile::TempDir, Self) {
        let (parent, dir) = fresh();
        let keys = create(&dir);
        (parent, keys)
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_new_folder_is_closed_and_opens_again_with_the_same_keys() {
    let (_parent, dir) = fresh();
    let keys = create(&dir);
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(
        names(&dir),
        ["master.key", "signing-000001.pem"],
        "no drafts are left"
    );
    assert!(names(&dir).iter().all(|name| mode(&dir.join(name)) == 0o600));
    for again in [create(&dir), Keys::open(&dir).unwrap()] {
        assert_eq!(again.fingerprints(), keys.fingerprints());
        assert_eq!(again.verify_fingerprints(&keys.fingerprints()), Ok(()));
        assert_eq!(
            *again.secret(Purpose::BlindIndex),
            *keys.secret(Purpose::BlindIndex)
        );
        assert_eq!(again.jwks(start()), keys.jwks(start()));
    }
}

#[test]
fn opening_creates_nothing() {
    let (parent, dir) = fresh();
    assert_eq!(Keys::open(&dir).unwrap_err().fault, KeyFault::Missing);
    assert!(!parent.path().join("data").exists());
    create(&dir);
    for name in ["master.key", "signing-000001.pem"] {
        let kept = fs::read(dir.join(name)).unwrap();
        fs::remove_file(dir.join(name)).unwrap();
        let error = Keys::open(&dir).unwrap_err();
        assert_eq!((error.fault, error.path), (KeyFault::Missing, dir.join(name)));
        fs::write(dir.join(name), kept).unwrap();
        chmod(&dir.join(name), 0o600);
    }
    Keys::open(&dir).unwrap();
}

#[test]
fn rights_for_others_are_refused_by_name() {
    let (_parent, dir) = fresh();
    create(&dir);
    for open in [0o701, 0o710, 0o750, 0o755] {
        chmod(&dir, open);
        assert_eq!(Keys::open(&dir).unwrap_err().fault, KeyFault::OpenToOthers(open));
        let error = Keys::open_or_create(&dir, start(), &SystemEntropy).unwrap_err();
        assert_eq!(error.fault.name(), "OPEN_TO_OTHERS");
    }
    chmod(&dir, 0o700);
    for name in ["master.key", "signing-000001.pem"] {
        for open in [0o604, 0o620, 0o640, 0o644] {
            chmod(&dir.join(name), open);
            let error = Keys::open_or_create(&dir, start(), &SystemEntropy).unwrap_err();
            assert_eq!(
                (error.fault, error.path),
                (KeyFault::OpenToOthers(open), dir.join(name))
            );
        }
        chmod(&dir.join(name), 0o400);
        Keys::open(&dir).unwrap();
    }
}

#[test]
fn short_and_changed_files_are_refused_and_never_replaced() {
    let (_parent, dir) = fresh();
    create(&dir);
    for name in ["master.key", "signing-000001.pem"] {
        let path = dir.join(name);
        let whole = fs::read(&path).unwrap();
        let mut damaged = vec![Vec::new(), whole[..whole.len() / 2].to_vec(), vec![b'a'; 20_000]];
        damaged.push([&whole[..], b"more"].concat());
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            damaged.push(changed);
        }
        for content in damaged {
            fs::write(&path, &content).unwrap();
            let error = Keys::open_or_create(&dir, start(), &SystemEntropy).unwrap_err();
            assert_eq!((error.fault, error.path), (KeyFault::Corrupt, path.clone()));
            assert_eq!(
                fs::read(&path).unwrap(),
                content,
                "a damaged key is evidence and stays"
            );
        }
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn links_and_other_things_are_refused() {
    let (parent, dir) = fresh();
    create(&dir);
    let link = parent.path().join("link");
    symlink(&dir, &link).unwrap();
    assert_eq!(Keys::open(&link).unwrap_err().fault, KeyFault::Symlink);
    assert_eq!(
        Keys::open(&dir.join("master.key")).unwrap_err().fault,
        KeyFault::NotAFolder
    );

    let dangling = parent.path().join("dangling");
    symlink(parent.path().join("nowhere"), &dangling).unwrap();
    let error = Keys::open_or_create(&dangling, start(), &SystemEntropy).unwrap_err();
    assert_eq!(error.fault, KeyFault::Symlink);

    for name in ["master.key", "signing-000001.pem"] {
        let elsewhere = parent.path().join(name);
        fs::rename(dir.join(name), &elsewhere).unwrap();
        symlink(&elsewhere, dir.join(name)).unwrap();
        let error = Keys::open_or_create(&dir, start(), &SystemEntropy).unwrap_err();
        assert_eq!((error.fault, error.path), (KeyFault::Symlink, dir.join(name)));
        fs::remove_file(dir.join(name)).unwrap();
        fs::create_dir(dir.join(name)).unwrap();
        assert_eq!(Keys::open(&dir).unwrap_err().fault, KeyFault::NotAFile);
        fs::remove_dir(dir.join(name)).unwrap();
        fs::rename(elsewhere, dir.join(name)).unwrap();
    }
    Keys::open(&dir).unwrap();
}

#[test]
fn what_else_lies_in_the_folder_is_left_alone() {
    let (_parent, dir) = fresh();
    create(&dir);
    for name in ["epoch", ".new-1-2", "signing-1.pem", "signing-000002.pem.bak"] {
        fs::write(dir.join(name), "x").unwrap();
    }
    let keys = create(&dir);
    assert_eq!(keys.fingerprints().len(), 2);
}

#[test]
fn those_who_start_together_end_with_the_same_keys() {
    for _ in 0..20 {
        let (_parent, dir) = fresh();
        let all: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| create(&dir).fingerprints()))
                .collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(all.iter().all(|one| *one == all[0] && one.len() == 2));
        assert_eq!(names(&dir).len(), 2);
    }
}

#[test]
fn those_who_rotate_together_make_one_key() {
    let (_parent, dir) = fresh();
    create(&dir);
    let later = start() + ROTATION;
    let made: usize = std::thread::scope(|scope| {
        let turn = || usize::from(Keys::open(&dir).unwrap().rotate(later, &SystemEntropy).unwrap());
        let turns: Vec<_> = (0..8).map(|_| scope.spawn(turn)).collect();
        turns.into_iter().map(|turn| turn.join().unwrap()).sum()
    });
    assert_eq!((made, names(&dir).len()), (1, 3));
}

#[test]
fn a_new_key_verifies_then_signs_and_the_old_one_fades() {
    let (_parent, dir) = fresh();
    let keys = create(&dir);
    let other_process = Keys::open(&dir).unwrap();
    let old = keys.signer(start()).unwrap().kid.clone();
    assert!(
        !keys
            .rotate(start() + ROTATION - Duration::seconds(1), &SystemEntropy)
            .unwrap()
    );
    let turn = start() + ROTATION;
    assert!(keys.rotate(turn, &SystemEntropy).unwrap());
    assert!(!other_process.rotate(turn, &SystemEntropy).unwrap());
    let new = keys.ring().kids()[1].to_owned();

    let second = Duration::seconds(1);
    for (at, signs, old_verifies) in [
        (turn, &old, true),
        (turn + LEAD - second, &old, true),
        (turn + LEAD, &new, true),
        (turn + LEAD + VERIFIES_AFTER - second, &new, true),
        (turn + LEAD + VERIFIES_AFTER, &new, false),
        (turn + ROTATION * 3, &new, false),
    ] {
        for keys in [&keys, &other_process] {
            assert_eq!(&keys.signer(at).unwrap().kid, signs, "{at}");
            assert_eq!(keys.verifier(&old, at).is_some(), old_verifies, "{at}");
            assert!(keys.verifier(&new, at).is_some());
            let published = keys.jwks(at)["keys"].as_array().unwrap().len();
            assert_eq!(published, 1 + usize::from(old_verifies));
        }
    }
    let stored = keys.fingerprints();
    keys.rotate(turn + Duration::days(3), &SystemEntropy).unwrap();
    assert_eq!(
        names(&dir),
        ["master.key", "signing-000002.pem"],
        "a dead key is removed"
    );
    assert_eq!(
        Keys::open(&dir).unwrap().verify_fingerprints(&stored),
        Ok(()),
        "rotation is no mismatch"
    );
}

#[test]
fn a_clock_set_back_leaves_a_key_to_sign_with() {
    let (_parent, dir) = fresh();
    let keys = create(&dir);
    keys.rotate(start() + Duration::days(400), &SystemEntropy)
        .unwrap();
    for days in [-4_000, 0, 1] {
        let at = start() + Duration::days(days);
        assert_eq!(keys.signer(at).unwrap().kid, keys.ring().kids()[0]);
        assert!(!keys.rotate(at, &SystemEntropy).unwrap());
    }
}

#[test]
fn other_keys_are_a_mismatch_by_name() {
    let (_one, here) = fresh();
    let (_two, there) = fresh();
    let (keys, other) = (create(&here), create(&there));
    assert_eq!(other.verify_fingerprints(&[]), Ok(()));
    let error = other.verify_fingerprints(&keys.fingerprints()).unwrap_err();
    assert_eq!(error.name, "master.key");
    fs::copy(here.join("master.key"), there.join("master.key")).unwrap();
    let error = Keys::open(&there)
        .unwrap()
        .verify_fingerprints(&keys.fingerprints())
        .unwrap_err();
    assert_eq!(error.name, "signing-000001.pem");
}

#[test]
fn every_purpose_has_its_own_key_and_keeps_it() {
    use Purpose::*;
    let (_parent, dir) = fresh();
    let keys = Keys::open_or_create(&dir, start(), &SeededEntropy::new(1)).unwrap();
    let purposes = [
        CursorSigning,
        RefreshRotation,
        FieldEncryption(1),
        FieldEncryption(2),
        Quarantine,
        DenunciationHash,
        BlindIndex,
        Bundle,
        Vapid(0),
        Vapid(1),
    ];
    let mut secrets: Vec<_> = purposes.iter().map(|purpose| *keys.secret(*purpose)).collect();
    secrets.sort();
    secrets.dedup();
    assert_eq!(secrets.len(), purposes.len());
}

#[test]
fn derivation_is_hkdf_and_never_changes() {
    // Computed with an independent HKDF-SHA-256: salt as in SALT, key 32 times 0x07, label and version as info.
    let root = Zeroizing::new(hmac(SALT, &[&[7; 32]]));
    let (_parent, dir) = fresh();
    let keys = Keys { root, ..create(&dir) };
    assert_eq!(
        hex(&*keys.secret(Purpose::BlindIndex)),
        "9eeb3bb9b4324c222f03c8ad4d5e3d89436989b664e055de881dc9cbbea79ea0"
    );
    assert_eq!(
        hex(&*keys.secret(Purpose::Vapid(0))),
        "f01f5c0e5ac30de276c43f0d7122eaa767800fc4fcfcb35ede0baf5e9db0b0c0"
    );
    assert_eq!(
        hex(&*keys.secret(Purpose::FieldEncryption(258))),
        "007507a159d2e4089a163d026e4761dc3152929ffd601b9b9964efbb61417185"
    );
    assert_eq!(
        hex(&keys.mac(Purpose::CursorSigning, &[b"ab", b"c"])),
        "30432b22e74fe51211337744f41f0a1a508c655b3fb524d236caee716991d870"
    );
}

#[test]
fn parts_of_a_mac_do_not_flow_together() {
    let (_parent, dir) = fresh();
    let keys = create(&dir);
    let tag = keys.mac(Purpose::CursorSigning, &[b"ab", b"c"]);
    assert!(keys.checks(Purpose::CursorSigning, &[b"ab", b"c"], &tag));
    for other in [&[b"a".as_slice(), b"bc"][..], &[b"abc"], &[b"ab", b"c", b""], &[]] {
        assert!(!keys.checks(Purpose::CursorSigning, other, &tag));
    }
    assert!(!keys.checks(Purpose::RefreshRotation, &[b"ab", b"c"], &tag));
    assert!(!keys.checks(Purpose::CursorSigning, &[b"ab", b"c"], &tag[..31]));
}

#[test]
fn no_secret_is_printed() {
    let (_parent, dir) = fresh();
    let keys = create(&dir);
    let printed = format!(
        "{keys:?} {keys:#?} {:?} {}",
        keys.fingerprints(),
        keys.jwks(start())
    );
    let master = fs::read_to_string(dir.join("master.key")).unwrap();
    let secret = master.split(' ').nth(1).unwrap();
    assert_eq!(secret.len(), 64);
    assert!(!printed.contains(secret) && !printed.contains(&hex(&*keys.root)));
}
