//! How well suggestions meet what people marked: in sixty real petitions and in hard cases with invented names.
//!
//! The cases to which the rules were fitted and those written before, and left alone afterwards, are counted apart:
//! only the latter say what to expect of other texts.

use std::{collections::BTreeMap, fmt::Write};

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::{Kind, Span, redact, suggest};

/// Lines with marks: `{name|Nguyễn Văn A}`.
const FITTED: &str = include_str!("labelled/fitted.txt");
const HELD_OUT: &str = include_str!("labelled/held_out.txt");
const SAMPLE: &str = include_str!("../../reference/demo/petitions.jsonl");
const DOCS: &str = include_str!("../../../docs/redaction.md");

/// A line without its marks, and the marks as spans.
fn labelled(line: &str) -> (String, Vec<Span>) {
    let (mut text, mut spans) = (String::new(), Vec::new());
    let mut rest = line;
    while let Some((before, marked)) = rest.split_once('{') {
        text.push_str(before);
        let (mark, after) = marked.split_once('}').unwrap();
        let (code, words) = mark.split_once('|').unwrap();
        let kind = Kind::ALL.into_iter().find(|kind| kind.code() == code).unwrap();
        let start = text.len();
        text.push_str(words);
        let end = text.len();
        spans.push(Span { start, end, kind });
        rest = after;
    }
    text.push_str(rest);
    (text, spans)
}

fn lines(file: &str) -> impl Iterator<Item = &str> {
    file.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

/// Marks, suggestions, marks that are covered, suggestions that meet a mark.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Count {
    marks: usize,
    suggested: usize,
    covered: usize,
    right: usize,
}

fn count(of: &mut BTreeMap<Kind, Count>, text: &str, marks: &[Span]) -> Vec<String> {
    let found = suggest(text);
    let meets = |a: &Span, b: &Span| a.kind == b.kind && a.start < b.end && b.start < a.end;
    let covers = |a: &Span, b: &Span| a.kind == b.kind && a.start <= b.start && b.end <= a.end;
    let mut wrong = Vec::new();
    for mark in marks {
        let count = of.entry(mark.kind).or_default();
        count.marks += 1;
        if found.iter().any(|span| covers(span, mark)) {
            count.covered += 1;
        } else {
            wrong.push(format!(
                "missed {}: {} in: {text}",
                mark.kind.code(),
                &text[mark.start..mark.end]
            ));
        }
    }
    for span in &found {
        let count = of.entry(span.kind).or_default();
        count.suggested += 1;
        if marks.iter().any(|mark| meets(span, mark)) {
            count.right += 1;
        } else {
            wrong.push(format!(
                "too much {}: {} in: {text}",
                span.kind.code(),
                &text[span.start..span.end]
            ));
        }
    }
    wrong
}

fn measured(file: &str) -> (BTreeMap<Kind, Count>, Vec<String>) {
    let mut counts = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in lines(file) {
        let (text, marks) = labelled(line);
        wrong.extend(count(&mut counts, &text, &marks));
    }
    (counts, wrong)
}

fn sum(counts: &BTreeMap<Kind, Count>) -> Count {
    counts.values().fold(Count::default(), |sum, count| Count {
        marks: sum.marks + count.marks,
        suggested: sum.suggested + count.suggested,
        covered: sum.covered + count.covered,
        right: sum.right + count.right,
    })
}

fn part(of: usize, all: usize) -> String {
    if all == 0 {
        "–".to_owned()
    } else {
        format!("{of}/{all}")
    }
}

/// The table of docs/redaction.md.
fn table() -> (String, Vec<String>) {
    let (fitted, mut wrong) = measured(FITTED);
    let (held_out, missed) = measured(HELD_OUT);
    wrong.extend(missed);
    let mut table = String::from(
        "| Loại [kind] | Đúng/gợi ý, đã chỉnh [precision, fitted] | Tìm thấy/có, đã chỉnh [recall, fitted] | Đúng/gợi ý, để riêng [precision, held out] | Tìm thấy/có, để riêng [recall, held out] |\n|---|---|---|---|---|\n",
    );
    let rows = Kind::ALL.into_iter().map(|kind| {
        let of = |counts: &BTreeMap<Kind, Count>| counts.get(&kind).copied().unwrap_or_default();
        (
            format!("{} `{}`", kind.label(), kind.code()),
            of(&fitted),
            of(&held_out),
        )
    });
    let total = ("tổng [all]".to_owned(), sum(&fitted), sum(&held_out));
    for (name, fitted, held_out) in rows.chain([total]) {
        writeln!(
            table,
            "| {name} | {} | {} | {} | {} |",
            part(fitted.right, fitted.suggested),
            part(fitted.covered, fitted.marks),
            part(held_out.right, held_out.suggested),
            part(held_out.covered, held_out.marks)
        )
        .unwrap();
    }
    (table, wrong)
}

#[test]
fn the_figures_in_the_docs_are_the_measured_ones() {
    let (table, wrong) = table();
    println!("{table}\n{}", wrong.join("\n"));
    assert!(
        DOCS.contains(&table),
        "docs/redaction.md should say:\n{table}\n{}",
        wrong.join("\n")
    );
}

#[test]
fn hardly_anything_that_tells_who_somebody_is_stays_unnoticed() {
    let all = |file| sum(&measured(file).0);
    let (fitted, held_out) = (all(FITTED), all(HELD_OUT));
    assert!(fitted.covered * 100 >= fitted.marks * 97, "{fitted:?}");
    assert!(fitted.right * 100 >= fitted.suggested * 97, "{fitted:?}");
    assert!(held_out.covered * 100 >= held_out.marks * 85, "{held_out:?}");
    assert!(held_out.right * 100 >= held_out.suggested * 85, "{held_out:?}");
}

#[test]
fn sixty_published_petitions_hold_nothing_to_take_out() {
    let mut found = Vec::new();
    for line in SAMPLE.lines().filter(|line| !line.is_empty()) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = line["text"].as_str().unwrap();
        for span in suggest(text) {
            found.push(format!("{}: {}", span.kind.code(), &text[span.start..span.end]));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn letters_with_their_marks_apart_are_read_alike() {
    for line in lines(FITTED).chain(lines(HELD_OUT)) {
        let (text, _) = labelled(line);
        let composed: String = text.nfc().collect();
        let apart: String = text.nfd().collect();
        let words = |text: &str| -> Vec<(Kind, String)> {
            suggest(text)
                .iter()
                .map(|span| (span.kind, text[span.start..span.end].nfc().collect()))
                .collect()
        };
        assert_eq!(words(&apart), words(&composed), "{text}");
    }
}

#[test]
fn what_is_redacted_reads_on() {
    let text = "Bà Trần Thị Mẫn (0912 345 678) ở số nhà 12/3, hẻm 5 đường Lê Lợi xin sửa đường QL1A.";
    assert_eq!(
        redact(text, &suggest(text)),
        "Bà [họ tên] ([số điện thoại]) ở [địa chỉ] xin sửa đường QL1A."
    );
    assert_eq!(redact("Không có gì", &[]), "Không có gì");
}

/// What was found, as it was written.
fn found(text: &str) -> Vec<(Kind, &str)> {
    suggest(text)
        .iter()
        .map(|span| (span.kind, &text[span.start..span.end]))
        .collect()
}

/// Each of these was published without a word, though everybody could dial it.
#[test]
fn a_number_is_found_however_it_is_typed() {
    let phones = [
        "0912\u{200b}345\u{200b}678",
        "0\u{ad}912345678",
        "０９１２３４５６７８",
        "𝟎𝟗𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖",
        "០៩១២៣៤៥៦៧៨",
        "0️⃣9️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣",
        "0912\n345\n678",
        "0912/345/678",
        "0912 / 345 / 678",
        "0912345/678",
        "028/3829 1234",
        "09/12/34/56/78",
        "0912 - 345 - 678",
        "0912–345–678",
        "0912_345_678",
        "+84 (0)912 345 678",
    ];
    for phone in phones {
        let text = format!("Ông ấy là cử tri, xin gọi {phone} để hỏi thêm.");
        assert_eq!(found(&text), [(Kind::Phone, phone)], "{text}");
    }
    let cards = [
        "079\u{200b}123\u{2060}456789",
        "０７９１２３４５６７８９",
        "079/123/456/789",
        "079123456\n789",
    ];
    for card in cards {
        let text = format!("Xin xem lại CCCD số {card}, cấp ngày 12/03/2021.");
        assert_eq!(found(&text), [(Kind::IdNumber, card)], "{text}");
    }
    assert_eq!(
        found("Số tài khoản:\n0071000123456"),
        [(Kind::BankAccount, "0071000123456")]
    );
}

/// One stood too close to the other, or to what it is called, and both were overlooked.
#[test]
fn numbers_that_stand_close_are_all_found() {
    for between in ["/", "-", ",", ".", " / "] {
        let text = format!("Gọi 0912345678{between}0987 654 321 nhé.");
        assert_eq!(
            found(&text),
            [(Kind::Phone, "0912345678"), (Kind::Phone, "0987 654 321")],
            "{text}"
        );
    }
    for before in ["ĐT.", "SĐT", "SĐT-", "Zalo/"] {
        let text = format!("{before}0912345678");
        assert_eq!(found(&text), [(Kind::Phone, "0912345678")], "{text}");
    }
    assert_eq!(found("CCCD079123456789"), [(Kind::IdNumber, "079123456789")]);
}

#[test]
fn dates_documents_measures_and_lists_are_no_numbers_of_people() {
    for text in [
        "Từ ngày 05/11/2026 15 hộ chưa có điện.",
        "Họp ngày 05/11/2026\n15 ý kiến đã nêu.",
        "Từ 01/01/2026\n30/06/2026 là hạn.",
        "Ngày 07/05 125.000 lượt xe qua cầu.",
        "Từ 05-11-2026 15 ý kiến đã nêu.",
        "Nghị quyết số 15/2026/NQ-HĐND, Quyết định 0512/2026 15 điều.",
        "Cấp căn cước đạt 12345/13000 người; bảo hiểm y tế đạt 12.345/13.000 thẻ.",
        "Bảo hiểm giai đoạn 2021–2025 15 xã đã đạt.",
        "Chi 1.250.000.000 đồng/4.500 hộ, Km 12+300, điện 220/110/22 kV, diện tích 15000 m².",
        "Sửa đường ĐH 09\n1. Kênh ấp 3\n2. Cầu ấp 4",
    ] {
        assert!(found(text).is_empty(), "{:?} in: {text}", found(text));
    }
    assert_eq!(
        found("Gọi 0912345678\n2. Sửa đường"),
        [(Kind::Phone, "0912345678")]
    );
    assert_eq!(
        found("Thửa đất số 123/4, tờ bản đồ số 45"),
        [(Kind::LandPlot, "123/4"), (Kind::LandPlot, "45")]
    );
}

/// What the server itself proposed was refused when it was published: the word before a number that was taken out passed
/// for that of the next one.
#[test]
fn what_was_redacted_is_nothing_to_be_redacted() {
    for text in [
        "Số tài khoản 0123456789, kinh phí 2500000 đồng",
        "Tài khoản 0123456789 bị trừ 1500000 đồng",
        "CMND 025123456, MST 0312345678",
        "STK 0123456789, MST 0312345678",
    ] {
        let proposed = redact(text, &suggest(text));
        assert_ne!(proposed, text);
        assert_eq!(suggest(&proposed), [], "{proposed}");
    }
    for line in lines(FITTED).chain(lines(HELD_OUT)) {
        let (text, _) = labelled(line);
        let proposed = redact(&text, &suggest(&text));
        assert_eq!(suggest(&proposed), [], "{proposed}");
    }
}

proptest! {
    #[test]
    fn any_text_may_come(text in any::<String>()) {
        let spans = suggest(&text);
        let mut end = 0;
        for span in &spans {
            prop_assert!(span.start >= end && span.start < span.end);
            prop_assert!(text.get(span.start..span.end).is_some());
            end = span.end;
        }
        let _ = redact(&text, &spans);
    }

    #[test]
    fn whatever_is_made_of_such_words_may_come(words in prop::collection::vec(
        prop::sample::select(vec!["bà", "Nguyễn", "Thị", "số", "nhà", "12", "/", "3", "hẻm", ",", "thửa", "đất", "tờ", "bản",
            "đồ", "BK", "123456", "+84", "912", "345", "678", "@", "a.b", "Chủ", "tịch", "-", ".", "\n", " ", "0912345678",
            "０９", "\u{200b}", "⑿", "²"]), 0..40))
    {
        let text = words.join(" ");
        for glue in [text.clone(), text.replace(' ', "")] {
            for span in suggest(&glue) {
                prop_assert!(glue.get(span.start..span.end).is_some());
            }
        }
    }
}
