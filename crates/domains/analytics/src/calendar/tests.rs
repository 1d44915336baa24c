//! Intervals where clocks change, where midnight does not exist, and where offsets are odd.

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn starts(zone: &str, interval: Interval, from: &str, to: &str) -> Vec<String> {
    let calendar = Calendar::new(zone.parse().unwrap(), interval, at(from), at(to));
    calendar
        .starts()
        .into_iter()
        .map(|start| calendar.local(start))
        .collect()
}

#[test]
fn days_are_23_and_25_hours_long_where_clocks_change() {
    assert_eq!(
        starts(
            "Europe/Berlin",
            Interval::Day,
            "2026-03-27T23:00:00Z",
            "2026-03-30T22:00:00Z"
        ),
        [
            "2026-03-28T00:00:00+01:00",
            "2026-03-29T00:00:00+01:00",
            "2026-03-30T00:00:00+02:00"
        ]
    );
    let calendar = Calendar::new(
        "Europe/Berlin".parse().unwrap(),
        Interval::Day,
        at("2026-10-24T22:00:00Z"),
        at("2026-10-25T23:00:00Z"),
    );
    assert_eq!(calendar.stretches().len(), 2);
    assert_eq!(calendar.starts(), [at("2026-10-24T22:00:00Z")]);
}

#[test]
fn the_repeated_hour_is_two_hours() {
    assert_eq!(
        starts(
            "America/New_York",
            Interval::Hour,
            "2026-11-01T04:00:00Z",
            "2026-11-01T08:00:00Z"
        ),
        [
            "2026-11-01T00:00:00-04:00",
            "2026-11-01T01:00:00-04:00",
            "2026-11-01T01:00:00-05:00",
            "2026-11-01T02:00:00-05:00"
        ]
    );
}

#[test]
fn half_hour_changes_make_short_hours() {
    // Lord Howe turns back half an hour: 02:00 becomes 01:30.
    assert_eq!(
        starts(
            "Australia/Lord_Howe",
            Interval::Hour,
            "2026-04-04T14:00:00Z",
            "2026-04-04T16:30:00Z"
        ),
        [
            "2026-04-05T01:00:00+11:00",
            "2026-04-05T01:30:00+10:30",
            "2026-04-05T02:00:00+10:30"
        ]
    );
}

#[test]
fn odd_offsets_keep_local_hours_and_days() {
    assert_eq!(
        starts(
            "Asia/Kathmandu",
            Interval::Hour,
            "2026-11-20T18:15:00Z",
            "2026-11-20T20:15:00Z"
        ),
        ["2026-11-21T00:00:00+05:45", "2026-11-21T01:00:00+05:45"]
    );
}

#[test]
fn a_midnight_that_clocks_jump_over_is_the_instant_after() {
    // Cairo springs forward at midnight.
    let zone: Tz = "Africa/Cairo".parse().unwrap();
    let day = NaiveDate::from_ymd_opt(2026, 4, 24).unwrap();
    assert_eq!(midnight(zone, day), at("2026-04-23T22:00:00Z"));
}

#[test]
fn weeks_begin_on_monday_and_months_on_the_first() {
    assert_eq!(
        starts(
            "UTC",
            Interval::Week,
            "2026-11-18T00:00:00Z",
            "2026-11-24T00:00:00Z"
        ),
        ["2026-11-16T00:00:00+00:00", "2026-11-23T00:00:00+00:00"]
    );
    assert_eq!(
        starts(
            "Asia/Tokyo",
            Interval::Month,
            "2026-01-31T14:00:00Z",
            "2026-02-28T16:00:00Z"
        ),
        [
            "2026-01-01T00:00:00+09:00",
            "2026-02-01T00:00:00+09:00",
            "2026-03-01T00:00:00+09:00"
        ]
    );
}

#[test]
fn stretches_cover_the_range_without_gap_or_overlap() {
    for zone in [
        "UTC",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
    ] {
        for (from, to) in [
            ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2026-03-29T00:45:00Z", "2026-03-29T01:00:00Z"),
            ("2026-03-29T00:45:00Z", "2026-03-29T01:15:00Z"),
            ("2026-03-28T01:00:00Z", "2026-03-29T01:00:00Z"),
        ] {
            let zone: Tz = zone.parse().unwrap();
            let (from, to) = (at(from).0, at(to).0);
            let mut expected = from;
            for stretch in stretches(zone, from, to) {
                assert_eq!(stretch.from, expected);
                assert!(stretch.to > stretch.from);
                for bucket in (stretch.from..stretch.to).step_by(usize::try_from(QUARTER).unwrap())
                {
                    assert_eq!(offset(zone, bucket), stretch.offset, "{zone}");
                }
                expected = stretch.to;
            }
            assert_eq!(expected, to);
        }
    }
}
