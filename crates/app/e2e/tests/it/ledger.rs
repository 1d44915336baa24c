//! The calls in the store, held against what clients saw, what the provider was asked, and what the sums say.

use std::collections::{BTreeMap, BTreeSet};

use doubles::{Provider, patience};
use serde_json::{Value, json};

use crate::binary::Product;
use crate::load::{Ending, Seen, cost, usage};

/// The calls in the store, checked as they come.
#[derive(Default)]
pub struct Ledger {
    rows: BTreeMap<String, Value>,
}

impl Ledger {
    /// Reads all calls of the store. What was there before must be there unchanged.
    pub async fn read(&mut self, product: &Product) {
        let mut found = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = product.read(&format!("/v1/calls?limit=500{cursor}")).await;
            for row in page["data"].as_array().unwrap() {
                let id = row["id"].as_str().unwrap().to_owned();
                let twice = found.insert(id, row.clone());
                assert!(twice.is_none(), "listed twice: {row}");
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        for (id, row) in &self.rows {
            assert_eq!(found.get(id), Some(row), "a call changed or went");
        }
        self.rows = found;
    }

    /// Reads until there are at least so many calls.
    pub async fn read_until(&mut self, product: &Product, count: usize) {
        let mut look = tokio::time::interval(std::time::Duration::from_millis(200));
        let what = format!("{count} calls in the store");
        patience::expect(&what, async {
            loop {
                look.tick().await;
                let usage = product.read("/v1/analytics/usage").await;
                if usage["total"]["calls"].as_u64() >= u64::try_from(count).ok() {
                    break;
                }
            }
        })
        .await;
        self.read(product).await;
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Calls with this status.
    pub fn count(&self, status: &str) -> usize {
        let rows = self.rows.values();
        rows.filter(|row| row["status"] == status).count()
    }

    /// Every row is that of one call by its number, exact where it ended well, an estimate where it was interrupted.
    pub fn check_rows(&self) {
        let mut numbers = BTreeSet::new();
        for row in self.rows.values() {
            let number: u64 = row["tags"]["number"].as_str().unwrap().parse().unwrap();
            assert!(numbers.insert(number), "call {number} stands twice: {row}");
            match row["status"].as_str().unwrap() {
                "ok" => {
                    let usage = usage(number);
                    assert_eq!(row["cost_nano_usd"], cost(number), "{row}");
                    assert_eq!(row["input_tokens"], usage.input, "{row}");
                    assert_eq!(row["output_tokens"], usage.output, "{row}");
                    assert_eq!(row["cache_read_tokens"], usage.cache_read, "{row}");
                    assert_eq!(row["estimated"], false, "{row}");
                }
                "interrupted" => {
                    assert_eq!(row["estimated"], true, "{row}");
                    assert_eq!(row["error_code"], "INTERRUPTED", "{row}");
                    assert!(row["cost_nano_usd"].as_u64() > Some(0), "{row}");
                }
                other => panic!("{other}: {row}"),
            }
        }
    }

    /// What clients saw stands there: finished calls as such, begun ones in some way.
    pub fn check_seen(&self, seen: &[Seen]) {
        for call in seen {
            let Some(id) = &call.id else { continue };
            let row = self.rows.get(id);
            let row = row.unwrap_or_else(|| panic!("a client saw {call:?}, the store has nothing"));
            assert_eq!(row["tags"]["number"], call.number.to_string(), "{row}");
            if call.ending == Ending::Whole {
                assert_eq!(row["status"], "ok", "{call:?}: {row}");
            }
        }
    }

    /// Whatever a provider was asked stands there too.
    pub fn check_upstream(&self, upstream: &Provider) {
        let rows = self.rows.values();
        let known: BTreeSet<&str> = rows
            .filter_map(|row| row["tags"]["number"].as_str())
            .collect();
        for request in upstream.requests() {
            let number = request.header("x-number").unwrap();
            assert!(known.contains(number), "the provider was asked {number}");
        }
    }

    /// The rollups and the key's budget say what the rows add up to.
    pub async fn check_sums(&self, product: &Product, key: &str) {
        let sum = |field: &str| -> i64 {
            let rows = self.rows.values();
            rows.map(|row| row[field].as_i64().unwrap_or(0)).sum()
        };
        let count =
            |holds: &dyn Fn(&Value) -> bool| self.rows.values().filter(|row| holds(row)).count();
        let mut expected = json!({
            "calls": self.rows.len(),
            "errors": count(&|row| row["status"] != "ok"),
            "estimated_calls": count(&|row| row["estimated"] == true),
            "unpriced_calls": count(&|row| row["unpriced"] == true),
        });
        for field in [
            "input_tokens",
            "output_tokens",
            "reasoning_tokens",
            "cache_read_tokens",
            "cache_write_tokens",
            "cost_nano_usd",
        ] {
            expected[field] = sum(field).into();
        }
        for query in ["", "?group_by=model", "?group_by=key,surface,provider"] {
            let told = product.read(&format!("/v1/analytics/usage{query}")).await;
            for (field, value) in expected.as_object().unwrap() {
                assert_eq!(&told["total"][field], value, "{field} of usage{query}");
            }
        }
        let key = product.read(&format!("/v1/keys/{key}")).await;
        let spent: kernel::Nano = key["budgets"][0]["spent_usd"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(spent.0, sum("cost_nano_usd"), "{key}");
    }
}
