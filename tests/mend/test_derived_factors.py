"""What a value that has to be derived lacks, or has otherwise, is told from the factors of the true one."""

from __future__ import annotations

from backproof.findings import Finding
from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

LISTS = """
import numpy as np

rng = np.random.default_rng(2)
sizes = [4, 6, 5, 3]
W = [rng.normal(0, 0.5, (a, b)) for a, b in zip(sizes, sizes[1:])]
c = [rng.normal(0, 0.1, b) for b in sizes[1:]]
X, Y = rng.normal(size=(19, 4)), rng.normal(size=(19, 3))

def slope(z):
    return 1 - np.tanh(z) ** 2

for turn in range(1000):
    acts, zs = [X], []
    for k in range(3):
        zs.append(acts[-1] @ W[k] + c[k])
        acts.append(np.tanh(zs[-1]))
    loss = 0.5 * np.sum((acts[-1] - Y) ** 2) / len(X)
    delta = (acts[-1] - Y) / len(X) * slope(zs[-1])
    gW, gc = [None] * 3, [None] * 3
    for k in range(2, -1, -1):
        gW[k], gc[k] = acts[k].T @ delta, delta.sum(axis=0)
        if k > 0:
            delta = (delta @ W[k].T) * slope(zs[k - 1])
    for k in range(3):
        W[k] -= 0.1 * gW[k]
        c[k] -= 0.1 * gc[k]
"""

OBJECT = """
import numpy as np

class Net:
    def __init__(self, rng):
        self.A, self.B = rng.normal(0, 0.5, (6, 4)), rng.normal(0, 0.5, (3, 6))

    def forward(self, x):
        self.x = x
        self.h = 0.5 * (1 + np.tanh(0.5 * (self.A @ x)))
        return self.B @ self.h

    def train(self, g):
        dh = self.h * (1 - self.h) * (self.B.T @ g)
        self.B -= 0.1 * (g @ self.h.T)
        self.A -= 0.1 * (dh @ self.x.T)

rng = np.random.default_rng(7)
X, Y, net = rng.normal(size=(4, 11)), rng.normal(size=(3, 11)), Net(rng)
for turn in range(1000):
    miss = net.forward(X) - Y
    loss = 0.5 * np.sum(miss ** 2)
    net.train(miss)
"""


def _found(text: str) -> Finding:
    """The only error of a program, which its fix makes right."""
    program = program_from_bytes(text.encode(), "net.py")
    (finding,) = [f for f in check_program(program).findings if f.severity == "error"]
    assert finding.fix is not None
    assert check_program(apply_edits(program, finding.fix.edits)).verdict == "correct"
    return finding


def test_the_gradient_behind_that_is_ignored_is_a_missing_factor() -> None:
    """Only the slope is left where the gradient of the layer above belongs as well."""
    finding = _found(LISTS.replace("(delta @ W[k].T) * slope", "slope"))
    assert (finding.name, finding.found) == ("missing-factor", "slope(zs[k - 1])")


def test_a_slope_of_another_function_is_named_where_the_rest_of_the_product_is_right() -> None:
    """However the true value is written, its other factor is the one that stands there."""
    finding = _found(OBJECT.replace("self.h * (1 - self.h)", "(1 - self.h ** 2)"))
    assert finding.name == "wrong-activation-derivative"
