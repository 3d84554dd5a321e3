//! Names of voters stay in the file that was sent: in no petition, in no message and in no file of mistakes.

use super::*;

each_db! {
    // A column with this head was read as places: a name in it came back in the message and in the file of mistakes.
    async fn a_column_of_voters_may_have_places_and_none_of_its_names_comes_back(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let council = world.here.council;
        let file = "Nội dung kiến nghị,Cử tri,Lĩnh vực\n\
            Sửa cầu,Xã Tân Hưng,Giao thông\n\
            Sửa cống,Lê Thị Kín,Giao thông\n\
            Sửa đường,Xã Tân Hưng,Giáo thông\n\
            Sửa kênh,Lê Thị Kín,Giáo thông\n\
            Sửa \u{202e}kè,Lê Thị Kín,Giao thông\n";
        let told = send(&office, council, true, file).await;
        assert_eq!(told.counts(), (1, 0, 4), "{}", told.text);
        assert_eq!(told.mistake(3), ("unitIds".to_owned(), "NOT_FOUND".to_owned()));
        assert!(told.text.contains("có thể là tên cử tri") && !told.text.contains("Kín"), "{}", told.text);
        assert!(!told.text.to_lowercase().contains("kín"), "nor as it is looked for: {}", told.text);
        let told = mistakes(&office, council, file).await;
        for (line, begins) in (1..).zip(["Sửa cống,?,Giao thông,", "Sửa đường,Xã Tân Hưng,Giáo thông,", "Sửa kênh,?,Giáo thông,", "Sửa "]) {
            assert!(told.lines().nth(line).unwrap().starts_with(begins), "{told}");
        }
        assert!(!told.to_lowercase().contains("kín"), "{told}");
        // As it came it is refused again; an empty cell is the council's own place.
        assert_eq!(send(&office, council, false, &told).await.counts(), (0, 0, 4));
        let corrected = told.replace(",?,", ",,").replace("Giáo thông", "Giao thông").replace('\u{202e}', "");
        assert_eq!(send(&office, council, false, &corrected).await.counts(), (4, 0, 0));
        assert_eq!(petition::Entity::find().count(app.state.store.read()).await.unwrap(), 5);

        // Beside a column of places it has names; another head may have names instead of a code.
        let file = "Cử tri,Nội dung kiến nghị,Xã/phường,Đối tượng kiến nghị\n\
            Lê Thị Kín,Sửa đèn,Xã Tân Hưng,Cử tri\nLê Thị Kín,Sửa chợ,Xã Tân Hưng,Trần Văn Kín\n";
        let told = send(&office, council, true, file).await;
        assert_eq!(told.lines[0]["columns"]["personalLeftOut"], json!(["Cử tri"]));
        assert_eq!(told.counts(), (1, 0, 1), "{}", told.text);
        assert_eq!(told.mistake(3), ("origin".to_owned(), "UNKNOWN_CODE".to_owned()));
        let again = mistakes_of(&office, council, true, file).await;
        assert!(again.lines().nth(1).unwrap().starts_with("Sửa chợ,Xã Tân Hưng,?,"), "{again}");
        assert!(!format!("{}{again}", told.text).contains("Kín"), "{}{again}", told.text);
    }

    // The rest of the file, voters' names and telephones with it, became the text of one petition.
    async fn a_stray_quotation_mark_costs_its_row_and_brings_no_voters_into_a_text(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let council = world.here.council;
        let mut file = "Nội dung kiến nghị,Số kiến nghị,Họ và tên,Điện thoại\n".to_owned();
        for row in 1..=50 {
            let quote = if row == 5 { "\"" } else { "" };
            file.push_str(&format!("{quote}Sửa trạm bơm {row},U-{row},Trần Văn Bí Mật,0909123456\n"));
        }
        let told = send(&office, council, true, &file).await;
        assert_eq!(told.counts(), (49, 0, 1), "{}", told.text);
        let told = send(&office, council, false, &file).await;
        assert_eq!(told.counts(), (49, 0, 1), "{}", told.text);
        assert_eq!(told.mistake(6), (String::new(), "STRAY_QUOTE".to_owned()));
        let lines: Vec<u64> = told.rows().iter().map(|row| row["row"].as_u64().unwrap()).collect();
        assert_eq!(lines, (2..=51).collect::<Vec<_>>());
        // One that closes a whole row further on: the first is refused, and so is what only seems to be one.
        let pair = "Nội dung kiến nghị,Số kiến nghị,Họ và tên,Điện thoại\n\
            \"Sửa cống 1,V-1,Trần Văn Bí Mật,0909123456\nSửa cống 2\",V-2,Trần Văn Bí Mật,0909123456\n";
        let told = send(&office, council, false, pair).await;
        assert_eq!(told.counts(), (0, 0, 2), "{}", told.text);
        // The file of mistakes says which row it was and nothing of what stands there; filled in, it is that row.
        let told = mistakes(&office, council, &file).await;
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(told.contains("\n,,dòng 6 tệp ") && !told.contains("Mật") && !told.contains("0909123456"), "{told}");
        let corrected = told.replace("\n,,", "\nSửa trạm bơm 5,U-5,");
        assert_eq!(send(&office, council, false, &corrected).await.counts(), (1, 0, 0));
        // Heads that it hides are told by the status.
        let told = send(&office, council, false, &format!("\"{file}")).await;
        assert_eq!(told.status, 400);
        assert!(told.text.contains("STRAY_QUOTE"), "{}", told.text);
        let petitions = petition::Entity::find().all(app.state.store.read()).await.unwrap();
        assert_eq!(petitions.len(), 50);
        for petition in petitions {
            assert!(petition.content.chars().count() < 20, "{}", petition.content);
            let told = format!("{petition:?}");
            assert!(!told.contains("Mật") && !told.contains("0909123456"), "{told}");
        }
    }
}
