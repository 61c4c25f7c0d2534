//! The first of two steps: a connector gets its entry in the catalogue.

use crate::support::App;
use futures::future::join;
use patchbay_domain::connector::DESCRIPTION_MAX;
use serde_json::json;

const NEXT_STEP: &str = "Activate the connector by providing the connector URL via POST /api/connectors/activate";

#[tokio::test]
async fn a_registered_connector_is_answered_with_its_ids_and_the_next_step() {
    let app = App::start().await;
    let root = app.superuser().await;
    let body = root
        .register_with_secret("my_connector", "optional_connector_secret")
        .await;
    let created_at = body["created_at"].as_str().unwrap();
    assert!(created_at.ends_with('Z') && created_at.contains('T'), "{created_at}");
    assert_eq!(
        body,
        json!({
            "status": "registered",
            "message": "Connector 'my_connector' registered successfully",
            "id": body["id"],
            "connector_id": 1,
            "name": "my_connector",
            "mode": "deactive",
            "description": "For a test",
            "created_at": created_at,
            "next_step": NEXT_STEP,
        })
    );
    assert!(body["id"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());
}

#[tokio::test]
async fn a_registered_connector_is_listed_without_url_version_or_secret() {
    let app = App::start().await;
    let root = app.superuser().await;
    root.register_with_secret("with", "hunter2hunter2").await;
    root.register("without").await;
    let ada = app.user("ada@example.org").await;
    let list = ada.get("/api/connectors").await;
    assert!(!String::from_utf8_lossy(&list.body).contains("hunter2"));
    let list = list.expect(200);
    assert_eq!((list["total"].as_u64(), &list["next_cursor"]), (Some(2), &json!(null)));
    for (entry, has_secret) in list["connectors"].as_array().unwrap().iter().zip([false, true]) {
        assert_eq!(
            (entry["url"].as_str(), entry["version"].as_str()),
            (Some(""), Some("0.0.0"))
        );
        assert_eq!(
            (&entry["mode"], &entry["kind"]),
            (&json!("deactive"), &json!("catalog"))
        );
        assert_eq!(entry["has_secret"], has_secret);
    }
    let row = app
        .database
        .texts("SELECT url || '|' || mode || '|' || version FROM mcp_connectors")
        .await;
    assert_eq!(row, ["|deactive|0.0.0", "|deactive|0.0.0"]);
    let sealed = app
        .database
        .texts("SELECT encode(secret, 'escape') FROM mcp_connectors WHERE secret IS NOT NULL")
        .await;
    assert!(sealed.len() == 1 && !sealed[0].contains("hunter2"));
}

#[tokio::test]
async fn a_name_is_taken_once_however_many_ask_at_the_same_time() {
    let app = App::start().await;
    let root = app.superuser().await;
    let new = json!({ "name": "my_connector", "description": "x" });
    let (first, second) = join(
        root.post("/api/connectors/register", &new),
        root.post("/api/connectors/register", &new),
    )
    .await;
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let body = root
        .post("/api/connectors/register", &new)
        .await
        .expect_error(409, "CONNECTOR_NAME_TAKEN");
    assert_eq!(
        (body["status"].as_u64(), &body["detail"]),
        (Some(409), &json!("Connector with name 'my_connector' already exists"))
    );
}

#[tokio::test]
async fn only_superusers_register() {
    let app = App::start().await;
    let new = json!({ "name": "n", "description": "x" });
    app.anonymous()
        .post("/api/connectors/register", &new)
        .await
        .expect_error(401, "SIGNED_OUT");
    let ada = app.user("ada@example.org").await;
    let body = ada
        .post("/api/connectors/register", &new)
        .await
        .expect_error(403, "SUPERUSER_REQUIRED");
    assert_eq!(body["detail"], "Access denied. Superuser role required.");
}

#[tokio::test]
async fn what_can_not_be_a_connector_is_refused_by_field() {
    let app = App::start().await;
    let root = app.superuser().await;
    let long = "n".repeat(256);
    let long_text = "d".repeat(DESCRIPTION_MAX as usize + 1);
    for (body, field, code) in [
        (json!({ "name": "", "description": "x" }), "name", "required"),
        (json!({ "name": "  ", "description": "x" }), "name", "required"),
        (json!({ "name": long, "description": "x" }), "name", "too_long"),
        (json!({ "name": "a\nb", "description": "x" }), "name", "bad_characters"),
        (
            json!({ "name": "a\u{0}b", "description": "x" }),
            "name",
            "bad_characters",
        ),
        (json!({ "name": "a", "description": "" }), "description", "required"),
        (
            json!({ "name": "a", "description": long_text }),
            "description",
            "too_long",
        ),
        (
            json!({ "name": "a", "description": "x", "secret": "a\nb" }),
            "secret",
            "malformed",
        ),
        (json!({ "name": "a" }), "description", "required"),
        (json!({ "name": 7, "description": "x" }), "name", "malformed"),
        (
            json!({ "name": "a", "description": "x", "colour": "red" }),
            "colour",
            "refused",
        ),
        (
            json!({ "name": "a", "description": "x", "secret": 7 }),
            "secret",
            "malformed",
        ),
        (json!(["a", "x"]), "body", "malformed"),
    ] {
        let answer = root
            .post("/api/connectors/register", &body)
            .await
            .expect_error(422, "INVALID_FIELDS");
        assert_eq!(answer["fields"][field]["code"], code, "{body}: {answer}");
    }
    let all = json!({ "name": "", "description": "" });
    let answer = root.post("/api/connectors/register", all).await.expect(422);
    assert_eq!(
        answer["fields"].as_object().unwrap().len(),
        2,
        "all that is wrong is said at once"
    );
}

#[tokio::test]
async fn names_of_255_characters_in_any_script_are_fine_and_an_empty_secret_is_none() {
    let app = App::start().await;
    let root = app.superuser().await;
    for name in [
        "n".repeat(255),
        "名".repeat(255),
        "O'Brien \"; DROP TABLE users; --".to_owned(),
        "<script>".to_owned(),
    ] {
        assert_eq!(root.register(&name).await["name"], name);
    }
    let body = root
        .post(
            "/api/connectors/register",
            json!({ "name": "e", "description": "x", "secret": "" }),
        )
        .await;
    let id = body.expect(201)["connector_id"].to_string();
    assert_eq!(
        root.get(&format!("/api/connectors/{id}")).await.expect(200)["has_secret"],
        false
    );
}

#[tokio::test]
async fn a_connector_is_found_by_number_and_by_uuid_and_nothing_else_is_found() {
    let app = App::start().await;
    let root = app.superuser().await;
    let made = root.register("findable").await;
    for id in ["1", made["id"].as_str().unwrap()] {
        assert_eq!(
            root.get(&format!("/api/connectors/{id}")).await.expect(200)["name"],
            "findable"
        );
    }
    for id in [
        "99",
        "0",
        "99999999999999999999",
        "abc",
        "-1",
        "00000000-0000-0000-0000-000000000000",
        "1%20",
    ] {
        root.get(&format!("/api/connectors/{id}"))
            .await
            .expect_error(404, "CONNECTOR_NOT_FOUND");
    }
    let body = root.get("/api/connectors/99").await.json();
    assert_eq!(body["detail"], "Connector with ID 99 not found");
}

#[tokio::test]
async fn lists_have_pages_filters_and_a_search() {
    let app = App::start().await;
    let root = app.superuser().await;
    for name in ["alpha", "beta 100%", "gamma"] {
        root.register(name).await;
    }
    let names = async |query: &str| {
        let list = root.get(&format!("/api/connectors?{query}")).await.expect(200);
        let entries = list["connectors"].as_array().unwrap().clone();
        let names: Vec<String> = entries
            .iter()
            .map(|entry| entry["name"].as_str().unwrap().to_owned())
            .collect();
        (
            names.join(","),
            list["total"].as_u64().unwrap(),
            list["next_cursor"].as_str().map(str::to_owned),
        )
    };
    assert_eq!(names("q=ALPH").await, ("alpha".into(), 1, None));
    assert_eq!(names("q=100%25").await, ("beta 100%".into(), 1, None));
    assert_eq!(names("q=_").await, (String::new(), 0, None));
    assert_eq!(names("mode=active").await, (String::new(), 0, None));
    assert_eq!(names("kind=personal").await, (String::new(), 0, None));
    let (first, total, next) = names("limit=2").await;
    assert_eq!((first.as_str(), total), ("gamma,beta 100%", 3));
    assert_eq!(
        names(&format!("limit=2&cursor={}", next.unwrap())).await,
        ("alpha".into(), 3, None)
    );
    for bad in ["limit=x", "cursor=x", "mode=on", "kind=mine", "page=2"] {
        root.get(&format!("/api/connectors?{bad}"))
            .await
            .expect_error(422, "INVALID_FIELDS");
    }
}
