//! What a caller may ask of the rollups, read from the query string and checked.

use chrono::NaiveDate;
use chrono_tz::Tz;
use kernel::Timestamp;
use serde::Deserialize;

use crate::calendar::{self, Interval};
use crate::error::AnalyticsError;
use crate::store::rollups::{Group, RollupFilter};

/// Without `from`, this far back from `to`.
const DEFAULT_DAYS: i64 = 30;
const DAY: i64 = 86_400_000_000;
/// Groups side by side.
const MOST_GROUPS: usize = 4;
/// Years that one report spans.
const MOST_YEARS: i64 = 10;

type Result<T> = std::result::Result<T, AnalyticsError>;

/// `/v1/analytics/usage` and `/v1/analytics/tokens`.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// Begin, RFC 3339 or a day `2026-11-21` in `time_zone`; taken down to its quarter hour. 30 days before `to` when left out.
    pub from: Option<String>,
    /// End, not included; taken up to its quarter hour. A day stands for its end. Now when left out.
    pub to: Option<String>,
    /// `model`, `requested_model`, `provider`, `project`, `key`, `surface` or `tag:<name>`; several with commas.
    #[serde(default)]
    #[param(style = Form, explode = false)]
    pub group_by: Vec<String>,
    /// Only the model that answered.
    pub model: Option<String>,
    /// Only the model that was asked for.
    pub requested_model: Option<String>,
    /// Only this provider, by its configured name.
    pub provider: Option<String>,
    /// Only this project.
    pub project: Option<String>,
    /// Only this key.
    pub key: Option<String>,
    /// Only this surface: `chat`, `responses`, `messages`, `count_tokens`, `embeddings`, `native`.
    pub surface: Option<String>,
    /// Only calls with this tag, `name=value`.
    pub tag: Option<String>,
    /// IANA name of the zone that days are meant in; UTC when left out.
    pub time_zone: Option<String>,
    /// Rows per page, 1 to 1,000; 1,000 when left out. Rows come dearest first.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// `/v1/analytics/timeseries`.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimeseriesQuery {
    /// Begin, RFC 3339 or a day `2026-11-21` in `time_zone`; taken down to its quarter hour. 30 days before `to`, from the
    /// start of that day, when left out.
    pub from: Option<String>,
    /// End, not included; taken up to its quarter hour. A day stands for its end. Now when left out.
    pub to: Option<String>,
    /// Step; `day` when left out.
    #[serde(default)]
    pub interval: Interval,
    /// `model`, `requested_model`, `provider`, `project`, `key`, `surface` or `tag:<name>`; several with commas.
    #[serde(default)]
    #[param(style = Form, explode = false)]
    pub group_by: Vec<String>,
    /// Only the model that answered.
    pub model: Option<String>,
    /// Only the model that was asked for.
    pub requested_model: Option<String>,
    /// Only this provider, by its configured name.
    pub provider: Option<String>,
    /// Only this project.
    pub project: Option<String>,
    /// Only this key.
    pub key: Option<String>,
    /// Only this surface: `chat`, `responses`, `messages`, `count_tokens`, `embeddings`, `native`.
    pub surface: Option<String>,
    /// Only calls with this tag, `name=value`.
    pub tag: Option<String>,
    /// IANA name of the zone whose hours, days, weeks and months count; UTC when left out.
    pub time_zone: Option<String>,
}

/// A query that holds.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) zone: Tz,
    pub(crate) groups: Vec<Group>,
    pub(crate) filter: RollupFilter,
}

impl UsageQuery {
    pub(crate) fn plan(&self, now: Timestamp) -> Result<Plan> {
        let zone = zone(self.time_zone.as_deref())?;
        let range = range(zone, self.from.as_deref(), self.to.as_deref(), now)?;
        let groups = groups(&self.group_by)?;
        let filter = RollupFilter {
            model: self.model.clone(),
            requested_model: self.requested_model.clone(),
            provider: self.provider.clone(),
            project: id("project", self.project.as_deref())?,
            key: id("key", self.key.as_deref())?,
            surface: self
                .surface
                .as_deref()
                .map(surface)
                .transpose()?
                .map(|s| s.as_str().to_owned()),
            tag: None,
        };
        Plan::new(range, zone, groups, filter, self.tag.as_deref())
    }

    /// Rows per page and how many come before this page.
    pub(crate) fn page(&self) -> Result<(usize, usize)> {
        let limit = limit(self.limit, 1_000, 1_000)?;
        let skip = match &self.cursor {
            None => 0,
            Some(cursor) => cursor
                .parse()
                .map_err(|_| AnalyticsError::query("cursor", "take it from next_cursor"))?,
        };
        Ok((limit, skip))
    }
}

impl TimeseriesQuery {
    pub(crate) fn plan(&self, now: Timestamp) -> Result<Plan> {
        let mut plan = UsageQuery {
            from: self.from.clone(),
            to: self.to.clone(),
            group_by: self.group_by.clone(),
            model: self.model.clone(),
            requested_model: self.requested_model.clone(),
            provider: self.provider.clone(),
            project: self.project.clone(),
            key: self.key.clone(),
            surface: self.surface.clone(),
            tag: self.tag.clone(),
            time_zone: self.time_zone.clone(),
            ..UsageQuery::default()
        }
        .plan(now)?;
        if self.from.is_none() {
            // A series that nobody asked to begin in the middle of a day begins with a whole one.
            plan.from = calendar::midnight(plan.zone, calendar::day_of(plan.zone, plan.from));
        }
        Ok(plan)
    }
}

impl Plan {
    fn new(
        (from, to): (Timestamp, Timestamp),
        zone: Tz,
        groups: Vec<Group>,
        mut filter: RollupFilter,
        tag: Option<&str>,
    ) -> Result<Self> {
        let grouped = groups.iter().find_map(|group| match group {
            Group::Tag(name) => Some(name.clone()),
            _ => None,
        });
        filter.tag = match (tag.map(pair).transpose()?, grouped) {
            (None, None) => None,
            (None, Some(name)) => Some((name, None)),
            (Some((name, value)), None) => Some((name, Some(value))),
            (Some((name, value)), Some(grouped)) if name == grouped => Some((name, Some(value))),
            (Some(_), Some(_)) => {
                return Err(AnalyticsError::query(
                    "tag",
                    "sums are kept for one tag at a time; filter by the tag that is grouped by, or group by something else",
                ));
            }
        };
        if filter.tag.is_some() {
            let beside = groups.iter().find(|group| !group.stands_beside_tags());
            if let Some(group) = beside {
                return Err(AnalyticsError::query(
                    "group_by",
                    format!(
                        "sums by tag tell model, provider and project apart, not {}",
                        group.name()
                    ),
                ));
            }
            let filtered = [
                ("key", filter.key.is_some()),
                ("surface", filter.surface.is_some()),
                ("requested_model", filter.requested_model.is_some()),
            ];
            if let Some((field, _)) = filtered.into_iter().find(|(_, set)| *set) {
                return Err(AnalyticsError::query(
                    field,
                    "sums by tag tell model, provider and project apart only; leave this filter or the tag out",
                ));
            }
        }
        Ok(Self {
            from,
            to,
            zone,
            groups,
            filter,
        })
    }

    /// The tag whose values are told apart, if any.
    pub(crate) fn grouped_tag(&self) -> Option<usize> {
        self.groups
            .iter()
            .position(|group| matches!(group, Group::Tag(_)))
    }
}

/// The zone of an IANA name.
pub(crate) fn zone(name: Option<&str>) -> Result<Tz> {
    name.unwrap_or("UTC").parse().map_err(|_| {
        AnalyticsError::query(
            "time_zone",
            "expected an IANA name such as Europe/Berlin or UTC",
        )
    })
}

/// An instant as a query gives it: RFC 3339, or a day of the zone, which stands for its start or its end.
pub(crate) fn instant(field: &'static str, text: &str, zone: Tz, end: bool) -> Result<Timestamp> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let day = if end {
            day.succ_opt().unwrap_or(day)
        } else {
            day
        };
        return Ok(calendar::midnight(zone, day));
    }
    // A plus sign that was not escaped arrives as a space.
    Timestamp::parse(text)
        .or_else(|_| Timestamp::parse(&text.replace(' ', "+")))
        .map_err(|_| {
            AnalyticsError::query(
                field,
                "expected RFC 3339 such as 2026-11-21T10:00:00Z, or a day such as 2026-11-21",
            )
        })
}

fn range(
    zone: Tz,
    from: Option<&str>,
    to: Option<&str>,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp)> {
    let to = match to {
        Some(text) => instant("to", text, zone, true)?,
        // The quarter hour under way counts, also where it begins right now.
        None => Timestamp(now.0 + 1),
    };
    let from = match from {
        Some(text) => instant("from", text, zone, false)?,
        None => Timestamp(to.0 - DEFAULT_DAYS * DAY),
    };
    if from >= to {
        return Err(AnalyticsError::query("from", "must lie before to"));
    }
    if to.since(from) > MOST_YEARS * 366 * DAY {
        return Err(AnalyticsError::query(
            "from",
            format!("a report spans at most {MOST_YEARS} years"),
        ));
    }
    Ok((from.quarter_hour(), calendar::ceil(to)))
}

fn groups(names: &[String]) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for name in names.iter().map(|name| name.trim()) {
        let group = Group::parse(name).ok_or_else(|| {
            AnalyticsError::query(
                "group_by",
                format!(
                    "{name:?} is none of model, requested_model, provider, project, key, surface, tag:<name>"
                ),
            )
        })?;
        let tag = matches!(group, Group::Tag(_));
        if groups.contains(&group) {
            continue;
        }
        if tag && groups.iter().any(|group| matches!(group, Group::Tag(_))) {
            return Err(AnalyticsError::query("group_by", "takes one tag at a time"));
        }
        groups.push(group);
    }
    if groups.len() > MOST_GROUPS {
        return Err(AnalyticsError::query(
            "group_by",
            format!("takes at most {MOST_GROUPS} names"),
        ));
    }
    Ok(groups)
}

/// `name=value`.
pub(crate) fn pair(text: &str) -> Result<(String, String)> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| AnalyticsError::query("tag", "expected name=value"))
}

/// An id of a kind.
pub(crate) fn id<T: std::str::FromStr<Err = kernel::id::InvalidId>>(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<T>> {
    text.map(|text| {
        text.parse()
            .map_err(|error: kernel::id::InvalidId| AnalyticsError::query(field, error.to_string()))
    })
    .transpose()
}

/// A surface by its name.
pub(crate) fn surface(name: &str) -> Result<facts::Surface> {
    use facts::Surface::{Chat, CountTokens, Embeddings, Messages, Native, Responses};
    let all = [Chat, Responses, Messages, CountTokens, Embeddings, Native];
    all.into_iter()
        .find(|surface| surface.as_str() == name)
        .ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|surface| surface.as_str()).collect();
            AnalyticsError::query("surface", format!("expected one of {}", names.join(", ")))
        })
}

/// Rows per page.
pub(crate) fn limit(asked: Option<u32>, default: u32, most: u32) -> Result<usize> {
    let limit = asked.unwrap_or(default);
    if (1..=most).contains(&limit) {
        Ok(limit as usize)
    } else {
        Err(AnalyticsError::query(
            "limit",
            format!("expected 1 to {most}"),
        ))
    }
}
