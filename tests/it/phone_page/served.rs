//! What is served: few lines, from here alone, at addresses that last.

use cutri_tests::{TestApp, TestDatabase, each_db};
use serde_json::Value;

use super::root;

const ASSETS: &str = "api/src/pages/phone/assets";

/// What speaks the protocol, and every app has; the other files are what a person sees.
const PROTOCOL: [&str; 6] = ["api.js", "bundle.js", "ids.js", "photo.js", "store.js", "sync.js"];

/// An app author reads what is his own concern in one sitting, and the page asks nobody but its own server.
#[test]
fn the_page_is_short_and_refers_to_no_other_host() {
    let (mut lines, mut of_protocol) = (0, 0);
    for file in std::fs::read_dir(root().join(ASSETS)).unwrap().flatten() {
        let path = file.path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Ok(text) = std::fs::read_to_string(&path) else {
            assert!(name.ends_with(".png"), "{name} is no text");
            continue;
        };
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(!text.contains(word), "{name}: {word}");
        }
        let bare = text.replace("http://www.w3.org/2000/svg", "");
        assert!(
            !bare.contains("://") && !bare.contains("src=\"//"),
            "{name} refers to another host"
        );
        if name.ends_with(".js") {
            let is_code = |line: &&str| {
                let line = line.trim();
                !line.is_empty() && !["//", "/**", "* "].iter().any(|mark| line.starts_with(mark))
            };
            let code = text.lines().filter(is_code).count();
            assert!(code < 200, "{name} has {code} lines: it is of several subjects");
            lines += code;
            if PROTOCOL.contains(&name.as_str()) {
                of_protocol += code;
            }
            let long = text.lines().find(|line| line.chars().count() > 130);
            assert_eq!(long, None, "{name}: too wide to read");
        }
    }
    assert!((250..500).contains(&of_protocol), "{of_protocol} lines");
    assert!((500..1_200).contains(&lines), "{lines} lines");
}

each_db! {
    async fn the_page_is_served_for_ever_and_alone(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let stranger = app.stranger();
        let (status, headers, page) = stranger.get("/dien-thoai").await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "text/html; charset=utf-8"));
        let policy = headers["content-security-policy"].to_str().unwrap();
        for rule in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        assert_eq!(headers["cache-control"], "no-cache");
        assert!(!page.contains("/@/"));
        // Found in a browser: it takes the headers of "unchanged" for those of the page, and its policy with them.
        let again = reqwest::Client::new().get(format!("http://{}/dien-thoai", app.address()));
        let again = again.header("if-none-match", &headers["etag"]).send().await.unwrap();
        assert_eq!(again.status(), 304);
        assert_eq!(again.headers()["content-security-policy"], policy);

        let (_, headers, worker) = stranger.get("/dien-thoai/sw.js").await;
        assert_eq!(headers["service-worker-allowed"], "/dien-thoai");
        let release = worker.split("RELEASE = '").nth(1).unwrap().split('\'').next().unwrap();
        assert!(page.contains(&format!("/dien-thoai/{release}/app.js")));
        // All that the worker keeps is there, and all modules are kept.
        let listed = worker.split("FILES = [").nth(1).unwrap().split(']').next().unwrap();
        let listed: Vec<&str> = listed.split('\'').filter(|name| name.contains('.')).collect();
        for name in &listed {
            let (status, headers, _) = stranger.get(&format!("/dien-thoai/{release}/{name}")).await;
            assert_eq!((status, &headers["cache-control"]), (200, &"public, max-age=31536000, immutable".parse().unwrap()), "{name}");
            assert_eq!(stranger.get(&format!("/dien-thoai/000000000000/{name}")).await.0, 404);
        }
        for file in std::fs::read_dir(root().join(ASSETS)).unwrap().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if name.ends_with(".js") && name != "sw.js" {
                assert!(listed.contains(&name.as_str()), "the worker does not keep {name}");
            }
        }
        let (status, headers, manifest) = stranger.get("/dien-thoai/manifest.webmanifest").await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/manifest+json"));
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        for icon in manifest["icons"].as_array().unwrap() {
            assert_eq!(stranger.get(icon["src"].as_str().unwrap()).await.0, 200, "{icon}");
        }
        let (status, _, answer) = stranger.get("/dien-thoai/thu").await;
        assert_eq!(status, 404, "no accounts but in a demo: {answer}");
        assert_eq!(stranger.get("/dien-thoai/x/y").await.0, 404);
        assert!(stranger.get("/").await.2.contains("href=\"/dien-thoai\""));
    }
}
