"""A fault that shows only in some of the steps: of those that are seen, every one has to be right."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(4)
tables = {{"birds": rng.normal(size=(9, 3))}}
W, b = rng.normal(size=(3, 2)), rng.normal(size=2)
sightings = [[0, 4, 7, 2], [5, 3, 5, 1], [8, 2, 6, 0], [1, 7, 3, 4], [6, 8, 2, 5]]
for k in range(2000):
    rows = np.array(sightings[k % 5])
    wanted = rng.normal(size=(4, 2))
    error = tables["birds"][rows] @ W + b - wanted
    loss = 0.5 * np.sum(error ** 2)
    grads = {{"birds": np.zeros_like(tables["birds"])}}
    {statement}
    W_step, b_step = tables["birds"][rows].T @ error, error.sum(axis=0)
    tables["birds"] -= 0.01 * grads["birds"]
    W -= 0.01 * W_step
    b -= 0.01 * b_step
"""


def _check(statement: str):
    text = PROGRAM.format(statement=statement)
    return check_program(program_from_bytes(text.encode(), "p.py"))


def test_every_addition_counts() -> None:
    """One batch of those seen holds a row twice, and the sum has both of its gradients."""
    assert _check('np.add.at(grads["birds"], rows, error @ W.T)').verdict == "correct"


@pytest.mark.parametrize(
    ("statement", "mend"),
    [
        ('grads["birds"][rows] += error @ W.T', 'np.add.at(grads["birds"], rows, error @ W.T)'),
        (
            'grads["birds"][rows, :] += error @ W.T',
            'np.add.at(grads["birds"], (rows, slice(None)), error @ W.T)',
        ),
        (
            'grads["birds"][rows, 0:3] += error @ W.T',
            'np.add.at(grads["birds"], (rows, slice(0, 3)), error @ W.T)',
        ),
    ],
)
def test_a_row_that_is_there_twice(statement: str, mend: str) -> None:
    """The last step seen has no row twice, an earlier one has."""
    report = _check(statement)
    assert report.verdict == "faulty"
    [finding] = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.expected) == ("not-accumulated", mend)
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"


RHYME = """
import numpy as np

rng = np.random.default_rng(31)
said = [0, 3, 0, 4, 1, 2, 5, 3, 6, 4, 2, 1, 6, 5, 0, 3]
words, out = 0.4 * rng.normal(size=(7, 4)), 0.4 * rng.normal(size=(7, 4))
for turn in range(300):
    for at in range(1, len(said) - 1):
        around, middle = np.array([said[at - 1], said[at + 1]]), said[at]
        mean = words[around].mean(axis=0)
        p = np.exp(out @ mean)
        p /= p.sum()
        loss = -np.log(p[middle])
        p[middle] -= 1
        back = p @ out / 2
        out -= 0.1 * np.outer(p, mean)
        words[around] -= 0.1 * back
"""


def test_what_only_the_first_step_says_twice_counts_twice() -> None:
    """An update by a list of entries loses what it says of one entry more than once."""
    report = check_program(program_from_bytes(RHYME.encode(), "program.py"))
    assert [f.name for f in report.findings if f.severity == "error"] == ["not-accumulated"]
    text = RHYME.replace("words[around] -= 0.1 * back", "np.subtract.at(words, around, 0.1 * back)")
    assert check_program(program_from_bytes(text.encode(), "program.py")).verdict == "correct"
