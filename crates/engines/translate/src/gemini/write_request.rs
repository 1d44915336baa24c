//! Writes the neutral request as a `generateContent` body.
