//! The settings of the edge, with the published values as defaults.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;

/// How the edge behaves. Everything has the published value by default; tests shorten the times.
#[derive(Clone, Debug)]
pub struct EdgeConfig {
    /// Peers whose forwarding headers count (`CUTRI_TRUSTED_PROXIES`). Empty: nobody's.
    pub trusted_proxies: Vec<IpNet>,
    /// `false` lifts the caps on connections (`CUTRI_RATE_LIMITS=off`, load tests only).
    pub rate_limits: bool,
    /// Commented examples for the GraphiQL page; a line `### title` begins a new one.
    pub examples: String,
    /// How long things may take.
    pub times: Times,
    /// How many connections may be open.
    pub connections: Connections,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// From the first moment of a connection, or the first byte of a later request, to the end of its headers.
    pub header: Duration,
    /// From the headers to the last byte of the body.
    pub body: Duration,
    /// Between two requests of one connection.
    pub idle: Duration,
    /// Without a single byte taken by the client while we write.
    pub stalled: Duration,
    /// Execution of a query.
    pub query: Duration,
    /// Execution of a mutation.
    pub mutation: Duration,
    /// The longest extra wait that a query may ask for with `waitMs`.
    pub longest_wait: Duration,
    /// From the signal to stop until what still runs is cut off.
    pub drain: Duration,
    /// Between two pings on a socket; one that answers none of two is given up.
    pub ping: Duration,
    /// Between two looks at the token and the rights behind a socket, for what nobody calls out: a token or a mandate
    /// whose time is over. What is changed is looked at when it is committed ([`super::Backend::rights`]).
    pub recheck: Duration,
    /// Until a client has to have taken a message on a socket.
    pub taken: Duration,
    /// Until a client has to have taken leave of a socket that is closed.
    pub farewell: Duration,
}

/// How many connections may be open.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// From one address (IPv6: one /64) without a valid token. Phones share carrier NAT, so not with one.
    pub per_address: usize,
    /// With valid tokens of one account.
    pub per_account: usize,
    /// In all.
    pub total: usize,
}

impl Default for EdgeConfig {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            rate_limits: true,
            examples: String::new(),
            times: Times::default(),
            connections: Connections::default(),
        }
    }
}

impl Default for Times {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            stalled: Duration::from_secs(30),
            query: Duration::from_secs(5),
            mutation: Duration::from_secs(15),
            longest_wait: Duration::from_secs(60),
            drain: Duration::from_secs(20),
            ping: Duration::from_secs(25),
            recheck: Duration::from_secs(30),
            taken: Duration::from_secs(10),
            farewell: Duration::from_secs(1),
        }
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            per_address: 64,
            per_account: 256,
            total: 4_000,
        }
    }
}

impl EdgeConfig {
    /// Reads the list of `CUTRI_TRUSTED_PROXIES`: addresses or networks, separated by commas. The error is
    /// the entry that could not be read.
    pub fn parse_proxies(list: &str) -> Result<Vec<IpNet>, String> {
        list.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                entry
                    .parse::<IpNet>()
                    .or_else(|_| entry.parse::<IpAddr>().map(IpNet::from))
                    .map_err(|_| entry.to_owned())
            })
            .collect()
    }
}
