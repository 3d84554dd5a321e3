//! Files that are none, and requests that are wrong: told by a status, and nothing is written.

use super::*;

fn code(told: &Told) -> String {
    told.lines[0]["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or(&told.text)
        .to_owned()
}

each_db! {
    async fn a_file_that_is_no_list_of_petitions_is_refused(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let before = fingerprint(&app).await;
        let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
            ("text/csv", b"".to_vec(), 400, "MISSING_COLUMN"),
            ("text/csv", "Tên,Tuổi\nA,1\n".into(), 400, "MISSING_COLUMN"),
            ("text/csv", b"N\xf4\xf2i dung ki\xea\xecn ngh\xf2,X\xe3\r\n".to_vec(), 400, "LEGACY_ENCODING"),
            ("text/csv", "Néi dung kiÕn nghÞ,X·\r\n".into(), 400, "LEGACY_ENCODING"),
            (XLSX, b"PK\x03\x04 broken".to_vec(), 400, "UNREADABLE_FILE"),
            (XLSX, vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], 400, "UNREADABLE_FILE"),
            ("application/json", "{}".into(), 415, "UNSUPPORTED_MEDIA_TYPE"),
            ("text/plain", six().into_bytes(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ];
        for (kind, bytes, status, expected) in cases {
            let shown = String::from_utf8_lossy(&bytes).into_owned();
            let told = send_bytes(&office, world.here.council, false, kind, bytes).await;
            assert_eq!((told.status, code(&told).as_str()), (status, expected), "{kind} {shown}");
        }
        for (path, expected) in [
            ("/import/petitions", "REQUIRED"),
            ("/import/petitions?council=xyz", "INVALID_ID"),
            ("/import/petitions?council=xyz&validateOnly=maybe", "INVALID_VALUE"),
        ] {
            let (status, _, text) = office.send_file(path, &[("content-type", "text/csv")], six().into_bytes()).await;
            assert_eq!(status, 400, "{text}");
            assert!(text.contains(expected), "{path} {text}");
        }
        let (status, ..) = office.get("/import/petitions").await;
        assert_eq!(status, 405);
        assert_eq!(fingerprint(&app).await, before);
    }

    async fn titles_above_the_heads_and_files_of_many_batches_are_read(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let mut file = "HỘI ĐỒNG NHÂN DÂN;;\nXÃ TÂN HƯNG;;\n;;\nDANH SÁCH KIẾN NGHỊ;;\nSTT;Nội dung kiến nghị;Lĩnh vực\n".to_owned();
        for row in 1..=2_050 {
            file.push_str(&format!("{row};Sửa đoạn đường {row};Giao thông\n"));
        }
        let told = send(&office, world.here.council, false, &file).await;
        assert_eq!(told.counts(), (2_050, 0, 0));
        let lines: Vec<u64> = told.rows().iter().map(|row| row["row"].as_u64().unwrap()).collect();
        assert_eq!(lines, (6..2_056).collect::<Vec<_>>());
        assert_eq!(send(&office, world.here.council, false, &file).await.counts(), (0, 2_050, 0));
        // A number twice in one file, far apart, is one petition or a mistake.
        let mut numbered = "Số kiến nghị;Nội dung kiến nghị;Lĩnh vực\nA;Cầu;Giao thông\n".to_owned();
        for row in 1..=1_100 {
            numbered.push_str(&format!("B{row};Cống {row};Giao thông\n"));
        }
        numbered.push_str("A;Cầu;Giao thông\nB7;Cống khác;Giao thông\n");
        let told = send(&office, world.here.council, true, &numbered).await;
        let last = told.rows().len();
        assert_eq!(told.mistake(1_104), ("number".to_owned(), "TAKEN".to_owned()));
        assert_eq!(last, 1_103);
    }
}
