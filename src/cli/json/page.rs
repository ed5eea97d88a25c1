//! Writes docs/json.md from the types of the records: `LOGITSCOPE_WRITE_DOCS=1 cargo test --lib json`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::{env, fs};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::{FORMAT, Record};
use crate::training::{RunEvent, Verdict};

const PAGE: &str = "docs/json.md";

/// Which kinds a subcommand prints after its header.
const COMMANDS: [(&str, &str, &str); 15] = [
    (
        "odds",
        "odds",
        "one a prompt; with `--over` one for each value of the setting",
    ),
    (
        "score",
        "token score score_totals",
        "`--summary` leaves the tokens out",
    ),
    (
        "generate",
        "prompt token sample beam slid notice generate_totals",
        "tokens of samples that are made at once come in turn; `beam` with `--all-beams`",
    ),
    (
        "generate --draft",
        "round gain",
        "a record a pass of the target",
    ),
    (
        "compare",
        "lane lane_prompt lane_token lane_end lane_run slid notice lane_totals",
        "what the playground draws: tokens of all lanes come in turn; `run` counts `--seeds`",
    ),
    (
        "diff",
        "difference difference_totals",
        "`--summary` leaves the tokens out",
    ),
    ("diff --at", "shift", "what rose and what fell at one place"),
    ("tree", "node tree_totals", "a record a token"),
    ("tokens", "token tokens_totals", ""),
    ("models", "model", ""),
    ("bench", "machine speed", ""),
    (
        "train, finetune, runs resume",
        "corpus started step epoch validation samples probe checkpoint learning_rate paused resumed notice finished",
        "as it happens",
    ),
    (
        "runs show",
        "started step epoch validation samples probe learning_rate paused resumed notice finished",
        "what the run kept; its files have the same lines",
    ),
    ("runs compare", "validation", "each with its `run`"),
    ("runs list", "run", ""),
];

/// A field as it is described.
struct Field {
    name: String,
    what: String,
    words: String,
}

/// A page that grows, and what it must still describe.
struct Page {
    text: String,
    defs: Map<String, Value>,
    /// Objects that were named, by their names; those that are described have their text.
    objects: BTreeMap<String, Option<String>>,
}

impl Page {
    fn new() -> Self {
        Self {
            text: String::new(),
            defs: Map::new(),
            objects: BTreeMap::new(),
        }
    }

    /// The schema of a type as it is written; what it names is remembered.
    fn schema<T: JsonSchema>(&mut self) -> Value {
        let generator = SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator();
        let schema = generator.into_root_schema_for::<T>();
        let mut schema = serde_json::to_value(schema).expect("a schema is JSON");
        if let Some(Value::Object(defs)) = schema.get_mut("$defs").map(Value::take) {
            self.defs.extend(defs);
        }
        schema
    }

    /// What a schema refers to, or itself.
    fn target<'a>(&'a self, schema: &'a Value) -> (&'a Value, Option<&'a str>) {
        let name = schema["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next());
        let found = name.and_then(|name| self.defs.get(name));
        found.map_or((schema, None), |found| (found, name))
    }

    /// The fields of an object, what it is made of taken in.
    fn fields(&mut self, schema: &Value) -> Vec<Field> {
        let mut fields = Vec::new();
        if schema.get("$ref").is_some() {
            let (target, _) = self.target(schema);
            let target = target.clone();
            fields.extend(self.fields(&target));
        }
        for part in ["allOf", "anyOf"] {
            for part in schema[part].as_array().cloned().unwrap_or_default() {
                fields.extend(self.fields(&part));
            }
        }
        let required = schema["required"].clone();
        let is_required = |name: &str| {
            let names = required.as_array();
            names.is_some_and(|names| names.iter().any(|one| one == name))
        };
        for (name, property) in schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default()
        {
            if name == "kind" && property.get("const").is_some() {
                continue;
            }
            let mut what = self.what(&property);
            if !is_required(&name) {
                what += "; may be absent";
            }
            fields.push(Field {
                words: words(&property),
                name,
                what,
            });
        }
        fields.sort_by(|one, other| one.name.cmp(&other.name));
        fields
    }

    /// What kind of value a schema allows, in words.
    fn what(&mut self, schema: &Value) -> String {
        let (target, name) = self.target(schema);
        if let (Some(name), target) = (name.map(str::to_owned), target.clone()) {
            return match constants(&target) {
                Some(names) => names,
                None => {
                    self.objects.entry(name.clone()).or_insert(None);
                    format!("[{name}](#{})", name.to_lowercase())
                }
            };
        }
        if let Some(names) = constants(schema) {
            return names;
        }
        if let Some(parts) = schema["anyOf"].as_array().cloned() {
            let parts: Vec<String> = parts.iter().map(|part| self.what(part)).collect();
            return parts.join(" or ");
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => return "any value".to_owned(),
        };
        let mut said = Vec::new();
        for kind in kinds {
            said.push(match kind {
                "string" => "text".to_owned(),
                "integer" => "whole number".to_owned(),
                "boolean" => "true or false".to_owned(),
                "array" => format!("list of {}", self.what(&schema["items"])),
                "object" => match schema.get("additionalProperties") {
                    Some(values) => format!("object by name of {}", self.what(values)),
                    None => "object".to_owned(),
                },
                other => other.to_owned(),
            });
        }
        said.join(" or ")
    }

    /// The records of a type whose variants are told apart by `kind`.
    fn kinds(&mut self, schema: &Value) -> BTreeMap<String, (String, Vec<Field>)> {
        let variants = schema["oneOf"].as_array().cloned().unwrap_or_default();
        let mut kinds = BTreeMap::new();
        for variant in variants {
            let kind = variant["properties"]["kind"]["const"].as_str();
            let kind = kind.expect("a variant has its kind").to_owned();
            let said = match words(&variant) {
                said if said.is_empty() => words(self.target(&variant).0),
                said => said,
            };
            kinds.insert(kind, (said, self.fields(&variant)));
        }
        kinds
    }

    fn table(&mut self, fields: &[Field]) -> String {
        let mut text = "| field | value | |\n|---|---|---|\n".to_owned();
        for Field { name, what, words } in fields {
            let cell = |text: &str| text.replace('|', "\\|");
            let _ = writeln!(text, "| `{name}` | {} | {} |", cell(what), cell(words));
        }
        text
    }

    /// Describes the objects that are named, and those that these name.
    fn describe_objects(&mut self) {
        while let Some(name) = self.objects.iter().find_map(|(name, text)| {
            let open = text.is_none();
            open.then(|| name.clone())
        }) {
            let schema = self.defs[&name].clone();
            let mut text = format!("### {name}\n\n{}\n\n", words(&schema));
            match schema["oneOf"].as_array() {
                Some(variants) => {
                    for variant in variants {
                        text += &self.variant(variant);
                    }
                    text.push('\n');
                }
                None => {
                    let fields = self.fields(&schema);
                    text += &self.table(&fields);
                    text.push('\n');
                }
            }
            self.objects.insert(name, Some(text));
        }
    }

    /// One of several forms of an object, as an item of a list.
    fn variant(&mut self, variant: &Value) -> String {
        let said = words(variant);
        let said = if said.is_empty() {
            said
        } else {
            format!(": {said}")
        };
        if let Some(names) = constants(variant) {
            return format!("- {}{said}\n", names.trim_start_matches("one of "));
        }
        let head = match variant["properties"]["kind"]["const"].as_str() {
            Some(kind) => format!("- `kind` `{kind}`{said}\n"),
            None => format!("- object{said}\n"),
        };
        self.fields(variant).iter().fold(head, |mut text, field| {
            let _ = writeln!(
                text,
                "  - `{}`, {}: {}",
                field.name, field.what, field.words
            );
            text
        })
    }
}

/// The description of a schema on one line.
fn words(schema: &Value) -> String {
    let said = schema["description"].as_str().unwrap_or_default();
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The texts that a value can be, if it is one of a few.
fn constants(schema: &Value) -> Option<String> {
    let quoted = |value: &Value| value.as_str().map(|text| format!("`{text}`"));
    if let Some(value) = schema.get("const") {
        return quoted(value);
    }
    let of_variant = |variant: &Value| match variant.get("const") {
        Some(value) => quoted(value).map(|one| vec![one]),
        None => variant["enum"].as_array()?.iter().map(quoted).collect(),
    };
    let names: Vec<String> = match (&schema["enum"], &schema["oneOf"]) {
        (Value::Array(values), _) => values.iter().map(quoted).collect::<Option<_>>()?,
        (_, Value::Array(variants)) => variants
            .iter()
            .map(of_variant)
            .collect::<Option<Vec<_>>>()?
            .concat(),
        _ => return None,
    };
    Some(format!("one of {}", names.join(", ")))
}

fn page() -> String {
    let mut page = Page::new();
    let own = page.schema::<Record<'static>>();
    let of_runs = page.schema::<RunEvent>();
    let verdict = page.schema::<Verdict>();
    page.defs.insert("Verdict".to_owned(), verdict);
    let mut kinds = page.kinds(&of_runs);
    // It is told on standard error alone.
    kinds.remove("reading");
    let verdict = page.what(&serde_json::json!({"$ref": "#/$defs/Verdict"}));
    for kind in ["validation", "finished"] {
        if let Some((_, fields)) = kinds.get_mut(kind) {
            fields.push(Field {
                name: "verdict".to_owned(),
                what: format!("{verdict}; may be absent"),
                words: "As it comes: how the run goes.".to_owned(),
            });
        }
    }
    if let Some((_, fields)) = kinds.get_mut("validation") {
        fields.push(Field {
            name: "run".to_owned(),
            what: "text; may be absent".to_owned(),
            words: "Where runs are compared: which one.".to_owned(),
        });
    }
    kinds.extend(page.kinds(&own));

    page.text = include_str!("page.md").replace("FORMAT", &FORMAT.to_string());
    page.text += "\n## What each subcommand prints\n\n| subcommand | kinds, after `header` | |\n|---|---|---|\n";
    for (command, kinds, remark) in COMMANDS {
        let kinds: Vec<String> = kinds.split(' ').map(|kind| format!("`{kind}`")).collect();
        let _ = writeln!(page.text, "| {command} | {} | {remark} |", kinds.join(", "));
    }
    page.text += "\n## Records\n\n";
    for (kind, (said, fields)) in kinds {
        let table = page.table(&fields);
        let _ = writeln!(page.text, "### `{kind}`\n\n{said}\n\n{table}");
    }
    page.text += "## Objects within them\n\n";
    page.describe_objects();
    for text in std::mem::take(&mut page.objects).into_values().flatten() {
        page.text += &text;
    }
    page.text.trim_end().to_owned() + "\n"
}

#[test]
fn the_page_of_the_format_is_current() {
    let current = page();
    if env::var_os("LOGITSCOPE_WRITE_DOCS").is_some() {
        fs::write(PAGE, &current).expect("the page is written");
    }
    let kept = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        kept == current,
        "{PAGE} is not what the types say: LOGITSCOPE_WRITE_DOCS=1 cargo test --lib json writes it"
    );
}
