//! Every limit: one document at it, one just over it.

use async_graphql::parser::parse_query;

use super::*;
use crate::edge::scan::scan;

fn outcome(query: &str, variables: &str, signed_in: bool) -> Result<Operation, Failure> {
    scan(query)?;
    let document = parse_query(query).expect(query);
    let variables: Variables = serde_json::from_str(variables).expect("variables");
    check(&document, &variables, signed_in)
}

fn of(query: &str) -> Result<(), (Code, Option<u64>)> {
    outcome(query, "{}", true)
        .map(drop)
        .map_err(|failure| (failure.code, failure.limit))
}

/// `a{a{…{b}}}` with so many levels of fields.
fn nested(levels: usize) -> String {
    "a{".repeat(levels - 1) + "b" + &"}".repeat(levels - 1)
}

#[test]
fn fields_nest_15_deep() {
    assert_eq!(of(&format!("{{{}}}", nested(15))), Ok(()));
    assert_eq!(
        of(&format!("{{{}}}", nested(16))),
        Err((Code::QueryTooDeep, Some(15)))
    );
    let through = |n| {
        format!(
            "{{ a {{ ...F }} }} fragment F on T {{ ... on T {{ {} }} }}",
            nested(n)
        )
    };
    assert_eq!(of(&through(14)), Ok(()));
    assert_eq!(of(&through(15)), Err((Code::QueryTooDeep, Some(15))));
}

#[test]
fn introspection_alone_nests_20_deep() {
    let schema = |n: usize| format!("__schema {{ {} }}", nested(n - 1));
    assert_eq!(of(&format!("{{ {} __typename }}", schema(20))), Ok(()));
    assert_eq!(
        of(&format!("{{ {} }}", schema(21))),
        Err((Code::QueryTooDeep, Some(20)))
    );
    assert_eq!(of(&format!("{{ {} a }}", schema(15))), Ok(()));
    assert_eq!(
        of(&format!("{{ {} a }}", schema(16))),
        Err((Code::QueryTooDeep, Some(15)))
    );
}

#[test]
fn selection_sets_recurse_32_deep_through_fragments() {
    let inline = |n: usize| format!("{{ {}a{} }}", "...{".repeat(n), "}".repeat(n));
    assert_eq!(of(&inline(32)), Ok(()));
    assert_eq!(of(&inline(33)), Err((Code::QueryTooDeep, Some(32))));
    let chain = |n: usize| {
        let links: String = (1..n)
            .map(|i| format!("fragment F{i} on T {{ ...F{} }}", i + 1))
            .collect();
        format!("{{ ...F1 }} {links} fragment F{n} on T {{ a }}")
    };
    assert_eq!(of(&chain(32)), Ok(()));
    assert_eq!(of(&chain(33)), Err((Code::QueryTooDeep, Some(32))));
    assert_eq!(of(&chain(200)), Err((Code::QueryTooDeep, Some(32))));
    // a fragment that was walked near the root is not forgotten deeper down
    let deep = format!("{{ ...F1 {}...F1{} }}", "...{".repeat(20), "}".repeat(20));
    let links = chain(20);
    assert_eq!(
        of(&links.replacen("{ ...F1 }", &deep, 1)),
        Err((Code::QueryTooDeep, Some(32)))
    );
}

#[test]
fn fragments_that_spread_themselves_are_refused() {
    for query in [
        "{ ...A } fragment A on T { ...A }",
        "{ ...A } fragment A on T { b { ...B } } fragment B on T { ... { ...A } }",
        "{ a } fragment A on T { ...B } fragment B on T { ...A }",
    ] {
        assert_eq!(of(query), Err((Code::ValidationFailed, None)), "{query}");
    }
    assert_eq!(of("{ ...Unknown }"), Ok(()), "the validation says it better");
}

#[test]
fn fragments_that_double_are_cheap_to_refuse() {
    let doubling = |levels: usize| {
        let steps: String = (0..levels)
            .map(|i| format!("fragment F{i} on T {{ ...F{0} ...F{0} }}", i + 1))
            .collect();
        format!("{{ ...F0 }} {steps} fragment F{levels} on T {{ a }}")
    };
    let begun = std::time::Instant::now();
    for levels in [12, 26, 31] {
        assert_eq!(
            of(&doubling(levels)),
            Err((Code::QueryTooComplex, Some(SELECTIONS))),
            "{levels}"
        );
    }
    let fields = |n: usize| {
        format!(
            "{{ {} }} fragment F on T {{ {} }}",
            "...F ".repeat(n),
            "a ".repeat(99)
        )
    };
    assert_eq!(
        outcome(
            &fields(40)
                .replace("{ ...F", "{ x { ...F")
                .replacen(" } fr", " } } fr", 1),
            "{}",
            true
        )
        .map(drop)
        .map_err(|failure| failure.limit),
        Err(Some(SELECTIONS))
    );
    assert!(begun.elapsed().as_secs() < 2);
}

#[test]
fn cost_counts_objects() {
    let cost = |query: &str, variables: &str, signed_in| {
        outcome(query, variables, signed_in)
            .map(drop)
            .map_err(|failure| (failure.code, failure.limit))
    };
    let over = |most| Err((Code::QueryTooComplex, Some(most)));
    let two = |inner| {
        format!("{{ p(first: 100) {{ nodes {{ id h(last: {inner}) {{ edges {{ node {{ id }} }} }} }} }} }}")
    };
    assert_eq!(cost(&two(9), "{}", false), Ok(()));
    assert_eq!(cost(&two(10), "{}", false), over(1_000));
    assert_eq!(cost(&two(49), "{}", true), Ok(()));
    assert_eq!(cost(&two(50), "{}", true), over(5_000));
    let bound = "query($n: Int!, $m: Int = 10) { p(first: $n) { nodes { h(first: $m) { nodes { id } } } } }";
    assert_eq!(cost(bound, r#"{"n":90,"m":10}"#, false), Ok(()));
    assert_eq!(cost(bound, r#"{"n":91,"m":10}"#, false), over(1_000));
    assert_eq!(cost(bound, r#"{"n":91}"#, false), over(1_000));
    assert_eq!(cost(bound, r#"{"n":90}"#, false), Ok(()));
    // through a fragment, counted as often as it is spread
    let twice = |n| {
        format!(
            "{{ a: p(first: 100) {{ ...F }} b: p(first: 100) {{ ...F }} }} fragment F on C {{ nodes {{ h(first: {n}) {{ nodes {{ id }} }} }} }}"
        )
    };
    assert_eq!(cost(&twice(4), "{}", false), Ok(()));
    assert_eq!(cost(&twice(5), "{}", false), over(1_000));
}

#[test]
fn a_page_of_100_with_all_its_scalars_passes_for_everybody() {
    let scalars: String = (0..40).map(|i| format!("field{i} ")).collect();
    let query = format!(
        "{{ petitions(first: 100) {{ totalCount pageInfo {{ hasNextPage endCursor }} edges {{ cursor node {{ {scalars} unit {{ name parent {{ name }} }} }} }} }} }}"
    );
    assert!(outcome(&query, "{}", false).is_ok());
    // a page that is too long is for the field to refuse, with a better message
    assert!(outcome("{ petitions(first: 1000000) { nodes { id } } }", "{}", false).is_ok());
    assert!(outcome("{ petitions(first: -1) { nodes { id } } }", "{}", false).is_ok());
}

#[test]
fn lists_of_ids_count_as_many_as_they_name() {
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id a { id } } }";
    let ids = |n: usize| format!(r#"{{"ids":[{}]}}"#, vec!["1"; n].join(","));
    assert!(outcome(query, &ids(500), false).is_ok());
    assert!(outcome(query, &ids(501), false).is_err());
}

#[test]
fn thirty_aliases_pass() {
    let aliases = |n: usize| {
        let fields: String = (0..n).map(|i| format!("x{i}: b ")).collect();
        format!("{{ a {{ ...F }} }} fragment F on T {{ {fields} }}")
    };
    assert_eq!(of(&aliases(30)), Ok(()));
    assert_eq!(of(&aliases(31)), Err((Code::TooManyAliases, Some(30))));
}

#[test]
fn ten_root_fields_pass_counted_through_fragments() {
    let fields = |n: usize| {
        let own: String = (0..n - 6).map(|i| format!("f{i} ")).collect();
        format!("{{ {own} ...F ... on Q {{ ...F }} }} fragment F on Q {{ a b c }}")
    };
    assert_eq!(of(&fields(10)), Ok(()));
    assert_eq!(of(&fields(11)), Err((Code::TooManyFields, Some(10))));
    let aliases = |n: usize| {
        format!(
            "{{ {} }}",
            (0..n).map(|i| format!("x{i}: __typename ")).collect::<String>()
        )
    };
    assert_eq!(of(&aliases(10)), Ok(()));
    assert_eq!(of(&aliases(11)), Err((Code::TooManyFields, Some(10))));
}

#[test]
fn eight_directives_pass_wherever_they_stand() {
    let on_one = |n: usize| format!("{{ a {} }}", "@include(if: true) ".repeat(n));
    assert_eq!(of(&on_one(8)), Ok(()));
    assert_eq!(of(&on_one(9)), Err((Code::TooManyDirectives, Some(8))));
    let spread = |n: usize| {
        let fields: String = (0..n - 5).map(|_| "a @skip(if: $s) ").collect();
        format!(
            "query($s: Boolean! @d) @d {{ a {{ {fields} ...F @d ... @d {{ b }} }} }} fragment F on T @d {{ c }}"
        )
    };
    assert_eq!(of(&spread(8)), Ok(()));
    assert_eq!(of(&spread(9)), Err((Code::TooManyDirectives, Some(8))));
}

#[test]
fn a_subscription_selects_one_field() {
    assert_eq!(of("subscription { a { b c } }"), Ok(()));
    assert_eq!(of("subscription { ...F } fragment F on S { a { b } }"), Ok(()));
    for query in [
        "subscription { a { b } c { d } }",
        "subscription { a { b } ... { c } }",
        "subscription { ...F } fragment F on S { a c }",
        "subscription { x: a y: a }",
    ] {
        assert_eq!(of(query), Err((Code::ValidationFailed, None)), "{query}");
    }
}

#[test]
fn what_the_validation_passes_by_is_looked_at() {
    assert_eq!(
        of("query($s: Boolean!) { __typename @skip(if: $s) a { __typename @include(if: true) } }"),
        Ok(())
    );
    for query in [
        "{ __typename @unknown }",
        "{ __typename @skip }",
        "{ a { __typename @include(when: true) } }",
        "{ __typename @skip(if: false, when: true) }",
        "{ __typename(x: 1) }",
        "{ a { b: __typename(x: $nowhere) } }",
        "{ ...F } fragment F on T { __typename(x: 1) }",
        "{ __typename { a } }",
    ] {
        assert_eq!(of(query), Err((Code::ValidationFailed, None)), "{query}");
    }
}

#[test]
fn fifty_variables_pass() {
    let declared = |n: usize| {
        format!(
            "query({}) {{ a }}",
            (0..n).map(|i| format!("$v{i}: Int ")).collect::<String>()
        )
    };
    assert_eq!(of(&declared(50)), Ok(()));
    assert_eq!(of(&declared(51)), Err((Code::TooManyVariables, Some(50))));
    let sent = |n: usize| {
        format!(
            "{{{}}}",
            (0..n)
                .map(|i| format!("\"v{i}\":1"))
                .collect::<Vec<_>>()
                .join(",")
        )
    };
    assert!(outcome("{ a }", &sent(50), true).is_ok());
    assert_eq!(
        outcome("{ a }", &sent(51), true).map_err(|failure| failure.code),
        Err(Code::TooManyVariables)
    );
}

#[test]
fn one_operation_passes() {
    let one = outcome(
        "query Danh_sách_1 { a }".replace("Danh_sách_1", "Ds1").as_str(),
        "{}",
        true,
    )
    .expect("one");
    assert_eq!(
        (one.kind, one.name),
        (OperationType::Query, Some(Name::new("Ds1")))
    );
    assert_eq!(
        of("query A { a } mutation B { b }"),
        Err((Code::MalformedRequest, Some(1)))
    );
}

#[test]
fn a_wait_is_found_wherever_it_is_written() {
    let wait = |query: &str, variables: &str| outcome(query, variables, true).expect(query).wait.as_millis();
    assert_eq!(wait("{ syncPull(waitMs: 2500) { more } }", "{}"), 2_500);
    assert_eq!(
        wait(
            "query($w: Int) { ...F } fragment F on Q { syncPull(waitMs: $w) { more } }",
            r#"{"w":40}"#
        ),
        40
    );
    assert_eq!(wait("{ syncPull { more } }", "{}"), 0);
}

/// What graphql-js, Apollo's and Relay's tools send to learn a schema.
fn introspection(levels: usize) -> String {
    let types = "ofType { kind name ".repeat(levels) + &"}".repeat(levels);
    format!(
        "query IntrospectionQuery {{
          __schema {{
            description
            queryType {{ name kind }} mutationType {{ name kind }} subscriptionType {{ name kind }}
            types {{ ...FullType }}
            directives {{ name description isRepeatable locations args(includeDeprecated: true) {{ ...InputValue }} }}
          }}
        }}
        fragment FullType on __Type {{
          kind name description specifiedByURL isOneOf
          fields(includeDeprecated: true) {{
            name description args(includeDeprecated: true) {{ ...InputValue }} type {{ ...TypeRef }}
            isDeprecated deprecationReason
          }}
          inputFields(includeDeprecated: true) {{ ...InputValue }}
          interfaces {{ ...TypeRef }}
          enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
          possibleTypes {{ ...TypeRef }}
        }}
        fragment InputValue on __InputValue {{
          name description type {{ ...TypeRef }} defaultValue isDeprecated deprecationReason
        }}
        fragment TypeRef on __Type {{ kind name {types} }}"
    )
}

#[test]
fn the_introspection_of_common_tools_passes_for_everybody() {
    for levels in [7, 9] {
        assert_eq!(
            outcome(&introspection(levels), "{}", false).map(drop),
            Ok(()),
            "{levels}"
        );
    }
}

#[test]
fn schemas_cannot_be_walked_in_circles() {
    let circle = |n: usize| {
        format!(
            "{{ __schema {{ types {{ {}name{} }} }} }}",
            "fields { type { ".repeat(n),
            "} }".repeat(n)
        )
    };
    assert_eq!(of(&circle(2)), Ok(()));
    assert_eq!(of(&circle(3)), Err((Code::QueryTooDeep, Some(2))));
    let wide = |n: usize| {
        let fields: String = (0..n).map(|i| format!("f{i}: fields {{ name }} ")).collect();
        format!("{{ __type(name: \"Q\") {{ {fields} }} }}")
    };
    assert_eq!(of(&wide(12)), Ok(()));
    assert_eq!(of(&wide(13)), Err((Code::QueryTooComplex, Some(12))));
}
