//! Names the field of a value that could not be read. The library tells only which argument it stood in, so what was
//! asked is kept beside the execution and looked through when there was such an error: for a value of the kind that was
//! misread, since the same words may stand in a text as well.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Name, Pos, Request, Response, ServerError, Value, Variables,
    parser::{
        parse_schema,
        types::{
            BaseType, ExecutableDocument, OperationType, Selection, SelectionSet, Type, TypeKind,
            TypeSystemDefinition,
        },
    },
};

use super::response::extension;
use crate::{error::Code, graphql::scalar::MISREAD};

/// Of which type the arguments of fields and the fields of inputs are: names without lists and exclamation marks.
#[derive(Default)]
pub(super) struct Types {
    /// By type and field: what the field gives.
    outputs: HashMap<(String, String), String>,
    /// By type, field and argument.
    arguments: HashMap<(String, String, String), String>,
    /// By input and field.
    inputs: HashMap<(String, String), String>,
}

impl Types {
    /// Out of the published schema.
    pub(super) fn read(sdl: &str) -> Self {
        let mut types = Self::default();
        let definitions = parse_schema(sdl)
            .map(|schema| schema.definitions)
            .unwrap_or_default();
        for definition in definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let of = definition.node.name.node.to_string();
            let fields = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                TypeKind::InputObject(input) => {
                    for field in input.fields {
                        let key = (of.clone(), field.node.name.node.to_string());
                        types.inputs.insert(key, base(&field.node.ty.node));
                    }
                    continue;
                }
                _ => continue,
            };
            for field in fields {
                let name = field.node.name.node.to_string();
                for argument in field.node.arguments {
                    let key = (of.clone(), name.clone(), argument.node.name.node.to_string());
                    types.arguments.insert(key, base(&argument.node.ty.node));
                }
                types
                    .outputs
                    .insert((of.clone(), name), base(&field.node.ty.node));
            }
        }
        types
    }
}

fn base(of: &Type) -> String {
    match &of.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => base(inner),
    }
}

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
    pub(super) fn name_fields<'a>(&self, types: impl Fn() -> &'a Types, response: &mut Response) {
        for error in &mut response.errors {
            let is_told = extension(error, "field").is_some();
            if is_told || error.path.is_empty() {
                continue;
            }
            let wrong = match (extension(error, "code"), extension(error, MISREAD)) {
                (None, None) => Wrong::Number,
                (_, Some(value)) => Wrong::Date(value.clone()),
                _ => continue,
            };
            if let Some(field) = self.field(types(), error, &wrong) {
                let extensions = error.extensions.get_or_insert_default();
                extensions.set("field", field);
                if matches!(wrong, Wrong::Number) {
                    extensions.set("code", Code::OutOfRange.name());
                }
            }
        }
    }

    fn field(&self, types: &Types, error: &ServerError, wrong: &Wrong) -> Option<String> {
        let at = *error.locations.first()?;
        let operations = self.document.operations.iter().map(|(_, operation)| {
            let root = match operation.node.ty {
                OperationType::Query => "Query",
                OperationType::Mutation => "Mutation",
                OperationType::Subscription => "Subscription",
            };
            (root, &operation.node.selection_set.node)
        });
        let fragments = self.document.fragments.values().map(|fragment| {
            let on = fragment.node.type_condition.node.on.node.as_str();
            (on, &fragment.node.selection_set.node)
        });
        let (name, value, of) = operations
            .chain(fragments)
            .find_map(|(on, set)| self.argument(types, on, set, at))?;
        let mut path = Vec::new();
        wrong
            .find(types, &of, &value, &mut path)
            .then(|| match path.is_empty() {
                true => name.to_string(),
                false => path.join("."),
            })
    }

    /// The argument whose value stands here: its name, its value, its type.
    fn argument(
        &self,
        types: &Types,
        on: &str,
        set: &SelectionSet,
        at: Pos,
    ) -> Option<(Name, Value, String)> {
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
                        let key = (on.to_owned(), field.name.node.to_string(), name.node.to_string());
                        let of = types.arguments.get(&key).cloned().unwrap_or_default();
                        Some((name.node.clone(), read.ok()?, of))
                    }
                    None => {
                        let key = (on.to_owned(), field.name.node.to_string());
                        let output = types.outputs.get(&key)?;
                        self.argument(types, output, &field.selection_set.node, at)
                    }
                }
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref();
                let on = condition.map_or(on, |condition| condition.node.on.node.as_str());
                self.argument(types, on, &fragment.node.selection_set.node, at)
            }
            Selection::FragmentSpread(_) => None,
        })
    }
}

/// What could not be read.
enum Wrong {
    /// What is no date or time.
    Date(Value),
    /// A number that is no `Int`.
    Number,
}

impl Wrong {
    /// Whether it is in this value of this type; `path` is then where.
    fn find(&self, types: &Types, of: &str, value: &Value, path: &mut Vec<String>) -> bool {
        if matches!(of, "Date" | "DateTime") && matches!(self, Self::Date(wrong) if wrong == value) {
            return true;
        }
        match value {
            Value::Number(number) => {
                let is_int = number
                    .as_i64()
                    .is_some_and(|number| i32::try_from(number).is_ok());
                of == "Int" && matches!(self, Self::Number) && !is_int
            }
            Value::Object(fields) => fields.iter().any(|(name, value)| {
                let below = types.inputs.get(&(of.to_owned(), name.to_string()));
                below.is_some_and(|below| self.is_below(types, below, name.as_str(), value, path))
            }),
            Value::List(items) => items
                .iter()
                .enumerate()
                .any(|(index, value)| self.is_below(types, of, &index.to_string(), value, path)),
            _ => false,
        }
    }

    fn is_below(&self, types: &Types, of: &str, step: &str, value: &Value, path: &mut Vec<String>) -> bool {
        path.push(step.to_owned());
        let found = self.find(types, of, value, path);
        if !found {
            path.pop();
        }
        found
    }
}
