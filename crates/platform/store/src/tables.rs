//! The store's own tables: the change sequence and the administrative acts.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::schema;

/// The migrations of the store's own tables; hand them to [`crate::Store::migrate`] with those of the rooms.
#[must_use]
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Changes), Box::new(Acts)]
}

struct Changes;

impl MigrationName for Changes {
    fn name(&self) -> &'static str {
        "m20261121_000001_changes"
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature leaves it out"
)]
#[async_trait::async_trait]
impl MigrationTrait for Changes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        schema::execute(
            manager,
            "CREATE TABLE change_head (id {int} PRIMARY KEY, sequence {int} NOT NULL);
             INSERT INTO change_head (id, sequence) VALUES (1, 0);
             CREATE TABLE changes (sequence {int} PRIMARY KEY, topic {id} NOT NULL, subject {id} NOT NULL);",
        )
        .await
    }
}

struct Acts;

impl MigrationName for Acts {
    fn name(&self) -> &'static str {
        "m20261121_000002_acts"
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature leaves it out"
)]
#[async_trait::async_trait]
impl MigrationTrait for Acts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        schema::execute(
            manager,
            "CREATE TABLE acts (
                 id {id} PRIMARY KEY,
                 at {int} NOT NULL,
                 org {id} NOT NULL,
                 actor {id},
                 request {id},
                 action {id} NOT NULL,
                 target {id} NOT NULL,
                 change {text} NOT NULL
             );
             CREATE INDEX acts_of_org ON acts (org, at, id);",
        )
        .await
    }
}
