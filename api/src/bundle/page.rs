//! The page on which somebody hands in what he carried: no script, no account.

use super::http::{Kept, told};
use crate::{error::Lang, pages::frame};

/// What it is for.
const WHAT: [&str; 2] = [
    "Khi điện thoại của đại biểu không có mạng, ứng dụng gói những phiếu chưa gửi vào một tệp. Ai cũng có thể mang tệp ấy \
     đến một máy có mạng (qua Bluetooth, thẻ nhớ hoặc USB) và nộp ở đây.",
    "Nội dung đã được niêm phong: người mang không đọc được và không sửa được. Nộp nhiều lần, hoặc điện thoại sau đó tự \
     gửi, thì mỗi phiếu cũng chỉ được ghi một lần, và vẫn mang tên người đã ghi.",
];

/// What is told of each file.
const FILE: [&str; 5] = ["Tệp", "Mới nhận", "Đã có từ trước", "Bị từ chối", "Ghi chú"];

/// The page; with what became of the files that were just handed in.
pub(super) fn page(handed_in: Option<&[Kept]>) -> String {
    frame("Nộp hộ gói dữ liệu", |html| {
        html.raw("<section class=\"what\">");
        for sentence in WHAT {
            html.element("p", sentence);
        }
        html.raw("</section>");
        if let Some(files) = handed_in {
            results(html, files);
        }
        html.raw(
            "<section><h2>Nộp gói</h2><form method=\"post\" action=\"/goi\" enctype=\"multipart/form-data\">\
             <p><label>Chọn tệp gói (có thể chọn nhiều tệp)<br>\
             <input type=\"file\" name=\"goi\" multiple required></label></p>\
             <p><button type=\"submit\">Nộp</button></p></form></section>",
        );
    })
}

fn results(html: &mut crate::pages::Html, files: &[Kept]) {
    html.raw("<section><h2>Kết quả</h2>");
    if files.is_empty() {
        html.raw("<p>Chưa chọn tệp nào.</p></section>");
        return;
    }
    html.table(&FILE);
    for file in files {
        let (counts, note) = match &file.outcome {
            Ok(applied) => (
                [applied.received, applied.known, applied.refused].map(|count| count.to_string()),
                "Đã nộp xong.",
            ),
            Err(error) => (Default::default(), told(error, Lang::Vi)),
        };
        let [received, known, refused] = &counts;
        let words: [&str; 5] = [&file.name, received, known, refused, note];
        html.raw("<tr>");
        for (head, words) in FILE.into_iter().zip(words) {
            html.cell(head, |cell| cell.text(words));
        }
        html.raw("</tr>");
    }
    html.end_table().raw(
        "<p class=\"note\">Kết quả của từng phiếu chỉ người ghi xem được, trên điện thoại của mình ở lần đồng bộ sau.</p>\
         </section>",
    );
}
