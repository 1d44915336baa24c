//! Layered settings: compiled-in defaults, file, environment, flags; every fault listed at once.
