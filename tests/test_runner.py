"""The process in which programs run: one for many of them, without threads, gone when nobody wants it."""

import os
import sys
from pathlib import Path

import pytest

from backproof import runner as runners
from backproof.pipeline import check_program, checking
from backproof.runner import Runner
from backproof.source import Program
from backproof.trace import run, trace_program

DRAWS = "import numpy as np\nW = np.random.normal(size=3)\nfor k in range(9):\n    W = W - 0.1 * (2 * W)\n"
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="copies are made on Linux only")


def _weights(trace):
    return next(node.value for node in trace.nodes if node.operation == "leaf" and node.value.shape == (3,))


@LINUX
def test_one_process_runs_many_programs():
    """The second program needs no other process; the first is gone by then."""
    with Runner() as runner:
        trace_program(Program("p.py", DRAWS), runner=runner)
        process = runner.process
        trace_program(Program("p.py", DRAWS), runner=runner)
        assert runner.process is process
        assert Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text() == ""
    assert process.returncode is not None


@LINUX
def test_the_process_has_no_threads_before_it_is_copied():
    """A copy has only the thread that made it, so whatever another one holds would be held for ever."""
    with Runner() as runner:
        trace_program(Program("p.py", DRAWS), runner=runner)
        assert len(os.listdir(f"/proc/{runner.process.pid}/task")) == 1


def test_copies_draw_their_own_random_numbers():
    """NumPy's generator is seeded when it is imported, which is before the copies are made."""
    with Runner() as runner:
        first, second = (trace_program(Program("p.py", DRAWS), runner=runner) for _ in range(2))
    assert not (_weights(first) == _weights(second)).all()


def test_a_process_that_had_to_be_stopped_is_replaced():
    """The next program runs as if nothing had been."""
    with Runner() as runner:
        late = trace_program(Program("p.py", "while True:\n    pass\n"), seconds=0.3, runner=runner)
        assert late.ended == "timeout"
        runner.stop()
        assert trace_program(Program("p.py", DRAWS), runner=runner).ended == "stopped"


def test_without_copies_a_process_runs_each_program(monkeypatch, tmp_path):
    """Elsewhere than on Linux the process runs one program itself, and there is another for the next."""
    (tmp_path / "unforked.py").write_text(
        "from backproof import runner\nrunner.FORKS = False\n"
        "from backproof.trace import server\nserver.main()\n"
    )
    paths = [str(tmp_path), os.environ.get("PYTHONPATH")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))
    monkeypatch.setattr(runners, "SERVER", "unforked")
    monkeypatch.setattr(runners, "FORKS", False)
    with Runner() as runner:
        assert trace_program(Program("p.py", DRAWS), runner=runner).ended == "stopped"
        assert runner.process is None
        assert trace_program(Program("p.py", DRAWS), runner=runner).ended == "stopped"
        late = trace_program(Program("p.py", "while True:\n    pass\n"), seconds=0.3, runner=runner)
        assert late.ended == "timeout"


@pytest.mark.parametrize(("module", "ask"), [(checking, check_program), (run, trace_program)])
def test_who_hands_over_no_process_gets_one_that_is_taken_away(monkeypatch, module, ask):
    """One starts for this program, and is gone with it."""
    processes = []

    class Watched(Runner):
        def stop(self):
            processes.append(self.process)
            super().stop()

    monkeypatch.setattr(module, "Runner", Watched)
    ask(Program("p.py", DRAWS))
    (process,) = processes
    assert process.returncode is not None
