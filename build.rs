//! How the program is linked, and the name of the rules by which it folds.

use std::fs;
use std::path::{Path, PathBuf};

/// What decides how acts are folded: the code, and the registers and charters beside it.
const FOLD: [&str; 4] = ["src/event", "src/charter", "src/history", "src/query"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    FOLD.iter().for_each(|folder| println!("cargo:rerun-if-changed={folder}"));
    println!("cargo:rustc-env=CHANCERY_FOLD_RULES={:016x}", fold_rules());
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    let fixed = target("OS") == "linux"
        && target("ENV") == "gnu"
        && ["x86_64", "aarch64"].contains(&&*target("ARCH"));
    // At a fixed address nothing is left for the loader to relocate: docs/DECISIONS.md, "Start-up".
    if fixed {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}

/// A number that differs wherever a file of [`FOLD`] does (FNV-1a): rows of the index that another program made by other
/// rules are made anew.
fn fold_rules() -> u64 {
    let mut files: Vec<PathBuf> = Vec::new();
    FOLD.iter().for_each(|folder| list(Path::new(folder), &mut files));
    files.sort();
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        let name = file.to_string_lossy().into_owned();
        for byte in name.bytes().chain(fs::read(&file).unwrap_or_default()) {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    sum
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for item in fs::read_dir(folder).into_iter().flatten().flatten().map(|item| item.path()) {
        if item.is_dir() { list(&item, files) } else { files.push(item) }
    }
}
