"""Programs that hand a loss and its gradient to a minimiser of SciPy, and have no update of their own."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

pytest.importorskip("scipy", reason="these programs call its minimisers")

CURVE = """
import numpy as np
from functools import partial
from scipy.optimize import check_grad, fmin_cg, minimize

rng = np.random.RandomState(1)
t = np.linspace(0, 4, 50)
y = 2.5 * np.exp(-1.3 * t) + 0.5 + 0.02 * rng.randn(50)


def f(p, t, y):
    a, k, c = p
    r = a * np.exp(-k * t) + c - y
    return 0.5 * r.dot(r)


def df(p, t, y):
    a, k, c = p
    e = np.exp(-k * t)
    r = a * e + c - y
    return np.array([r.dot(e), -a * r.dot(t * e), r.sum()])


p0 = [1.0, 1.0, 0.0]
{call}
"""
COURSE = """
import numpy as np
import scipy.optimize as opt

np.random.seed(3)
X = np.hstack([np.ones((40, 1)), np.random.randn(40, 3)])
y = (X @ np.array([0.3, 1.0, -2.0, 0.5]) + 0.5 * np.random.randn(40) > 0).astype(float)


def cost(theta, X, y, lam):
    h = 1 / (1 + np.exp(-X @ theta))
    fit = (-y @ np.log(h) - (1 - y) @ np.log(1 - h)) / len(y)
    return fit + lam / (2 * len(y)) * np.sum(theta[1:] ** 2)


def gradient(theta, X, y, lam):
    h = 1 / (1 + np.exp(-X @ theta))
    grad = X.T @ (h - y) / len(y)
    grad[1:] += lam / len(y) * theta[1:]
    return grad


theta, evaluations, code = opt.fmin_tnc(func=cost, x0=np.zeros(4), fprime=gradient, args=(X, y, 0.3))
print(cost(theta, X, y, 0.3))
"""
PACKED = """
import numpy as np
from scipy import optimize


class Net:
    def __init__(self, inputs, hidden, outputs, reg):
        self.sizes = (inputs, hidden, outputs)
        self.reg = reg

    def start(self, rng):
        a, b, c = self.sizes
        return np.concatenate([rng.normal(0, 0.5, a * b), np.zeros(b), rng.normal(0, 0.5, b * c)])

    def objective(self, w, X, T):
        a, b, c = self.sizes
        W1 = w[:a * b].reshape(a, b)
        b1 = w[a * b:a * b + b]
        W2 = w[a * b + b:].reshape(b, c)
        H = np.tanh(X @ W1 + b1)
        P = np.exp(H @ W2)
        P /= P.sum(axis=1, keepdims=True)
        n = X.shape[0]
        loss = -np.sum(T * np.log(P)) / n + 0.5 * self.reg * (np.sum(W1 ** 2) + np.sum(W2 ** 2))
        D = (P - T) / n
        dW2 = H.T @ D + self.reg * W2
        dH = D @ W2.T * (1 - H ** 2)
        dW1 = X.T @ dH + self.reg * W1
        db1 = dH.sum(axis=0)
        return loss, np.r_[dW1.ravel(), db1, dW2.ravel()]

    def fit(self, X, T, rng):
        self.w, self.loss, info = optimize.fmin_l_bfgs_b(self.objective, self.start(rng), args=(X, T))
        return self


rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
T = np.eye(3)[np.argmax(X[:, :3] + 0.3 * rng.normal(size=(60, 3)), axis=1)]
for reg in (0.01, 0.03, 0.1):
    print(reg, Net(4, 6, 3, reg).fit(X, T, rng).loss)
"""
LOOP = """
import numpy as np
from scipy.optimize import minimize

rng = np.random.default_rng(9)
A, b = rng.normal(size=(20, 3)), rng.normal(size=20)


def loss(w):
    return 0.5 * np.sum((A @ w - b) ** 2)


def gradient(w):
    return A.T @ (A @ w - b)


best = minimize(loss, np.zeros(3), jac=gradient).x
w = np.zeros(3)
for step in range(200):
    w = w - 0.01 * A.T @ (A @ w - b)
print(best, w, loss(w))
"""
CALLS = {
    "minimize": "print(minimize(f, p0, args=(t, y), jac=df, method='BFGS').x)",
    "lambdas": "print(fmin_cg(lambda p: f(p, t, y), p0, lambda p: df(p, t, y), disp=False))",
    "partial": "print(minimize(partial(f, t=t, y=y), p0, jac=partial(df, t=t, y=y), method='CG').fun)",
    "both": "print(minimize(lambda p: (f(p, t, y), df(p, t, y)), p0, jac=True).x)",
    "checked": "assert check_grad(f, df, p0, t, y) < 1e-4",
    "hopping": (
        "from scipy.optimize import basinhopping\n"
        "print(basinhopping(f, p0, minimizer_kwargs={'jac': df, 'args': (t, y)}).x)"
    ),
}
MISTAKES = {
    "a factor of an activation": (PACKED, "(1 - H ** 2)", "(1 - H)", "wrong-activation-derivative"),
    "a mean for a sum": (PACKED, "dH.sum(axis=0)", "dH.mean(axis=0)", "wrong-scale"),
    "a difference turned round": (COURSE, "X.T @ (h - y)", "X.T @ (y - h)", "sign-flipped"),
}


def _check(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "p.py"))


@pytest.mark.parametrize("name", CALLS)
def test_what_is_handed_over_is_the_step(name: str) -> None:
    """The parameters are called what the function calls them, and the loss is what it returns."""
    report = _check(CURVE.format(call=CALLS[name]))
    assert report.verdict == "correct", report.reason
    assert [(p.name, p.shape) for p in report.parameters] == [("p", (3,))]
    assert report.loss is not None
    assert report.loss.formula == "0.5 * r.dot(r)"
    assert not [f for f in report.findings if f.severity == "warning"]


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_sign_is_found_through_every_call(name: str) -> None:
    """One component that climbs is found at its line, and the mended program is certified."""
    text = CURVE.format(call=CALLS[name]).replace("-a * r.dot", "a * r.dot")
    report = _check(text)
    assert report.verdict == "faulty", report.reason
    (error,) = [f for f in report.findings if f.severity == "error"]
    assert error.name == "sign-flipped"
    assert error.span is not None
    assert error.span.row == 21
    assert error.fix is not None
    mended = apply_edits(program_from_bytes(text.encode(), "p.py"), error.fix.edits)
    assert _check(mended.text).verdict == "correct"


@pytest.mark.parametrize("text", [COURSE, PACKED, LOOP], ids=["course", "packed", "loop beside it"])
def test_right_programs_are_certified(text: str) -> None:
    """Packed parameters, a penalty that leaves the intercept out, and a loop of the program's own."""
    report = _check(text)
    assert report.verdict == "correct", report.reason


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named_and_mended(name: str) -> None:
    """Each is found in the functions that the minimiser calls."""
    text, right, wrong, rule = MISTAKES[name]
    assert text.count(right) == 1
    text = text.replace(right, wrong)
    report = _check(text)
    (error,) = [f for f in report.findings if f.severity == "error"]
    assert error.name == rule
    assert error.fix is not None
    mended = apply_edits(program_from_bytes(text.encode(), "p.py"), error.fix.edits)
    assert _check(mended.text).verdict == "correct"


def test_the_gradient_is_wrong_beside_a_loop_that_is_right() -> None:
    """Of several trainings that whose gradient is wrong is reported, in whatever order they come."""
    report = _check(LOOP.replace("return A.T @ (A @ w - b)", "return A.T @ (b - A @ w)"))
    assert report.verdict == "faulty", report.reason
    assert [f.name for f in report.findings if f.severity == "error"] == ["sign-flipped"]
    report = _check(LOOP.replace("0.01 * A.T @ (A @ w - b)", "0.01 * A.T @ (b - A @ w)"))
    assert report.verdict == "faulty", report.reason


def test_a_penalty_that_the_loss_leaves_out_is_no_convention_here() -> None:
    """A minimiser is handed both, so a gradient with a decay of its own is wrong."""
    text = CURVE.format(call=CALLS["minimize"]).replace("r.sum()])", "r.sum()]) + 0.3 * p")
    assert _check(text).verdict == "faulty"


def test_a_factor_that_nothing_absorbs_is_warned_of() -> None:
    """There is no learning rate: the direction is right, and the line search is misled."""
    report = _check(COURSE.replace("/ len(y)\n    grad[1:] += lam / len(y)", "\n    grad[1:] += lam"))
    assert report.verdict == "correct"
    (warning,) = [f for f in report.findings if f.severity == "warning"]
    assert warning.name == "common-scale"
    assert "40 times" in warning.message


def test_without_a_gradient_there_is_nothing_to_check() -> None:
    """SciPy differentiates numerically, and the program has no gradient of its own."""
    report = _check(CURVE.format(call="print(minimize(f, p0, args=(t, y)).x)"))
    assert report.verdict == "inconclusive"
