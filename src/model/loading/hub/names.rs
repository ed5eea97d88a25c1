//! Which names that a server tells may become parts of paths.

/// Whether a commit or an etag can be the name of a file or folder: hexadecimal on the hub, a short word elsewhere.
pub(super) fn is_plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=128).contains(&name.len()) && name.bytes().all(allowed)
}

/// Names that no file and no commit may have, for tests of both.
#[cfg(test)]
pub(super) const LEADING_OUT: [&str; 9] = [
    "",
    ".",
    "..",
    "/etc/passwd",
    "../a",
    "a/b",
    "a\\b",
    "C:a",
    "a\0",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_its_folder() {
        for name in LEADING_OUT {
            assert!(!is_plain(name), "{name}");
        }
        assert!(!is_plain(&"a".repeat(129)));
        assert!(is_plain("607a30d783dfa663caf39e06633721c8d4cfcd7e") && is_plain("5f-2_A"));
    }
}
