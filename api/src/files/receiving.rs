//! Bytes on their way in: parts are kept one by one as they come, and put together when all are here.
//!
//! A part is an object of the store first and then a word in the row of its upload, added by a statement that holds only
//! while the upload stands where the part begins. So any process may go on where another one ended, two at once cannot
//! mix, and what was acknowledged is on the disk. Nothing here holds a lock while bytes travel.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use entity::{file, id::AccountId, upload};
use futures_util::StreamExt;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::{
    FileHash,
    commands::{Abandon, Arrive, KEPT, LetGo, Release, is_live},
    erasing, sniff,
    store::{part, whole},
    strip,
    tus::Checksum,
};
use crate::{
    edge::Line,
    error::{Code, Error, Result},
    state::State,
    store::{
        door::{self, Command},
        sql::Sql,
    },
    viewer::Viewer,
};

/// Bytes of a part, at most.
const PART: usize = 1024 * 1024;
/// How long bytes wait to become part of something: what a killed server may lose of a slow upload.
const SOON: Duration = Duration::from_secs(5);
/// How long a client may be silent within a chunk.
const SILENCE: Duration = Duration::from_secs(30);

/// The upload of a file by an account, while it counts.
pub(super) async fn find(
    state: &State,
    account: AccountId,
    hash: &FileHash,
) -> Result<Option<upload::Model>> {
    let found = upload::Entity::find()
        .filter(upload::Column::AccountId.eq(account))
        .filter(upload::Column::Sha256.eq(hash.as_str()))
        .one(state.store.read())
        .await?;
    Ok(found.filter(|upload| is_live(upload, state.clock.now())))
}

/// The object that holds a file by what the database says and that the store does not have: its copy is older than that
/// of the database, or it is another folder. What was sent has to be sent again.
pub(super) async fn missing(state: &State, hash: &FileHash) -> Result<Option<Uuid>> {
    let known = file::Entity::find_by_id(hash.as_str().to_owned())
        .one(state.store.read())
        .await?;
    match known {
        Some(known) if !state.files.has(&whole(known.object)).await? => Ok(Some(known.object)),
        _ => Ok(None),
    }
}

/// Runs one command of the person whose upload it is.
pub(super) async fn run(state: &State, viewer: &Viewer, command: &dyn Command) -> Result<()> {
    let answers = door::execute(state, viewer, &[command]).await?;
    for answer in answers {
        answer.map_err(|refused| match refused.code {
            Code::FileQuota => Error::limit(Code::FileQuota, state.files.limits.account),
            _ => Error::from(refused),
        })?;
    }
    Ok(())
}

/// How a chunk came to its end.
enum End {
    Complete,
    /// The connection broke, or the server is stopping.
    Cut,
    Silent,
    TooLong,
}

/// A chunk that is being appended.
struct Chunk {
    state: Arc<State>,
    upload: upload::Model,
    /// What came and is no part yet.
    waiting: BytesMut,
    /// Parts in the store that the row does not know: with a checksum, until it holds.
    held: Vec<(usize, String)>,
    checksum: Option<Checksum>,
}

/// Appends a chunk to an upload; where it stands then. What came before the connection broke stays, unless the chunk
/// has a checksum that can no longer hold.
pub(super) async fn append(
    state: Arc<State>,
    upload: upload::Model,
    body: Body,
    checksum: Option<Checksum>,
    line: Line,
) -> Result<upload::Model> {
    let mut chunk = Chunk {
        state,
        upload,
        waiting: BytesMut::new(),
        held: Vec::new(),
        checksum,
    };
    let end = match chunk.take(body.into_data_stream(), &line).await {
        Ok(end) => end,
        Err(error) => {
            chunk.forget().await;
            return Err(error);
        }
    };
    if matches!(end, End::Complete) {
        line.body_was_read();
    }
    if let Some(checksum) = chunk.checksum.take()
        && !(matches!(end, End::Complete) && checksum.holds())
    {
        chunk.forget().await;
        return Err(match end {
            End::Complete => Code::ChecksumMismatch,
            End::Silent => Code::RequestTimeout,
            End::TooLong => Code::OffsetMismatch,
            End::Cut => Code::Unavailable,
        }
        .into());
    }
    if let Err(error) = chunk.keep().await {
        // On a full disk every attempt would leave less room for the next one.
        chunk.forget().await;
        return Err(error);
    }
    chunk.note().await?;
    match end {
        End::Complete => Ok(chunk.upload),
        End::Silent => Err(Code::RequestTimeout.into()),
        End::Cut => Err(Code::Unavailable.into()),
        End::TooLong => {
            let most = u64::try_from(chunk.upload.size).unwrap_or(0);
            Err(Error::limit(Code::BodyTooLarge, most))
        }
    }
}

impl Chunk {
    /// Takes what comes until it ends.
    async fn take(&mut self, mut stream: BodyDataStream, line: &Line) -> Result<End> {
        let mut left = usize::try_from(self.upload.size - self.upload.received).unwrap_or(0);
        let mut kept_at = Instant::now();
        let mut heard_at = Instant::now();
        loop {
            let wait = if self.waiting.is_empty() {
                SILENCE
            } else {
                SOON.saturating_sub(kept_at.elapsed())
            };
            let came = tokio::select! {
                came = timeout(wait, stream.next()) => came,
                () = line.stopping() => return Ok(End::Cut),
            };
            match came {
                Ok(Some(Ok(bytes))) => {
                    heard_at = Instant::now();
                    if self.waiting.is_empty() {
                        kept_at = heard_at;
                    }
                    let fits = bytes.slice(..bytes.len().min(left));
                    left -= fits.len();
                    if let Some(checksum) = &mut self.checksum {
                        checksum.add(&fits);
                    }
                    self.waiting.extend_from_slice(&fits);
                    if fits.len() < bytes.len() {
                        return Ok(End::TooLong);
                    }
                }
                Ok(Some(Err(_))) => return Ok(End::Cut),
                Ok(None) => return Ok(End::Complete),
                Err(_) if heard_at.elapsed() >= SILENCE => return Ok(End::Silent),
                Err(_) => {}
            }
            if self.waiting.len() >= PART || (!self.waiting.is_empty() && kept_at.elapsed() >= SOON) {
                self.keep().await?;
                if self.checksum.is_none() {
                    self.note().await?;
                }
            }
        }
    }

    /// Makes parts of what waits.
    async fn keep(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.upload.received == 0 && self.held.is_empty() && sniff::is_hopeless(&self.waiting) {
            return Err(Code::FileType.into());
        }
        let state = &self.state;
        while !self.waiting.is_empty() {
            let bytes: Bytes = self.waiting.split_to(self.waiting.len().min(PART)).freeze();
            let id = state.entropy.id(state.clock.now()).simple().to_string();
            let length = bytes.len();
            state.files.put(&part(self.upload.object, &id), bytes).await?;
            self.held.push((length, id));
        }
        Ok(())
    }

    /// Notes the parts in the row of the upload, if it stands where they begin.
    async fn note(&mut self) -> Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let mut words = String::new();
        let mut length = 0_i64;
        for (bytes, id) in &self.held {
            // Writing into a string cannot fail.
            let _ = write!(words, " {bytes}:{id}");
            length += i64::try_from(*bytes).unwrap_or(0);
        }
        let upload = &self.upload;
        let expires = self.state.clock.now() + KEPT;
        let mut sql = Sql::new(
            self.state.store.backend(),
            "UPDATE upload SET received = received + ",
        );
        sql.bind(length)
            .push(", parts = parts || ")
            .bind(words.as_str())
            .push(", expires_at = ")
            .bind(expires)
            .push(" WHERE account_id = ")
            .bind(upload.account_id)
            .push(" AND sha256 = ")
            .bind(upload.sha256.as_str())
            .push(" AND object = ")
            .bind(upload.object)
            .push(" AND received = ")
            .bind(upload.received)
            .push(" AND completed_at IS NULL");
        let tx = self.state.store.begin().await?;
        let noted = tx.execute_raw(sql.statement()).await?.rows_affected();
        tx.commit().await?;
        if noted != 1 {
            self.forget().await;
            return Err(Code::OffsetMismatch.into());
        }
        self.held.clear();
        self.upload.received += length;
        self.upload.parts.push_str(&words);
        self.upload.expires_at = expires;
        Ok(())
    }

    /// Takes away the parts that no row knows. What cannot be taken away now goes with the upload.
    async fn forget(&mut self) {
        for (_, id) in std::mem::take(&mut self.held) {
            if let Err(error) = self.state.files.erase(&part(self.upload.object, &id)).await {
                error.log();
            }
        }
    }
}

/// What was made of the bytes.
enum Made {
    Whole(Bytes, &'static str, FileHash),
    Refused(Code),
}

/// Puts the parts of an upload together, when all are here: proves the hash, looks what it is, takes out of pictures what
/// is nobody's business, and tells the rows that wait for it. Safe to be done twice, or killed in between.
pub(super) async fn finish(state: &State, viewer: &Viewer, upload: &upload::Model) -> Result<()> {
    let hash = FileHash::parse(&upload.sha256).ok_or(Error::internal("an upload without a hash"))?;
    let made = {
        let closed = |_| Error::internal("nobody may finish files any more");
        let _turn = state.files.at_once.acquire().await.map_err(closed)?;
        let Some(bytes) = gather(state, upload).await? else {
            // Another process was quicker.
            return match find(state, upload.account_id, &hash).await? {
                Some(now) if now.completed_at.is_some() => Ok(()),
                _ => Err(Code::NotFound.into()),
            };
        };
        let wanted = hash.clone();
        let made = tokio::task::spawn_blocking(move || make(&wanted, bytes)).await;
        let made = made.map_err(|_| Error::internal("a file could not be taken apart"))?;
        if let Made::Whole(bytes, ..) = &made {
            state.files.put(&whole(upload.object), bytes.clone()).await?;
        }
        made
    };
    match made {
        Made::Whole(bytes, media_type, stored) => {
            let arrive = Arrive {
                file: Some(file::Model {
                    sha256: hash.to_string(),
                    object: upload.object,
                    stored_sha256: stored.to_string(),
                    size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
                    media_type: media_type.to_owned(),
                    at: state.clock.now(),
                }),
                missing: missing(state, &hash).await?,
                hash,
                quota: quota(state),
            };
            drop(bytes);
            let arrived = run(state, viewer, &arrive).await;
            if matches!(&arrived, Err(error) if error.code() == Code::NotFound) {
                // The attempt was given up meanwhile, and nothing else remembers its object.
                let abandon = Abandon {
                    hash: arrive.hash,
                    object: upload.object,
                };
                if let Err(error) = run(state, viewer, &abandon).await {
                    error.log();
                }
                tidy(state).await;
            }
            arrived?;
        }
        Made::Refused(code) => {
            release(state, viewer, upload, LetGo::Unfit).await?;
            return Err(code.into());
        }
    }
    tidy(state).await;
    Ok(())
}

/// Lets go of an upload.
pub(super) async fn release(
    state: &State,
    viewer: &Viewer,
    upload: &upload::Model,
    why: LetGo,
) -> Result<()> {
    let release = Release {
        account: upload.account_id,
        hash: FileHash::parse(&upload.sha256).ok_or(Error::internal("an upload without a hash"))?,
        object: upload.object,
        why,
    };
    run(state, viewer, &release).await?;
    tidy(state).await;
    Ok(())
}

/// What one account may keep.
pub(super) fn quota(state: &State) -> i64 {
    i64::try_from(state.files.limits.account).unwrap_or(i64::MAX)
}

/// The worker would do it too, a little later.
async fn tidy(state: &State) {
    if let Err(error) = erasing::sweep(state).await {
        error.log();
    }
}

/// All bytes of an upload; nothing when its parts are gone.
async fn gather(state: &State, upload: &upload::Model) -> Result<Option<Bytes>> {
    let mut all = BytesMut::with_capacity(usize::try_from(upload.size).unwrap_or(0));
    for word in upload.parts.split_ascii_whitespace() {
        let id = word.split_once(':').map_or(word, |(_, id)| id);
        match state.files.get(&part(upload.object, id)).await? {
            Some(bytes) => all.extend_from_slice(&bytes),
            None => return Ok(None),
        }
    }
    Ok(Some(all.freeze()))
}

fn make(wanted: &FileHash, bytes: Bytes) -> Made {
    if FileHash::from(<[u8; 32]>::from(Sha256::digest(&bytes))) != *wanted {
        return Made::Refused(Code::ChecksumMismatch);
    }
    let kind = sniff::kind(&bytes);
    match kind.and_then(|kind| Some((kind, strip::clean(kind, bytes)?))) {
        Some((kind, clean)) => {
            let stored = FileHash::from(<[u8; 32]>::from(Sha256::digest(&clean)));
            Made::Whole(clean, kind.media_type(), stored)
        }
        None => Made::Refused(Code::FileType),
    }
}
