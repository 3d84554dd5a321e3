//! Looking a voter's code up (`/tra-cuu`), and the slip to print. For telephones of any age: a form, no script.
//!
//! Whatever the reason for which there is nothing to tell, the page is the same to the byte. Neither caches nor other
//! sites get to know the address, which holds the code.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{
        Path, Query, State as Shared,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{Pages, busy, html::Html};
use crate::{
    clock,
    edge::Client,
    feedback::tracking::TrackingCode,
    lookup::{Part, Seen, Status, graphql::seconds, look_up, slip, words},
};

/// What the form sends, and whether a slip is to be printed.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    ma: Option<String>,
    #[serde(rename = "in")]
    print: Option<String>,
}

type Read = Result<Query<Asked>, QueryRejection>;

/// The form; with a code that could be one, on to its own page.
pub(super) async fn form(Shared(pages): Shared<Arc<Pages>>, asked: Read) -> Response {
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let Some(typed) = asked.ma.filter(|typed| !typed.trim().is_empty()) else {
        return answer(&pages, StatusCode::OK, page("Tra cứu kiến nghị", explained));
    };
    match TrackingCode::parse(&typed) {
        Some(code) => {
            let mut onwards = answer(&pages, StatusCode::SEE_OTHER, String::new());
            if let Ok(place) = HeaderValue::from_str(&format!("/tra-cuu/{code}")) {
                onwards.headers_mut().insert(header::LOCATION, place);
            }
            onwards
        }
        None => nothing(&pages),
    }
}

/// What became of it; with `?in=1` the slip, which tells nothing and asks nobody.
pub(super) async fn code(
    Shared(pages): Shared<Arc<Pages>>,
    client: Option<Extension<Client>>,
    typed: Result<Path<String>, PathRejection>,
    asked: Read,
) -> Response {
    let typed = typed.map(|Path(typed)| typed).unwrap_or_default();
    let wants_slip = asked.is_ok_and(|Query(asked)| asked.print.as_deref() == Some("1"));
    if wants_slip {
        return match TrackingCode::parse(&typed) {
            Some(code) => answer(&pages, StatusCode::OK, slip_of(&pages, code)),
            None => nothing(&pages),
        };
    }
    let Some(Extension(client)) = client else {
        return nothing(&pages);
    };
    match look_up(&pages.state, &typed, client.address).await {
        Ok(Seen::Nothing) => nothing(&pages),
        Ok(Seen::Wait(wait)) => {
            let seconds = seconds(wait);
            let told = page("Xin đợi một chút", |html| {
                html.element("p", &words::wait(seconds));
            });
            let mut answer = answer(&pages, StatusCode::TOO_MANY_REQUESTS, told);
            answer
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            answer
        }
        Ok(Seen::Status(status)) => answer(
            &pages,
            StatusCode::OK,
            page("Kết quả tra cứu", |html| told(html, &status)),
        ),
        Err(error) => busy(&error),
    }
}

/// The same to the byte, whatever was typed.
fn nothing(pages: &Pages) -> Response {
    let told = page("Chưa thấy mã này", |html| {
        html.element("p", words::NOTHING);
        ask(html);
    });
    answer(pages, StatusCode::NOT_FOUND, told)
}

fn answer(pages: &Pages, status: StatusCode, body: String) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    if let Ok(policy) = HeaderValue::from_str(&pages.policy_of_forms) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    (status, headers, body).into_response()
}

fn page(title: &str, content: impl FnOnce(&mut Html)) -> String {
    let mut html = Html::default();
    html.begin(title);
    html.raw("<header><p class=\"mark\"><a href=\"/\">cutri</a></p>")
        .element("h1", title)
        .raw("</header><main>");
    content(&mut html);
    html.raw(
        "</main><footer><p>Không cần tài khoản. Trang này không cho biết ai đã nói, nói gì, ở đâu; không theo dõi người xem.</p>\
         </footer></body></html>\n",
    );
    html.done()
}

fn explained(html: &mut Html) {
    html.raw("<p>Nhập mã trên phiếu mà đại biểu đã trao tại cuộc tiếp xúc cử tri, ví dụ <code>7KQ2-M4XD-9</code>. Chữ hoa hay chữ \
              thường, có gạch nối hay không đều được.</p>");
    ask(html);
}

fn ask(html: &mut Html) {
    html.raw(
        "<form method=\"get\" action=\"/tra-cuu\"><p><label for=\"ma\">Mã tra cứu</label> \
         <input id=\"ma\" name=\"ma\" maxlength=\"40\" required autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\"> \
         <button>Xem kết quả</button></p></form>",
    );
}

fn told(html: &mut Html, status: &Status) {
    html.raw("<p class=\"answer\">")
        .text(&words::sentence(status))
        .raw("</p>");
    let several = status.petitions.len() > 1;
    for (number, part) in (1..).zip(&status.petitions) {
        html.raw("<section>");
        if several {
            html.element("h2", &format!("Kiến nghị thứ {number}"));
            html.element("p", &words::of_petition(part));
        }
        petition(html, part, if several { "h3" } else { "h2" });
        html.raw("</section>");
    }
    html.raw("<p><a href=\"/tra-cuu\">Tra cứu mã khác</a></p>");
}

/// What is known of a petition; what stands below it gets a heading of this level.
fn petition(html: &mut Html, part: &Part, heading: &str) {
    if let Some(title) = &part.title {
        html.raw("<p><strong>").text(title).raw("</strong></p>");
    }
    let body = words::body(part);
    let dates = [
        (part.forwarded_on, format!("Chuyển đến {body}")),
        (
            part.due_on.filter(|_| part.forwarded_on.is_some()),
            "Hạn trả lời".to_owned(),
        ),
        (part.answered_on, "Cơ quan trả lời".to_owned()),
        (part.roadmap_on, "Lộ trình đến".to_owned()),
        (part.informed_on, "Thông tin lại cho cử tri".to_owned()),
        (part.closed_on, "Kết thúc theo dõi".to_owned()),
    ];
    if dates.iter().any(|(on, _)| on.is_some()) {
        html.raw("<ol class=\"steps\">");
        for (on, what) in dates {
            if let Some(on) = on {
                html.raw("<li>")
                    .element("time", &clock::written(on))
                    .element("strong", &what)
                    .raw("</li>");
            }
        }
        html.raw("</ol>");
    }
    match (&part.answer, part.answered_on) {
        (Some(answer), _) => {
            html.element(heading, "Nội dung trả lời");
            for line in answer.lines().filter(|line| !line.trim().is_empty()) {
                html.element("p", line);
            }
        }
        (None, Some(_)) => {
            html.raw("<p class=\"note\">Nội dung trả lời chưa được công khai; xin hỏi đại biểu hoặc Văn phòng Hội đồng nhân dân.</p>");
        }
        (None, None) => {}
    }
}

fn slip_of(pages: &Pages, code: TrackingCode) -> String {
    page("Phiếu tra cứu", |html| {
        html.raw("<p>Mã tra cứu kiến nghị của ông/bà:</p>");
        html.raw("<p class=\"code\">").text(&code.to_string()).raw("</p>");
        match slip::page(pages.state.public_url()) {
            Some(address) => {
                html.raw("<p>Xem kết quả tại <strong>")
                    .text(&address)
                    .raw("</strong></p>");
            }
            None => {
                html.raw("<p>Xem kết quả trên trang tra cứu của Hội đồng nhân dân.</p>");
            }
        }
        html.raw("<p>Không cần tài khoản, không cần cho biết tên. Xin giữ phiếu này; ai có mã cũng xem được tình trạng giải quyết.</p>");
    })
}
