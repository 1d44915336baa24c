//! Figures of HTTP requests. Routes are templates, never paths.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ahash::AHashMap;
use parking_lot::RwLock;

use crate::metrics::{Counter, Histogram, registry};
use crate::names;

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

const METHODS: [&str; 8] = [
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "OTHER",
];

/// Templates are written in the code, so there are not many; anything else is a mistake and stays bounded.
const MAX_ROUTES: usize = 512;

/// Handles of one route and method, for callers that answer often.
#[derive(Debug)]
pub struct RouteMetrics {
    classes: [OnceLock<Counter>; 5],
    duration: Histogram,
    route: Box<str>,
    method: &'static str,
}

impl RouteMetrics {
    /// The handles of a route template.
    #[must_use]
    pub fn new(route: &str, method: &str) -> Self {
        let method = known(method);
        let labels = [("route", route), ("method", method)];
        Self {
            classes: Default::default(),
            duration: registry().histogram(names::HTTP_DURATION, &labels),
            route: route.into(),
            method,
        }
    }

    /// Counts one answer; `elapsed` is the time until its head.
    pub fn observe(&self, status: u16, elapsed: Duration) {
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.classes[class]
            .get_or_init(|| {
                let labels = [
                    ("route", &*self.route),
                    ("method", self.method),
                    ("status_class", CLASSES[class]),
                ];
                registry().counter(names::HTTP_REQUESTS, &labels)
            })
            .add(1);
        self.duration.observe(elapsed.as_secs_f64());
    }
}

fn known(method: &str) -> &'static str {
    METHODS
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("OTHER")
}

type Routes = RwLock<AHashMap<&'static str, AHashMap<Box<str>, Arc<RouteMetrics>>>>;

/// Counts one answered request; `route` is the matched template or `unmatched`.
pub fn observe(route: &str, method: &str, status: u16, elapsed: Duration) {
    static ROUTES: OnceLock<Routes> = OnceLock::new();
    let routes = ROUTES.get_or_init(Routes::default);
    let method = known(method);
    let found = routes
        .read()
        .get(method)
        .and_then(|routes| routes.get(route))
        .cloned();
    let handles = found.unwrap_or_else(|| {
        let handles = Arc::new(RouteMetrics::new(route, method));
        let mut routes = routes.write();
        let routes = routes.entry(method).or_default();
        if routes.len() < MAX_ROUTES {
            routes.insert(route.into(), Arc::clone(&handles));
        }
        handles
    });
    handles.observe(status, elapsed);
}
