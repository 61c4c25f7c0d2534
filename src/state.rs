//! What handlers share.

use crate::limits::Limits;
use patchbay_engine::{Engine, tool_caller::ToolCaller};
use std::{fmt, sync::Arc};

/// Cheap to clone; given to every handler of the dashboard and the API.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) engine: Engine,
    pub(crate) tool_caller: Arc<dyn ToolCaller>,
    pub(crate) limits: Arc<Limits>,
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").finish_non_exhaustive()
    }
}
