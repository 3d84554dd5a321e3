//! Feedback in GraphQL.
