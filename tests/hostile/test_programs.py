"""Whatever a program does, its check says one clear thing, in time, and leaves the machine as it was."""

import pytest

from backproof.source import read_program
from backproof.trace.run import how_it_ended

from .programs import GOES_ON, STOPS


def _named(cases):
    return [pytest.param(case, id=case.name, marks=[pytest.mark.slow] if case.slow else []) for case in cases]


@pytest.mark.parametrize("case", _named(STOPS))
def test_a_program_that_comes_to_no_training_step_is_told_why(check, case):
    """The exit code is 2, and one message says what happened, in which line of which file, and what to do."""
    code, said, trace = check(case.text, case.seconds)
    assert code == 2
    assert "p.py" in said
    message = how_it_ended(trace, read_program("p.py"), case.seconds)
    for word in case.words:
        assert word in message


@pytest.mark.parametrize("case", _named(GOES_ON))
def test_what_a_program_does_beside_its_training_does_not_keep_it_from_being_judged(check, case):
    """A right network is found right whatever is done around it, and none of that reaches the machine."""
    code, said, _ = check(case.text, case.seconds)
    assert (code, "correct" in said) == (0, True), said
