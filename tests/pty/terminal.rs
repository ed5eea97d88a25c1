//! A terminal of our own: what is typed into it, the screen that it shows, and its end.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

use crate::support;

/// Longest wait for anything: far above what is needed, so that only a hang fails.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same for a training.
const LONG_PATIENCE: Duration = Duration::from_secs(300);
const LEAVE_ALTERNATE_SCREEN: &str = "\x1b[?1049l";
const END_BRACKETED_PASTE: &str = "\x1b[?2004l";
/// What stands around each frame.
const BEGIN_FRAME: &[u8] = b"\x1b[?2026h";
const END_FRAME: &[u8] = b"\x1b[?2026l";
pub const PROMPT: &str = "Once upon a time";

/// The playground in a terminal, and the screen that it drew.
pub struct Playground {
    child: Option<Box<dyn Child + Send + Sync>>,
    process: u32,
    /// None once the terminal is closed.
    terminal: Option<Terminal>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything that was written.
    raw: Vec<u8>,
    /// Whether all of the last frame was drawn: parts of one would pass for a frame of its own.
    is_whole: bool,
    home: TempDir,
}

/// The outer side of a pseudo-terminal.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: File,
    reader: JoinHandle<()>,
    /// Whether what is written is to be left where it is, and whether the reader is to end.
    deaf: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
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

/// Another handle of the same terminal. (portable-pty's own writer types an end of input when it is dropped.)
fn handle(master: &dyn MasterPty) -> File {
    let raw = master.as_raw_fd().expect("a descriptor");
    // SAFETY: the master is open, and the handle is a duplicate of its own.
    let borrowed = unsafe { BorrowedFd::borrow_raw(raw) };
    File::from(borrowed.try_clone_to_owned().expect("a duplicate"))
}

/// Whether there is something to read; looks up now and then.
fn is_readable(file: &File) -> bool {
    let mut poll = libc::pollfd {
        fd: file.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one living `pollfd`.
    unsafe { libc::poll(&raw mut poll, 1, 10) > 0 }
}

impl Playground {
    pub fn open(cols: u16, rows: u16, args: &[&str]) -> Self {
        Self::open_with(cols, rows, args, |_| {})
    }

    /// `prepare` may change how the binary is started.
    pub fn open_with(
        cols: u16,
        rows: u16,
        args: &[&str],
        prepare: impl FnOnce(&mut CommandBuilder),
    ) -> Self {
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
        command.cwd(home.path());
        prepare(&mut command);
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the binary starts");
        drop(pair.slave);
        let (sender, output) = mpsc::channel();
        let (deaf, over) = (Arc::default(), Arc::default());
        let (is_deaf, is_over) = (Arc::clone(&deaf), Arc::clone(&over));
        let mut reading = handle(&*pair.master);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while !AtomicBool::load(&is_over, Ordering::Relaxed) {
                if AtomicBool::load(&is_deaf, Ordering::Relaxed) {
                    std::thread::park_timeout(Duration::from_millis(10));
                    continue;
                }
                if !is_readable(&reading) {
                    continue;
                }
                match reading.read(&mut buffer) {
                    Ok(count @ 1..) if sender.send(buffer[..count].to_vec()).is_ok() => {}
                    _ => break,
                }
            }
        });
        Self {
            process: child.process_id().expect("the binary runs"),
            child: Some(child),
            terminal: Some(Terminal {
                keys: handle(&*pair.master),
                master: pair.master,
                reader,
                deaf,
                over,
            }),
            output,
            screen: vt100::Parser::new(cells(rows), cells(cols), 0),
            raw: Vec::new(),
            is_whole: true,
            home,
        }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn process(&self) -> u32 {
        self.process
    }

    fn terminal(&mut self) -> &mut Terminal {
        self.terminal.as_mut().expect("the terminal is open")
    }

    pub fn press(&mut self, keys: &str) {
        let terminal = self.terminal();
        let typed = terminal.keys.write_all(keys.as_bytes());
        typed.expect("the terminal takes keys");
    }

    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.screen.screen_mut().set_size(cells(rows), cells(cols));
        self.report(cols, rows);
    }

    /// Reports a size that the screen does not have.
    pub fn report(&mut self, cols: u16, rows: u16) {
        self.terminal()
            .master
            .resize(size(cols, rows))
            .expect("the terminal can be resized");
    }

    /// Closes the terminal, as its window's button does.
    pub fn close(&mut self) {
        let terminal = self.terminal.take().expect("the terminal is open");
        terminal.over.store(true, Ordering::Relaxed);
        let _ = terminal.reader.join();
        drop((terminal.keys, terminal.master));
    }

    /// From now on nothing is read from the terminal.
    pub fn stop_reading(&mut self) {
        self.terminal().deaf.store(true, Ordering::Relaxed);
    }

    /// Writes into the terminal, beside the program, until nothing more has room.
    pub fn fill(&mut self) {
        use std::os::unix::fs::OpenOptionsExt;
        let name = self.terminal().master.tty_name().expect("a name");
        let mut beside = File::options()
            .write(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
            .open(name)
            .expect("the terminal opens");
        while beside.write(&[b' '; 4096]).is_ok() {}
    }

    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Takes in what was written.
    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        // A mark may lie across two pieces.
        let from = self.raw.len().saturating_sub(BEGIN_FRAME.len() - 1);
        self.raw.extend(bytes);
        for part in self.raw[from..].windows(BEGIN_FRAME.len()) {
            if part == BEGIN_FRAME || part == END_FRAME {
                self.is_whole = part == END_FRAME;
            }
        }
    }

    /// Waits until the screen fits, with all of a frame drawn.
    pub fn until(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        self.wait(what, |seen| seen.is_whole && fits(&seen.text()));
        self.text()
    }

    /// As [`Self::until`], for what takes long: a training.
    pub fn until_at_last(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        self.wait_for(LONG_PATIENCE, what, |seen| {
            seen.is_whole && fits(&seen.text())
        });
        self.text()
    }

    /// Waits until a frame was drawn that reaches a line, which may be below those that there are.
    pub fn until_drawn_to(&mut self, line: u16) {
        let mark = format!("\x1b[{line};");
        let mark = mark.as_bytes();
        self.wait(&format!("line {line}"), |seen| {
            seen.is_whole && seen.raw.windows(mark.len()).any(|part| part == mark)
        });
    }

    fn wait(&mut self, what: &str, fits: impl Fn(&Self) -> bool) {
        self.wait_for(PATIENCE, what, fits);
    }

    fn wait_for(&mut self, patience: Duration, what: &str, fits: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + patience;
        while !fits(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                let text = self.text();
                panic!("waited in vain for {what}; the screen shows:\n{text}");
            };
            self.take(&bytes);
        }
    }

    pub fn until_shows(&mut self, needle: &str) -> String {
        self.until(needle, |text| text.contains(needle))
    }

    /// Waits for the end, and checks that the terminal was given back.
    pub fn until_over(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => {
                    self.take(&bytes);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it does not end; the screen shows:\n{}", self.text())
                }
            }
        }
        let status = self.until_ended(PATIENCE);
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

    /// The screen after all that a process wrote which has ended.
    pub fn rest(&mut self) -> String {
        while let Ok(bytes) = self.output.recv_timeout(PATIENCE) {
            self.take(&bytes);
        }
        self.text()
    }

    /// Waits for the end of the process, whatever becomes of the terminal.
    pub fn until_ended(&mut self, longest: Duration) -> ExitStatus {
        let mut child = self.child.take().expect("it was not waited for");
        let (sender, ended) = mpsc::channel();
        std::thread::spawn(move || {
            let _ = sender.send(child.wait());
        });
        let Ok(status) = ended.recv_timeout(longest) else {
            self.signal("-KILL");
            panic!("it did not end within {longest:?}");
        };
        status.expect("the binary ends")
    }

    pub fn signal(&self, name: &str) {
        let status = std::process::Command::new("kill")
            .args([name, &self.process.to_string()])
            .status();
        assert!(status.expect("kill runs").success());
    }
}

impl Drop for Playground {
    /// A test that failed leaves nothing running.
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
        }
        if self.terminal.is_some() {
            self.close();
        }
    }
}

pub fn opened(cols: u16, rows: u16) -> Playground {
    let mut playground = Playground::open(cols, rows, &["play", PROMPT, "--max-tokens", "24"]);
    playground.until_shows(PROMPT);
    playground.until_shows("■ ready");
    playground
}
