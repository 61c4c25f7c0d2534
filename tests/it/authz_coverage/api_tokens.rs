//! What API tokens can't do, whoever's they are: the description says of each endpoint what is so.

use super::{
    Access::{Admin, Superuser},
    Scene,
    rest::REST,
};
use crate::support::{App, client::text, described::Description};
use serde_json::{Value, json};

/// Bodies that take a session where the one in the table doesn't.
const GIVE_ROLES: [(&str, &str, &str); 3] = [
    ("PATCH", "/api/users/{id}", r#"{"roles":["admin"]}"#),
    ("POST", "/api/invitations", r#"{"roles":["admin"]}"#),
    (
        "POST",
        "/api/import",
        r#"{"patchbay":1,"users":[{"email":"new@example.org","roles":["admin"]}]}"#,
    ),
];

#[tokio::test]
async fn the_description_says_of_which_endpoints_an_api_token_is_refused() {
    let app = App::start().await;
    let (scene, root) = Scene::set(&app).await;
    let description = Description::new(app.anonymous().get("/api/openapi.json").await.expect(200));
    let of_root = root.post("/api/tokens", json!({ "name": "x" })).await.expect(201);
    let of_ada = scene.ada.post("/api/tokens", json!({ "name": "x" })).await.expect(201);
    let programs = [&of_root, &of_ada].map(|token| app.anonymous().bearing(text(token, "token")));
    for &(method, path, access, body) in REST {
        let program = &programs[usize::from(!matches!(access, Admin | Superuser))];
        let operation = description.operation(method, path);
        let refused = async |body: &str| {
            let answer = scene.rest(program, (method, path, access, body)).await;
            answer.status == 403 && answer.json()["error"] == "SESSION_REQUIRED"
        };
        let always = refused(body).await;
        let giving = GIVE_ROLES.iter().find(|(by, of, _)| (*by, *of) == (method, path));
        let sometimes = match giving {
            Some((.., body)) => refused(body).await,
            None => false,
        };
        let told = description.response(operation, 403).map(Value::to_string);
        let is_told = told.is_some_and(|told| told.contains("SESSION_REQUIRED"));
        assert_eq!(is_told, always || sometimes, "{method} {path}");
        let ways = operation["security"].as_array().unwrap();
        if !ways.is_empty() {
            let takes_token = ways.contains(&json!({ "apiToken": [] }));
            assert_eq!(takes_token, !always, "{method} {path}");
        }
    }
}
