//! What a template may be, and what becomes of its placeholders.

use std::collections::BTreeSet;

use super::{package::write, *};
use crate::documents::{
    COMMON,
    filling::{Filling, Row},
};

const TYPES: &str = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
    <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";

fn with_body(body: &str) -> Vec<u8> {
    let document = format!("<w:document><w:body>{body}</w:body></w:document>");
    zipped(&[("[Content_Types].xml", TYPES), ("word/document.xml", &document)])
}

fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
    write(parts.iter().map(|(name, text)| (*name, text.as_bytes()))).unwrap()
}

fn wrong(bytes: &[u8]) -> Vec<(Code, String)> {
    let read = Template::read(bytes, DocumentKind::Urging);
    let wrong = read.err().unwrap_or_default().into_iter();
    wrong
        .map(|refused| (refused.code, refused.field.unwrap_or_default().into_owned()))
        .collect()
}

/// The body of the document that is made of this body.
fn made(body: &str, filling: &Filling) -> String {
    let template = Template::read(&with_body(body), DocumentKind::Urging);
    let template = template.unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let package = Package::read(&template.make(filling).unwrap()).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let mut told = String::new();
    for part in &package.0 {
        if let Content::Told(root) = &part.content {
            told = fill::fill(root, &Filling::default(), &mut { fill::MOST_MADE }).unwrap();
        }
    }
    let (_, rest) = told.split_once("<w:body>").unwrap();
    rest.split_once("</w:body>").unwrap().0.to_owned()
}

fn letter() -> Filling {
    let mut filling = Filling::default();
    filling.set("kinh_gui", "Sở \"A\" <B> & C");
    filling.set("so_van_ban", "12/HĐND");
    let row = |number: usize, text: &str| Row::numbered(number).with("noi_dung", text);
    filling.list_of("kien_nghi", vec![row(1, "một\nhai"), row(2, "ba")]);
    filling
}

fn run(text: &str) -> String {
    format!("<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r>")
}

#[test]
fn a_placeholder_is_filled_in_wherever_word_has_cut_it() {
    let cut = ["Gửi {", "{kinh_", "gui}} và ", "{{ Số văn bản }}."];
    for joints in [0_u8, 1, 2, 4, 7] {
        let mut runs = vec![String::new()];
        for (at, piece) in cut.iter().enumerate() {
            runs.last_mut().unwrap().push_str(piece);
            if joints & (1 << at) > 0 {
                runs.push(String::new());
            }
        }
        let runs: String = runs.iter().map(|text| run(text)).collect();
        let told = made(&format!("<w:p>{runs}</w:p>"), &letter());
        let mut texts = String::new();
        let mut rest = told.as_str();
        while let Some((_, after)) = rest.split_once("<w:t xml:space=\"preserve\">") {
            let (text, after) = after.split_once("</w:t>").unwrap();
            texts.push_str(text);
            rest = after;
        }
        assert_eq!(
            texts, "Gửi Sở &quot;A&quot; &lt;B&gt; &amp; C và 12/HĐND.",
            "{joints}"
        );
    }
}

#[test]
fn a_row_that_names_a_list_is_repeated_and_an_empty_paragraph_left_out() {
    let table = format!(
        "<w:tbl><w:tr><w:tc><w:p>{}</w:p></w:tc></w:tr><w:tr><w:tc><w:p>{}</w:p></w:tc></w:tr></w:tbl>",
        run("STT"),
        run("{{kien_nghi.stt}}: {{kien_nghi.noi_dung}}")
    );
    let told = made(&table, &letter());
    assert_eq!(told.matches("<w:tr>").count(), 3);
    assert!(
        told.contains("1: một</w:t><w:br></w:br><w:t xml:space=\"preserve\">hai</w:t>"),
        "{told}"
    );
    assert!(told.contains("2: ba"));
    let paragraph = format!("<w:p>{}</w:p>", run("- {{kien_nghi.noi_dung}}"));
    assert_eq!(made(&paragraph, &letter()).matches("<w:p>").count(), 2);
    // Nothing to say: no row, no table, no paragraph; but a cell keeps one, or Word calls it damaged.
    let nothing = Filling::default();
    let only = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>{{kien_nghi.stt}}</w:t></w:r></w:p></w:tc></w:tr></w:tbl>";
    assert_eq!(made(only, &nothing), "");
    assert_eq!(made(&table, &nothing).matches("<w:tr>").count(), 1);
    let hint = format!("<w:p>{}</w:p>", run("Quá hạn: {{so_qua_han}}."));
    assert_eq!(made(&hint, &nothing), "");
    let in_cell = format!(
        "<w:tbl><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>",
        "<w:p><w:r><w:t>{{noi_dung.doan}}</w:t></w:r></w:p>"
    );
    assert_eq!(made(&in_cell, &nothing), "");
    let beside = format!(
        "<w:tbl><w:tr><w:tc><w:p>{}</w:p></w:tc><w:tc><w:p>{}</w:p></w:tc></w:tr></w:tbl>",
        run("{{kinh_gui}}"),
        run("x")
    );
    assert_eq!(made(&beside, &nothing).matches("<w:p>").count(), 2);
}

#[test]
fn unknown_and_mixed_placeholders_are_named_all_of_them() {
    let body = format!(
        "<w:p>{}</w:p><w:tbl><w:tr><w:tc><w:p>{}</w:p></w:tc></w:tr></w:tbl>",
        run("{{so_van_bam}} {{kien_nghi.ten_cu_tri}} {{so_van_ban}} {{chưa đóng"),
        run("{{kien_nghi.stt}} {{noi_dung.doan}}")
    );
    assert_eq!(
        wrong(&with_body(&body)),
        [
            (Code::UnknownPlaceholder, "chua_dong".to_owned()),
            (Code::UnknownPlaceholder, "so_van_bam".to_owned()),
            (Code::UnknownPlaceholder, "kien_nghi.ten_cu_tri".to_owned()),
            (Code::InvalidTemplate, "kien_nghi, noi_dung".to_owned()),
        ]
    );
}

#[test]
fn what_is_no_harmless_document_is_refused_by_name() {
    let body = "<w:document><w:body><w:p/></w:body></w:document>";
    let with = |name: &str, text: &str| {
        zipped(&[
            ("[Content_Types].xml", TYPES),
            ("word/document.xml", body),
            (name, text),
        ])
    };
    let typed = |types: &str| zipped(&[("[Content_Types].xml", types), ("word/document.xml", body)]);
    let link = |target: &str, mode: &str| {
        format!(
            "<Relationships><Relationship Id=\"a\" Type=\"b\" Target=\"{target}\"{mode}/></Relationships>"
        )
    };
    let field = |text: &str| {
        with_body(&format!(
            "<w:p><w:r><w:fldChar w:fldCharType=\"begin\"/></w:r>{text}</w:p>"
        ))
    };
    let deep = format!("{}{}", "<w:sdt>".repeat(500), "</w:sdt>".repeat(500));
    let mut cases: Vec<(Vec<u8>, &str)> = vec![
        (b"PK no zip".to_vec(), "zip"),
        (zipped(&[("word/document.xml", body)]), "[Content_Types].xml"),
        (zipped(&[("[Content_Types].xml", TYPES)]), "word/document.xml"),
        (with("word/vbaProject.bin", "x"), "macro"),
        (with("word/embeddings/a.xml", "<a/>"), "word/embeddings/a.xml"),
        (with("word/run.exe", "x"), "word/run.exe"),
        (with("../../etc/passwd.xml", "<a/>"), "../../etc/passwd.xml"),
        (
            with(
                "word/_rels/document.xml.rels",
                &link("http://a.vn", " TargetMode=\"External\""),
            ),
            "link",
        ),
        (
            with(
                "word/_rels/document.xml.rels",
                &link("media/a.png", " TargetMode=\"External\""),
            ),
            "link",
        ),
        (
            with("word/_rels/document.xml.rels", &link("file:///etc/passwd", "")),
            "link",
        ),
        (
            with("word/_rels/document.xml.rels", &link("\\\\ke\\chung", "")),
            "link",
        ),
        (
            with("word/styles.xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"),
            "word/styles.xml",
        ),
        (with("word/styles.xml", "<a><b></a>"), "word/styles.xml"),
        (with_body(&deep), "word/document.xml"),
        (with_body("<w:altChunk/>"), "altChunk"),
        (with_body("<w:p><w:r><w:object/></w:r></w:p>"), "object"),
        (
            with_body("<w:p><w:fldSimple w:instr=\" INCLUDETEXT  a \"/></w:p>"),
            "INCLUDETEXT",
        ),
        (
            field("<w:r><w:instrText>DDE</w:instrText></w:r><w:r><w:instrText>AUTO a b</w:instrText></w:r>"),
            "DDEAUTO",
        ),
    ];
    let macros = TYPES.replace(
        "vnd.openxmlformats-officedocument.wordprocessingml.document.main",
        "vnd.ms-word.document.macroEnabled.main",
    );
    cases.push((typed(&macros), "macro"));
    cases.push((
        typed(&TYPES.replace("document.main", "template.main")),
        "[Content_Types].xml",
    ));
    cases.push((with("Word/Document.xml", body), "Word/Document.xml"));
    // 17 MiB in 17 kilobytes, a tree that fills the memory, and no end of parts.
    cases.push((
        with("word/styles.xml", &format!("<a>{}</a>", "<b/>".repeat(300_000))),
        "word/styles.xml",
    ));
    cases.push((with("word/media/a.png", &"0".repeat(17 * 1024 * 1024)), "zip"));
    let names: Vec<String> = (0..300).map(|at| format!("word/{at}.xml")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "<a/>")).collect();
    cases.push((zipped(&many), "zip"));
    for (bytes, field) in cases {
        assert_eq!(wrong(&bytes), [(Code::InvalidTemplate, field.to_owned())]);
    }
    let number = "<w:r><w:instrText> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"end\"/></w:r>";
    assert_eq!(wrong(&field(number)), []);
}

#[test]
fn a_document_does_not_grow_without_end() {
    let row = format!(
        "<w:p>{}</w:p>",
        run(&format!("{{{{kien_nghi.stt}}}}{}", "x".repeat(1_000)))
    );
    let package = Package::read(&with_body(&row)).unwrap_or_else(|_| panic!("read"));
    let mut filling = Filling::default();
    filling.list_of("kien_nghi", (1..100).map(Row::numbered).collect());
    let told = package.0.iter().filter_map(|part| match &part.content {
        Content::Told(root) => Some(root),
        Content::Plain(_) => None,
    });
    for root in told {
        let whole = fill::fill(root, &filling, &mut { 120_000 }).unwrap();
        assert!(whole.len() > 99_000);
        let mut room = whole.len() - 1_000;
        let cut = fill::fill(root, &filling, &mut room);
        assert_eq!(cut.unwrap_err().code(), Code::LimitTooLarge);
    }
}

/// What counts something, or says how often, and is not called `so_...`.
const OTHER_FIGURES: [&str; 19] = [
    "ky_truoc",
    "moi",
    "tong",
    "da_xong",
    "con_lai",
    "da_giai_quyet",
    "dang_giai_quyet",
    "da_giai_trinh",
    "chua_giai_quyet",
    "tam_gac",
    "khong_tham_quyen",
    "chua_tra_loi",
    "lan_don_doc",
    "don_doc",
    "lap_lai",
    "noi_dung",
    "ghi_chu",
    "tinh_hinh",
    "ngoai_ra",
];

/// A paragraph with figures says of which day they are; of those in a table, something between it and the table before.
fn figures_have_their_day(kind: DocumentKind, root: &xml::Element) {
    let body = root.elements().find(|element| element.name() == "w:body");
    let (mut figures, mut is_dated) = (0, false);
    for block in body.into_iter().flat_map(xml::Element::elements) {
        let (mut names, mut mixed) = (BTreeSet::new(), BTreeSet::new());
        fill::names(block, &mut names, &mut mixed);
        let is_named = names.iter().any(|name| name.field == "so_lieu_tinh_den");
        let is_figure = |field: &str| {
            let counts = field.starts_with("so_") && !["so_van_ban", "so_lieu_tinh_den"].contains(&field);
            counts || OTHER_FIGURES.contains(&field)
        };
        let found: Vec<&str> = names
            .iter()
            .map(|name| name.field.as_str())
            .filter(|field| is_figure(field))
            .collect();
        figures += found.len();
        is_dated |= is_named;
        let is_table = block.name() == "w:tbl";
        let has_day = if is_table { is_dated } else { is_named };
        assert!(
            found.is_empty() || has_day,
            "{kind:?}: {found:?} without their day"
        );
        is_dated &= !is_table;
    }
    assert!(body.is_none() || figures > 0, "{kind:?} has no figures");
}

#[test]
fn the_shipped_templates_are_templates_and_use_what_there_is() {
    for kind in DocumentKind::ALL {
        let template =
            Template::read(kind.shipped(), kind).unwrap_or_else(|wrong| panic!("{kind:?}: {wrong:?}"));
        let (mut names, mut mixed) = (BTreeSet::new(), BTreeSet::new());
        for part in &template.0.0 {
            if let Content::Told(root) = &part.content {
                fill::names(root, &mut names, &mut mixed);
            }
        }
        assert!(names.len() > 12, "{kind:?}");
        for part in &template.0.0 {
            if let Content::Told(root) = &part.content {
                figures_have_their_day(kind, root);
            }
        }
        let mut told = BTreeSet::new();
        for field in COMMON.iter().chain(kind.own_fields()) {
            assert!(told.insert((field.list, field.name)), "{} twice", field.name);
            assert!(!field.means.is_empty());
        }
    }
}
