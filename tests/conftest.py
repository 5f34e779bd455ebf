"""What tests in several rooms need."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from backproof.pipeline import checking
from backproof.runner import Runner
from backproof.trace import run

# A shell's background jobs, which the tests may be, begin with Ctrl-C ignored, and hand that on. It is let
# through by the program itself: a hook between fork and exec makes Python fork, which threads forbid.
INTERRUPTIBLE = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('backproof', run_name='__main__', alter_sys=True)"
)


@pytest.fixture
def interruptible() -> list[str]:
    """The command `backproof`, which Ctrl-C interrupts however the tests were begun."""
    return [sys.executable, "-c", INTERRUPTIBLE]


class Kept:
    """Stands where a check starts a runner of its own, and gives it one that goes on for the next check.

    As its own would, it runs programs by the Python, in the folder and with the environment of the check.
    """

    runner, started_in = Runner(), None

    def __enter__(self) -> Runner:
        here = (sys.executable, os.getcwd(), {**os.environ, "PYTEST_CURRENT_TEST": ""})
        if here != Kept.started_in or Kept.runner.busy:
            Kept.runner.stop()
            Kept.started_in = here
        return Kept.runner

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session", autouse=True)
def _one_process_runs_programs() -> Iterator[None]:
    """Start the process in which programs run once: that takes longer than most of them run in its copies."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (checking, run):
            patch.setattr(module, "Runner", Kept)
        yield
    Kept.runner.stop()
