"""Programs that stop in their backward pass: what should stand there is found by running what it could be."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

from .case import Case, Mistake
from .cases import CASES
from .crashes import CRASHES, SLOW
from .differences import mismatch
from .test_programs import injected

BY_NAME = {case.name: case for case in CASES}
PARAMETERS = [
    pytest.param(BY_NAME[name], mistake, id=f"{name}-{k}", marks=[pytest.mark.slow] if name in SLOW else [])
    for k, (name, mistake) in enumerate(CRASHES)
]
NETWORK = """\
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(21, 3))
Y = rng.normal(size=(21, 2))
W1 = rng.normal(size=(3, 5))
b1 = np.zeros(5)
W2 = rng.normal(size=(5, 2))
b2 = np.zeros(2)
for i in range(30):
    z1 = X @ W1 + b1
    h = np.tanh(z1)
    out = h @ W2 + b2
    loss = 0.5 * np.sum((out - Y) ** 2)
    d2 = out - Y
    dW2 = h.T @ d2
    db2 = d2.sum(axis=0)
    d1 = d2 @ W2.T * (1 - h ** 2)
    dW1 = X.T @ d1
    db1 = d1.sum(axis=0)
    W2 -= 0.01 * dW2
    b2 -= 0.01 * db2
    W1 -= 0.01 * dW1
    b1 -= 0.01 * db1
"""


def check(text: str) -> FileReport:
    """The report of a program."""
    return check_program(program_from_bytes(text.encode(), "net.py"), timeout=15)


def mended(text: str, report: FileReport) -> str:
    """The program with all its safe edits."""
    fixes = [f.fix for f in report.findings if f.severity == "error"]
    assert all(fix is not None and fix.applicability == "safe" for fix in fixes)
    edits = [edit for fix in fixes if fix is not None for edit in fix.edits]
    return apply_edits(program_from_bytes(text.encode(), "net.py"), edits).text


def wrong(*mistakes: tuple[str, str]) -> str:
    """The network with mistakes in it."""
    text = NETWORK
    for right, instead in mistakes:
        assert text.count(right) == 1
        text = text.replace(right, instead)
    return text


@pytest.mark.parametrize(("case", "mistake"), PARAMETERS)
def test_crashing_program(case: Case, mistake: Mistake) -> None:
    """It is called faulty, once, and finite differences show the mend to be right."""
    text = injected(case, mistake)
    with pytest.raises(Exception, match=r".") as caught:
        mismatch(text, case.step)
    assert not isinstance(caught.value, AssertionError)
    report = check(text)
    errors = [f for f in report.findings if f.severity == "error"]
    assert report.verdict == "faulty", report.reason
    assert len(errors) == 1
    assert errors[0].name in mistake.names
    assert "stops" in errors[0].message
    assert mismatch(mended(text, report), case.step) < 1e-6


@pytest.mark.parametrize(
    ("right", "instead"),
    [
        ("h.T @ d2", "h @ d2"),
        ("h.T @ d2", "d2.T @ h"),
        ("h.T @ d2", "h.T * d2"),
        ("d2 @ W2.T *", "d2 @ W2 *"),
        ("d2 @ W2.T *", "d2 @ W1.T *"),
        ("X.T @ d1", "X @ d1"),
        ("X.T @ d1", "h.T @ d1"),
        ("db2 = d2.sum(axis=0)", "db2 = d2.sum(axis=1)"),
        ("db2 = d2.sum(axis=0)", "db2 = d2"),
        ("(1 - h ** 2)", "(1 - out ** 2)"),
        ("0.01 * dW1", "0.01 * dw1"),
        ("0.01 * dW1", "0.01 * dW2"),
        ("0.01 * db1", "0.01 * db2"),
    ],
)
def test_one_mistake(right: str, instead: str) -> None:
    """Each is mended back to a program that is certified."""
    text = wrong((right, instead))
    report = check(text)
    assert report.verdict == "faulty", report.reason
    assert check(mended(text, report)).verdict == "correct"


def test_three_crashes_in_a_row() -> None:
    """Each is found at its own line, in the order in which they stop the program, and the fix mends all."""
    text = wrong(("h.T @ d2", "h @ d2"), ("W2.T *", "W2 *"), ("X.T @ d1", "X @ d1"))
    report = check(text)
    found = [(f.name, f.span.row, f.found, f.expected) for f in report.findings if f.span is not None]
    assert found == [
        ("wrong-transpose", 15, "h @ d2", "h.T @ d2"),
        ("wrong-transpose", 17, "d2 @ W2", "d2 @ W2.T"),
        ("wrong-transpose", 18, "X @ d1", "X.T @ d1"),
    ]
    assert mended(text, report) == NETWORK
    assert [p.verdict for p in report.parameters] == ["faulty", "correct", "faulty", "faulty"]


def test_a_crash_and_another_mistake() -> None:
    """Behind the crash the gradients are judged as always; the places are those of the program as it is."""
    text = wrong(("h.T @ d2", "h @ d2"), ("d2 @ W2.T * (1 - h ** 2)", "d2 @ W2 * (1 - np.tanh(h) ** 2)"))
    report = check(text)
    errors = [f for f in report.findings if f.severity == "error"]
    assert [(f.name, f.span.row) for f in errors if f.span is not None] == [
        ("wrong-transpose", 15),
        ("wrong-transpose", 17),
        ("derivative-at-wrong-point", 17),
    ]
    assert mended(text, report) == NETWORK


@pytest.mark.parametrize(
    ("right", "instead", "words"),
    [
        ("X @ W1", "X.T @ W1", "net.py:10:10: the program stopped with ValueError"),
        ("h @ W2", "W2 @ h", "`W2` has the shape (5, 2)"),
        ("size=(21, 2)", "size=(22, 2)", "net.py:13:26"),
        ("(1 - h ** 2)", "(1 - nothing.there ** 2)", "NameError"),
    ],
)
def test_the_forward_pass_is_not_guessed_at(right: str, instead: str, words: str) -> None:
    """A crash there, or one that nothing mends, is told with its place and the shapes."""
    report = check(wrong((right, instead)))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert words in report.reason


def test_a_crash_in_the_middle_of_a_step_certifies_nothing() -> None:
    """What was updated before a step broke off is no step."""
    report = check(wrong(("0.01 * dW1", "0.01 * nothing")))
    assert report.verdict != "correct"


def test_a_crash_after_whole_steps_changes_nothing() -> None:
    """A program that has trained, and stops later for another reason, is judged as it is."""
    text = NETWORK.replace("range(300)", "range(3)") + "print(X @ X)\n"
    assert check(text).verdict == "correct"


IN_A_LOOP = NETWORK[: NETWORK.index("    W2 -= ")] + (
    "    gradients = [dW1, db1, dW2, db2]\n"
    "    for p, g in zip([W1, b1, W2, b2], gradients):\n"
    "        p -= 0.01 * g\n"
)
MADE_ELSEWHERE = {
    "transposed product": ("h.T @ d2", "d2.T @ h", "wrong-transpose"),
    "other axis": ("d1.sum(axis=0)", "d1.sum(axis=1)", "wrong-axis"),
    "no sum": ("d2.sum(axis=0)", "d2", "missing-sum"),
}
LAYERS = """\
import numpy as np
rng = np.random.default_rng(5)
class Affine:
    def __init__(self, n, m):
        self.p = {"w": rng.normal(size=(m, n)) * 0.4, "c": rng.normal(size=m) * 0.1}
        self.speed = {key: np.zeros_like(p) for key, p in self.p.items()}
    def forward(self, x):
        self.x = x
        return x @ self.p["w"].T + self.p["c"]
    def backward(self, g):
        self.slopes = {"w": g.T @ self.x, "c": g.sum(axis=0)}
        return g @ self.p["w"]
    def step(self, rate):
        for key in self.speed:
            self.speed[key] = 0.9 * self.speed[key] - rate * self.slopes[key]
            self.p[key] = self.p[key] + self.speed[key]
first, second = Affine(4, 7), Affine(7, 2)
X, Y = rng.normal(size=(11, 4)), rng.normal(size=(11, 2))
for i in range(100):
    h = np.tanh(first.forward(X))
    out = second.forward(h)
    loss = np.mean((out - Y) ** 2)
    g = second.backward(2 * (out - Y) / Y.size)
    first.backward(g * (1 - h ** 2))
    first.step(0.1)
    second.step(0.1)
"""


@pytest.mark.parametrize("change", MADE_ELSEWHERE.values(), ids=MADE_ELSEWHERE)
def test_made_elsewhere(change: tuple[str, str, str]) -> None:
    """An update in a loop that stops is mended where the gradient of the wrong shape was made."""
    right, wrong, rule = change
    text = IN_A_LOOP.replace(right, wrong)
    report = check(text)
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert finding.name == rule
    assert finding.span is not None
    assert wrong in text.splitlines()[finding.span.row - 1]
    assert check(mended(text, report)).verdict == "correct"


def test_made_in_a_layer() -> None:
    """The method of a layer is mended, and not the optimizer that takes what it made."""
    text = LAYERS.replace("g.T @ self.x", "self.x.T @ g")
    report = check(text)
    assert mended(text, report) == LAYERS
    assert [f.name for f in report.findings if f.severity == "error"] == ["wrong-transpose"]


CLIPPED = """\
import numpy as np
rng = np.random.default_rng(8)
X, Y = rng.normal(size=(11, 4)), rng.normal(size=(11, 3))
A, a = rng.normal(size=(4, 6)) * 0.4, rng.normal(size=(1, 6)) * 0.1
B, b = rng.normal(size=(6, 3)) * 0.4, rng.normal(size=(1, 3)) * 0.1
va, vb = 0 * a, 0 * b
def through(g, h):
    return (1 - h ** 2) * (g @ B.T)
for i in range(200):
    h = np.tanh(X @ A + a)
    out = h @ B + b
    loss = np.sum((out - Y) ** 2) / len(X)
    g = 2 * (out - Y) / len(X)
    d = through(g, h)
    gB, gb = h.T @ g, np.sum(g, axis=0, keepdims=True)
    gA, ga = X.T @ d, np.sum(d, axis=0, keepdims=True)
    norm = np.sqrt(np.sum(gA ** 2) + np.sum(ga ** 2) + np.sum(gB ** 2) + np.sum(gb ** 2))
    scale = min(1.0, 90 / (norm + 1e-9))
    va = 0.9 * va - 0.01 * scale * ga
    vb = 0.9 * vb - 0.01 * scale * gb
    A -= 0.01 * scale * gA
    a += va
    B -= 0.01 * scale * gB
    b += vb
"""


@pytest.mark.parametrize(
    ("right", "wrong", "rule", "expected"),
    [
        ("np.sum(d, axis=0, keepdims=True)", "d", "missing-sum", "d.sum(axis=0, keepdims=True)"),
        ("np.sum(gA ** 2)", "(gA ** 2)", "missing-sum", "(np.sum(gA ** 2))"),
        ("A -= 0.01 * scale * gA", "A -= d @ 0.01 * X.T", "wrong-transpose", "0.01 * X.T @ d"),
    ],
)
def test_the_place_where_a_shape_went_wrong(right: str, wrong: str, rule: str, expected: str) -> None:
    """Not where the program stops: where a value got its name for this use, or a term was not summed."""
    text = CLIPPED.replace(right, wrong)
    report = check(text)
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert finding.span is not None
    assert (finding.name, wrong in text.splitlines()[finding.span.row - 1]) == (rule, True)
    assert finding.expected is not None
    assert expected in finding.expected
    assert check(mended(text, report)).verdict == "correct"


OUTER = """\
import numpy as np
rng = np.random.default_rng(9)
X, y = rng.normal(size=(8, 2, 9)), rng.normal(size=8)
K, v = rng.normal(size=(2, 3)) * 0.5, rng.normal(size=3) * 0.5
def slopes(x, g):
    return np.einsum("ncl,nfl->cf", x, g)
for i in range(200):
    h = np.tanh(np.einsum("ncl,cf->nfl", X, K))
    out = h.mean(axis=2) @ v
    loss = np.mean((out - y) ** 2)
    e = 2 * (out - y) / len(y)
    m = np.outer(e, v)
    d = np.repeat(m[:, :, None], 9, axis=2) / 9 * (1 - h ** 2)
    v -= 0.1 * h.mean(axis=2).T @ e
    K -= 0.1 * slopes(X, d)
"""


def test_a_crash_far_from_an_outer_product_that_is_turned() -> None:
    """What stops in an expression that is no update may have been made wrongly a few operations before."""
    text = OUTER.replace("np.outer(e, v)", "np.outer(v, e)")
    report = check(text)
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.expected) == ("wrong-transpose", "np.outer(e, v)")
    assert mended(text, report) == OUTER


MATRICES = """
import numpy as np
np.random.seed(71)
tiles = np.matrix([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1], [1, 2, 1]])
floor = np.matrix([[0.2], [1], [1], [0.1], [0.4]])
A, B = np.matrix(np.random.randn(3, 4)), np.matrix(np.random.randn(4, 1))
def bend(z):
    return 1 / (1 + np.exp(-z))
def bent(a):
    return a * (1 - a)
for turn in range(10**6):
    h = bend(tiles * A)
    out = bend(h * B)
    loss = 0.5 * np.sum(np.square(out - floor))
    d = np.multiply(out - floor, bent(out))
    e = np.multiply(d * B.T, bent(h))
    B -= h.T * d
    A -= tiles.T * e
"""


def test_a_product_of_matrices_that_is_meant_by_elements() -> None:
    """With NumPy's own type for matrices the sign of a product is that of linear algebra."""
    program = program_from_bytes(MATRICES.encode(), "tiles.py")
    (finding,) = [f for f in check_program(program).findings if f.severity == "error"]
    assert (finding.found, finding.expected) == ("a * (1 - a)", "np.multiply(a, 1 - a)")
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
