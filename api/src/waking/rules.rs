//! Where a device may be woken, and when. Pure.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use entity::waking::Road;
use url::Url;

use super::settings::{Hosts, Settings};
use crate::error::{Code, Refused};

/// How long a change lies before a device that has not read it is woken: whoever is awake reads it meanwhile.
pub const SETTLE: Duration = Duration::seconds(5);
/// After a signal the next one waits this long, unless the device has read in between.
pub const QUIET: Duration = Duration::minutes(15);
/// A device that has just spoken is awake, and will read.
pub const AWAKE: Duration = Duration::seconds(30);
/// For how long a signal belongs to the process that sends it; longer than all its attempts take.
pub const LEASE: Duration = Duration::minutes(2);
/// After so many failures in a row, in about four days, an address is given up.
pub(super) const GIVE_UP: i32 = 20;
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::hours(6);
/// The longest pause that a push service may ask for.
const LONGEST_WISH: Duration = Duration::hours(24);

/// Characters of an address, at the most.
pub(super) const MOST_ADDRESS: usize = 1_024;

/// The address as it is kept: what a device gave, checked for its road.
pub(super) fn address(
    road: Road,
    endpoint: Option<&str>,
    token: Option<&str>,
    settings: &Settings,
) -> Result<String, Refused> {
    if road == Road::Gateway {
        // Without a gateway nobody would ever wake it, and its holder would wait.
        if settings.gateway.is_none() {
            return Err(Refused::field(Code::InvalidState, "kind"));
        }
        return written(token.unwrap_or_default(), "token");
    }
    let given = endpoint.filter(|endpoint| !endpoint.is_empty());
    let given = written(
        given.ok_or(Refused::field(Code::Required, "endpoint"))?,
        "endpoint",
    )?;
    match reachable(&given, &settings.hosts) {
        Some(_) => Ok(given),
        None => Err(Refused::field(Code::InvalidValue, "endpoint")),
    }
}

fn written(given: &str, field: &'static str) -> Result<String, Refused> {
    if given.len() > MOST_ADDRESS {
        return Err(Refused::field(Code::TooLong, field));
    }
    if !given.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refused::field(Code::InvalidText, field));
    }
    Ok(given.to_owned())
}

/// A key of a subscription, if it is one: what apps hand over with the endpoint has to be whole, though no signal
/// needs it.
pub(super) fn subscription_key(
    given: Option<&str>,
    bytes: usize,
    field: &'static str,
) -> Result<(), Refused> {
    let Some(given) = given else { return Ok(()) };
    match URL_SAFE_NO_PAD.decode(given.trim_end_matches('=')) {
        Ok(key) if key.len() == bytes => Ok(()),
        _ => Err(Refused::field(Code::InvalidValue, field)),
    }
}

/// The address as a URL, if a signal may be sent there: by https, to a host that is on the operator's list or, where
/// there is none, that is not an address inside some network. A host that the operator has named may be anywhere, and
/// on this very machine also without TLS. What a name stands for is looked at when it is called.
pub(super) fn reachable(address: &str, hosts: &Hosts) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let number: Option<IpAddr> = bare.parse().ok();
    let is_named = hosts.names(bare);
    let is_plain = !url.username().is_empty() || url.password().is_some() || url.fragment().is_some();
    let is_here = number.is_some_and(|number| number.is_loopback());
    let is_sealed = url.scheme() == "https" || (url.scheme() == "http" && is_named && is_here);
    let is_allowed = is_named || (hosts.is_empty() && number.is_none_or(is_global) && is_public_name(bare));
    (!is_plain && is_sealed && is_allowed).then_some(url)
}

/// Names that stand for something inside a network; whatever else does is seen by its number.
fn is_public_name(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host.contains(['.', ':'])
        && ![".localhost", ".local", ".internal", ".home.arpa", ".lan"]
            .iter()
            .any(|inner| host.ends_with(inner))
}

/// Whether an address lies in the public network. Only what is surely global is: a signal must not become a way to
/// reach what the server can reach and a stranger cannot.
pub(super) fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(inner) => is_global_v4(inner),
            None => is_global_v6(address),
        },
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        // Shared by carriers, protocol assignments, 6to4 relays, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (18..20).contains(&b));
    !is_special
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast without protocol assignments (2001::/23), documentation and 6to4, which hides an IPv4 address.
    (first & 0xe000) == 0x2000
        && !(first == 0x2001 && second < 0x0200)
        && !(first == 0x2001 && second == 0x0db8)
        && first != 0x2002
        && (first, second & 0xf000) != (0x3fff, 0)
}

/// Whether something in what a device reads lies beyond its position. A position beyond the horizon is one of a
/// database that was replaced by an older copy: then everything has to be asked again.
pub(super) fn is_behind(
    position: &BTreeMap<i64, i64>,
    horizon: &BTreeMap<i64, i64>,
    reached: impl Iterator<Item = (i64, i64)>,
) -> bool {
    let mut reached = reached;
    reached.any(|(clock, seq)| {
        let at = position.get(&clock).copied().unwrap_or(0);
        seq > at || horizon.get(&clock).is_some_and(|now| at > *now)
    })
}

/// When the next attempt may be made after so many failures, at the earliest when the push service wants it.
pub(super) fn next_attempt(now: DateTime<Utc>, attempts: i32, wish: Option<Duration>) -> DateTime<Utc> {
    let doublings = u32::try_from(attempts.clamp(1, 16) - 1).unwrap_or(0);
    let pause = (Duration::seconds(30) * 2_i32.pow(doublings)).min(LONGEST_PAUSE);
    now + pause.max(wish.unwrap_or_default().min(LONGEST_WISH))
}

/// How long a push service wants to be left alone: seconds, or a date (RFC 9110 §10.2.3).
pub(super) fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::seconds(seconds.into()));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    Some((date.to_utc() - now).max(Duration::zero()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(list: &str) -> Hosts {
        Hosts::parse(list).expect("hosts")
    }

    #[test]
    fn only_the_public_network_is_global() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "100::1",
            "3fff::1",
            "::7f00:1",
        ] {
            assert!(!is_global(inside.parse().expect(inside)), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "142.250.66.10",
            "100.128.0.1",
            "2404:6800:4003::1",
            "2606:4700::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_global(outside.parse().expect(outside)), "{outside}");
        }
    }

    #[test]
    fn an_endpoint_is_https_and_outside() {
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc:def",
            "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
            "https://web.push.apple.com/QGu",
            "https://ntfy.example.vn:8443/upABC?up=1",
            "https://1.1.1.1/x",
            "https://[2606:4700::1]/x",
        ] {
            assert!(reachable(good, &hosts("")).is_some(), "{good}");
        }
        for bad in [
            "",
            "x",
            "http://fcm.googleapis.com/x",
            "ftp://fcm.googleapis.com/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://localhost/x",
            "https://printer.local/x",
            "https://metadata.internal./x",
            "https://169.254.169.254/latest",
            "https://0x7f000001/x",
            "https://2130706433/x",
            "https://127.1/x",
            "https://user@fcm.googleapis.com/x",
            "https://user:x@fcm.googleapis.com/x",
            "https://fcm.googleapis.com/x#y",
            "https://[::ffff:10.0.0.1]/x",
            "https://intranet/x",
            "file:///etc/passwd",
        ] {
            assert!(reachable(bad, &hosts("")).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_list_of_hosts_is_the_whole_list() {
        let list = hosts("fcm.googleapis.com, *.push.apple.com, 127.0.0.1, ntfy.noi-bo");
        for good in [
            "https://fcm.googleapis.com/x",
            "https://FCM.googleapis.com/x",
            "https://web.push.apple.com/x",
            "https://ntfy.noi-bo/x",
            "https://127.0.0.1/x",
            "http://127.0.0.1:9999/x",
        ] {
            assert!(reachable(good, &list).is_some(), "{good}");
        }
        for bad in [
            "https://updates.push.services.mozilla.com/x",
            "https://push.apple.com.evil.vn/x",
            "https://push.apple.com/x",
            "http://fcm.googleapis.com/x",
            "http://ntfy.noi-bo/x",
            "https://10.0.0.1/x",
            "https://evil-fcm.googleapis.com/x",
        ] {
            assert!(reachable(bad, &list).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_address_belongs_to_its_road() {
        let settings = Settings::default();
        let of = |road, endpoint, token| {
            address(road, endpoint, token, &settings)
                .map_err(|refused| (refused.code, refused.field.map(|field| field.into_owned())))
        };
        let refused = |code, field: &str| Err((code, Some(field.to_owned())));
        let good = "https://fcm.googleapis.com/fcm/send/abc";
        assert_eq!(of(Road::WebPush, Some(good), None), Ok(good.to_owned()));
        assert_eq!(of(Road::UnifiedPush, Some(good), Some("x")), Ok(good.to_owned()));
        assert_eq!(
            of(Road::WebPush, None, Some("x")),
            refused(Code::Required, "endpoint")
        );
        assert_eq!(
            of(Road::WebPush, Some(""), None),
            refused(Code::Required, "endpoint")
        );
        let at = |length: usize| format!("https://push.example.vn/{}", "a".repeat(length - 24));
        let (longest, longer) = (at(1_024), at(1_025));
        assert!(of(Road::WebPush, Some(&longest), None).is_ok());
        assert_eq!(
            of(Road::WebPush, Some(&longer), None),
            refused(Code::TooLong, "endpoint")
        );
        assert_eq!(
            of(Road::WebPush, Some("https://push.example.vn/ấp"), None),
            refused(Code::InvalidText, "endpoint")
        );
        assert_eq!(
            of(Road::WebPush, Some("https://10.0.0.1/x"), None),
            refused(Code::InvalidValue, "endpoint")
        );
        assert_eq!(
            of(Road::Gateway, None, Some("x")),
            refused(Code::InvalidState, "kind")
        );
        let with_gateway = Settings {
            gateway: Some(
                super::super::Gateway::new("https://gateway.example.vn", "0123456789abcdef")
                    .expect("gateway"),
            ),
            ..Settings::default()
        };
        assert_eq!(
            address(Road::Gateway, None, Some("fcm:x"), &with_gateway),
            Ok("fcm:x".to_owned())
        );
        assert_eq!(
            address(Road::Gateway, None, None, &with_gateway),
            Ok(String::new())
        );
    }

    #[test]
    fn behind_is_what_lies_beyond_the_position() {
        let of = |pairs: &[(i64, i64)]| pairs.iter().copied().collect::<BTreeMap<_, _>>();
        let horizon = of(&[(1, 100), (2, 100)]);
        for (position, reached, wanted) in [
            (&[(1, 50), (2, 50)][..], &[(1, 50), (2, 10)][..], false),
            (&[(1, 50), (2, 50)], &[(1, 51)], true),
            (&[(1, 50), (2, 50)], &[(2, 51)], true),
            (&[(1, 50)], &[(2, 1)], true),
            (&[(1, 50)], &[], false),
            // Restored from a copy of before.
            (&[(1, 500), (2, 50)], &[(1, 10)], true),
            (&[(1, 500), (2, 50)], &[(2, 10)], false),
        ] {
            let behind = is_behind(&of(position), &horizon, reached.iter().copied());
            assert_eq!(behind, wanted, "{position:?} {reached:?}");
        }
    }

    #[test]
    fn pauses_grow_and_wishes_are_heard() {
        let now: DateTime<Utc> = "2026-11-27T01:00:00Z".parse().expect("time");
        let after = |attempts, wish| next_attempt(now, attempts, wish) - now;
        assert_eq!(after(1, None), Duration::seconds(30));
        assert_eq!(after(4, None), Duration::seconds(240));
        assert_eq!(after(100, None), LONGEST_PAUSE);
        assert_eq!(after(1, Some(Duration::hours(3))), Duration::hours(3));
        assert_eq!(after(9, Some(Duration::seconds(1))), Duration::seconds(7_680));
        assert_eq!(after(1, Some(Duration::days(9))), LONGEST_WISH);
        let all: Duration = (1..GIVE_UP).map(|attempts| after(attempts, None)).sum();
        assert!((2..5).contains(&all.num_days()), "{all}");

        assert_eq!(retry_after("120", now), Some(Duration::seconds(120)));
        assert_eq!(
            retry_after("Fri, 27 Nov 2026 01:02:00 GMT", now),
            Some(Duration::seconds(120))
        );
        assert_eq!(
            retry_after("Fri, 27 Nov 2026 00:00:00 GMT", now),
            Some(Duration::zero())
        );
        assert_eq!(retry_after("soon", now), None);
    }
}
