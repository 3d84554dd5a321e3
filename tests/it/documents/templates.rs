//! A council's own templates.

use std::process::Command;

use cutri::documents::{DocumentKind, MEDIA_TYPE, MOST_BYTES};
use cutri_tests::{TestDatabase, app::Person, each_db, phone::new_id};
use entity::id::CouncilId;
use serde_json::{Value, json};

use super::{
    fetched,
    reading::{changed, text_of},
};
use crate::rounds::Stage;

const DOCX: &[(&str, &str)] = &[("content-type", MEDIA_TYPE)];

fn path(stage: &Stage) -> String {
    format!(
        "/documents/templates/contact-plan.docx?council={}",
        stage.world.here.council
    )
}

/// Status, and code and field of every error.
async fn put(
    person: &Person,
    path: &str,
    headers: &[(&str, &str)],
    bytes: Vec<u8>,
) -> (u16, Vec<(String, String)>) {
    let (status, _, body) = person.with_file("PUT", path, headers, bytes).await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let told = errors.iter().map(|error| {
        let extensions = &error["extensions"];
        (text(&extensions["code"]), text(&extensions["field"]))
    });
    (status, told.collect())
}

fn one(code: &str, field: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), field.to_owned())]
}

/// A council's own templates of every kind stand for the shipped ones, each with all that is filled in: documents by kind
/// and path, with what they said before.
pub(super) async fn stand_for_every_kind(
    office: &Person,
    council: CouncilId,
    papers: &[(&str, String, String)],
) {
    const SHIPPED: &str = "Độc lập - Tự do - Hạnh phúc";
    let own = |name: &str| format!("Mẫu riêng của {name}");
    for kind in DocumentKind::ALL {
        let name = kind.name();
        let template = changed(kind.shipped(), "word/document.xml", |text| {
            text.replace(SHIPPED, &own(name))
        });
        let path = format!("/documents/templates/{name}.docx?council={council}");
        assert_eq!(put(office, &path, DOCX, template).await, (200, vec![]), "{name}");
    }
    assert_eq!(papers.len(), DocumentKind::ALL.len());
    for (name, path, told) in papers {
        let printed = text_of(&fetched(office, path).await.1);
        assert_eq!(printed, told.replace(SHIPPED, &own(name)), "{name}");
    }
}

#[test]
fn the_shipped_templates_are_what_the_builder_makes() {
    let folder = tempfile::tempdir().unwrap();
    let builder = concat!(env!("CARGO_MANIFEST_DIR"), "/../api/reference/documents/make");
    let made = Command::new("python3")
        .arg(builder)
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(made.success());
    for kind in DocumentKind::ALL {
        let made = std::fs::read(folder.path().join(format!("{}.docx", kind.name()))).unwrap();
        assert!(
            made == kind.shipped(),
            "{}: run api/reference/documents/make",
            kind.name()
        );
    }
}

each_db! {
    async fn a_council_puts_its_own_template_in_force_and_goes_back(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, path) = (stage.office(), path(&stage));
        let round = stage.round("before_session", 2).await;
        let document = format!("/documents/contact-plan/{round}.docx");
        // To start from: the shipped one, for everybody.
        let (saved_as, shipped) = fetched(&stage.app.stranger(), "/documents/templates/contact-plan.docx").await;
        assert_eq!(saved_as, "attachment; filename=\"mau-ke-hoach-tiep-xuc-cu-tri.docx\"");
        assert_eq!(shipped, DocumentKind::ContactPlan.shipped());
        assert_eq!(fetched(&office, &path).await.1, shipped);

        // The clerk changes words, and Word cuts a placeholder in three.
        let own = changed(&shipped, "word/document.xml", |text| {
            assert!(text.contains("{{ten_dot}}"));
            let cut = "{{Tên</w:t></w:r><w:proofErr w:type=\"spellStart\"/><w:r><w:t xml:space=\"preserve\"> đợ</w:t></w:r><w:r><w:t>t}}";
            text.replace("{{ten_dot}}", cut).replace("KẾ HOẠCH", "KẾ HOẠCH RIÊNG")
        });
        assert_eq!(put(&office, &path, DOCX, own.clone()).await, (200, vec![]));
        assert_eq!(put(&office, &path, DOCX, own.clone()).await, (200, vec![]), "the same again is no second version");
        let told = text_of(&fetched(&office, &document).await.1);
        assert!(told.contains("KẾ HOẠCH RIÊNG\nĐợt tiếp xúc cử tri trước kỳ họp giữa năm 2026"), "{told}");
        assert_eq!(fetched(&office, &path).await.1, own);

        // The neighbour's documents are as before; another version takes the place of the first, which is kept.
        let next = changed(&own, "word/document.xml", |text| text.replace("RIÊNG", "MỚI"));
        assert_eq!(put(&office, &path, DOCX, next.clone()).await, (200, vec![]));
        assert_eq!(fetched(&office, &format!("{path}&version=1")).await.1, own);
        let query = "query($id: ID!) { council(id: $id) { documentTemplates { kind title isOwn url versions { version by endedAt url } } } }";
        let of = async |person: &Person| {
            let data = person.data(query, json!({"id": stage.world.here.council})).await;
            data["council"]["documentTemplates"].as_array().unwrap().clone()
        };
        let templates = of(&office).await;
        assert_eq!(templates.len(), 6);
        assert_eq!((&templates[0]["kind"], &templates[0]["isOwn"], &templates[0]["url"]), (&json!("contact-plan"), &json!(true), &json!(path)));
        let versions = templates[0]["versions"].as_array().unwrap();
        assert_eq!((&versions[0]["version"], &versions[0]["endedAt"]), (&json!(2), &Value::Null));
        assert_eq!(versions[1]["version"], 1);
        assert!(versions[1]["endedAt"].is_string() && versions[1]["by"].is_string());
        assert!(templates[1..].iter().all(|template| template["isOwn"] == false));
        for outside in [stage.app.stranger(), stage.app.person(&stage.world.there.office), stage.app.person(&stage.world.province_office)] {
            assert!(of(&outside).await.is_empty());
        }

        // Back to the shipped one; nothing is lost.
        assert_eq!(office.with_file("DELETE", &path, &[], Vec::new()).await.0, 204);
        assert_eq!(office.with_file("DELETE", &path, &[], Vec::new()).await.0, 204);
        assert_eq!(fetched(&office, &path).await.1, shipped);
        assert_eq!(fetched(&office, &format!("{path}&version=2")).await.1, next);
        assert_eq!(put(&office, &path, DOCX, own).await, (200, vec![]));
        assert_eq!(of(&office).await[0]["versions"][0]["version"], 3);
    }

    async fn only_the_office_keeps_templates_and_foreign_looks_like_absent(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (app, world, path) = (&stage.app, &stage.world, path(&stage));
        let file = DocumentKind::ContactPlan.shipped().to_vec();
        assert_eq!(put(&app.stranger(), &path, DOCX, file.clone()).await.0, 401);
        assert_eq!(put(&stage.delegate(0), &path, DOCX, file.clone()).await, (400, one("FORBIDDEN", "council")));
        let absent = format!("/documents/templates/contact-plan.docx?council={}", new_id());
        for outside in [app.person(&world.there.office), app.person(&world.province_office), app.person(&world.administrator)] {
            for path in [&path, &absent] {
                assert_eq!(put(&outside, path, DOCX, file.clone()).await, (404, one("NOT_FOUND", "council")));
                for method in ["GET", "DELETE"] {
                    assert_eq!(outside.with_file(method, path, &[], Vec::new()).await.0, 404);
                }
            }
        }
        let office = stage.office();
        let of = |rest: &str| format!("/documents/templates/{rest}");
        assert_eq!(put(&office, &of("contact-plan.docx"), DOCX, file.clone()).await, (400, one("REQUIRED", "council")));
        assert_eq!(put(&office, &of("contact-plan.docx?council=x"), DOCX, file.clone()).await, (400, one("INVALID_ID", "council")));
        assert_eq!(office.with_file("GET", &format!("{path}&version=9"), &[], Vec::new()).await.0, 404);
        assert_eq!(office.with_file("GET", &of("novel.docx"), &[], Vec::new()).await.0, 404);
    }

    async fn a_hostile_or_mistaken_template_is_refused_and_nothing_changes(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, path) = (stage.office(), path(&stage));
        let shipped = DocumentKind::ContactPlan.shipped();
        let with = |name: &str, text: &str| changed(shipped, name, |_| text.to_owned());
        let in_document = |from: &str, to: &str| changed(shipped, "word/document.xml", |text| text.replacen(from, to, 1));
        let external = "<Relationships><Relationship Id=\"rId9\" Type=\"attachedTemplate\" Target=\"https://x.example/a.dotm\" TargetMode=\"External\"/></Relationships>";
        let cases = vec![
            (b"not a zip".to_vec(), "zip"),
            (shipped[..shipped.len() / 2].to_vec(), "zip"),
            (with("word/vbaProject.bin", "macro"), "macro"),
            (changed(shipped, "[Content_Types].xml", |text| text.replace("application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
                "application/vnd.ms-word.document.macroEnabled.main+xml")), "macro"),
            (with("word/_rels/settings.xml.rels", external), "link"),
            (with("word/styles.xml", "<!DOCTYPE s [<!ENTITY a \"b\">]><s>&a;</s>"), "word/styles.xml"),
            (with("word/document.xml", "<w:document>"), "word/document.xml"),
            (with("word/media/bomb.png", &"0".repeat(17 * 1024 * 1024)), "zip"),
            (in_document("<w:body>", "<w:body><w:altChunk/>"), "altChunk"),
            (in_document("{{diem.stt}}", "{{diem.stt}} {{noi_dung.doan}}"), "diem, noi_dung"),
        ];
        for (bytes, field) in cases {
            assert_eq!(put(&office, &path, DOCX, bytes).await, (400, one("INVALID_TEMPLATE", field)));
        }
        let unknown = in_document("{{ten_dot}}", "{{ten_dott}} {{diem.gia}}");
        let named = ["ten_dott", "diem.gia"].map(|name| ("UNKNOWN_PLACEHOLDER".to_owned(), name.to_owned()));
        assert_eq!(put(&office, &path, DOCX, unknown).await, (400, named.to_vec()));
        // Those of another document are not known either.
        let urging = DocumentKind::Urging.shipped().to_vec();
        assert_eq!(put(&office, &path, DOCX, urging).await.1[0].0, "UNKNOWN_PLACEHOLDER");
        let giant = vec![b'P'; MOST_BYTES + 1];
        assert_eq!(put(&office, &path, DOCX, giant).await, (413, one("FILE_TOO_LARGE", "")));
        for kind in ["application/vnd.ms-word.document.macroEnabled.12", "application/octet-stream"] {
            assert_eq!(put(&office, &path, &[("content-type", kind)], shipped.to_vec()).await.0, 415);
        }
        assert_eq!(fetched(&office, &path).await.1, shipped);
    }
}
