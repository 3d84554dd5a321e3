//! Roles are data: named sets of capabilities, with the law or the convention on which each rests.
//!
//! `reference/roles.csv` delivers those that every installation knows. A role that is not listed allows nothing.
//! The administrator manages accounts and reads no feedback.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::capability::{Capabilities, Capability};

/// The table that is delivered with the program.
pub const DELIVERED: &str = include_str!("../../reference/roles.csv");

/// One role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// What it is called, in Vietnamese.
    pub label: String,
    /// What it allows.
    pub capabilities: Capabilities,
}

/// All roles, by code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(BTreeMap<String, Role>);

/// Why a table of roles cannot be used: the line, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1, with the heading.
    pub line: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What can be wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not the four columns of text.
    Malformed,
    /// A role without a code in lower case.
    RoleCode,
    /// No such capability.
    UnknownCapability,
    /// The role has this capability already.
    Twice,
    /// The role was called otherwise before.
    OtherLabel,
    /// It does not say on what it rests.
    NoBasis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    role: String,
    capability: String,
    label_vi: String,
    basis: String,
}

impl Roles {
    /// The delivered roles.
    pub fn delivered() -> Result<Self, BadLine> {
        Self::read(DELIVERED)
    }

    /// Reads a table with the columns `role,capability,label_vi,basis`. A table with one bad line is refused
    /// as a whole: half a table of rights would be another one than was meant.
    pub fn read(table: &str) -> Result<Self, BadLine> {
        let mut roles = Self::default();
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let headings = reader.headers().cloned().map_err(|_| BadLine {
            line: 1,
            fault: Fault::Malformed,
        })?;
        for record in reader.records() {
            let malformed = |line| BadLine {
                line,
                fault: Fault::Malformed,
            };
            let record = record.map_err(|cause| malformed(cause.position().map_or(0, |at| at.line())))?;
            let line = record.position().map_or(0, |at| at.line());
            let read = record.deserialize(Some(&headings)).map_err(|_| malformed(line))?;
            roles.add(read).map_err(|fault| BadLine { line, fault })?;
        }
        Ok(roles)
    }

    fn add(&mut self, line: Line) -> Result<(), Fault> {
        if line.role.is_empty()
            || !line
                .role
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            return Err(Fault::RoleCode);
        }
        if line.basis.trim().is_empty() {
            return Err(Fault::NoBasis);
        }
        let capability = Capability::from_code(&line.capability).ok_or(Fault::UnknownCapability)?;
        let new = || Role {
            label: line.label_vi.clone(),
            capabilities: Capabilities::NONE,
        };
        let role = self.0.entry(line.role).or_insert_with(new);
        if role.label != line.label_vi || role.label.is_empty() {
            return Err(Fault::OtherLabel);
        }
        if role.capabilities.contains(capability) {
            return Err(Fault::Twice);
        }
        role.capabilities.insert(capability);
        Ok(())
    }

    /// The role with this code.
    pub fn get(&self, code: &str) -> Option<&Role> {
        self.0.get(code)
    }

    /// What a role allows; nothing if there is no such role.
    pub fn capabilities(&self, code: &str) -> Capabilities {
        self.get(code)
            .map_or(Capabilities::NONE, |role| role.capabilities)
    }

    /// Codes and roles, ordered by code.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Role)> {
        self.0.iter().map(|(code, role)| (code.as_str(), role))
    }
}

#[cfg(test)]
mod tests {
    use super::{Capability::*, *};

    fn delivered() -> Roles {
        Roles::delivered().unwrap()
    }

    fn holders(capability: Capability) -> Vec<String> {
        let roles = delivered();
        let holding = roles
            .iter()
            .filter(|(_, role)| role.capabilities.contains(capability));
        holding.map(|(code, _)| code.to_owned()).collect()
    }

    #[test]
    fn every_published_role_is_delivered_and_no_other() {
        let mut published: Vec<_> =
            "administrator office standing_committee committee delegate group_head front_officer assembly_office \
             agency aggregator auditor data_protection_officer"
                .split_whitespace()
                .collect();
        published.sort_unstable();
        let roles = delivered();
        assert_eq!(roles.iter().map(|(code, _)| code).collect::<Vec<_>>(), published);
        assert!(
            roles
                .iter()
                .all(|(_, role)| !role.label.is_empty() && !role.capabilities.is_empty())
        );
    }

    #[test]
    fn every_capability_is_held_by_somebody() {
        for capability in Capability::ALL {
            assert!(
                !holders(*capability).is_empty(),
                "nobody may {}",
                capability.code()
            );
        }
    }

    #[test]
    fn what_only_few_may_do() {
        for (capability, expected) in [
            (ManageAccounts, &["administrator"][..]),
            (GrantRoles, &["administrator"]),
            (GroupFeedback, &["front_officer", "office"]),
            (ClassifyPetition, &["office"]),
            (ForwardPetitions, &["office"]),
            (AnswerPetitions, &["agency", "assembly_office"]),
            (AnswerOnBehalf, &["office"]),
            (ClosePetition, &["office"]),
            (Publish, &["office"]),
            (Urge, &["delegate", "group_head", "office", "standing_committee"]),
            (ReadContact, &["data_protection_officer", "office"]),
            (ReadRegion, &["aggregator"]),
            (ReadAudit, &["auditor", "data_protection_officer"]),
            (SealDenunciation, &["data_protection_officer"]),
            (
                ReadInternal,
                &[
                    "committee",
                    "delegate",
                    "front_officer",
                    "group_head",
                    "office",
                    "standing_committee",
                ],
            ),
        ] {
            assert_eq!(holders(capability), expected, "{}", capability.code());
        }
    }

    #[test]
    fn the_administrator_reads_no_feedback_and_readers_change_nothing() {
        let reading = [
            ReadInternal,
            ReadPlace,
            ReadForwarded,
            ReadRegion,
            ReadReports,
            ReadAudit,
            ReadContact,
        ];
        let roles = delivered();
        let administrator = roles.capabilities("administrator");
        assert!(
            !reading
                .iter()
                .any(|capability| administrator.contains(*capability))
        );
        assert!(!administrator.contains(RecordFeedback));
        for reader in ["aggregator", "auditor"] {
            assert!(
                roles
                    .capabilities(reader)
                    .iter()
                    .all(|capability| reading.contains(&capability)),
                "{reader}"
            );
        }
    }

    #[test]
    fn an_unknown_role_allows_nothing() {
        for code in ["", "root", "Administrator", "office ", "integrator"] {
            assert!(delivered().get(code).is_none() && delivered().capabilities(code).is_empty());
        }
    }

    #[test]
    fn a_bad_line_refuses_the_table_and_is_named() {
        let good = "role,capability,label_vi,basis\noffice,urge,Văn phòng,Luật\n";
        assert!(Roles::read(good).unwrap().capabilities("office").contains(Urge));
        for (line, fault) in [
            ("office,urge,Văn phòng,Luật", Fault::Twice),
            ("office,everything,Văn phòng,Luật", Fault::UnknownCapability),
            ("office,Publish,Văn phòng,Luật", Fault::UnknownCapability),
            ("office,publish,Văn Phòng,Luật", Fault::OtherLabel),
            ("other,publish,,Luật", Fault::OtherLabel),
            ("office,publish,Văn phòng, ", Fault::NoBasis),
            ("Office,publish,Văn phòng,Luật", Fault::RoleCode),
            (",publish,Văn phòng,Luật", Fault::RoleCode),
            ("office,publish,Văn phòng", Fault::Malformed),
            ("office,publish,Văn phòng,Luật,more", Fault::Malformed),
        ] {
            let table = format!("{good}{line}\n");
            assert_eq!(Roles::read(&table), Err(BadLine { line: 3, fault }), "{line}");
        }
        assert_eq!(
            Roles::read("role,capability,label,basis\na,b,c,d\n")
                .unwrap_err()
                .fault,
            Fault::Malformed
        );
        assert!(Roles::read("").unwrap().iter().next().is_none());
    }
}
