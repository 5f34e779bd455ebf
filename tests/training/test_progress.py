"""What is seen while a run goes on."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import struct
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from backproof.training.plots import terminal_curve

BRAILLE = re.compile("[⠁-⣿]")


def test_the_curve_is_logarithmic():
    """A loss that falls by a constant factor is a straight line, from the first column to the last."""
    history = [(step, 10.0 ** (-step / 1000)) for step in range(0, 4001, 100)]
    lines = terminal_curve(history, width=80, height=9).splitlines()
    rows = [line[13:].ljust(50) for line in lines[2:11]]
    columns = [np.mean([row for row in range(9) if BRAILLE.match(rows[row][at])]) for at in range(50)]
    straight = np.polyval(np.polyfit(np.arange(50), columns, 1), np.arange(50))
    assert np.abs(columns - straight).max() < 1.0
    assert lines[0].split() == ["(loss)", "^"]
    labels = [float(line.split("|")[0]) for line in lines[1:11]]
    assert labels[0] == pytest.approx(10**0.2, rel=0.05)
    assert labels[-1] == pytest.approx(10**-4.2, rel=0.05)
    assert lines[-1].split("|")[1].split() == ["0", "800", "1.6k", "2.4k", "3.2k", "4k"]


def test_what_has_no_logarithm_is_left_out():
    """Losses of 0 and those that are not finite are no points; of one point there is no curve."""
    assert terminal_curve([(0, 0.0), (1, np.nan), (2, np.inf), (3, 1.0)]) == ""
    assert BRAILLE.search(terminal_curve([(0, 0.0), (1, 2.0), (2, 1.0)]))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_run_is_seen_in_a_terminal(interruptible):
    """In a terminal a long run shows the bar, then the curve too, and leaves nothing of it behind."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 110, 0, 0))
    process = subprocess.Popen(
        [*interruptible, "train", "--steps", "1e12", "--schedule", "warmup:4000000"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "110"},
    )
    os.close(theirs)
    seen = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):  # the end of the process is the end of the terminal
            while piece := os.read(ours, 65536):
                seen.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()
    ends = time.monotonic() + 30
    while time.monotonic() < ends and seen.count(b"(steps)") < 3:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    reader.join()
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    assert process.returncode == 130
    assert re.search(r"training .*loss \d\.\d{3}e[-+]\d\d rate 0\.\d+ \S+ steps/s", text)
    assert BRAILLE.search(text)
    assert seen.rstrip().endswith(b"\x1b[2K")  # the last line is wiped out
    assert b"Traceback" not in seen
    assert b"Nothing was saved: --checkpoint FILE" in out
