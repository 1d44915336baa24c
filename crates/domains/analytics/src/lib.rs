//! Usage, tokens and time series from 15-minute rollups.
