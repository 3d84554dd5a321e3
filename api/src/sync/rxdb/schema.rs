//! The GraphQL types and root fields of this surface, made by hand from the registry: thirteen copies of the same
//! code from macros would say nothing more.
//!
//! What a client gives is taken as any JSON, so that coercion can never fail a whole batch for the sake of one row.

use std::borrow::Cow;

use async_graphql::{
    Context, ContextSelectionSet, Name, ObjectType, OutputType, Positioned, Response, ServerResult,
    SubscriptionType, Value,
    futures_util::stream::{self, BoxStream, StreamExt},
    indexmap::IndexMap,
    parser::types::Field,
    registry::{MetaField, MetaInputValue, MetaType, Registry},
    resolver_utils::ContainerType,
};

use super::{
    members, of_field, pull, push,
    selection::{self, Answered},
    stream::{Follower, Horizon},
    title, write_only,
};
use crate::{
    error::{Code, Result},
    graphql::{scalar::Json, state, viewer},
    store::collection::{Collection, Shape},
    sync::registry,
};

/// Queries of the RxDB surface: `pullX` for every collection X.
#[derive(Default)]
pub struct RxdbQuery;

/// Mutations of the RxDB surface: `pushX` for every collection X.
#[derive(Default)]
pub struct RxdbMutation;

/// Where a page ends, in the one field that RxDB is told to keep.
const CHECKPOINT: &str = "SyncCheckpoint";

/// The name of a collection's document type.
fn document_type(collection: &dyn Collection) -> String {
    format!("{}SyncDocument", title(collection))
}

/// The name of a collection's page type.
fn page_type(collection: &dyn Collection) -> String {
    format!("{}SyncPage", title(collection))
}

impl OutputType for RxdbQuery {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("RxdbQuery")
    }

    fn create_type_info(registry: &mut Registry) -> String {
        add(
            registry,
            object(
                CHECKPOINT,
                "Where a page ends (RxDB surface). Keep it, and give it back.",
                [field(
                    "cursor",
                    "String",
                    "Opaque and signed; the same token as that of `syncPull`.",
                    [],
                )],
            ),
        );
        let fields: Vec<MetaField> = registry::COLLECTIONS
            .iter()
            .map(|collection| {
                add_types(registry, *collection);
                let (name, title) = (collection.name(), title(*collection));
                let checkpoint = format!("{title}InputCheckpoint");
                add(
                    registry,
                    scalar(
                        &checkpoint,
                        "`{cursor: String}` as it was given; none or an empty one begins at the start.",
                    ),
                );
                field(
                    &format!("pull{title}"),
                    &page_type(*collection),
                    &format!(
                        "What changed in `{name}` after a checkpoint, for RxDB's replication (đồng bộ xuống).\n\n\
                         `limit` (1 to 1,000) is never cut: a shorter page is the last one. Errors: \
                         `UNAUTHENTICATED`, `LIMIT_TOO_LARGE`, `OUT_OF_RANGE`, `INVALID_CURSOR`."
                    ),
                    [
                        argument("checkpoint", &checkpoint, "Where the last page ended; none for the start."),
                        argument("limit", "Int!", "Documents in the page: exactly so many unless it is the last."),
                    ],
                )
            })
            .collect();
        let root = object(&Self::type_name(), "Queries of the RxDB surface.", fields);
        add(registry, root);
        Self::qualified_type_name()
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        // Merged into the root, which asks for its fields one by one.
        Ok(Value::Null)
    }
}

impl ContainerType for RxdbQuery {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let Some(collection) = of_field("pull", &ctx.item.node.name.node) else {
            return Ok(None);
        };
        let (_, checkpoint) = ctx.param_value::<Option<Json>>("checkpoint", None)?;
        let (_, limit) = ctx.param_value::<i32>("limit", None)?;
        let page = pulled(ctx, collection, checkpoint, limit).await;
        page.map(Some).map_err(|error| told(ctx, error))
    }
}

impl ObjectType for RxdbQuery {}

async fn pulled(
    ctx: &Context<'_>,
    collection: &dyn Collection,
    checkpoint: Option<Json>,
    limit: i32,
) -> Result<Value> {
    let limit = pull::limit(limit)?;
    let cursor = match checkpoint {
        None | Some(Json(Value::Null)) => None,
        Some(Json(Value::Object(checkpoint))) => match checkpoint.get("cursor") {
            None | Some(Value::Null) => None,
            Some(Value::String(cursor)) => Some(cursor.clone()),
            Some(_) => return Err(Code::InvalidCursor.into()),
        },
        Some(_) => return Err(Code::InvalidCursor.into()),
    };
    let page = pull::page(state(ctx)?, viewer(ctx)?, collection, cursor.as_deref(), limit).await?;
    let documents: Vec<Answered> = page
        .changes
        .into_iter()
        .map(|change| Answered {
            id: change.id.to_string(),
            document: change.doc,
        })
        .collect();
    Ok(page_value(ctx, collection, &documents, Some(page.cursor)))
}

/// A page with what was selected of it.
fn page_value(
    ctx: &Context<'_>,
    collection: &dyn Collection,
    documents: &[Answered],
    cursor: Option<String>,
) -> Value {
    let mut page = IndexMap::new();
    for (key, same) in selection::below(&[ctx.field()]) {
        let value = match same.first().map(|field| field.name()) {
            Some("documents") => selection::documents(&document_type(collection), &same, documents),
            Some("checkpoint") => match &cursor {
                None => Value::Null,
                Some(cursor) => checkpoint_value(&same, cursor),
            },
            _ => Value::String(page_type(collection)),
        };
        page.insert(Name::new(key), value);
    }
    Value::Object(page)
}

fn checkpoint_value(fields: &[async_graphql::SelectionField<'_>], cursor: &str) -> Value {
    let members = selection::below(fields).into_iter().map(|(key, same)| {
        let is_cursor = same.first().is_some_and(|field| field.name() == "cursor");
        let value = if is_cursor { cursor } else { CHECKPOINT };
        (Name::new(key), Value::String(value.to_owned()))
    });
    Value::Object(members.collect())
}

impl OutputType for RxdbMutation {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("RxdbMutation")
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let fields: Vec<MetaField> = registry::COLLECTIONS
            .iter()
            .map(|collection| {
                add_types(registry, *collection);
                let (name, title) = (collection.name(), title(*collection));
                let row = format!("{title}InputPushRow");
                add(
                    registry,
                    scalar(&row, "`{assumedMasterState newDocumentState}`: two documents, the first may be absent."),
                );
                let reads = match registry::writable(name) {
                    Some(_) => "",
                    None => " It is read only: every change is refused.",
                };
                field(
                    &format!("push{title}"),
                    &format!("[{}!]", document_type(*collection)),
                    &format!(
                        "Uploads documents of `{name}`, for RxDB's replication (đồng bộ lên).{reads}\n\n\
                         The answer lists what the client has to take instead of its own; nothing means that all \
                         was stored. What was refused is kept, and explained in a `syncIssue`. At most 500 rows. \
                         Errors: `UNAUTHENTICATED`, `TOO_MANY_ROWS`."
                    ),
                    [argument(
                        &format!("{name}PushRow"),
                        &format!("[{row}!]"),
                        "At most 500; each has its own outcome.",
                    )],
                )
            })
            .collect();
        let root = object(&Self::type_name(), "Mutations of the RxDB surface.", fields);
        add(registry, root);
        Self::qualified_type_name()
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        // Merged into the root, which asks for its fields one by one.
        Ok(Value::Null)
    }
}

impl ContainerType for RxdbMutation {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let Some(collection) = of_field("push", &ctx.item.node.name.node) else {
            return Ok(None);
        };
        let rows = format!("{}PushRow", collection.name());
        let (_, rows) = ctx.param_value::<Option<Vec<Json>>>(&rows, None)?;
        let answered = pushed(ctx, collection, rows.unwrap_or_default()).await;
        answered.map(Some).map_err(|error| told(ctx, error))
    }
}

impl ObjectType for RxdbMutation {}

async fn pushed(ctx: &Context<'_>, collection: &dyn Collection, rows: Vec<Json>) -> Result<Value> {
    let rows = rows.into_iter().map(|Json(row)| row).collect();
    let answered = push::push(state(ctx)?, viewer(ctx)?, collection, rows).await?;
    Ok(selection::documents(
        &document_type(collection),
        &[ctx.field()],
        &answered,
    ))
}

/// Subscriptions of the RxDB surface: `streamX` for every collection X. There are no others.
pub struct RxdbSubscription;

impl SubscriptionType for RxdbSubscription {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("Subscription")
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let fields: Vec<MetaField> = registry::COLLECTIONS
            .iter()
            .map(|collection| {
                add_types(registry, *collection);
                let (name, title) = (collection.name(), title(*collection));
                let headers = format!("{title}InputHeaders");
                add(
                    registry,
                    scalar(&headers, "What RxDB sends here; the token counts that came when the socket began."),
                );
                field(
                    &format!("stream{title}"),
                    &format!("{}!", page_type(*collection)),
                    &format!(
                        "What changes in `{name}` from the moment on at which the socket began, for RxDB's replication \
                         (đồng bộ trực tiếp). `checkpoint` is always null: only pulls move it."
                    ),
                    [argument("headers", &headers, "Whatever RxDB sends; not looked at.")],
                )
            })
            .collect();
        let root = object(
            &<Self as SubscriptionType>::type_name(),
            "Live changes (cập nhật trực tiếp).",
            fields,
        );
        add(registry, root);
        <Self as SubscriptionType>::qualified_type_name()
    }

    fn create_field_stream<'a>(&'a self, ctx: &'a Context<'_>) -> Option<BoxStream<'a, Response>> {
        let collection = of_field("stream", &ctx.item.node.name.node)?;
        let first = Following::Not;
        let stream = stream::unfold(first, move |following| async move {
            let mut follower = match following {
                Following::Over => return None,
                Following::Since(follower) => follower,
                Following::Not => match follower(ctx, collection).await {
                    Ok(follower) => Box::new(follower),
                    Err(error) => return Some((failed(ctx, error), Following::Over)),
                },
            };
            match follower.next().await {
                Ok(documents) => {
                    let page = page_value(ctx, collection, &documents, None);
                    let key = ctx.item.node.response_key().node.clone();
                    let data = Value::Object(IndexMap::from_iter([(key, page)]));
                    Some((Response::new(data), Following::Since(follower)))
                }
                Err(error) => Some((failed(ctx, error), Following::Over)),
            }
        });
        Some(stream.boxed())
    }
}

/// Where a stream stands.
enum Following {
    Not,
    Since(Box<Follower>),
    Over,
}

async fn follower(ctx: &Context<'_>, collection: &'static dyn Collection) -> Result<Follower> {
    let horizon = ctx
        .data::<Horizon>()
        .map_err(|_| crate::error::Error::internal("a stream without a horizon"))?;
    Follower::begin(state(ctx)?.clone(), viewer(ctx)?.clone(), collection, horizon).await
}

fn failed(ctx: &Context<'_>, error: crate::error::Error) -> Response {
    Response::from_errors(vec![told(ctx, error)])
}

fn told(ctx: &Context<'_>, error: crate::error::Error) -> async_graphql::ServerError {
    ctx.set_error_path(async_graphql::Error::from(error).into_server_error(ctx.item.pos))
}

/// A collection's document and page.
fn add_types(registry: &mut Registry, collection: &dyn Collection) {
    let name = collection.name();
    let mut fields = vec![
        field(
            "id",
            "String!",
            "The bare lower-case UUID, made by whoever created the row.",
            [],
        ),
        field(
            "_deleted",
            "Boolean!",
            "Whether it was deleted or left the viewer's scope; then nothing else is told.",
            [],
        ),
    ];
    for member in members(collection) {
        let kind = match member.shape {
            Shape::Text => "String",
            Shape::Whole => "Int",
            Shape::Flag => "Boolean",
        };
        fields.push(field(member.name, kind, member.about, []));
    }
    for hidden in write_only(collection) {
        let about = "Only written (chỉ ghi), never given back: always null.";
        fields.push(field(hidden, "String", about, []));
    }
    let document = document_type(collection);
    add(
        registry,
        object(
            &document,
            &format!("A document of `{name}` as phones keep it (docs/sync.md)."),
            fields,
        ),
    );
    add(
        registry,
        object(
            &page_type(collection),
            &format!("A page of `{name}` (RxDB surface)."),
            [
                field(
                    "documents",
                    &format!("[{document}!]!"),
                    "What changed, each row once, in the richest form that the viewer may see.",
                    [],
                ),
                field("checkpoint", CHECKPOINT, "Where the page ends.", []),
            ],
        ),
    );
}

fn add(registry: &mut Registry, kind: MetaType) {
    registry.types.insert(kind.name().to_owned(), kind);
}

fn scalar(name: &str, about: &str) -> MetaType {
    MetaType::Scalar {
        name: name.to_owned(),
        description: Some(about.to_owned()),
        is_valid: None,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        specified_by_url: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

fn object(name: &str, about: &str, fields: impl IntoIterator<Item = MetaField>) -> MetaType {
    MetaType::Object {
        name: name.to_owned(),
        description: Some(about.to_owned()),
        fields: fields
            .into_iter()
            .map(|field| (field.name.clone(), field))
            .collect(),
        cache_control: Default::default(),
        extends: false,
        shareable: false,
        resolvable: true,
        keys: None,
        visible: None,
        inaccessible: false,
        interface_object: false,
        tags: Vec::new(),
        is_subscription: false,
        rust_typename: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

fn field(name: &str, ty: &str, about: &str, args: impl IntoIterator<Item = MetaInputValue>) -> MetaField {
    MetaField {
        name: name.to_owned(),
        description: Some(about.to_owned()),
        args: args
            .into_iter()
            .map(|argument| (argument.name.clone(), argument))
            .collect(),
        ty: ty.to_owned(),
        deprecation: Default::default(),
        cache_control: Default::default(),
        external: false,
        requires: None,
        provides: None,
        visible: None,
        shareable: false,
        inaccessible: false,
        tags: Vec::new(),
        override_from: None,
        compute_complexity: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

fn argument(name: &str, ty: &str, about: &str) -> MetaInputValue {
    MetaInputValue {
        name: name.to_owned(),
        description: Some(about.to_owned()),
        ty: ty.to_owned(),
        deprecation: Default::default(),
        default_value: None,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        is_secret: false,
        directive_invocations: Vec::new(),
    }
}
