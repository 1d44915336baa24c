//! Reads a whole `generateContent` answer into the neutral one.
