//! The playground in a pseudo-terminal: it starts, answers, and gives the terminal back however it ends.
//!
//! Each test starts this test program again, with [`child`] alone, inside the terminal.

use std::io::{Read, Write};
use std::num::NonZero;
use std::process::Command as Process;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use logitscope::engine::TrainingHandle;
use logitscope::tui;
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

use crate::fake_engine::Link;
use crate::fixtures::options;

const MODE: &str = "LOGITSCOPE_TEST_MODE";
const ROWS: NonZero<u16> = NonZero::new(24).expect("not 0");
const COLUMNS: NonZero<u16> = NonZero::new(80).expect("not 0");
const PATIENCE: Duration = Duration::from_secs(30);

/// A terminal of 80×24 with a playground in it.
struct Session {
    child: Box<dyn Child + Send + Sync>,
    input: Box<dyn Write + Send>,
    output: mpsc::Receiver<Vec<u8>>,
    screen: vt100::Parser,
}

impl Session {
    fn start(mode: &str) -> Self {
        let size = PtySize {
            rows: ROWS.get(),
            cols: COLUMNS.get(),
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system()
            .openpty(size)
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "terminal::child", "--ignored", "--nocapture"]);
        command.env(MODE, mode);
        command.env("TERM", "xterm-256color");
        command.env("RUST_BACKTRACE", "0");
        let child = pair.slave.spawn_command(command).expect("started");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let input = pair.master.take_writer().expect("a writer");
        let (send, output) = mpsc::channel();
        std::thread::spawn(move || {
            let _master = pair.master;
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            input,
            output,
            screen: vt100::Parser::new(ROWS, COLUMNS, 0),
        }
    }

    fn press(&mut self, keys: &str) {
        self.input
            .write_all(keys.as_bytes())
            .and_then(|()| self.input.flush())
            .expect("written");
    }

    fn signal(&self, name: &str) {
        let pid = self.child.process_id().expect("it runs").to_string();
        assert!(
            Process::new("kill")
                .args([name, &pid])
                .status()
                .expect("kill runs")
                .success()
        );
    }

    /// Waits until the process is stopped: it gives the terminal back a moment before, and would miss a signal to
    /// continue in between.
    fn stops(&self) {
        let pid = self.child.process_id().expect("it runs").to_string();
        let start = Instant::now();
        let state = || {
            let output = Process::new("ps")
                .args(["-o", "stat=", "-p", &pid])
                .output();
            output.expect("ps runs").stdout
        };
        while !state().starts_with(b"T") {
            assert!(start.elapsed() < PATIENCE, "it did not stop");
        }
    }

    /// Takes in what the playground draws until the screen is as wished.
    fn until(&mut self, what: &str, wish: impl Fn(&vt100::Screen) -> bool) {
        let start = Instant::now();
        while !wish(self.screen.screen()) {
            match self
                .output
                .recv_timeout(PATIENCE.saturating_sub(start.elapsed()))
            {
                Ok(bytes) => self.screen.process(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("never came: {what}\n{}", self.screen.screen().contents())
                }
            }
        }
    }

    fn shows(&mut self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    fn runs(&mut self) {
        self.until("the playground", |screen| {
            screen.alternate_screen() && screen.contents().contains("■ ready")
        });
    }

    /// Waits for the end of the process and checks that the terminal is as it was.
    fn restored(mut self) -> String {
        let start = Instant::now();
        loop {
            match self
                .output
                .recv_timeout(PATIENCE.saturating_sub(start.elapsed()))
            {
                Ok(bytes) => self.screen.process(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it did not end:\n{}", self.screen.screen().contents())
                }
            }
        }
        self.child.wait().expect("ended");
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was left");
        assert!(!screen.bracketed_paste(), "bracketed paste is off");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        screen.contents()
    }
}

#[test]
fn it_runs_a_prompt_and_leaves_at_the_second_interrupt() {
    let mut session = Session::start("calm");
    session.runs();
    session.press("Hello there");
    session.shows("2 tokens");
    session.press("\r");
    session.shows("ended: max tokens");
    session.press("\u{3}");
    session.shows("press ^C again to quit");
    session.press("\u{3}");
    assert!(session.restored().contains("1 passed"));
}

#[test]
fn pasting_is_typing_with_newlines() {
    let mut session = Session::start("calm");
    session.runs();
    session.press("\u{1b}[200~one\rtwo\u{1b}[201~");
    session.until("two lines", |screen| {
        let contents = screen.contents();
        contents.contains("┃one") && contents.contains("┃two")
    });
    session.press("\u{1b}");
    session.until("the editor is left", |screen| {
        screen.contents().contains("a explain")
    });
    session.press("q");
    assert!(session.restored().contains("1 passed"));
}

#[test]
fn input_is_answered_while_tokens_flood() {
    let mut session = Session::start("flood");
    session.runs();
    session.press("Go\r");
    session.shows("● running");
    let pressed = Instant::now();
    session.press("\u{1b}OP");
    session.shows("┏ Help");
    println!(
        "help came {:?} after its key, under a flood of tokens",
        pressed.elapsed()
    );
    session.press("\u{1b}");
    session.until("help is closed", |screen| {
        !screen.contents().contains("┏ Help")
    });
    session.press("\u{3}");
    session.shows("■ stopped");
    session.press("q");
    session.shows("┃q");
    session.press("\u{1b}");
    session.until("a pane is entered", |screen| {
        screen.contents().contains("abc commands")
    });
    session.press("q");
    session.shows("The texts are saved nowhere. Leave without them?");
    session.press("\r");
    assert!(session.restored().contains("1 passed"));
}

#[test]
fn signals_end_it_with_the_terminal_restored() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        let mut session = Session::start("calm");
        session.runs();
        session.signal(signal);
        assert!(session.restored().contains("1 passed"), "{signal}");
    }
}

#[test]
fn it_suspends_and_resumes() {
    let mut session = Session::start("calm");
    session.runs();
    session.press("Hello");
    session.shows("1 token");
    session.press("\u{1a}");
    session.until("the shell's screen", |screen| !screen.alternate_screen());
    session.stops();
    session.signal("-CONT");
    session.runs();
    session.shows("┃Hello");
    session.press("!");
    session.shows("Hello!");
    session.signal("-TERM");
    session.restored();
}

#[test]
fn a_panic_of_its_own_is_printed_on_a_restored_terminal() {
    let mut session = Session::start("panic");
    session.runs();
    session.press("Go\r");
    let left = session.restored();
    assert!(left.contains("the link broke"), "{left}");
}

#[test]
fn a_panic_of_the_engine_leaves_the_screen_alone() {
    let mut session = Session::start("engine panic");
    session.runs();
    session.press("Go\r");
    session.shows("✗ The engine stopped: the model broke. ^R starts it again.");
    assert!(session.screen.screen().alternate_screen());
    session.press("\u{12}");
    session.until("a new engine", |screen| {
        screen.contents().contains("■ ready")
    });
    session.press("\u{3}");
    session.shows("press ^C again to quit");
    session.press("\u{3}");
    let left = session.restored();
    assert!(!left.contains("the model broke"), "{left}");
}

#[test]
fn without_a_terminal_it_says_so() {
    let exe = std::env::current_exe().expect("this program");
    let output = Process::new(exe)
        .args(["--exact", "terminal::child", "--ignored", "--nocapture"])
        .env(MODE, "calm")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("it ran");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("needs a terminal on standard input and output"),
        "{said}"
    );
}

/// The playground itself, with an engine that answers by hand.
#[test]
#[ignore = "runs inside the pseudo-terminals of the other tests"]
fn child() {
    let mode = std::env::var(MODE).expect("started by another test");
    let (events, heard) = tokio::sync::mpsc::channel(256);
    let link = Link::new(&mode, events);
    let (mut training, news) = TrainingHandle::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let second = || {
        let (events, heard) = tokio::sync::mpsc::channel(256);
        (Link::new("calm", events), heard)
    };
    let playground = tui::run(options(""), link, heard, (&mut training, news), second);
    if let Err(error) = runtime.block_on(playground) {
        panic!("{error}");
    }
}
