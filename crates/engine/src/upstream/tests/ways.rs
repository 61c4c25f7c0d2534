//! The way there: addresses, redirects, and documents that are fetched.

use super::*;

#[tokio::test]
async fn a_call_is_never_redirected_to_another_origin() {
    let elsewhere = Fake::start(modern).await;
    let location = elsewhere.target.url.to_string();
    let fake = Fake::start(move |_| Answer::status(307, "text/plain", "").with("location", &location)).await;
    let peer = upstream().peer(scope(1), &fake.target);
    assert_eq!(
        call(&peer).await.unwrap_err(),
        CallError::Transport(FetchError::RedirectElsewhere)
    );
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn an_endpoint_may_move_within_its_origin() {
    let moved = Arc::new(AtomicUsize::new(0));
    let (place, inner) = (moved.clone(), legacy());
    let fake = Fake::start(move |seen| match (place.load(Ordering::SeqCst), seen.path.as_str()) {
        (0, "/mcp") => Answer::status(307, "text/plain", "").with("location", "/mcp/"),
        (1, "/mcp" | "/mcp/") => Answer::status(308, "text/plain", "").with("location", "/new"),
        (2, _) => Answer::status(308, "text/plain", "").with("location", "/mcp"),
        _ => inner(seen),
    })
    .await;
    let peer = upstream().peer(scope(1), &fake.target);
    assert_eq!(call(&peer).await.unwrap()["result"]["session"], "1");
    let asked = |seen: &[Seen]| seen.iter().filter(|seen| seen.method() == "tools/call").count();
    assert_eq!(asked(&fake.seen()), 1, "the place is remembered");
    moved.store(1, Ordering::SeqCst);
    assert_eq!(call(&peer).await.unwrap()["result"]["session"], "2");
    moved.store(2, Ordering::SeqCst);
    assert_eq!(
        call(&peer).await.unwrap_err(),
        CallError::Transport(FetchError::TooManyRedirects)
    );
}

#[tokio::test]
async fn refused_addresses_are_not_called_by_name_or_number() {
    let fake = Fake::start(modern).await;
    let strict = Upstream::new(EgressPolicy::default());
    let mut by_name = fake.target.clone();
    by_name.url.set_host(Some("localhost")).unwrap();
    for target in [fake.target.clone(), by_name] {
        let called = call(&strict.peer(scope(1), &target)).await.unwrap_err();
        assert!(
            matches!(
                called,
                CallError::Transport(FetchError::Egress(EgressError::Address(_)))
            ),
            "{called:?}"
        );
        let fetched = strict.fetch(&target.url, &options()).await.unwrap_err();
        assert!(
            matches!(fetched, FetchError::Egress(EgressError::Address(_))),
            "{fetched:?}"
        );
    }
    assert!(fake.seen().is_empty());
}

#[tokio::test]
async fn faults_of_the_way_there_are_told_apart() {
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let no_name = "http://does-not-exist.invalid/".to_owned();
    let fake = Fake::start(modern).await;
    let over_tls = fake.target.url.as_str().replace("http://", "https://");
    for (url, expected) in [
        (closed, FetchError::Refused),
        (no_name, FetchError::Dns),
        (over_tls, FetchError::Tls),
    ] {
        let target = Target {
            url: url.parse().unwrap(),
            authorization: None,
        };
        assert_eq!(
            upstream().fetch(&target.url, &options()).await.unwrap_err(),
            expected,
            "{url}"
        );
        let called = call(&upstream().peer(scope(1), &target)).await.unwrap_err();
        assert_eq!(called, CallError::Transport(expected), "{url}");
    }
}

fn options() -> FetchOptions<'static> {
    FetchOptions {
        accept: "application/json",
        max_bytes: 10,
        deadline: DEADLINE,
        max_redirects: 2,
        authorization: Credential::bearer(b"s3cret"),
    }
}

#[tokio::test]
async fn documents_are_fetched_with_their_type_whatever_their_status() {
    let fake = Fake::start(|_| Answer::status(404, "text/html", "0123456789")).await;
    let fetched = upstream().fetch(&fake.target.url, &options()).await.unwrap();
    assert_eq!(
        (fetched.status, fetched.content_type.as_deref()),
        (404, Some("text/html"))
    );
    assert_eq!(fetched.body, "0123456789");
    assert_eq!(fake.seen()[0].header("authorization"), Some("Bearer s3cret"));
    assert_eq!(fake.seen()[0].header("accept"), Some("application/json"));
}

#[tokio::test]
async fn redirects_are_followed_within_the_origin_and_not_too_often() {
    let hops = |seen: &Seen| match seen.path.as_str() {
        "/mcp" => Answer::status(302, "text/plain", "").with("location", "/one"),
        "/one" => Answer::status(308, "text/plain", "").with("location", "two"),
        "/three" => Answer::status(301, "text/plain", "").with("location", "/mcp"),
        _ => Answer::status(200, "text/plain", "here"),
    };
    let fake = Fake::start(hops).await;
    let fetched = upstream().fetch(&fake.target.url, &options()).await.unwrap();
    assert_eq!((fetched.url.path(), &fetched.body[..]), ("/two", &b"here"[..]));
    let three = fake.target.url.join("/three").unwrap();
    assert_eq!(
        upstream().fetch(&three, &options()).await.unwrap_err(),
        FetchError::TooManyRedirects
    );
}

#[tokio::test]
async fn a_redirect_to_another_origin_is_not_followed() {
    let elsewhere = Fake::start(modern).await;
    for location in [
        elsewhere.target.url.as_str(),
        "http://localhost/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
    ] {
        let location = location.to_owned();
        let fake = Fake::start(move |_| Answer::status(302, "text/plain", "").with("location", &location)).await;
        assert_eq!(
            upstream().fetch(&fake.target.url, &options()).await.unwrap_err(),
            FetchError::RedirectElsewhere
        );
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn bodies_have_a_limit_and_a_deadline() {
    let fake = Fake::start(|_| Answer::status(200, "text/plain", "01234567890")).await;
    assert_eq!(
        upstream().fetch(&fake.target.url, &options()).await.unwrap_err(),
        FetchError::TooLarge
    );
    let fake = Fake::start(|_| Answer::stalled("text/plain")).await;
    let options = FetchOptions {
        deadline: Duration::from_millis(50),
        ..options()
    };
    assert_eq!(
        upstream().fetch(&fake.target.url, &options).await.unwrap_err(),
        FetchError::Timeout
    );
}
