"""What happens around a run: who is stopped, who goes with whom, and whose fault a failure is."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backproof.runner import Runner
from backproof.source import Program, read_program
from backproof.trace import Trace, trace_program
from backproof.trace.run import how_it_ended

HANGS = "while True:\n    pass\n"


def _children(parent):
    """The processes whose parent is ``parent``."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def _alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _within(seconds, holds):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_check_that_is_stopped_takes_its_program_and_its_folder_with_it(tmp_path, number, interruptible):
    """Neither the process that runs the program nor its temporary folder outlives the check by long."""
    (tmp_path / "p.py").write_text(HANGS)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    check = subprocess.Popen(
        [*interruptible, "check", "p.py", "--timeout", "60"],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _within(10, lambda: list(temporary.glob("backproof-*/stacks")))
        time.sleep(0.5)  # the program itself has begun
        (server,) = _children(check.pid)
        (child,) = _children(server)
        check.send_signal(number)
        _, said = check.communicate(timeout=10)
        _within(5, lambda: not _alive(server) and not _alive(child))
        _within(5, lambda: not list(temporary.iterdir()))
        assert "Traceback" not in said
    finally:
        check.kill()
        check.wait()


def test_a_crash_in_a_module_of_the_program_is_shown_in_that_module(tmp_path, monkeypatch):
    """The message names the file in which the line stands, not the one that was checked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layers.py").write_text("def forward(x):\n    return x.missing\n")
    (tmp_path / "p.py").write_text("import layers\nlayers.forward(3)\n")
    program = read_program("p.py")
    message = how_it_ended(trace_program(program), program, 5)
    assert "layers.py:2: the program stopped with AttributeError" in message


def test_data_that_lies_beside_the_program_is_pointed_out(tmp_path, monkeypatch):
    """Run from another folder, a program does not find what it finds when it is run from its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "data.csv").write_text("1,2\n")
    (tmp_path / "net" / "p.py").write_text("text = open('data.csv').read()\n")
    program = read_program("net/p.py")
    message = how_it_ended(trace_program(program), program, 5)
    assert f"it lies beside the program, so run backproof in {tmp_path / 'net'}" in message


def test_a_failure_of_the_recorder_is_not_blamed_on_the_program():
    """A program that crashes under the recorder only is not told that it crashed."""
    text = "import numpy as np\nw = np.ones(3)\nfor k in range(9):\n    w = w - 0.1 * w\n"
    with pytest.raises(RuntimeError, match="not under the recorder"):
        trace_program(Program("p.py", text), nodes="as many as you like")


def test_a_failure_before_the_program_runs_is_not_blamed_on_it():
    """What goes wrong in the child before the program does is raised here, with its traceback as the text."""
    with pytest.raises(RuntimeError, match="SyntaxError"):
        trace_program(Program("p.py", "x = = 1\n"))


def test_a_process_that_cannot_start_is_not_blamed_on_the_program(monkeypatch):
    """A broken installation says what Python said."""
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(RuntimeError, match="did not start"):
        trace_program(Program("p.py", "x = 1\n"))


def test_limits_handlers_and_folder_of_the_caller_stay_as_they_are():
    """They belong to the calling process; those that a program changes are its child's."""
    import resource

    before = [
        resource.getrlimit(n) for n in (resource.RLIMIT_AS, resource.RLIMIT_STACK, resource.RLIMIT_CORE)
    ]
    handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGALRM)]
    folder, limit = Path.cwd(), sys.getrecursionlimit()
    trace_program(Program("p.py", "import os, sys\nos.chdir('/')\nsys.setrecursionlimit(99)\n"))
    after = [resource.getrlimit(n) for n in (resource.RLIMIT_AS, resource.RLIMIT_STACK, resource.RLIMIT_CORE)]
    assert after == before
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGALRM)] == handlers
    assert (Path.cwd(), sys.getrecursionlimit()) == (folder, limit)


def test_a_program_that_crashes_has_time_to_crash_again(monkeypatch):
    """On a machine that is busier by then it has the whole time, else it would seem to crash here only."""
    given = []

    def run(program, limits, runner, **how):
        given.append((limits.seconds, how.get("plain", False)))
        return Trace(ended="crashed"), ""

    monkeypatch.setattr("backproof.trace.run._run", run)
    trace_program(Program("p.py", "1 / 0\n"), seconds=20.0, runner=Runner())
    assert given == [(20.0, False), (20.0, True)]
