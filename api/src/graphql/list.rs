//! Lists: Relay connections by keyset, never by offset, and never silently shortened.

use async_graphql::{
    Context, OutputType, SimpleObject,
    connection::{Connection, Edge, EmptyFields},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic, Iterable, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    loader::{ModelOf, Noun},
    state, viewer,
};
use crate::{
    error::{Code, Error, Refused, Result},
    store::{
        partition::Audience,
        table::Row,
        visibility::{audiences, visible},
    },
};

/// The largest page.
pub const MOST: u64 = 100;

/// The arguments of every list.
#[derive(Clone, Debug, Default)]
pub struct PageArgs {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// A page as it is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub limit: u64,
    backwards: bool,
    after: Option<Uuid>,
    before: Option<Uuid>,
}

impl PageArgs {
    /// Checks: exactly one of `first` and `last`, from 1 to 100.
    pub fn window(&self) -> Result<Window> {
        let (limit, backwards, field) = match (self.first, self.last) {
            (Some(first), None) => (first, false, "first"),
            (None, Some(last)) => (last, true, "last"),
            _ => return Err(Code::FirstOrLastRequired.into()),
        };
        let limit = u64::try_from(limit).ok().filter(|limit| *limit > 0);
        let limit = limit.ok_or(Refused::field(Code::OutOfRange, field))?;
        if limit > MOST {
            return Err(Error::limit(Code::LimitTooLarge, MOST));
        }
        Ok(Window {
            limit,
            backwards,
            after: position(self.after.as_deref())?,
            before: position(self.before.as_deref())?,
        })
    }
}

fn position(cursor: Option<&str>) -> Result<Option<Uuid>> {
    let Some(cursor) = cursor else { return Ok(None) };
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| Uuid::from_slice(&bytes).ok())
        .map(Some)
        .ok_or(Error::Code(Code::InvalidCursor, None))
}

fn cursor(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

/// One page of rows and what lies around it.
#[derive(Clone, Debug)]
pub struct Slice<M> {
    pub rows: Vec<M>,
    has_previous: bool,
    has_next: bool,
}

impl<M> Slice<M> {
    /// What the page shows.
    pub fn rows(&self) -> impl Iterator<Item = &M> {
        self.rows.iter()
    }

    /// The same page of other rows: what was read for the whole list made into what is shown of it.
    pub fn filter_map<T>(self, make: impl FnMut(M) -> Option<T>) -> Slice<T> {
        Slice {
            rows: self.rows.into_iter().filter_map(make).collect(),
            has_previous: self.has_previous,
            has_next: self.has_next,
        }
    }

    /// The rows of a window beyond which there are `more`.
    fn around(rows: Vec<M>, more: bool, window: Window) -> Self {
        Self {
            rows,
            has_previous: if window.backwards {
                more
            } else {
                window.after.is_some()
            },
            has_next: if window.backwards {
                window.before.is_some()
            } else {
                more
            },
        }
    }
}

/// Reads a page in the order of ids, newest first (ids are made of time).
pub async fn read<E, C>(
    conn: &C,
    query: Select<E>,
    id: E::Column,
    key: impl Fn(&E::Model) -> Uuid,
    window: Window,
) -> Result<Slice<E::Model>>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Send + Sync,
    C: ConnectionTrait,
{
    let mut query = query;
    if let Some(after) = window.after {
        query = query.filter(id.lt(after));
    }
    if let Some(before) = window.before {
        query = query.filter(id.gt(before));
    }
    let order = if window.backwards { Order::Asc } else { Order::Desc };
    let mut rows = query
        .order_by(id, order)
        .limit(window.limit + 1)
        .all(conn)
        .await?;
    let more = rows.len() as u64 > window.limit;
    rows.truncate(window.limit as usize);
    if window.backwards {
        rows.reverse();
    }
    rows.sort_by_key(|row| std::cmp::Reverse(key(row)));
    Ok(Slice::around(rows, more, window))
}

/// A page of rows that are held in memory, in the order of `place`. `at` finds the place of a cursor, so that a
/// page goes on where it stopped even when that row has left the list.
pub fn held<M, K: Ord>(
    mut rows: Vec<M>,
    place: impl Fn(&M) -> K,
    at: impl Fn(Uuid) -> Option<K>,
    window: Window,
) -> Result<Slice<M>> {
    let locate = |id: Uuid| at(id).ok_or(Error::Code(Code::InvalidCursor, None));
    rows.sort_by_cached_key(&place);
    if let Some(before) = window.before.map(&locate).transpose()? {
        rows.truncate(rows.partition_point(|row| place(row) < before));
    }
    if let Some(after) = window.after.map(&locate).transpose()? {
        rows.drain(..rows.partition_point(|row| place(row) <= after));
    }
    let limit = window.limit as usize;
    let more = rows.len() > limit;
    if window.backwards {
        rows.drain(..rows.len().saturating_sub(limit));
    } else {
        rows.truncate(limit);
    }
    Ok(Slice::around(rows, more, window))
}

/// The query without these columns, which come back empty: long texts are read only when somebody asks for them.
pub fn without<E: EntityTrait>(query: Select<E>, left_out: &[E::Column]) -> Select<E> {
    E::Column::iter().fold(query.select_only(), |query, column| {
        if left_out.iter().any(|other| other.as_str() == column.as_str()) {
            // Not NULL: some of them are never null.
            query.expr_as(Expr::val(""), column.as_str())
        } else {
            query.column(column)
        }
    })
}

/// Beside every list: how many rows there are in all, counted only when asked for.
#[derive(Clone, Debug, SimpleObject)]
pub struct Total {
    /// How many there are in all, whatever the page; null unless it was asked for.
    pub total_count: Option<i64>,
}

/// How many rows a query finds; only their ids are read.
pub async fn total<E, C>(conn: &C, query: &Select<E>, id: E::Column) -> Result<i64>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Send + Sync,
    C: ConnectionTrait,
{
    let ids = query.clone().select_only().column(id).into_tuple::<Uuid>();
    Ok(i64::try_from(ids.count(conn).await?).unwrap_or(i64::MAX))
}

/// A connection of these rows.
pub fn connection<M, T: OutputType>(
    slice: Slice<M>,
    total: Option<i64>,
    key: impl Fn(&M) -> Uuid,
    mut object: impl FnMut(M) -> T,
) -> Connection<String, T, Total, EmptyFields> {
    let mut connection =
        Connection::with_additional_fields(slice.has_previous, slice.has_next, Total { total_count: total });
    connection.edges.extend(
        slice
            .rows
            .into_iter()
            .map(|row| Edge::new(cursor(key(&row)), object(row))),
    );
    connection
}

/// Whether the query asks for the total.
pub fn asks_for_total(ctx: &Context<'_>) -> bool {
    ctx.look_ahead().field("totalCount").exists()
}

/// The rows of a noun that the viewer may see and that meet a condition: page, total and audiences, by a fixed number
/// of statements. Long texts are left to [`loader::text`](super::loader::text).
pub async fn seen<I: Noun<Object: OutputType>>(
    ctx: &Context<'_>,
    condition: Condition,
    page: PageArgs,
) -> Result<Connection<String, I::Object, Total, EmptyFields>> {
    let window = page.window()?;
    let (conn, viewer) = (state(ctx)?.store.read(), viewer(ctx)?);
    let query = I::Entity::find()
        .filter(visible(viewer, I::COLLECTION, (I::Entity::default(), I::ID)))
        .filter(condition);
    let total = match asks_for_total(ctx) {
        true => Some(total(conn, &query, I::ID).await?),
        false => None,
    };
    let id = |row: &ModelOf<I>| row.key().0;
    let mut slice = read(conn, without(query, I::LONG), I::ID, id, window).await?;
    let ids: Vec<Uuid> = slice.rows.iter().map(id).collect();
    let audiences = audiences(conn, viewer, I::COLLECTION, &ids).await?;
    // What has become invisible since the page was read is not shown any more.
    slice.rows.retain(|row| audiences.contains_key(&id(row)));
    Ok(connection(slice, total, id, |row| {
        let audience = audiences.get(&id(&row)).copied().unwrap_or(Audience::Public);
        I::object(row, audience)
    }))
}
