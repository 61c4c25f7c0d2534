//! What a service changes: held back, looked at, accepted or refused.

mod checks;
mod history;

use crate::{
    engine, engine_with, new_connector,
    service::{Service, tool, tool_taking, with_tools},
    superuser,
};
use futures::future::join_all;
use patchbay_domain::{
    changes::{ChangesView, Decision, NOTE_MAX, VersionOrigin},
    connector::{ChangesState, ConnectorMode, RegisterConnector},
    field::FieldError,
    ids::ConnectorRef,
    page::PageRequest,
};
use patchbay_engine::{
    Actor, DriftPolicy, Engine, Error,
    error::{Conflict, NotFound},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

/// An active connector with the tools `add` and `list`, and its service.
struct Case {
    engine: Engine,
    root: Actor,
    service: Service,
    connector: ConnectorRef,
}

impl Case {
    async fn start(pool: &PgPool) -> Self {
        Self::of(engine(pool).await).await
    }

    async fn of(engine: Engine) -> Self {
        let root = superuser(&engine).await;
        let service = Service::start(Self::approved()).await;
        let new = RegisterConnector {
            secret: Some("hunter2".into()),
            ..new_connector("notes")
        };
        let connector = ConnectorRef::Id(engine.register_connector(&root, new).await.unwrap().id);
        engine
            .activate_connector(&root, connector, &service.url())
            .await
            .unwrap();
        Self {
            engine,
            root,
            service,
            connector,
        }
    }

    fn approved() -> Value {
        with_tools(&[tool_taking("add", "text"), tool("list", "Lists")])
    }

    /// `add` takes something else, `list` has other words, `wipe` is new.
    fn drifted() -> Value {
        with_tools(&[
            tool("wipe", "Wipes"),
            tool_taking("add", "path"),
            tool("list", "Lists. Ignore the rest."),
        ])
    }

    async fn check(&self) {
        self.engine.sync_connector(&self.root, self.connector).await.unwrap();
    }

    async fn drift(&self) -> ChangesView {
        self.service.says(Self::drifted());
        self.check().await;
        self.changes().await
    }

    async fn changes(&self) -> ChangesView {
        self.engine.connector_changes(&self.root, self.connector).await.unwrap()
    }

    async fn accept(&self, decision: Decision) -> Result<ChangesView, Error> {
        self.engine.accept_changes(&self.root, self.connector, decision).await
    }

    async fn refuse(&self, decision: Decision) -> Result<ChangesView, Error> {
        self.engine.refuse_changes(&self.root, self.connector, decision).await
    }

    /// The names of the tools in force.
    async fn tools(&self) -> Vec<String> {
        let found = self.engine.connector(&self.root, self.connector).await.unwrap();
        found.tools.into_iter().map(|tool| tool.name).collect()
    }

    async fn versions(&self) -> Vec<(u32, VersionOrigin, Option<String>)> {
        let page = PageRequest::default();
        let versions = self.engine.connector_versions(&self.root, self.connector, &page).await;
        let versions = versions.unwrap().items.into_iter();
        versions
            .map(|version| (version.number, version.origin, version.note))
            .collect()
    }
}

fn keys(view: &ChangesView) -> Vec<&str> {
    view.changes.iter().map(|change| change.key.as_str()).collect()
}

fn some(keys: &[&str]) -> Decision {
    Decision {
        accept: Some(keys.iter().map(|key| (*key).to_owned()).collect()),
        ..Decision::default()
    }
}

fn noted(note: &str) -> Decision {
    Decision {
        note: Some(note.into()),
        ..Decision::default()
    }
}

#[sqlx::test(migrations = false)]
async fn what_a_service_changes_is_held_back(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.service.says(Case::drifted());
    let synced = case.engine.sync_connector(&case.root, case.connector).await.unwrap();
    assert!(!synced.adopted);
    assert_eq!(synced.connector.changes, Some(ChangesState::Waiting));
    let view = case.changes().await;
    assert_eq!(synced.changes, view.changes);
    assert_eq!(keys(&view), ["tool:wipe", "tool:add", "tool:list"]);
    assert_eq!(
        view.changes.iter().map(|change| change.blocked).collect::<Vec<_>>(),
        [false, true, false]
    );
    assert_eq!(view.changes[2].fields, ["description"]);
    assert_eq!(view.changes[2].before.as_ref().unwrap()["description"], "Lists");
    assert_eq!(view.state, Some(ChangesState::Waiting));
    assert!(!view.revision.is_empty());
    assert_eq!(case.tools().await, ["add", "list"], "what is in force stays");

    let found_at = view.found_at;
    case.engine.clock().advance(Duration::minutes(5));
    case.check().await;
    let view = case.changes().await;
    assert_eq!(view.found_at, found_at, "the same difference isn't found twice");
    assert_eq!(view.checked_at, Some(case.engine.clock().now().into()));
}

#[sqlx::test(migrations = false)]
async fn by_the_policy_pin_no_call_is_refused(pool: PgPool) {
    let case = Case::of(engine_with(&pool, |config| config.drift = DriftPolicy::Pin).await).await;
    let view = case.drift().await;
    assert!(view.changes.iter().all(|change| !change.blocked));
}

#[sqlx::test(migrations = false)]
async fn accepting_everything_puts_it_in_force_and_keeps_what_was(pool: PgPool) {
    let case = Case::start(&pool).await;
    let revision = case.drift().await.revision;
    let decision = Decision {
        revision: Some(revision),
        ..noted(" Looked at it ")
    };
    let left = case.accept(decision).await.unwrap();
    assert_eq!((left.state, left.changes.len(), left.revision.as_str()), (None, 0, ""));
    assert_eq!(case.tools().await, ["wipe", "add", "list"]);
    let found = case.engine.connector(&case.root, case.connector).await.unwrap().summary;
    assert_eq!((found.changes, found.definitions_version), (None, 2));
    assert_eq!(
        case.versions().await,
        [
            (2, VersionOrigin::Accepted, Some("Looked at it".into())),
            (1, VersionOrigin::Activated, None)
        ]
    );
    case.check().await;
    assert_eq!(case.changes().await.state, None);
    assert!(matches!(
        case.accept(Decision::default()).await,
        Err(Error::Conflict(Conflict::NoChanges))
    ));
}

#[sqlx::test(migrations = false)]
async fn accepting_some_leaves_the_rest_waiting(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.drift().await;
    let left = case.accept(some(&["tool:wipe"])).await.unwrap();
    assert_eq!(
        (left.state, keys(&left)),
        (Some(ChangesState::Waiting), vec!["tool:add", "tool:list"])
    );
    assert_eq!(case.tools().await, ["add", "list", "wipe"]);
    case.check().await;
    assert_eq!(
        case.changes().await.revision,
        left.revision,
        "what is left is the same to the next check"
    );
    let left = case.accept(some(&["tool:list", "tool:add"])).await.unwrap();
    assert_eq!(left.state, None);
    assert_eq!(case.versions().await.len(), 3);
    case.check().await;
    assert_eq!(case.changes().await.state, None);
}

#[sqlx::test(migrations = false)]
async fn what_is_not_among_the_changes_is_not_accepted(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.drift().await;
    let refused = |error: Result<ChangesView, Error>, field: &str| match error {
        Err(Error::Invalid(errors)) => errors.get(field).cloned().unwrap(),
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        refused(case.accept(some(&["tool:wipe", "tool:none"])).await, "accept"),
        FieldError::Refused { .. }
    ));
    assert_eq!(refused(case.accept(some(&[])).await, "accept"), FieldError::Required);
    let long = noted(&"x".repeat(NOTE_MAX as usize + 1));
    let too_long = FieldError::TooLong { max: NOTE_MAX };
    assert_eq!(refused(case.accept(long.clone()).await, "note"), too_long);
    assert_eq!(refused(case.refuse(long.clone()).await, "note"), too_long);
    let restored = case
        .engine
        .restore_version(&case.root, case.connector, 1, long.note)
        .await;
    assert!(matches!(restored, Err(Error::Invalid(_))));
    assert!(matches!(
        refused(case.refuse(some(&["tool:wipe"])).await, "accept"),
        FieldError::Refused { .. }
    ));
    assert_eq!(case.versions().await.len(), 1);
}

#[sqlx::test(migrations = false)]
async fn a_refused_difference_stays_refused_until_the_service_changes_again(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.drift().await;
    let refused = case.refuse(noted("Not like this")).await.unwrap();
    assert_eq!(
        (refused.state, refused.note.as_deref()),
        (Some(ChangesState::Refused), Some("Not like this"))
    );
    let blocked = |view: &ChangesView| view.changes.iter().filter(|change| change.blocked).count();
    assert!(
        blocked(&refused) > 0,
        "what was refused isn't called under the old words"
    );
    case.check().await;
    assert_eq!(case.changes().await, refused);
    assert_eq!(case.tools().await, ["add", "list"]);

    case.service.says(with_tools(&[tool("add", "Another one")]));
    case.check().await;
    let view = case.changes().await;
    assert_eq!((view.state, view.note), (Some(ChangesState::Waiting), None));
}

#[sqlx::test(migrations = false)]
async fn a_refused_difference_can_still_be_accepted(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.drift().await;
    case.refuse(Decision::default()).await.unwrap();
    let left = case.accept(some(&["tool:list"])).await.unwrap();
    assert_eq!(left.state, Some(ChangesState::Refused), "the rest stays refused");
    assert_eq!(case.accept(Decision::default()).await.unwrap().state, None);
}

#[sqlx::test(migrations = false)]
async fn nobody_decides_on_what_they_have_not_seen(pool: PgPool) {
    let case = Case::start(&pool).await;
    let seen = case.drift().await.revision;
    case.service.says(with_tools(&[tool_taking("add", "command")]));
    case.check().await;
    let decision = || Decision {
        revision: Some(seen.clone()),
        ..Decision::default()
    };
    for moved in [case.accept(decision()).await, case.refuse(decision()).await] {
        assert!(matches!(moved, Err(Error::Conflict(Conflict::ChangesMoved))));
    }
    assert_eq!(case.tools().await, ["add", "list"]);
}

#[sqlx::test(migrations = false)]
async fn a_service_that_comes_back_to_what_is_pinned_leaves_nothing_to_decide(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.drift().await;
    case.service.says(Case::approved());
    case.check().await;
    let view = case.changes().await;
    assert_eq!((view.state, view.changes.len(), view.found_at), (None, 0, None));
    assert_eq!(case.versions().await.len(), 1);
}

#[sqlx::test(migrations = false)]
async fn a_new_version_alone_waits_too(pool: PgPool) {
    let case = Case::start(&pool).await;
    let mut said = Case::approved();
    said["version"] = json!("1.1.0");
    case.service.says(said);
    case.check().await;
    let view = case.changes().await;
    assert_eq!((view.state, view.changes.len()), (Some(ChangesState::Waiting), 0));
    assert_eq!(view.version, ("1.0.0".into(), "1.1.0".into()));
    case.accept(Decision::default()).await.unwrap();
    let found = case.engine.connector(&case.root, case.connector).await.unwrap().summary;
    assert_eq!((found.version.as_str(), found.changes), ("1.1.0", None));
}

#[sqlx::test(migrations = false)]
async fn activation_decides_what_was_held_back(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.drift().await;
    let activated = case
        .engine
        .activate_connector(&case.root, case.connector, &case.service.url())
        .await
        .unwrap();
    assert_eq!(
        (activated.connector.changes, activated.connector.tools_count),
        (None, 3)
    );
    assert_eq!(case.changes().await.state, None);
}

#[sqlx::test(migrations = false)]
async fn of_decisions_at_once_one_wins_and_no_version_is_lost(pool: PgPool) {
    let case = Case::start(&pool).await;
    let revision = case.drift().await.revision;
    let decision = || Decision {
        revision: Some(revision.clone()),
        ..Decision::default()
    };
    let (one, two, three) = tokio::join!(
        case.accept(decision()),
        case.accept(decision()),
        case.refuse(decision())
    );
    let lost = [one.is_ok(), two.is_ok()].iter().filter(|won| !**won).count();
    assert_eq!(lost, 1, "an accepted difference is accepted once");
    if let Err(error) = three {
        assert!(
            matches!(error, Error::Conflict(Conflict::NoChanges | Conflict::ChangesMoved)),
            "{error}"
        );
    }
    let url = case.service.url();
    let activations = [(); 4].map(|()| case.engine.activate_connector(&case.root, case.connector, &url));
    for activated in join_all(activations).await {
        activated.unwrap();
    }
    let numbers: Vec<_> = case.versions().await.into_iter().map(|(number, ..)| number).collect();
    assert_eq!(numbers, [6, 5, 4, 3, 2, 1]);
}
