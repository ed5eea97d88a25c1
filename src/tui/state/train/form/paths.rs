//! Paths as people give them: typed, pasted, or dropped on the terminal by a file manager, which quotes them.

use std::path::Path;

/// The paths in what was typed. Several have `;` between, or each has quotes.
pub fn paths(typed: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = String::new();
    let mut quote = None;
    let mut was_quoted = false;
    let mut characters = typed.chars().peekable();
    let mut end = |path: &mut String, was_quoted: &mut bool| {
        let whole = std::mem::take(path);
        let whole = if *was_quoted {
            whole.as_str()
        } else {
            whole.trim()
        };
        if !whole.is_empty() {
            found.push(expanded(whole));
        }
        *was_quoted = false;
    };
    while let Some(c) = characters.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => path.push(c),
            ('\'' | '"', None) if path.trim().is_empty() => {
                path.clear();
                (quote, was_quoted) = (Some(c), true);
            }
            (';', None) => end(&mut path, &mut was_quoted),
            (c, None) if was_quoted && c.is_whitespace() => end(&mut path, &mut was_quoted),
            // As shells escape: not a letter's or digit's, which Windows has in its paths.
            ('\\', None)
                if characters
                    .peek()
                    .is_some_and(|next| " '\"()[]{}&;!$`#~*?\\".contains(*next)) =>
            {
                path.extend(characters.next());
            }
            (c, None) => path.push(c),
        }
    }
    end(&mut path, &mut was_quoted);
    found
}

/// A path with the user's own directory in place of `~`.
fn expanded(path: &str) -> String {
    match (path.strip_prefix('~'), std::env::home_dir()) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            format!("{}{rest}", home.display())
        }
        _ => path.to_owned(),
    }
}

/// A path as it can be typed: in quotes where it would be taken for several, or for what it is not.
pub fn quoted(path: &str) -> String {
    let odd = path.contains([';', '\'', '"', '\\']) || path.trim() != path;
    match odd {
        true if !path.contains('"') => format!("\"{path}\""),
        true => format!("'{path}'"),
        false => path.to_owned(),
    }
}

/// Completes the last path of a line by what is on the disk. Returns the line as far as there is one way to go on, and
/// the names that it could go on with.
pub fn completed(typed: &str) -> (String, Vec<String>) {
    /// More names than anyone reads.
    const MOST: usize = 10_000;
    let (before, last) = match typed.rfind(';') {
        Some(at) => typed.split_at(at + 1),
        None => ("", typed),
    };
    let space: String = last.chars().take_while(|c| c.is_whitespace()).collect();
    let last = last.trim_start().trim_start_matches(['\'', '"']);
    let plain = paths(last).into_iter().next().unwrap_or_default();
    let plain = if last.ends_with('/') && !plain.ends_with('/') {
        format!("{plain}/")
    } else {
        plain
    };
    let (directory, begun) = match plain.rfind('/') {
        Some(at) => plain.split_at(at + 1),
        None => ("", plain.as_str()),
    };
    let place = if directory.is_empty() {
        Path::new(".")
    } else {
        Path::new(directory)
    };
    let entries = std::fs::read_dir(place)
        .into_iter()
        .flatten()
        .flatten()
        .take(MOST);
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let fits =
                name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.'));
            let is_directory = place.join(&name).is_dir();
            fits.then(|| {
                if is_directory {
                    format!("{name}/")
                } else {
                    name
                }
            })
        })
        .collect();
    names.sort();
    let Some(common) = names.iter().cloned().reduce(|a, b| shared(&a, &b)) else {
        return (typed.to_owned(), names);
    };
    let whole = quoted(&format!("{directory}{common}"));
    // A directory goes on.
    let whole = if common.ends_with('/') || names.len() > 1 {
        whole.trim_matches(['\'', '"']).to_owned()
    } else {
        whole
    };
    (format!("{before}{space}{whole}"), names)
}

fn shared(one: &str, other: &str) -> String {
    let both = one.chars().zip(other.chars());
    both.take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_understood_as_they_come() {
        for (typed, meant) in [
            ("a b.txt; c.csv", &["a b.txt", "c.csv"][..]),
            ("'/a/my poems.txt'", &["/a/my poems.txt"]),
            ("\"/a/it's.txt\" '/b.txt' ", &["/a/it's.txt", "/b.txt"]),
            ("/a/my\\ poems\\ \\(1\\).txt", &["/a/my poems (1).txt"]),
            ("'a;b.txt'; c.txt", &["a;b.txt", "c.txt"]),
            ("C:\\texts\\a.txt", &["C:\\texts\\a.txt"]),
            ("it's.txt", &["it's.txt"]),
            (" ; ", &[]),
        ] {
            assert_eq!(paths(typed), meant, "{typed}");
            let again: Vec<String> = meant.iter().map(|path| quoted(path)).collect();
            assert_eq!(paths(&again.join("; ")), meant, "{again:?}");
        }
        let home = std::env::home_dir().expect("a home").display().to_string();
        assert_eq!(paths("~/a.txt"), [format!("{home}/a.txt")]);
        assert_eq!(paths("~"), [home]);
        assert_eq!(paths("~a.txt"), ["~a.txt"]);
    }

    #[test]
    fn paths_are_completed_as_far_as_there_is_one_way() {
        let home = tempfile::tempdir().expect("a directory");
        let place = home.path().display().to_string();
        for name in ["poems.txt", "poetry.txt", ".hidden"] {
            std::fs::write(home.path().join(name), "").expect("written");
        }
        std::fs::create_dir(home.path().join("letters")).expect("a directory");
        let (line, names) = completed(&format!("{place}/p"));
        assert_eq!(line, format!("{place}/poe"));
        assert_eq!(names, ["poems.txt", "poetry.txt"]);
        let (line, names) = completed(&format!("a.txt; '{place}/poem"));
        assert_eq!(line, format!("a.txt; {place}/poems.txt"));
        assert_eq!(names, ["poems.txt"]);
        assert_eq!(
            completed(&format!("{place}/l")).0,
            format!("{place}/letters/")
        );
        assert_eq!(
            completed(&format!("{place}/")).1,
            ["letters/", "poems.txt", "poetry.txt"]
        );
        assert_eq!(
            completed(&format!("{place}/.h")).0,
            format!("{place}/.hidden")
        );
        let nowhere = format!("{place}/none/x");
        assert_eq!(completed(&nowhere), (nowhere.clone(), Vec::new()));
    }
}
