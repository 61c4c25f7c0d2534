//! What stands around every page: the navigation, the notices, the frame of the account pages; and [`Frame`], what all
//! pages know.

mod frame;
mod leave;
mod navigation;
mod shell;
mod small;

pub(crate) use frame::{Frame, here, provide_frame, use_frame};
pub(crate) use leave::Leave;
pub(crate) use shell::Shell;
pub(crate) use small::SmallPage;
