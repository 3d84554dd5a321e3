//! Where a request comes from when proxies stand in between.
//!
//! A forwarding header is a claim that anybody can write. It counts only as far as the chain of proxies that
//! the operator named: read from the right, the first address that is not one of them is the client.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, header};
use ipnet::IpNet;

/// The client's address as far as it can be trusted.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let x_forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let chain: Vec<&str> = x_forwarded.flat_map(|value| value.split(',')).collect();
    let forwarded = headers
        .get_all(header::FORWARDED)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let other: Vec<&str> = forwarded
        .flat_map(|value| value.split(','))
        .map(forwarded_for)
        .collect();
    let found = [rightmost(peer, &chain, trusted), rightmost(peer, &other, trusted)];
    match (chain.is_empty(), other.is_empty()) {
        (false, true) => found[0],
        (true, false) => found[1],
        // a proxy writes one of the two; when both speak and differ, one of them was the client's own
        (false, false) if found[0] == found[1] => found[0],
        _ => peer,
    }
}

/// Whether the peer is a proxy that the operator named.
pub(super) fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted
        .iter()
        .any(|network| network.contains(&address.to_canonical()))
}

/// What is counted as one address: for IPv6 the /64 that one subscriber has.
pub(super) fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

fn rightmost(peer: IpAddr, chain: &[&str], trusted: &[IpNet]) -> IpAddr {
    let mut nearest = peer;
    for entry in chain.iter().rev() {
        let Some(address) = parse(entry) else {
            return nearest;
        };
        nearest = address;
        if !is_trusted(address, trusted) {
            return nearest;
        }
    }
    nearest
}

/// The `for=` of one element of `Forwarded`.
fn forwarded_for(element: &str) -> &str {
    element
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
        .map_or("", |(_, value)| value.trim().trim_matches('"'))
}

fn parse(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(entry);
    let address = bare
        .parse()
        .ok()
        .or_else(|| entry.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::EdgeConfig;

    fn of(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted = EdgeConfig::parse_proxies("10.0.0.0/8, 192.0.2.7 ,fd00::/8").expect("networks");
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("header"));
        }
        client(peer.parse().expect("address"), &map, &trusted).to_string()
    }

    #[test]
    fn only_named_proxies_are_believed() {
        let xff = "x-forwarded-for";
        assert_eq!(of("203.0.113.9", &[(xff, "1.2.3.4")]), "203.0.113.9");
        assert_eq!(of("10.1.1.1", &[(xff, "1.2.3.4")]), "1.2.3.4");
        assert_eq!(of("10.1.1.1", &[(xff, "6.6.6.6, 1.2.3.4, 10.2.2.2")]), "1.2.3.4");
        assert_eq!(of("10.1.1.1", &[(xff, "6.6.6.6"), (xff, "1.2.3.4")]), "1.2.3.4");
        assert_eq!(
            of("10.1.1.1", &[(xff, "6.6.6.6, nonsense, 192.0.2.7")]),
            "192.0.2.7"
        );
        assert_eq!(of("::ffff:10.1.1.1", &[(xff, "1.2.3.4:5678")]), "1.2.3.4");
        assert_eq!(of("10.1.1.1", &[]), "10.1.1.1");
    }

    #[test]
    fn forwarded_is_read_too_but_not_against_the_other() {
        let forwarded = ("forwarded", "for=6.6.6.6;proto=https, For=\"[2001:db8::1]:99\"");
        assert_eq!(of("10.1.1.1", &[forwarded]), "2001:db8::1");
        assert_eq!(
            of("10.1.1.1", &[forwarded, ("x-forwarded-for", "1.2.3.4")]),
            "10.1.1.1"
        );
        assert_eq!(of("10.1.1.1", &[("forwarded", "for=_hidden")]), "10.1.1.1");
    }

    #[test]
    fn one_subscriber_of_ipv6_is_one_address() {
        let a: IpAddr = "2001:db8:1:2:3::4".parse().expect("address");
        let b: IpAddr = "2001:db8:1:2:ffff::1".parse().expect("address");
        assert_eq!(counted(a), counted(b));
        assert!(EdgeConfig::parse_proxies("10.0.0.0/8,all").is_err());
    }
}
