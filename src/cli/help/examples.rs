//! What a person would type to use each subcommand.

/// A subcommand and what a person would type: a command, and what it does.
pub type Examples = (&'static str, [(&'static str, &'static str); 3]);

/// Of each subcommand, by the words after the program's name.
pub const EXAMPLES: [Examples; 21] = [
    (
        "",
        [
            ("logitscope", "open the playground"),
            ("logitscope \"Once upon a time\"", "with this prompt"),
            (
                "logitscope odds \"Once upon a\" --top 5",
                "what comes next, and how likely it is",
            ),
        ],
    ),
    (
        "play",
        [
            (
                "logitscope play --resume",
                "go on where the last session ended",
            ),
            ("logitscope play --model gpt2", "with a model of the hub"),
            (
                "logitscope play --preset creative \"The fox\"",
                "with other knobs",
            ),
        ],
    ),
    (
        "learn",
        [
            ("logitscope learn 1", "the first lesson, in the playground"),
            (
                "logitscope learn --answers > lessons.md",
                "the teacher's page, to be printed",
            ),
            (
                "logitscope learn new my-lessons",
                "a lesson of your own, to be changed",
            ),
        ],
    ),
    (
        "guess",
        [
            ("logitscope guess", "a text from inside of the program"),
            (
                "logitscope guess --file story.txt --letters 100",
                "a text of your own",
            ),
            (
                "logitscope guess \"A text for a friend\" --given 5",
                "five letters are shown",
            ),
        ],
    ),
    (
        "generate",
        [
            (
                "logitscope generate \"Once upon a time\" --seed 7",
                "one text, the same each time",
            ),
            (
                "logitscope generate \"The king\" -n 20 --batch 5 --out samples.txt",
                "twenty, five at once",
            ),
            (
                "echo \"The king\" | logitscope generate --temperature 1.2 --min-p 0.05",
                "a prompt from a pipe",
            ),
        ],
    ),
    (
        "compare",
        [
            (
                "logitscope compare \"The king\" -l temperature=0.7 -l preset=wild",
                "two ways, the same draws",
            ),
            (
                "logitscope compare \"Once\" --sweep temperature=0.2..1.6/5 --seeds 10",
                "figures with intervals",
            ),
            (
                "logitscope compare \"Once\" -l model=embedded -l model=gpt2",
                "two models",
            ),
        ],
    ),
    (
        "odds",
        [
            (
                "logitscope odds \"Once upon a\" --top 10",
                "the table, and the chain stage by stage",
            ),
            (
                "logitscope odds \"The queen was\" -c \" happy\" -c \" sad\"",
                "two words and their ratio",
            ),
            (
                "logitscope odds \"Once\" --over temperature=0.2..2 --chart odds.svg",
                "over a knob, as a picture",
            ),
        ],
    ),
    (
        "score",
        [
            (
                "logitscope score \"The fox ran over the hill.\"",
                "each token's odds",
            ),
            (
                "logitscope score --file story.txt --summary",
                "perplexity and bits a byte",
            ),
            (
                "logitscope score --file story.txt --json | head -3",
                "for a program",
            ),
        ],
    ),
    (
        "diff",
        [
            (
                "logitscope diff gpt2 runs/poems --file poems.txt",
                "what a finetuning changed, and where",
            ),
            (
                "logitscope diff gpt2 gpt2 --tuned-precision q4_0 --file book.txt --summary --llama-cpp",
                "what a quantisation does",
            ),
            (
                "logitscope diff gpt2 runs/poems \"The sun is\" --at 2",
                "what rose and what fell at one token",
            ),
        ],
    ),
    (
        "tree",
        [
            (
                "logitscope tree \"Once upon a\"",
                "the most probable continuations",
            ),
            (
                "logitscope tree \"Once\" --depth 4 --top-n 3",
                "three of each token, four deep",
            ),
            ("logitscope tree \"Once\" --chart tree.svg", "as a picture"),
        ],
    ),
    (
        "tokens",
        [
            (
                "logitscope tokens \"Zoë said “hello”\"",
                "each token and its bytes",
            ),
            ("logitscope tokens --ids \"hello\"", "the ids alone"),
            ("logitscope tokens --decode 464 2068", "ids back into text"),
        ],
    ),
    (
        "models",
        [
            ("logitscope models", "what is at hand without a download"),
            ("logitscope models DIR", "what a directory holds"),
            ("logitscope models model.gguf --json", "for a program"),
        ],
    ),
    (
        "train",
        [
            (
                "logitscope train --recipe mini-books book.txt",
                "a small model of one book",
            ),
            (
                "logitscope train --layers 4 --width 128 --epochs 3 texts/",
                "a shape of one's own",
            ),
            (
                "logitscope train --recipe gpt2 --print-recipe > mine.toml",
                "a recipe to edit",
            ),
        ],
    ),
    (
        "finetune",
        [
            ("logitscope finetune --demo", "see a model change its style"),
            (
                "logitscope finetune --model gpt2 poems.txt --epochs 2",
                "on texts of one's own",
            ),
            (
                "logitscope finetune --lora-rank 8 --model gpt2 poems.txt",
                "with small matrices beside the weights",
            ),
        ],
    ),
    (
        "encode",
        [
            (
                "logitscope encode book.txt --out book.tokens",
                "a corpus as tokens, once",
            ),
            (
                "logitscope encode --model gpt2 texts/ --out texts.tokens",
                "for another model",
            ),
            (
                "logitscope train book.tokens",
                "to be learned from anywhere",
            ),
        ],
    ),
    (
        "runs",
        [
            ("logitscope runs list", "what was trained, and how it went"),
            (
                "logitscope runs chart run1 run2 --out runs.svg",
                "two runs as a picture",
            ),
            ("logitscope runs resume run1 --epochs 5", "go on with one"),
        ],
    ),
    (
        "session",
        [
            (
                "logitscope session export --html page.html",
                "where the playground was left last, as a page",
            ),
            (
                "logitscope session export story.json --markdown story.md",
                "a session that was saved, as Markdown",
            ),
            (
                "logitscope session export --html page.html --run poems",
                "with the curve of a run, and what it wrote by epoch",
            ),
        ],
    ),
    (
        "export",
        [
            (
                "logitscope export run1 model",
                "the best checkpoint, for transformers",
            ),
            (
                "logitscope export run1 model --checkpoint latest",
                "the newest instead",
            ),
            ("logitscope export run1 model --half", "in half the size"),
        ],
    ),
    (
        "bench",
        [
            (
                "logitscope bench",
                "the model, beside what this machine allows",
            ),
            ("logitscope bench --shape gpt2", "the shape of GPT-2"),
            (
                "logitscope bench --precision q8_0 --works decode --rounds 3",
                "one work in one precision",
            ),
        ],
    ),
    (
        "config",
        [
            ("logitscope config path", "where the file of settings is"),
            (
                "logitscope config show",
                "each setting, and where it comes from",
            ),
            ("logitscope config default > config.toml", "a file to edit"),
        ],
    ),
    (
        "man",
        [
            ("logitscope man | man -l -", "read the manual"),
            (
                "logitscope man generate | man -l -",
                "the page of a subcommand",
            ),
            (
                "logitscope man --to ~/.local/share/man/man1",
                "install all pages",
            ),
        ],
    ),
];

/// What a person would type to use a subcommand.
pub fn examples(name: &str) -> &'static [(&'static str, &'static str)] {
    let found = EXAMPLES.iter().find(|(known, _)| *known == name);
    found.map_or(&[], |(_, examples)| examples)
}
