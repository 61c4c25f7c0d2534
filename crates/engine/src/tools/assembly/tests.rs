use super::*;
use crate::storage::tools::StoredOffer;
use patchbay_domain::{connector::ConnectorMode, ids::ConnectorId};
use serde_json::{Value, json};
use uuid::Uuid;

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap()
}

fn source(number: u128) -> Option<SourceId> {
    (number > 0).then(|| SourceId(Uuid::from_u128(number)))
}

/// The binding of a source with that prefix, or, for number 0, of the server's own connector.
fn binding(number: u128, prefix: &str) -> StoredBinding {
    StoredBinding {
        source: source(number),
        kind: "notes".into(),
        prefix: prefix.into(),
        sealed_configuration: Vec::new(),
        connector: Some(ConnectorId(Uuid::from_u128(100 + number))),
    }
}

fn offer(tools: &[&str]) -> StoredOffer {
    let tools: Vec<Value> = tools
        .iter()
        .map(|name| json!({"name": name, "inputSchema": {"type": "object"}}))
        .collect();
    StoredOffer {
        connector: ConnectorId(Uuid::from_u128(9)),
        name: "notes".into(),
        mode: ConnectorMode::Active,
        version: "1".into(),
        mcp_url: None,
        sealed_secret: None,
        secret_header: None,
        tools: raw(&tools.into()),
        templates: Some(raw(&json!([{"name": "find"}]))),
        upstream_tools: None,
        upstream_templates: None,
        config: None,
    }
}

fn key(number: u128, made: bool, tool: &str) -> ToolKey {
    ToolKey {
        source: source(number),
        made,
        tool: tool.into(),
    }
}

fn named(number: u128, tool: &str, name: &str) -> ToolSetting {
    ToolSetting {
        name: Some(name.into()),
        ..ToolSetting::plain(key(number, false, tool))
    }
}

fn made(number: u128, name: &str) -> StoredTool {
    StoredTool {
        id: Uuid::new_v4(),
        source: source(number),
        name: name.into(),
        description: None,
        template: "find".into(),
        template_args: "{}".into(),
    }
}

struct Scene {
    bindings: Vec<(StoredBinding, Option<StoredOffer>)>,
    settings: Vec<ToolSetting>,
    /// Prefixes of sources that aren't there any more.
    old_prefixes: Vec<&'static str>,
    dynamic: Vec<StoredTool>,
}

impl Scene {
    fn of(bindings: &[(u128, &str, &[&str])]) -> Self {
        let bindings = bindings.iter();
        Self {
            bindings: bindings
                .map(|(number, prefix, tools)| (binding(*number, prefix), Some(offer(tools))))
                .collect(),
            settings: Vec::new(),
            old_prefixes: Vec::new(),
            dynamic: Vec::new(),
        }
    }

    fn set(mut self, setting: ToolSetting) -> Self {
        self.settings.push(setting);
        self
    }

    fn make(mut self, number: u128, name: &str) -> Self {
        self.dynamic.push(made(number, name));
        self
    }

    fn tools(self) -> Vec<Tool> {
        self.tools_of(|assembly| assembly)
    }

    fn tools_of(self, wanted: impl FnOnce(Assembly) -> Assembly) -> Vec<Tool> {
        let (bindings, offers): (Vec<_>, Vec<_>) = self.bindings.into_iter().unzip();
        let prefixes = bindings.iter().map(|binding| binding.prefix.clone());
        let prefixes = prefixes.chain(self.old_prefixes.iter().map(|prefix| (*prefix).to_owned()));
        let prefixes = prefixes.filter(|prefix| !prefix.is_empty()).collect();
        let mut assembly = wanted(Assembly::new(self.settings, prefixes, self.dynamic));
        for (index, (binding, offer)) in bindings.iter().zip(offers).enumerate() {
            assembly.add(index, binding, offer.map(Offer::read).as_ref());
        }
        assembly.finish(&bindings)
    }

    /// The tools that are offered: whose, and under which names.
    fn offered(self) -> Vec<(usize, String, String)> {
        let tools = self.tools().into_iter().filter(|tool| tool.fate == Fate::Offered);
        tools
            .map(|tool| (tool.binding.unwrap(), tool.key.tool, tool.name))
            .collect()
    }
}

fn offered(tools: &[(usize, &str, &str)]) -> Vec<(usize, String, String)> {
    let tools = tools.iter();
    tools
        .map(|(binding, tool, name)| (*binding, (*tool).to_owned(), (*name).to_owned()))
        .collect()
}

#[test]
fn the_first_binding_keeps_its_names_and_the_others_have_prefixes() {
    let scene = Scene::of(&[(0, "", &["z", "a"]), (1, "notes", &["z"]), (2, "notes_2", &["z"])]);
    assert_eq!(
        scene.make(2, "mine").offered(),
        offered(&[
            (0, "z", "z"),
            (0, "a", "a"),
            (1, "z", "notes__z"),
            (2, "z", "notes_2__z"),
            (2, "mine", "mine"),
        ])
    );
}

#[test]
fn an_owners_name_stays_its_tools_whatever_upstreams_come_up_with() {
    let tools = || {
        Scene::of(&[(0, "", &["list", "find", "cheese"]), (1, "notes", &["list"])])
            .set(named(1, "list", "find"))
            .make(1, "cheese")
    };
    assert_eq!(
        tools().offered(),
        offered(&[(0, "list", "list"), (1, "list", "find"), (1, "cheese", "cheese")])
    );
    let lost: Vec<_> = tools()
        .tools()
        .into_iter()
        .filter(|tool| tool.fate == Fate::NameTaken)
        .map(|tool| (tool.default_name, tool.name))
        .collect();
    assert_eq!(lost.len(), 2);
    for (default, handle) in lost {
        assert!(handle.starts_with(&format!("{default}~")), "{handle}");
    }
}

#[test]
fn a_name_waits_for_its_tool() {
    // The tool of the source that had it is gone, or the source is.
    for gone in [named(1, "old", "list"), named(7, "any", "list")] {
        let scene = Scene::of(&[(0, "", &["list"]), (1, "notes", &["new"])]).set(gone);
        assert_eq!(scene.offered(), offered(&[(1, "new", "notes__new")]));
    }
    let off = ToolSetting {
        enabled: false,
        ..named(1, "list", "list")
    };
    let scene = Scene::of(&[(0, "", &["list"]), (1, "notes", &["list"])]).set(off);
    assert_eq!(scene.offered(), [], "a tool that is off keeps its name");
}

#[test]
fn no_upstream_takes_names_that_begin_as_another_sources_do() {
    let scene = Scene::of(&[
        (0, "", &["notes__list", "notes_list", "gone__a", "a__b__c"]),
        (1, "notes", &["list"]),
        (2, "a", &["b__c", "b_c"]),
        (3, "a__b", &["d"]),
    ]);
    let scene = Scene {
        old_prefixes: vec!["gone"],
        ..scene
    };
    assert_eq!(
        scene.offered(),
        offered(&[
            (0, "notes_list", "notes_list"),
            (1, "list", "notes__list"),
            (2, "b_c", "a__b_c"),
            (3, "d", "a__b__d"),
        ])
    );
    // Its owner may call it so.
    let scene = Scene::of(&[(0, "", &["notes__list"]), (1, "notes", &["list"])]);
    let scene = scene.set(named(0, "notes__list", "notes__list"));
    assert_eq!(scene.offered(), offered(&[(0, "notes__list", "notes__list")]));
}

#[test]
fn every_tool_can_be_addressed_whatever_the_names_are() {
    let scene = Scene::of(&[(0, "", &["a", "b", "notes__a", "notes__b"]), (1, "notes", &["a", "b"])])
        .set(named(1, "a", "a"))
        .set(named(1, "b", "b"))
        .make(0, "notes__a")
        .make(0, "b~000000");
    let tools = scene.tools();
    let names: HashSet<_> = tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!((tools.len(), names.len()), (8, 8), "{names:?}");
}

#[test]
fn tools_with_a_place_come_first_and_the_others_as_they_come() {
    let at = |number, made, tool, position| ToolSetting {
        position: Some(position),
        ..ToolSetting::plain(key(number, made, tool))
    };
    let scene = Scene::of(&[(0, "", &["a", "b", "c"]), (1, "n", &["a"])]).make(0, "mine");
    let scene = scene
        .set(at(1, false, "a", 1))
        .set(at(0, true, "mine", 2))
        .set(at(0, false, "c", 3));
    let names: Vec<_> = scene.tools().into_iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["n__a", "mine", "c", "a", "b"]);
}

#[test]
fn a_setting_of_a_made_tool_is_not_that_of_an_upstreams_tool_of_its_name() {
    let off = ToolSetting {
        enabled: false,
        ..ToolSetting::plain(key(0, true, "mine"))
    };
    let scene = Scene::of(&[(0, "", &["mine"])]).make(0, "mine").set(off);
    let fates: Vec<_> = scene
        .tools()
        .into_iter()
        .map(|tool| (tool.made.is_some(), tool.fate))
        .collect();
    assert_eq!(fates, [(false, Fate::NameTaken), (true, Fate::Disabled)]);
}

#[test]
fn what_is_not_offered_says_why() {
    let mut scene = Scene::of(&[(0, "", &["a"]), (1, "n", &["a"]), (2, "o", &["b", "c"])])
        .make(1, "of_nothing")
        .make(2, "blocked")
        .make(9, "of_nobody");
    let (_, offers): (Vec<_>, Vec<_>) = scene
        .bindings
        .iter_mut()
        .map(|(binding, offer)| (binding, offer))
        .unzip();
    let mut offers = offers.into_iter().flatten();
    offers.next().unwrap().mode = ConnectorMode::Deactive;
    offers.next().unwrap().templates = Some(raw(&json!([])));
    let last = offers.next().unwrap();
    last.upstream_tools = Some(raw(
        &json!([{"name": "b", "inputSchema": {}}, {"name": "c", "inputSchema": {"type": "object"}}]),
    ));
    last.upstream_templates = Some(raw(&json!([{"name": "find", "inputSchema": {"type": "object"}}])));
    let fates: Vec<_> = scene.tools().into_iter().map(|tool| (tool.name, tool.fate)).collect();
    let expected = [
        ("a", Fate::SwitchedOff("notes".into())),
        ("n__a", Fate::Offered),
        ("o__b", Fate::Blocked),
        ("o__c", Fate::Offered),
        ("of_nothing", Fate::TemplateGone),
        ("blocked", Fate::Blocked),
        ("of_nobody", Fate::SourceGone),
    ];
    assert_eq!(fates, expected.map(|(name, fate)| (name.to_owned(), fate)));
}

#[test]
fn a_source_without_a_connector_has_no_tools_and_takes_none_along() {
    let mut scene = Scene::of(&[(1, "", &["a"]), (2, "n", &["a"])]).make(1, "mine");
    scene.bindings[0].1 = None;
    let fates: Vec<_> = scene.tools().into_iter().map(|tool| (tool.name, tool.fate)).collect();
    assert_eq!(
        fates,
        [
            ("n__a".to_owned(), Fate::Offered),
            ("mine".to_owned(), Fate::TemplateGone)
        ]
    );
}

#[test]
fn the_largest_connectors_together_take_no_more_room_than_one() {
    let names: Vec<String> = (0..TOOLS_MAX - 1).map(|number| format!("t{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let count = |tools: &[Tool], fate: &Fate| tools.iter().filter(|tool| tool.fate == *fate).count();
    let scene = || Scene::of(&[(0, "", &names), (1, "n", &names)]);
    let tools = scene().tools();
    assert_eq!(
        (count(&tools, &Fate::Offered), count(&tools, &Fate::NoRoom)),
        (TOOLS_MAX, NO_ROOM_SHOWN)
    );
    assert!(
        tools
            .iter()
            .all(|tool| (tool.fate == Fate::NoRoom) == tool.definition.is_none())
    );
    let off = ToolSetting {
        enabled: false,
        ..ToolSetting::plain(key(0, false, "t0"))
    };
    let tools = scene().set(off).tools();
    assert_eq!(
        (count(&tools, &Fate::Disabled), count(&tools, &Fate::Offered)),
        (1, TOOLS_MAX),
        "what is off makes room"
    );
    let large = json!([{"name": "large", "description": "x".repeat(DEFINITIONS_MAX / 2)}]);
    let mut scene = Scene::of(&[(0, "", &[]), (1, "n", &[]), (2, "o", &["small"])]);
    for (_, offer) in &mut scene.bindings[..2] {
        offer.as_mut().unwrap().tools = raw(&large);
    }
    assert_eq!(
        scene.offered(),
        offered(&[(0, "large", "large"), (2, "small", "o__small")])
    );
}

/// Three sources of a connector with one tool, of which a list holds one only.
fn large() -> Scene {
    let tools = json!([{"name": "large", "description": "x".repeat(DEFINITIONS_MAX / 2)}]);
    let mut scene = Scene::of(&[(0, "", &[]), (1, "n", &[]), (2, "o", &[])]);
    for (_, offer) in &mut scene.bindings {
        offer.as_mut().unwrap().tools = raw(&tools);
    }
    scene
}

#[test]
fn what_is_switched_off_takes_no_more_memory_than_what_is_listed_and_none_where_only_clients_ask() {
    let off = |number| ToolSetting {
        enabled: false,
        ..ToolSetting::plain(key(number, false, "large"))
    };
    let scene = || large().set(off(0)).set(off(1)).set(off(2));
    let tools = scene().tools();
    assert!(tools.iter().all(|tool| tool.fate == Fate::Disabled), "{tools:?}");
    let held: Vec<_> = tools.iter().map(|tool| tool.definition.is_some()).collect();
    assert_eq!(held, [true, false, false]);
    let tools = scene().tools_of(Assembly::for_clients);
    assert!(tools.iter().all(|tool| tool.definition.is_none()));
    let tools = large().tools_of(Assembly::for_clients);
    assert!(tools[0].definition.is_some(), "what clients see is there for them");
}

#[test]
fn a_connector_that_is_switched_off_takes_no_room_from_others() {
    let mut scene = large();
    scene.bindings[0].1.as_mut().unwrap().mode = ConnectorMode::Deactive;
    let fates: Vec<_> = scene.tools().into_iter().map(|tool| tool.fate).collect();
    assert_eq!(fates, [Fate::SwitchedOff("notes".into()), Fate::Offered, Fate::NoRoom]);
}

#[test]
fn what_can_not_be_read_of_one_connector_takes_the_others_nothing() {
    let mut scene = Scene::of(&[(0, "", &["a"]), (1, "n", &["a"]), (2, "o", &["a"])]).make(2, "mine");
    scene.bindings[0].1.as_mut().unwrap().tools = raw(&json!({"a": 1}));
    scene.bindings[2].1.as_mut().unwrap().templates = Some(raw(&json!("none")));
    let fates: Vec<_> = scene.tools().into_iter().map(|tool| (tool.name, tool.fate)).collect();
    let expected = [
        ("n__a", Fate::Offered),
        ("o__a", Fate::Offered),
        ("mine", Fate::TemplateGone),
    ];
    assert_eq!(fates, expected.map(|(name, fate)| (name.to_owned(), fate)));
}
