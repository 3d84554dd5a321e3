//! Where the bytes lie: a folder, or a bucket of S3. Names are made here, never by a client.
//!
//! What was put is on the disk (or with the provider) when [`Files::put`] returns.

use std::{
    fmt,
    fs::DirBuilder,
    io,
    ops::Range,
    os::unix::fs::DirBuilderExt,
    path::{Path as FilePath, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    BackoffConfig, GetOptions, ObjectStore, ObjectStoreExt, RetryConfig, aws::AmazonS3Builder,
    local::LocalFileSystem, memory::InMemory, path::Path, prefix::PrefixStore,
};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::transport::Transport;
use crate::error::{Error, Result};

/// How many files are put together at the same time: each is in memory whole, and once more while it is cleaned.
const AT_ONCE: usize = 2;
/// How long a provider is asked again before the request fails: the phone comes back by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// The setting `CUTRI_FILES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilePlace {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket of S3, and what the names in it begin with.
    Bucket { bucket: String, prefix: String },
}

impl FromStr for FilePlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("s3://") else {
            return if text.contains("://") {
                Err("cần một thư mục hoặc s3://bucket/… [a folder or s3:// is needed]".to_owned())
            } else {
                Ok(Self::Folder(text.into()))
            };
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
        let is_folder = |part: &str| !part.is_empty() && part.chars().all(plain) && !part.starts_with('.');
        let prefix = prefix.trim_end_matches('/');
        // A key in the address would end up in logs.
        if bucket.is_empty()
            || !bucket.chars().all(plain)
            || !(prefix.is_empty() || prefix.split('/').all(is_folder))
        {
            return Err(
                "s3://bucket/tiền-tố; khóa truy cập đặt trong AWS_ACCESS_KEY_ID và AWS_SECRET_ACCESS_KEY \
                        [s3://bucket/prefix, keys in the AWS_* variables]"
                    .to_owned(),
            );
        }
        Ok(Self::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

impl fmt::Display for FilePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Bucket { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

/// How much is taken, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one file.
    pub file: u64,
    /// Of one account, all its uploads together.
    pub account: u64,
}

impl Limits {
    /// From the settings, which count in MiB.
    pub fn of_mib(file: u32, account: u32) -> Self {
        let bytes = |mib: u32| u64::from(mib) * 1024 * 1024;
        Self {
            file: bytes(file),
            account: bytes(account),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of_mib(FILE_MIB, ACCOUNT_MIB)
    }
}

/// The largest file by default, in MiB: an hour of recorded speech, or a scan of some hundred pages.
pub const FILE_MIB: u32 = 64;
/// What one account may keep by default, in MiB.
pub const ACCOUNT_MIB: u32 = 4096;

/// The file store of an installation.
pub struct Files {
    store: Arc<dyn ObjectStore>,
    pub limits: Limits,
    pub(super) at_once: Semaphore,
}

impl Files {
    /// Forgets everything with the process: for commands that serve nobody, and for tests.
    pub fn in_memory() -> Self {
        Self::on(Arc::new(InMemory::new()), Limits::default())
    }

    fn on(store: Arc<dyn ObjectStore>, limits: Limits) -> Self {
        Self {
            store,
            limits,
            at_once: Semaphore::new(AT_ONCE),
        }
    }

    /// Opens a store; a folder is made for its owner alone if it is not there. The error is for the operator.
    pub fn open(place: &FilePlace, limits: Limits) -> Result<Self, String> {
        let store: Arc<dyn ObjectStore> = match place {
            FilePlace::Folder(folder) => {
                make(folder).map_err(|cause| format!("{}: {cause}", folder.display()))?;
                let local = LocalFileSystem::new_with_prefix(folder).map_err(|cause| cause.to_string())?;
                // A receipt must not be lost with the power.
                Arc::new(local.with_fsync(true).with_automatic_cleanup(true))
            }
            FilePlace::Bucket { bucket, prefix } => {
                let s3 = AmazonS3Builder::from_env()
                    .with_bucket_name(bucket)
                    .with_http_connector(Transport)
                    .with_retry(RetryConfig {
                        backoff: BackoffConfig::default(),
                        max_retries: 3,
                        retry_timeout: PATIENCE,
                    })
                    .build()
                    .map_err(|cause| cause.to_string())?;
                Arc::new(PrefixStore::new(s3, prefix.as_str()))
            }
        };
        Ok(Self::on(store, limits))
    }

    /// Keeps an object; when this returns it is there to stay.
    pub(super) async fn put(&self, object: &str, bytes: Bytes) -> Result<()> {
        self.store.put(&path(object), bytes.into()).await.map_err(lost)?;
        Ok(())
    }

    /// A whole object, if it is there.
    pub(super) async fn get(&self, object: &str) -> Result<Option<Bytes>> {
        match self.store.get(&path(object)).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(lost)?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(lost(cause)),
        }
    }

    /// Part of an object, piece by piece.
    pub(super) async fn stream(
        &self,
        object: &str,
        range: Range<u64>,
    ) -> Result<Option<BoxStream<'static, io::Result<Bytes>>>> {
        let options = GetOptions {
            range: Some(range.into()),
            ..GetOptions::default()
        };
        match self.store.get_opts(&path(object), options).await {
            Ok(found) => Ok(Some(found.into_stream().map_err(io::Error::other).boxed())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(lost(cause)),
        }
    }

    /// Whether an object is there.
    pub async fn has(&self, object: &str) -> Result<bool> {
        match self.store.head(&path(object)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(cause) => Err(lost(cause)),
        }
    }

    /// Takes an object away, or all of a folder (a name that ends in `/`). What is gone already is gone.
    pub(super) async fn erase(&self, object: &str) -> Result<()> {
        let Some(folder) = object.strip_suffix('/') else {
            return gone(self.store.delete(&path(object)).await);
        };
        let mut listed = self.store.list(Some(&path(folder)));
        while let Some(found) = listed.next().await {
            match found {
                Ok(found) => gone(self.store.delete(&found.location).await)?,
                Err(object_store::Error::NotFound { .. }) => {}
                Err(cause) => return Err(lost(cause)),
            }
        }
        Ok(())
    }

    /// Whether the store can be used; the error is for the operator.
    pub async fn probe(&self) -> Result<(), String> {
        let name = "probe";
        let probing = async {
            self.put(name, Bytes::from_static(b"cutri")).await?;
            self.get(name).await?;
            self.erase(name).await
        };
        let error = match tokio::time::timeout(2 * PATIENCE, probing).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(Error::Internal(cause))) => cause.to_string(),
            Ok(Err(other)) => other.code().name().to_owned(),
            Err(_) => "không trả lời [no answer]".to_owned(),
        };
        Err(error)
    }
}

/// Where a complete file lies.
pub fn whole(object: Uuid) -> String {
    let name = object.simple().to_string();
    format!("files/{}/{name}", &name[30..])
}

/// Where the parts of an upload lie.
pub(super) fn parts(object: Uuid) -> String {
    format!("parts/{}/", object.simple())
}

/// Where one of them lies.
pub(super) fn part(object: Uuid, part: &str) -> String {
    format!("parts/{}/{part}", object.simple())
}

fn path(object: &str) -> Path {
    Path::from(object)
}

fn make(folder: &FilePath) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn gone(deleted: object_store::Result<()>) -> Result<()> {
    match deleted {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(cause) => Err(lost(cause)),
    }
}

fn lost(cause: object_store::Error) -> Error {
    Error::internal(format!("the file store failed: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_bucket_without_keys_in_it() {
        for (text, shown) in [
            ("/var/lib/cutri/files", "/var/lib/cutri/files"),
            ("s3://tep-hdnd", "s3://tep-hdnd"),
            ("s3://tep-hdnd/", "s3://tep-hdnd"),
            ("s3://tep-hdnd/xa/27721", "s3://tep-hdnd/xa/27721"),
        ] {
            assert_eq!(
                text.parse::<FilePlace>().map(|place| place.to_string()),
                Ok(shown.to_owned())
            );
        }
        for text in [
            "s3://",
            "s3:///x",
            "s3://key:secret@bucket/x",
            "s3://b/../x",
            "s3://b//x",
            "http://x",
            "s3://b/x?y",
        ] {
            assert!(text.parse::<FilePlace>().is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn what_is_put_is_there_until_it_is_erased() {
        let folder = tempfile::tempdir().expect("folder");
        let place = FilePlace::Folder(folder.path().join("files"));
        for files in [
            Files::open(&place, Limits::default()).expect("store"),
            Files::in_memory(),
        ] {
            let id = Uuid::from_u128(7);
            for name in ["a", "b"] {
                let bytes = Bytes::from_static(b"12345");
                files.put(&part(id, name), bytes).await.expect("put");
            }
            assert_eq!(
                files.get(&part(id, "a")).await.expect("get"),
                Some(Bytes::from_static(b"12345"))
            );
            let rest = files.stream(&part(id, "b"), 3..5).await.expect("stream");
            let rest: Vec<Bytes> = rest.expect("there").try_collect().await.expect("bytes");
            assert_eq!(rest.concat(), b"45");
            for _ in 0..2 {
                files.erase(&parts(id)).await.expect("erase");
                files.erase(&whole(id)).await.expect("erase");
            }
            assert!(!files.has(&part(id, "a")).await.expect("head"));
            assert_eq!(files.get(&whole(id)).await.expect("get"), None);
            files.probe().await.expect("usable");
        }
    }
}
