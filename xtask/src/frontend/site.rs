//! The site: everything under the name that the server serves it by.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Mode, bindings};
use crate::paths;

/// Where each of the page's files is to be had. The names change with the contents, so they may be cached for ever.
#[derive(Debug, Serialize)]
struct Assets {
    boot: String,
    js: String,
    wasm: String,
    css: String,
}

/// Replaces the site with what `bound` (the generator's output), the style sheet and `public/` make.
pub(crate) fn write(bound: &Path, css: &str, mode: Mode) -> Result<()> {
    let site = mode.site();
    let fresh = site.with_extension("new");
    remove(&fresh)?;
    let pkg = fresh.join("pkg");
    fs::create_dir_all(&pkg)?;

    let wasm = fs::read(bound.join(bindings::WASM))?;
    let js = fs::read(bound.join(bindings::JS))?;
    // The code beside the module is imported by it, so its name stands for that too.
    let snippets = bound.join("snippets");
    let mut all_js = js.clone();
    if snippets.exists() {
        for file in files_below(&snippets)? {
            all_js.extend(fs::read(&file)?);
            copy(&file, &pkg.join("snippets").join(file.strip_prefix(&snippets)?))?;
        }
    }
    let wasm_name = named("patchbay_bg", "wasm", &wasm);
    let js_name = named("patchbay", "js", &all_js);
    let css_name = named("patchbay", "css", css.as_bytes());
    let boot = boot(&js_name, &wasm_name);
    let boot_name = named("boot", "js", boot.as_bytes());
    for (name, contents) in [
        (&wasm_name, &wasm[..]),
        (&js_name, &js),
        (&css_name, css.as_bytes()),
        (&boot_name, boot.as_bytes()),
    ] {
        fs::write(pkg.join(name), contents)?;
    }
    let public = paths::at("public");
    for file in files_below(&public)? {
        copy(&file, &fresh.join(file.strip_prefix(&public)?))?;
    }
    if mode == Mode::Release {
        for file in files_below(&fresh)? {
            compress(&file)?;
        }
    }
    let url = |name: String| format!("/pkg/{name}");
    let assets = Assets {
        boot: url(boot_name),
        js: url(js_name),
        wasm: url(wasm_name),
        css: url(css_name),
    };
    fs::write(fresh.join("assets.json"), serde_json::to_vec_pretty(&assets)?)?;

    let old = site.with_extension("old");
    remove(&old)?;
    if site.exists() {
        fs::rename(&site, &old)?;
    }
    fs::rename(&fresh, &site).with_context(|| format!("can't replace {}", site.display()))?;
    remove(&old)
}

/// The script that starts the module, with the names filled in.
fn boot(js: &str, wasm: &str) -> String {
    // The head of the file is for those who read it here.
    let code = include_str!("boot.js")
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code: String = code
        .filter(|line| !line.is_empty())
        .flat_map(|line| [line.trim_start(), "\n"])
        .collect();
    code.replace("./JS", &format!("./{js}"))
        .replace("./WASM", &format!("./{wasm}"))
}

/// `patchbay.1a2b3c4d.js`
fn named(stem: &str, extension: &str, contents: &[u8]) -> String {
    let hash = hex::encode(Sha256::digest(contents));
    format!("{stem}.{}.{extension}", &hash[..8])
}

/// Puts `.br` and `.gz` beside a file that gets smaller by it.
fn compress(file: &Path) -> Result<()> {
    let compressible = [
        "css",
        "html",
        "ico",
        "js",
        "json",
        "map",
        "svg",
        "txt",
        "wasm",
        "webmanifest",
        "xml",
    ];
    if !file
        .extension()
        .is_some_and(|extension| compressible.iter().any(|known| extension == *known))
    {
        return Ok(());
    }
    let contents = fs::read(file)?;
    for (extension, compressed) in [("br", brotli(&contents)?), ("gz", gzip(&contents)?)] {
        if compressed.len() < contents.len() {
            let mut name = file.as_os_str().to_owned();
            name.push(".");
            name.push(extension);
            fs::write(name, compressed)?;
        }
    }
    Ok(())
}

/// The best that brotli can do.
pub(crate) fn brotli(contents: &[u8]) -> Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 1 << 16, 11, 24);
    writer.write_all(contents)?;
    writer.flush()?;
    drop(writer);
    Ok(compressed)
}

fn gzip(contents: &[u8]) -> Result<Vec<u8>> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(contents)?;
    Ok(writer.finish()?)
}

/// Every file below a directory, in the same order each time. None if there is no such directory.
pub(crate) fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        if !dir.exists() {
            continue;
        }
        for entry in fs::read_dir(&dir).with_context(|| format!("can't read {}", dir.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(dir) = to.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::copy(from, to).with_context(|| format!("can't copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn remove(dir: &Path) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("can't remove {}", dir.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_the_contents() {
        assert_eq!(named("patchbay", "js", b""), "patchbay.e3b0c442.js");
        assert_ne!(named("patchbay", "js", b"a"), named("patchbay", "js", b"b"));
    }

    #[test]
    fn what_is_compressed_comes_out_the_same() {
        let contents = "patchbay ".repeat(1000);
        let mut read = Vec::new();
        brotli::BrotliDecompress(&mut &brotli(contents.as_bytes()).unwrap()[..], &mut read).unwrap();
        assert_eq!(read, contents.as_bytes());
        let gzipped = gzip(contents.as_bytes()).unwrap();
        let read = std::io::read_to_string(flate2::read::GzDecoder::new(&gzipped[..])).unwrap();
        assert_eq!(read, contents);
    }

    #[test]
    fn the_boot_script_names_both_files() {
        let boot = boot("a.js", "b.wasm");
        assert!(boot.contains("from \"./a.js\"") && boot.contains("\"./b.wasm\"") && boot.contains("hydrate();"));
        assert!(!boot.contains("//"), "{boot}");
    }
}
