//! JSON that names a member of an object twice. Readers take the last of the two and the first is gone without a word, so
//! whatever somebody wrote must be asked before it is read.

use std::{collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Whether an object in it, however deep, has two members of one name; also where they are spelled with other escapes.
/// What cannot be read at all is not looked at any further.
pub(crate) fn names_twice(json: &[u8]) -> bool {
    let mut found = false;
    // The reader itself goes no deeper than 128. That it stops with an error tells nothing more.
    let _ = Look(&mut found).deserialize(&mut serde_json::Deserializer::from_slice(json));
    found
}

struct Look<'a>(&'a mut bool);

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Look(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name) {
                *self.0 = true;
                return Err(A::Error::custom("a member is named twice"));
            }
            members.next_value_seed(Look(&mut *self.0))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::names_twice;

    #[test]
    fn a_name_that_stands_twice_in_one_object_is_found_wherever_it_is() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{},[{"b":{"a":null,"c":"x","a":true}}]]"#,
            r#"{"patch":{"x":1},"id":"1","patch":{}}"#,
        ] {
            assert!(names_twice(json.as_bytes()), "{json}");
        }
        let deep = format!("{}{}", r#"{"a":"#.repeat(200_000), "}".repeat(200_000));
        for json in [
            r#"{"a":{"a":[{"a":1},{"a":-1.5e3}]},"b":"\"a\":1,\"a\":2"}"#,
            r#"["a","a",1,1,null]"#,
            "7",
            "",
            "{",
            deep.as_str(),
        ] {
            assert!(!names_twice(json.as_bytes()), "{}", &json[..json.len().min(80)]);
        }
    }
}
