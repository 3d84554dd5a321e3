//! Co-signing: MTTQ puts its name to an edition, itself or on a paper that the office records.

use chrono::NaiveDate;
use entity::{
    id::{CouncilId, SynthesisId},
    synthesis::{Event, Model},
    synthesis_edition,
};

use super::office::{dated, known, newest, step, text};
use crate::{
    capability::Capability,
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        reference::existed,
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// MTTQ puts its name to the newest edition.
pub struct Cosign {
    pub synthesis: SynthesisId,
    /// Who signs for it.
    pub signer: String,
    /// The document by which it signed: recorded by the office for an MTTQ without an account.
    pub on_behalf: Option<CosignPaper>,
}

/// The document by which MTTQ signed.
pub struct CosignPaper {
    pub number: String,
    pub date: NaiveDate,
}

impl Cosign {
    /// Whether it is the signature under this edition.
    fn is_of(&self, edition: &synthesis_edition::Model) -> bool {
        let paper = self.on_behalf.as_ref();
        let is = |given: Option<&str>, field: &'static str, most: usize, known: &Option<String>| {
            text(given, field, most).is_ok_and(|given| given == *known)
        };
        is(Some(&self.signer), "signer", 200, &edition.cosigner)
            && is(
                paper.map(|paper| paper.number.as_str()),
                "documentNumber",
                100,
                &edition.cosign_document_number,
            )
            && paper.map(|paper| paper.date) == edition.cosign_document_date
    }
}

/// Whether somebody signs for MTTQ at the council with an account of his own today.
fn front_signs(working: &Working, facts: &Facts<'_>, council: CouncilId) -> bool {
    let signs = |role: &str| {
        let rights = facts.reference.bodies.roles.get(role);
        rights.is_some_and(|rights| rights.contains(Capability::CosignSynthesis.code()))
    };
    working.role_grant.iter().any(|grant| {
        let account = working.account.get(grant.account_id);
        grant.council_id == Some(council)
            && signs(&grant.role)
            && existed(Some(grant.valid_from), grant.valid_to, facts.today)
            && account.is_some_and(|account| account.disabled_at.is_none())
    })
}

impl Command for Cosign {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.synthesis.insert(self.synthesis.0);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        if self.on_behalf.is_some() {
            let row = working.synthesis.get(self.synthesis);
            needs.holders_at_council.extend(row.map(|row| row.council_id.0));
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = known(working, facts, self.synthesis)?;
        let capability = match self.on_behalf {
            Some(_) => Capability::AnswerOnBehalf,
            None => Capability::CosignSynthesis,
        };
        if !facts.viewer.may(capability, Place::Council(row.council_id)) {
            return Err(Refused::field(Code::Forbidden, "synthesisId"));
        }
        // Whoever lost the reply sends it again: the edition has that signature.
        let signed = newest(working, row).filter(|edition| edition.cosigned_at.is_some());
        if signed.is_some_and(|edition| self.is_of(edition)) {
            return Ok(Verdict::about(Changes::default(), [row.id.0]));
        }
        if self.on_behalf.is_some() && front_signs(working, facts, row.council_id) {
            // Its own people sign; nobody else's word stands for theirs.
            return Err(Refused::field(Code::InvalidState, "onBehalf"));
        }
        let signer = text(Some(&self.signer), "signer", 200)?;
        let signer = signer.ok_or(Refused::field(Code::Required, "signer"))?;
        let status = step(row, Event::Cosign)?;
        let edition = newest(working, row).ok_or(Refused::field(Code::InvalidState, "synthesisId"))?;
        let paper = self.on_behalf.as_ref().map(|paper| {
            let number = text(Some(&paper.number), "documentNumber", 100)?;
            let number = number.ok_or(Refused::field(Code::Required, "documentNumber"))?;
            dated(facts, row.council_id, paper.date, "documentDate")?;
            Ok::<_, Refused>((number, paper.date))
        });
        let (number, date) = paper.transpose()?.unzip();
        let (name, basis) = match &number {
            Some(number) => ("cosigned_on_behalf", format!("{number}: {signer}")),
            None => ("cosigned", signer.clone()),
        };
        let mut event = facts.event("synthesis", row.id, name, Some(row.council_id));
        event.basis = Some(basis);
        let mut changes = Changes::default();
        changes.put(synthesis_edition::Model {
            cosigned_at: Some(facts.now),
            cosigned_by: facts.viewer.account_id(),
            cosigner: Some(signer),
            cosign_document_number: number,
            cosign_document_date: date,
            ..edition.clone()
        });
        changes.put(Model {
            status,
            ..row.clone()
        });
        changes.happened(event);
        Ok(Verdict::about(changes, [row.id.0]))
    }
}
