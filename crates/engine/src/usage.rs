//! Counted calls, over time: by server, by tool, by minute, hour or day.

use crate::{Actor, Engine, Error, error::NotFound, storage::usage::Wanted};
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    usage::{UsagePoint, UsageQuery, UsageStep},
};
use time::Duration;

/// The span that is meant when nobody says.
const DEFAULT_SPAN: Duration = Duration::DAY;
/// The most points that one answer carries.
const POINTS_MAX: usize = 10_000;
/// The longest name of a tool that calls can have been counted under, in characters.
const TOOL_MAX: usize = 1024;

impl Engine {
    /// The actor's calls in spans of time, the oldest first; spans without calls aren't there.
    ///
    /// # Errors
    /// Refused fields, [`NotFound::Server`], or a failing database.
    pub async fn usage(&self, actor: &Actor, query: &UsageQuery) -> Result<Vec<UsagePoint>, Error> {
        let now = self.clock().now();
        let to = query.to.map_or(now, |to| to.0);
        let from = query.from.map_or(to - DEFAULT_SPAN, |from| from.0);
        let wanted = Wanted {
            step: query.step,
            from,
            to,
            server: query.mcp_server_id,
            tool: query.tool.as_deref(),
            by_server: query.by_server,
            by_tool: query.by_tool,
            limit: i64::try_from(POINTS_MAX + 1).unwrap_or(i64::MAX),
        };
        check(&wanted)?;
        let mut tx = self.db().begin_as(actor.user).await?;
        if let Some(server) = query.mcp_server_id
            && !tx.has_server(server).await?
        {
            return Err(NotFound::Server.into());
        }
        let points = tx.usage_points(&wanted).await?;
        if points.len() > POINTS_MAX {
            let reason = format!("That is more than {POINTS_MAX} points: ask for longer ones, or for less time.");
            return Err(FieldErrors::one("step", FieldError::Refused { reason }).into());
        }
        Ok(points)
    }
}

fn check(wanted: &Wanted<'_>) -> Result<(), Error> {
    let mut errors = FieldErrors::default();
    let mut refuse = |field: &str, reason: &str| {
        let reason = reason.to_owned();
        errors.add(field, FieldError::Refused { reason });
    };
    let span = wanted.to - wanted.from;
    if span <= Duration::ZERO {
        refuse("from", "This is not before the end.");
    } else if longest(wanted.step).is_some_and(|longest| span > longest) {
        refuse("from", "That is too long ago for spans this short: take longer ones.");
    }
    // PostgreSQL ends in 294276, and a year of five digits can't be written in RFC 3339.
    if wanted.from.year() < 1970 || wanted.to.year() > 9999 {
        refuse("from", "There are no calls that long ago, or that far ahead.");
    }
    if wanted
        .tool
        .is_some_and(|tool| tool.contains('\0') || tool.chars().count() > TOOL_MAX)
    {
        refuse("tool", "No tool is called that.");
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
}

/// The most time that is told in such steps.
fn longest(step: UsageStep) -> Option<Duration> {
    match step {
        UsageStep::Minute => Some(Duration::days(2)),
        UsageStep::Hour => Some(Duration::days(62)),
        UsageStep::Day => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn spans_fit_their_steps() {
        let to = datetime!(2026-11-20 12:00 UTC);
        let wanted = |step, span| Wanted {
            step,
            from: to - span,
            to,
            server: None,
            tool: None,
            by_server: false,
            by_tool: false,
            limit: 1,
        };
        for (step, span, fits) in [
            (UsageStep::Minute, Duration::days(2), true),
            (UsageStep::Minute, Duration::days(3), false),
            (UsageStep::Hour, Duration::days(62), true),
            (UsageStep::Hour, Duration::days(63), false),
            (UsageStep::Day, Duration::days(3650), true),
            (UsageStep::Day, Duration::ZERO, false),
            (UsageStep::Day, -Duration::DAY, false),
        ] {
            assert_eq!(check(&wanted(step, span)).is_ok(), fits, "{step:?} {span}");
        }
    }
}
