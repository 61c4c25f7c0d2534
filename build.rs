//! Lets cargo see the frontend that a release binary takes into itself: without this, a server that was compiled before the
//! frontend was built would count as up to date for ever.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "this is how a build script talks with cargo"
)]

/// As in `src/assets.rs`.
const SITE: &str = "target/site-release";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        // What isn't there counts as changed each time. Where it can't be made, that is the worst to happen.
        let _ = std::fs::create_dir_all(SITE);
        println!("cargo::rerun-if-changed={SITE}");
    }
}
