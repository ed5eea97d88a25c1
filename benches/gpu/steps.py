"""What the scripts for a GPU share: steps with a time limit each, and results written as they come."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path


def environment():
    """The process's own, with the folders of CUDA's libraries: those that PyTorch brought, and the driver's."""
    folders = []
    for base in sys.path:
        folders += sorted(str(path) for path in Path(base or ".").glob("nvidia/cu1*/lib"))
        folders += sorted(str(path) for path in Path(base or ".").glob("nvidia/*/lib"))
    folders += ["/usr/local/nvidia/lib64", "/usr/local/cuda/lib64"]
    known = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    found = [folder for folder in dict.fromkeys(folders + known) if folder and Path(folder).is_dir()]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(found)}


class Steps:
    """Runs commands, each for so many seconds at most, all of them together until a deadline."""

    def __init__(self, out, name, seconds):
        self.out, self.name = Path(out), name
        self.out.mkdir(parents=True, exist_ok=True)
        self.end = time.monotonic() + seconds
        self.environment = environment()
        self.result = {"steps": []}

    def write(self):
        text = json.dumps(self.result, indent=1)
        (self.out / f"{self.name}.json").write_text(text + "\n")

    def left(self):
        return self.end - time.monotonic()

    def run(self, name, command, limit, each=None):
        """Lines of standard output. `each` gets them as they come. A step that fails is noted, no more."""
        limit = min(limit, self.left())
        note = {"step": name, "seconds": 0.0, "code": None}
        self.result["steps"].append(note)
        lines = []
        if limit < 1:
            note["problem"] = "no time was left"
            self.write()
            return lines
        begun = time.monotonic()
        errors = self.out / f"{self.name}-{len(self.result['steps'])}.err"
        with open(errors, "w") as log:
            process = subprocess.Popen(
                [str(part) for part in command], stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment,
                start_new_session=True,
            )
            # Reading lines blocks: the time limit has to end the process from outside.
            late = threading.Event()

            def end():
                late.set()
                os.killpg(process.pid, signal.SIGKILL)

            watch = threading.Timer(limit, end)
            watch.start()
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if each:
                    each(lines[-1])
            note["code"] = process.wait()
        watch.cancel()
        if late.is_set():
            note["problem"] = f"ended after its {limit:.0f} seconds"
        note["seconds"] = round(time.monotonic() - begun, 1)
        told = errors.read_text(errors="replace").strip()
        if note["code"] != 0:
            note.setdefault("problem", told[-1500:])
        # Few files travel back.
        errors.unlink()
        print(f"{name}: {note['seconds']} s, code {note['code']}", flush=True)
        if note["code"] != 0:
            print(f"  {note['problem'][-300:]}", flush=True)
        self.write()
        return lines

    def json(self, name, command, limit):
        """The last line of JSON that a step prints, if it does."""
        for line in reversed(self.run(name, command, limit)):
            try:
                return json.loads(line)
            except ValueError:
                continue
        return None


def card():
    """What nvidia-smi says of the card, if it is there."""
    asked = "name,memory.total,driver_version,clocks.sm,clocks.mem,power.limit"
    try:
        done = subprocess.run(
            ["nvidia-smi", f"--query-gpu={asked}", "--format=csv,noheader"], capture_output=True, text=True, timeout=20
        )
        return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else None
    except (OSError, subprocess.TimeoutExpired):
        return None
