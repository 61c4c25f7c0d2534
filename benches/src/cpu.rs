//! CPU time of another process, by the kernel's own accounting: steadier than wall-clock time on a shared machine.

use std::{fs, time::Duration};

/// CPU time that all threads of a process have used so far, in nanoseconds' resolution. Linux only; elsewhere none.
pub(crate) fn of(pid: u32) -> Option<Duration> {
    let mut total = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        // A thread may end while we look.
        if let Ok(text) = fs::read_to_string(thread.ok()?.path().join("schedstat")) {
            total += text.split(' ').next()?.parse::<u64>().ok()?;
        }
    }
    Some(Duration::from_nanos(total))
}

/// The machine's load averages, as the kernel prints them.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
