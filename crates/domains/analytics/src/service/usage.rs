//! Usage over a time range and along time.

use std::collections::BTreeMap;

use kernel::{OrgId, Timestamp};

use super::query::{Plan, TimeseriesQuery, UsageQuery};
use crate::Analytics;
use crate::calendar::Calendar;
use crate::error::AnalyticsError;
use crate::model::Sums;
use crate::store::rollups::{self, RollupRow, Slots};

/// Points that one series holds at most, before days are folded to weeks and months.
const MOST_POINTS: usize = 10_000;

type Result<T> = std::result::Result<T, AnalyticsError>;

/// The values of a group, under the names that were grouped by; `None` for calls without the tag.
pub type GroupValues = BTreeMap<String, Option<String>>;

/// Sums over a time range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageReport {
    /// First instant counted.
    pub from: Timestamp,
    /// First instant not counted.
    pub to: Timestamp,
    /// A page of groups, dearest first; one without values where nothing is grouped by.
    pub rows: Vec<(GroupValues, Sums)>,
    /// Over all groups of all pages.
    pub total: Sums,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// Sums along time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeseriesReport {
    /// First instant counted.
    pub from: Timestamp,
    /// First instant not counted.
    pub to: Timestamp,
    /// By the interval's start, then by group. Without grouping every interval is there; with it, those with calls.
    pub points: Vec<Point>,
}

/// The sums of one interval and group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The interval's start.
    pub start: Timestamp,
    /// The same instant with the zone's offset.
    pub start_local: String,
    /// The group.
    pub group: GroupValues,
    /// Its sums.
    pub sums: Sums,
}

impl Analytics {
    /// Sums over a time range, by group.
    ///
    /// # Errors
    /// [`AnalyticsError::InvalidQuery`] names the parameter that does not hold.
    pub async fn usage(&self, org: OrgId, query: &UsageQuery) -> Result<UsageReport> {
        let plan = query.plan(self.deps.clock.now())?;
        let (limit, skip) = query.page()?;
        self.settled().await;
        let mut rows = self.sums(org, &plan).await?;
        rows.sort_by(|a, b| {
            (b.sums.cost_nano, b.sums.calls)
                .cmp(&(a.sums.cost_nano, a.sums.calls))
                .then_with(|| a.group.cmp(&b.group))
        });
        let mut rows: Vec<(GroupValues, Sums)> = rows
            .into_iter()
            .map(|row| (named(&plan, row.group.into_iter().map(Some)), row.sums))
            .collect();
        rows.extend(self.untagged(org, &plan, &rows).await?);
        if rows.is_empty() && plan.groups.is_empty() {
            rows.push((GroupValues::new(), Sums::default()));
        }
        let mut total = Sums::default();
        for (_, sums) in &rows {
            total.add(sums);
        }
        let next = (rows.len() > skip.saturating_add(limit)).then(|| (skip + limit).to_string());
        Ok(UsageReport {
            from: plan.from,
            to: plan.to,
            rows: rows.into_iter().skip(skip).take(limit).collect(),
            total,
            next,
        })
    }

    /// Sums along time, in the intervals of a time zone.
    ///
    /// # Errors
    /// [`AnalyticsError::InvalidQuery`] names the parameter that does not hold.
    pub async fn timeseries(
        &self,
        org: OrgId,
        query: &TimeseriesQuery,
    ) -> Result<TimeseriesReport> {
        let plan = query.plan(self.deps.clock.now())?;
        let calendar = Calendar::new(plan.zone, query.interval, plan.from, plan.to);
        if calendar.grains() > MOST_POINTS {
            return Err(AnalyticsError::ResultTooLarge {
                what: "points",
                limit: MOST_POINTS,
            });
        }
        self.settled().await;
        let mut points: BTreeMap<(Timestamp, Vec<String>), Sums> = BTreeMap::new();
        if plan.groups.is_empty() {
            for start in calendar.starts() {
                points.insert((start, Vec::new()), Sums::default());
            }
        }
        for stretch in calendar.stretches() {
            let slots = Slots {
                offset: stretch.offset,
                grain: calendar.grain(),
            };
            let range = (Timestamp(stretch.from), Timestamp(stretch.to));
            let conn = self.deps.store.read();
            let rows =
                rollups::sums(conn, org, range, &plan.filter, &plan.groups, Some(slots)).await?;
            for row in rows {
                points
                    .entry((calendar.start(stretch, row.slot), row.group))
                    .or_default()
                    .add(&row.sums);
            }
        }
        let points = points
            .into_iter()
            .map(|((start, group), sums)| Point {
                start,
                start_local: calendar.local(start),
                group: named(&plan, group.into_iter().map(Some)),
                sums,
            })
            .collect();
        Ok(TimeseriesReport {
            from: plan.from,
            to: plan.to,
            points,
        })
    }

    async fn sums(&self, org: OrgId, plan: &Plan) -> Result<Vec<RollupRow>> {
        let conn = self.deps.store.read();
        let range = (plan.from, plan.to);
        rollups::sums(conn, org, range, &plan.filter, &plan.groups, None).await
    }

    /// What is left for calls without the tag that is grouped by: a report to charge by must add up to the whole.
    async fn untagged(
        &self,
        org: OrgId,
        plan: &Plan,
        tagged: &[(GroupValues, Sums)],
    ) -> Result<Vec<(GroupValues, Sums)>> {
        let only_values = matches!(&plan.filter.tag, Some((_, None)));
        let Some(place) = plan.grouped_tag().filter(|_| only_values) else {
            return Ok(Vec::new());
        };
        let mut whole = plan.clone();
        let tag = whole.groups.remove(place).name();
        whole.filter.tag = None;
        let mut rest: BTreeMap<GroupValues, Sums> = BTreeMap::new();
        for row in self.sums(org, &whole).await? {
            rest.insert(named(&whole, row.group.into_iter().map(Some)), row.sums);
        }
        for (group, sums) in tagged {
            let mut group = group.clone();
            group.remove(&tag);
            if let Some(left) = rest.get_mut(&group) {
                *left = left.without(sums);
            }
        }
        Ok(rest
            .into_iter()
            .filter(|(_, sums)| sums.calls > 0)
            .map(|(mut group, sums)| {
                group.insert(tag.clone(), None);
                (group, sums)
            })
            .collect())
    }
}

fn named(plan: &Plan, values: impl IntoIterator<Item = Option<String>>) -> GroupValues {
    plan.groups
        .iter()
        .map(|group| group.name())
        .zip(values)
        .collect()
}
