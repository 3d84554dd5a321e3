//! The running server: what executes behind the edge, what it does in the background, how it ends.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_graphql::{Request, Response, futures_util::stream::BoxStream};
use axum::Router;
use migration::Migrator;
use sea_orm_migration::MigratorTrait;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::{Instant, MissedTickBehavior, interval},
};
use uuid::Uuid;

use crate::{
    accounts::authentication,
    bundle,
    config::{Settings, Switch},
    demo,
    disk::Room,
    documents,
    edge::{self, Backend, Client, Edge, EdgeConfig},
    error::{Code, Result},
    files, imports, installation, pages, reports,
    rights::Rights,
    schema::{self, Schema},
    start::{self, Failure},
    starts,
    state::State,
    store::{durability, neighbours::Neighbours, reference, sql::Sql},
    sync::{live, rxdb::stream::Horizon},
    terminal::say,
    viewer::Viewer,
    waking, worker,
};

/// How often the signing keys are looked at; far more often than a new key waits before it signs.
const KEYS: Duration = Duration::from_secs(60);

/// Serves until SIGTERM or Ctrl-C; with `as_demo` an empty database is made a demo first, and another refused.
pub async fn run(settings: &Settings, as_demo: bool) -> Result<(), Failure> {
    let begun = Instant::now();
    // Before anything long: two servers on one address are noticed at once.
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|cause| Failure::new(format!("{}: {}", settings.listen, start::words(&cause))))?;
    let (state, is_new) = start::open_or_make(settings).await?;
    let _alone = start::serve_alone(settings)?;
    let is_new_demo = as_demo && demo::prepare(&state, &settings.data).await?;
    if is_new || is_new_demo {
        start::again();
    }
    // Not earlier: whoever wants to end the making need not wait for it, and a signal heard before would be forgotten.
    let mut terminated =
        signal(SignalKind::terminate()).map_err(|cause| Failure::new(start::words(&cause)))?;
    starts::note(&state.store, state.entropy.as_ref(), state.clock.now()).await?;
    // Before anything runs in the background: what a start asks of the database, however much lies in it.
    tracing::info!(statements = state.store.statements(), "opened");
    tracing::info!(%settings, "settings");
    let accounts = if as_demo {
        Some(demo::read(&settings.data)?)
    } else {
        None
    };
    if settings.rate_limits == Switch::Off {
        tracing::warn!("CUTRI_RATE_LIMITS=off: no limit on connections and attempts; for load tests only");
        say(
            "CẢNH BÁO: đang tắt mọi giới hạn kết nối và tần suất (CUTRI_RATE_LIMITS=off); chỉ dùng để thử tải.",
        );
    }
    if let Some(line) = durability::too_old(&state.store.durability().await?) {
        tracing::warn!("{line}");
        say(format_args!("CẢNH BÁO: {line}"));
    }
    let store = state.store.clone();
    let background = [
        tokio::spawn(turn_keys(Arc::clone(&state))),
        tokio::spawn(follow_reference(Arc::clone(&state))),
        tokio::spawn(worker::run(Arc::clone(&state))),
        tokio::spawn(follow_clocks(Arc::clone(&state))),
        tokio::spawn(waking::run(Arc::clone(&state))),
    ];
    let neighbours = settings.neighbours().map(|url| {
        let entropy = state.entropy.as_ref();
        Neighbours::meet(url.expose(), &state.store.wake, entropy)
    });
    let config = settings.edge();
    let config = match accounts {
        Some(_) => EdgeConfig {
            examples: demo::EXAMPLES.to_owned(),
            ..config
        },
        None => config,
    };
    let pages = doors(&state, accounts, &settings.data);
    let edge = Edge::new(
        Server::new(Arc::clone(&state), settings.data.clone()),
        pages,
        config,
    );
    welcome(
        settings,
        listener.local_addr().unwrap_or(settings.listen),
        &state,
        begun,
    )
    .await?;
    let shutdown = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping: finishing what runs");
    };
    edge::serve(listener, edge, shutdown).await;
    drop(neighbours);
    for task in background {
        task.abort();
    }
    if let Err(error) = keep_mark(&state).await {
        error.log();
    }
    store.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// What is served beside GraphQL: pages for people, tables for spreadsheets and what comes from them, calendars, the
/// door for bundles, files.
fn doors(state: &Arc<State>, accounts: Option<Vec<demo::Login>>, data: &Path) -> Router {
    pages::router(Arc::clone(state), accounts)
        .merge(reports::http::door(Arc::clone(state)))
        .merge(documents::http::door(Arc::clone(state)))
        .merge(pages::calendar::door(Arc::clone(state)))
        .merge(bundle::http::door(Arc::clone(state)))
        .merge(imports::http::door(Arc::clone(state), data.to_owned()))
        .merge(files::http::door(Arc::clone(state)))
}

/// Five lines: where everything is.
async fn welcome(
    settings: &Settings,
    address: SocketAddr,
    state: &State,
    begun: Instant,
) -> Result<(), Failure> {
    let url = settings
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{address}"));
    say(format_args!(
        "cutri {} sẵn sàng sau {} ms [ready]",
        env!("CARGO_PKG_VERSION"),
        begun.elapsed().as_millis()
    ));
    say(format_args!("  Trang giới thiệu [page]    {url}/"));
    say(format_args!("  GraphiQL                   {url}/graphql"));
    say(format_args!("  Lược đồ [schema]           {url}/schema.graphql"));
    let accounts = if installation::is_demo(&state.store).await? {
        settings.data.join(demo::FILE).display().to_string()
    } else {
        "chưa có; tạo quản trị viên [none yet]: cutri account create --username …".to_owned()
    };
    say(format_args!("  Tài khoản [accounts]       {accounts}"));
    Ok(())
}

/// The edge of a server on this state; `data` is the folder whose disk must not run full.
pub fn behind(state: Arc<State>, data: PathBuf, config: EdgeConfig) -> Arc<Edge<Server>> {
    let pages = doors(&state, None, &data);
    Edge::new(Server::new(state, data), pages, config)
}

/// What executes behind the edge.
pub struct Server {
    state: Arc<State>,
    schema: Schema,
    /// Made when it is first asked for.
    sdl: OnceLock<String>,
    data: PathBuf,
    migrations: i64,
}

impl Server {
    fn new(state: Arc<State>, data: PathBuf) -> Self {
        Self {
            state,
            data,
            sdl: OnceLock::new(),
            schema: schema::build(),
            migrations: i64::try_from(Migrator::migrations().len()).unwrap_or(i64::MAX),
        }
    }

    /// Whether the database takes writes and has the structure that this program expects.
    async fn database(&self) -> Result<bool> {
        let tx = self.state.store.begin().await?;
        let known = Sql::new(
            self.state.store.backend(),
            "SELECT count(*) AS known FROM seaql_migrations",
        )
        .one(&tx)
        .await?;
        tx.rollback().await?;
        let known = known.map(|row| row.try_get::<i64>("", "known")).transpose()?;
        Ok(known.is_some_and(|known| known >= self.migrations))
    }
}

impl Backend for Server {
    type Caller = Viewer;
    type Horizon = Horizon;

    async fn authenticate(&self, bearer: Option<&str>, client: &Client) -> Result<Viewer, Code> {
        authentication::authenticate_for_sync(&self.state, bearer, client.lang).await
    }

    /// An integrator counts as the unit that his token was made for.
    fn account(&self, caller: &Viewer) -> Option<Uuid> {
        let account = caller.account_id().map(Uuid::from);
        account.or_else(|| caller.read_token().map(Uuid::from))
    }

    async fn execute(&self, request: Request, caller: Viewer) -> Response {
        schema::execute(&self.schema, request, Arc::clone(&self.state), caller).await
    }

    async fn horizon(&self) -> Result<Horizon, Code> {
        let clocks = live::clocks(&self.state).await.map_err(|error| {
            error.log();
            error.code()
        })?;
        Ok(Arc::new(clocks))
    }

    fn subscribe(&self, request: Request, caller: Viewer, horizon: Horizon) -> BoxStream<'static, Response> {
        let request = request.data(Arc::clone(&self.state)).data(caller).data(horizon);
        self.schema.execute_stream(request)
    }

    async fn rights(&self) -> Result<Rights, Code> {
        live::rights(&self.state).await.map_err(|error| {
            error.log();
            error.code()
        })
    }

    fn has_same_rights(&self, before: &Viewer, now: &Viewer) -> bool {
        before.partition_ids() == now.partition_ids()
    }

    fn sdl(&self) -> &str {
        self.sdl.get_or_init(|| schema::sdl(&self.schema))
    }

    async fn ready(&self) -> Result<(), &'static str> {
        match self.database().await {
            Ok(true) => {}
            Ok(false) => return Err("migrations"),
            Err(error) => {
                error.log();
                return Err("database");
            }
        }
        if Room::under(&self.data).is_some_and(Room::is_scarce) {
            return Err("disk");
        }
        Ok(())
    }

    fn jwks(&self) -> String {
        self.state.keys.jwks(self.state.clock.now()).to_string()
    }

    fn fresh_id(&self) -> Uuid {
        self.state.entropy.id(self.state.clock.now())
    }
}

/// Turns the signing keys over, and reads those that another process made.
async fn turn_keys(state: Arc<State>) {
    let mut every = interval(KEYS);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        match state.keys.rotate(state.clock.now(), state.entropy.as_ref()) {
            Ok(false) => {}
            Ok(true) => {
                tracing::info!("a new signing key; it signs in ten minutes");
                if let Err(error) = installation::check_keys(&state.store, &state.keys).await {
                    error.log();
                }
            }
            Err(error) => tracing::error!(%error, "the signing keys cannot be read"),
        }
    }
}

/// Reads the reference data again when another process changed it.
async fn follow_reference(state: Arc<State>) {
    let mut every = interval(state.look);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = state.reference_read.clone();
    loop {
        every.tick().await;
        let now = match reference::version(&state.store).await {
            Ok(now) => now,
            Err(error) => {
                tracing::debug!(
                    code = error.code().name(),
                    "the reference data cannot be looked at"
                );
                continue;
            }
        };
        if known != now {
            if let Err(error) = state.refresh_reference().await {
                error.log();
                continue;
            }
            // Councils and units decide what follows what; those who were looked up before saw what was.
            state.live.rights_changed();
            tracing::info!("reference data read again");
        }
        known = now;
    }
}

/// Wakes who waits here for what other processes wrote, and notes how far the clocks stand.
async fn follow_clocks(state: Arc<State>) {
    let mut every = interval(state.look);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = None;
    loop {
        every.tick().await;
        let now = match clocks_version(&state).await {
            Ok(now) => Some(now),
            Err(error) => {
                tracing::debug!(code = error.code().name(), "the clocks cannot be looked at");
                continue;
            }
        };
        if known != now {
            state.store.wake.something();
            if let Err(error) = keep_mark(&state).await {
                error.log();
                continue;
            }
        }
        known = now;
    }
}

/// Differs when any clock moved, which only ever rise, or another epoch began.
async fn clocks_version(state: &State) -> Result<(i64, String)> {
    let sql = Sql::new(
        state.store.backend(),
        "SELECT CAST(coalesce(sum(seq), 0) AS BIGINT) AS sum, \
         coalesce((SELECT value FROM installation WHERE name = 'epoch'), '') AS epoch FROM sync_clock",
    );
    match sql.one(state.store.read()).await? {
        Some(row) => Ok((row.try_get("", "sum")?, row.try_get("", "epoch")?)),
        None => Ok((0, String::new())),
    }
}

async fn keep_mark(state: &State) -> Result<()> {
    let (store, keys, entropy) = (&state.store, &state.keys, state.entropy.as_ref());
    state.epoch.keep_mark(store, keys, entropy).await
}
