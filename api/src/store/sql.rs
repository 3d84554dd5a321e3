//! Statements written by hand, for the few that no builder can say: portable text, placeholders of the backend.

use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult, Statement, Value};

use crate::error::Result;

/// A statement in the making.
pub struct Sql {
    backend: DatabaseBackend,
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Begins a statement.
    pub fn new(backend: DatabaseBackend, text: &str) -> Self {
        Self {
            backend,
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds text, which must never come from outside.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a value.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        match self.backend {
            DatabaseBackend::Postgres => self.text.push_str(&format!("${}", self.values.len())),
            _ => self.text.push('?'),
        }
        self
    }

    /// Adds values in brackets, separated by commas; of none, a list in which nothing is.
    pub fn bind_all<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        self.text.push('(');
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.bind(value);
        }
        // `IN ()` is no SQL on PostgreSQL.
        if self.text.ends_with('(') {
            self.text.push_str("NULL");
        }
        self.push(")")
    }

    /// The statement.
    pub fn statement(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.text, self.values)
    }

    /// Runs it and returns all rows.
    pub async fn all<C: ConnectionTrait>(self, conn: &C) -> Result<Vec<QueryResult>> {
        Ok(conn.query_all_raw(self.statement()).await?)
    }

    /// Runs it for what it does.
    pub async fn run<C: ConnectionTrait>(self, conn: &C) -> Result<()> {
        conn.execute_raw(self.statement()).await?;
        Ok(())
    }

    /// Runs it and returns the first row.
    pub async fn one<C: ConnectionTrait>(self, conn: &C) -> Result<Option<QueryResult>> {
        Ok(conn.query_one_raw(self.statement()).await?)
    }
}
