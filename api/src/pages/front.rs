//! The first page: what this is, the chain as a picture, one real petition's story; of a demo also who can sign in.

use chrono::{DateTime, Utc};
use entity::petition::Process;

use super::{html::Html, story};
use crate::{
    clock::{local_date, written},
    codes,
    demo::Login,
    error::Result,
    state::State,
};

const CHAIN: &str = include_str!("../../../docs/chain.svg");

/// What this is, in three sentences.
pub(super) const THREE_SENTENCES: [&str; 3] = [
    "cutri ghi lại điều cử tri nói tại cuộc tiếp xúc, ngay trên điện thoại của đại biểu, kể cả khi không có sóng.",
    "Khi có mạng, từng phiếu đến máy chủ đúng một lần; văn phòng HĐND tổng hợp, phân loại và chuyển đến cơ quan có thẩm \
     quyền, có hạn trả lời và có đôn đốc.",
    "Câu trả lời về tận điện thoại đại biểu để thông tin lại cho cử tri, và HĐND các cấp theo dõi được lời hứa nào đã \
     làm, lời hứa nào còn nợ.",
];

/// What is told of each account of a demo.
const ACCOUNT: [&str; 4] = ["Vai trò", "Nơi", "Tên đăng nhập", "Mật khẩu"];

/// Makes the page.
pub(super) async fn page(
    state: &State,
    published: &story::Published,
    accounts: Option<&[Login]>,
) -> Result<String> {
    let mut html = Html::default();
    html.begin("cutri: từ lời cử tri đến câu trả lời")
        .raw("<header><p class=\"mark\">cutri</p><h1>Từ lời cử tri đến câu trả lời</h1></header><main>");
    html.raw("<section class=\"what\">");
    for sentence in THREE_SENTENCES {
        html.element("p", sentence);
    }
    html.raw("<p><a href=\"/tra-cuu\">Tra cứu kiến nghị theo mã trên phiếu</a></p></section>");
    html.raw("<figure>").raw(CHAIN).raw("<figcaption>Đường đi của một kiến nghị. Nét đứt: đại biểu trở lại gặp chính cử tri đã nói.</figcaption></figure>");
    one_story(&mut html, state, accounts.is_some()).await?;
    counts(&mut html, &published.counts(state).await?);
    if let Some(accounts) = accounts {
        sign_in(&mut html, accounts);
    }
    html.raw(
        "<section><h2>Sổ tay của đại biểu</h2><p><a href=\"/dien-thoai\">Mở sổ tay trên điện thoại</a>: ghi phiếu không cần \
         sóng, xem câu trả lời, thông tin lại cho cử tri, đôn đốc. Cài được lên màn hình chính.</p></section>\
         <section><h2>Dành cho người viết ứng dụng</h2><ul>\
         <li>Mã nguồn của sổ tay là ứng dụng mẫu, phần giao thức dưới 500 dòng, đọc cùng tài liệu giao thức đồng bộ</li>\
         <li><a href=\"/graphql\">GraphiQL</a>: thử câu hỏi ngay trên trình duyệt, có sẵn ví dụ tiếng Việt</li>\
         <li><a href=\"/schema.graphql\">Lược đồ GraphQL</a>: mỗi trường có giải thích và căn cứ pháp luật</li></ul></section>",
    );
    html.raw("</main><footer><p><a href=\"/goi\">Nộp hộ gói dữ liệu từ điện thoại không có mạng</a></p><p>Không dùng cho công tác cán bộ và công tác Đảng. Trang này chỉ có dữ liệu đã công khai, không theo dõi người xem.</p></footer></body></html>\n");
    Ok(html.done())
}

async fn one_story(html: &mut Html, state: &State, is_demo: bool) -> Result<()> {
    html.raw("<section><h2>Một kiến nghị, từng bước</h2>");
    let Some(story) = story::find(state).await? else {
        html.raw("<p>Chưa có kiến nghị nào được công khai đến bước cuối.</p></section>");
        return Ok(());
    };
    html.raw("<blockquote>")
        .element("p", &story.content)
        .raw("<footer>");
    html.text(&format!(
        "Cử tri {}. Kiến nghị số {}.",
        story.places.join("; "),
        story.number
    ));
    html.raw("</footer></blockquote><ol class=\"steps\">");
    for step in &story.steps {
        html.raw("<li>")
            .element("time", &day(step.at))
            .element("strong", step.what);
        html.raw("<span>").text(&step.who);
        if let Some(document) = &step.document {
            html.raw(", văn bản số ").element("b", document);
        }
        html.raw("</span></li>");
    }
    html.raw("</ol>");
    if let Some(answer) = &story.answer {
        html.raw("<p class=\"answer\"><strong>Trả lời:</strong> ")
            .text(answer)
            .raw("</p>");
    }
    if is_demo {
        html.raw("<p class=\"note\">");
        if let Some(source) = &story.source {
            html.text(&format!("Nguồn: {source}. "));
        }
        html.raw("Nội dung, nơi kiến nghị, cơ quan và kết quả là thật; ngày và số văn bản từng bước là minh họa.</p>");
    }
    html.raw("</section>");
    Ok(())
}

fn counts(html: &mut Html, published: &[(Process, u64)]) {
    let all: u64 = published.iter().map(|(_, count)| count).sum();
    if all == 0 {
        return;
    }
    html.raw("<section><h2>");
    html.text(&format!("{all} kiến nghị đã công khai"))
        .raw("</h2><ul class=\"counts\">");
    for (process, count) in published {
        html.raw("<li>")
            .element("b", &count.to_string())
            .raw(" ")
            .text(story::in_words(*process))
            .raw("</li>");
    }
    html.raw("</ul></section>");
}

fn sign_in(html: &mut Html, accounts: &[Login]) {
    html.raw(
        "<section><h2>Tài khoản của bản trình diễn</h2><p>Mật khẩu được tạo riêng cho bản trình diễn này và cũng nằm \
         trong tệp <code>data/demo.json</code>. Mở <a href=\"/graphql\">GraphiQL</a>, chọn ví dụ “Đăng nhập” và thử.</p>",
    );
    html.table(&ACCOUNT);
    let [role, unit, username, password] = ACCOUNT;
    for login in accounts {
        let label = codes::find("role", &login.role).map_or(login.role.as_str(), |entry| &entry.label_vi);
        html.raw("<tr>")
            .cell(role, |cell| cell.text(label))
            .cell(unit, |cell| cell.text(&login.unit))
            .cell(username, |cell| cell.element("code", &login.username))
            .cell(password, |cell| cell.element("code", &login.password))
            .raw("</tr>");
    }
    html.end_table()
        .raw("<p>Xem cả chuỗi trong chưa đầy một phút: <code>cutri demo story</code></p></section>");
}

fn day(at: DateTime<Utc>) -> String {
    written(local_date(at))
}
