//! Which mode may follow which by hand. Activation has rules of its own: it always ends at `active`.

use crate::{
    error::{Conflict, Error},
    storage::connectors::StandingConnector,
};
use patchbay_domain::connector::{
    ConnectorMode::{self, Active, Deactive, Sync},
    ConnectorSummary,
};

/// Whether this is a change at all; or why it can't be made.
pub(super) fn change(connector: &StandingConnector, to: ConnectorMode) -> Result<bool, Error> {
    let has_url = !connector.url.is_empty();
    let has_definitions = connector.definitions_sha256.is_some();
    transition(connector.mode, to, has_url, has_definitions).map_err(|reason| {
        Conflict::ModeChange {
            name: connector.name.clone(),
            from: connector.mode,
            to,
            reason,
        }
        .into()
    })
}

/// Why that mode can't follow by hand, for a page that shows the ways there are; nothing when it can.
#[must_use]
pub fn obstacle(connector: &ConnectorSummary, to: ConnectorMode) -> Option<&'static str> {
    let has_definitions = connector.definitions_version > 0 || connector.tools_count + connector.templates_count > 0;
    transition(connector.mode, to, !connector.url.is_empty(), has_definitions).err()
}

/// The table. The words of a refusal say what to do instead.
fn transition(
    from: ConnectorMode,
    to: ConnectorMode,
    has_url: bool,
    has_definitions: bool,
) -> Result<bool, &'static str> {
    match (from, to) {
        (Deactive, Deactive) | (Sync, Sync) | (Active, Active) => Ok(false),
        (_, Deactive) => Ok(true),
        (_, Sync) if has_url => Ok(true),
        (_, Sync) => Err("it has no URL to follow yet, so activate it first"),
        (Sync, Active) if has_definitions => Ok(true),
        (Sync, Active) => Err("there are no definitions to pin yet, so activate it with its URL instead"),
        (Deactive, Active) => Err("activate it with its URL instead"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_modes_is_this_one() {
        let table = |has_url, has_definitions| {
            [Deactive, Sync, Active].map(|from| {
                [Deactive, Sync, Active].map(|to| match transition(from, to, has_url, has_definitions) {
                    Ok(true) => '✓',
                    Ok(false) => '=',
                    Err(_) => '✗',
                })
            })
        };
        assert_eq!(table(true, true), [['=', '✓', '✗'], ['✓', '=', '✓'], ['✓', '✓', '=']]);
        assert_eq!(table(true, false), [['=', '✓', '✗'], ['✓', '=', '✗'], ['✓', '✓', '=']]);
        assert_eq!(table(false, false), [['=', '✗', '✗'], ['✓', '=', '✗'], ['✓', '✗', '=']]);
    }
}
