//! What stands around every page: the navigation, the notices, the frame of the account pages; and [`Site`], what all
//! pages share.

mod api;
mod leave;
mod navigation;
mod notices;
mod shell;
mod site;
mod small;

pub(crate) use api::Frame;
pub(crate) use leave::Leave;
pub(crate) use shell::Shell;
pub(crate) use site::{SiteRoot, use_now, use_site};
pub(crate) use small::SmallPage;
