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
    html.raw(
        "<div class=\"wide\"><table><thead><tr><th>Tệp</th><th>Mới nhận</th><th>Đã có từ trước</th>\
         <th>Bị từ chối</th><th>Ghi chú</th></tr></thead><tbody>",
    );
    for file in files {
        html.raw("<tr>").element("td", &file.name);
        match &file.outcome {
            Ok(applied) => {
                for count in [applied.received, applied.known, applied.refused] {
                    html.element("td", &count.to_string());
                }
                html.element("td", "Đã nộp xong.");
            }
            Err(error) => {
                html.raw("<td></td><td></td><td></td>");
                html.element("td", told(error, Lang::Vi));
            }
        }
        html.raw("</tr>");
    }
    html.raw(
        "</tbody></table></div><p class=\"note\">Kết quả của từng phiếu chỉ người ghi xem được, trên điện thoại của mình \
         ở lần đồng bộ sau.</p></section>",
    );
}
