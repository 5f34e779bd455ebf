"""What tests in several rooms need."""

from __future__ import annotations

import sys

import pytest

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
