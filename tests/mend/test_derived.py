"""Where no named correction helps, the true value is put where the backward pass goes wrong."""

from __future__ import annotations

import pytest

from backproof.check.catalogue import Catalogue
from backproof.check.judge import judge
from backproof.check.place import places
from backproof.check.trial import Bench
from backproof.findings import FileReport
from backproof.mend.derived.relation import of_texts
from backproof.pipeline import check_program
from backproof.source import program_from_bytes
from backproof.trace import trace_program

NORMALISED = """
import numpy as np

rng = np.random.default_rng(3)
data = rng.normal(size=(7, 4))
goal = rng.normal(size=(7, 2))
A = rng.normal(size=(4, 5))
B = rng.normal(size=(5, 2))
c = rng.normal(size=2)
for epoch in range(2000):
    z = data @ A
    centre, spread = z.mean(axis=0), np.sqrt(z.var(axis=0) + 0.1)
    n = (z - centre) / spread
    r = n @ B + c - goal
    loss = 0.5 * np.sum(r ** 2)
    dc = r.sum(axis=0)
    dB = n.T @ r
    dn = r @ B.T
    dz = {dz}
    dA = data.T @ dz
    A -= 0.01 * dA
    B -= 0.01 * dB
    c -= {dc}
"""
TRUE = "(dn - dn.mean(axis=0) - n * np.mean(dn * n, axis=0)) / spread"
LONG = """
import numpy as np

rng = np.random.default_rng(3)
data = rng.normal(size=(7, 4))
goal = rng.normal(size=(7, 2))
A = rng.normal(size=(4, 5))
B = rng.normal(size=(5, 2))
c = rng.normal(size=2)
for epoch in range(2000):
    z = data @ A
    n = np.sin(z * z) * np.exp(-z / 3) / (1 + np.cos(2 * z) ** 2) + np.log(2 + np.sin(z)) * np.sqrt(4 + z * z)
    r = n @ B + c - goal
    loss = 0.5 * np.sum(r ** 2)
    dc = r.sum(axis=0)
    dB = n.T @ r
    dz = r @ B.T * np.arctan(1 + n)
    dA = data.T @ dz
    A -= 0.01 * dA
    B -= 0.01 * dB
    c -= {dc}
"""
SLICED = """
import numpy as np

rng = np.random.default_rng(8)
seen = rng.normal(size=(40, 3))
told = np.sin(seen[:, 0]) + seen[:, 1]
first = rng.normal(size=(6, 4))
last = rng.normal(size=(1, 7))
for turn in range(4000):
    k = turn % 40
    h = np.tanh(first[:, 0] + first[:, 1:] @ seen[k])
    out = last[0, 0] + last[0, 1:] @ h
    cost = 0.5 * (told[k] - out) ** 2
    e = out - told[k]
    d = e * last[0, {rows}] * (1 - h * h)
    last[0, 0] -= 0.1 * e
    last[0, 1:] -= 0.1 * e * h
    first[:, 0] -= 0.1 * d
    first[:, 1:] -= 0.1 * d[:, None] * seen[k]
"""


def _check(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "p.py"))


def _catalogued(text: str) -> tuple[Bench, Catalogue]:
    judgement = judge(trace_program(program_from_bytes(text.encode(), "p.py")))
    assert judgement is not None
    bench = Bench.of(judgement.step, judgement.verdict)
    return bench, Catalogue.of(bench)


def test_every_right_value_is_catalogued() -> None:
    """Of a right backward pass each cotangent is found, with the constant it is multiplied by."""
    bench, catalogue = _catalogued(NORMALISED.format(dz=TRUE, dc="0.01 * dc"))
    scale = {}
    for place in places(bench):
        if place.site.target in ("r", "dc", "dB", "dn", "dz", "dA"):
            match = catalogue.match(place.edges[0].operand)
            scale[place.site.target] = None if match is None else match[1]
    assert scale == pytest.approx(dict.fromkeys(("r", "dc", "dB", "dn", "dz", "dA"), 1.0))


def test_a_wrong_value_is_not_catalogued() -> None:
    """A cotangent that lacks a term is no entry, whatever constant it is multiplied by."""
    bench, catalogue = _catalogued(NORMALISED.format(dz="(dn - dn.mean(axis=0)) / spread", dc="0.01 * dc"))
    (wrong,) = [place for place in places(bench) if place.site.target == "dz"]
    assert catalogue.match(wrong.edges[0].operand) is None


def test_the_true_value_is_spelled_in_the_names_of_the_program() -> None:
    """The wrong slice is found in a product that no name stands for, and only the slice is edited."""
    report = _check(SLICED.format(rows=":-1"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.found, finding.expected) == ("wrong-index", "last[0, :-1]", "last[0, 1:]")
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
    assert _check(SLICED.format(rows="1:")).verdict == "correct"


def test_what_cannot_be_spelled_is_placed() -> None:
    """An expression that would become too long is pointed at, said what it has to be, and not edited."""
    (finding,) = [f for f in _check(LONG.format(dc="0.01 * dc")).findings if f.severity == "error"]
    assert finding.span is not None
    assert finding.span.row == 17
    assert finding.expected == "the derivative of n by z"
    assert finding.parameters == ("A",)
    assert finding.fix is None


def test_what_can_be_mended_is_mended_beside_what_cannot() -> None:
    """A second mistake keeps its verified edit."""
    found = [f for f in _check(LONG.format(dc="0.01 * dc * dc")).findings if f.severity == "error"]
    assert [f.span and f.span.row for f in found] == [17, 21]
    assert [f.fix is not None and f.fix.applicability for f in found] == [False, "safe"]


def test_a_normalisation_is_written_as_in_a_textbook() -> None:
    """The mean term that lacks is named, and the whole is spelled by the standardised values."""
    report = _check(NORMALISED.format(dz="(dn - n * np.mean(dn * n, axis=0)) / spread", dc="0.01 * dc"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert finding.name == "missing-term"
    assert finding.expected is not None
    assert finding.expected == "(dn - np.mean(dn, axis=0) - n * np.mean(dn * n, axis=0)) / spread"
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"


@pytest.mark.parametrize(
    ("here", "there", "rule"),
    [
        ("d @ hs[t].T", "d @ hs[t - 1].T", "wrong-index"),
        ("x.T @ d1", "x.T @ d2", "wrong-operand"),
        ("d @ W", "d @ W.T", "wrong-transpose"),
        ("a * b + c", "b * c + a", None),
        ("np.sum(d, axis=0)", "np.sum(e, axis=0)", "wrong-operand"),
    ],
)
def test_two_texts_that_differ_in_one_place(here: str, there: str, rule: str | None) -> None:
    """One difference in two expressions tells the mistake; two tell nothing."""
    assert of_texts(here, there) == rule


def test_the_normalised_program_is_right() -> None:
    """The program that the mistakes are made in is certified."""
    assert _check(NORMALISED.format(dz=TRUE, dc="0.01 * dc")).verdict == "correct"


ROOT_MEAN_SQUARE = """
import numpy as np

draw = np.random.default_rng(71)
X, T = draw.normal(size=(14, 4)), draw.normal(size=(14, 2))
W, M, V = draw.normal(0, 0.7, (4, 6)), draw.normal(0, 0.5, (6, 6)), draw.normal(0, 0.5, (6, 2))
gain = 1 + 0.2 * draw.normal(size=6)


class Scale:
    def __call__(self, h):
        self.h = h
        self.r = np.sqrt(np.mean(h * h, axis=1, keepdims=True) + 1e-6)
        return gain * h / self.r

    def back(self, d):
        dn = d * gain
        return dn / self.r - self.h * np.mean(dn * self.h, axis=1, keepdims=True) / self.r ** 3


scale = Scale()
for turn in range(1000):
    h = X @ W
    u = np.tanh(scale(h) @ M)
    s = h + u
    miss = s @ V - T
    loss = np.mean(miss ** 2)
    d = 2 * miss / miss.size
    ds = d @ V.T
    du = ds * (1 - u * u)
    dh = ds + scale.back(du @ M.T)
    V -= 0.1 * s.T @ d
    M -= 0.1 * (gain * h / scale.r).T @ du
    W -= 0.1 * X.T @ dh
"""


def test_a_term_that_the_derivation_has_twice() -> None:
    """The derivative of a square has two equal terms: that both are left out is no wrong sign of one."""
    assert check_program(program_from_bytes(ROOT_MEAN_SQUARE.encode(), "p.py")).verdict == "correct"
    text = ROOT_MEAN_SQUARE.replace(
        " - self.h * np.mean(dn * self.h, axis=1, keepdims=True) / self.r ** 3", ""
    )
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.found) == ("missing-term", "dn / self.r")
    # written behind what stands there, as a mean, with what is squared written once
    assert finding.expected is not None
    assert finding.expected.startswith("dn / self.r - np.mean(")
    assert "/ self.r**2" in finding.expected
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"


def test_a_sum_that_lacks_one_of_its_terms_is_named() -> None:
    """Of three ways back through a padded round two are written."""
    text = """
import numpy as np
rng = np.random.default_rng(9)
X, there = rng.normal(size=(7, 4, 3)), rng.random((7, 4)) < 0.6
Y = rng.normal(size=(7, 2))
A, R, V = rng.normal(size=(3, 5)), rng.normal(size=(5, 5)) * 0.5, rng.normal(size=(5, 2))
for turn in range(300):
    hs, acts = [np.zeros((7, 5))], []
    for t in range(4):
        m = there[:, t][:, None]
        acts.append(np.tanh(X[:, t] @ A + hs[-1] @ R))
        hs.append(np.where(m, 0.4 * acts[-1] + 0.6 * hs[-1], hs[-1]))
    miss = hs[-1] @ V - Y
    loss = 0.5 * np.sum(miss ** 2)
    dA, dR, dV = np.zeros_like(A), np.zeros_like(R), hs[-1].T @ miss
    dh = miss @ V.T
    for t in reversed(range(4)):
        m = there[:, t][:, None]
        da = m * dh * 0.4 * (1 - acts[t] ** 2)
        dA += X[:, t].T @ da
        dR += hs[t].T @ da
        dh = m * dh * 0.6 + da @ R.T
    A -= 0.01 * dA
    R -= 0.01 * dR
    V -= 0.01 * dV
"""
    (found,) = check_program(program_from_bytes(text.encode(), "net.py")).findings
    assert (found.name, found.span.row, found.mended) == ("missing-term", 22, True)
    assert found.expected.startswith("m * dh * 0.6 + da @ R.T + ")
