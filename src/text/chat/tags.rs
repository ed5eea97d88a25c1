//! How much code stands in the tags of a template.

/// Bytes of the longest tag (`{{ }}` or `{% %}`), what stands in quotes apart. Braces within a tag may end it early: the
/// rest is not counted then.
pub(super) fn longest(source: &str) -> usize {
    let bytes = source.as_bytes();
    let (mut longest, mut at) = (0, 0);
    while let Some(begin) = bytes
        // A backslash at the very end leads past it.
        .get(at..)
        .unwrap_or_default()
        .windows(2)
        .position(|pair| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#'))
    {
        let kind = bytes[at + begin + 1];
        let close = if kind == b'{' { b'}' } else { kind };
        at += begin + 2;
        let (mut code, mut quote) = (0, None);
        while let Some(&byte) = bytes.get(at) {
            let ends = byte == close && bytes.get(at + 1) == Some(&b'}');
            at += 1;
            match quote {
                None if ends => break,
                None if kind == b'#' => {}
                None => {
                    code += 1;
                    quote = Some(byte).filter(|byte| matches!(byte, b'"' | b'\''));
                }
                // What is escaped ends nothing.
                Some(_) if byte == b'\\' => at += 1,
                Some(open) if byte == open => quote = None,
                Some(_) => {}
            }
        }
        longest = longest.max(code);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_tags_is_counted_and_strings_are_not() {
        for (source, expected) in [
            ("no tags", 0),
            ("{{a}}{%if b%}", 4),
            ("{{ 'a}}b' }}", 3),
            (r#"{{"a\"}}"+b}}"#, 3),
            ("{# a long comment's end #}{{a}}", 1),
            ("{{ open ", 6),
            (r"{{'<\", 1),
            ("{", 0),
        ] {
            assert_eq!(longest(source), expected, "{source}");
        }
    }
}
