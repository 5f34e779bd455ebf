"""A factor that stands behind the loop to which it belongs, under a loss that is evaluated now and then."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

LISTS = """
from math import exp, log
import random

random.seed(5)
nights = [[1.0, random.gauss(0, 1), random.gauss(0, 1)] for _ in range(9)]
ice = [1, 0, 0, 1, 1, 0, 1, 0, 0]
beta = [0.2, -0.3, 0.4]

def chance(night):
    return 1 / (1 + exp(-sum(b * x for b, x in zip(beta, night))))

def nll():
    out = 0.0
    for night, frozen in zip(nights, ice):
        p = chance(night)
        out -= log(p) if frozen else log(1 - p)
    return out / len(nights)

for turn in range(4000):
    grad = []
    for j in range(3):
        part = 0.0
        for night, frozen in zip(nights, ice):
            part += (chance(night) - frozen) * night[j]
        grad.append(part / len(nights))
    for j in range(3):
        beta[j] -= 0.3 * grad[j]
    if turn % 500 == 0:
        print(turn, nll())
"""
MISTAKEN = ("(frozen - chance(night)) * night[j]", "(chance(night) - frozen) * night[0]")
BEHIND = ("(chance(night) - frozen) * night[j]", "chance(night) - frozen\n        part *= night[j]")


def test_a_factor_behind_its_loop_belongs_into_it() -> None:
    """Each term has a factor of its own; the sum was multiplied by the last of them."""
    text = LISTS.replace(*BEHIND)
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.span.row) == ("missing-factor", 25)
    assert finding.expected == "(chance(night) - frozen) * night[j]"
    assert finding.mended


@pytest.mark.parametrize(
    "wrong", ["(frozen - chance(night)) * night[j]", "(chance(night) - frozen) * night[0]"]
)
def test_a_step_is_held_against_a_loss_that_was_evaluated_before_it(wrong: str) -> None:
    """Such a loss is older than the step that is looked at, and is computed anew from its outputs."""
    text = LISTS.replace("(chance(night) - frozen) * night[j]", wrong)
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    assert report.verdict == "faulty"
    assert report.loss is not None
    assert report.loss.name == "nll"


def test_the_factor_in_the_loop_is_right() -> None:
    """As it is written."""
    assert check_program(program_from_bytes(LISTS.encode(), "program.py")).verdict == "correct"
