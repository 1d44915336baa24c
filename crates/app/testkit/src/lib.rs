//! TestApp: the whole product started in a test, with clients for each surface.
