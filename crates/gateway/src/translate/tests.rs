//! What a translation changes, and that it changes nothing else.

use super::*;
use serde_json::{Value, json};

const SOURCE: &str = r#""dev.patchbay/source":{"id":"s"}"#;

struct Way {
    from: Era,
    to: Era,
    shared: SharedId,
    name: Option<&'static str>,
    arguments: Option<&'static str>,
    source: Option<&'static str>,
}

const PLAIN: Way = Way {
    from: Era::Legacy,
    to: Era::Legacy,
    shared: None,
    name: None,
    arguments: None,
    source: None,
};

fn sent(text: &str, way: &Way) -> Bytes {
    let body = Bytes::copy_from_slice(text.as_bytes());
    let envelope = Envelope::parse(&body).unwrap();
    let meta = Meta::parse(envelope.params.meta).unwrap();
    let request = Request {
        body: &body,
        envelope: &envelope,
        meta: &meta,
        era: way.from,
        name: way.name,
        arguments: way.arguments,
        source: way.source,
        state: None,
    };
    let sent = request.render(way.to, way.shared);
    if sent == body {
        assert_eq!(sent.as_ptr(), body.as_ptr(), "what isn't changed isn't copied");
    }
    sent
}

fn sent_json(text: &str, way: &Way) -> Value {
    serde_json::from_slice(&sent(text, way)).unwrap()
}

#[test]
fn a_call_that_needs_no_change_goes_as_it_came() {
    let text = r#"{ "jsonrpc":"2.0", "params":{"name":"a","arguments":{"n":1.50,"big":1e400},"x":[ ]},"id":"i","method":"tools/call" , "y":0}"#;
    assert_eq!(sent(text, &PLAIN), text);
    let modern = Way {
        from: Era::Modern,
        to: Era::Modern,
        ..PLAIN
    };
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","mine":1}}}"#;
    assert_eq!(sent(text, &modern), text);
}

#[test]
fn only_what_must_change_changes() {
    let text = r#"{"jsonrpc":"2.0", "id": "client's" ,"method":"tools/call","params":{"arguments":{"name":"n","id":7,"n":1.50}, "name" : "pub__a","_meta":{"progressToken":"t","mine":1.0}}}"#;
    let way = Way {
        shared: Some(42),
        name: Some("\"a\""),
        source: Some(SOURCE),
        ..PLAIN
    };
    assert_eq!(
        sent(text, &way),
        r#"{"jsonrpc":"2.0", "id": 42 ,"method":"tools/call","params":{"arguments":{"name":"n","id":7,"n":1.50}, "name" : "a","_meta":{"dev.patchbay/source":{"id":"s"},"progressToken":42,"mine":1.0}}}"#
    );
}

#[test]
fn a_templates_arguments_stand_in_place_of_the_clients() {
    let way = Way {
        name: Some("\"template\""),
        arguments: Some(r#"{"q":"x"}"#),
        ..PLAIN
    };
    let given = r#"{"id":1,"params":{"arguments" : {"mine":1.0}, "name":"mine","y":2.50},"jsonrpc":"2.0","method":"tools/call"}"#;
    assert_eq!(
        sent(given, &way),
        r#"{"id":1,"params":{"arguments" : {"q":"x"}, "name":"template","y":2.50},"jsonrpc":"2.0","method":"tools/call"}"#
    );
    let none = r#"{"id":1,"params":{"name":"mine"},"jsonrpc":"2.0","method":"tools/call"}"#;
    let with_source = Way {
        source: Some(SOURCE),
        ..way
    };
    assert_eq!(
        sent_json(none, &with_source)["params"],
        json!({"arguments": {"q": "x"}, "_meta": {"dev.patchbay/source": {"id": "s"}}, "name": "template"})
    );
}

#[test]
fn the_source_is_always_patchbays() {
    let forged = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{"dev.patchbay/source":{"id":"forged"},"a":1,"dev.patchbay\/source":2}}}"#;
    assert_eq!(sent_json(forged, &PLAIN)["params"]["_meta"], json!({"a": 1}));
    let way = Way {
        source: Some(SOURCE),
        ..PLAIN
    };
    let with = sent_json(forged, &way);
    assert_eq!(
        with["params"]["_meta"],
        json!({"dev.patchbay/source": {"id": "s"}, "a": 1})
    );
    assert!(!with.to_string().contains("forged"));
    let without = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#;
    assert_eq!(
        sent_json(without, &way)["params"],
        json!({"_meta": {"dev.patchbay/source": {"id": "s"}}, "name": "a"})
    );
    let empty = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{}}}"#;
    assert_eq!(
        sent_json(empty, &way)["params"]["_meta"],
        json!({"dev.patchbay/source": {"id": "s"}})
    );
}

#[test]
fn a_legacy_clients_state_means_nothing_to_a_modern_upstream() {
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","requestState":"forged"}}"#;
    let modern = Way {
        to: Era::Modern,
        ..PLAIN
    };
    assert_eq!(sent_json(text, &modern)["params"]["requestState"], Value::Null);
    assert_eq!(sent(text, &PLAIN), text);
    let shown = Request {
        body: &Bytes::from_static(text.as_bytes()),
        envelope: &Envelope::parse(text.as_bytes()).unwrap(),
        meta: &Meta::default(),
        era: Era::Legacy,
        name: None,
        arguments: None,
        source: Some("s3cret"),
        state: None,
    };
    let shown = format!("{shown:?}");
    assert!(!shown.contains("s3cret") && !shown.contains("forged"), "{shown}");
}

#[test]
fn a_legacy_call_becomes_modern_and_a_modern_one_legacy() {
    let to_modern = Way {
        to: Era::Modern,
        ..PLAIN
    };
    for meta in [
        "",
        r#","_meta":{}"#,
        r#","_meta":{"progressToken":3,"io.modelcontextprotocol/logLevel":"debug"}"#,
    ] {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"a"{meta}}}}}"#);
        let sent = sent_json(&text, &to_modern);
        let meta = &sent["params"]["_meta"];
        assert_eq!(meta[rpc::META_VERSION], rpc::MODERN);
        assert_eq!(meta[rpc::META_CAPABILITIES], json!({}));
        assert_eq!(meta[rpc::META_CLIENT_INFO]["name"], "patchbay");
        assert_eq!(meta[rpc::META_LOG_LEVEL], Value::Null);
        assert_eq!(sent["params"]["name"], "a");
    }
    let to_legacy = Way {
        from: Era::Modern,
        shared: Some(5),
        ..PLAIN
    };
    let text = r#"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"progressToken":"p","io.modelcontextprotocol/clientInfo":{"name":"c"},"io.modelcontextprotocol/related-task":{"taskId":"t"}},"name":"a"}}"#;
    let sent = sent_json(text, &to_legacy);
    let expected = json!({"progressToken": 5, "io.modelcontextprotocol/related-task": {"taskId": "t"}});
    assert_eq!(sent["params"]["_meta"], expected);
    assert_eq!(sent["id"], 5);
}

fn back(from: Era, upstream: Era, shared: SharedId) -> Back<'static> {
    Back {
        id: "\"mine\"",
        progress_token: Some("\"token\""),
        era: from,
        upstream,
        shared,
        round: None,
    }
}

fn answer(arrived: Arrived) -> (Value, bool, Option<i64>) {
    match arrived {
        Arrived::Answer {
            message,
            is_error,
            code,
        } => (serde_json::from_slice(&message).unwrap(), is_error, code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_in_the_clients_words_is_not_copied() {
    let text =
        Bytes::from_static(br#"{"result":{"content":[1.50, {"isError":true}],"x":{}},"id":"mine","jsonrpc":"2.0"}"#);
    match back(Era::Legacy, Era::Legacy, None).arrived(text.clone()) {
        Arrived::Answer {
            message,
            is_error: false,
            code: None,
        } => assert_eq!(message.as_ptr(), text.as_ptr()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_id_is_given_back() {
    let shared = back(Era::Legacy, Era::Legacy, Some(42));
    let text = Bytes::from_static(br#"{"jsonrpc":"2.0","id":42,"result":{"content":[],"id":42}}"#);
    let Arrived::Answer { message, .. } = shared.arrived(text) else {
        panic!("no answer")
    };
    assert_eq!(
        message,
        r#"{"jsonrpc":"2.0","id":"mine","result":{"content":[],"id":42}}"#
    );
    for (text, code) in [
        (
            r#"{"jsonrpc":"2.0","id":42,"error":{"code":-32602,"message":"m","data":[1.0]}}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}"#,
            -32700,
        ),
        (r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"m"}}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":42,"error":"odd"}"#, 0),
    ] {
        let (message, is_error, found) = answer(shared.arrived(Bytes::from_static(text.as_bytes())));
        assert_eq!(
            (message["id"].as_str(), is_error, found),
            (Some("mine"), true, Some(code)),
            "{text}"
        );
    }
    let escaped = Bytes::from_static(br#"{"jsonrpc":"2.0","id":"m\u0069ne","result":{}}"#);
    assert_eq!(
        answer(back(Era::Legacy, Era::Legacy, None).arrived(escaped)).0["id"],
        "mine"
    );
}

#[test]
fn a_member_that_is_null_beside_the_answer_counts_for_nothing() {
    let same = back(Era::Legacy, Era::Legacy, None);
    for (text, expected, error) in [
        (
            r#"{"jsonrpc":"2.0","id":"mine","result":{"content":[1.50]},"error":null}"#,
            r#"{"jsonrpc":"2.0","id":"mine","result":{"content":[1.50]}}"#,
            None,
        ),
        (
            r#"{"error": null, "jsonrpc":"2.0","id":"mine","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":"mine","result":{}}"#,
            None,
        ),
        (
            r#"{"jsonrpc":"2.0","result":null,"id":"mine","error":{"code":-5}}"#,
            r#"{"jsonrpc":"2.0","id":"mine","error":{"code":-5}}"#,
            Some(-5),
        ),
        (
            r#"{"result":null,"error":{"code":-5}}"#,
            r#"{"id":"mine","error":{"code":-5}}"#,
            Some(-5),
        ),
    ] {
        match same.arrived(text.into()) {
            Arrived::Answer { message, code, .. } => assert_eq!((&*message, code), (expected.as_bytes(), error)),
            other => panic!("{text}: {other:?}"),
        }
    }
    let text = r#"{"jsonrpc":"2.0","id":42,"error":null,"result":{"content":[]}}"#;
    let (message, is_error, _) = answer(back(Era::Modern, Era::Legacy, Some(42)).arrived(text.into()));
    let result = json!({"resultType": "complete", "content": []});
    assert_eq!(
        (message, is_error),
        (json!({"jsonrpc": "2.0", "id": "mine", "result": result}), false)
    );
}

#[test]
fn anothers_answer_is_not_taken() {
    for (shared, text) in [
        (Some(42), r#"{"jsonrpc":"2.0","id":43,"result":{}}"#),
        (Some(42), r#"{"jsonrpc":"2.0","id":"mine","result":{}}"#),
        (None, r#"{"jsonrpc":"2.0","id":"other","result":{}}"#),
        (None, r#"{"jsonrpc":"2.0","id":null,"result":{}}"#),
        (None, r#"{"jsonrpc":"2.0","id":"mine","result":{},"error":{}}"#),
        (None, r#"{"jsonrpc":"2.0","id":"mine"}"#),
        (None, r#"{"jsonrpc":"2.0","id":"mine","result":{},"result":{}}"#),
        (None, "[]"),
        (None, "nonsense"),
    ] {
        let arrived = back(Era::Legacy, Era::Legacy, shared).arrived(Bytes::from_static(text.as_bytes()));
        assert_eq!(arrived, Arrived::Stray, "{text}");
    }
}

#[test]
fn a_failed_tool_is_an_error_however_it_says_so() {
    let result = |text: &'static str| answer(back(Era::Legacy, Era::Legacy, None).arrived(text.into())).1;
    assert!(result(r#"{"id":"mine","result":{"isError":true,"content":[]}}"#));
    assert!(result(r#"{"id":"mine","result":{"is\u0045rror" : true}}"#));
    assert!(!result(r#"{"id":"mine","result":{"isError":false}}"#));
    assert!(!result(
        r#"{"id":"mine","result":{"structuredContent":{"isError":true}}}"#
    ));
}

#[test]
fn results_gain_and_lose_what_only_the_modern_era_knows() {
    let to_modern = back(Era::Modern, Era::Legacy, None);
    for (text, expected) in [
        (
            r#"{"id":"mine","result":{"content":[1]}}"#,
            json!({"resultType": "complete", "content": [1]}),
        ),
        (r#"{"id":"mine","result":{}}"#, json!({"resultType": "complete"})),
        (
            r#"{"id":"mine","result":{"resultType":"odd"}}"#,
            json!({"resultType": "odd"}),
        ),
    ] {
        assert_eq!(answer(to_modern.arrived(text.into())).0["result"], expected, "{text}");
    }
    let to_legacy = back(Era::Legacy, Era::Modern, None);
    for (text, expected) in [
        (
            r#"{"id":"mine","result":{"resultType":"complete","content":[1]}}"#,
            json!({"content": [1]}),
        ),
        (
            r#"{"id":"mine","result":{"a":1,"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{}}}}"#,
            json!({"a": 1}),
        ),
        (
            r#"{"id":"mine","result":{"_meta":{"io.modelcontextprotocol/serverInfo":{},"mine":1.0},"resultType":"complete"}}"#,
            json!({"_meta": {"mine": 1.0}}),
        ),
        (r#"{"id":"mine","result":{"_meta":{}}}"#, json!({"_meta": {}})),
    ] {
        assert_eq!(answer(to_legacy.arrived(text.into())).0["result"], expected, "{text}");
    }
    let asks = r#"{"id":"mine","result":{"resultType":"input_required","inputRequests":{}}}"#;
    assert_eq!(to_legacy.arrived(asks.into()), Arrived::Inexpressible);
    assert_eq!(
        answer(back(Era::Modern, Era::Modern, None).arrived(asks.into())).0["result"]["resultType"],
        "input_required"
    );
}

#[test]
fn progress_comes_back_under_the_clients_token() {
    let shared = back(Era::Legacy, Era::Legacy, Some(42));
    let note = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":0.50,"progressToken":42}}"#;
    let expected = note.replace(":42", ":\"token\"");
    assert_eq!(shared.arrived(note.into()), Arrived::Notification(expected.into()));
    let other = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"progressToken":42}}"#;
    assert_eq!(shared.arrived(other.into()), Arrived::Notification(other.into()));
    let question = r#"{"jsonrpc":"2.0","id":0,"method":"ping"}"#;
    assert_eq!(
        shared.arrived(question.into()),
        Arrived::Request {
            id: "0".into(),
            method: "ping".into()
        }
    );
}

#[test]
fn whatever_a_message_holds_passes_unchanged_in_value() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..500 {
        let (arguments, extra, meta) = (random.object(3), random.object(2), random.object(2));
        let mut params = json!({"name": "a", "arguments": arguments, "_meta": meta});
        for (key, value) in extra.as_object().unwrap() {
            params[format!("x-{key}")] = value.clone();
        }
        let call = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params});
        let text = if random.next().is_multiple_of(2) {
            call.to_string()
        } else {
            format!("{call:#}")
        };
        let way = Way {
            to: Era::Modern,
            shared: Some(99),
            source: Some(SOURCE),
            ..PLAIN
        };
        let mut sent = sent_json(&text, &way);
        let added = sent["params"]["_meta"].as_object_mut().unwrap();
        added.retain(|key, _| key != meta::SOURCE && !meta::is_modern(key));
        sent["id"] = json!(7);
        assert_eq!(sent, call, "{text}");

        let mut result = random.object(3);
        let answer = json!({"jsonrpc": "2.0", "id": "mine", "result": result});
        let text = if random.next().is_multiple_of(2) {
            answer.to_string()
        } else {
            format!("{answer:#}")
        };
        let came = match back(Era::Modern, Era::Legacy, None).arrived(Bytes::from(text.clone())) {
            Arrived::Answer { message, .. } => serde_json::from_slice::<Value>(&message).unwrap(),
            other => panic!("{text}: {other:?}"),
        };
        result["resultType"] = json!("complete");
        assert_eq!(came["result"], result, "{text}");
    }
}

/// Generated JSON: a xorshift generator and the shapes that trip up text editing.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn text(&mut self) -> String {
        let pieces = [
            "a", "\"", "\\", "}", "{", ",", ":", "ü", "\n", "\u{0}", "𝄞", "_meta", "id",
        ];
        (0..self.next() % 4)
            .map(|_| pieces[(self.next() % pieces.len() as u64) as usize])
            .collect()
    }

    fn object(&mut self, depth: u32) -> Value {
        let members = (0..self.next() % 4).map(|_| (self.text(), self.value(depth)));
        Value::Object(members.collect())
    }

    fn value(&mut self, depth: u32) -> Value {
        match self.next() % if depth == 0 { 5 } else { 7 } {
            0 => Value::Null,
            1 => json!(self.next().is_multiple_of(2)),
            2 => json!(self.next() as i64),
            3 => json!(self.next() as f64 / 3.0),
            4 => json!(self.text()),
            5 => Value::Array((0..self.next() % 3).map(|_| self.value(depth - 1)).collect()),
            _ => self.object(depth - 1),
        }
    }
}
