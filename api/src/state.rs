//! Everything that a request may reach: the only way to the outer world.
//!
//! Time, chance and the network come from here and nowhere else, so that tests and simulations decide them.

use std::sync::{Arc, PoisonError, RwLock};

use crate::{
    accounts::{password::Passwords, throttle::Throttle},
    calendar::Calendar,
    clock::Clock,
    entropy::Entropy,
    epoch::Epoch,
    error::Result,
    keys::Keys,
    store::{Store, collection::Collection, reference::Reference, working::Working},
    sync::live::Live,
    waking::Waking,
};

/// The state of a running server.
pub struct State {
    pub store: Store,
    pub keys: Keys,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub calendar: &'static Calendar,
    pub passwords: Passwords,
    pub throttle: Throttle,
    /// What travels to phones; see [`crate::sync::registry`].
    pub collections: &'static [&'static dyn Collection],
    /// Who issues our tokens: the public address, or `cutri`.
    pub issuer: String,
    /// Changes when the database was created or restored; checkpoints of another epoch start again.
    pub epoch: Epoch,
    /// Who is told of changes as they happen.
    pub live: Arc<Live>,
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
            collections: crate::sync::registry::COLLECTIONS,
            issuer,
            epoch,
            live: Arc::default(),
            waking: Waking::default(),
            reference: RwLock::new(reference),
        })
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
