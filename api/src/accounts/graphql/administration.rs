//! Administering accounts and roles. The inputs with passwords cannot be printed.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{id::GrantId, role_grant};
use sea_orm::EntityTrait;

use super::{Account, RoleGrant, shown};
use crate::{
    accounts::{
        grants::{Grant, GrantRole, RevokeRole},
        people::{Authority, CreateAccount, EnableAccount, NewAccount, SetPassword, UpdateAccount},
        rules,
    },
    capability::Capability,
    error::{Code, Refused, Result},
    graphql::{
        UserError,
        command::{run, run_input},
        input_id,
        scalar::Day,
        state, viewer,
    },
    store::door::Done,
    viewer::Place,
};

/// An account to make.
#[derive(InputObject)]
pub struct CreateAccountInput {
    /// 3 to 64 of `a-z 0-9 . _ -`, in any case; unique.
    username: String,
    /// The shown name, at most 200 characters; the user name if there is none.
    name: Option<String>,
    /// The first password, at least 10 characters; the person changes it.
    password: String,
    /// A role that it is given at once, at its place.
    role: Option<String>,
    /// Where it belongs: a council,
    council_id: Option<ID>,
    /// or a body that answers,
    agency_id: Option<ID>,
    /// or a unit; at most one of the three. Decides for ever with which province its own rows are synchronised.
    unit_id: Option<ID>,
}

/// New names of an account.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateAccountInput {
    /// Whose.
    account_id: ID,
    /// 3 to 64 of `a-z 0-9 . _ -`, in any case; unique. Unchanged if absent.
    username: Option<String>,
    /// At most 200 characters. Unchanged if absent.
    name: Option<String>,
}

/// Which account to disable or to enable again.
#[derive(Clone, Debug, InputObject)]
pub struct DisableAccountInput {
    /// Whose.
    account_id: ID,
    /// Why, for the history; at most 500 characters.
    reason: Option<String>,
}

/// Which account to enable again.
#[derive(Clone, Debug, InputObject)]
pub struct EnableAccountInput {
    /// Whose.
    account_id: ID,
    /// Why, for the history; at most 500 characters.
    reason: Option<String>,
}

/// A new password for somebody else.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// Whose.
    account_id: ID,
    /// At least 10 characters; the person changes it.
    password: String,
}

/// A role to give.
#[derive(Clone, Debug, InputObject)]
pub struct GrantRoleInput {
    /// To whom; nobody gives a role to himself.
    account_id: ID,
    /// A role code. `delegate` comes with the mandate and is not given here.
    role: String,
    /// At which council,
    council_id: Option<ID>,
    /// or for which body,
    agency_id: Option<ID>,
    /// or for which unit and everything below; at most one of the three.
    unit_id: Option<ID>,
    /// The first day; today if absent.
    valid_from: Option<Day>,
    /// The first day without it; no end if absent.
    valid_to: Option<Day>,
}

/// Which role to take away.
#[derive(Clone, Debug, InputObject)]
pub struct RevokeRoleInput {
    /// The grant, as in `account.grants`.
    grant_id: ID,
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// As it is now.
            account: Option<Account>,
            /// Empty when it was done.
            user_errors: Vec<UserError>,
        }

        impl $name {
            async fn of(
                ctx: &Context<'_>,
                answer: Result<Done, Vec<UserError>>,
            ) -> Result<Option<Self>> {
                Ok(Some(match answer {
                    Ok(done) => Self {
                        account: shown(ctx, done.ids.first().copied()).await?,
                        user_errors: Vec::new(),
                    },
                    Err(user_errors) => Self { account: None, user_errors },
                }))
            }
        }
    )*};
}

payloads! {
    /// The new account, or why it was not made.
    CreateAccountPayload;
    /// The account, or why it stays as it was.
    UpdateAccountPayload;
    /// The account, or why it stays enabled.
    DisableAccountPayload;
    /// The account, or why it stays disabled.
    EnableAccountPayload;
    /// The account, or why its password stays.
    ResetPasswordPayload;
    /// The account, or why it keeps the role.
    RevokeRolePayload;
}

/// The role that was given, or why not.
#[derive(SimpleObject)]
pub struct GrantRolePayload {
    /// As it is now.
    account: Option<Account>,
    /// The grant; one that held already is not given twice.
    grant: Option<RoleGrant>,
    /// Empty when it was given.
    user_errors: Vec<UserError>,
}

/// Mutations of those who manage accounts.
#[derive(Default)]
pub struct AccountAdministration;

#[Object]
impl AccountAdministration {
    /// Makes an account (tạo tài khoản). A council's administrator gives it a role at his council with it.
    /// Refusals: `FORBIDDEN`, `TAKEN`, `WEAK_PASSWORD`, `REQUIRED`, `INVALID_TEXT`, `OUT_OF_RANGE`, `TOO_LONG`,
    /// `NOT_FOUND`, `UNKNOWN_CODE`, `INVALID_VALUE`.
    async fn create_account(
        &self,
        ctx: &Context<'_>,
        input: CreateAccountInput,
    ) -> Result<Option<CreateAccountPayload>> {
        if let Err(refused) = may_manage(ctx)? {
            return CreateAccountPayload::of(ctx, refuse(ctx, refused)?).await;
        }
        let place = place(
            input.council_id.as_ref(),
            input.agency_id.as_ref(),
            input.unit_id.as_ref(),
        );
        let place = match place {
            Ok(place) => place,
            Err(refused) => return CreateAccountPayload::of(ctx, refuse(ctx, refused)?).await,
        };
        let new = NewAccount {
            username: &input.username,
            name: input.name.as_deref(),
            password: &input.password,
            place,
            role: input.role.as_deref(),
        };
        let answer = match CreateAccount::checked(state(ctx)?, new, Authority::Viewer).await? {
            Ok(command) => run(ctx, &command).await?,
            Err(refused) => refuse(ctx, refused)?,
        };
        CreateAccountPayload::of(ctx, answer).await
    }

    /// Renames an account (sửa tài khoản). Refusals: `FORBIDDEN`, `NOT_FOUND`, `TAKEN`, `INVALID_TEXT`,
    /// `OUT_OF_RANGE`, `TOO_LONG`.
    async fn update_account(
        &self,
        ctx: &Context<'_>,
        input: UpdateAccountInput,
    ) -> Result<Option<UpdateAccountPayload>> {
        let command = || {
            let account = input_id(&input.account_id, "accountId")?;
            UpdateAccount::checked(account, input.username.as_deref(), input.name.as_deref())
        };
        let answer = run_input(ctx, command).await?;
        UpdateAccountPayload::of(ctx, answer).await
    }

    /// Disables an account (khóa tài khoản): from now on none of its devices gets in. Refusals: `FORBIDDEN`,
    /// `NOT_FOUND`, `LAST_ADMINISTRATOR`.
    async fn disable_account(
        &self,
        ctx: &Context<'_>,
        input: DisableAccountInput,
    ) -> Result<Option<DisableAccountPayload>> {
        let command = || enable(&input.account_id, input.reason.as_deref(), false);
        let answer = run_input(ctx, command).await?;
        DisableAccountPayload::of(ctx, answer).await
    }

    /// Enables an account again (mở khóa tài khoản); devices that were not revoked come back. Refusals:
    /// `FORBIDDEN`, `NOT_FOUND`.
    async fn enable_account(
        &self,
        ctx: &Context<'_>,
        input: EnableAccountInput,
    ) -> Result<Option<EnableAccountPayload>> {
        let command = || enable(&input.account_id, input.reason.as_deref(), true);
        let answer = run_input(ctx, command).await?;
        EnableAccountPayload::of(ctx, answer).await
    }

    /// Sets a new password for somebody who forgot his (đặt lại mật khẩu). His devices stay signed in. A council's
    /// administrator does it, and all else with accounts, for those who belong to his council and never belonged elsewhere.
    /// Refusals: `FORBIDDEN` (also for oneself: use `changePassword`), `NOT_FOUND`, `WEAK_PASSWORD`, `TOO_LONG`,
    /// `INVALID_TEXT`.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        input: ResetPasswordInput,
    ) -> Result<Option<ResetPasswordPayload>> {
        // The hashing is paid for only by those who may ask for it.
        let account = may_manage(ctx)?.and_then(|()| input_id(&input.account_id, "accountId"));
        let command = match account {
            Ok(account) => SetPassword::reset(state(ctx)?, account, &input.password).await?,
            Err(refused) => Err(refused),
        };
        let answer = match command {
            Ok(command) => run(ctx, &command).await?,
            Err(refused) => refuse(ctx, refused)?,
        };
        ResetPasswordPayload::of(ctx, answer).await
    }

    /// Gives a role (cấp vai trò). Refusals: `FORBIDDEN` (also to oneself), `NOT_FOUND`, `UNKNOWN_CODE`,
    /// `REQUIRED` (its place), `INVALID_VALUE` (no such place for this role), `OUT_OF_RANGE`.
    async fn grant_role(&self, ctx: &Context<'_>, input: GrantRoleInput) -> Result<Option<GrantRolePayload>> {
        let command = || {
            let (council, agency, unit) = (&input.council_id, &input.agency_id, &input.unit_id);
            Ok(GrantRole {
                account: input_id(&input.account_id, "accountId")?,
                grant: Grant {
                    place: place(council.as_ref(), agency.as_ref(), unit.as_ref())?,
                    role: input.role,
                    valid_from: input.valid_from.map(|Day(day)| day),
                    valid_to: input.valid_to.map(|Day(day)| day),
                },
            })
        };
        let done = match run_input(ctx, command).await? {
            Ok(done) => done,
            Err(user_errors) => {
                return Ok(Some(GrantRolePayload {
                    account: None,
                    grant: None,
                    user_errors,
                }));
            }
        };
        let grant = match done.ids.get(1) {
            Some(id) => {
                role_grant::Entity::find_by_id(GrantId(*id))
                    .one(state(ctx)?.store.read())
                    .await?
            }
            None => None,
        };
        Ok(Some(GrantRolePayload {
            account: shown(ctx, done.ids.first().copied()).await?,
            grant: grant.as_ref().map(RoleGrant::from),
            user_errors: Vec::new(),
        }))
    }

    /// Takes a role away from today on (thu hồi vai trò). Refusals: `FORBIDDEN`, `NOT_FOUND`,
    /// `LAST_ADMINISTRATOR`.
    async fn revoke_role(
        &self,
        ctx: &Context<'_>,
        input: RevokeRoleInput,
    ) -> Result<Option<RevokeRolePayload>> {
        let command = || Ok(RevokeRole(input_id(&input.grant_id, "grantId")?));
        let answer = run_input(ctx, command).await?;
        RevokeRolePayload::of(ctx, answer).await
    }
}

fn enable(account: &ID, reason: Option<&str>, enabled: bool) -> Result<EnableAccount, Refused> {
    Ok(EnableAccount {
        account: input_id(account, "accountId")?,
        enabled,
        reason: reason
            .map(|reason| rules::line(reason, "reason", 500))
            .transpose()?,
    })
}

fn may_manage(ctx: &Context<'_>) -> Result<Result<(), Refused>> {
    let viewer = viewer(ctx)?;
    viewer.signed_in()?;
    Ok(if viewer.may_somewhere(Capability::ManageAccounts) {
        Ok(())
    } else {
        Err(Code::Forbidden.into())
    })
}

fn refuse(ctx: &Context<'_>, refused: Refused) -> Result<Result<Done, Vec<UserError>>> {
    Ok(Err(vec![UserError::of(&refused, viewer(ctx)?.lang)]))
}

fn place(council: Option<&ID>, agency: Option<&ID>, unit: Option<&ID>) -> Result<Place, Refused> {
    match (council, agency, unit) {
        (None, None, None) => Ok(Place::Everywhere),
        (Some(id), None, None) => Ok(Place::Council(input_id(id, "councilId")?)),
        (None, Some(id), None) => Ok(Place::Agency(input_id(id, "agencyId")?)),
        (None, None, Some(id)) => Ok(Place::Unit(input_id(id, "unitId")?)),
        (Some(_), Some(_), _) => Err(Refused::field(Code::InvalidValue, "agencyId")),
        _ => Err(Refused::field(Code::InvalidValue, "unitId")),
    }
}
