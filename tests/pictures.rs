//! Pictures on the command line: the options that all of them have, and that docs/pictures.md tells the truth.

#![cfg(feature = "charts")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_logitscope"))
            .args(args)
            .env("HOME", self.0.path())
            .env_remove("XDG_CONFIG_HOME")
            .env("LOGITSCOPE_CONFIG", "/dev/null")
            // Fonts of the system are those that a test puts there.
            .env("FONTCONFIG_FILE", self.0.path().join("fonts.conf"))
            .env("HF_HUB_OFFLINE", "1")
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs")
    }

    fn out(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {error}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn svg(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("UTF-8")
    }
}

/// Width and height of a PNG.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[1..4], b"PNG");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    (number(16), number(20))
}

/// A small run to draw.
fn train(home: &Home) {
    let text = "The cat sat on the mat.\nThe dog ran home.\n".repeat(30);
    fs::write(home.0.path().join("corpus.txt"), text).expect("a file");
    let small = "train corpus.txt --run-name mine --split lines --vocabulary 270 --context 8 --layers 1 --width 16 \
                 --batch 4 --steps 12 --validation 0.2 --evaluate-every 4 --sample-every 4 --max-tokens 8 --prompt The \
                 --probe The";
    home.out(&small.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn every_picture_has_the_same_options() {
    let home = Home::new();
    train(&home);
    let commands: [(&str, &[&str], &str); 7] = [
        ("odds", &["odds", "Once upon a", "-c", " time"], "--chart"),
        ("funnel", &["odds", "Once upon a"], "--funnel"),
        (
            "over",
            &["odds", "Once upon a", "--over", "top_k=1..5"],
            "--chart",
        ),
        ("tree", &["tree", "Once", "--depth", "2"], "--chart"),
        (
            "score",
            &["score", "The king said to the queen."],
            "--chart",
        ),
        (
            "compare",
            &[
                "compare",
                "Once",
                "-l",
                "temperature=0.5",
                "-l",
                "temperature=1.5",
                "--max-tokens",
                "6",
            ],
            "--chart",
        ),
        ("runs", &["runs", "chart", "mine", "--samples"], "--out"),
    ];
    for (name, command, flag) in commands {
        let draw = |file: &str, look: &[&str]| {
            let mut args = command.to_vec();
            args.extend([flag, file]);
            args.extend(look);
            home.out(&args);
        };
        let png = format!("{name}.png");
        draw(
            &png,
            &["--size", "800x450", "--scale", "1.5", "--theme", "dark"],
        );
        assert_eq!(size(&home.read(&png)), (1200, 675), "{name}");
        let file = format!("{name}.svg");
        draw(&file, &["--title", "My <title>", "--size", "640x360"]);
        let svg = home.svg(&file);
        assert!(
            svg.starts_with("<svg width=\"640\" height=\"360\""),
            "{name}"
        );
        assert!(
            svg.contains("My &lt;title&gt;") && svg.contains("@font-face"),
            "{name}"
        );
        let model = if name == "runs" {
            "mine: "
        } else {
            "embedded, 5,322,240 parameters, f16"
        };
        assert!(svg.contains(model), "{name}: no caption");
        let ground = "fill=\"#FFFFFF\" stroke=\"none\"/>";
        assert!(svg.contains(ground), "{name}");
        draw(&file, &["--no-caption", "--transparent", "--outlines"]);
        let svg = home.svg(&file);
        assert!(!svg.contains("<text") && !svg.contains("font"), "{name}");
        draw(&file, &["--no-caption", "--transparent"]);
        let svg = home.svg(&file);
        assert!(!svg.contains(model) && svg.contains("<text"), "{name}");
        let first = svg.split("<rect").nth(1).unwrap_or_default();
        assert!(!first.starts_with(" x=\"0\" y=\"0\""), "{name}: {first}");
    }
    let svg = home.svg("odds.svg");
    assert!(svg.contains("named, as a whole:"), "the candidate is drawn");
}

#[test]
fn captions_say_the_settings() {
    let home = Home::new();
    let settings = [
        "--preset",
        "neutral",
        "--temperature",
        "0.7",
        "--top-k",
        "12",
    ];
    let mut args = vec!["odds", "Once", "--chart", "a.svg"];
    args.extend(settings);
    home.out(&args);
    let svg = home.svg("a.svg");
    assert!(
        svg.contains("f16 · temperature 0.7, top-k 12"),
        "{}",
        &svg[svg.len() - 900..]
    );
    args.extend(["--over", "temperature=0.5,1"]);
    home.out(&args);
    let svg = home.svg("a.svg");
    assert!(
        svg.contains("f16 · top-k 12"),
        "what is turned has no one value"
    );
}

#[test]
fn wrong_options_are_one_sentence_and_exit_code_2() {
    let home = Home::new();
    for (args, said) in [
        (
            &["odds", "a", "--chart", "x.pdf"][..],
            "must end in .svg or .png",
        ),
        (&["odds", "a", "--funnel", "x"], "must end in .svg or .png"),
        (
            &["tree", "a", "--chart", "x.jpeg"],
            "must end in .svg or .png",
        ),
        (
            &["score", "a b", "--chart", "x.gif"],
            "must end in .svg or .png",
        ),
        (
            &["compare", "a", "-l", "seed=1", "--chart", "x.bmp"],
            "must end in .svg or .png",
        ),
        (
            &["runs", "chart", "x", "--out", "x.pdf"],
            "must end in .svg or .png",
        ),
        (
            &["odds", "a", "--chart", "x.png", "--size", "0x0"],
            "whole numbers from 1 to 16384",
        ),
        (
            &["odds", "a", "--chart", "x.png", "--size", "big"],
            "whole numbers from 1 to 16384",
        ),
        (
            &["odds", "a", "--chart", "x.png", "--scale", "0"],
            "a number from 0.1 to 10",
        ),
        (
            &["odds", "a", "--chart", "x.png", "--theme", "red"],
            "light, dark",
        ),
        (
            &[
                "odds",
                "a",
                "--chart",
                "x.png",
                "--size",
                "9000x9000",
                "--scale",
                "3",
            ],
            "9000x9000",
        ),
        (
            &["odds", "a", "--theme", "dark"],
            "give --chart or --funnel FILE with it",
        ),
        (
            &["score", "a b", "--title", "A"],
            "give --chart FILE with it",
        ),
        (
            &["tree", "a", "--size", "800x600"],
            "give --chart FILE with it",
        ),
        (
            &["odds", "a", "--chart", "x.png", "--outlines"],
            "--outlines is for an .svg",
        ),
        (
            &["runs", "chart", "x", "y", "--samples", "--out", "x.svg"],
            "name one",
        ),
        (
            &["odds", "a", "--over", "temperature"],
            "--over temperature: write it as",
        ),
        (&["odds", "a", "--over", "tempo=1,2"], "a lane has no tempo"),
        (
            &["odds", "a", "--over", "preset=none,neutral"],
            "there is no such preset",
        ),
        (
            &["odds", "a", "--over", "model=a,b"],
            "the odds are of one model",
        ),
        (
            &["odds", "a", "--over", "top_p=0..1/999"],
            "at most 200 values",
        ),
        (
            &["odds", "a", "--over", "top_k=1..9", "--funnel", "x.svg"],
            "cannot be used with",
        ),
    ] {
        let output = home.run(args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(said), "{args:?}: {error}");
        let files = fs::read_dir(home.0.path()).expect("listed");
        let mut names = files.map(|file| file.expect("a file").file_name());
        assert!(
            names.all(|name| !name.to_string_lossy().starts_with('x')),
            "{args:?} left a file"
        );
    }
    let several = home.run(&["odds", "a", "--over", "top_k=1..5", "-c", " time and again"]);
    let error = String::from_utf8_lossy(&several.stderr).into_owned();
    assert_eq!(several.status.code(), Some(2), "{error}");
    assert!(
        error.contains("it must be one token, and it is 3"),
        "{error}"
    );
}

#[test]
fn odds_over_a_setting_are_a_table_records_and_columns() {
    let home = Home::new();
    let over = [
        "odds",
        "Once upon a",
        "--preset",
        "neutral",
        "--over",
        "temperature=0.2..2",
    ];
    let table = home.out(&over);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 11, "{table}");
    assert!(lines[0].starts_with("temperature    left  entropy") && lines[0].contains("·time"));
    let share = |line: &str| -> f64 {
        let cells: Vec<&str> = line.split_whitespace().collect();
        cells[3].parse().expect("a percentage")
    };
    let shares: Vec<f64> = lines[1..].iter().map(|line| share(line)).collect();
    assert!(
        shares.windows(2).all(|pair| pair[0] >= pair[1]),
        "{shares:?}"
    );

    let json = [&over[..], &["--json", "--candidate", " time"]].concat();
    let records: Vec<serde_json::Value> = home
        .out(&json)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(records.len(), 11);
    for (at, record) in records[1..].iter().enumerate() {
        assert_eq!(record["kind"], "odds");
        assert_eq!(record["over"]["setting"], "temperature");
        let value = record["over"]["value"].as_f64().expect("a number");
        assert!((value - 0.2 * (at + 1) as f64).abs() < 1e-9, "{value}");
        // The same as under that setting alone.
        if at == 4 {
            let alone = [
                "odds",
                "Once upon a",
                "--preset",
                "neutral",
                "--temperature",
                "1",
                "--json",
            ];
            let alone = home.out(&alone);
            let alone: serde_json::Value =
                serde_json::from_str(alone.lines().nth(1).expect("a record")).expect("JSON");
            assert_eq!(alone["final_entropy_bits"], record["final_entropy_bits"]);
            assert_eq!(alone["rows"][0], record["rows"][0]);
        }
    }
    let csv = [&over[..], &["--csv", "--top", "2"]].concat();
    let csv = home.out(&csv);
    assert!(
        csv.starts_with("document,setting,value,rank,id,text,"),
        "{csv}"
    );
    assert!(
        csv.lines()
            .nth(1)
            .is_some_and(|line| line.starts_with("0,temperature,0.2,1,")),
        "{csv}"
    );

    let presets = home.out(&["odds", "Once upon a", "--over", "preset"]);
    for name in ["neutral", "balanced", "wild", "keras-top-k-10"] {
        let line = presets
            .lines()
            .find(|line| line.trim_start().starts_with(name));
        assert!(line.is_some(), "{name}: {presets}");
    }
    let record = home.out(&["odds", "Once", "--over", "preset=neutral,wild", "--json"]);
    assert!(
        record.contains("\"over\":{\"setting\":\"preset\",\"value\":\"wild\"}"),
        "{record}"
    );
}

/// The pictures of docs/pictures.md with the commands that make them.
fn page() -> (Vec<String>, Vec<String>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures.md");
    let text = fs::read_to_string(path).expect("the page");
    let images = text.split("](").skip(1).filter_map(|part| {
        let name = part.split(')').next()?;
        name.starts_with("pictures/").then(|| name.to_owned())
    });
    let commands = text
        .lines()
        .filter_map(|line| line.strip_prefix("    logitscope "));
    (images.collect(), commands.map(str::to_owned).collect())
}

#[test]
fn the_commands_of_the_page_make_its_pictures() {
    let home = Home::new();
    fs::create_dir(home.0.path().join("pictures")).expect("a directory");
    let book = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/weather.txt");
    fs::copy(book, home.0.path().join("weather.txt")).expect("a text");
    let (images, commands) = page();
    assert!(images.len() >= 9, "{images:?}");
    for command in &commands {
        // A run is shorter than that of the page.
        let command = command
            .replace("--steps 60", "--steps 2")
            .replace("--sample-every 10", "--sample-every 1");
        let words = command.split('"').enumerate().flat_map(|(at, part)| {
            // Every second part stood in quotation marks.
            if at % 2 == 1 {
                vec![part]
            } else {
                part.split_whitespace().collect()
            }
        });
        home.out(&words.collect::<Vec<_>>());
    }
    for image in &images {
        assert!(
            commands.iter().any(|command| command.contains(image)),
            "{image} has no command"
        );
        let committed = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("docs")
            .join(image);
        let committed = fs::read(&committed).unwrap_or_else(|error| panic!("{image}: {error}"));
        assert!(
            committed.len() < 100_000,
            "{image}: {} bytes",
            committed.len()
        );
        let made = home.read(image);
        if image.ends_with(".png") {
            assert_eq!(size(&made), size(&committed), "{image}");
        } else {
            let head = |bytes: &[u8]| bytes[..40].to_vec();
            assert_eq!(head(&made), head(&committed), "{image}");
        }
    }
}

#[test]
#[cfg(all(unix, not(target_os = "macos")))]
fn signs_that_our_font_lacks_are_set_in_a_font_of_the_system_or_stand_by_their_number() {
    let home = Home::new();
    let prompt = "The sign 月";
    let fonts = home.0.path().join("fonts");
    fs::create_dir_all(&fonts).expect("a directory");
    let listed = format!("<fontconfig><dir>{}</dir></fontconfig>", fonts.display());
    fs::write(home.0.path().join("fonts.conf"), listed).expect("a file");
    let chart = |file: &str, more: &[&str]| {
        let args = ["odds", prompt, "--top=2", "--no-caption", "--chart", file];
        home.out(&[&args[..], more].concat());
        home.read(file)
    };
    let outlined = ["--outlines"];
    let (number, numbered) = (chart("a.png", &[]), chart("a.svg", &outlined));
    let font = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/font.ttf");
    fs::copy(font, fonts.join("font.ttf")).expect("a font");
    let (sign, drawn) = (chart("b.png", &[]), chart("b.svg", &outlined));
    assert_ne!(number, sign);
    // One square is less to draw than a number of six signs.
    assert!(
        drawn.len() < numbered.len(),
        "{} {}",
        drawn.len(),
        numbered.len()
    );
    // What our font has is set in it, whatever else there is.
    let known = |file: &str| {
        home.out(&["odds", "The king", "--top=2", "--chart", file]);
        home.read(file)
    };
    let with = known("c.png");
    fs::remove_dir_all(&fonts).expect("removed");
    assert_eq!(with, known("d.png"));
    // An SVG leaves it to who looks at it.
    let svg = String::from_utf8(chart("e.svg", &[])).expect("UTF-8");
    assert!(svg.contains('月'));
    assert!(svg.contains("font-family=\"Noto Sans, sans-serif\""));
}
