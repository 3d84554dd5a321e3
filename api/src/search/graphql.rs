//! Search in GraphQL.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::id::UnitId;
use uuid::Uuid;

use super::{
    Kind,
    find::{Detail, Search, details, find},
};
use crate::{
    error::Result,
    graphql::{
        filter::WithinUnit,
        list::PageArgs,
        node::{self, Node},
        state, viewer, wire_id,
    },
    units::graphql::Unit,
};

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub enum SearchKind {
    /// A petition (kiến nghị của cử tri).
    Petition,
    /// A voter contact or a session (cuộc tiếp xúc cử tri, kỳ họp).
    Meeting,
    /// A resolution (nghị quyết).
    Resolution,
}

/// Something that was found.
#[derive(SimpleObject)]
pub struct SearchHit {
    /// What it is.
    pub kind: SearchKind,
    /// The bare lower-case UUID of what was found.
    pub id: ID,
    /// Its official number or symbol (số, ký hiệu), if it has one.
    pub number: Option<String>,
    /// Its title, unless the viewer may not read it.
    pub title: Option<String>,
    /// The units that it concerns (đơn vị hành chính), as they were then.
    pub unit_ids: Vec<ID>,
    /// The units themselves.
    pub units: Vec<Unit>,
    /// The words around the match, from the text that the viewer may read; null when the match is in number or
    /// title only.
    pub snippet: Option<String>,
    /// What was found, itself.
    pub node: Option<Node>,
}

/// Queries that search.
#[derive(Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Petitions, meetings and resolutions (kiến nghị, cuộc họp, nghị quyết) that hold all words of `text`, the last
    /// of which may be unfinished; best first. With or without marks, in any spelling of tones ("van de" finds
    /// "vấn đề"); words typed with marks are first sought with exactly those. Official numbers are found in any
    /// spelling. `text` has at most 200 characters (`TOO_LONG`) and 16 words; `first` is 1 to 100
    /// (`LIMIT_TOO_LARGE`). Only what the viewer may see is looked at; text without a word finds nothing.
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, with or without marks, or an official number.")] text: String,
        #[graphql(desc = "Only these kinds; all when absent or empty.")] kinds: Option<Vec<SearchKind>>,
        #[graphql(desc = "Only what concerns this unit, one below it, or one that they were made of.")]
        unit_id: Option<ID>,
        #[graphql(desc = "How many hits at most, 1 to 100.")] first: i32,
    ) -> Result<Vec<SearchHit>> {
        let window = PageArgs {
            first: Some(first),
            ..PageArgs::default()
        }
        .window()?;
        let units = unit_id.map(|id| {
            WithinUnit {
                id: Some(id),
                code: None,
                subtree: None,
            }
            .units(ctx)
        });
        let search = Search {
            text,
            kinds: kinds.unwrap_or_default().into_iter().map(Kind::from).collect(),
            units: units.transpose()?,
            first: window.limit,
        };
        let store = &state(ctx)?.store;
        let hits = find(store, viewer(ctx)?, &search).await?;

        let ahead = ctx.look_ahead();
        let mut details: HashMap<(Kind, Uuid), Detail> = match ["snippet", "unitIds", "units"]
            .iter()
            .any(|field| ahead.field(field).exists())
        {
            true => details(store.read(), &search.text, &hits).await?,
            false => HashMap::new(),
        };
        let ids: Vec<ID> = hits.iter().map(|hit| wire_id(hit.id)).collect();
        let mut nodes = match ahead.field("node").exists() {
            true => node::find(ctx, &ids).await?,
            false => Vec::new(),
        }
        .into_iter();
        hits.into_iter()
            .zip(ids)
            .map(|(hit, id)| {
                let detail = details.remove(&(hit.kind, hit.id)).unwrap_or_default();
                Ok(SearchHit {
                    units: Unit::all(ctx, detail.unit_ids.iter().copied().map(UnitId))?,
                    kind: hit.kind.into(),
                    id,
                    number: hit.number,
                    title: hit.title,
                    unit_ids: detail.unit_ids.into_iter().map(wire_id).collect(),
                    snippet: detail.snippet,
                    node: nodes.next().flatten(),
                })
            })
            .collect()
    }
}
