//! Long work in the middle of a request.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Does what may take its time with large texts while other tasks go on in other threads, where there are some.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
