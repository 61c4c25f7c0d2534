//! Calls as they are typed into a shell.

use serde_json::Value;

/// A call, but for where this Patchbay is.
#[derive(Debug)]
pub(super) struct Call {
    method: String,
    /// With examples in the place of braces.
    path: String,
    needs_token: bool,
    body: Option<Value>,
}

/// The call that an operation of the API's description is about.
pub(super) fn call(path: &str, method: &str, operation: &Value) -> Call {
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    let path = parameters.iter().fold(path.to_owned(), |path, parameter| {
        let name = format!("{{{}}}", parameter["name"].as_str().unwrap_or_default());
        let example = match &parameter["example"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        path.replace(&name, &example)
    });
    let example = &operation["requestBody"]["content"]["application/json"]["example"];
    Call {
        method: method.to_uppercase(),
        path,
        needs_token: operation["security"].as_array().is_some_and(|ways| !ways.is_empty()),
        body: (!example.is_null()).then(|| example.clone()),
    }
}

impl Call {
    /// The command, for a Patchbay at this address.
    pub(super) fn command(&self, base: &str) -> String {
        let mut words = vec!["curl".to_owned()];
        // What has a body is a POST unless it says otherwise.
        let implied = if self.body.is_some() { "POST" } else { "GET" };
        if self.method != implied {
            words.push(format!("-X {}", self.method));
        }
        words.push(quoted(&format!("{}{}", base.trim_end_matches('/'), self.path)));
        let mut command = words.join(" ");
        let mut more = |line: String| {
            command.push_str(" \\\n  ");
            command.push_str(&line);
        };
        if self.needs_token {
            more("-H \"Authorization: Bearer $PATCHBAY_TOKEN\"".to_owned());
        }
        if let Some(body) = &self.body {
            more("-H 'Content-Type: application/json'".to_owned());
            more(format!("-d {}", quoted(&body.to_string())));
        }
        command
    }
}

/// A word for a shell, which makes nothing of what is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_call_is_a_command_that_a_shell_understands() {
        let operation = json!({
            "security": [{ "apiToken": [] }],
            "parameters": [{ "name": "id", "in": "path", "example": 7 }],
            "requestBody": { "content": { "application/json": { "example": { "name": "Ada's" } } } },
        });
        assert_eq!(
            call("/api/things/{id}", "patch", &operation).command("http://localhost:9000/"),
            "curl -X PATCH 'http://localhost:9000/api/things/7' \\\n  \
             -H \"Authorization: Bearer $PATCHBAY_TOKEN\" \\\n  \
             -H 'Content-Type: application/json' \\\n  \
             -d '{\"name\":\"Ada'\\''s\"}'"
        );
        assert_eq!(
            call("/api/x", "get", &json!({ "security": [] })).command("http://h"),
            "curl 'http://h/api/x'"
        );
    }
}
