//! Two texts, line by line, side by side.

use std::ops::Range;

/// How many unchanged lines stand before and after what changed.
const CONTEXT: usize = 3;
/// The most pairs of lines that are compared; beyond that, what lies between the first and the last difference counts as
/// changed as a whole.
const COMPARED_MAX: usize = 4_000_000;

/// What stands in one row: a line of the one text, of the other, or of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row {
    /// The same on both sides.
    Same(String),
    /// Another one on each side, or on one side only.
    Differs {
        /// In the first text.
        before: Option<Line>,
        /// In the second.
        after: Option<Line>,
    },
    /// So many lines that are the same on both sides, left out.
    Skipped(usize),
}

/// A line, with the part of it that differs from the line beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The line.
    pub(super) text: String,
    /// The part, in bytes; empty when the lines have too little in common for one.
    pub(super) part: Range<usize>,
}

/// The rows of two texts.
pub(super) fn rows(before: &str, after: &str) -> Vec<Row> {
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let (mut rows, mut removed, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for step in steps(&before, &after) {
        match step {
            Step::Removed(line) => removed.push(line),
            Step::Added(line) => added.push(line),
            Step::Same(line) => {
                rows.extend(beside(&mut removed, &mut added));
                rows.push(Row::Same(line.to_owned()));
            }
        }
    }
    rows.extend(beside(&mut removed, &mut added));
    without_the_middle(rows)
}

enum Step<'a> {
    Same(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// The way from one text to the other: what begins and ends both is set aside, and between them a longest common subsequence stays.
fn steps<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<Step<'a>> {
    let head = common(before.iter(), after.iter());
    let tail = common(before[head..].iter().rev(), after[head..].iter().rev());
    let (old, new) = (&before[head..before.len() - tail], &after[head..after.len() - tail]);
    let mut steps: Vec<_> = before[..head].iter().copied().map(Step::Same).collect();
    if old.len().saturating_mul(new.len()) > COMPARED_MAX {
        steps.extend(old.iter().copied().map(Step::Removed));
        steps.extend(new.iter().copied().map(Step::Added));
    } else {
        steps.extend(between(old, new));
    }
    steps.extend(before[before.len() - tail..].iter().copied().map(Step::Same));
    steps
}

fn between<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Step<'a>> {
    // How long the longest common subsequence of the rest of both is, from each pair of lines on.
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for (i, line) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            longest[i * width + j] = if line == other {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut steps, mut i, mut j) = (Vec::with_capacity(old.len() + new.len()), 0, 0);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            steps.push(Step::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            steps.push(Step::Removed(old[i]));
            i += 1;
        } else {
            steps.push(Step::Added(new[j]));
            j += 1;
        }
    }
    steps.extend(old[i..].iter().copied().map(Step::Removed));
    steps.extend(new[j..].iter().copied().map(Step::Added));
    steps
}

/// Lines that took each other's place, side by side.
fn beside(removed: &mut Vec<&str>, added: &mut Vec<&str>) -> Vec<Row> {
    let (removed, added) = (std::mem::take(removed), std::mem::take(added));
    (0..removed.len().max(added.len()))
        .map(|index| {
            let (before, after) = pair(removed.get(index).copied(), added.get(index).copied());
            Row::Differs { before, after }
        })
        .collect()
}

fn pair(before: Option<&str>, after: Option<&str>) -> (Option<Line>, Option<Line>) {
    let (Some(old), Some(new)) = (before, after) else {
        return (before.map(whole), after.map(whole));
    };
    let head = bytes(old.chars().zip(new.chars()));
    let tail = bytes(old[head..].chars().rev().zip(new[head..].chars().rev()));
    // A part stands out only in a line that is mostly the same.
    if (head + tail) * 2 < old.len().max(new.len()) {
        return (Some(whole(old)), Some(whole(new)));
    }
    let line = |text: &str| Line {
        text: text.to_owned(),
        part: head..text.len() - tail,
    };
    (Some(line(old)), Some(line(new)))
}

fn whole(text: &str) -> Line {
    Line {
        text: text.to_owned(),
        part: 0..0,
    }
}

/// How many bytes the pairs of equal letters at the beginning have.
fn bytes(pairs: impl Iterator<Item = (char, char)>) -> usize {
    pairs
        .take_while(|(a, b)| a == b)
        .map(|(letter, _)| letter.len_utf8())
        .sum()
}

fn common<'a>(before: impl Iterator<Item = &'a &'a str>, after: impl Iterator<Item = &'a &'a str>) -> usize {
    before.zip(after).take_while(|(a, b)| a == b).count()
}

/// Leaves out unchanged lines that are far from what changed.
fn without_the_middle(rows: Vec<Row>) -> Vec<Row> {
    let is_same = |row: &Row| matches!(row, Row::Same(_));
    if rows.iter().all(is_same) {
        return rows;
    }
    let mut kept = Vec::with_capacity(rows.len());
    let mut rest = rows.as_slice();
    while let Some(first) = rest.first() {
        if !is_same(first) {
            kept.push(first.clone());
            rest = &rest[1..];
            continue;
        }
        let run = rest.iter().take_while(|row| is_same(row)).count();
        let (same, after) = rest.split_at(run);
        let lead = if kept.is_empty() { 0 } else { CONTEXT };
        let trail = if after.is_empty() { 0 } else { CONTEXT };
        // Saying that one line was left out would take as much room as the line.
        if run > lead + trail + 1 {
            kept.extend_from_slice(&same[..lead]);
            kept.push(Row::Skipped(run - lead - trail));
            kept.extend_from_slice(&same[run - trail..]);
        } else {
            kept.extend_from_slice(same);
        }
        rest = after;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as a person would draw them.
    fn drawn(before: &str, after: &str) -> Vec<String> {
        let line = |line: Option<Line>| {
            line.map_or_else(String::new, |Line { text, part }| {
                let mut text = text;
                if !part.is_empty() {
                    text.insert(part.end, ']');
                    text.insert(part.start, '[');
                }
                text
            })
        };
        rows(before, after)
            .into_iter()
            .map(|row| match row {
                Row::Same(text) => format!("  {text}"),
                Row::Differs { before, after } => format!("{} | {}", line(before), line(after)),
                Row::Skipped(lines) => format!("… {lines}"),
            })
            .collect()
    }

    #[test]
    fn a_changed_line_stands_beside_what_it_was_with_the_part_that_changed() {
        assert_eq!(
            drawn("{\n  \"type\": \"string\"\n}", "{\n  \"type\": \"strong\"\n}"),
            ["  {", "  \"type\": \"str[i]ng\" |   \"type\": \"str[o]ng\"", "  }"]
        );
        assert_eq!(
            drawn("Reads notes.", "Deletes it all."),
            ["Reads notes. | Deletes it all."]
        );
    }

    #[test]
    fn lines_that_came_or_went_stand_alone() {
        assert_eq!(drawn("a\nc", "a\nb\nc"), ["  a", " | b", "  c"]);
        assert_eq!(drawn("a\nb\nc", "a\nc"), ["  a", "b | ", "  c"]);
        assert_eq!(drawn("", "a"), [" | a"]);
        assert_eq!(drawn("a\nb\nc\nd", "b\nx\nd"), ["a | ", "  b", "c | x", "  d"]);
    }

    #[test]
    fn what_is_far_from_every_change_is_left_out() {
        let before: Vec<_> = (0..20).map(|n| n.to_string()).collect();
        let mut after = before.clone();
        after[10] = "x".into();
        let rows = drawn(&before.join("\n"), &after.join("\n"));
        assert_eq!(
            rows,
            ["… 7", "  7", "  8", "  9", "10 | x", "  11", "  12", "  13", "… 6"]
        );
        assert_eq!(drawn("a\nb", "a\nb"), ["  a", "  b"]);
    }

    #[test]
    fn letters_of_several_bytes_stay_whole() {
        assert_eq!(
            drawn("Grüße aus Köln", "Grüße aus Bonn"),
            ["Grüße aus [Köl]n | Grüße aus [Bon]n"]
        );
        assert_eq!(drawn("naïve é", "naïve è"), ["naïve [é] | naïve [è]"]);
    }

    #[test]
    fn very_long_texts_are_compared_as_a_whole() {
        let text = |word: &str| (0..3000).map(|n| format!("{word}{n}\n")).collect::<String>();
        let rows = rows(&text("a"), &text("b"));
        assert_eq!(rows.len(), 3000);
    }
}
