"""What the tests of hostile programs share: a check that leaves no trace of itself, or fails."""

import os
import tempfile
import time
import uuid
from pathlib import Path

import pytest

from backproof.cli import main
from backproof.pipeline import observing
from backproof.trace import trace_program

LATE = 6.0  # seconds that a check may take beyond its --timeout: start, end, and what follows the run


def _processes(mark):
    """The command lines of all processes but this one that carry a mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(folder.name) != os.getpid() and mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().decode().replace("\0", " "))
        except OSError:
            continue
    return found


def _everything(folder):
    return {
        str(path.relative_to(folder)): (path.read_bytes() if path.is_file() else b"", path.stat().st_mode)
        for path in folder.rglob("*")
    }


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Give a function that checks a program and gives the exit code, all that was said, and the last trace.

    It stands in a folder with a file and a folder, and fails unless these, the program, the processes and
    the temporary folders are afterwards as they were, and the check kept to its time.
    """
    mark = uuid.uuid4().hex
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    (here / "folder").mkdir(parents=True)
    temporary.mkdir()
    (here / "data.txt").write_text("kept\n")
    (here / "folder" / "inner.txt").write_text("kept too\n")
    monkeypatch.chdir(here)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("BACKPROOF_MARK", mark)

    traces = []

    def traced(*arguments, **keywords):
        traces.append(trace_program(*arguments, **keywords))
        return traces[-1]

    monkeypatch.setattr(observing, "trace_program", traced)

    def run(text, seconds=5.0, *options):
        (here / "p.py").write_text(text, encoding="utf-8")
        before, start = _everything(here), time.monotonic()
        code = main(["check", "p.py", "--timeout", str(seconds), *options])
        assert time.monotonic() - start < seconds + LATE
        assert _everything(here) == before
        assert list(temporary.iterdir()) == []
        assert _processes(mark) == []
        output, errors = capsys.readouterr()
        assert "Traceback" not in output + errors
        assert "backproof itself failed" not in output + errors
        return code, output + errors, traces[-1]

    return run
