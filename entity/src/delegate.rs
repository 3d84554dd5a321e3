//! Delegates: one row is one mandate.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, CouncilId, DelegateId, GroupId};

/// A delegate (đại biểu) of one council: one mandate of one person. Somebody with two mandates has two rows and one account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delegate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DelegateId,
    pub account_id: Option<AccountId>,
    pub council_id: CouncilId,
    pub group_id: Option<GroupId>,
    pub name: String,
    /// Full-time (chuyên trách).
    pub full_time: bool,
    pub valid_from: Date,
    /// First day without the mandate.
    pub valid_to: Option<Date>,
    pub end_reason: Option<String>,
    pub rev: i64,
}

plain!();
