//! Names the field of a value that could not be read. The library tells only which argument it stood in, so what was
//! asked is kept beside the execution and looked through when there was such an error.

use std::sync::Arc;

use async_graphql::{
    Name, Pos, Request, Response, ServerError, Value, Variables,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

use super::response::extension;
use crate::{error::Code, graphql::scalar::MISREAD};

/// What was asked: the document, and the variables that are no lists. Those are uploads; each of their rows is answered
/// on its own.
pub(super) struct Question {
    document: Arc<ExecutableDocument>,
    variables: Variables,
}

impl Question {
    pub(super) fn of(document: &Arc<ExecutableDocument>, request: &Request) -> Self {
        let mut variables = Variables::default();
        for (name, value) in request.variables.iter() {
            if !matches!(value, Value::List(_)) {
                variables.insert(name.clone(), value.clone());
            }
        }
        Self {
            document: Arc::clone(document),
            variables,
        }
    }

    /// Gives the errors about values their field.
    pub(super) fn name_fields(&self, response: &mut Response) {
        for error in &mut response.errors {
            let is_told = extension(error, "field").is_some();
            if is_told || error.path.is_empty() {
                continue;
            }
            let wrong = match (extension(error, "code"), extension(error, MISREAD)) {
                (None, None) => Wrong::Number,
                (_, Some(Value::String(text))) => Wrong::Text(text.clone()),
                _ => continue,
            };
            if let Some(field) = self.field(error, &wrong) {
                let extensions = error.extensions.get_or_insert_default();
                extensions.set("field", field);
                if matches!(wrong, Wrong::Number) {
                    extensions.set("code", Code::OutOfRange.name());
                }
            }
        }
    }

    fn field(&self, error: &ServerError, wrong: &Wrong) -> Option<String> {
        let at = *error.locations.first()?;
        let operations = self.document.operations.iter();
        let sets = operations.map(|(_, operation)| &operation.node.selection_set.node);
        let fragments = self.document.fragments.values();
        let mut sets = sets.chain(fragments.map(|fragment| &fragment.node.selection_set.node));
        let (name, value) = sets.find_map(|set| self.argument(set, at))?;
        let mut path = Vec::new();
        wrong.find(&value, &mut path).then(|| match path.is_empty() {
            true => name.to_string(),
            false => path.join("."),
        })
    }

    /// The argument whose value stands here.
    fn argument(&self, set: &SelectionSet, at: Pos) -> Option<(Name, Value)> {
        set.items.iter().find_map(|item| match &item.node {
            Selection::Field(field) => {
                let field = &field.node;
                let argument = field.arguments.iter().find(|(_, value)| value.pos == at);
                match argument {
                    Some((name, value)) => {
                        let value = value.node.clone();
                        let read = value.into_const_with(|name| {
                            Ok::<_, ()>(self.variables.get(&name).cloned().unwrap_or_default())
                        });
                        Some((name.node.clone(), read.ok()?))
                    }
                    None => self.argument(&field.selection_set.node, at),
                }
            }
            Selection::InlineFragment(fragment) => self.argument(&fragment.node.selection_set.node, at),
            Selection::FragmentSpread(_) => None,
        })
    }
}

/// What could not be read.
enum Wrong {
    /// A text that is no date or time.
    Text(String),
    /// A number that is no `Int`.
    Number,
}

impl Wrong {
    /// Whether it is in this value; `path` is then where.
    fn find(&self, value: &Value, path: &mut Vec<String>) -> bool {
        match value {
            Value::String(text) => matches!(self, Self::Text(wrong) if wrong == text),
            Value::Number(number) => {
                let is_int = number
                    .as_i64()
                    .is_some_and(|number| i32::try_from(number).is_ok());
                matches!(self, Self::Number) && !is_int
            }
            Value::Object(fields) => fields
                .iter()
                .any(|(name, value)| self.is_below(name.as_str(), value, path)),
            Value::List(items) => items
                .iter()
                .enumerate()
                .any(|(index, value)| self.is_below(&index.to_string(), value, path)),
            _ => false,
        }
    }

    fn is_below(&self, step: &str, value: &Value, path: &mut Vec<String>) -> bool {
        path.push(step.to_owned());
        let found = self.find(value, path);
        if !found {
            path.pop();
        }
        found
    }
}
