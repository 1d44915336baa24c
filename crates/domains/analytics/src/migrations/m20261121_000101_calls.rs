//! `calls`, `usage_rollups` and `usage_tag_rollups`.

use sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000101_calls"
    }
}

const TABLES: &str = "
    CREATE TABLE calls (
        id {id} NOT NULL PRIMARY KEY,
        org {id} NOT NULL,
        started_at {int} NOT NULL,
        project {id} NOT NULL,
        key_id {id} NOT NULL,
        surface {id} NOT NULL,
        model {id} NOT NULL,
        requested_model {id},
        provider {id} NOT NULL,
        status {id} NOT NULL,
        http_status {int} NOT NULL,
        duration_us {int} NOT NULL,
        cost_nano {int} NOT NULL,
        session {id},
        end_user {id},
        client {id},
        tags {id},
        error {id},
        record {text} NOT NULL
    );
    CREATE INDEX calls_by_time ON calls (org, started_at);
    CREATE INDEX calls_by_session ON calls (session, started_at) WHERE session IS NOT NULL;
    CREATE INDEX calls_failed ON calls (org, started_at) WHERE status <> 'ok';
    CREATE TABLE usage_rollups (
        org {id} NOT NULL,
        bucket {int} NOT NULL,
        project {id} NOT NULL,
        key_id {id} NOT NULL,
        requested_model {id} NOT NULL,
        model {id} NOT NULL,
        provider {id} NOT NULL,
        surface {id} NOT NULL,
        {sums},
        PRIMARY KEY (org, bucket, project, key_id, requested_model, model, provider, surface)
    ){clustered};
    CREATE INDEX usage_rollups_by_key ON usage_rollups (key_id, bucket);
    CREATE TABLE usage_tag_rollups (
        org {id} NOT NULL,
        tag {id} NOT NULL,
        bucket {int} NOT NULL,
        value {id} NOT NULL,
        project {id} NOT NULL,
        model {id} NOT NULL,
        provider {id} NOT NULL,
        {sums},
        PRIMARY KEY (org, tag, bucket, value, project, model, provider)
    ){clustered};";

const SUMS: &str = "
        calls {int} NOT NULL,
        errors {int} NOT NULL,
        input_tokens {int} NOT NULL,
        output_tokens {int} NOT NULL,
        reasoning_tokens {int} NOT NULL,
        cache_read_tokens {int} NOT NULL,
        cache_write_tokens {int} NOT NULL,
        estimated_calls {int} NOT NULL,
        unpriced_calls {int} NOT NULL,
        cost_nano {int} NOT NULL,
        client_cost_nano {int} NOT NULL,
        duration_us {int} NOT NULL,
        first_byte_us {int} NOT NULL,
        first_byte_calls {int} NOT NULL,
        max_duration_us {int} NOT NULL";

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature leaves it out"
)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite keeps a rollup inside its key's tree; PostgreSQL has no such thing.
        let clustered = match manager.get_database_backend() {
            DbBackend::Postgres => "",
            _ => " WITHOUT ROWID",
        };
        let tables = TABLES
            .replace("{sums}", SUMS)
            .replace("{clustered}", clustered);
        ::store::schema::execute(manager, &tables).await
    }
}
