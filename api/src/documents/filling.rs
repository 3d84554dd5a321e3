//! What stands for the placeholders of one document.

use std::collections::BTreeMap;

/// Values by name: of a document, or of one entry of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Row(BTreeMap<&'static str, String>);

impl Row {
    /// The entry of a list with its number, from 1.
    pub(super) fn numbered(number: usize) -> Self {
        Self::default().with("stt", number.to_string())
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.insert(name, value.into());
        self
    }

    /// The value, or nothing.
    pub(super) fn value(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// Everything that is told in one document.
#[derive(Clone, Debug, Default)]
pub(super) struct Filling {
    values: Row,
    lists: BTreeMap<&'static str, Vec<Row>>,
}

impl Filling {
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.values.0.insert(name, value.into());
    }

    /// A figure, or that nobody knows it.
    pub(super) fn figure(&mut self, name: &'static str, figure: Option<impl ToString>) {
        let told = figure.map_or_else(|| "chưa có số liệu".to_owned(), |figure| figure.to_string());
        self.set(name, told);
    }

    pub(super) fn list_of(&mut self, name: &'static str, rows: Vec<Row>) {
        self.lists.insert(name, rows);
    }

    /// The paragraphs of a long text, as a list with the one name `doan`.
    pub(super) fn paragraphs(&mut self, name: &'static str, text: &str) {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let rows = lines.map(|line| Row::default().with("doan", line));
        self.list_of(name, rows.collect());
    }

    pub(super) fn value(&self, name: &str) -> &str {
        self.values.value(name)
    }

    pub(super) fn list(&self, name: &str) -> Option<(&'static str, &[Row])> {
        let (name, rows) = self.lists.get_key_value(name)?;
        Some((*name, rows))
    }

    /// The names that were told.
    pub(super) fn names(&self) -> Vec<(Option<&'static str>, &'static str)> {
        let own = self.values.0.keys().map(|name| (None, *name));
        let of_lists = self.lists.iter().flat_map(|(list, rows)| {
            let rows = rows.iter().flat_map(|row| row.0.keys());
            rows.map(|name| (Some(*list), *name))
        });
        own.chain(of_lists).collect()
    }
}
