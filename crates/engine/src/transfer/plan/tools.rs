//! What becomes of the tools that were made on servers.

use super::{Member, Planner};
use crate::{
    storage::{tool_settings::ToolKey, transfer_servers::WholeServer},
    templates::DYNAMIC_TOOLS_MAX,
    transfer::{
        export::{Parts, tool_entry},
        server_entry::{ServerEntry, ToolEntry},
    },
};
use patchbay_domain::ids::SourceId;
use std::collections::HashMap;

/// A tool to be written.
#[derive(Debug)]
pub(in crate::transfer) struct ToolStep {
    /// Whose template it was made from until now; nothing for one that is new.
    pub(in crate::transfer) before: Option<Option<SourceId>>,
    pub(in crate::transfer) source: Option<SourceId>,
    pub(in crate::transfer) tool: ToolEntry,
}

impl ToolStep {
    /// The key that its settings have had until now, where its source becomes another.
    pub(in crate::transfer) fn moved(&self) -> Option<ToolKey> {
        let source = self.before.filter(|before| *before != self.source)?;
        Some(self.key(source))
    }

    pub(super) fn key(&self, source: Option<SourceId>) -> ToolKey {
        ToolKey {
            source,
            made: true,
            tool: self.tool.name.clone(),
        }
    }
}

impl Planner<'_> {
    /// The tools that are new or others than before; what the document doesn't have stays.
    pub(super) fn tools(
        &mut self,
        entry: &ServerEntry,
        stored: Option<(&WholeServer, Option<&Parts>)>,
        path: &str,
        members: &mut Vec<Member>,
    ) -> Vec<ToolStep> {
        let standing = stored.and_then(|(_, parts)| parts).map(|parts| parts.tools.as_slice());
        let before: HashMap<&str, ToolEntry> = standing
            .unwrap_or_default()
            .iter()
            .map(|tool| (tool.name.as_str(), tool_entry(tool, &self.stored.source_keys)))
            .collect();
        let sources: HashMap<&str, Option<SourceId>> = standing
            .unwrap_or_default()
            .iter()
            .map(|tool| (tool.name.as_str(), tool.source))
            .collect();
        let mut steps = Vec::new();
        for (index, tool) in entry.tools.iter().enumerate() {
            let path = format!("{path}.tools[{index}].source");
            let Ok(source) = self.source_of(entry, tool.source.as_ref(), &path) else {
                continue;
            };
            let old = before.get(tool.name.as_str());
            if old == Some(tool) {
                continue;
            }
            let words = |tool: &ToolEntry| format!("{} {}", tool.template, tool.template_args.get());
            let old_words = old.map(words);
            members.push(Member::new(
                format!("tools.{}", tool.name),
                old_words.as_deref(),
                Some(&words(tool)),
            ));
            steps.push(ToolStep {
                before: sources.get(tool.name.as_str()).copied(),
                source,
                tool: tool.clone(),
            });
        }
        let added = steps.iter().filter(|step| step.before.is_none()).count();
        if added > 0 {
            self.check_tools_count(before.len() + added, path);
        }
        steps
    }

    fn check_tools_count(&mut self, count: usize, path: &str) {
        if count > DYNAMIC_TOOLS_MAX {
            let message = format!("A server has at most {DYNAMIC_TOOLS_MAX} tools that are made from templates.");
            self.problems.add(&format!("{path}.tools"), message);
        }
    }
}
