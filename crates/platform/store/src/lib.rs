//! The relational store: SQLite and PostgreSQL behind one set of queries, and its migrations.
