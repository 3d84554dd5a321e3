//! Walks the parsed document against the published limits.
//!
//! Each definition is walked once and its figures are kept, so a fragment that spreads two others, twenty
//! times over, costs no more than its text. The figures are those of the document with every fragment spread
//! out, because that is what the executor runs: it does not merge what is selected twice.
//!
//! **Cost** is the number of objects that may come back. A field with `first` or `last` stands for that many
//! objects, a list of ids for as many as it names, any other field with a selection for one; `nodes`, `edges`,
//! `node` and `pageInfo` of a connection are counted with it. What lies below is multiplied.

use std::{collections::HashMap, time::Duration};

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType,
        Selection, SelectionSet,
    },
};

use super::failure::Failure;
use crate::error::Code;

/// Deepest nesting of fields.
pub(super) const DEPTH: usize = 15;
/// The same when nothing but the schema is asked for.
pub(super) const INTROSPECTION_DEPTH: usize = 20;
/// Deepest nesting of selection sets, counting fragments.
pub(super) const RECURSION: usize = 32;
/// Objects with a valid token.
pub(super) const OBJECTS: u64 = 5_000;
/// Objects without one.
pub(super) const ANONYMOUS_OBJECTS: u64 = 1_000;
/// Aliases in a document.
pub(super) const ALIASES: usize = 30;
/// Fields at the root.
pub(super) const ROOT_FIELDS: usize = 10;
/// Directives in a document.
pub(super) const DIRECTIVES: usize = 8;
/// Variables of an operation.
pub(super) const VARIABLES: usize = 50;
/// Selections after every fragment has been spread out.
pub(super) const SELECTIONS: u64 = 4_000;
/// Lists of the schema (fields of types of fields …) inside one another, and in all: they grow like powers.
pub(super) const SCHEMA_LISTS: usize = 2;
const SCHEMA_LISTS_IN_ALL: u64 = 12;
/// A page is never longer; a larger `first` is refused by the field itself, with a better message.
const PAGE: u64 = 100;

/// What the edge needs to know about an operation that is within the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) kind: OperationType,
    /// Its name, for the log; the grammar allows nothing but letters, digits and underscores.
    pub(super) name: Option<Name>,
    /// The longest wait that a root field asks for by `waitMs`.
    pub(super) wait: Duration,
}

/// Figures of a selection set with its fragments spread out.
#[derive(Clone, Copy, Default)]
struct Figures {
    /// Fields at this level, and how many of them ask about the schema.
    own: usize,
    own_schema: usize,
    /// Nesting of fields.
    depth: usize,
    /// Nesting of selection sets below this one.
    nested: usize,
    selections: u64,
    objects: u64,
    lists: usize,
    lists_in_all: u64,
    wait: u64,
}

impl Figures {
    fn add(&mut self, other: Figures) {
        self.own = self.own.saturating_add(other.own);
        self.own_schema = self.own_schema.saturating_add(other.own_schema);
        self.depth = self.depth.max(other.depth);
        self.nested = self.nested.max(other.nested);
        self.selections = self.selections.saturating_add(other.selections);
        self.objects = self.objects.saturating_add(other.objects);
        self.lists = self.lists.max(other.lists);
        self.lists_in_all = self.lists_in_all.saturating_add(other.lists_in_all);
        self.wait = self.wait.max(other.wait);
    }
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// `None` while a fragment is being walked: meeting it again is a cycle.
    fragments: HashMap<&'a Name, Option<Figures>>,
    aliases: usize,
    directives: usize,
}

/// Refuses a document beyond the limits.
pub(super) fn check(
    document: &ExecutableDocument,
    variables: &Variables,
    signed_in: bool,
) -> Result<Operation, Failure> {
    let (name, operation) = match &document.operations {
        DocumentOperations::Single(operation) => (None, operation),
        DocumentOperations::Multiple(operations) => match (operations.iter().next(), operations.len()) {
            (Some((name, operation)), 1) => (Some(name.clone()), operation),
            _ => return Err(Failure::limit(Code::MalformedRequest, 1)),
        },
    };
    let operation = &operation.node;
    if operation.variable_definitions.len() > VARIABLES || variables.len() > VARIABLES {
        return Err(Failure::limit(Code::TooManyVariables, VARIABLES));
    }
    let mut walk = Walk {
        document,
        operation,
        variables,
        fragments: HashMap::new(),
        aliases: 0,
        directives: 0,
    };
    walk.directives(&operation.directives)?;
    for definition in &operation.variable_definitions {
        walk.directives(&definition.node.directives)?;
    }
    let root = walk.set(&operation.selection_set, 0)?;
    // a fragment that nobody spreads is validated all the same
    for name in document.fragments.keys() {
        walk.fragment(name, 0)?;
    }
    if root.own > ROOT_FIELDS {
        return Err(Failure::limit(Code::TooManyFields, ROOT_FIELDS));
    }
    // Its root fields would be streams that know nothing of one another, under one name (GraphQL 5.2.3.1). The library's
    // validation has no such rule.
    if operation.ty == OperationType::Subscription && root.own > 1 {
        return Err(Failure::detail(
            Code::ValidationFailed,
            "A subscription selects exactly one field.",
        ));
    }
    let depth = if root.own == root.own_schema {
        INTROSPECTION_DEPTH
    } else {
        DEPTH
    };
    if root.depth > depth {
        return Err(Failure::limit(Code::QueryTooDeep, depth));
    }
    let most = if signed_in { OBJECTS } else { ANONYMOUS_OBJECTS };
    if root.objects > most {
        return Err(Failure {
            limit: Some(most),
            ..Code::QueryTooComplex.into()
        });
    }
    Ok(Operation {
        kind: operation.ty,
        name,
        wait: Duration::from_millis(root.wait),
    })
}

impl<'a> Walk<'a> {
    /// `level` counts the selection sets around this one.
    fn set(&mut self, set: &'a Positioned<SelectionSet>, level: usize) -> Result<Figures, Failure> {
        if level > RECURSION {
            return Err(Failure::limit(Code::QueryTooDeep, RECURSION));
        }
        let mut sum = Figures::default();
        for selection in &set.node.items {
            self.directives(selection.node.directives())?;
            let figures = match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::FragmentSpread(spread) => {
                    let inner = self.fragment(&spread.node.fragment_name.node, level + 1)?;
                    Figures {
                        nested: inner.nested + 1,
                        selections: inner.selections.saturating_add(1),
                        ..inner
                    }
                }
                Selection::InlineFragment(inline) => {
                    let inner = self.set(&inline.node.selection_set, level + 1)?;
                    Figures {
                        nested: inner.nested + 1,
                        selections: inner.selections.saturating_add(1),
                        ..inner
                    }
                }
            };
            sum.add(figures);
            if sum.selections > SELECTIONS {
                return Err(Failure {
                    limit: Some(SELECTIONS),
                    ..Code::QueryTooComplex.into()
                });
            }
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'a Name, level: usize) -> Result<Figures, Failure> {
        let figures = match self.fragments.get(name) {
            Some(Some(known)) => *known,
            Some(None) => {
                return Err(Failure::detail(
                    Code::ValidationFailed,
                    format!("Fragment \"{name}\" spreads itself."),
                ));
            }
            None => {
                let document = self.document;
                // an unknown name is for the validation to refuse
                let Some((name, fragment)) = document.fragments.get_key_value(name) else {
                    return Ok(Figures::default());
                };
                self.fragments.insert(name, None);
                self.directives(&fragment.node.directives)?;
                let figures = self.set(&fragment.node.selection_set, level)?;
                self.fragments.insert(name, Some(figures));
                figures
            }
        };
        if level + figures.nested > RECURSION {
            return Err(Failure::limit(Code::QueryTooDeep, RECURSION));
        }
        Ok(figures)
    }

    fn field(&mut self, field: &'a Field, level: usize) -> Result<Figures, Failure> {
        if field.alias.is_some() {
            self.aliases += 1;
            if self.aliases > ALIASES {
                return Err(Failure::limit(Code::TooManyAliases, ALIASES));
            }
        }
        let name = field.name.node.as_str();
        if name == "__typename" {
            typename(field)?;
        }
        let is_schema = usize::from(name.starts_with("__"));
        let mut figures = Figures {
            own: 1,
            own_schema: is_schema,
            depth: 1,
            selections: 1,
            ..Figures::default()
        };
        figures.wait = self.number(field, "waitMs").unwrap_or(0);
        if field.selection_set.node.items.is_empty() {
            return Ok(figures);
        }
        let inner = self.set(&field.selection_set, level + 1)?;
        figures.depth += inner.depth;
        figures.nested = inner.nested + 1;
        figures.selections = figures.selections.saturating_add(inner.selections);
        let (times, own) = self.multiplicity(field, name);
        figures.objects = times.saturating_mul(own.saturating_add(inner.objects));
        let is_list = usize::from(matches!(
            name,
            "fields" | "inputFields" | "interfaces" | "possibleTypes"
        ));
        figures.lists = inner.lists + is_list;
        figures.lists_in_all = inner.lists_in_all.saturating_add(is_list as u64);
        if matches!(name, "__schema" | "__type") {
            if figures.lists > SCHEMA_LISTS {
                return Err(Failure::limit(Code::QueryTooDeep, SCHEMA_LISTS));
            }
            if figures.lists_in_all > SCHEMA_LISTS_IN_ALL {
                return Err(Failure {
                    limit: Some(SCHEMA_LISTS_IN_ALL),
                    ..Code::QueryTooComplex.into()
                });
            }
        }
        Ok(figures)
    }

    /// How often what lies below comes, and how many objects each time is itself.
    fn multiplicity(&self, field: &Field, name: &str) -> (u64, u64) {
        let page = self.number(field, "first").max(self.number(field, "last"));
        if let Some(page) = page {
            return (page.clamp(1, PAGE), 1);
        }
        if let Some(Value::List(ids)) = self.argument(field, "ids") {
            return (ids.len().max(1) as u64, 1);
        }
        let is_wrapper =
            field.arguments.is_empty() && matches!(name, "nodes" | "edges" | "node" | "pageInfo");
        (1, u64::from(!is_wrapper))
    }

    /// An argument as a number that is not negative; one that is too large for us counts as the largest.
    fn number(&self, field: &Field, name: &str) -> Option<u64> {
        let Value::Number(number) = self.argument(field, name)? else {
            return None;
        };
        number
            .as_u64()
            .or_else(|| Some(if number.as_f64()? > 0.0 { u64::MAX } else { 0 }))
    }

    /// An argument with its variables put in.
    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let value = field.get_argument(name)?.node.clone();
        value
            .into_const_with(|name| self.variable(&name).cloned().ok_or(()))
            .ok()
    }

    fn variable(&self, name: &Name) -> Option<&Value> {
        self.variables.get(name).or_else(|| {
            let definition = self
                .operation
                .variable_definitions
                .iter()
                .find(|one| one.node.name.node == *name)?;
            Some(&definition.node.default_value.as_ref()?.node)
        })
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) -> Result<(), Failure> {
        self.directives += directives.len();
        if self.directives > DIRECTIVES {
            return Err(Failure::limit(Code::TooManyDirectives, DIRECTIVES));
        }
        Ok(())
    }
}

/// The library's validation passes by this one field.
fn typename(field: &Field) -> Result<(), Failure> {
    let invalid = |wrong: String| Err(Failure::detail(Code::ValidationFailed, wrong));
    if let Some((argument, _)) = field.arguments.first() {
        return invalid(format!(
            "Unknown argument \"{}\" on field \"__typename\"",
            argument.node
        ));
    }
    if !field.selection_set.node.items.is_empty() {
        return invalid("Field \"__typename\" has no subfields".to_owned());
    }
    for directive in &field.directives {
        let name = directive.node.name.node.as_str();
        if !matches!(name, "skip" | "include") {
            return invalid(format!("Unknown directive \"{name}\""));
        }
        if directive.node.get_argument("if").is_none() {
            return invalid(format!("Directive \"{name}\" needs the argument \"if\""));
        }
        let mut arguments = directive.node.arguments.iter();
        if let Some((argument, _)) = arguments.find(|(name, _)| name.node != "if") {
            return invalid(format!(
                "Unknown argument \"{}\" on directive \"{name}\"",
                argument.node
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
