//! Workbooks of a real library, and its reading of our files.

use cutri_tests::sheets;

use super::*;

each_db! {
    async fn a_workbook_of_a_real_library_is_read_like_the_same_rows_as_csv(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiennghi.xlsx");
        let heads = json!(["STT", "Nội dung kiến nghị", "Lĩnh vực", "Ngày tiếp nhận", "Số điện thoại", "Cơ quan giải quyết",
            "Số văn bản chuyển", "Ngày chuyển"]);
        let date = |text: &str| json!({"date": text});
        let rows = json!([
            ["DANH SÁCH KIẾN NGHỊ CỦA CỬ TRI"],
            [],
            heads,
            [1, "Sửa cầu & cống <Kênh Nhất>\nấp 2", "Giao thông", date("2026-01-05"), "0912345678", "Sở Xây dựng", 15, date("2026-01-12")],
            [2, {"formula": "\"Thêm \"&\"đèn\"", "result": "Thêm đèn"}, "Điện, chiếu sáng", "05/01/2026", "", "", "", ""],
            [3, "=1+1", "Giáo thông", date("2026-01-05"), "", "", "", ""],
            [4, "Hoa\u{300}a", "Giao thông", "mùng năm", "", "", "", ""],
        ]);
        sheets::write(&file, &rows);
        let bytes = std::fs::read(&file).unwrap();
        let told = send_bytes(&office, world.here.council, false, XLSX, bytes.clone()).await;
        assert_eq!(told.counts(), (2, 0, 2), "{}", told.text);
        assert_eq!(told.lines[0]["columns"]["personalLeftOut"], json!(["Số điện thoại"]));
        let contents: Vec<(String, Option<String>)> = petition::Entity::find()
            .all(app.state.store.read())
            .await
            .unwrap()
            .into_iter()
            .map(|row| (row.content, row.forwarded_number))
            .collect();
        assert!(contents.contains(&("Sửa cầu & cống <Kênh Nhất>\nấp 2".to_owned(), Some("15".to_owned()))), "{contents:?}");
        assert!(contents.contains(&("Thêm đèn".to_owned(), None)), "{contents:?}");

        // The same words as CSV are the same petitions.
        let csv = "Nội dung kiến nghị,Lĩnh vực,Ngày tiếp nhận\nThêm đèn,\"Điện, chiếu sáng\",5/1/2026\n";
        assert_eq!(send(&office, world.here.council, false, csv).await.counts(), (0, 1, 0));

        // The file of mistakes is read by that library, corrected, and sent again.
        let path = format!("/import/petitions?council={}", world.here.council);
        let headers = [("content-type", XLSX), ("accept", "text/csv")];
        let (_, _, mistakes) = office.send_file(&path, &headers, bytes).await;
        let file = folder.path().join("loi.csv");
        std::fs::write(&file, &mistakes).unwrap();
        let read = sheets::read(&file);
        assert_eq!(read.len(), 3, "{read:?}");
        assert_eq!(read[0].last().unwrap(), "Lỗi");
        assert_eq!(read[1][0], "'=1+1", "a spreadsheet runs nothing of it");
        assert_eq!(read[1][2], "05/01/2026", "a day, not its number");
        let corrected = mistakes.replace("Giáo thông", "Giao thông").replace("mùng năm", "5/1/2026");
        let told = send(&office, world.here.council, false, &corrected).await;
        assert_eq!(told.counts(), (2, 0, 0), "{}", told.text);
    }
}
