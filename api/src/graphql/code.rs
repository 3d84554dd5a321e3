//! Open vocabularies (danh mục) as `{code label}`: beside every code of a list stands its entry, in the caller's language.
//!
//! The bare code stays: it is what inputs, filters and sync documents carry.

use async_graphql::{Context, Object, SimpleObject};

use super::{scalar::Day, short, viewer};
use crate::{
    codes::{self, Entry},
    error::{Code, Refused, Result},
};

/// One value of a code list.
#[derive(Clone, Copy)]
pub struct CodeEntry(&'static Entry);

/// The entry of a list with this code; none for a code that no list knows.
pub fn entry(list: &str, code: &str) -> Option<CodeEntry> {
    codes::find(list, code).map(CodeEntry)
}

/// The same for a code that may be absent.
pub fn entry_of(list: &str, code: Option<&str>) -> Option<CodeEntry> {
    entry(list, code?)
}

/// One value of a code list (danh mục): what a code is called.
#[Object]
impl CodeEntry {
    /// The code, unique within its list; its meaning never changes.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What it is called, in Vietnamese or English by `Accept-Language`.
    async fn label(&self, ctx: &Context<'_>) -> Result<&str> {
        Ok(self.0.label(viewer(ctx)?.lang))
    }

    /// The entry above it, in lists of two levels: above a field the area of a committee (Ban).
    async fn parent(&self) -> Option<CodeEntry> {
        entry_of(&self.0.list, self.0.parent.as_deref())
    }

    /// First day on which it may be used; null means since ever.
    async fn valid_from(&self) -> Option<Day> {
        self.0.valid_from.map(Day)
    }

    /// The law or custom that it comes from (căn cứ), in Vietnamese.
    async fn basis(&self) -> &str {
        &self.0.basis
    }
}

/// An open vocabulary (danh mục).
#[derive(SimpleObject)]
pub struct CodeList {
    /// Its name, e.g. `field`, `tier`, `channel`.
    name: String,
    /// Its values in their order.
    entries: Vec<CodeEntry>,
}

/// Queries of code lists.
#[derive(Default)]
pub struct CodeQuery;

#[Object]
impl CodeQuery {
    /// Code lists (danh mục) by name, or all of them; the same for everybody. Errors: `UNKNOWN_CODE` for a name that
    /// no list has.
    async fn code_lists(
        &self,
        #[graphql(desc = "Only these lists, in this order; all when absent.")] names: Option<Vec<String>>,
    ) -> Result<Vec<CodeList>> {
        let names = match names {
            Some(names) => {
                short(&names, "names")?;
                names
            }
            None => codes::names().into_iter().map(str::to_owned).collect(),
        };
        let of = |name: String| match codes::list(&name) {
            [] => Err(Refused::field(Code::UnknownCode, "names").into()),
            entries => Ok(CodeList {
                entries: entries.iter().map(CodeEntry).collect(),
                name,
            }),
        };
        names.into_iter().map(of).collect()
    }
}
