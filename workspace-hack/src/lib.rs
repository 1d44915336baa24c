//! One set of features for the dependencies that many crates share; it holds no code and must not.
