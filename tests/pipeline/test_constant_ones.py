"""A part of an array that the program has set to one, and never changes, is a constant: it carries a bias."""

from __future__ import annotations

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PAIRS = """
import numpy as np

rng = np.random.default_rng(12)
readers, books = 0.4 * rng.normal(size=(7, 5)), 0.4 * rng.normal(size=(9, 5))
readers[:, 0] = 1.0
for turn in range(3000):
    r, (a, b) = rng.integers(7), rng.choice(9, 2, replace=False)
    ahead = readers[r] @ books[a] - readers[r] @ books[b]
    pull = 1 / (1 + np.exp(ahead))
    old = readers[r].copy()
    readers[r, 1:] += 0.1 * (pull * (books[a] - books[b])[1:] - 0.02 * old[1:])
    books[a] += 0.1 * (pull * old - 0.02 * books[a])
    books[b] -= 0.1 * (pull * old + 0.02 * books[b])
"""


def checked(old: str = "", new: str = "") -> FileReport:
    """Check the program, one piece of it replaced."""
    assert old in PAIRS
    return check_program(program_from_bytes(PAIRS.replace(old, new).encode(), "books.py"))


def test_ones() -> None:
    """The rest is certified, and the certificate says what was taken for a constant."""
    report = checked()
    assert report.verdict == "correct"
    assert any("readers is one in a part" in sentence for sentence in report.certified)


def test_changed_later() -> None:
    """What the program changes again is no constant."""
    changes = "+ 0.02 * books[b])\n    if turn % 3 == 0:\n        readers[:, 0] = 0.9 * readers[:, 0]\n"
    assert checked("+ 0.02 * books[b])\n", changes).verdict != "correct"


def test_zeros() -> None:
    """Zeros may be a bias that nobody updates."""
    assert checked("= 1.0", "= 0.0").verdict != "correct"


def test_a_mistake_beside_them() -> None:
    """A gradient that is wrong beside them is called wrong."""
    report = checked("books[a] += 0.1 * (pull * old", "books[a] -= 0.1 * (pull * old")
    assert report.verdict == "faulty"
