//! The roots of the schema: one failing field nulls itself and not its neighbours.
//!
//! async-graphql hands an error of a resolver upwards even where the field may be null, so that at the root one
//! field without rights would take the data of all others away. At a nullable root field the error stays there.

use std::borrow::Cow;

use async_graphql::{
    Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::Registry,
    resolver_utils::{ContainerType, resolve_container},
};

use super::viewer;
use crate::{
    error::{Code, Error},
    viewer::Viewer,
};

/// A root whose nullable fields keep their errors to themselves.
#[derive(Default)]
pub struct Root<T>(T);

impl<T: ObjectType> OutputType for Root<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<T: ObjectType> ContainerType for Root<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let answer = if is_allowed(ctx) {
            self.0.resolve_field(ctx).await
        } else {
            let error = async_graphql::Error::from(Error::from(Code::DeviceRevoked));
            Err(error.into_server_error(ctx.item.pos))
        };
        match answer {
            Err(error) if may_be_null::<T>(ctx) => {
                ctx.add_error(ctx.set_error_path(error));
                Ok(Some(Value::Null))
            }
            answer => answer,
        }
    }
}

impl<T: ObjectType> ObjectType for Root<T> {}

/// A device that was given up may hand in what it holds and be told what to erase, and nothing else.
fn is_allowed(ctx: &Context<'_>) -> bool {
    let name = ctx.item.node.name.node.as_str();
    !viewer(ctx).is_ok_and(Viewer::is_wiping) || crate::sync::moves_rows(name)
}

fn may_be_null<T: ObjectType>(ctx: &Context<'_>) -> bool {
    let root = ctx.schema_env.registry.types.get(&*T::type_name());
    let field = root.and_then(|root| root.field_by_name(ctx.item.node.name.node.as_str()));
    field.is_some_and(|field| !field.ty.ends_with('!'))
}
