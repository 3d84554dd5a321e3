//! Bodies that answer petitions.

use sea_orm::entity::prelude::*;

use crate::id::{AgencyId, UnitId};

/// A body competent to answer (cơ quan, tổ chức có thẩm quyền giải quyết), versioned.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgencyId,
    pub name: String,
    /// `committee` (UBND), `department`, `company`, `assembly_delegation` (Đoàn ĐBQH), `other`.
    pub kind: String,
    pub unit_id: UnitId,
    /// Code in the state's list of bodies, where known.
    pub official_code: Option<String>,
    /// The telephone number that the body publishes.
    pub hotline: Option<String>,
    /// The address for letters by mail that the body publishes.
    pub email: Option<String>,
    /// Whether somebody answers for it here; else the office records its answers.
    pub has_account: bool,
    /// Who owes its open answers after it was abolished.
    pub successor_id: Option<AgencyId>,
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
    pub rev: i64,
}

plain!();
