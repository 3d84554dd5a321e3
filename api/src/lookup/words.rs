//! What is told to a voter, in plain Vietnamese.

use entity::{feedback, petition::Process};

use super::{Part, Status};
use crate::{clock::written, codes};

/// What is said of a code of which nothing may be told: the same whatever the reason.
pub const NOTHING: &str = "Chưa thấy mã này. Xin xem lại từng chữ, từng số trên phiếu. Nếu mã đúng, có thể phiếu chưa được gửi \
     về vì điện thoại của đại biểu chưa có mạng; xin thử lại sau vài ngày.";

/// What is said while guesses are slowed.
pub fn wait(seconds: i64) -> String {
    format!("Đang có nhiều lượt tra cứu mã chưa thấy. Xin đợi {seconds} giây rồi thử lại.")
}

/// What became of a voter's words, in one or two sentences.
pub fn sentence(status: &Status) -> String {
    let received = format!(
        "Ý kiến đã về đến Hội đồng nhân dân ngày {}",
        written(status.received_on)
    );
    match (status.stage, status.petitions.as_slice()) {
        (feedback::Status::Withdrawn, _) => format!("{received}, sau đó người ghi đã rút lại phiếu này."),
        (feedback::Status::AnsweredOnSpot, []) if status.at_contact => {
            format!("{received} và đã được trả lời ngay tại cuộc tiếp xúc cử tri.")
        }
        (feedback::Status::AnsweredOnSpot, []) => {
            format!("{received} và đã được trả lời ngay khi tiếp nhận.")
        }
        (feedback::Status::Returned, []) => {
            format!("{received}. Văn phòng đã hỏi lại người ghi phiếu để làm rõ nội dung.")
        }
        (_, []) => format!("{received}. Văn phòng đang xem xét, tổng hợp."),
        (_, [one]) => format!(
            "{received} và đã được tổng hợp thành kiến nghị. {}",
            of_petition(one)
        ),
        (_, several) => format!(
            "{received} và đã được tổng hợp thành {} kiến nghị, mỗi kiến nghị được giải quyết riêng.",
            several.len()
        ),
    }
}

/// Where a petition is, in one or two sentences.
pub fn of_petition(part: &Part) -> String {
    let answered = || {
        let on = part
            .answered_on
            .map(|on| format!(" ngày {}", written(on)))
            .unwrap_or_default();
        let outcome = part
            .outcome
            .as_deref()
            .and_then(|outcome| codes::find("outcome", outcome))
            .map(|entry| format!(", kết quả: {}", lower(&entry.label_vi)))
            .unwrap_or_default();
        // What is put off is called "tạm gác lại, có lộ trình" already.
        let until = match (part.roadmap_on, part.outcome.as_deref()) {
            (Some(until), Some("deferred")) => format!(" đến ngày {}", written(until)),
            (Some(until), _) => format!(", lộ trình đến ngày {}", written(until)),
            (None, _) => String::new(),
        };
        format!("Cơ quan có thẩm quyền đã trả lời{on}{outcome}{until}.")
    };
    match part.process {
        Process::Accepted => "Kiến nghị đang chờ phân loại.".to_owned(),
        Process::Classified => {
            "Kiến nghị đã được phân loại, đang chờ chuyển đến cơ quan có thẩm quyền.".to_owned()
        }
        Process::Forwarded => {
            let on = part
                .forwarded_on
                .map(|on| format!(" ngày {}", written(on)))
                .unwrap_or_default();
            let due = match (part.due_on, part.is_overdue) {
                (Some(due), true) => format!(" Đã quá hạn trả lời (hạn ngày {}).", written(due)),
                (Some(due), false) => format!(" Hạn trả lời: ngày {}.", written(due)),
                (None, _) => String::new(),
            };
            format!("Kiến nghị đã được chuyển đến {}{on}.{due}", body(part))
        }
        Process::Returned => {
            "Nơi nhận trả lại vì không thuộc thẩm quyền; Văn phòng đang xem xét chuyển đến cơ quan khác."
                .to_owned()
        }
        Process::Answered => format!("{} Văn phòng đang xem xét câu trả lời.", answered()),
        Process::Assessed => format!("{} Đại biểu sẽ thông tin lại cho cử tri.", answered()),
        Process::Informed => format!("{}{}", answered(), told(part)),
        Process::Closed => {
            let on = part
                .closed_on
                .map(|on| format!(" ngày {}", written(on)))
                .unwrap_or_default();
            format!(
                "{}{} Việc theo dõi kiến nghị đã kết thúc{on}.",
                answered(),
                told(part)
            )
        }
        Process::Reopened => "Kiến nghị được mở lại, đang chờ xử lý tiếp.".to_owned(),
        Process::Split | Process::Merged => "Kiến nghị được giải quyết trong một kiến nghị khác.".to_owned(),
    }
}

fn told(part: &Part) -> String {
    part.informed_on
        .map(|on| format!(" Kết quả đã được thông tin lại cho cử tri ngày {}.", written(on)))
        .unwrap_or_default()
}

/// To what kind of body it went: never to which one.
pub fn body(part: &Part) -> String {
    if part.is_above {
        return "Hội đồng nhân dân cấp trên".to_owned();
    }
    let kind = part.body_kind.as_deref().filter(|kind| *kind != "other");
    let entry = kind.and_then(|kind| codes::find("agency_kind", kind));
    match (kind, entry) {
        (Some("committee" | "assembly_delegation"), Some(entry)) => entry.label_vi.clone(),
        (_, Some(entry)) => lower(&entry.label_vi),
        (_, None) => "cơ quan có thẩm quyền".to_owned(),
    }
}

/// A label within a sentence.
fn lower(label: &str) -> String {
    let mut chars = label.chars();
    let first = chars
        .next()
        .map(|first| first.to_lowercase().to_string())
        .unwrap_or_default();
    format!("{first}{}", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(process: Process) -> Part {
        let on = |text: &str| text.parse().ok();
        Part {
            process,
            outcome: Some("in_progress".to_owned()),
            forwarded_on: on("2026-03-02"),
            body_kind: Some("committee".to_owned()),
            is_above: false,
            due_on: on("2026-03-30"),
            is_overdue: false,
            answered_on: on("2026-03-20"),
            roadmap_on: None,
            title: None,
            answer: None,
            informed_on: on("2026-04-01"),
            closed_on: on("2026-04-10"),
        }
    }

    fn status(stage: feedback::Status, petitions: Vec<Part>) -> Status {
        Status {
            received_on: "2026-02-28".parse().unwrap(),
            stage,
            at_contact: true,
            petitions,
        }
    }

    #[test]
    fn every_state_has_its_sentence() {
        let sentences: std::collections::BTreeSet<String> = Process::ALL
            .iter()
            .map(|process| of_petition(&part(*process)))
            .collect();
        assert_eq!(sentences.len(), Process::ALL.len() - 1, "split and merged alike");
        for sentence in sentences {
            assert!(sentence.ends_with('.') && !sentence.contains("  "), "{sentence}");
        }
    }

    #[test]
    fn every_state_of_what_was_said_has_its_sentence() {
        let sentences: std::collections::BTreeSet<String> = feedback::Status::ALL
            .iter()
            .map(|stage| match stage {
                feedback::Status::Grouped => status(*stage, vec![part(Process::Accepted)]),
                stage => status(*stage, vec![]),
            })
            .map(|status| sentence(&status))
            .collect();
        assert_eq!(sentences.len(), feedback::Status::ALL.len());
        for sentence in sentences {
            assert!(
                sentence.ends_with('.') && !sentence.contains("  ") && !sentence.contains('_'),
                "{sentence}"
            );
        }
    }

    #[test]
    fn it_reads_as_people_speak() {
        let late = Part {
            is_overdue: true,
            ..part(Process::Forwarded)
        };
        assert_eq!(
            sentence(&status(feedback::Status::Grouped, vec![late])),
            "Ý kiến đã về đến Hội đồng nhân dân ngày 28/02/2026 và đã được tổng hợp thành kiến nghị. Kiến nghị đã được \
             chuyển đến Ủy ban nhân dân ngày 02/03/2026. Đã quá hạn trả lời (hạn ngày 30/03/2026)."
        );
        assert_eq!(
            of_petition(&part(Process::Closed)),
            "Cơ quan có thẩm quyền đã trả lời ngày 20/03/2026, kết quả: đang giải quyết. Kết quả đã được thông tin lại \
             cho cử tri ngày 01/04/2026. Việc theo dõi kiến nghị đã kết thúc ngày 10/04/2026."
        );
        // Put off, it was told, and not until when.
        let put_off = Part {
            outcome: Some("deferred".to_owned()),
            roadmap_on: "2027-06-30".parse().ok(),
            ..part(Process::Assessed)
        };
        assert_eq!(
            of_petition(&put_off),
            "Cơ quan có thẩm quyền đã trả lời ngày 20/03/2026, kết quả: tạm gác lại, có lộ trình đến ngày 30/06/2027. \
             Đại biểu sẽ thông tin lại cho cử tri."
        );
        let promised = Part {
            roadmap_on: "2027-06-30".parse().ok(),
            ..part(Process::Answered)
        };
        assert_eq!(
            of_petition(&promised),
            "Cơ quan có thẩm quyền đã trả lời ngày 20/03/2026, kết quả: đang giải quyết, lộ trình đến ngày 30/06/2027. \
             Văn phòng đang xem xét câu trả lời."
        );
        assert_eq!(
            sentence(&status(feedback::Status::AnsweredOnSpot, vec![])),
            "Ý kiến đã về đến Hội đồng nhân dân ngày 28/02/2026 và đã được trả lời ngay tại cuộc tiếp xúc cử tri."
        );
        let above = Part {
            is_above: true,
            body_kind: None,
            ..part(Process::Forwarded)
        };
        assert_eq!(body(&above), "Hội đồng nhân dân cấp trên");
        let company = Part {
            body_kind: Some("company".to_owned()),
            ..part(Process::Forwarded)
        };
        assert_eq!(body(&company), "doanh nghiệp");
    }
}
