//! Finds a lasting rise in a row of counts and the period in which it began, by one simple rule that a reader can check
//! by hand.
//!
//! There is an upsurge if the mean per period of the last quarter of the row is at least twice the mean of the periods
//! before it, and the sum of the last quarter is at least three. It began with the period at which one step up, from
//! one mean to another, fits the whole row best (least squares). The two means are then those before that period and
//! from it on.

use serde::Serialize;

/// A lasting step up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Upsurge {
    /// The first period of the rise.
    pub since: String,
    /// The mean per period before it, to one decimal.
    pub before_mean: String,
    /// The mean per period from it on, to one decimal.
    pub after_mean: String,
}

/// The last quarter of a row compared with the rest; the rule decides by these means.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Compared {
    /// The first period of the last quarter.
    pub from: String,
    /// The mean per period before it, to one decimal.
    pub before_mean: String,
    /// The mean per period in it, to one decimal.
    pub recent_mean: String,
}

/// The smallest number of periods that has a trend.
const PERIODS_MIN: usize = 4;

/// The smallest sum of the last quarter that is an upsurge, whatever came before.
const RECENT_MIN: i64 = 3;

/// The means that the rule compares; `None` for fewer than four periods.
pub(super) fn compared(row: &[(&str, i64)]) -> Option<Compared> {
    if row.len() < PERIODS_MIN {
        return None;
    }
    let numbers: Vec<i64> = row.iter().map(|(_, n)| *n).collect();
    let at = recent_from(row.len());
    let (before, recent) = numbers.split_at(at);
    Some(Compared {
        from: row.get(at)?.0.to_owned(),
        before_mean: format!("{:.1}", mean(before)),
        recent_mean: format!("{:.1}", mean(recent)),
    })
}

/// The index of the first period of the last quarter.
fn recent_from(periods: usize) -> usize {
    periods - periods.div_ceil(4)
}

/// The upsurge in a row of periods, oldest first; `None` if there is none.
pub(super) fn upsurge(row: &[(&str, i64)]) -> Option<Upsurge> {
    let numbers: Vec<i64> = row.iter().map(|(_, n)| *n).collect();
    if row.len() < PERIODS_MIN {
        return None;
    }
    let (earlier, recent) = numbers.split_at(recent_from(row.len()));
    let rising = recent.iter().sum::<i64>() >= RECENT_MIN && mean(recent) >= 2.0 * mean(earlier).max(0.0);
    if !rising {
        return None;
    }
    let steps = (1..row.len()).map(|at| (at, step(&numbers, at))).filter(|(_, fit)| *fit > 0.0);
    let (at, _) = steps.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
    let (before, after) = numbers.split_at(at);
    let (since, _) = row.get(at)?;
    Some(Upsurge {
        since: (*since).to_owned(),
        before_mean: format!("{:.1}", mean(before)),
        after_mean: format!("{:.1}", mean(after)),
    })
}

/// The part of the row's variance that a step at an index explains; 0 for a step down.
fn step(numbers: &[i64], at: usize) -> f64 {
    let (before, after) = numbers.split_at(at);
    let rise = mean(after) - mean(before);
    if rise <= 0.0 {
        return 0.0;
    }
    let (n, m) = (before.len() as f64, after.len() as f64);
    rise * rise * n * m / (n + m)
}

fn mean(numbers: &[i64]) -> f64 {
    if numbers.is_empty() { 0.0 } else { numbers.iter().sum::<i64>() as f64 / numbers.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEARS: [&str; 12] =
        ["2012", "2013", "2014", "2015", "2016", "2017", "2018", "2019", "2020", "2021", "2022", "2023"];

    fn of(numbers: [i64; 12]) -> Option<Upsurge> {
        let row: Vec<(&str, i64)> = YEARS.into_iter().zip(numbers).collect();
        upsurge(&row)
    }

    #[test]
    fn a_rise_that_lasts_begins_with_its_first_period() {
        let found = of([1, 1, 0, 1, 1, 0, 1, 1, 0, 4, 3, 3]).unwrap();
        // 6 in nine years are 0.7 a year, 10 in three are 3.3.
        assert_eq!((found.since.as_str(), found.before_mean.as_str()), ("2021", "0.7"));
        assert_eq!(found.after_mean, "3.3");
    }

    #[test]
    fn a_steady_row_a_fall_and_a_single_act_are_no_upsurge() {
        assert_eq!(of([2, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 2]), None);
        assert_eq!(of([5, 4, 5, 4, 3, 2, 2, 1, 1, 0, 1, 0]), None);
        assert_eq!(of([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), None);
    }

    #[test]
    fn a_row_without_length_has_no_trend() {
        assert_eq!(upsurge(&[]), None);
        assert_eq!(upsurge(&[("2022", 0), ("2023", 9)]), None);
    }
}
