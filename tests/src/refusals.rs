//! What a refused mutation says, beside what it should say.

use serde_json::Value;

use crate::app::Person;

/// The first code and field with which a mutation is refused; empty where there is none.
pub async fn refusal(person: &Person, name: &str, input: Value) -> (String, String) {
    let payload = person.mutate(name, input, "").await;
    let text = |field: &str| {
        payload["userErrors"][0][field]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (text("code"), text("field"))
}

/// This code and this field, to be compared with [`refusal`].
pub fn refused(code: &str, field: &str) -> (String, String) {
    (code.to_owned(), field.to_owned())
}
