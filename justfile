# Short names for what one does every day; each is one cargo command.
default:
    @just --list

# Start the gateway on SQLite with the built-in provider.
run *ARGS:
    cargo run --release -- {{ARGS}}

# Everything: checks, both stores, real clients.
test *ARGS:
    cargo xtask test {{ARGS}}

# Tests of one crate.
t CRATE *ARGS:
    cargo nextest run -p {{CRATE}} {{ARGS}}

# What a reviewer would say first.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo xtask tidy

fmt:
    cargo fmt --all

# The route table.
routes:
    cargo xtask routes

# Generated files: the OpenAPI document and the generated pages of docs/.
generate:
    cargo xtask openapi
    cargo xtask docs

# Full counts; writes docs/proofs.md.
prove:
    cargo xtask prove

# Side by side with a bare proxy; writes docs/performance.md.
bench *ARGS:
    cargo xtask bench {{ARGS}}

# Accept changed snapshots.
review:
    cargo insta review
