//! How requests for S3 travel: HTTP/1.1 with rustls and ring, like all that this program encrypts. The library's own
//! way would bring a second cryptography, or ask every other user of its client to choose one first.

use std::{error::Error, fmt, io, time::Duration};

use async_trait::async_trait;
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector as Tcp},
    rt::TokioExecutor,
};
use object_store::{
    ClientConfigKey, ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
        HttpResponseBody, HttpService,
    },
};
use rustls::crypto::ring;

/// How long a provider may take to begin an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Makes clients; without encryption only where `AWS_ALLOW_HTTP` says so.
#[derive(Debug)]
pub(super) struct Transport;

impl HttpConnector for Transport {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let plain = options.get_config_value(&ClientConfigKey::AllowHttp);
        let may_be_plain = plain.is_some_and(|plain| plain == "true");
        let tls = HttpsConnectorBuilder::new();
        // The machine's own roots first: a private store has a certificate that only they know.
        let tls = match tls.with_provider_and_native_roots(ring::default_provider()) {
            Ok(tls) => tls,
            Err(_) => HttpsConnectorBuilder::new()
                .with_provider_and_webpki_roots(ring::default_provider())
                .map_err(|cause| object_store::Error::Generic {
                    store: "S3",
                    source: Box::new(cause),
                })?,
        };
        let mut tcp = Tcp::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.set_nodelay(true);
        let connector = if may_be_plain {
            tls.https_or_http().enable_http1().wrap_connector(tcp)
        } else {
            tls.https_only().enable_http1().wrap_connector(tcp)
        };
        Ok(HttpClient::new(Wire(
            Client::builder(TokioExecutor::new()).build(connector),
        )))
    }
}

/// One client.
struct Wire(Client<HttpsConnector<Tcp>, HttpRequestBody>);

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

#[async_trait]
impl HttpService for Wire {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = tokio::time::timeout(PATIENCE, self.0.request(request))
            .await
            .map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?
            .map_err(|cause| {
                let kind = if cause.is_connect() {
                    HttpErrorKind::Connect
                } else {
                    kind(&cause)
                };
                HttpError::new(kind, cause)
            })?;
        let (head, body) = answer.into_parts();
        let body = body.map_err(|cause| HttpError::new(kind(&cause), cause));
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body)))
    }
}

/// Whether an error is one after which a request may be sent again.
fn kind(error: &(dyn Error + 'static)) -> HttpErrorKind {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(http) = error.downcast_ref::<hyper::Error>() {
            if http.is_timeout() {
                return HttpErrorKind::Timeout;
            }
            if http.is_closed() || http.is_incomplete_message() || http.is_body_write_aborted() {
                return HttpErrorKind::Request;
            }
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::TimedOut => return HttpErrorKind::Timeout,
                io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => return HttpErrorKind::Interrupted,
                _ => {}
            }
        }
        cause = error.source();
    }
    HttpErrorKind::Unknown
}
