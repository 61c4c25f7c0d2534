//! `patchbay audit`.

use super::{
    engine::{Schema, with_engine},
    print,
};
use crate::{cli::Audit, config::Config, database::describe};
use anyhow::bail;
use futures::TryStreamExt as _;
use patchbay_domain::audit::{AuditEvent, AuditFilter};
use patchbay_engine::{
    Engine,
    audit::{AuditHead, AuditReport, Finding, Who},
};
use std::{
    io::{self, Write as _},
    pin::pin,
};

/// Rows between two words of progress.
const TELL_EVERY: u64 = 100_000;

pub(super) async fn run(config: &Config, what: Audit) -> anyhow::Result<()> {
    let schema = match what {
        Audit::Verify { .. } | Audit::Export(_) | Audit::Head => Schema::AsItIs,
        Audit::Erase { .. } => Schema::Updated,
    };
    with_engine(config, schema, async |engine| match what {
        Audit::Verify { expect_head } => verify(engine, expect_head).await,
        Audit::Export(export) => print_all(engine, &export.into()).await,
        Audit::Erase { user } => erase(engine, &user).await,
        Audit::Head => head(engine).await,
    })
    .await
}

async fn verify(engine: &Engine, expect: Option<AuditHead>) -> anyhow::Result<()> {
    let mut told = 0;
    let report = engine
        .verify_audit(expect, |rows| {
            if rows >= told + TELL_EVERY {
                told = rows;
                // For whoever waits. Nobody reading it is no reason to stop.
                let _ = writeln!(io::stderr(), "{rows} rows so far");
            }
        })
        .await
        .map_err(describe)?;
    for finding in &report.findings {
        print(&words(finding))?;
    }
    print_keys(&report)?;
    if !report.is_whole() {
        bail!("the audit log is not as it was written: {} findings", report.wrong);
    }
    match report.head {
        Some(head) => print(&format!(
            "{} rows, all as they were written. The last one is {head}",
            report.rows
        ))?,
        None => print("the audit log is empty")?,
    }
    Ok(())
}

/// Who has an older key can write rows that fit it: that such rows end where a newer key begins is for people to see.
fn print_keys(report: &AuditReport) -> anyhow::Result<()> {
    if report.keys.len() > 1 {
        for key in &report.keys {
            print(&format!(
                "rows {} to {} were written with key {}",
                key.first, key.last, key.key_id
            ))?;
        }
    }
    Ok(())
}

fn words(finding: &Finding) -> String {
    match finding {
        Finding::Changed { seq } => format!("row {seq} was changed, or not written by Patchbay"),
        Finding::Missing { first, last } if first == last => format!("row {first} is missing"),
        Finding::Missing { first, last } => format!("rows {first} to {last} are missing"),
        Finding::Closed { seq, missing } => {
            format!("{missing} rows that stood at {seq} are missing, and those behind them have new numbers")
        }
        Finding::Inserted { seq } => format!("row {seq} was inserted"),
        Finding::Misnamed { seq } => format!("row {seq} names somebody else than it named, or from somewhere else"),
        Finding::UnknownKey { seq, key_id } => {
            format!("row {seq} was written with key {key_id}, which is unknown here")
        }
        Finding::Cut { ends, expected } => format!("rows {} to {expected} were cut off the end", ends + 1),
        Finding::Rewritten { seq } => {
            format!("row {seq} is not the one that it was: what is there up to it was written anew")
        }
    }
}

async fn print_all(engine: &Engine, filter: &AuditFilter) -> anyhow::Result<()> {
    let mut events = pin!(engine.export_whole_audit(filter).map_err(describe)?);
    while let Some(event) = events.try_next().await.map_err(describe)? {
        if !print_line(&event)? {
            break;
        }
    }
    Ok(())
}

/// Whether somebody still reads.
fn print_line(event: &AuditEvent) -> anyhow::Result<bool> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    match io::stdout().lock().write_all(&line) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn erase(engine: &Engine, user: &str) -> anyhow::Result<()> {
    let user = engine.find_person(user).await.map_err(describe)?;
    let erased = engine
        .erase_identities(&Who::command_line(), user)
        .await
        .map_err(describe)?;
    Ok(print(&format!(
        "forgot email and addresses of {user} in {erased} places"
    ))?)
}

async fn head(engine: &Engine) -> anyhow::Result<()> {
    match engine.audit_head().await.map_err(describe)? {
        Some(head) => Ok(print(&head.to_string())?),
        None => bail!("the audit log is empty"),
    }
}
