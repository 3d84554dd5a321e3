//! Reads the published schema: which root fields there are, how they are called, and everything that they can show.

use std::collections::BTreeMap;

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
};

/// An object, or several, beside a row, as it can be asked for with nothing but `first`.
pub struct Beside {
    /// The field.
    pub name: String,
    /// What is shown; of a connection what it lists.
    pub of: String,
    /// The field with its argument, and what encloses the members.
    around: [String; 2],
}

impl Beside {
    /// The field, showing these members.
    pub fn showing(&self, members: &str) -> String {
        let [before, after] = &self.around;
        format!("{before}{members}{after}")
    }
}

/// The types of the schema by name.
pub struct Sdl {
    types: BTreeMap<String, TypeKind>,
}

impl Sdl {
    pub fn read() -> Self {
        let document = parse_schema(cutri::schema::sdl(&cutri::schema::build())).unwrap();
        let types = document
            .definitions
            .into_iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(definition) => {
                    Some((definition.node.name.node.to_string(), definition.node.kind))
                }
                _ => None,
            })
            .collect();
        Self { types }
    }

    /// The fields of an object or interface.
    pub fn fields(&self, name: &str) -> Vec<&FieldDefinition> {
        match self.types.get(name) {
            Some(TypeKind::Object(object)) => object.fields.iter().map(|field| &field.node).collect(),
            Some(TypeKind::Interface(interface)) => {
                interface.fields.iter().map(|field| &field.node).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The names of all fields that can be read, with their types: `Petition.title`.
    pub fn shown(&self) -> Vec<String> {
        let names = self.types.keys();
        names
            .flat_map(|of| {
                self.fields(of)
                    .into_iter()
                    .map(move |field| format!("{of}.{}", field.name.node))
            })
            .collect()
    }

    /// The texts that objects show: type, field, and what is said of it.
    pub fn texts(&self) -> Vec<(String, String, String)> {
        let fields = self.types.keys().flat_map(|of| {
            let fields = self.fields(of).into_iter();
            fields.map(move |field| (of, field))
        });
        fields
            .filter(|(_, field)| base(&field.ty.node) == "String")
            .map(|(of, field)| {
                let said = field.description.as_ref().map(|said| said.node.clone());
                (of.clone(), field.name.node.to_string(), said.unwrap_or_default())
            })
            .collect()
    }

    /// The members of a type that are neither objects nor need an argument.
    pub fn scalars(&self, name: &str) -> Vec<String> {
        let is_object = |field: &FieldDefinition| {
            matches!(
                self.types.get(base(&field.ty.node)),
                Some(TypeKind::Object(_) | TypeKind::Interface(_))
            )
        };
        let fields = self.fields(name).into_iter();
        fields
            .filter(|field| !is_object(field) && field.arguments.is_empty())
            .map(|field| field.name.node.to_string())
            .collect()
    }

    /// The objects beside a row of a type that can be asked for with nothing but `first`.
    pub fn beside(&self, name: &str) -> Vec<Beside> {
        let mut beside = Vec::new();
        for field in self.fields(name) {
            let (called, of) = (field.name.node.to_string(), base(&field.ty.node));
            let arguments = field.arguments.iter().map(|one| &one.node);
            let pages = arguments.clone().any(|one| one.name.node.as_str() == "first");
            let needs = |one: &InputValueDefinition| {
                let is_given = one.name.node.as_str() == "first" || one.default_value.is_some();
                !one.ty.node.nullable && !is_given
            };
            if !matches!(self.types.get(of), Some(TypeKind::Object(_))) || arguments.clone().any(needs) {
                continue;
            }
            let call = if pages {
                format!("{called}(first: 1)")
            } else {
                called.clone()
            };
            let (of, around) = match of.strip_suffix("Connection") {
                Some(node) => (
                    node,
                    [format!("{call} {{ totalCount nodes {{ "), " } }".to_owned()],
                ),
                None => (of, [format!("{call} {{ "), " }".to_owned()]),
            };
            beside.push(Beside {
                name: called,
                of: of.to_owned(),
                around,
            });
        }
        beside
    }

    /// The type of what a connection of the root lists.
    pub fn node_of(&self, root: &str, field: &str) -> String {
        let fields = self.fields(root).into_iter();
        let connection = fields
            .filter(|one| one.name.node.as_str() == field)
            .map(|one| base(&one.ty.node));
        connection
            .map(|name| name.trim_end_matches("Connection").to_owned())
            .collect()
    }

    /// The members of a mutation's input that are ids, by their paths: `accountId`, `edges.toId`.
    pub fn ids(&self, mutation: &str) -> Vec<String> {
        let fields = self.fields("Mutation").into_iter();
        let arguments = fields
            .filter(|one| one.name.node.as_str() == mutation)
            .flat_map(|one| &one.arguments);
        arguments
            .flat_map(|argument| self.ids_in(base(&argument.node.ty.node)))
            .collect()
    }

    fn ids_in(&self, input: &str) -> Vec<String> {
        let Some(TypeKind::InputObject(input)) = self.types.get(input) else {
            return Vec::new();
        };
        let mut ids = Vec::new();
        for member in &input.fields {
            let (name, of) = (member.node.name.node.as_str(), base(&member.node.ty.node));
            if of == "ID" {
                ids.push(name.to_owned());
            }
            ids.extend(self.ids_in(of).into_iter().map(|inner| format!("{name}.{inner}")));
        }
        ids
    }

    pub fn root_fields(&self, root: &str) -> Vec<String> {
        let fields = self.fields(root).into_iter();
        fields.map(|field| field.name.node.to_string()).collect()
    }

    /// The document that calls a root field with these arguments as variables and shows all it can.
    pub fn call(&self, root: &str, field: &str, arguments: &[&str]) -> String {
        self.document(root, field, arguments, &[2, 1])
    }

    /// The same for what is refused, or nearly always: it shows the codes and, of what comes all the same, its own
    /// members. To read, check and plan everything that could be shown takes the server five times as long as the refusal.
    pub fn call_briefly(&self, root: &str, field: &str, arguments: &[&str]) -> String {
        let depths: &[usize] = match (root, field) {
            ("Query", _) => &[0],
            // The codes of a row stand a level deeper.
            (_, "syncPush") => &[2, 1],
            _ => &[1],
        };
        self.document(root, field, arguments, depths)
    }

    /// The document that shows what fits, to the first of these depths, or else to the last.
    fn document(&self, root: &str, field: &str, arguments: &[&str], depths: &[usize]) -> String {
        let definition = self
            .fields(root)
            .into_iter()
            .find(|one| one.name.node.as_str() == field)
            .unwrap();
        let given = definition.arguments.iter().filter(|one| {
            let name = one.node.name.node.as_str();
            arguments.contains(&name)
        });
        let (mut variables, mut passed) = (Vec::new(), Vec::new());
        for argument in given {
            let (name, of) = (&argument.node.name.node, &argument.node.ty.node);
            variables.push(format!("${name}: {of}"));
            passed.push(format!("{name}: ${name}"));
        }
        let bracket = |list: Vec<String>| match list.is_empty() {
            true => String::new(),
            false => format!("({})", list.join(", ")),
        };
        let operation = root.to_lowercase();
        // As deep as the limits let a stranger ask.
        let objects = |shown: &str| shown.matches('{').count() + 9 * shown.matches("history").count();
        let fits = |shown: &str| shown.len() < 14_000 && objects(shown) < 190;
        let mut shown = String::new();
        for depth in depths {
            shown = self.selection(base(&definition.ty.node), *depth);
            if fits(&shown) {
                break;
            }
        }
        format!(
            "{operation}{} {{ {field}{}{shown} }}",
            bracket(variables),
            bracket(passed)
        )
    }

    /// Whether a root field answers with a connection.
    pub fn is_connection(&self, root: &str, field: &str) -> bool {
        let fields = self.fields(root);
        let definition = fields
            .into_iter()
            .find(|one| one.name.node.as_str() == field)
            .unwrap();
        base(&definition.ty.node).ends_with("Connection")
    }

    fn selection(&self, name: &str, depth: usize) -> String {
        if name.ends_with("Connection") {
            let node = name.trim_end_matches("Connection");
            return format!(" {{ nodes{} totalCount }}", self.selection(node, depth));
        }
        match self.types.get(name) {
            Some(TypeKind::Object(_)) => format!(" {{ {} }}", self.members(name, depth)),
            Some(TypeKind::Interface(_)) => {
                let parts: Vec<String> = self
                    .implementing(name)
                    .map(|of| format!("... on {of} {{ {} }}", self.members(of, 0)))
                    .collect();
                format!(" {{ __typename {} }}", parts.join(" "))
            }
            _ => String::new(),
        }
    }

    fn implementing(&self, interface: &str) -> impl Iterator<Item = &str> {
        self.types.iter().filter_map(move |(name, kind)| match kind {
            TypeKind::Object(object)
                if object.implements.iter().any(|one| one.node.as_str() == interface) =>
            {
                Some(name.as_str())
            }
            _ => None,
        })
    }

    fn members(&self, name: &str, depth: usize) -> String {
        let mut members = Vec::new();
        for field in self.fields(name) {
            let (called, of) = (field.name.node.as_str(), base(&field.ty.node));
            let is_leaf = !matches!(
                self.types.get(of),
                Some(TypeKind::Object(_) | TypeKind::Interface(_))
            );
            let needs = field.arguments.iter().any(|one| !one.node.ty.node.nullable);
            if called == "history" {
                members.push("history(first: 9) { event at actor basis }".to_owned());
            } else if is_leaf && !needs {
                members.push(called.to_owned());
            } else if depth > 0 && !needs && !of.ends_with("Connection") {
                members.push(format!("{called}{}", self.selection(of, depth - 1)));
            }
        }
        // An object that shows only lists still has to show something.
        members.push("__typename".to_owned());
        members.join(" ")
    }
}

fn base(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => base(inner),
    }
}
