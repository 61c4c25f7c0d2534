//! `cargo xtask test`: everything that has to hold, one step after the other.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;
use tokio::time::timeout;

use crate::database::Throwaway;
use crate::frontend::{self, Mode};
use crate::setup::wasm::TARGET;
use crate::setup::{self, Component, Foreign, rust};
use crate::{e2e, paths, prepare, process, say};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run only tests whose name contains this, and no other step
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Leave a step out; may be given several times
    #[arg(long, value_enum, value_name = "STEP")]
    skip: Vec<Step>,
    /// Run this step only; may be given several times
    #[arg(long, value_enum, value_name = "STEP", conflicts_with = "skip")]
    only: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// rustfmt finds nothing to change
    Format,
    /// clippy has nothing to say about the server and the tools
    Clippy,
    /// clippy has nothing to say about the frontend
    ClippyWasm,
    /// cargo-deny accepts every dependency's licence, version and source
    Deny,
    /// .sqlx/ is what the queries and migrations make
    Queries,
    /// The frontend builds
    Frontend,
    /// Unit and integration tests
    Tests,
    /// The examples in the documentation
    Docs,
    /// The dashboard in a real browser
    E2e,
}

/// The package for the browser doesn't compile for this machine.
const HOST: [&str; 3] = ["--workspace", "--exclude", "patchbay-frontend"];

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let wants = |step: Step| {
        if arguments.filter.is_some() {
            return matches!(step, Step::Frontend | Step::Tests);
        }
        if arguments.only.is_empty() {
            !arguments.skip.contains(&step)
        } else {
            arguments.only.contains(&step)
        }
    };
    let mut report = Report::default();
    let began = Instant::now();
    if wants(Step::Format) {
        report.step("format", format()).await;
    }
    if wants(Step::Deny) {
        report.step("dependencies", dependencies()).await;
    }
    if wants(Step::Queries) {
        report
            .step("queries", prepare::run(prepare::Arguments { check: true }))
            .await;
    }
    if wants(Step::Clippy) {
        report.step("clippy", clippy()).await;
    }
    if wants(Step::ClippyWasm) {
        report.step("clippy, frontend", clippy_wasm()).await;
    }
    if wants(Step::Frontend) || wants(Step::E2e) {
        report.step("frontend", build_frontend()).await;
    }
    if wants(Step::Tests) {
        // Without them there are some tests less, and all others tell what they have to tell.
        let foreign = report
            .step("others' MCP programs", needed(Step::Tests, setup::foreign()))
            .await;
        let filter = arguments.filter.as_deref();
        report.step("tests", tests(foreign.as_ref(), filter)).await;
    }
    if wants(Step::Docs) {
        report.step("documentation tests", doc_tests()).await;
    }
    if wants(Step::E2e) {
        report.step("end to end", end_to_end()).await;
    }
    report.close(began.elapsed())
}

/// Each step brings what it needs, so that what can't be had fails that step and no other.
async fn needed<T>(by: Step, tools: impl Future<Output = Result<T>>) -> Result<T> {
    let step = by.to_possible_value().expect("no step is hidden");
    tools.await.with_context(|| {
        format!(
            "something that is needed can't be had here (bring it and run `cargo xtask setup`, or leave the step out with \
             `--skip {}`)",
            step.get_name()
        )
    })
}

async fn format() -> Result<()> {
    needed(Step::Format, rust::ensure(Component::Rustfmt)).await?;
    process::run(process::cargo(&["fmt", "--all", "--check"])).await
}

async fn build_frontend() -> Result<()> {
    let tools = needed(Step::Frontend, setup::for_building()).await?;
    frontend::build(Mode::Dev, &tools).await
}

async fn clippy() -> Result<()> {
    needed(Step::Clippy, rust::ensure(Component::Clippy)).await?;
    let mut command = process::cargo(&["clippy"]);
    command.args(HOST).args(["--all-targets", "--", "--deny", "warnings"]);
    process::run(command).await
}

async fn clippy_wasm() -> Result<()> {
    needed(Step::ClippyWasm, rust::ensure(Component::Clippy)).await?;
    let toolchain = needed(Step::ClippyWasm, setup::wasm::ensure()).await?;
    let mut command = if toolchain.has_clippy() {
        process::cargo(&[
            "clippy",
            "--package",
            "patchbay-frontend",
            "--target",
            TARGET,
            "--",
            "--deny",
            "warnings",
        ])
    } else {
        say::warning("the compiler for the browser has no clippy: only checking that it compiles");
        process::cargo(&["check", "--package", "patchbay-frontend", "--target", TARGET])
    };
    toolchain.apply(&mut command);
    process::run(command).await
}

async fn dependencies() -> Result<()> {
    let Some(deny) = rust::cargo_deny().await? else {
        say::warning("cargo-deny is not installed: licences and sources go unchecked here, and are checked in CI");
        say::note("cargo install cargo-deny --locked takes about two minutes");
        return Ok(());
    };
    let check = |what: &[&str]| {
        let mut command = process::command(&deny);
        command.args(["--color", "never", "--workspace", "check"]).args(what);
        command
    };
    process::run(check(&["bans", "licenses", "sources"])).await?;
    // The list of advisories is kept where not every machine gets to, and changes without us: it is told, not required.
    match timeout(Duration::from_secs(90), process::run(check(&["advisories"]))).await {
        Ok(Ok(())) => {}
        _ => say::warning("advisories were found, or their list could not be had: see above"),
    }
    Ok(())
}

async fn tests(foreign: Option<&Foreign>, filter: Option<&str>) -> Result<()> {
    let database = needed(Step::Tests, Throwaway::start("test", Vec::new())).await?;
    let mut arguments = if rust::has_nextest().await {
        vec!["nextest", "run", "--no-fail-fast"]
    } else {
        vec!["test", "--no-fail-fast", "--lib", "--bins", "--tests"]
    };
    arguments.extend(HOST);
    arguments.extend(filter);
    let mut command = process::cargo(&arguments);
    command.env("DATABASE_URL", database.url());
    if let Some(Foreign { node, python }) = foreign {
        command
            .env("PATCHBAY_TEST_NODE_MODULES", paths::at("end2end/node_modules"))
            .env("PATCHBAY_TEST_PYTHON", python);
        node.add_to_path(&mut command);
    }
    let result = process::run(command).await;
    database.end().await?;
    result
}

async fn doc_tests() -> Result<()> {
    let mut command = process::cargo(&["test", "--quiet", "--doc"]);
    command.args(HOST);
    process::run(command).await
}

async fn end_to_end() -> Result<()> {
    ensure!(Mode::Dev.manifest().exists(), "there is no frontend to test");
    let browser = needed(Step::E2e, setup::browser()).await?;
    e2e::build_binaries().await?;
    e2e::test(&browser, &[]).await
}

/// What was done, how long it took, how it ended.
#[derive(Debug, Default)]
struct Report(Vec<(&'static str, Duration, Result<()>)>);

impl Report {
    /// Runs a step. One that fails doesn't keep the others from telling what they have to tell.
    async fn step<T>(&mut self, name: &'static str, work: impl Future<Output = Result<T>>) -> Option<T> {
        say::step(format!("{name} …"));
        let began = Instant::now();
        let result = work.await;
        let took = began.elapsed();
        match &result {
            Ok(_) => say::note(format!("{name}: passed in {}", shown(took))),
            Err(error) => say::error(error),
        }
        let (done, outcome) = match result {
            Ok(done) => (Some(done), Ok(())),
            Err(error) => (None, Err(error)),
        };
        self.0.push((name, took, outcome));
        done
    }

    fn close(self, took: Duration) -> Result<()> {
        println!();
        for (name, took, result) in &self.0 {
            let outcome = if result.is_ok() {
                say::paint("32", "passed")
            } else {
                say::paint("31;1", "FAILED")
            };
            println!("{outcome}  {:>10}  {name}", shown(*took));
        }
        let failed = self.0.iter().filter(|(_, _, result)| result.is_err()).count();
        println!(
            "{} steps passed, {failed} failed, in {}",
            self.0.len() - failed,
            shown(took)
        );
        if failed > 0 {
            bail!("not everything passed");
        }
        Ok(())
    }
}

fn shown(took: Duration) -> String {
    let seconds = took.as_secs();
    if seconds < 60 {
        format!("{:.1} s", took.as_secs_f32())
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn durations_are_readable() {
        assert_eq!(shown(Duration::from_millis(1234)), "1.2 s");
        assert_eq!(shown(Duration::from_secs(125)), "2 min 5 s");
    }
}
