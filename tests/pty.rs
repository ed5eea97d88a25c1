//! The playground in a real pseudo-terminal: it opens, generates, resizes, is interrupted, and gives
//! the terminal back however it ends.
#![cfg(unix)]

mod support;

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// Longest wait for anything: far above what is needed, so that only a hang fails.
const PATIENCE: Duration = Duration::from_secs(60);
const LEAVE_ALTERNATE_SCREEN: &str = "\x1b[?1049l";
const END_BRACKETED_PASTE: &str = "\x1b[?2004l";

/// The playground in a terminal, and the screen that it drew.
struct Playground {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything that was written.
    raw: Vec<u8>,
    _home: TempDir,
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a screen has cells")
}

impl Playground {
    fn open(cols: u16, rows: u16, args: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let pair = native_pty_system()
            .openpty(size(cols, rows))
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_logitscope"));
        command.env_clear();
        for (name, value) in support::environment(home.path()) {
            command.env(name, value);
        }
        command.args(args);
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the binary starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            keys: pair.master.take_writer().expect("a writer"),
            master: pair.master,
            child,
            output,
            screen: vt100::Parser::new(cells(rows), cells(cols), 0),
            raw: Vec::new(),
            _home: home,
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
        self.keys.flush().expect("the terminal takes keys");
    }

    fn resize(&mut self, cols: u16, rows: u16) {
        self.screen.screen_mut().set_size(cells(rows), cells(cols));
        self.master
            .resize(size(cols, rows))
            .expect("the terminal can be resized");
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen fits.
    fn until(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if fits(&text) {
                return text;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                panic!("waited in vain for {what}; the screen shows:\n{text}");
            };
            self.screen.process(&bytes);
            self.raw.extend(bytes);
        }
    }

    fn until_shows(&mut self, needle: &str) -> String {
        self.until(needle, |text| text.contains(needle))
    }

    /// Waits for the end, and checks that the terminal was given back.
    fn until_over(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.raw.extend(bytes);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it does not end; the screen shows:\n{}", self.text())
                }
            }
        }
        let status = self.child.wait().expect("the binary ends");
        let raw = String::from_utf8_lossy(&self.raw).into_owned();
        let tail: String = raw
            .chars()
            .rev()
            .take(400)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        for sequence in [LEAVE_ALTERNATE_SCREEN, END_BRACKETED_PASTE] {
            assert!(
                tail.contains(sequence),
                "the end lacks {sequence:?}: {tail:?}"
            );
        }
        status.exit_code()
    }

    fn signal(&self, name: &str) {
        let id = self
            .child
            .process_id()
            .expect("the binary runs")
            .to_string();
        let status = std::process::Command::new("kill")
            .args([name, &id])
            .status();
        assert!(status.expect("kill runs").success());
    }
}

impl Drop for Playground {
    /// A test that failed leaves nothing running.
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

const PROMPT: &str = "Once upon a time";

fn opened(cols: u16, rows: u16) -> Playground {
    let mut playground = Playground::open(cols, rows, &["play", PROMPT, "--max-tokens", "24"]);
    playground.until_shows(PROMPT);
    playground.until_shows("■ ready");
    playground
}

#[test]
fn a_prompt_is_run_and_the_playground_is_left() {
    let mut playground = opened(120, 40);
    playground.press("\r");
    playground.until_shows("ended: max tokens");
    playground.press("\x1bOP");
    playground.until_shows("generate one token and pause");
    playground.press("?");
    playground.until("the help page to close", |text| {
        !text.contains("generate one token and pause")
    });
    playground.press("\x1b");
    playground.until_shows("abc commands");
    playground.press("q");
    assert_eq!(playground.until_over(), 0);
}

#[test]
fn it_is_resized_at_any_moment_down_to_too_small() {
    let mut playground = opened(120, 40);
    playground.press("\r");
    playground.resize(80, 24);
    playground.until_shows(PROMPT);
    playground.resize(30, 5);
    playground.until_shows("too small");
    playground.resize(200, 60);
    playground.until_shows(PROMPT);
    playground.press("\x03");
    playground.press("\x03");
    playground.press("\x03");
    assert_eq!(playground.until_over(), 0);
}

#[test]
fn a_paste_keeps_its_lines_and_loses_its_control_characters() {
    let mut playground = opened(120, 40);
    playground.press("\x1b[200~ and\nthe \x07fox\x1b[201~");
    playground.until("the pasted lines", |text| {
        text.contains("Once upon a time and") && text.contains("the fox")
    });
    playground.press("\x03\x03");
    assert_eq!(playground.until_over(), 0);
}

#[test]
fn signals_end_it_and_the_terminal_is_given_back() {
    for signal in ["-TERM", "-HUP"] {
        let mut playground = opened(100, 30);
        playground.signal(signal);
        playground.until_over();
    }
}

#[test]
fn a_run_is_interrupted_before_the_playground_is() {
    let mut playground = Playground::open(120, 40, &["play", PROMPT, "--max-tokens", "100000"]);
    playground.until_shows("■ ready");
    playground.press("\r");
    playground.until_shows("tok/s");
    playground.press("\x03");
    playground.until_shows("■ stopped");
    playground.press("\x03\x03");
    assert_eq!(playground.until_over(), 0);
}
