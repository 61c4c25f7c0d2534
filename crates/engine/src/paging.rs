//! What lists have in common: where a page begins and ends, in words that clients only pass on, and what is searched for.

use crate::Error;
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    page::PageRequest,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// A place in a list that is ordered by times, and among the same ones by ids.
pub(crate) type Moment = (OffsetDateTime, Uuid);

/// Cuts what was read down to a page, and says where the next one begins. One more than the page has must have been read, to
/// tell whether there is a next one.
pub(crate) fn cut<T>(items: &mut Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> String) -> Option<String> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    items.last().filter(|_| more).map(cursor)
}

/// Where the page before this one ended, in a list by times.
pub(crate) fn moment(page: &PageRequest) -> Result<Option<Moment>, Error> {
    page.cursor.as_deref().map(parse_time_cursor).transpose()
}

/// Behind this time and, within it, this id. PostgreSQL counts in microseconds.
pub(crate) fn time_cursor(at: OffsetDateTime, id: Uuid) -> String {
    format!("{}.{id}", at.unix_timestamp_nanos() / 1000)
}

pub(crate) fn parse_time_cursor(text: &str) -> Result<Moment, Error> {
    let (micros, id) = text.split_once('.').ok_or_else(bad_cursor)?;
    let micros: i64 = micros.parse().map_err(|_| bad_cursor())?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).map_err(|_| bad_cursor())?;
    // Years in which nothing was made here, and that PostgreSQL may not know.
    if at.year() < 1970 {
        return Err(bad_cursor());
    }
    Ok((at, id.parse().map_err(|_| bad_cursor())?))
}

pub(crate) fn bad_cursor() -> Error {
    FieldErrors::one(
        "cursor",
        FieldError::Malformed {
            expected: "a cursor from a list's answer".into(),
        },
    )
    .into()
}

/// Refuses to look for what no text in the database holds.
pub(crate) fn check_search(field: &str, text: Option<&str>) -> Result<(), Error> {
    if text.is_some_and(|text| text.contains('\0')) {
        return Err(FieldErrors::one(field, FieldError::BadCharacters).into());
    }
    Ok(())
}

/// A pattern for `ILIKE` that finds what contains this text, each of whose characters stands for itself.
pub(crate) fn containing(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_begins_if_there_is_one() {
        let cut = |read: &[i32]| {
            let mut items = read.to_vec();
            let next = cut(&mut items, 2, ToString::to_string);
            (items, next)
        };
        assert_eq!(cut(&[1, 2, 3]), (vec![1, 2], Some("2".to_owned())));
        assert_eq!(cut(&[1, 2]), (vec![1, 2], None));
        assert_eq!(cut(&[]), (vec![], None));
    }

    #[test]
    fn what_is_searched_for_stands_for_itself() {
        assert_eq!(containing("50%_\\"), "%50\\%\\_\\\\%");
    }
}
