//! Scalars: moments at +07:00, legal dates, and JSON whose bytes are passed through.

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    error::{Code, Lang},
    store::writing::{parse_date, parse_time},
};

/// The member of an error that holds what could not be read, by which the edge finds its field. Never sent.
pub(crate) const MISREAD: &str = "misread";

/// What is no date at all, a number say, is told like a date that there is not.
fn read<T: InputType, R>(value: Value, parse: impl Fn(&str) -> Option<R>) -> Result<R, InputValueError<T>> {
    let text = match &value {
        Value::String(text) => text.as_str(),
        _ => "",
    };
    parse(text).ok_or_else(|| {
        InputValueError::custom(Code::InvalidDate.message(Lang::Vi))
            .with_extension("code", Code::InvalidDate.name())
            .with_extension(MISREAD, value)
    })
}

/// A moment in RFC 3339; given at +07:00 with microseconds, taken with any offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub DateTime<Utc>);

/// A moment in RFC 3339; given at +07:00 with microseconds, taken with any offset, between the years 1990 and 2099.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://scalars.graphql.org/andimarek/date-time"
)]
impl ScalarType for Time {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(read(value, parse_time)?))
    }

    fn to_value(&self) -> Value {
        Value::String(crate::clock::wire(self.0))
    }
}

/// A legal date, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(pub NaiveDate);

/// A legal date, `YYYY-MM-DD`, between the years 1945 and 2099.
#[Scalar(name = "Date")]
impl ScalarType for Day {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(read(value, parse_date)?))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// Any JSON value. What comes out of the database travels as bytes: our response writer writes a
/// [`Value::Binary`] as it is, and no JSON input can produce one.
#[derive(Clone, Debug)]
pub struct Json(pub Value);

impl Json {
    /// JSON text, passed through.
    pub fn raw(text: String) -> Self {
        Self(Value::Binary(Bytes::from(text.into_bytes())))
    }
}

/// Any JSON value.
#[Scalar(name = "JSON")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value))
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}
