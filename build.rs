//! How the program is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    let fixed = target("OS") == "linux"
        && target("ENV") == "gnu"
        && ["x86_64", "aarch64"].contains(&&*target("ARCH"));
    // At a fixed address nothing is left for the loader to relocate: docs/DECISIONS.md, "Start-up".
    if fixed {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
