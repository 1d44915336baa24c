//! Builds and wires everything; the only place that sees all rooms.
