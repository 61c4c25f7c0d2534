//! The comparison: rounds by turns, medians at the end.

use crate::{
    client::{Call, Round, round, single},
    cpu,
    report::{Figures, Report, median},
    stack::Stack,
};
use anyhow::{Context as _, ensure};
use clap::Args;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Args)]
pub(crate) struct Options {
    /// The patchbay program to measure.
    #[arg(long, default_value = "target/release/patchbay")]
    binary: PathBuf,
    /// Where its data goes; made anew.
    #[arg(long, default_value = "target/bench-data")]
    data: PathBuf,
    /// Rounds of each; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a round lasts, in seconds.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// How many connections call at once.
    #[arg(long, value_delimiter = ',', default_value = "1,64")]
    connections: Vec<usize>,
    /// How many bytes of text a result has.
    #[arg(long, default_value_t = 100)]
    bytes: usize,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let binary = options
        .binary
        .canonicalize()
        .with_context(|| format!("there is no {}", options.binary.display()))?;
    // Of a run that was killed.
    remove(&options.data).await?;
    std::fs::create_dir_all(&options.data)?;
    let data = options.data.canonicalize()?;
    let stack = Stack::start(&binary, data, options.bytes).await?;
    let result = compare(&stack, &options).await;
    stack.patchbay.stop().await?;
    remove(&options.data).await?;
    result
}

/// Deletes the data, and the database wherever it had to be kept.
async fn remove(data: &Path) -> anyhow::Result<()> {
    if data.exists() {
        patchbay_postgres::delete(data).await?;
        std::fs::remove_dir_all(data)?;
    }
    Ok(())
}

async fn compare(stack: &Stack, options: &Options) -> anyhow::Result<()> {
    let answers = [single(&stack.direct).await?, single(&stack.through_gateway).await?];
    ensure!(
        serde_json::from_slice::<serde_json::Value>(&answers[0])?
            == serde_json::from_slice::<serde_json::Value>(&answers[1])?,
        "the gateway's answer differs: {}",
        String::from_utf8_lossy(&answers[1])
    );

    let load_before = cpu::load();
    let mut report = Report::default();
    for &connections in &options.connections {
        let [direct, proxy, gateway] = measure(stack, connections, options).await?;
        report.add(connections, &direct, &proxy, &gateway);
    }
    println!(
        "tools/call, {} bytes of text, {} rounds of {} s each by turns, medians; load before {load_before}, after {}\n",
        options.bytes,
        options.rounds,
        options.seconds,
        cpu::load()
    );
    println!("{report}");
    Ok(())
}

/// Figures of the upstream asked directly, through the bare proxy, and through the gateway.
async fn measure(stack: &Stack, connections: usize, options: &Options) -> anyhow::Result<[Figures; 3]> {
    let time = Duration::from_secs_f64(options.seconds);
    let subjects: [(&Call, u32); 3] = [
        (&stack.direct, stack.upstream.pid()),
        (&stack.through_proxy, stack.proxy.pid()),
        (&stack.through_gateway, stack.patchbay.pid()),
    ];
    let mut rounds: [Vec<(Round, Option<Duration>)>; 3] = Default::default();
    for (call, _) in subjects {
        // Connections, caches and the branch predictor warm up before anything counts.
        round(call, connections, time / 4).await?;
    }
    for _ in 0..options.rounds {
        for (index, (call, pid)) in subjects.into_iter().enumerate() {
            let before = cpu::of(pid);
            let done = round(call, connections, time).await?;
            let cpu = cpu::of(pid)
                .zip(before)
                .map(|(after, before)| (after - before) / u32::try_from(done.calls.max(1)).unwrap_or(u32::MAX));
            rounds[index].push((done, cpu));
        }
    }
    Ok(rounds.map(|rounds| Figures {
        per_second: median(rounds.iter().map(|(round, _)| round.per_second())),
        p50_micros: median(rounds.iter().map(|(round, _)| micros(round.percentile(50)))),
        p99_micros: median(rounds.iter().map(|(round, _)| micros(round.percentile(99)))),
        cpu_micros: median(rounds.iter().map(|(_, cpu)| cpu.map_or(f64::NAN, micros))),
    }))
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
