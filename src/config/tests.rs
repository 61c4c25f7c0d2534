use super::*;
use secrecy::ExposeSecret as _;

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn variables(entries: &[(&str, &str)]) -> Variables {
    let mut variables = Variables::default();
    for (name, value) in entries {
        variables.set(name, *value, Source::Environment);
    }
    variables
}

fn parse(entries: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    Config::parse(&variables(entries))
}

/// The one sentence about the one bad variable.
fn problem(name: &str, value: &str) -> String {
    let ConfigErrors(mut problems) = parse(&[(name, value)]).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    let (named, problem) = problems.remove(0);
    assert_eq!(named, name);
    problem
}

#[test]
fn nothing_configured_is_a_local_run() {
    let config = parse(&[]).unwrap();
    assert!(matches!(config.database, Database::Embedded));
    assert_eq!(config.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(config.public_url(config.listen).as_str(), "http://localhost:9000/");
    assert_eq!(config.sign_up, SignUp::Open);
    assert!(config.egress_is_local_default);
    assert_eq!((config.servers_max, config.servers_per_user), (10_000, 32));
    assert_eq!(config.data_dir, PathBuf::from(".patchbay"));
}

#[test]
fn a_database_of_ones_own_or_an_open_listener_end_the_liberties_of_a_local_run() {
    for entry in [
        ("DATABASE_URL", "postgresql://db/patchbay"),
        ("PATCHBAY_LISTEN", "0.0.0.0:9000"),
    ] {
        let config = parse(&[entry]).unwrap();
        assert_eq!(config.sign_up, SignUp::Invite, "{entry:?}");
        assert!(!config.egress_is_local_default, "{entry:?}");
    }
    assert_eq!(
        parse(&[("DATABASE_URL", "postgresql://db/p"), ("PATCHBAY_SIGNUP", "open")])
            .unwrap()
            .sign_up,
        SignUp::Open
    );
}

#[test]
fn the_public_url_follows_the_port_that_was_bound() {
    let config = parse(&[("PATCHBAY_LISTEN", "127.0.0.1:0")]).unwrap();
    assert_eq!(
        config.public_url(([127, 0, 0, 1], 4321).into()).as_str(),
        "http://localhost:4321/"
    );
    let config = parse(&[("PATCHBAY_PUBLIC_URL", "https://patchbay.example")]).unwrap();
    assert_eq!(config.public_url(config.listen).as_str(), "https://patchbay.example/");
}

#[test]
fn database_urls_of_other_software_are_understood() {
    for (given, understood) in [
        ("postgresql://u:p@h:5433/d", "postgresql://u:p@h:5433/d"),
        ("postgres://u:p@h/d", "postgresql://u:p@h/d"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql://u:p@h/d"),
        (
            "postgresql+asyncpg://u:p@h/d?ssl=require",
            "postgresql://u:p@h/d?sslmode=require",
        ),
        ("postgres://u:p@%2Fvar%2Frun/d", "postgresql://u:p@%2Fvar%2Frun/d"),
    ] {
        let Database::Url(url) = parse(&[("DATABASE_URL", given)]).unwrap().database else {
            panic!("{given}")
        };
        assert_eq!(url.expose_secret(), understood);
    }
}

#[test]
fn a_bad_database_url_is_not_repeated() {
    for bad in [
        "mysql://u:hunter2@h/d",
        "u:hunter2@h/d",
        "postgresql://u:hunter2@h:99999/d",
    ] {
        let problem = problem("DATABASE_URL", bad);
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}

#[test]
fn each_bad_value_gets_a_sentence_of_its_own() {
    for (name, value, expected) in [
        (
            "PATCHBAY_LISTEN",
            "9000",
            "`9000` is not an address with a port, like 127.0.0.1:9000 or [::]:9000",
        ),
        (
            "PATCHBAY_LISTEN",
            "host:99999",
            "`host:99999` is not an address with a port, like 127.0.0.1:9000 or [::]:9000",
        ),
        (
            "PATCHBAY_PUBLIC_URL",
            "patchbay.example",
            "`patchbay.example` is not a URL: relative URL without a base",
        ),
        (
            "PATCHBAY_PUBLIC_URL",
            "ftp://x",
            "`ftp://x` is not an http or https URL",
        ),
        (
            "PATCHBAY_PUBLIC_URL",
            "https://x/y",
            "`https://x/y` has a path: Patchbay is served at the root of its host",
        ),
        ("PATCHBAY_SIGNUP", "yes", "`yes` is none of open, invite, closed"),
        ("PATCHBAY_DRIFT", "allow", "`allow` is none of block, pin"),
        ("PATCHBAY_SERVERS_MAX", "0", "`0` is not a whole number above 0"),
        ("PATCHBAY_SERVERS_PER_USER", "-1", "`-1` is not a whole number above 0"),
        ("PATCHBAY_LOG_FORMAT", "xml", "`xml` is none of pretty, json"),
        (
            "PATCHBAY_TRUSTED_PROXIES",
            "10.0.0.0/8,proxy",
            "`proxy` is not an address or a network like 10.0.0.0/8",
        ),
        (
            "MCP_GATEWAY_URL_POOLS",
            "https://a.example, https://a.example/",
            "entry 2 stands there twice",
        ),
        (
            "MCP_GATEWAY_URL_POOLS",
            "https://a.example?x=1",
            "entry 1 is not an http(s) URL without credentials, query and fragment",
        ),
        (
            "MCP_GATEWAY_URL_POOLS",
            "https://u:p@a.example",
            "entry 1 is not an http(s) URL without credentials, query and fragment",
        ),
        (
            "JWT_SECRET_KEY",
            "short",
            "needs at least 32 characters. `patchbay key generate` makes a good one",
        ),
    ] {
        assert_eq!(problem(name, value), expected);
    }
    assert!(problem("PATCHBAY_LOG", "patchbay=loud").contains("it looks like `info`"));
    assert!(problem("TOKEN_ENCRYPTION_KEY", "c2hvcnQ=").contains("patchbay key generate"));
    assert!(!problem("PATCHBAY_EGRESS_ALLOW", "10.0.0.0/99").is_empty());
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let errors = parse(&[("PATCHBAY_LISTEN", "x"), ("PATCHBAY_SIGNUP", "y")])
        .unwrap_err()
        .to_string();
    assert!(
        errors.starts_with("the configuration can't be used:\n  PATCHBAY_LISTEN: "),
        "{errors}"
    );
    assert!(errors.contains("\n  PATCHBAY_SIGNUP: "), "{errors}");
}

#[test]
fn the_pool_keeps_its_order_and_loses_white_space() {
    let config = parse(&[("MCP_GATEWAY_URL_POOLS", " https://b.example/x ,https://a.example, ")]).unwrap();
    let pool: Vec<_> = config.pool.iter().map(Url::as_str).collect();
    assert_eq!(pool, ["https://b.example/x", "https://a.example/"]);
}

#[test]
fn the_pool_can_not_take_the_dashboards_place_nor_name_an_endpoint_twice() {
    let refused = |public_url: &str, pool: &str| {
        let refused = parse(&[("PATCHBAY_PUBLIC_URL", public_url), ("MCP_GATEWAY_URL_POOLS", pool)]);
        refused.map_or_else(|ConfigErrors(mut problems)| problems.remove(0).1, |_| String::new())
    };
    // The gateway can't tell which scheme a client used, and default ports are no part of a name.
    for pool in [
        "https://a.example,https://patchbay.example:443/",
        "https://a.example,http://patchbay.example",
    ] {
        let problem = refused("https://patchbay.example", pool);
        assert!(
            problem.starts_with("entry 2 is the public URL itself"),
            "{pool}: {problem}"
        );
    }
    assert_eq!(
        refused(
            "https://patchbay.example",
            "https://patchbay.example/mcp/a,https://a.example"
        ),
        ""
    );
    assert_eq!(
        refused("https://patchbay.example", "http://a.example,https://a.example"),
        "entry 2 stands there twice"
    );
    assert!(problem("MCP_GATEWAY_URL_POOLS", "http://localhost:9000").starts_with("entry 1 is the public URL"));
}

#[test]
fn an_empty_value_says_nothing_and_hides_what_stood_before_it() {
    let mut variables = variables(&[("PATCHBAY_SIGNUP", "closed")]);
    variables.set("PATCHBAY_SIGNUP", " ", Source::Flag);
    assert_eq!(Config::parse(&variables).unwrap().sign_up, SignUp::Open);
    assert_eq!(variables.source("PATCHBAY_SIGNUP"), Source::Default);
}

#[test]
fn proxies_are_addresses_or_networks() {
    let proxies = parse(&[("PATCHBAY_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1, fd00::/8")])
        .unwrap()
        .trusted_proxies;
    for trusted in ["10.9.9.9", "192.0.2.1", "fd00::1", "::ffff:10.1.1.1"] {
        assert!(proxies.contains(trusted.parse().unwrap()), "{trusted}");
    }
    assert!(!proxies.contains("192.0.2.2".parse().unwrap()));
}

#[test]
fn unknown_variables_of_ours_are_noticed_and_those_of_others_are_not() {
    let variables = variables(&[("PATCHBAY_LISTN", "x"), ("PATCHBAY_TEST_NODE", "x"), ("PATH", "x")]);
    assert_eq!(variables.unknown().collect::<Vec<_>>(), ["PATCHBAY_LISTN"]);
}

#[test]
fn a_report_masks_every_secret() {
    let variables = variables(&[
        ("DATABASE_URL", "postgresql://u:hunter2@h/d"),
        ("TOKEN_ENCRYPTION_KEY", KEY),
        ("JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        ("PATCHBAY_SIGNUP", "closed"),
    ]);
    let report = Report::new(&Config::parse(&variables).unwrap(), &variables).to_string();
    for secret in ["hunter2", KEY, "0123456789abcdef"] {
        assert!(!report.contains(secret), "{report}");
    }
    assert!(report.contains("DATABASE_URL=postgresql://u:********@h/d"), "{report}");
    assert!(
        report
            .lines()
            .any(|line| line.starts_with("PATCHBAY_SIGNUP=closed") && line.ends_with("# environment"))
    );
    assert!(
        report
            .lines()
            .any(|line| line.starts_with("PATCHBAY_LOG=info") && line.ends_with("# default"))
    );
}

#[test]
fn the_example_file_documents_every_variable_and_no_other() {
    let example = include_str!("../../.env.example");
    let documented: Vec<&str> = example
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name)
        .collect();
    let mut documented: Vec<&str> = documented.into_iter().filter(|name| !name.contains(' ')).collect();
    let mut names = NAMES.to_vec();
    documented.sort_unstable();
    names.sort_unstable();
    assert_eq!(documented, names);
}
