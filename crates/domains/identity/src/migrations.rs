//! The tables of this room: organisations, projects, keys with their secrets' digests, and wrapped keys.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};
use store::schema;

/// The schema changes of this room, oldest first.
#[must_use]
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Tenancy), Box::new(Keys)]
}

struct Tenancy;

impl MigrationName for Tenancy {
    fn name(&self) -> &'static str {
        "m20261121_000201_tenancy"
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature leaves it out"
)]
#[async_trait::async_trait]
impl MigrationTrait for Tenancy {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        schema::execute(
            manager,
            "CREATE TABLE organisations (
                 id {id} PRIMARY KEY,
                 name {id} NOT NULL UNIQUE,
                 created_at {int} NOT NULL
             );
             CREATE TABLE projects (
                 id {id} PRIMARY KEY,
                 org {id} NOT NULL,
                 name {id} NOT NULL,
                 created_at {int} NOT NULL,
                 UNIQUE (org, name)
             );",
        )
        .await
    }
}

struct Keys;

impl MigrationName for Keys {
    fn name(&self) -> &'static str {
        "m20261121_000202_keys"
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature leaves it out"
)]
#[async_trait::async_trait]
impl MigrationTrait for Keys {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        schema::execute(
            manager,
            "CREATE TABLE wrapped_keys (
                 name {id} PRIMARY KEY,
                 sealed {text} NOT NULL,
                 created_at {int} NOT NULL
             );
             CREATE TABLE api_keys (
                 id {id} PRIMARY KEY,
                 org {id} NOT NULL,
                 project {id} NOT NULL,
                 name {text} NOT NULL,
                 kind {id} NOT NULL,
                 display {text} NOT NULL,
                 scopes {text} NOT NULL,
                 models {text} NOT NULL,
                 limits {text},
                 budgets {text} NOT NULL,
                 tags {text} NOT NULL,
                 capture {bool} NOT NULL,
                 created_at {int} NOT NULL,
                 created_by {id},
                 updated_at {int} NOT NULL,
                 expires_at {int},
                 revoked_at {int},
                 last_used_at {int}
             );
             CREATE INDEX api_keys_of_org ON api_keys (org, id);
             CREATE TABLE api_key_secrets (
                 digest {id} PRIMARY KEY,
                 key {id} NOT NULL,
                 bare {bool} NOT NULL,
                 created_at {int} NOT NULL,
                 expires_at {int}
             );
             CREATE INDEX api_key_secrets_of_key ON api_key_secrets (key);",
        )
        .await
    }
}
