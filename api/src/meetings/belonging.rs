//! To which round a voter contact belongs, or why to none. Pure.

use entity::{
    meeting::{Family, Model},
    round,
};

use super::links::Links;
use crate::error::{Code, Refused};

/// Why a contact of this kind belongs to no round, where the kind says it all.
pub(crate) fn outside_by_kind(kind: &str) -> Option<String> {
    let why = match kind {
        "thematic" | "field" => "topic",
        "residence" | "workplace" => "residence_or_workplace",
        "outside_constituency" => "outside_constituency",
        "individual_or_group" => "own_contact",
        _ => return None,
    };
    Some(why.to_owned())
}

/// Every contact belongs to a round, or says why not; into a round it comes while that is open, from a council that
/// takes part in it.
pub(super) fn check_round(
    row: &Model,
    before: Option<&Model>,
    round: Option<&round::Model>,
    links: &Links,
) -> Result<(), Refused> {
    let Some(id) = row.round_id else {
        let has_to_say = row.family == Family::Contact && row.outside_round.is_none();
        // What was planned before rounds were kept may go on without.
        let did_not_say =
            before.is_some_and(|before| before.round_id.is_none() && before.outside_round.is_none());
        return if has_to_say && !did_not_say {
            Err(Refused::field(Code::Required, "roundId"))
        } else {
            Ok(())
        };
    };
    let round = round
        .filter(|round| round.id == id)
        .filter(|round| round.council_id == row.council_id || links.councils.contains(&round.council_id))
        .ok_or(Refused::field(Code::NotFound, "roundId"))?;
    let enters = before.is_none_or(|before| before.round_id != row.round_id);
    if enters && !round.status.is_open() {
        Err(Refused::field(Code::InvalidState, "roundId"))
    } else {
        Ok(())
    }
}
