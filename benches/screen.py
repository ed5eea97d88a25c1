"""Measures the playground in a pseudo-terminal: start, answers to keys, and what it costs when idle.

usage: python screen.py LOGITSCOPE [MODEL ...]        (needs Python alone)

LOGITSCOPE is the release binary. For the embedded model: the time from the start of the process to the first frame, and
to the first speed in tokens a second that is shown, where Enter is pressed at once; the processor time of ten idle
seconds; and the time from F1 to the help on the screen, 200 times, idle, while six lanes stream at 200 x 60, and while the demonstration trains. For each
MODEL: the times until it is ready and until the first speed is shown, the frames a second and the memory while it
generates, and the time from F1 to the help meanwhile.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time

PRESSES = 200
STARTS = 5
FRAME = b"\x1b[?2026h"  # what begins a synchronised update


class Playground:
    def __init__(self, binary, *args, columns=120, rows=40):
        self.home = tempfile.TemporaryDirectory()
        self.begun = time.perf_counter()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(self.home.name)
            os.environ.update(HOME=self.home.name, XDG_CONFIG_HOME=self.home.name, TERM="xterm-256color")
            os.execv(binary, [binary, *args])
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.set_blocking(self.terminal, False)

    def read(self, seconds):
        if not select.select([self.terminal], [], [], seconds)[0]:
            return b""
        return os.read(self.terminal, 1 << 20)

    def until(self, text, patience=60.0):
        """Seconds until the terminal was sent `text`."""
        begun, seen = time.perf_counter(), b""
        while text not in seen:
            if time.perf_counter() - begun > patience:
                raise SystemExit(f"{text!r} did not come; the last was {seen[-300:]!r}")
            seen = seen[-4096:] + self.read(0.1)
        return time.perf_counter() - begun

    def quiet(self, seconds):
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)

    def press(self, key):
        os.write(self.terminal, key)

    def processor_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def help_delays(self):
        delays = []
        for _ in range(PRESSES):
            self.press(b"\x1bOP")
            delays.append(self.until(b" Help "))
            self.press(b"\x1b")
            self.quiet(0.03)
        return sorted(delays)

    def frames(self, seconds):
        """How many were drawn, a second."""
        begun, count, tail = time.perf_counter(), 0, b""
        while (spent := time.perf_counter() - begun) < seconds:
            seen = tail + self.read(0.1)
            count += seen.count(FRAME)
            tail = seen[-len(FRAME) + 1 :]
        return count / spent

    def megabytes(self):
        """Of memory, now and at most."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return [int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def told(what, delays):
    middle, high = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
    print(f"key to frame, {what}: median {1000 * middle:.1f} ms, 99th percentile {1000 * high:.1f} ms", flush=True)


def milliseconds(times):
    return f"{1000 * sorted(times)[len(times) // 2]:.0f} ms"


def generate(binary, model):
    ready, tokens = [], []
    for _ in range(STARTS):
        screen = Playground(binary, "play", "--model", model, "--max-tokens", "900")
        screen.until(b"ready")
        ready.append(time.perf_counter() - screen.begun)
        screen.press(b"\r")
        screen.until(b"tok/s")
        tokens.append(time.perf_counter() - screen.begun)
        if len(tokens) < STARTS:
            screen.close()
    name, frames = os.path.basename(model), screen.frames(2.0)
    now, most = screen.megabytes()
    print(f"{name}: start to ready: median {milliseconds(ready)}; to a speed of tokens: {milliseconds(tokens)}")
    print(f"{name} generating: {frames:.0f} frames a second; {now:.0f} MB of memory, {most:.0f} at most")
    told(f"{name} generating", screen.help_delays())
    screen.close()


def lanes(binary):
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        config.write("[generation]\nmax_tokens = 1000000\ndetect_loops = false\nstop_at_end_token = false\n")
        config.flush()
        screen = Playground(binary, "play", "--config", config.name, columns=200, rows=60)
        screen.until(b"ready")
    screen.press(b"\x1b[19~")
    screen.until(b"draws all")
    screen.press(b"dddd\r")
    screen.until(b"tok/s")
    told("six lanes streaming", screen.help_delays())
    screen.close()


def main():
    binary, models = os.path.abspath(sys.argv[1]), sys.argv[2:]
    frames, tokens = [], []
    for _ in range(STARTS):
        screen = Playground(binary)
        screen.until(b"Prompt")
        frames.append(time.perf_counter() - screen.begun)
        screen.close()
        screen = Playground(binary)
        screen.until(b"ready")
        screen.press(b"\r")
        screen.until(b"tok/s")
        tokens.append(time.perf_counter() - screen.begun)
        screen.close()
    print(f"start to first frame: median {milliseconds(frames)}; to a speed of tokens: {milliseconds(tokens)}")
    screen = Playground(binary)
    screen.until(b"ready")
    screen.quiet(2.0)
    before = screen.processor_seconds()
    screen.quiet(10.0)
    print(f"idle: {10 * (screen.processor_seconds() - before):.1f} % of a processor")
    told("idle", screen.help_delays())
    lanes(binary)
    screen.press(b"\x1b")
    screen.quiet(0.3)
    screen.press(b"\x1bOQ")
    screen.until(b"Train")
    screen.press(b"\x1b[15~")
    screen.until(b"A demonstration")
    screen.press(b"\r")
    screen.until(b"tok/s")
    told("training", screen.help_delays())
    screen.close()
    for model in models:
        generate(binary, model)


if __name__ == "__main__":
    main()
