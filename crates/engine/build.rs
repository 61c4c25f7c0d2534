//! The migrations are compiled in by a macro, which cargo doesn't see reading them.

#[allow(clippy::print_stdout, reason = "how a build script talks to cargo")]
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
