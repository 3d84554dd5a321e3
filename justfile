# `just` lists what there is.
_list:
    @just --list --unsorted

# Formatting and lints, in seconds
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# What must hold before a merge, on both databases; `just test full` adds the long runs
test *how:
    tests/run {{how}}

# The demo on 127.0.0.1:8000
run *args="serve --demo":
    cargo run -- {{args}}

# Writes schema.graphql anew; a test fails when it differs from the code
schema:
    cargo run --quiet -- schema > schema.graphql.new
    mv schema.graphql.new schema.graphql

# Writes all files anew that say what the code says: schema.graphql, docs/errors.md
written:
    UPDATE=1 cargo test --package cutri-tests --test it guards

# The one file that is handed to a commune: target/dist/cutri
dist:
    cargo build --profile dist --package cutri

# A new migration file: just migration add_petition_note
migration name:
    #!/usr/bin/env bash
    set -euo pipefail
    [[ "{{name}}" =~ ^[a-z][a-z0-9_]*$ ]] || { echo "a name of a-z, 0-9 and _" >&2; exit 1; }
    last=$(ls migration/src | sed -n 's/^m[0-9]*_\([0-9]*\)_.*/\1/p' | sort | tail -n 1)
    module="m$(date +%Y%m%d)_$(printf %06d $((10#${last:-0} + 1)))_{{name}}"
    cat > "migration/src/$module.rs" <<'RUST'
    //! What changes, and how existing rows get through it.

    use sea_orm_migration::prelude::*;

    #[derive(DeriveMigrationName)]
    pub struct Migration;

    #[async_trait::async_trait]
    impl MigrationTrait for Migration {
        async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            Ok(())
        }
    }
    RUST
    echo "migration/src/$module.rs: write it, then add it to the list in migration/src/lib.rs"
