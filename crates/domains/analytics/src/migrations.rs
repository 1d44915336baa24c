//! This room's tables, forward only.

mod m20261121_000101_calls;

use sea_orm_migration::MigrationTrait;

/// Every migration of this room, oldest first.
#[must_use]
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m20261121_000101_calls::Migration)]
}
