"""What the documentation calls unhealthy is found, measured and placed; what it recommends is left alone."""

from __future__ import annotations

import re

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.rules import RULES, rule_text
from backproof.source import program_from_bytes

HEALTH = [name for name, rule in RULES.items() if rule.group == "health"]
BEGINNING = """\
import numpy as np

data = np.random.default_rng(7)
n = 7
x = data.standard_normal((7, 3))
t = data.uniform(0.1, 0.9, (7, 2))
W, b = data.standard_normal((3, 2)), data.standard_normal(2)
W1, W2 = data.standard_normal((3, 5)), data.standard_normal((5, 2))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


"""
PLACES = {  # the source text that a warning has to stand at
    "learning-rate-too-large": "1.0",
    "symmetric-initialisation": "np.full((3, 5), 0.5)",
    "saturated": "40 * random.standard_normal((3, 5))",
    "dead-units": "np.full(5, -10.0)",
    "target-out-of-range": "sigmoid(x @ W + b)",
    "unscaled-input": "x * [1.0, 30.0, 1000.0] + 500",
}


def checked(name: str, section: str) -> FileReport:
    """Check a snippet of the documentation as a program of its own."""
    match = re.search(rf"^## {section}\n```python\n(.*?)```", rule_text(name), re.MULTILINE | re.DOTALL)
    assert match is not None
    return check_program(program_from_bytes((BEGINNING + match[1]).encode(), "snippet.py"))


@pytest.mark.parametrize("name", HEALTH)
def test_the_example_gets_its_warning(name: str) -> None:
    """The example of a rule is warned of, by that rule alone, at the expression that is responsible."""
    report = checked(name, "Example")
    assert report.verdict != "faulty"
    assert [(f.name, f.severity) for f in report.findings] == [(name, "warning")]
    assert report.findings[0].found == PLACES[name]
    assert re.search(r"\d", report.findings[0].message)


@pytest.mark.parametrize("name", HEALTH)
def test_what_is_recommended_gets_none(name: str) -> None:
    """The program to use instead is certified, without a warning."""
    report = checked(name, "Use instead")
    assert report.verdict == "correct"
    assert report.findings == ()
