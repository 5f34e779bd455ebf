"""What may be certified: gradients of the loss that is stated, and not of an error made of gradients."""

from __future__ import annotations

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

COUNTS = """
import numpy as np

rng = np.random.default_rng(30)
seen = np.c_[np.ones(40), rng.uniform(-1, 1, (40, 2))]
calls = rng.poisson(np.exp(seen @ [0.5, 1.2, -0.7]))
beta = np.zeros(3)
for turn in range(2000):
    rate = np.exp(seen @ beta)
    log_lik = np.mean(calls * np.log(rate) - rate)
    beta -= 0.1 * seen.T @ (rate - calls) / 40
    if turn % 400 == 0:
        print(log_lik)
"""

MARGINS = """
import numpy as np

np.random.seed(14)
X = np.vstack([np.random.randn(9, 2) * 0.8 + [1, 1.2], np.random.randn(7, 2) * 0.8 - [0.8, 0.6]])
y = np.r_[np.ones(9), -np.ones(7)]
w, b, lam, n = np.zeros(2), 0.0, 0.1, len(y)
for turn in range(2000):
    margin = y * (X @ w + b)
    objective = 0.5 * lam * w @ w + np.mean(np.maximum(0, 1 - margin))
    miss = margin < 1
    dw = lam * w - X[miss].T @ y[miss] / n
    db = -np.sum(y[miss]) / n
    w = w - 0.1 * dw
    b = b - 0.1 * db
    if turn % 400 == 0:
        print(objective)
"""

SPREAD = """
import numpy as np

rng = np.random.RandomState(4)
x = rng.uniform(-2, 2, (20, 1))
y = np.sin(x) + 0.2 * rng.randn(20, 1)
H, M, S = rng.randn(1, 5), rng.randn(5, 1) * 0.2, rng.randn(5, 1) * 0.2
for turn in range(2000):
    h = np.tanh(x @ H)
    mean, logvar = h @ M, h @ S
    var = np.exp(logvar)
    nll = np.mean(0.5 * logvar + 0.5 * (y - mean) ** 2 / var)
    dm = (mean - y) / var
    ds = 0.5 - 0.5 * (y - mean) ** 2 / var
    dh = dm @ M.T + ds @ S.T
    M -= 0.02 * h.T @ dm / 20
    S -= 0.02 * h.T @ ds / 20
    H -= 0.02 * x.T @ (dh * (1 - h ** 2)) / 20
    if turn % 400 == 0:
        print(nll)
"""


def _report(text: str, old: str = "", new: str = "") -> FileReport:
    assert old in text
    return check_program(program_from_bytes(text.replace(old, new).encode(), "p.py"))


def _named(report: FileReport) -> list[tuple[str, int]]:
    return [(f.name, f.span.row) for f in report.findings if f.severity == "error" and f.span]


def test_the_logarithm_of_a_likelihood() -> None:
    """It is a loss, and grows; another gradient than its own is wrong, and so is a step down it."""
    assert _report(COUNTS).verdict == "correct"
    squares = _report(COUNTS, "(rate - calls)", "(np.log(rate) - calls)")
    assert _named(squares) == [("loss-mismatch", 11)]
    assert _named(_report(COUNTS, "beta -=", "beta +=")) == [("sign-flipped", 11)]


def test_a_bias_that_did_not_move() -> None:
    """Where the step seen happens to leave it as it is, the bias of a margin is a parameter all the same."""
    right = _report(MARGINS)
    assert right.verdict == "correct"
    assert {p.name for p in right.parameters} == {"w", "b"}
    assert _named(_report(MARGINS, "np.sum(y[miss]) / n", "np.sum(y[miss])")) == [("wrong-scale", 13)]


def test_a_penalty_is_no_output() -> None:
    """A parameter times a number less data is a gradient, and no error whose square would be descended."""
    assert _report(MARGINS, "dw = lam", "dw = 2 * lam").verdict == "faulty"


def test_two_errors_of_one_loss() -> None:
    """A gradient that stops with an error of its own is wrong, and no state that the step carries on."""
    assert _report(SPREAD).verdict == "correct"
    assert _named(_report(SPREAD, "(mean - y) / var", "mean - y")) == [("missing-factor", 13)]
    assert _named(_report(SPREAD, "dm @ M.T + ds @ S.T", "dm @ M.T")) == [("missing-term", 15)]


CONSTANT = """
import numpy as np

rng = np.random.default_rng(4)
rain = rng.normal(size=(30, 3))
wet = (rain[:, 0] > 0).astype(float)


def gradients(p):
    d = {error}
    return rain.T @ d / 30, np.sum({summed}) / 30


def fit(w, b, rounds=5):
    for k in range(rounds):
        p = 1 / (1 + np.exp(-(rain @ w + b)))
        cost = -np.mean(wet * np.log(p) + (1 - wet) * np.log(1 - p))
        dw, db = gradients(p)
        w = w - 0.3 * dw
        b = b - 0.3 * db
        if k % 200 == 0:
            print(k, cost)
    return w, b


w, b = fit(0.1 * rng.normal(size=3), 0.2)
"""


def test_a_parameter_is_no_loss() -> None:
    """What a program returns has a derivative that is the same everywhere, and so no least value."""
    right = CONSTANT.format(error="p - wet", summed="d")
    assert check_program(program_from_bytes(right.encode(), "rain.py")).verdict == "correct"
    wrong = CONSTANT.format(error="wet - wet", summed="wet")
    assert check_program(program_from_bytes(wrong.encode(), "rain.py")).verdict != "correct"


SPANS = """
import numpy as np

rng = np.random.default_rng(23)
x, span = rng.normal(0, 0.6, (41, 3)), rng.uniform(0.3, 3.0, 41)
seen = rng.poisson(span * np.exp(x @ [0.7, -0.4, 0.2] + 0.3))
w, b, history = np.zeros(3), 0.0, []

def nll(x, seen, span):
    level = x @ w + b + np.log(span)
    return np.mean(np.exp(level) - seen * level)

for turn in range(2000):
    rate = np.exp(x @ w + b)
    miss = rate * span - seen
    w = w - 0.05 * x.T @ miss / len(x)
    b = b - 0.05 * miss.mean()
    if turn % 250 == 0:
        history.append(nll(x, seen, span))
"""


def test_a_step_that_leaves_out_data_which_its_own_loss_counts_is_not_certified() -> None:
    """The counts are expected in some time each: without it the gradients are those of another model."""
    right, wrong = SPANS, SPANS.replace("rate * span - seen", "rate - seen")
    assert check_program(program_from_bytes(right.encode(), "counts.py")).verdict == "correct"
    report = check_program(program_from_bytes(wrong.encode(), "counts.py"))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "nll" in report.reason
