"""Updates that add a share of the parameter to itself, where a momentum adds one of the last change."""

from __future__ import annotations

from backproof.findings import Finding
from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

ARRAYS = """
import numpy as np

rng = np.random.default_rng(8)
X, Y = rng.normal(size=(21, 4)), rng.normal(size=(21, 2))
W, V = 0.3 * rng.normal(size=(4, 5)), 0.3 * rng.normal(size=(5, 2))
for turn in range(500):
    h = np.tanh(X @ W)
    d = h @ V - Y
    cost = 0.5 * np.sum(d ** 2) / 21
    gV, gW = h.T @ d / 21, X.T @ (d @ V.T * (1 - h ** 2)) / 21
    old_W, old_V = W, V
    W = W + {w}
    V = V + {v}
"""


def errors(text: str) -> list[Finding]:
    """What is wrong with a program."""
    report = check_program(program_from_bytes(text.encode(), "grown.py"))
    return [finding for finding in report.findings if finding.severity == "error"]


def test_both_updates() -> None:
    """Each has a finding of its own, and without them the program is right."""
    text = ARRAYS.format(w="(-0.1 * gW + 0.4 * old_W)", v="(-0.1 * gV + 0.4 * old_V)")
    found = errors(text)
    assert [(f.name, f.span.row if f.span else 0) for f in found] == [
        ("loss-mismatch", 13),
        ("loss-mismatch", 14),
    ]
    edits = [edit for finding in found if finding.fix is not None for edit in finding.fix.edits]
    mended = apply_edits(program_from_bytes(text.encode(), "grown.py"), edits)
    assert "W = W + (-0.1 * gW)" in mended.text
    assert check_program(mended).verdict == "correct"


def test_a_decay_is_none() -> None:
    """A share that is taken off is the program's own choice."""
    assert errors(ARRAYS.format(w="(-0.1 * gW - 0.004 * old_W)", v="(-0.1 * gV - 0.004 * old_V)")) == []


def test_a_small_share_by_the_name_of_momentum() -> None:
    """No decay with the wrong sign is called so, and what is pointed at is the share."""
    text = ARRAYS.format(w="(-0.1 * gW + momentum * old_W)", v="(-0.1 * gV + momentum * old_V)")
    found = errors(text.replace("for turn", "momentum = 0.01\nfor turn"))
    assert [(f.found, f.mended) for f in found] == [("momentum * old_W", True), ("momentum * old_V", True)]
