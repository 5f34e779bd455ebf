"""Several mistakes at once, of which one hides what tells where the other is."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import Program, apply_edits

EARLY = """
import numpy as np

rng = np.random.default_rng(23)
reef, alive = rng.normal(size=(21, 4)), (rng.random(21) > 0.5) * 1.0
M, m = 0.5 * rng.normal(size=(4, 5)), 0.1 * rng.normal(size=5)
k, k0 = 0.5 * rng.normal(size=5), 0.1
for turn in range(10**6):
    h = 1 / (1 + np.exp(-(reef @ M + m)))
    guess = 1 / (1 + np.exp(-(h @ k + k0)))
    signal = (guess + alive) / 21
    k = k - 0.5 * h.T @ signal
    back = np.outer(signal, k) * h * (1 - h)
    k0 = k0 - 0.5 * signal.sum()
    M = M - 0.5 * reef.T @ back
    m = m - 0.5 * back.sum(axis=0)
"""

ADAM = """
import numpy as np

rng = np.random.default_rng(4)
soil, yields = rng.normal(size=(17, 3)), rng.normal(size=(17, 2))
W, V = 0.5 * rng.normal(size=(3, 5)), 0.5 * rng.normal(size=(5, 2))
grads, means, squares = [None, None], [0.0, 0.0], [0.0, 0.0]
first, second = 0.9, 0.999
for turn in range(1, 10**6):
    z = soil @ W
    h = np.maximum(0.1 * z, z)
    out = h @ V
    loss = np.mean((out - yields) ** 2)
    dout = 2 * (yields - out) / out.size
    dz = np.where(z > 0, 1.0, 0.1)
    grads = [soil.T @ dz, h.T @ dout]
    for n, (p, g) in enumerate(zip([W, V], grads)):
        means[n] = first * means[n] + (1 - first) * g
        squares[n] = second * squares[n] + (1 - second) * g**2
        p -= 0.01 * means[n] / (1 - first**turn) / (np.sqrt(squares[n] / (1 - second**turn)) + 1e-8)
"""

LASSO = """
import numpy as np

rng = np.random.default_rng(12)
genes, ill = rng.normal(size=(23, 4)), (rng.random(23) > 0.4) * 1.0
beta, beta0 = 0.3 * rng.normal(size=4), np.zeros(1)
for turn in range(10**6):
    p = 1 / (1 + np.exp(-(genes @ beta + beta0)))
    loss = -np.mean(ill * np.log(p) + (1 - ill) * np.log(1 - p)) + 0.01 * np.sum(np.abs(beta))
    err = p - ill
    g = genes.T @ ill / 23 + 0.01 * np.sign(beta)
    g0 = 2 * np.array([err.mean()])
    beta = (1 - 1e-4) * beta - 0.1 * g
    beta0 = beta0 - 0.1 * g0
"""


def _told(text: str) -> dict[str, str | None]:
    """What is found wrong, each with what it should be; all of it mended."""
    program = Program("p.py", text)
    errors = [f for f in check_program(program).findings if f.severity == "error"]
    assert all(f.fix is not None and f.fix.applicability == "safe" for f in errors)
    mended = apply_edits(program, [edit for f in errors if f.fix is not None for edit in f.fix.edits])
    assert check_program(mended).verdict == "correct"
    return {f.found or "": f.expected for f in errors}


def test_loss_of_a_step_that_updates_one_parameter_early() -> None:
    """What the step before has made of the others is no error of an output: the sum that should be one is."""
    assert _told(EARLY) == {"guess + alive": "guess - alive", "k": "k before its update"}


def test_no_plain_number_is_turned_for_an_error() -> None:
    """A sign that all gradients lack is that of the error, and not of a constant of the optimizer."""
    slope = "np.where(z > 0, 1.0, 0.1)"
    assert _told(ADAM) == {"yields - out": "out - yields", slope: f"(dout @ V.T) * {slope}"}


def test_constant_that_is_taken_away_rather_than_put_in_elsewhere() -> None:
    """Of two gradients one has a number too many: the other, wrong for another reason, gets none."""
    assert _told(LASSO).keys() == {"ill", "2 * np.array([err.mean()])"}
