//! What is done with syntheses, in GraphQL. Expected refusals are `userErrors`.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::id::SynthesisId;

use super::{
    cosigning::{Cosign, CosignPaper},
    freezing::Freeze,
    graphql::Synthesis,
    office::{Draft, Send},
};
use crate::{
    error::{Code, Refused, Result},
    graphql::{UserError, command::answer, input_id, scalar::Day, state},
    store::door::Command,
};

/// A synthesis to begin.
#[derive(Clone, Debug, InputObject)]
pub struct DraftSynthesisInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing.
    id: Option<ID>,
    /// The council whose delegates heard it.
    council_id: ID,
    /// A round of this council, or one in whose points it takes part.
    round_id: ID,
    /// The delegate group (tổ đại biểu) of this council; none for the council's own.
    group_id: Option<ID>,
    /// At most 1,000 characters; the usual title if not told.
    title: Option<String>,
}

/// An edition to freeze.
#[derive(Clone, Debug, InputObject)]
pub struct FreezeSynthesisInput {
    /// A synthesis of one's own council.
    synthesis_id: ID,
    /// The number of its document as printed (số, ký hiệu), at most 100 characters.
    document_number: String,
    /// The date of its document: in the council's time, not in the future, and neither before the last point that was
    /// held nor before the edition that it follows (`OUT_OF_RANGE`).
    document_date: Day,
    /// Who signed it, at most 200 characters.
    signer: Option<String>,
    /// Why there is another edition, at most 1,000 characters; required of every one but the first.
    reason: Option<String>,
    /// That the council's list is frozen although opinions in it are part of no petition yet, or petitions have no tier
    /// or field (còn ý kiến chưa tổng hợp, kiến nghị chưa phân loại: `preview` counts them); without it such a list is
    /// `INVALID_STATE`. History tells that it was. A group's list needs no such word.
    acknowledge_unclassified: Option<bool>,
}

/// MTTQ's name under an edition.
#[derive(Clone, Debug, InputObject)]
pub struct CosignSynthesisInput {
    /// A synthesis of one's own council.
    synthesis_id: ID,
    /// Who signs for MTTQ, at most 200 characters.
    signer: String,
    /// Recorded by the office, on the paper that MTTQ signed, where MTTQ has no account at the council
    /// (`INVALID_STATE` where it has one).
    on_behalf: Option<bool>,
    /// The number of that paper as printed (số, ký hiệu), at most 100 characters; required with `onBehalf`, and only
    /// with it.
    document_number: Option<String>,
    /// Its date, not in the future and in the council's time; required with `onBehalf`, and only with it.
    document_date: Option<Day>,
}

impl CosignSynthesisInput {
    /// The paper by which MTTQ signed, where the office records it.
    fn paper(&self) -> Result<Option<CosignPaper>, Refused> {
        let (number, date) = (self.document_number.clone(), self.document_date.as_ref());
        if self.on_behalf.unwrap_or(false) {
            return Ok(Some(CosignPaper {
                number: number.ok_or(Refused::field(Code::Required, "documentNumber"))?,
                date: date.ok_or(Refused::field(Code::Required, "documentDate"))?.0,
            }));
        }
        match (number, date) {
            (Some(_), _) => Err(Refused::field(Code::InvalidValue, "documentNumber")),
            (None, Some(_)) => Err(Refused::field(Code::InvalidValue, "documentDate")),
            (None, None) => Ok(None),
        }
    }
}

/// An edition that goes out.
#[derive(Clone, Debug, InputObject)]
pub struct SendSynthesisInput {
    /// A synthesis of one's own council.
    synthesis_id: ID,
    /// The day, from that of the document to today; today if not told.
    sent_on: Option<Day>,
    /// To whom, at most 1,000 characters (nơi nhận). A group's goes to the council's standing committee if not told; the
    /// council's names somebody, or a council.
    sent_to: Option<String>,
    /// The council that reads it from now on, such as the province's.
    to_council_id: Option<ID>,
}

/// The synthesis as it is now, or why nothing was done.
#[derive(SimpleObject)]
pub struct SynthesisPayload {
    /// As it is now.
    synthesis: Option<Synthesis>,
    /// Empty when it was done.
    user_errors: Vec<UserError>,
}

/// Mutations of syntheses.
#[derive(Default)]
pub struct SynthesisMutation;

#[Object]
impl SynthesisMutation {
    /// Begins the synthesis of a round (lập báo cáo tổng hợp): a delegate group's by its head or the office, the
    /// council's by the office or MTTQ; one for each. Refusals: `NOT_FOUND`, `FORBIDDEN`, `TOO_LONG`, `TAKEN`.
    async fn draft_synthesis(
        &self,
        ctx: &Context<'_>,
        input: DraftSynthesisInput,
    ) -> Result<Option<SynthesisPayload>> {
        let state = state(ctx)?;
        let draft = || {
            let group = input.group_id.as_ref().map(|id| input_id(id, "groupId"));
            Ok(Draft {
                id: match &input.id {
                    Some(id) => input_id(id, "id")?,
                    None => SynthesisId(state.entropy.id(state.clock.now())),
                },
                council: input_id(&input.council_id, "councilId")?,
                round: input_id(&input.round_id, "roundId")?,
                group: group.transpose()?,
                title: input.title,
            })
        };
        payload(ctx, draft).await
    }

    /// Freezes the list as it is now, numbered by tier and field (chốt danh sách): the next edition, which never
    /// changes. The newest edition's document sent again with the list as it was frozen changes nothing; with another
    /// list (a petition more or less, another wording or classification) it is `TAKEN`: another edition has a document
    /// of its own. Points whose minutes are signed become `synthesised` with the council's. At most 5,000 lines. Refusals:
    /// `NOT_FOUND`, `FORBIDDEN`, `REQUIRED`, `OUT_OF_RANGE`, `BEFORE_COUNCIL`, `TOO_LONG`, `TAKEN`, `LIMIT_TOO_LARGE`,
    /// `INVALID_STATE` (the council's, while something in it is not grouped or not classified; `acknowledgeUnclassified`).
    async fn freeze_synthesis(
        &self,
        ctx: &Context<'_>,
        input: FreezeSynthesisInput,
    ) -> Result<Option<SynthesisPayload>> {
        let freeze = || {
            Ok(Freeze {
                synthesis: input_id(&input.synthesis_id, "synthesisId")?,
                document_number: input.document_number,
                document_date: input.document_date.0,
                signer: input.signer,
                reason: input.reason,
                acknowledge_unclassified: input.acknowledge_unclassified.unwrap_or(false),
            })
        };
        payload(ctx, freeze).await
    }

    /// MTTQ puts its name to the newest edition of the council's synthesis (Mặt trận Tổ quốc cùng ký). Where it has no
    /// account at the council, the office records on which paper it signed (`onBehalf`). The signature that the edition
    /// has, sent again just so, changes nothing. Refusals: `NOT_FOUND`, `FORBIDDEN`, `INVALID_STATE`, `REQUIRED`,
    /// `INVALID_VALUE`, `OUT_OF_RANGE`, `BEFORE_COUNCIL`, `TOO_LONG`.
    async fn cosign_synthesis(
        &self,
        ctx: &Context<'_>,
        input: CosignSynthesisInput,
    ) -> Result<Option<SynthesisPayload>> {
        let cosign = || {
            Ok(Cosign {
                synthesis: input_id(&input.synthesis_id, "synthesisId")?,
                on_behalf: input.paper()?,
                signer: input.signer,
            })
        };
        payload(ctx, cosign).await
    }

    /// Sends the newest edition (gửi báo cáo): a group's to the council, the council's once MTTQ has signed. Sent again to
    /// the same, on the same day or on none that is told, it changes nothing. Refusals: `NOT_FOUND`, `FORBIDDEN`, `INVALID_STATE`, `OUT_OF_RANGE`, `REQUIRED`, `INVALID_VALUE`, `TOO_LONG`.
    async fn send_synthesis(
        &self,
        ctx: &Context<'_>,
        input: SendSynthesisInput,
    ) -> Result<Option<SynthesisPayload>> {
        let send = || {
            let to_council = input.to_council_id.as_ref().map(|id| input_id(id, "toCouncilId"));
            Ok(Send {
                synthesis: input_id(&input.synthesis_id, "synthesisId")?,
                on: input.sent_on.map(|Day(on)| on),
                to: input.sent_to,
                to_council: to_council.transpose()?,
            })
        };
        payload(ctx, send).await
    }
}

async fn payload<C: Command>(
    ctx: &Context<'_>,
    command: impl FnOnce() -> Result<C, Refused>,
) -> Result<Option<SynthesisPayload>> {
    let (syntheses, user_errors) = answer::<SynthesisId, C>(ctx, command).await?;
    Ok(Some(SynthesisPayload {
        synthesis: syntheses.into_iter().next(),
        user_errors,
    }))
}
