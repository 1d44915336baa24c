//! What tests stand against: model providers with faults, private PostgreSQL.
