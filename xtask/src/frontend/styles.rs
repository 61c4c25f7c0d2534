//! One style sheet from the many.

use std::path::Path;

use anyhow::{Result, anyhow};
use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::printer::PrinterOptions;
use lightningcss::stylesheet::{MinifyOptions, ParserOptions};

/// The style sheet with everything that it imports, minified. Nothing is rewritten for old browsers: `light-dark()`, nesting
/// and `oklch()` are in all current ones.
pub(crate) fn bundle(entry: &Path) -> Result<String> {
    let files = FileProvider::new();
    let mut bundler = Bundler::new(&files, None, ParserOptions::default());
    // The errors borrow from the files, so they are put into words here.
    let mut sheet = bundler
        .bundle(entry)
        .map_err(|error| anyhow!("can't bundle {}: {error}", entry.display()))?;
    sheet
        .minify(MinifyOptions::default())
        .map_err(|error| anyhow!("{error}"))?;
    let printed = sheet.to_css(PrinterOptions {
        minify: true,
        ..PrinterOptions::default()
    });
    Ok(printed.map_err(|error| anyhow!("{error}"))?.code)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::bundle;
    use crate::paths;

    #[test]
    fn imports_are_put_in_and_modern_colours_stay() {
        let dir = paths::target("xtask/test-styles");
        fs::create_dir_all(&dir).unwrap();
        fs::write(
            dir.join("tokens.css"),
            ":root { --ink: light-dark(oklch(20% 0 0), oklch(90% 0 0)); }",
        )
        .unwrap();
        fs::write(
            dir.join("main.css"),
            "@import \"tokens.css\";\nbody {\n  color: var(--ink);\n}\n",
        )
        .unwrap();
        let css = bundle(&dir.join("main.css")).unwrap();
        assert_eq!(
            css,
            ":root{--ink:light-dark(oklch(20% 0 0),oklch(90% 0 0))}body{color:var(--ink)}"
        );

        fs::write(dir.join("broken.css"), "@import \"nowhere.css\";").unwrap();
        assert!(bundle(&dir.join("broken.css")).is_err());
    }
}
