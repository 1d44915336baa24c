//! Writes the neutral request as a messages body.
