//! The data folder: who can read it, how much room there is, how far its days reach; and the file store.

use std::path::Path;

use chrono::{Datelike, Days, NaiveDate};
use entity::file;
use sea_orm::{EntityTrait, QueryOrder, QuerySelect};

use crate::{
    config::Settings,
    disk::Room,
    error::Result,
    files::{FilePlace, Files, store::whole},
    start,
    store::Store,
};

use super::Findings;

/// Files whose bytes are looked for.
const SAMPLE: u64 = 50;

/// So many days ahead the days off must be known: longer than any period of an answer.
const AHEAD: Days = Days::new(90);

/// Whether the days off are known for as long as due dates reach; beyond them only weekends are.
pub(super) fn holidays(data: &Path, today: NaiveDate, findings: &mut Findings) {
    const ABOUT: &str = "Lịch nghỉ";
    let until = today.checked_add_days(AHEAD).unwrap_or(today);
    match start::calendar(data) {
        Err(failure) => findings.fail(ABOUT, failure.to_string()),
        Ok(calendar) if calendar.covers(until) => findings.ok(ABOUT, format!("đủ đến {until}")),
        Ok(_) => findings.warn(
            ABOUT,
            format!(
                "chưa có ngày nghỉ lễ của năm {}, hạn trả lời sẽ tính thiếu; hãy thêm vào holidays.csv trong thư mục \
                 dữ liệu rồi khởi động lại",
                until.year()
            ),
        ),
    }
}

/// Whether the file store can be reached, is closed to others, and holds what the database says.
pub(super) async fn store(settings: &Settings, store: &Store, findings: &mut Findings) -> Result<()> {
    const ABOUT: &str = "Kho tệp";
    let place = settings.file_place();
    if let FilePlace::Folder(folder) = &place {
        if !folder.is_dir() {
            findings.warn(ABOUT, format!("{place} chưa có; cutri serve sẽ tạo"));
            return Ok(());
        }
        if let Err(failure) = start::refuse_open_to_others(folder) {
            findings.fail(ABOUT, failure.to_string());
            return Ok(());
        }
    }
    let files = match Files::open(&place, settings.file_limits()) {
        Ok(files) => files,
        Err(cause) => {
            findings.fail(ABOUT, format!("{place}: {cause}"));
            return Ok(());
        }
    };
    let newest = file::Entity::find()
        .order_by_desc(file::Column::At)
        .limit(SAMPLE)
        .all(store.read())
        .await?;
    // With no file yet, any name shows whether the store answers.
    let mut objects: Vec<String> = newest.iter().map(|file| whole(file.object)).collect();
    let looked_at = objects.len();
    if objects.is_empty() {
        objects.push("probe".to_owned());
    }
    let mut missing = 0;
    for object in &objects {
        match files.has(object).await {
            Ok(true) => {}
            Ok(false) => missing += 1,
            Err(error) => {
                findings.fail(ABOUT, format!("{place}: {}", start::Failure::from(error)));
                return Ok(());
            }
        }
    }
    if looked_at > 0 && missing > 0 {
        findings.fail(
            ABOUT,
            format!(
                "{place}: thiếu {missing} trong {looked_at} tệp xem thử; hãy khôi phục kho tệp từ bản sao lưu"
            ),
        );
    } else {
        findings.ok(ABOUT, format!("{place}: {looked_at} tệp xem thử đều có"));
    }
    Ok(())
}

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
    let Some(room) = Room::under(data) else {
        findings.warn("Đĩa", "không xem được dung lượng còn trống");
        return;
    };
    let line = format!("còn trống {} % ({} MiB)", room.percent(), room.mebibytes());
    if room.is_scarce() {
        findings.fail("Đĩa", format!("{line}; máy chủ không còn nhận việc (readyz)"));
    } else if room.is_little() {
        findings.warn("Đĩa", format!("{line}; hãy dọn bớt hoặc thêm đĩa"));
    } else {
        findings.ok("Đĩa", line);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::doctor::Grade;

    #[test]
    fn days_off_that_end_soon_are_told() {
        let data = tempfile::tempdir().unwrap();
        let look = |today: &str| {
            let mut findings = Findings::default();
            holidays(data.path(), today.parse().unwrap(), &mut findings);
            findings.0.remove(0)
        };
        assert_eq!(look("2027-10-02").grade, Grade::Ok);
        let late = look("2027-11-01");
        assert!(late.grade == Grade::Warn && late.line.contains("2028"), "{late}");

        let file = data.path().join("holidays.csv");
        fs::write(
            &file,
            "date,kind,name,basis\n2028-01-03,holiday,Nghỉ bù Tết Dương lịch,Thông báo\n",
        )
        .unwrap();
        assert_eq!(look("2027-11-01").grade, Grade::Ok);
        fs::write(
            &file,
            "date,kind,name,basis\n2028-01-03,holiday,x,x\n3/1/2028,holiday,x,x\n",
        )
        .unwrap();
        let broken = look("2027-11-01");
        assert!(
            broken.grade == Grade::Fail && broken.line.contains("HOLIDAYS_BROKEN"),
            "{broken}"
        );
        assert!(broken.line.contains("dòng 3"), "{broken}");
    }
}
