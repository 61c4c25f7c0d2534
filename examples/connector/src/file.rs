//! The notes file: read at start, replaced as a whole at each change.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::note::Note;

/// The only layout so far; a file that says otherwise is left alone.
const FORMAT: u32 = 1;

/// All that the file holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Shelf {
    format: u32,
    /// Kept, rather than derived from the notes, so that a deleted note's id never means another one.
    pub(crate) next_id: u64,
    /// Shared, so that a copy of the shelf is cheap.
    pub(crate) notes: Vec<Arc<Note>>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            format: FORMAT,
            next_id: 1,
            notes: Vec::new(),
        }
    }
}

/// Why the notes file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is there but can't be read.
    #[error("the notes file {} can't be read", file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It, or the directory it is in, can't be written.
    #[error("the notes file {} can't be written", file.display())]
    Write {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is something else than a notes file. It stays as it is.
    #[error("{} is not a notes file; it is left as it is, choose another one", file.display())]
    Foreign {
        /// Which file.
        file: PathBuf,
        /// Where it stops looking like one.
        source: serde_json::Error,
    },
    /// It was written by a newer version of this program.
    #[error("the notes file {} has format {format}; this version knows only format {FORMAT}", file.display())]
    Newer {
        /// Which file.
        file: PathBuf,
        /// The format it says it has.
        format: u32,
    },
}

/// What the file holds, or `None` when there is no such file.
pub(crate) fn load(file: &Path) -> Result<Option<Shelf>, FileError> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(FileError::Read {
                file: file.to_owned(),
                source,
            });
        }
    };
    let shelf: Shelf = serde_json::from_slice(&bytes).map_err(|source| FileError::Foreign {
        file: file.to_owned(),
        source,
    })?;
    if shelf.format == FORMAT {
        Ok(Some(shelf))
    } else {
        Err(FileError::Newer {
            file: file.to_owned(),
            format: shelf.format,
        })
    }
}

/// Replaces the file in one step: whoever reads it, and whatever crashes, finds the old notes or the new ones.
pub(crate) fn save(file: &Path, shelf: &Shelf) -> io::Result<()> {
    let directory = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut bytes = serde_json::to_vec_pretty(shelf)?;
    bytes.push(b'\n');
    // In the same directory, because a rename is atomic only within a file system; readable by its owner only.
    let mut fresh = NamedTempFile::new_in(directory)?;
    fresh.write_all(&bytes)?;
    fresh.as_file().sync_all()?;
    fresh.persist(file)?;
    // The rename outlives a power cut only once the directory is on the disk too. It has happened, though, so a
    // directory that can't be synchronised is no reason to call the change failed.
    #[cfg(unix)]
    if let Err(error) = fs::File::open(directory).and_then(|directory| directory.sync_all()) {
        tracing::warn!(%error, "the directory of the notes file could not be synchronised");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_saved_shelf_is_loaded_again_and_leaves_no_other_file() {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("notes.json");
        assert!(load(&file).unwrap().is_none());
        save(
            &file,
            &Shelf {
                next_id: 9,
                ..Shelf::default()
            },
        )
        .unwrap();
        assert_eq!(load(&file).unwrap().unwrap().next_id, 9);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_holds_something_else_is_refused_and_left_alone() {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("letter.txt");
        fs::write(&file, "Dear Ada,").unwrap();
        assert!(matches!(load(&file), Err(FileError::Foreign { .. })));
        fs::write(&file, r#"{"format":2,"next_id":1,"notes":[]}"#).unwrap();
        assert!(matches!(load(&file), Err(FileError::Newer { format: 2, .. })));
        assert!(fs::read_to_string(&file).unwrap().starts_with("{\"format\":2"));
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let dir = TempDir::new().unwrap();
        assert!(save(&dir.path().join("missing/notes.json"), &Shelf::default()).is_err());
    }
}
