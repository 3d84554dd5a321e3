//! The same over HTTP/2.

use axum::{
    body::{Body, Bytes},
    http,
};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::*;

async fn connect(server: &Server) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(server.address).await.expect("connection");
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

fn request(body: impl Into<Bytes>) -> http::Request<Full<Bytes>> {
    let request = http::Request::post("http://x/graphql").header("content-type", "application/json");
    request.body(Full::new(body.into())).expect("request")
}

async fn answered(sender: &mut SendRequest<Full<Bytes>>, body: impl Into<Bytes>) -> (u16, serde_json::Value) {
    let answer = sender
        .send_request(request(body))
        .await
        .expect("answer")
        .map(Body::new);
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.expect("body").to_bytes();
    (status, serde_json::from_slice(&bytes).expect("JSON"))
}

#[tokio::test]
async fn many_requests_share_a_connection() {
    let server = server().await;
    let sender = connect(&server).await;
    let all = (0..20).map(|_| {
        let mut sender = sender.clone();
        async move {
            answered(&mut sender, r#"{"query":"{slow(milliseconds: 50) hello}"}"#)
                .await
                .0
        }
    });
    assert!(
        futures_util::future::join_all(all)
            .await
            .iter()
            .all(|status| *status == 200)
    );
    assert_eq!(server.edge.connections(), 1);
}

#[tokio::test]
async fn the_limits_hold_there_too() {
    let server = server().await;
    let mut sender = connect(&server).await;
    let (status, json) = answered(&mut sender, vec![b'x'; 2 * 1024 * 1024]).await;
    assert_eq!(
        (status, &json["errors"][0]["extensions"]["code"]),
        (413, &"BODY_TOO_LARGE".into())
    );
    assert_eq!(answered(&mut sender, r#"{"query":"{panics}"}"#).await.0, 503);
    assert_eq!(answered(&mut sender, r#"{"query":"{hello}"}"#).await.0, 200);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = server().await;
    let mut sender = connect(&server).await;
    assert_eq!(answered(&mut sender, r#"{"query":"{hello}"}"#).await.0, 200);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(sender.is_closed());
}

#[tokio::test]
async fn stopping_finishes_what_runs() {
    let mut server = server().await;
    let mut sender = connect(&server).await;
    let mut second = sender.clone();
    let running =
        tokio::spawn(async move { answered(&mut second, r#"{"query":"{slow(milliseconds: 250)}"}"#).await });
    tokio::time::sleep(Duration::from_millis(80)).await;
    server.stop.take().expect("once").send(()).expect("running");
    assert_eq!(running.await.expect("task").1["data"]["slow"], true);
    server.running.await.expect("stopped");
    assert!(sender.send_request(request("{}")).await.is_err());
}
