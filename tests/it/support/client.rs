//! People who use the API, each of a type of their own, so that a test says in its first lines who does what.

use super::app::PASSWORD;
use patchbay_domain::user::UserView;
use reqwest::{
    Method, RequestBuilder,
    header::{HeaderMap, HeaderName},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::ops::Deref;
use url::Url;

/// Somebody with a browser's cookie jar and nothing in it.
pub(crate) struct Anonymous {
    base: Url,
    http: reqwest::Client,
    /// What a program has instead of a cookie.
    token: Option<String>,
}

/// Somebody signed in, by cookie.
pub(crate) struct User {
    client: Anonymous,
    pub(crate) view: UserView,
    /// Their access token, which their own requests don't use.
    pub(crate) access_token: String,
}

/// Somebody signed in who keeps the catalogue.
pub(crate) struct Superuser(pub(crate) User);

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Anonymous {
    pub(crate) fn new(base: Url) -> Self {
        Self {
            base,
            http: http_client(true),
            token: None,
        }
    }

    /// A program that has this token.
    pub(crate) fn bearing(self, token: String) -> Self {
        Self {
            token: Some(token),
            ..self
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.base.join(path).expect("a path makes a URL");
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Serialize) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: impl Serialize) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: impl Serialize) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// With these headers, and JSON unless it is `null`.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let mut request = self.request(method.parse().expect("a method"), path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(match body {
            Value::Null => request,
            body => request.json(&body),
        })
        .await
    }

    /// With a body, which some deletions have to have.
    pub(crate) async fn delete_with(&self, path: &str, body: Value) -> Answer {
        self.send("DELETE", path, &[], body).await
    }

    /// As a program does that has this token and no cookie.
    pub(crate) async fn with_token(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        self.send(method, path, &[("authorization", &format!("Bearer {token}"))], body)
            .await
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/login", json!({ "email": email, "password": password }))
            .await
    }
}

impl User {
    pub(crate) async fn sign_in(base: Url, view: UserView) -> Self {
        let client = Anonymous::new(base);
        let signed_in = client.login(&view.email, PASSWORD).await.expect(200);
        let access_token = text(&signed_in, "access_token");
        Self {
            client,
            view,
            access_token,
        }
    }

    /// Makes a server from an active connector.
    pub(crate) async fn create_server(&self, connector: &Value, configuration: Value) -> Value {
        let new = json!({ "name": "Mine", "connector_id": connector["id"], "configuration": configuration });
        self.post("/api/mcp-servers", new).await.expect(201)
    }
}

impl Superuser {
    pub(crate) async fn register(&self, name: &str) -> Value {
        self.post(
            "/api/connectors/register",
            json!({ "name": name, "description": "For a test" }),
        )
        .await
        .expect(201)
    }

    pub(crate) async fn register_with_secret(&self, name: &str, secret: &str) -> Value {
        let new = json!({ "name": name, "description": "For a test", "secret": secret });
        self.post("/api/connectors/register", new).await.expect(201)
    }

    pub(crate) async fn activate(&self, connector: &Value, url: &str) -> Answer {
        let body = json!({ "connector_id": connector["connector_id"], "connector_url": url });
        self.post("/api/connectors/activate", body).await
    }

    /// Sets a connector's mode, which is allowed.
    pub(crate) async fn set_mode(&self, connector: &Value, mode: &str) -> Value {
        let path = format!("/api/connectors/{}/mode", connector["connector_id"]);
        self.patch(&path, json!({ "mode": mode })).await.expect(200)
    }

    /// Registers a connector and activates it from this URL.
    pub(crate) async fn active_connector(&self, name: &str, url: &str) -> Value {
        let connector = self.register(name).await;
        self.activate(&connector, url).await.expect(200)
    }
}

impl Deref for User {
    type Target = Anonymous;

    fn deref(&self) -> &Anonymous {
        &self.client
    }
}

impl Deref for Superuser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.0
    }
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the server answers");
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.expect("the answer arrives whole").to_vec(),
        }
    }

    /// The JSON of an answer that has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// An error of the one shape there is: its status and code, and the same sentence wherever it is looked for.
    #[track_caller]
    pub(crate) fn expect_error(self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(
            (body["status"].as_u64(), body["error"].as_str()),
            (Some(status.into()), Some(code)),
            "{body}"
        );
        assert_eq!(body["message"], body["detail"]);
        assert!(body["request_id"].as_str().is_some_and(|id| id.len() == 32), "{body}");
        body
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let name: HeaderName = name.parse().expect("a header's name");
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// The text of a field that must be there.
#[track_caller]
pub(crate) fn text(value: &Value, field: &str) -> String {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no `{field}` in {value}"))
        .to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a test's client is no upstream's")]
pub(crate) fn http_client(keeps_cookies: bool) -> reqwest::Client {
    // Fails when another test of this process was faster.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .cookie_store(keeps_cookies)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client can be made")
}
