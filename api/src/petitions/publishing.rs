//! What the public reads of a petition: a redacted title, text and answer beside the internal ones, released by the
//! office, taken back by it.
//!
//! A released answer belongs to the answer that it was made of. When a newer one comes, the public sees its number, date
//! and outcome, and no text until that is released too; what was released of the older one stays with that one.

use std::collections::BTreeMap;

use entity::{
    answer_petition,
    id::{AnswerId, PetitionId},
    petition::Model,
};
use serde_json::{Map, Value, json};

use super::{
    answering, for_office,
    grouping::{CONTENT, TITLE},
    rules,
};
use crate::{
    capability::Capability,
    error::{Code, Refused},
    redaction::{Kind, suggest},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
};

/// Releases the redacted texts to the public (công khai nội dung đã biên tập), or takes them back.
pub struct Publish {
    pub petition: PetitionId,
    pub title: Option<String>,
    /// Absent takes the petition back.
    pub content: Option<String>,
    pub answer: Option<String>,
    /// The answer that `answer` was made of, if the office says so.
    pub of: Option<AnswerId>,
    /// Kinds of personal details that may stay.
    pub acknowledged: Vec<Kind>,
}

/// The texts as they are stored.
#[derive(Debug, PartialEq, Eq)]
struct Texts {
    title: Option<String>,
    content: Option<String>,
    answer: Option<String>,
}

impl Command for Publish {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.petition.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(working, facts, self.petition, Capability::Publish, "petitionId")?;
        let texts = self.texts(row)?;
        let before = Texts {
            title: row.public_title.clone(),
            content: row.public_content.clone(),
            answer: row.public_answer.clone(),
        };
        if texts == before {
            return Ok(Verdict::about(Changes::default(), [self.petition.0]));
        }
        let confirmed = texts.confirmed(row, &self.acknowledged)?;
        let event = if texts.content.is_some() {
            "published"
        } else {
            "unpublished"
        };
        let mut changes = Changes::default();
        let newest = working
            .answer_petition
            .iter()
            .find(|link| link.petition_id == row.id && Some(link.answer_id) == row.answer_id);
        if let Some(link) = newest {
            changes.put(answer_petition::Model {
                public_text: texts.answer.clone(),
                ..link.clone()
            });
        }
        let published = Model {
            public_title: texts.title,
            public_content: texts.content,
            public_answer: texts.answer,
            ..row.clone()
        };
        let mut step = facts.event("petition", row.id, event, Some(row.council_id));
        step.basis = confirmed.in_words();
        step.detail = confirmed.detail();
        changes.happened(step);
        changes.put(published);
        Ok(Verdict::about(changes, [self.petition.0]))
    }
}

impl Publish {
    fn texts(&self, row: &Model) -> Result<Texts, Refused> {
        let texts = Texts {
            title: rules::optional(self.title.as_deref(), "publicTitle", TITLE)?,
            content: rules::optional(self.content.as_deref(), "publicContent", CONTENT)?,
            answer: rules::optional(self.answer.as_deref(), "publicAnswer", answering::TEXT)?,
        };
        if texts.content.is_none() && (texts.title.is_some() || texts.answer.is_some()) {
            return Err(Refused::field(Code::Required, "publicContent"));
        }
        if texts.answer.is_some() && row.answer_id.is_none() {
            return Err(Refused::field(Code::InvalidState, "publicAnswer"));
        }
        if self.of.is_some() && self.of != row.answer_id {
            return Err(Refused::field(Code::InvalidState, "answerId"));
        }
        Ok(texts)
    }
}

impl Texts {
    /// What the person who publishes confirmed, text by text. Refused where something stays that may tell who somebody is
    /// and nobody said that it may.
    fn confirmed(&self, row: &Model, acknowledged: &[Kind]) -> Result<Confirmed, Refused> {
        let texts = [
            ("publicTitle", Some(&row.title), &self.title),
            ("publicContent", Some(&row.content), &self.content),
            ("publicAnswer", row.answer_text.as_ref(), &self.answer),
        ];
        let mut confirmed = Confirmed::default();
        for (field, internal, public) in texts {
            let Some(public) = public else { continue };
            for span in suggest(public) {
                if !acknowledged.contains(&span.kind) {
                    return Err(Refused::field(Code::NotRedacted, field));
                }
                confirmed.of.entry(span.kind).or_default().kept += 1;
            }
            let internal = internal.map_or("", String::as_str);
            for span in suggest(internal) {
                let words = internal.get(span.start..span.end).unwrap_or_default();
                if !public.contains(words) {
                    confirmed.of.entry(span.kind).or_default().removed += 1;
                }
            }
        }
        Ok(confirmed)
    }
}

/// How many suggestions stayed in the public texts, by the word of whoever published, and how many of the internal ones
/// went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    kept: usize,
    removed: usize,
}

/// What was confirmed: counts, never the words.
#[derive(Debug, Default, PartialEq, Eq)]
struct Confirmed {
    of: BTreeMap<Kind, Count>,
}

impl Confirmed {
    /// For people; nothing where nothing was suggested.
    fn in_words(&self) -> Option<String> {
        let list = |what: &str, count: fn(&Count) -> usize| {
            let parts: Vec<String> = self
                .of
                .iter()
                .filter(|(_, counted)| count(counted) > 0)
                .map(|(kind, counted)| format!("{} {}", count(counted), kind.label()))
                .collect();
            (!parts.is_empty()).then(|| format!("{what} {}", parts.join("; ")))
        };
        let both = [
            list("Đã lược bỏ:", |count| count.removed),
            list("Xác nhận giữ lại:", |count| count.kept),
        ];
        let told: Vec<String> = both.into_iter().flatten().collect();
        (!told.is_empty()).then(|| told.join(". "))
    }

    /// For programs.
    fn detail(&self) -> Option<String> {
        let counts: Map<String, Value> = self
            .of
            .iter()
            .map(|(kind, count)| {
                let both = json!({"kept": count.kept, "removed": count.removed});
                (kind.code().to_owned(), both)
            })
            .collect();
        (!counts.is_empty()).then(|| json!({"redaction": counts}).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(content: &str) -> Model {
        let now = "2026-03-02T01:00:00Z".parse().unwrap();
        Model {
            title: "Sửa đường".to_owned(),
            content: content.to_owned(),
            rev: 1,
            ..Model::accepted(
                PetitionId(uuid::Uuid::nil()),
                uuid::Uuid::nil().into(),
                "1/2026".to_owned(),
                now,
            )
        }
    }

    fn confirmed(internal: &str, public: &str, acknowledged: &[Kind]) -> Result<Confirmed, Refused> {
        let texts = Texts {
            title: None,
            content: Some(public.to_owned()),
            answer: None,
        };
        texts.confirmed(&row(internal), acknowledged)
    }

    #[test]
    fn what_tells_who_somebody_is_stays_only_where_somebody_says_so() {
        let internal = "Bà Nguyễn Thị Hoa, điện thoại 0912345678, thửa đất số 12, xin sửa đường.";
        let refused = Err(Refused::field(Code::NotRedacted, "publicContent"));
        assert_eq!(confirmed(internal, internal, &[]), refused);
        assert_eq!(confirmed(internal, internal, &[Kind::Phone]), refused);
        assert_eq!(
            confirmed(internal, internal, &[Kind::Phone, Kind::LandPlot]),
            refused
        );
        let all = confirmed(internal, internal, &[Kind::Phone, Kind::LandPlot, Kind::Name]).unwrap();
        assert_eq!(
            all.in_words().unwrap(),
            "Xác nhận giữ lại: 1 họ tên; 1 số điện thoại; 1 số thửa đất, giấy chứng nhận"
        );
        let some = confirmed(internal, "Bà Nguyễn Thị Hoa xin sửa đường.", &[Kind::Name]).unwrap();
        assert_eq!(
            some.in_words().unwrap(),
            "Đã lược bỏ: 1 số điện thoại; 1 số thửa đất, giấy chứng nhận. Xác nhận giữ lại: 1 họ tên"
        );
        assert_eq!(
            some.detail().unwrap(),
            r#"{"redaction":{"land_plot":{"kept":0,"removed":1},"name":{"kept":1,"removed":0},"phone":{"kept":0,"removed":1}}}"#
        );
        assert_eq!(confirmed("Sửa đường", "Sửa đường", &[]).unwrap().in_words(), None);
    }

    #[test]
    fn each_kind_needs_its_own_word() {
        let refused = Err(Refused::field(Code::NotRedacted, "publicContent"));
        let texts = [
            (Kind::Name, "Bà Nguyễn Thị Hoa ở ấp Ba đề nghị sửa đường liên ấp."),
            (Kind::Phone, "Liên hệ 0987.654.321 để xác minh."),
            (Kind::Address, "Nhà ở số nhà 12/3 ngõ 45 đường Lê Lợi bị ngập."),
            (Kind::IdNumber, "CCCD số 079123456789 cấp ngày 12/03/2021."),
            (
                Kind::LandPlot,
                "Thửa đất số 123, tờ bản đồ số 45 bị cấp chồng lấn.",
            ),
            (
                Kind::Email,
                "Gửi về thư hoa.nguyen@example.vn trước ngày 15/12/2026.",
            ),
            (Kind::BankAccount, "STK: 0071000123456."),
        ];
        assert_eq!(texts.map(|(kind, _)| kind), Kind::ALL);
        for (kind, text) in texts {
            let others: Vec<Kind> = Kind::ALL.into_iter().filter(|other| *other != kind).collect();
            assert_eq!(confirmed("", text, &[]), refused, "{text}");
            assert_eq!(confirmed("", text, &others), refused, "{text}");
            assert!(confirmed("", text, &[kind]).is_ok(), "{text}");
        }
    }
}
