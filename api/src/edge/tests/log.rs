//! What the edge writes to the log.

use std::io::Write;

use super::*;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_names_operations_and_nothing_they_carry() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = server().await;
    let planted = "0901234567";
    let token = format!("authorization: Bearer {planted}\r\n");
    let good = "authorization: Bearer good\r\nx-request-id: seen-1\r\n";
    let variables = format!(
        r#"{{"query":"query Chao($n:String){{hello(name:$n) a:hello(name:\"{planted}\")}}","variables":{{"n":"{planted}"}}}}"#
    );
    assert_eq!(server.post_with(&variables, good).await.status, 200);
    assert_eq!(server.post_with(&variables, &token).await.status, 401);
    for body in [
        format!(r#"{{"query":"{{hello(name:{planted})}}"}}"#),
        format!(r#"{{"query":"{{ hello(( {planted}"}}"#),
        format!(r#"{{"query":"{{panics}}","variables":{{"a":"{planted}"}}}}"#),
        format!("{planted} is not JSON"),
    ] {
        server.post_with(body, "").await;
    }
    server
        .ask(
            &format!("GET /graphql?query=%7Bhello(name:%22{planted}%22)%7D"),
            "",
        )
        .await;
    server
        .ask(
            "GET /livez",
            &format!("x-filler: {planted}{}\r\n", "x".repeat(70_000)),
        )
        .await;
    let log = String::from_utf8(log.0.lock().expect("log").clone()).expect("UTF-8");
    assert!(
        log.contains("Chao") && log.contains("seen-1") && log.contains("operation answered"),
        "{log}"
    );
    assert!(!log.contains(planted), "{log}");
}
