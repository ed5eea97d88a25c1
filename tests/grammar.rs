//! Texts that keep to a grammar: what is forbidden is held against regex-automata, token by token over the whole
//! vocabulary, what is generated against the readers of what it claims to be, and rewinds, branches, batches, lanes and
//! looks back stay exact.

use std::borrow::Cow;
use std::ops::ControlFlow;

use logitscope::decoding::{
    BeamSearch, Chooser, Counterfactual, Generation, GenerationSettings, LookAt, StopReason, batch,
    look,
};
use logitscope::engine;
use logitscope::model::{LoadRequest, LoadedModel};
use logitscope::sampling::{
    Chain, Context, Method, Running, SamplerSettings, StageKind, Vocabulary,
};
use proptest::prelude::*;
use regex_automata::Input;
use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;

fn load(source: &str) -> LoadedModel {
    let request = LoadRequest {
        source: source.to_owned(),
        ..LoadRequest::default()
    };
    engine::load(&request, &mut |_| ControlFlow::Continue(())).expect("the model loads")
}

fn embedded() -> LoadedModel {
    load(&LoadRequest::default().source)
}

fn regex(expression: &str) -> SamplerSettings {
    SamplerSettings {
        grammar_regex: expression.to_owned(),
        ..SamplerSettings::neutral()
    }
}

fn schema(schema: &str) -> SamplerSettings {
    SamplerSettings {
        grammar_json_schema: schema.to_owned(),
        ..SamplerSettings::neutral()
    }
}

fn lark(grammar: &str) -> SamplerSettings {
    SamplerSettings {
        grammar_lark: grammar.to_owned(),
        ..SamplerSettings::neutral()
    }
}

fn start(loaded: &LoadedModel, sampler: &SamplerSettings, max: usize, seed: u64) -> Generation {
    let settings = GenerationSettings {
        max_tokens: max,
        seed,
        detect_loops: false,
        ..GenerationSettings::default()
    };
    let prompt = "The king was very glad, and said to the queen";
    Generation::new(loaded, prompt, sampler, &settings, false, &|| false).expect("it starts")
}

/// Goes on to the end.
fn run(loaded: &LoadedModel, generation: &mut Generation) -> StopReason {
    loop {
        let outcome = generation.step(loaded, &|| false).expect("the model runs");
        if let Some(stop) = outcome.stop {
            return stop;
        }
    }
}

fn generated(generation: &Generation) -> &[u32] {
    &generation.sequence().ids()[generation.prompt_len()..]
}

/// The bytes of what was generated, without the token that ends it.
fn said(loaded: &LoadedModel, generation: &Generation) -> String {
    let ends = &loaded.model.info().end_tokens;
    let ids = generated(generation).iter().copied();
    let ids: Vec<u32> = ids.filter(|id| !ends.contains(id)).collect();
    String::from_utf8(loaded.tokenizer.join(&ids)).expect("whole characters")
}

/// The language of a regular expression, by regex-automata: minimal, so that a beginning of none of its texts is dead.
struct Language(dense::DFA<Vec<u32>>);

impl Language {
    fn new(expression: &str) -> Self {
        let config = dense::Config::new().minimize(true);
        let dfa = dense::Builder::new()
            .configure(config)
            .build(&format!(r"\A(?:{expression})\z"));
        Self(dfa.expect("a regular expression"))
    }

    fn after(&self, mut state: StateID, bytes: &[u8]) -> StateID {
        for &byte in bytes {
            state = self.0.next_state(state, byte);
        }
        state
    }

    fn start(&self) -> StateID {
        let input = Input::new("").anchored(regex_automata::Anchored::Yes);
        self.0.start_state_forward(&input).expect("it has a start")
    }

    fn can_become_one(&self, state: StateID) -> bool {
        !self.0.is_dead_state(state)
    }

    fn is_one(&self, state: StateID) -> bool {
        self.0.is_match_state(self.0.next_eoi_state(state))
    }
}

const EXPRESSIONS: [&str; 5] = [
    r"[ a-z]{1,40}\.",
    r" (yes|no|maybe), said (the (king|queen|old man)|he)\.",
    r"(\d{3}-){2}\d{4}",
    r#" "[^"\n]*"( [A-Z][a-z]*)*"#,
    r" (ä|ö|ü|é|—|“)+!?",
];

#[test]
fn what_is_forbidden_is_what_leads_out_of_the_language() {
    let loaded = embedded();
    let info = loaded.model.info();
    let special = loaded.tokenizer.special_ids();
    assert!(
        !info.end_tokens.is_empty()
            && special.is_superset(&info.end_tokens.iter().copied().collect())
    );
    for expression in EXPRESSIONS {
        let language = Language::new(expression);
        let sampler = regex(expression);
        for seed in 1..4 {
            let mut generation = start(&loaded, &sampler, 60, seed);
            let chooser = Chooser::new(&loaded, &sampler, seed).expect("it compiles");
            let stop = run(&loaded, &mut generation);
            let text = generated(&generation).to_vec();
            let mut state = language.start();
            for (place, &id) in text.iter().enumerate() {
                let at = generation.prompt_len() + place;
                let seen = look_at(&loaded, &generation, &chooser, at);
                for row in &seen.rows {
                    let bytes = loaded.tokenizer.token_bytes(row.id);
                    let expected = if info.end_tokens.contains(&row.id) {
                        language.is_one(state)
                    } else {
                        !special.contains(&row.id)
                            && !bytes.is_empty()
                            && language.can_become_one(language.after(state, bytes))
                    };
                    let forbidden = row.cut_by == Some(StageKind::Grammar);
                    assert_eq!(
                        forbidden, !expected,
                        "{expression} {place} {:?}",
                        row.display
                    );
                }
                assert_eq!(seen.trace[0].stage, StageKind::Grammar);
                assert_eq!(seen.pick, Some(id), "the same draw");
                state = language.after(state, loaded.tokenizer.token_bytes(id));
            }
            if stop == StopReason::EndToken {
                let whole = language.after(language.start(), said(&loaded, &generation).as_bytes());
                assert!(language.is_one(whole), "{expression}");
            }
        }
    }
}

fn look_at(
    loaded: &LoadedModel,
    generation: &Generation,
    chooser: &Chooser,
    at: usize,
) -> logitscope::decoding::Moment {
    let place = LookAt {
        position: at,
        prompt_len: generation.prompt_len(),
        running: generation.running(),
        second: None,
        rows: loaded.model.info().vocabulary,
        search: "",
    };
    look(loaded, generation.sequence(), chooser, place).expect("it can be looked at")
}

#[test]
fn what_follows_a_schema_is_json_of_it() {
    let loaded = embedded();
    let sampler = schema(
        r##"{
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 20, "pattern": "^[A-Z][a-z]+$"},
                "age": {"type": "integer", "minimum": 1, "maximum": 99},
                "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "minItems": 1, "maxItems": 3}
            },
            "required": ["name", "age", "tags"],
            "additionalProperties": false,
            "$defs": {"tag": {"enum": ["wolf", "tower", "gold"]}}
        }"##,
    );
    let mut ended = 0;
    for seed in 1..9 {
        let mut generation = start(&loaded, &sampler, 200, seed);
        if run(&loaded, &mut generation) != StopReason::EndToken {
            continue;
        }
        ended += 1;
        let text = said(&loaded, &generation);
        let value: serde_json::Value = serde_json::from_str(&text).expect(&text);
        let fields: Vec<&String> = value.as_object().expect("an object").keys().collect();
        assert_eq!(fields.len(), 3, "{text}");
        assert!(value["name"].as_str().expect("a string").chars().count() <= 20);
        assert!((1..=99).contains(&value["age"].as_i64().expect("an integer")));
        let tags = value["tags"].as_array().expect("a list");
        assert!((1..=3).contains(&tags.len()));
        let known =
            |tag: &serde_json::Value| ["wolf", "tower", "gold"].contains(&tag.as_str().unwrap());
        assert!(tags.iter().all(known), "{text}");
    }
    assert!(ended > 3, "{ended} of 8 came to an end");
}

#[test]
fn a_lark_grammar_counts_what_no_expression_can() {
    let loaded = embedded();
    let sampler = SamplerSettings {
        temperature: 1.5,
        ..lark("start: \" \" sum\nsum: item (\"+\" item)*\nitem: /[0-9]{1,3}/ | \"(\" sum \")\"")
    };
    let mut nested = 0;
    for seed in 1..9 {
        let mut generation = start(&loaded, &sampler, 60, seed);
        let stop = run(&loaded, &mut generation);
        let text = said(&loaded, &generation);
        let depths: Vec<i32> = text
            .chars()
            .scan(0, |depth, letter| {
                *depth += i32::from(letter == '(') - i32::from(letter == ')');
                Some(*depth)
            })
            .collect();
        assert!(depths.iter().all(|&depth| depth >= 0), "{text}");
        nested += usize::from(depths.iter().any(|&depth| depth > 1));
        if stop == StopReason::EndToken {
            assert_eq!(depths.last(), Some(&0), "{text}");
        }
    }
    assert!(nested > 0, "none was nested");
}

#[test]
fn rewinds_branches_batches_and_looks_back_are_exact() {
    let loaded = embedded();
    let sampler = SamplerSettings {
        temperature: 1.2,
        ..regex(r" [a-z ]{30,60}(\.|!)")
    };
    let mut straight = start(&loaded, &sampler, 40, 5);
    run(&loaded, &mut straight);
    let text = generated(&straight).to_vec();
    assert!(text.len() > 8);
    let end = straight.sequence().len();

    // What these knobs would have drawn is what was drawn; without the stage it is something else.
    let otherwise = |sampler: &SamplerSettings, text: &mut Generation| {
        let chooser = Chooser::new(&loaded, sampler, 5).unwrap();
        let mut comparison = Counterfactual::new(chooser, end);
        let mut found = Vec::new();
        while !comparison.is_done() {
            found.extend(comparison.step(&loaded, text, 16).unwrap());
        }
        found
    };
    assert_eq!(otherwise(&sampler, &mut straight), []);
    let free = SamplerSettings {
        temperature: 1.2,
        ..SamplerSettings::neutral()
    };
    assert!(!otherwise(&free, &mut straight).is_empty());

    // Back and on again: the same draws. Another token and back: as well.
    let cut = straight.prompt_len() + 4;
    let mut other = straight.try_clone().unwrap();
    straight.rewind(cut).unwrap();
    run(&loaded, &mut straight);
    assert_eq!(generated(&straight), text);
    let chooser = Chooser::new(&loaded, &sampler, 5).unwrap();
    let id = look_at(&loaded, &other, &chooser, cut).rows[3].id;
    assert_ne!(id, text[4]);
    other.replace(&loaded, cut, id).unwrap();
    run(&loaded, &mut other);
    let branch = said(&loaded, &other);
    let language = Language::new(&sampler.grammar_regex);
    let state = language.after(language.start(), branch.as_bytes());
    assert!(language.can_become_one(state), "{branch}");
    other.rewind(cut).unwrap();
    run(&loaded, &mut other);
    assert_eq!(generated(&other), text);

    // Together or each alone.
    let mut single: Vec<_> = (5..10)
        .map(|seed| start(&loaded, &sampler, 10, seed))
        .collect();
    let mut batched: Vec<_> = single.iter().map(|one| one.try_clone().unwrap()).collect();
    for generation in &mut single {
        run(&loaded, generation);
    }
    let mut together: Vec<_> = batched.iter_mut().collect();
    for _ in 0..10 {
        batch::step(&loaded, &mut together, &|| false).unwrap();
    }
    for (single, batched) in single.iter().zip(&batched) {
        // Those that ended earlier went on, to the next text.
        assert!(generated(batched).starts_with(generated(single)));
    }
}

#[test]
fn beams_keep_to_it_as_well() {
    let loaded = embedded();
    let sampler = SamplerSettings {
        method: Method::Beam,
        num_beams: 3,
        ..regex(" (Yes|No|Never), (dear|my) (mother|father|son)\\.")
    };
    let mut search = BeamSearch::new(start(&loaded, &sampler, 30, 1));
    while !search.step(&loaded, &|| false).unwrap().done {}
    let language = Language::new(&sampler.grammar_regex);
    let beams = search.beams();
    assert_eq!(beams.len(), 3);
    for beam in beams {
        let ids: Vec<u32> = beam.ids;
        let ends = &loaded.model.info().end_tokens;
        let text: Vec<u32> = ids.into_iter().filter(|id| !ends.contains(id)).collect();
        let state = language.after(language.start(), &loaded.tokenizer.join(&text));
        assert!(language.is_one(state), "{:?}", beam.text);
        assert_eq!(beam.finished, Some(StopReason::EndToken));
    }
}

#[test]
fn a_model_without_an_end_token_stops_where_the_text_is_whole() {
    let from = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/gpt2/plain");
    let to = tempfile::tempdir().expect("a directory");
    let read = |name: &str| std::fs::read(format!("{from}/{name}")).expect("the file is there");
    let text = |name: &str| String::from_utf8(read(name)).expect("JSON");
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(to.path().join(name), bytes).unwrap();
    write("model.safetensors", read("model.safetensors"));
    let config = text("config.json").replace("\"eos_token_id\": 0", "\"eos_token_id\": 99999");
    write("config.json", config.into_bytes());
    let tokenizer = text("tokenizer.json").replace("<|endoftext|>", "<|other|>");
    write("tokenizer.json", tokenizer.into_bytes());
    let loaded = load(to.path().to_str().expect("a path"));
    assert!(loaded.model.info().end_tokens.is_empty());
    let mut generation = start(&loaded, &regex("[a-z]{3}"), 40, 1);
    assert_eq!(run(&loaded, &mut generation), StopReason::GrammarEnd);
    assert_eq!(said(&loaded, &generation).len(), 3);
}

/// Tokens of one letter and of several, that overlap.
struct Pieces;

const PIECES: [&str; 12] = [
    "a", "b", "c", "ab", "ba", "cc", "abc", "aa", "é", "cab", "bb", "<end>",
];
const END: u32 = 11;

impl Vocabulary for Pieces {
    fn size(&self) -> usize {
        PIECES.len()
    }

    fn encode(&self, _: &str) -> Vec<u32> {
        Vec::new()
    }

    fn text(&self, id: u32) -> Cow<'_, str> {
        PIECES[id as usize].into()
    }

    fn special(&self) -> std::collections::HashSet<u32> {
        [END].into()
    }
}

fn expressions() -> impl Strategy<Value = String> {
    let letter = prop::sample::select(vec!["a", "b", "c", "é", "[ab]", ".", "[^a]"]);
    letter
        .prop_map(str::to_owned)
        .prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                prop::collection::vec(inner.clone(), 1..4)
                    .prop_map(|parts| format!("({})", parts.join("|"))),
                (
                    inner,
                    prop::sample::select(vec!["*", "+", "?", "{2}", "{1,3}"])
                )
                    .prop_map(|(inner, times)| format!("({inner}){times}")),
            ]
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Walks through the texts of an expression, and back to places of before.
    #[test]
    fn any_expression_forbids_what_regex_automata_calls_dead(
        expression in expressions(),
        steps in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..6), 1..20),
    ) {
        let language = Language::new(&expression);
        let chain = Chain::new(&regex(&expression), &Pieces);
        let possible = |text: &[u32]| -> Vec<u32> {
            let mut state = language.start();
            for &id in text {
                state = language.after(state, PIECES[id as usize].as_bytes());
            }
            (0..PIECES.len() as u32)
                .filter(|&id| match id {
                    END => language.is_one(state),
                    id => language.can_become_one(
                        language.after(state, PIECES[id as usize].as_bytes()),
                    ),
                })
                .collect()
        };
        // No text of these pieces may fit.
        let Ok(chain) = chain else {
            prop_assert_eq!(possible(&[]), [0_u32; 0]);
            return Ok(());
        };
        let mut text: Vec<u32> = Vec::new();
        for (choice, back) in steps {
            let context = Context {
                history: &text,
                prompt_len: 0,
                end_tokens: &[END],
                xtc_u: 0.5,
                running: Running { mu: 10.0, mean: 0.5 },
                second: None,
            };
            let distribution = chain.run(&[0.0; PIECES.len()], &context);
            let expected = possible(&text);
            let found: Vec<u32> = (0..PIECES.len() as u32)
                .filter(|&id| distribution.probability(id) > 0.0)
                .collect();
            if expected.is_empty() {
                // A dead end of these pieces, in which nothing is cut.
                prop_assert_eq!(found.len(), PIECES.len());
            } else {
                prop_assert_eq!(&found, &expected, "{} after {:?}", expression, text);
            }
            let next: Vec<u32> = expected.into_iter().filter(|&id| id != END).collect();
            if back == 0 || next.is_empty() {
                text.truncate(text.len().saturating_sub(1 + back));
            } else {
                text.push(*choice.get(&next));
            }
        }
    }
}
