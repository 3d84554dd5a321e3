//! The data folder: who can read it, how much room there is.

use crate::{config::Settings, serve::LEAST_FREE, start};

use super::Findings;

/// Below this part of free disk the operator is told.
const LITTLE_FREE: f64 = 0.15;

pub(super) fn data(settings: &Settings, findings: &mut Findings) {
    let data = &settings.data;
    if !data.is_dir() {
        findings.fail("Thư mục dữ liệu", format!("{} chưa có", data.display()));
        return;
    }
    match start::refuse_open_to_others(data) {
        Ok(()) => findings.ok(
            "Thư mục dữ liệu",
            format!("{} chỉ chủ nhân đọc được", data.display()),
        ),
        Err(failure) => findings.fail("Thư mục dữ liệu", failure.to_string()),
    }
    let Some(free) = start::free_part(data) else {
        findings.warn("Đĩa", "không xem được dung lượng còn trống");
        return;
    };
    let line = format!("còn trống {:.0} %", free * 100.0);
    if free < LEAST_FREE {
        findings.fail("Đĩa", format!("{line}; máy chủ không còn nhận việc (readyz)"));
    } else if free < LITTLE_FREE {
        findings.warn("Đĩa", format!("{line}; hãy dọn bớt hoặc thêm đĩa"));
    } else {
        findings.ok("Đĩa", line);
    }
}
