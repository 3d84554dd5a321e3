use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use cutri_tests::FaultProxy;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A server that reads to the end of each request, keeps it, and answers with as many bytes.
async fn keeper() -> (SocketAddr, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeping = kept.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let keeping = keeping.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                let _ = stream.read_to_end(&mut request).await;
                let answer = vec![b'a'; request.len()];
                keeping.lock().unwrap().push(request);
                let _ = stream.write_all(&answer).await;
            });
        }
    });
    (address, kept)
}

async fn ask(proxy: &FaultProxy, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.write_all(request).await;
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

async fn until<T>(mut check: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = check() {
            return value;
        }
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn carries_everything_when_nothing_is_wrong() {
    let (server, kept) = keeper().await;
    let proxy = FaultProxy::start(server).await;
    let request: Vec<u8> = (0..300_000_u32).map(|number| number as u8).collect();
    assert_eq!(ask(&proxy, &request).await.len(), request.len());
    assert_eq!(*kept.lock().unwrap(), [request]);
    assert_eq!((proxy.connections(), proxy.cuts()), (1, 0));
}

#[tokio::test]
async fn cuts_a_request_after_exactly_n_bytes() {
    let (server, kept) = keeper().await;
    let proxy = FaultProxy::start(server).await;
    for limit in [0, 1, 99, 40_000] {
        proxy.cut_request_after(limit);
        assert!(ask(&proxy, &[b'r'; 100_000]).await.is_empty());
        let request = until(|| kept.lock().unwrap().pop()).await;
        assert_eq!(request.len() as u64, limit);
    }
    assert_eq!(proxy.cuts(), 4);
    proxy.clear();
    assert_eq!(ask(&proxy, b"again").await.len(), 5);
}

#[tokio::test]
async fn cuts_a_response_after_the_server_has_the_request() {
    let (server, kept) = keeper().await;
    let proxy = FaultProxy::start(server).await;
    for limit in [0, 1, 50] {
        proxy.cut_response_after(limit);
        assert_eq!(ask(&proxy, &[b'r'; 100]).await.len() as u64, limit);
        assert_eq!(kept.lock().unwrap().pop().unwrap().len(), 100);
    }
    assert_eq!(proxy.cuts(), 3);
}

#[tokio::test]
async fn a_limit_reaches_connections_that_are_open() {
    let (server, kept) = keeper().await;
    let proxy = FaultProxy::start(server).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(&[b'r'; 10]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    proxy.cut_request_after(5);
    stream.write_all(&[b'r'; 10]).await.unwrap();
    assert_eq!(until(|| kept.lock().unwrap().pop()).await.len(), 15);
}

#[tokio::test]
async fn doubles_a_request_and_answers_once() {
    let (server, kept) = keeper().await;
    let proxy = FaultProxy::start(server).await;
    proxy.double_requests();
    assert_eq!(ask(&proxy, b"twice").await, b"aaaaa");
    until(|| (kept.lock().unwrap().len() == 2).then_some(())).await;
    assert_eq!(*kept.lock().unwrap(), [b"twice", b"twice"]);
}

#[tokio::test]
async fn delays() {
    let (server, _kept) = keeper().await;
    let proxy = FaultProxy::start(server).await;
    proxy.delay(Duration::from_millis(50));
    let begun = Instant::now();
    assert_eq!(ask(&proxy, b"slow").await.len(), 4);
    assert!(begun.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn lets_a_later_request_pass_a_held_one() {
    let (server, kept) = keeper().await;
    let proxy = FaultProxy::start(server).await;
    proxy.hold_next(1);
    let (held, ()) = tokio::join!(ask(&proxy, b"first"), async {
        until(|| (proxy.connections() == 1).then_some(())).await;
        assert_eq!(ask(&proxy, b"second").await.len(), 6);
        assert_eq!(*kept.lock().unwrap(), [b"second"]);
        proxy.release();
    });
    assert_eq!(held.len(), 5);
    assert_eq!(kept.lock().unwrap().len(), 2);
    assert_eq!(proxy.answered(), 11);
}

#[tokio::test]
async fn keeps_requests_and_repeats_them_later() {
    let (server, kept) = keeper().await;
    let proxy = FaultProxy::start(server).await;
    proxy.keep_requests();
    ask(&proxy, b"GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(proxy.kept(), [b"GET / HTTP/1.1\r\n\r\n"]);
    let request = proxy.kept().remove(0);
    let repeated = proxy.repeat(&request);
    // The stand-in reads to the end, which a repeated request does not send.
    let _ = tokio::time::timeout(Duration::from_millis(200), repeated).await;
    let last = until(|| kept.lock().unwrap().get(1).cloned()).await;
    assert_eq!(last, b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n");
}
