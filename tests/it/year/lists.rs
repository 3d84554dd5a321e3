//! What the office makes of what was said: petitions, what is split and merged of them, and the synthesis of the round.

use cutri::petitions::{
    forwarding::Classify,
    grouping::{Group, Wording},
};
use entity::id::{FeedbackId, PetitionId};
use serde_json::{Value, json};

use super::{
    ROUNDS, SAID, TIERS, formed,
    work::{Said, Work, Year, many, uuid},
};
use crate::{answering::text, syntheses::adds_up};

impl Year {
    /// The office makes petitions of what was said, each of one opinion or of two, and classifies them.
    pub(super) async fn group(&mut self, index: usize, said: &[Said]) -> Vec<Work> {
        let (pairs, ones) = said.split_at(2 * ROUNDS[index].3);
        let groups: Vec<&[Said]> = pairs.chunks(2).chain(ones.chunks(1)).collect();
        let words = |group: &[Said]| text(&group[0].0["patch"]["content"]);
        let ids: Vec<String> = if index == 0 {
            let groups = groups.iter().map(|group| {
                let ids: Vec<&Value> = group.iter().map(|(row, _)| &row["id"]).collect();
                json!({"feedbackIds": ids, "title": words(group), "content": words(group)})
            });
            let made = many(
                &self.office(),
                "groupFeedback",
                groups.collect(),
                "petition { id }",
            )
            .await;
            made.iter()
                .map(|payload| text(&payload["petition"]["id"]))
                .collect()
        } else {
            let groups = groups.iter().map(|group| Group {
                feedback: group
                    .iter()
                    .map(|(row, _)| FeedbackId(uuid(&text(&row["id"]))))
                    .collect(),
                wording: Wording {
                    title: words(group),
                    content: words(group),
                },
                petition: None,
            });
            let made = self.batch(&groups.collect::<Vec<_>>()).await;
            made.into_iter().map(|id| id.to_string()).collect()
        };
        let formed = formed(index);
        assert_eq!(ids.len(), formed.iter().sum::<usize>());
        let kinds = formed
            .iter()
            .enumerate()
            .flat_map(|(tier, count)| std::iter::repeat_n(tier, *count));
        let of = ids.into_iter().zip(kinds).zip(&groups);
        let works = of.map(|((id, tier), group)| Work {
            id,
            tier,
            place: group[0].1,
        });
        let works: Vec<Work> = works.collect();
        self.classify(index, &works).await;
        works
    }

    async fn classify(&self, index: usize, works: &[Work]) {
        if index == 0 {
            let classify = works
                .iter()
                .map(|work| json!({"petitionId": work.id, "field": "transport", "tier": TIERS[work.tier]}));
            many(&self.office(), "classifyPetition", classify.collect(), "").await;
            return;
        }
        let classify = works.iter().map(|work| Classify {
            petition: PetitionId(uuid(&work.id)),
            field: "transport".to_owned(),
            tier: TIERS[work.tier].to_owned(),
        });
        self.batch(&classify.collect::<Vec<_>>()).await;
    }

    /// What the first round is found to have said: one petition of the province asks three things, two of the communes one
    /// and the same. What was made of them takes their place.
    pub(super) async fn rearrange(&mut self, mut works: Vec<Work>) -> Vec<Work> {
        let office = self.office();
        let take = |works: &mut Vec<Work>, tier: usize| {
            let place = works.iter().position(|work| work.tier == tier).unwrap();
            works.remove(place)
        };
        let wide = take(&mut works, 1);
        let one = take(&mut works, 2);
        let same = take(&mut works, 2);
        let parts =
            ["Mặt đường", "Thoát nước", "Chiếu sáng"].map(|part| json!({"title": part, "content": part}));
        let split = json!({"petitionId": wide.id, "parts": parts});
        let split = office
            .done("splitPetition", split, "petitions { id tier field }")
            .await;
        let parts = split["petitions"].as_array().unwrap();
        assert_eq!(parts.len(), 3);
        let merge =
            json!({"petitionIds": [one.id, same.id], "title": "Đường liên ấp", "content": "Đường liên ấp"});
        let merged = office
            .done("mergePetitions", merge, "petition { id tier field }")
            .await;
        for made in parts.iter().chain([&merged["petition"]]) {
            assert_eq!(made["field"], "transport", "as it was classified: {made}");
        }
        let made = |id: &Value, of: &Work| Work {
            id: text(id),
            ..of.clone()
        };
        let mut instead: Vec<Work> = parts.iter().map(|part| made(&part["id"], &wide)).collect();
        instead.push(made(&merged["petition"]["id"], &one));
        self.classify(0, &instead).await;
        for (old, process) in [(&wide, "split"), (&one, "merged"), (&same, "merged")] {
            let query = "query($id: ID!) { petition(id: $id) { number process } }";
            let left = office.data(query, json!({"id": old.id})).await["petition"].clone();
            assert_eq!(left["process"], process);
            self.replaced.push(text(&left["number"]));
        }
        works.extend(instead);
        works
    }

    /// The council's list of the round is frozen, MTTQ signs it, and it is sent.
    pub(super) async fn synthesise(&mut self, index: usize, round: &str) {
        const EDITION: &str =
            "synthesis { id status edition { number points opinions onSpot before after onTime cosigner
            byTierAndField { tier field count } } }";
        let (day, contacts, tiers, twice) = ROUNDS[index];
        let office = self.office();
        let draft = json!({"councilId": self.stage.world.province_council, "roundId": round});
        let draft = office.done("draftSynthesis", draft, "synthesis { id }").await;
        let id = text(&draft["synthesis"]["id"]);
        let freeze = json!({"synthesisId": id, "documentNumber": format!("{}/BC-HĐND", index + 1), "documentDate": day});
        let frozen = office.done("freezeSynthesis", freeze, EDITION).await["synthesis"].clone();
        // What became one petition of two opinions is two before, as what was merged later is.
        let before = formed(index).iter().sum::<usize>() + twice;
        let by_tier: Vec<Value> = TIERS
            .iter()
            .zip(tiers)
            .map(|(tier, count)| json!({"tier": tier, "field": "transport", "count": count}))
            .collect();
        assert_eq!(
            frozen["edition"],
            json!({"number": 1, "points": contacts, "opinions": contacts * SAID, "onSpot": contacts * SAID - before,
                "before": before, "after": tiers.iter().sum::<usize>(), "onTime": null, "cosigner": null, "byTierAndField": by_tier})
        );
        adds_up(&frozen["edition"]);
        let cosign = json!({"synthesisId": id, "signer": "Chủ tịch MTTQ tỉnh"});
        let front = self.stage.app.person(&self.front);
        front.done("cosignSynthesis", cosign, "").await;
        let send = json!({"synthesisId": id, "sentTo": "Thường trực HĐND tỉnh"});
        let sent = office.done("sendSynthesis", send, EDITION).await["synthesis"].clone();
        assert_eq!(
            (&sent["status"], &sent["edition"]["onTime"]),
            (&json!("sent"), &json!(true))
        );
        self.syntheses.push(id);
    }
}
