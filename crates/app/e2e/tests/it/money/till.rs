//! The ground for money tests: the product on a clock that the test sets, a double behind every kind of provider, and a
//! count of what must have been charged.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;
use doubles::Provider;
use doubles::provider::Script;
use kernel::clock::TestClock;
use kernel::{Nano, Timestamp};
use serde_json::Value;
use testkit::{Answer, TestApp};

use super::TODAY;
use super::told::Told;
use crate::identity::untagged;

/// What a call must come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// `None` where no price is known.
    nano: Option<i64>,
    unpriced: bool,
    estimated: bool,
    service: &'static str,
}

impl Charge {
    /// So much, known exactly, at the standard level.
    pub const fn exact(nano: i64) -> Self {
        Self {
            nano: Some(nano),
            unpriced: false,
            estimated: false,
            service: "standard",
        }
    }

    /// So much, marked as an estimate.
    pub const fn about(nano: i64) -> Self {
        Self {
            estimated: true,
            ..Self::exact(nano)
        }
    }

    /// No price is known.
    pub const fn unknown() -> Self {
        Self {
            nano: None,
            unpriced: true,
            ..Self::exact(0)
        }
    }

    /// So much is known, but a part has no price.
    pub const fn at_least(nano: i64) -> Self {
        Self {
            unpriced: true,
            ..Self::exact(nano)
        }
    }

    /// As the header tells it: only where all of it is known.
    fn header(&self) -> Option<String> {
        let known = self.nano.filter(|_| !self.unpriced);
        known.map(|nano| Nano(nano).to_string())
    }

    pub const fn at(mut self, service: &'static str) -> Self {
        self.service = service;
        self
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sum {
    calls: i64,
    nano: i64,
    estimated: i64,
    unpriced: i64,
}

/// The product, its provider and what was charged so far.
pub struct Till {
    pub app: TestApp,
    pub upstream: Provider,
    pub clock: TestClock,
    pub key: String,
    charged: Mutex<BTreeMap<String, Sum>>,
}

impl Till {
    pub async fn open() -> Self {
        Self::with(TODAY, "").await
    }

    pub async fn at(instant: &str) -> Self {
        Self::with(instant, "").await
    }

    /// On PostgreSQL instead of SQLite.
    pub async fn on(database: &str) -> Self {
        Self::build(TODAY, "", Some(database)).await
    }

    /// With further settings, as TOML behind the providers.
    pub async fn with(instant: &str, settings: &str) -> Self {
        Self::build(instant, settings, None).await
    }

    async fn build(instant: &str, settings: &str, database: Option<&str>) -> Self {
        let upstream = Provider::start().await;
        let clock = TestClock::at(Timestamp::parse(instant).unwrap());
        let builder = TestApp::builder();
        let builder = match database {
            Some(url) => builder.database(url),
            None => builder,
        };
        let app = builder
            .provider("anthropic", "anthropic", &upstream.url())
            .provider("openai", "openai", &upstream.openai_url())
            .provider("deepseek", "deepseek", &upstream.openai_url())
            .settings(settings)
            .clock(clock.clone())
            .start()
            .await;
        let made = serde_json::json!({"name": "till", "limits": {}});
        let key = app.key(made).await.key;
        Self {
            app,
            upstream,
            clock,
            key,
            charged: Mutex::default(),
        }
    }

    pub fn set(&self, instant: &str) {
        self.clock.set(Timestamp::parse(instant).unwrap());
    }

    /// Has this answered, whole and as a stream, to a request for the same model; gives the whole answer.
    pub async fn rings(&self, told: &Told, charge: &Charge) -> Answer {
        let asked = told.model.clone();
        self.rings_for(&asked, told, charge).await
    }

    /// The same where another model was asked for.
    pub async fn rings_for(&self, asked: &str, told: &Told, charge: &Charge) -> Answer {
        let path = told.surface.path();
        let sent = told.whole().to_string();
        let whole = Script::whole(200, "application/json", sent.clone());
        self.upstream.next(path, whole);
        let request = told.surface.request(asked, false);
        let answer = self.app.post(path, &self.key, &request).await.expect(200);
        let body = untagged(&answer.body);
        assert_eq!(body, sent.as_bytes(), "the answer is passed on as it came");
        let header = answer.headers.get("x-switchyard-cost-usd");
        let header = header.map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header, charge.header(), "the header for {told:?}");
        self.check(&answer, told, charge).await;

        let stream = self.stream(asked, told, told.events()).await;
        assert_eq!(
            untagged(&stream.body),
            Bytes::from(told.shown()),
            "the stream is passed on as it came"
        );
        self.check(&stream, told, charge).await;
        answer
    }

    /// Streams these events.
    pub async fn stream(&self, asked: &str, told: &Told, events: Vec<Bytes>) -> Answer {
        let path = told.surface.path();
        self.upstream.next(path, Script::stream(events));
        let request = told.surface.request(asked, true);
        self.app.post(path, &self.key, &request).await.expect(200)
    }

    /// Holds the record of a call to what it must have cost.
    pub async fn check(&self, answer: &Answer, told: &Told, charge: &Charge) -> Value {
        let call = self.app.call(answer.header("x-switchyard-call-id")).await;
        self.count(&told.model, charge);
        let what = format!("{call:#}\nfor {told:?}");
        assert_eq!(call["status"], "ok", "{what}");
        assert_eq!(call["cost_nano_usd"].as_i64(), charge.nano, "{what}");
        let shown = charge.nano.map(|nano| Nano(nano).to_string());
        assert_eq!(call["cost_usd"].as_str(), shown.as_deref(), "{what}");
        assert_eq!(call["unpriced"], charge.unpriced, "{what}");
        assert_eq!(call["estimated"], charge.estimated, "{what}");
        assert_eq!(call["service"], charge.service, "{what}");
        assert_eq!(call["model"], told.model, "{what}");
        call
    }

    /// Notes a call that was made by hand.
    pub fn count(&self, model: &str, charge: &Charge) {
        let mut charged = self.charged.lock().unwrap();
        let sum = charged.entry(model.to_owned()).or_default();
        sum.calls += 1;
        sum.nano += charge.nano.unwrap_or(0);
        sum.estimated += i64::from(charge.estimated);
        sum.unpriced += i64::from(charge.unpriced);
    }

    /// Holds every sum that the product gives to the sum of what was charged.
    pub async fn adds_up(&self) {
        let charged = self.charged.lock().unwrap().clone();
        let path = "/v1/analytics/usage?group_by=model&from=2026-01-01&to=2027-12-31";
        let usage = self.read(path).await;
        let told: BTreeMap<String, Sum> = usage["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["model"].as_str().unwrap().to_owned(), sum(row)))
            .collect();
        assert_eq!(told, charged);
        let mut total = Sum::default();
        for one in charged.values() {
            total.calls += one.calls;
            total.nano += one.nano;
            total.estimated += one.estimated;
            total.unpriced += one.unpriced;
        }
        let path = "/v1/analytics/usage?from=2026-01-01&to=2027-12-31";
        assert_eq!(sum(&self.read(path).await["data"][0]), total);
        let path = "/v1/analytics/timeseries?interval=day&from=2026-01-01&to=2027-12-31";
        let series = self.read(path).await;
        let days = series["data"].as_array().unwrap().iter().map(sum);
        let added = days.fold(Sum::default(), |a, b| Sum {
            calls: a.calls + b.calls,
            nano: a.nano + b.nano,
            estimated: a.estimated + b.estimated,
            unpriced: a.unpriced + b.unpriced,
        });
        assert_eq!(added, total, "the days of the series");
    }

    async fn read(&self, path: &str) -> Value {
        let answer = self.app.get(path, self.app.admin_key()).await;
        answer.expect(200).json()
    }
}

fn sum(row: &Value) -> Sum {
    let field = |name: &str| row[name].as_i64().unwrap();
    let sum = Sum {
        calls: field("calls"),
        nano: field("cost_nano_usd"),
        estimated: field("estimated_calls"),
        unpriced: field("unpriced_calls"),
    };
    assert_eq!(row["cost_usd"], Nano(sum.nano).to_string(), "{row}");
    sum
}
