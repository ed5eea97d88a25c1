//! A template and what it can do. It is untrusted: it can read nothing but what it is given, and runs only so long and so
//! deep.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, Error, ErrorKind, context};
use serde::Serialize;

use super::clock::{Clock, add_strftime_now};
use super::deep_stack::on_deep_stack;
use super::{ChatError, Message, SpecialTokens, methods, namespaces, tags};
use crate::text::{brief, sanitize};

/// Steps that a template may take; a long conversation takes a few thousand.
const FUEL: u64 = 2_000_000;
/// How deep a template may call itself.
const DEPTH: usize = 100;
/// Bytes of the longest template; those in use have some tens of thousands.
const LONGEST: usize = 1 << 17;
/// Bytes of the longest tag, strings apart; those in use have some hundreds. The library takes the square of the number of
/// operators in a tag to read it, and nests its calls as deep.
const LONGEST_TAG: usize = 1 << 13;

/// The only template in the environment.
const NAME: &str = "chat";

/// A template that was read and understood.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    /// Where it is from, for errors.
    origin: String,
    tokens: SpecialTokens,
}

impl ChatTemplate {
    /// Reads a template. `origin` names where it is from in errors.
    ///
    /// # Errors
    /// When it is no template.
    pub fn new(source: String, origin: &str, tokens: SpecialTokens) -> Result<Self, ChatError> {
        Self::with_clock(source, origin, tokens, jiff::ZonedDateTime::now)
    }

    /// [`Self::new`] with another clock than the machine's.
    fn with_clock(
        source: String,
        origin: &str,
        tokens: SpecialTokens,
        clock: Clock,
    ) -> Result<Self, ChatError> {
        let mut environment = Environment::new();
        // As in transformers: blocks on lines of their own leave no blank lines behind.
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        environment.set_syntax(syntax.unwrap_or_default());
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(DEPTH);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_unknown_method_callback(methods::call);
        environment.add_function("raise_exception", raise_exception);
        add_strftime_now(&mut environment, clock);
        environment.add_filter("tojson", to_json);
        let unreadable = |problem: &str| ChatError {
            origin: origin.to_owned(),
            problem: format!("cannot be read: {}", plain(problem)),
        };
        if source.len() > LONGEST {
            return Err(unreadable(&format!("it is longer than {LONGEST} bytes")));
        }
        if tags::longest(&source) > LONGEST_TAG {
            return Err(unreadable(&format!(
                "one of its tags has more than {LONGEST_TAG} bytes of code"
            )));
        }
        if namespaces::are_handed_on(&source) {
            return Err(unreadable(
                "it hands a namespace on, which could be put into itself",
            ));
        }
        on_deep_stack(|| environment.add_template_owned(NAME, without_generation(&source)))
            .map_err(|fault| unreadable(&fault))?
            .map_err(|error| unreadable(&one_line(&error)))?;
        Ok(Self {
            environment,
            origin: origin.to_owned(),
            tokens,
        })
    }

    /// The text of a conversation, up to where the assistant's answer begins.
    ///
    /// # Errors
    /// When the template refuses the conversation, fails, or does not come to an end.
    pub fn render(&self, messages: &[Message]) -> Result<String, ChatError> {
        let failed = |error: Error| ChatError {
            origin: self.origin.clone(),
            problem: match error.kind() {
                ErrorKind::OutOfFuel => "does not come to an end".to_owned(),
                // The template's own words, such as that the roles must alternate.
                ErrorKind::InvalidOperation if error.detail().is_some_and(is_raised) => {
                    let words = error.detail().unwrap_or_default();
                    format!("refuses: {}", plain(words.trim_start_matches(RAISED)))
                }
                _ => format!("fails: {}", one_line(&error)),
            },
        };
        let template = self.environment.get_template(NAME).map_err(failed)?;
        let tokens = Value::from(Serde(&self.tokens));
        let messages = Value::from(Serde(messages));
        let variables = context! { messages, add_generation_prompt => true, ..tokens };
        on_deep_stack(|| template.render(variables))
            .map_err(|fault| ChatError {
                origin: self.origin.clone(),
                problem: format!("fails: {}", plain(&fault)),
            })?
            .map_err(failed)
    }
}

/// `source` with a plain block in place of transformers' `{% generation %}`, which marks what the assistant said for
/// training and writes what is in it as it is.
fn without_generation(source: &str) -> String {
    let mut written = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let (before, tag) = rest.split_at(start);
        written.push_str(before);
        let Some(end) = tag.find("%}") else {
            rest = tag;
            break;
        };
        let (tag, after) = tag.split_at(end);
        let inner = tag[2..].trim_matches(['-', '+']).trim();
        let plain = match inner {
            "generation" => Some("with"),
            "endgeneration" => Some("endwith"),
            _ => None,
        };
        written.push_str(&match plain {
            Some(plain) => tag.replace(inner, plain),
            None => tag.to_owned(),
        });
        rest = after;
    }
    written.push_str(rest);
    written
}

/// Marks errors that a template raises itself.
const RAISED: &str = "raised: ";

fn is_raised(detail: &str) -> bool {
    detail.starts_with(RAISED)
}

fn raise_exception(message: &str) -> Result<Value, Error> {
    Err(Error::new(
        ErrorKind::InvalidOperation,
        format!("{RAISED}{message}"),
    ))
}

/// `tojson` as transformers has it: characters stay as they are, and `indent` may be given.
fn to_json(value: &Value, options: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = options.get("indent")?;
    let failed =
        |error: serde_json::Error| Error::new(ErrorKind::BadSerialization, error.to_string());
    let mut bytes = Vec::new();
    match indent {
        Some(width) => {
            let spaces = " ".repeat(width.min(16));
            let formatter = serde_json::ser::PrettyFormatter::with_indent(spaces.as_bytes());
            let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
            value.serialize(&mut serializer).map_err(failed)?;
        }
        None => {
            let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
            value.serialize(&mut serializer).map_err(failed)?;
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Value::from_safe_string(text))
}

/// JSON with a space after commas and colons, as Python writes it.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

/// An error with its line, without the name of the only template.
fn one_line(error: &Error) -> String {
    let what = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.line() {
        Some(line) => plain(&format!("{what} (line {line})")),
        None => plain(&what),
    }
}

/// On one line: templates choose some of these words.
fn plain(text: &str) -> String {
    brief(&sanitize(text)).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first of March of a leap year, in the afternoon.
    fn leap_year() -> jiff::ZonedDateTime {
        let zoned = jiff::civil::date(2024, 3, 1).at(15, 4, 5, 0);
        zoned
            .to_zoned_datetime(jiff::tz::TimeZone::UTC)
            .expect("a time that was")
    }

    fn written(source: &str) -> Result<String, ChatError> {
        let tokens = SpecialTokens::default();
        ChatTemplate::with_clock(source.to_owned(), "a.gguf", tokens, leap_year)?
            .render(&[Message::new("user", "Hi")])
    }

    #[test]
    fn templates_are_told_the_time_as_python_writes_it() {
        for (format, expected) in [
            ("%d %b %Y", "01 Mar 2024"),
            ("%Y-%m-%d", "2024-03-01"),
            ("%B %d, %Y", "March 01, 2024"),
            ("%-d %B", "1 March"),
            ("%A %a %j", "Friday Fri 061"),
            ("%H:%M:%S %I %p %y%%", "15:04:05 03 PM 24%"),
        ] {
            let source = format!("{{{{ strftime_now('{format}') }}}}");
            assert_eq!(written(&source).as_deref(), Ok(expected), "{format}");
        }
        let guarded = "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% endif %}";
        assert_eq!(written(guarded).as_deref(), Ok("2024"));
    }

    #[test]
    fn what_is_marked_for_training_is_written_as_it_is() {
        let source = "{% for message in messages %}\n{%- generation -%}\n  {{ message.content }}{% endgeneration %}.{%endgeneration_not%}";
        assert_eq!(
            without_generation(source),
            "{% for message in messages %}\n{%- with -%}\n  {{ message.content }}{% endwith %}.{%endgeneration_not%}"
        );
        for (source, expected) in [
            (
                "{% for m in messages %}{% generation %}<{{ m.content }}>{% endgeneration %}{% endfor %}",
                "<Hi>",
            ),
            ("a\n {%- generation -%} \n b {%- endgeneration %}\nc", "abc"),
            (
                "{% generation %}{% set x = 1 %}{{ x }}{% endgeneration %}{{ x }}",
                "1",
            ),
            (
                "no tag {% if true %}{{ '%}' }}{% endif %} {% generation",
                "",
            ),
        ] {
            match written(source) {
                Ok(text) => assert_eq!(text, expected, "{source}"),
                Err(error) => assert!(expected.is_empty(), "{source}: {error}"),
            }
        }
    }

    #[test]
    fn no_nesting_overflows_the_stack() {
        for (open, inner, times) in [
            ("-", "1", 8000),
            ("not ", "1", 2000),
            ("", ".a", 4000),
            ("", "|trim", 1600),
            ("", "+a", 4000),
            ("", " if a else a", 600),
        ] {
            let source = format!("{{{{ {}a{} }}}}", open.repeat(times), inner.repeat(times));
            // Any text or sentence will do.
            let _ = written(&source);
        }
        let choices = "{% elif a %}".repeat(10_000);
        let _ = written(&format!("{{% if a %}}{choices}{{% endif %}}"));
        // Values that hold one another.
        for source in [
            "{% set n = namespace(x=0) %}{% for i in range(100000) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
            "{% set n = namespace(x=0) %}{% for i in range(100000) %}{% set n.x = {'a': n.x} %}{% endfor %}{{ n.x | tojson }}",
        ] {
            let _ = written(source);
        }
    }

    #[test]
    fn a_template_that_is_too_long_is_refused() {
        let refused = |source: &str| written(source).expect_err("too long").to_string();
        let error = refused(&" ".repeat(LONGEST + 1));
        assert!(
            error.ends_with("cannot be read: it is longer than 131072 bytes"),
            "{error}"
        );
        let error = refused(&format!("{{{{ {}1 }}}}", "-".repeat(LONGEST_TAG)));
        assert!(
            error.ends_with("one of its tags has more than 8192 bytes of code"),
            "{error}"
        );
        let text = "x".repeat(LONGEST_TAG);
        assert_eq!(written(&format!("{{{{ '{text}' }}}}")), Ok(text));
    }

    #[test]
    fn a_fault_of_the_library_is_an_error_of_the_template() {
        // The library negates the least number in a test build, which panics, and wraps around in a release.
        if let Err(error) =
            written("{{ '%-9223372036854775808d' % 1 }}{{ 'a'[::-9223372036854775808] }}")
        {
            assert!(
                error.to_string().starts_with("a.gguf: the chat template "),
                "{error}"
            );
        }
    }

    #[test]
    fn a_format_that_is_none_is_one_clear_sentence() {
        let error = written("{{ strftime_now('%!\x1b') }}").expect_err("no such directive");
        let error = error.to_string();
        let expected = "a.gguf: the chat template fails: strftime_now cannot write the time as";
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains(['\n', '\x1b']), "{error:?}");
    }
}
