//! The rules of accounts: names, who manages whom, where a role can hold, what a refresh token is worth.
//!
//! Pure: no clock, no database.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use entity::{account, council, event::BELONGING, id::AccountId, refresh_token, role_grant};
use unicode_normalization::UnicodeNormalization;

use crate::{
    capability::Capability,
    error::{Code, Refused},
    store::{
        door::Facts,
        reference::{Reference, existed},
        working::Working,
    },
    viewer::{Place, capabilities},
};

/// Fewest and most characters of a user name.
pub(super) const USERNAME: std::ops::RangeInclusive<usize> = 3..=64;
/// Most characters of a shown name.
pub(super) const MOST_NAME: usize = 200;
/// Most characters of a device's name.
pub(super) const MOST_DEVICE_NAME: usize = 100;
/// How long a refresh token is good without being used. Longer than the quarter between two rounds of voter
/// contacts, so that a delegate who opens the app for every round never signs in again; a phone that was silent
/// for longer has more likely changed hands.
pub(super) const IDLE: Duration = Duration::days(90);
/// How long the successor of a refresh token is given again: a phone that lost the reply asks once more.
pub(super) const GRACE: Duration = Duration::seconds(60);

/// A user name as it is stored: NFKC, lower case, 3 to 64 of `a-z 0-9 . _ -`.
pub(super) fn username(text: &str) -> Result<String, Refused> {
    // Far beyond any user name; the rest of a megabyte is not worth folding.
    let name: String = text
        .trim()
        .chars()
        .take(4 * USERNAME.end())
        .nfkc()
        .flat_map(char::to_lowercase)
        .collect();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let code = match name.len() {
        0 => Code::Required,
        _ if !name.bytes().all(plain) => Code::InvalidText,
        length if length > *USERNAME.end() => Code::TooLong,
        length if length < *USERNAME.start() => Code::OutOfRange,
        _ => return Ok(name),
    };
    Err(Refused::field(code, "username"))
}

/// A text of one line that must not be empty.
pub(super) fn line(text: &str, field: &'static str, most: usize) -> Result<String, Refused> {
    let refuse = |code| Refused::field(code, field);
    // A character has at most 4 bytes, and composing makes a text shorter.
    if text.len() > 8 * most {
        return Err(refuse(Code::TooLong));
    }
    let text = crate::text::clean(text).map_err(refuse)?;
    match text.chars().count() {
        0 => Err(refuse(Code::Required)),
        count if count > most => Err(refuse(Code::TooLong)),
        _ if text.contains(['\n', '\t']) => Err(refuse(Code::InvalidText)),
        _ => Ok(text),
    }
}

/// Whether a grant counts today or will.
pub(super) fn is_open(grant: &role_grant::Model, today: NaiveDate) -> bool {
    grant.valid_to.is_none_or(|to| today < to)
}

/// Refuses a place at which a role means nothing: what it reads decides where it can hold.
pub(super) fn fits(reference: &Reference, role: &str, place: Place) -> Result<(), Refused> {
    if !reference.bodies.roles.contains_key(role) {
        return Err(Refused::field(Code::UnknownCode, "role"));
    }
    // A delegate is made by an election and ends with the mandate, never by an administrator.
    if role == "delegate" {
        return Err(Refused::field(Code::InvalidValue, "role"));
    }
    let rights = capabilities(reference, role);
    let (expected, found) = if rights.contains(Capability::ReadForwarded) {
        ("agencyId", matches!(place, Place::Agency(_)))
    } else if rights.contains(Capability::ReadRegion) {
        ("unitId", matches!(place, Place::Unit(_)))
    } else if rights.contains(Capability::ReadInternal) {
        ("councilId", matches!(place, Place::Council(_)))
    } else {
        (
            "councilId",
            matches!(place, Place::Council(_) | Place::Everywhere),
        )
    };
    match (found, place) {
        (true, _) => Ok(()),
        (false, Place::Everywhere) => Err(Refused::field(Code::Required, expected)),
        (false, other) => Err(Refused::field(Code::InvalidValue, place_field(other))),
    }
}

/// Refuses a place that does not exist.
pub(super) fn exists(reference: &Reference, place: Place) -> Result<(), Refused> {
    let known = match place {
        Place::Everywhere => true,
        Place::Council(id) => reference.council(id).is_some(),
        Place::Agency(id) => reference.agency(id).is_some(),
        Place::Unit(id) => reference.units.get(id).is_some(),
    };
    if known {
        Ok(())
    } else {
        Err(Refused::field(Code::NotFound, place_field(place)))
    }
}

fn place_field(place: Place) -> &'static str {
    match place {
        Place::Agency(_) => "agencyId",
        Place::Unit(_) => "unitId",
        Place::Council(_) | Place::Everywhere => "councilId",
    }
}

/// Where an account holds something, and where it ever did: by a role, by a mandate, or because it was made for a council
/// or taken from one of its mandates. With whether it does so today or will.
fn belongings(working: &Working, facts: &Facts<'_>, id: AccountId) -> Vec<(bool, Place)> {
    let grants = working
        .role_grant
        .iter()
        .filter(|grant| grant.account_id == id)
        .map(|grant| (is_open(grant, facts.today), Place::of(grant)));
    let mandates = working
        .delegate
        .iter()
        .filter(|mandate| mandate.account_id == Some(id))
        .map(|mandate| {
            let council = facts.reference.council(mandate.council_id);
            let ends = [mandate.valid_to, council.and_then(|council| council.valid_to)];
            let is_open = ends.into_iter().flatten().all(|end| facts.today < end);
            (is_open, Place::Council(mandate.council_id))
        });
    let told = working
        .past
        .iter()
        .chain(&working.events)
        .filter(|event| event.kind == "account" && event.row_id == id.0)
        .filter(|event| BELONGING.contains(&event.event.as_str()))
        .filter_map(|event| Some((false, Place::Council(event.council_id?))));
    grants.chain(mandates).chain(told).collect()
}

/// The account, if the viewer manages it. Who manages nobody is told so; foreign looks like absent.
///
/// The installation's administrator manages everybody. A council's administrator manages those who belong to his
/// council and never belonged elsewhere: whoever could set the password of somebody with rights elsewhere would have
/// these rights, and would read the notes of somebody who had them. What ended at a council whose business his own alone
/// carries on is not elsewhere.
pub(super) fn managed<'a>(
    working: &'a Working,
    facts: &Facts<'_>,
    capability: Capability,
    id: AccountId,
) -> Result<&'a account::Model, Refused> {
    let viewer = facts.viewer;
    if !viewer.may_somewhere(capability) {
        return Err(Code::Forbidden.into());
    }
    let absent = || Refused::field(Code::NotFound, "accountId");
    let account = working.account.get(id).ok_or_else(absent)?;
    if viewer.may(capability, Place::Everywhere) {
        return Ok(account);
    }
    let is_his = |place: Place| place != Place::Everywhere && viewer.may(capability, place);
    let carries_on = |former: Place| {
        let Place::Council(former) = former else {
            return false;
        };
        viewer.places(capability).any(|own| match own {
            Place::Council(own) => facts
                .reference
                .council(own)
                .zip(facts.reference.council(former))
                .is_some_and(|(own, former)| facts.reference.is_heir(own, former, facts.today)),
            _ => false,
        })
    };
    let places = belongings(working, facts, id);
    let manages = places.iter().any(|(_, place)| is_his(*place))
        && places
            .iter()
            .all(|(is_open, place)| is_his(*place) || (!is_open && carries_on(*place)));
    manages.then_some(account).ok_or_else(absent)
}

/// Refuses an account whose person is to be a delegate of a council. Nobody makes himself one. The installation's
/// administrator takes whom he likes; whoever keeps the council takes those who belong, or ever belonged, to it, to one
/// that it follows or to one in its unit, so that a delegate of a commune may be one of the province as well. Everybody
/// else looks absent.
///
/// This gives nobody a right over the account: who manages it is [`managed`]'s business, for which all places count.
pub(crate) fn delegated(
    working: &Working,
    facts: &Facts<'_>,
    council: &council::Model,
    id: AccountId,
) -> Result<(), Refused> {
    let absent = || Refused::field(Code::NotFound, "accountId");
    working.account.get(id).ok_or_else(absent)?;
    let viewer = facts.viewer;
    if viewer.account_id() == Some(id) {
        return Err(Refused::field(Code::Forbidden, "accountId"));
    }
    if viewer.may(Capability::ManageAccounts, Place::Everywhere) {
        return Ok(());
    }
    let reference = facts.reference;
    let is_near = |place: Place| match place {
        Place::Council(at) => {
            let lies_within = |at: &council::Model| reference.units.covers(council.unit_id, at.unit_id);
            reference.follows(council.id, at) || reference.council(at).is_some_and(lies_within)
        }
        _ => false,
    };
    let mut places = belongings(working, facts, id).into_iter();
    if places.any(|(_, place)| is_near(place)) {
        Ok(())
    } else {
        Err(absent())
    }
}

/// The roles that make an administrator.
pub(super) fn administrative(reference: &Reference) -> BTreeSet<String> {
    roles_with(reference, &[Capability::ManageAccounts, Capability::GrantRoles])
}

/// The roles that answer for an agency.
pub(super) fn answering(reference: &Reference) -> BTreeSet<String> {
    roles_with(reference, &[Capability::AnswerPetitions])
}

fn roles_with(reference: &Reference, all: &[Capability]) -> BTreeSet<String> {
    let roles = reference.bodies.roles.keys();
    roles
        .filter(|role| {
            let rights = capabilities(reference, role);
            all.iter().all(|capability| rights.contains(*capability))
        })
        .cloned()
        .collect()
}

/// The administrators of the whole installation today, leaving some grants and accounts out of account.
pub(super) fn administrators(
    working: &Working,
    facts: &Facts<'_>,
    without: impl Fn(&role_grant::Model) -> bool,
) -> BTreeSet<AccountId> {
    let roles = administrative(facts.reference);
    let grants = working.role_grant.iter().filter(|grant| {
        roles.contains(&grant.role)
            && Place::of(grant) == Place::Everywhere
            && existed(Some(grant.valid_from), grant.valid_to, facts.today)
            && !without(grant)
            && working
                .account
                .get(grant.account_id)
                .is_some_and(|account| account.disabled_at.is_none())
    });
    grants.map(|grant| grant.account_id).collect()
}

/// What a refresh token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// Its successor is due.
    Successor,
    /// Its successor was made a moment ago and nobody has used it: the reply may have been lost.
    SameSuccessor,
    /// Two hold it: whoever stole it, and whom it was stolen from.
    Reused,
    /// Nobody used it for too long.
    Expired,
}

/// Judges a refresh token. The grace is short and ends with the successor's first use: with a longer one a thief
/// could walk beside the owner from token to token without ever being noticed.
pub(super) fn worth(
    token: &refresh_token::Model,
    successor: Option<&refresh_token::Model>,
    now: DateTime<Utc>,
) -> Worth {
    match token.rotated_at {
        Some(rotated_at) => {
            let unused = successor.is_some_and(|successor| successor.rotated_at.is_none());
            if unused && now < rotated_at + GRACE {
                Worth::SameSuccessor
            } else {
                Worth::Reused
            }
        }
        None if token.expires_at <= now => Worth::Expired,
        None => Worth::Successor,
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
