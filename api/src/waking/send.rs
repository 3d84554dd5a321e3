//! Sends one signal: an empty request to a push service, or the word "wake" to the gateway.
//!
//! An address was made up by whoever owns the device. So it is called by https alone, never past a redirect, and only
//! at addresses of the public network, looked at when the name is resolved: what was looked at is what is connected to.

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
    time, vec,
};

use axum::http::{Request, Response, StatusCode, header, request};
use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use entity::{id::DeviceId, waking::Road};
use hmac::{Hmac, Mac, digest::KeyInit};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::Name},
    },
    rt::TokioExecutor,
};
use p256::ecdsa::SigningKey;
use serde_json::json;
use sha2::Sha256;
use tokio::time::timeout;
use tower::Service;
use url::Url;

use super::{
    rules::{is_global, reachable, retry_after},
    settings::{Gateway, Hosts, Settings},
    vapid,
};
use crate::{
    error::{Error, Result},
    keys::{Keys, hex},
};

/// The longest wait for an answer, from the name to the status.
const PATIENCE: time::Duration = time::Duration::from_secs(10);
/// For how long a push service keeps a signal for a phone that is off; longer, and the phone pulls by itself anyway.
const TTL: &str = "86400";
/// A signal that was not delivered yet is replaced by the next one.
const TOPIC: &str = "cutri";
/// The header by which a gateway knows that a request is ours.
pub(super) const SIGNATURE: &str = "x-cutri-signature";

/// What became of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The push service has it.
    Taken,
    /// The address is no more.
    Gone,
    /// It may be tried again, after the wish of the push service.
    Failed(Option<Duration>),
}

/// A request that is ready to be sent.
type Signal = Result<Request<Full<Bytes>>, axum::http::Error>;

fn post(url: &Url) -> request::Builder {
    Request::post(url.as_str())
}

/// Who sends.
pub(super) struct Sender {
    client: Client<HttpsConnector<HttpConnector<Public>>, Full<Bytes>>,
    settings: Settings,
    key: SigningKey,
    /// Tokens by origin, for as long as this value lives: to sign costs more than to send.
    tokens: Mutex<HashMap<String, String>>,
}

impl Sender {
    /// For the signals of one turn.
    pub(super) fn new(settings: &Settings, keys: &Keys) -> Result<Self> {
        let mut connector =
            HttpConnector::new_with_resolver(Public(settings.hosts.clone(), gateway_host(settings)));
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| Error::internal(format!("waking: {error}")))?
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self {
            client,
            settings: settings.clone(),
            key: vapid::key(keys),
            tokens: Mutex::default(),
        })
    }

    /// Sends a signal. Nothing of the address is told, whatever happens.
    pub(super) async fn wake(
        &self,
        device: DeviceId,
        road: Road,
        address: &str,
        now: DateTime<Utc>,
    ) -> Outcome {
        let request = match (road, &self.settings.gateway) {
            (Road::Gateway, Some(gateway)) => self.to_gateway(gateway, device, address, now),
            // The operator has taken the gateway away, and may bring it back.
            (Road::Gateway, None) => return Outcome::Failed(None),
            (Road::WebPush | Road::UnifiedPush, _) => match reachable(address, &self.settings.hosts) {
                Some(url) => self.to_push_service(&url, now),
                // Registered under other settings.
                None => return Outcome::Gone,
            },
        };
        let Ok(request) = request else {
            return Outcome::Gone;
        };
        match timeout(PATIENCE, self.client.request(request)).await {
            Ok(Ok(response)) => outcome(&response, road, now),
            Ok(Err(_)) | Err(_) => Outcome::Failed(None),
        }
    }

    fn to_push_service(&self, url: &Url, now: DateTime<Utc>) -> Signal {
        let origin = url.origin().ascii_serialization();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let contact = self.settings.contact.as_deref();
        let token = tokens
            .entry(origin)
            .or_insert_with_key(|origin| vapid::authorization(&self.key, origin, contact, now));
        post(url)
            .header(header::AUTHORIZATION, token.as_str())
            .header(header::CONTENT_LENGTH, "0")
            .header("ttl", TTL)
            .header("topic", TOPIC)
            .header("urgency", "normal")
            .body(Full::default())
    }

    fn to_gateway(&self, gateway: &Gateway, device: DeviceId, token: &str, now: DateTime<Utc>) -> Signal {
        let mut body = json!({"kind": "wake", "device": device.0});
        if !token.is_empty() {
            body["token"] = json!(token);
        }
        let body = body.to_string();
        post(&gateway.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(SIGNATURE, signature(gateway.key.as_bytes(), &body, now))
            .body(Full::from(body))
    }
}

/// When it was said, and a MAC over that and the body: an old request is of no use to who overheard it.
fn signature(key: &[u8], body: &str, now: DateTime<Utc>) -> String {
    let at = now.timestamp();
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", hex(&mac.finalize().into_bytes()))
}

fn outcome<B>(response: &Response<B>, road: Road, now: DateTime<Utc>) -> Outcome {
    let wish = || {
        let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
        retry_after(value, now)
    };
    match response.status() {
        status if status.is_success() => Outcome::Taken,
        StatusCode::GONE => Outcome::Gone,
        // Of a gateway it means that the gateway is not there.
        StatusCode::NOT_FOUND if road != Road::Gateway => Outcome::Gone,
        _ => Outcome::Failed(wish()),
    }
}

fn gateway_host(settings: &Settings) -> Option<String> {
    let host = settings.gateway.as_ref()?.url.host_str()?;
    Some(host.to_owned())
}

/// Resolves names, and forgets what lies inside a network: of any name but those that the operator gave.
#[derive(Clone)]
struct Public(Hosts, Option<String>);

impl Service<Name> for Public {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let is_named = self.0.names(name.as_str()) || self.1.as_deref() == Some(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| is_named || is_global(address.ip()))
                .collect();
            match allowed.is_empty() {
                true => Err(io::ErrorKind::AddrNotAvailable.into()),
                false => Ok(allowed.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolved(hosts: &str, name: &str) -> bool {
        let mut resolver = Public(Hosts::parse(hosts).expect("hosts"), None);
        resolver.call(name.parse().expect("name")).await.is_ok()
    }

    /// A name that anybody may register, and that stands for this machine.
    #[tokio::test]
    async fn a_name_for_an_address_inside_is_no_name() {
        assert!(!resolved("", "localhost").await);
        assert!(resolved("localhost", "localhost").await);
    }

    #[test]
    fn a_gateway_can_check_who_speaks() {
        let now = "2026-11-27T01:00:00Z".parse().expect("time");
        // Computed with another implementation.
        assert_eq!(
            signature(b"0123456789abcdef", "{}", now),
            "t=1795741200,v1=10070965b077c4e9f1108b68b98175eb1f4ed67cd6065ee3a87234aec5390642"
        );
    }
}
