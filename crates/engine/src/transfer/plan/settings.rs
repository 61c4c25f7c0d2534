//! What becomes of tools as a server's owner wants them: off, renamed, in other words, in another order.

use super::{Member, Planner, tools::ToolStep};
use crate::{
    storage::{
        tool_settings::{ToolKey, ToolSetting},
        transfer_servers::WholeServer,
    },
    tools::DESCRIPTIONS_MAX_BYTES,
    transfer::{
        export::{Parts, setting_entry},
        server_entry::{ServerEntry, SettingEntry},
    },
};
use std::collections::HashMap;

/// What becomes of how a server's tools are wanted.
#[derive(Debug, Default)]
pub(in crate::transfer) struct SettingsStep {
    /// Names that change hands, or go.
    pub(in crate::transfer) freed: Vec<String>,
    pub(in crate::transfer) settings: Vec<ToolSetting>,
}

impl Planner<'_> {
    /// The tools that are to be otherwise than before; what the document says nothing of stays.
    pub(super) fn settings(
        &mut self,
        entry: &ServerEntry,
        stored: Option<(&WholeServer, Option<&Parts>)>,
        tools: &[ToolStep],
        path: &str,
        members: &mut Vec<Member>,
    ) -> SettingsStep {
        let standing = stored
            .and_then(|(_, parts)| parts)
            .map(|parts| parts.settings.as_slice());
        let mut wanted: HashMap<ToolKey, ToolSetting> = standing
            .unwrap_or_default()
            .iter()
            .map(|setting| (setting.key.clone(), setting.clone()))
            .collect();
        // How a tool is wanted stays with it, wherever its template comes from.
        for tool in tools {
            let (Some(old), new) = (tool.moved(), tool.key(tool.source)) else {
                continue;
            };
            if !wanted.contains_key(&new)
                && let Some(setting) = wanted.remove(&old)
            {
                let key = new.clone();
                wanted.insert(new, ToolSetting { key, ..setting });
            }
        }
        let mut step = SettingsStep::default();
        for (index, setting) in entry.tool_settings.iter().enumerate() {
            let path = format!("{path}.tool_settings[{index}].source");
            let Ok(source) = self.source_of(entry, setting.source.as_ref(), &path) else {
                continue;
            };
            let key = ToolKey {
                source,
                made: setting.made,
                tool: setting.tool.clone(),
            };
            let standing = wanted.remove(&key).unwrap_or_else(|| ToolSetting::plain(key.clone()));
            let before = setting_entry(&standing, &self.stored.source_keys);
            let is_same = SettingEntry {
                source: setting.source.clone(),
                ..before.clone()
            } == *setting;
            let after = ToolSetting {
                id: standing.id,
                key: key.clone(),
                enabled: setting.enabled,
                name: setting.name.clone(),
                description: setting.description.clone(),
                position: setting.position.and_then(|position| i32::try_from(position).ok()),
            };
            if !is_same {
                members.push(Member::new(
                    format!("tool_settings.{}", setting.tool),
                    Some(&words(&before)),
                    Some(&words(setting)),
                ));
                step.freed.extend(standing.name);
                step.settings.push(after.clone());
            }
            wanted.insert(key, after);
        }
        let descriptions = wanted.values().filter_map(|setting| setting.description.as_deref());
        if descriptions.map(str::len).sum::<usize>() > DESCRIPTIONS_MAX_BYTES {
            let message = "The server's own descriptions of its tools would take more than 512 KiB.";
            self.problems.add(&format!("{path}.tool_settings"), message);
        }
        self.check_names(entry, &wanted, path);
        step
    }

    /// Two tools of one server can't be given one name, whether the document names both or only one of them.
    fn check_names(&mut self, entry: &ServerEntry, wanted: &HashMap<ToolKey, ToolSetting>, path: &str) {
        let mut names: HashMap<&str, u32> = HashMap::new();
        for name in wanted.values().filter_map(|setting| setting.name.as_deref()) {
            *names.entry(name).or_default() += 1;
        }
        for (index, setting) in entry.tool_settings.iter().enumerate() {
            let Some(name) = setting.name.as_deref() else { continue };
            if names.get(name).is_some_and(|times| *times > 1) {
                let message = format!("Another tool of this server is given the name '{name}', too.");
                self.problems
                    .add(&format!("{path}.tool_settings[{index}].name"), message);
            }
        }
    }
}

/// What a report says of it.
fn words(setting: &SettingEntry) -> String {
    let mut words = vec![if setting.enabled { "on" } else { "off" }.to_owned()];
    if let Some(name) = &setting.name {
        words.push(format!("as {name}"));
    }
    if let Some(position) = setting.position {
        words.push(format!("at {position}"));
    }
    if let Some(description) = &setting.description {
        words.push(format!("\"{description}\""));
    }
    words.join(", ")
}
