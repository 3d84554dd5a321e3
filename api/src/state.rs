//! Everything that a request may reach: the only way to the outer world.
//!
//! Time, chance and the network come from here and nowhere else, so that tests and simulations decide them.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use crate::{
    accounts::{password::Passwords, throttle::Throttle},
    calendar::Calendar,
    clock::Clock,
    entropy::Entropy,
    epoch::Epoch,
    error::Result,
    files::Files,
    keys::Keys,
    looked::Looked,
    lookup::guessing::Guesses,
    starts::Starts,
    store::{
        Store,
        collection::Collection,
        reference::{self, Reference},
        working::Working,
    },
    sync::live::Live,
    waking::Waking,
};

/// How often the database is asked what other processes wrote.
pub const LOOK: Duration = Duration::from_secs(1);

/// The state of a running server.
pub struct State {
    pub store: Store,
    pub keys: Keys,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub calendar: &'static Calendar,
    pub passwords: Passwords,
    pub throttle: Throttle,
    /// Guesses of voters' codes.
    pub guesses: Guesses,
    /// What lies in the change log; see [`crate::sync::registry`].
    pub collections: &'static [&'static dyn Collection],
    /// Who issues our tokens: the public address, or `cutri`.
    pub issuer: String,
    /// Changes when the database was created or restored; checkpoints of another epoch start again.
    pub epoch: Epoch,
    /// Which starts of servers the database knows; what another one knows, it was replaced.
    pub starts: Starts,
    /// Where the bytes of files lie.
    pub files: Files,
    /// Who is told of changes as they happen.
    pub live: Arc<Live>,
    /// How far briefs were made by this process.
    pub briefed: Looked,
    /// How far this process has counted what waits for whom.
    pub agenda_counted: Looked,
    /// How often the database is asked what other processes wrote, whether or not they call it out.
    pub look: Duration,
    /// The version of the reference data when it was read; from then on it is followed.
    pub reference_read: reference::Version,
    /// How phones are woken, and who is awake.
    pub waking: Waking,
    reference: RwLock<Reference>,
}

impl State {
    /// Puts the state together; reads the reference data.
    pub async fn new(
        store: Store,
        keys: Keys,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        issuer: String,
    ) -> Result<Self> {
        // Before it is read: what changes between the two is then read once more.
        let reference_read = reference::version(&store).await?;
        let reference = Reference::load(store.read()).await?;
        let epoch = Epoch::open(&store, &keys, entropy.as_ref()).await?;
        Ok(Self {
            store,
            keys,
            clock,
            entropy,
            calendar: Calendar::delivered(),
            passwords: Passwords::new()?,
            throttle: Throttle::default(),
            guesses: Guesses::default(),
            collections: crate::sync::registry::LOGGED,
            issuer,
            epoch,
            starts: Starts::default(),
            files: Files::in_memory(),
            live: Arc::default(),
            briefed: Looked::default(),
            agenda_counted: Looked::default(),
            look: LOOK,
            reference_read,
            waking: Waking::default(),
            reference: RwLock::new(reference),
        })
    }

    /// Where people reach this installation, if it was said.
    pub fn public_url(&self) -> Option<&str> {
        Some(self.issuer.as_str()).filter(|issuer| issuer.starts_with("http"))
    }

    /// The reference data as of now.
    pub fn reference(&self) -> Reference {
        self.reference
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the reference data again, after an import or a change by another process.
    pub async fn refresh_reference(&self) -> Result<()> {
        let reference = Reference::load(self.store.read()).await?;
        *self.reference.write().unwrap_or_else(PoisonError::into_inner) = reference;
        Ok(())
    }

    /// What has to happen after a commit: reference data that changed is taken over.
    pub(crate) async fn after_commit(&self, working: &Working) -> Result<()> {
        self.reference
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take(working);
        Ok(())
    }
}
