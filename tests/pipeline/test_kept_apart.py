"""What is kept beside the parameters and is none: copies, running statistics, attributes of a class's own."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import Program, program_from_bytes

COPIED = """
import numpy as np
rng = np.random.default_rng(6)
net = (rng.normal(0, 0.5, (4, 7)), np.full(7, 0.1), rng.normal(0, 0.3, (7, 1)), np.full(1, 0.2))
slow = tuple(w.copy() for w in net)
X, R = rng.normal(size=(40, 4)), rng.normal(size=(40, 1))
def values(net, x):
    h = np.tanh(x @ net[0] + net[1])
    return h @ net[2] + net[3], h
for tick in range(1500):
    rows = rng.integers(0, 39, 11)
    goal = R[rows] + 0.9 * values(slow, X[rows + 1])[0]
    q, h = values(net, X[rows])
    error = q - goal
    loss = 0.5 * np.mean(error ** 2)
    d = error / 11
    dz = d @ net[2].T * (1 - h ** 2)
    for w, g in zip(net, (X[rows].T @ dz, dz.sum(0), h.T @ d, d.sum(0))):
        w -= 0.1 * g
    if tick % 50 == 49:
        for old, new in zip(slow, net):
            np.copyto(old, new)
"""
RUNNING = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(50, 3)); Y = np.sin(X[:, :1]) + 0.2
W, g, b = rng.normal(size=(3, 4)), np.full(4, 1.2), np.full(4, 0.1)
V = rng.normal(size=(4, 1))
spread = np.ones(4)
for turn in range(1000):
    z = X[:40] @ W
    v = z.var(axis=0)
    spread = 0.9 * spread + 0.1 * v * 40 / 39
    inverse = (v + 1e-5) ** -0.5
    n = (z - z.mean(axis=0)) * inverse
    a = g * n + b
    miss = a @ V - Y[:40]
    loss = np.mean(miss ** 2)
    d = 2 * miss / miss.size
    da = d @ V.T
    dn = da * g
    dz = inverse / 40 * (40 * dn - dn.sum(0) - n * (dn * n).sum(0))
    V -= 0.05 * a.T @ d
    g -= 0.05 * (da * n).sum(0)
    b -= 0.05 * da.sum(0)
    W -= 0.05 * X[:40].T @ dz
    held = X[40:] @ W
    seen = np.mean(((g * (held - held.mean(0)) / np.sqrt(spread + 1e-5) + b) @ V - Y[40:]) ** 2)
    if turn % 200 == 0:
        print(loss, seen)
"""
OWN_ATTRIBUTES = """
import numpy as np
rng = np.random.default_rng(21)
class Line:
    def __init__(self):
        self.store = {}
        self.w, self.b = rng.normal(size=(3, 2)), np.full(2, 0.3)
    def __setattr__(self, key, value):
        if isinstance(value, np.ndarray):
            self.store[key] = value
        else:
            object.__setattr__(self, key, value)
    def __getattr__(self, key):
        return self.__dict__["store"][key]
line, X = Line(), rng.normal(size=(19, 3))
Y = X[:, :2] * X[:, 1:] + 0.5
for turn in range(1000):
    miss = X @ line.w + line.b - Y
    loss = 0.5 * np.sum(miss ** 2) / 19
    line.w = line.w - 0.1 * X.T @ miss / 19
    line.b = line.b - 0.1 * SUM / 19
"""


def verdict(text: str) -> str:
    """The verdict on a program."""
    return check_program(Program("net.py", text)).verdict


def test_a_network_that_was_copied_is_not_the_one_that_it_was_copied_from():
    """Nothing is missing where the copy is never stepped, and a mistake in the other is found."""
    assert verdict(COPIED) == "correct"
    assert verdict(COPIED.replace("(1 - h ** 2)", "(1 - h)")) == "faulty"


def test_a_running_variance_is_no_size_of_gradients():
    """No update divides by it, but the forward pass of what is held back."""
    assert verdict(RUNNING) == "correct"
    assert verdict(RUNNING.replace("- dn.sum(0) ", "")) == "faulty"


def test_a_class_may_set_its_attributes_itself():
    """The plain way to set one, called by a class's own, does not call that again."""
    assert verdict(OWN_ATTRIBUTES.replace("SUM", "miss.sum(0)")) == "correct"
    assert verdict(OWN_ATTRIBUTES.replace("SUM", "miss[0]")) == "faulty"


def test_a_copy_that_follows_in_place_at_a_share_that_is_computed():
    """Nothing goes back through it, though it is made of the parameters of the step before."""
    hard = COPIED[COPIED.index("    if tick % 50") :]
    slow = """    share = min(0.9, 1 - 1 / (tick + 2))
    for old, new in zip(slow, net):
        old *= share
        old += (1 - share) * new
"""
    text = COPIED.replace(hard, slow).replace(", np.full(1, 0.2))", ", np.full(2, 0.2))")
    text = text.replace("(7, 1)", "(7, 2)").replace("(40, 1)", "(40, 2)")
    assert verdict(text) == "correct"
    assert verdict(text.replace("(1 - h ** 2)", "(1 - h)")) == "faulty"


HINGE = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(40, 3)); y = np.sign(X[:, 0] - 0.4 * X[:, 1] + 0.3)
w, b, C, step = np.full(3, 0.1), 0.5, 1.5, 0.01
for epoch in range(2000):
    margin = y * (X @ w + b)
    loss = 0.5 * w @ w + C * np.maximum(0, 1 - margin).sum()
    inside = margin < 1
    grad_w = w - C * (X[inside] * y[inside][:, None]).sum(axis=0)
    grad_b = -C * y[inside].sum()
    w = w - step * grad_w
    b = OLD - step * grad_b
"""


def test_a_gradient_that_is_applied_to_another_value_is_not_certified():
    """A hinge's gradient depends on the bias by decisions alone, so it is told by its name."""
    assert verdict(HINGE.replace("OLD", "b")) == "correct"
    report = check_program(Program("net.py", HINGE.replace("OLD", "C")))
    assert report.verdict == "inconclusive"
    assert "the new value of b is not made of the old one" in report.reason


DECAYED_FIRST = """
import numpy as np
rs = np.random.RandomState(4)
X = rs.randn(60, 5); labels = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)
W, b = 0.3 * rs.randn(5, 3), np.full(3, 0.1)
speeds = [np.zeros_like(W), np.zeros_like(b)]
for epoch in range(1000):
    order = rs.permutation(60)
    for start in range(0, 60, 15):
        rows = order[start:start + 15]
        W *= 1.0 - 0.1 * 1e-3
        e = np.exp(X[rows] @ W + b)
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(15), labels[rows]]))
        p[np.arange(15), labels[rows]] -= 1
        gW, gb = X[rows].T @ p / 15, p.sum(axis=0) / 15
        norm = np.sqrt((gW ** 2).sum() + (gb ** 2).sum())
        if norm > 1.0:
            gW, gb = gW / norm, gb / norm
        speeds[0] = 0.9 * speeds[0] - 0.1 * gW
        speeds[1] = 0.9 * speeds[1] - 0.1 * gb
        W += speeds[0]
        b += speeds[1]
    if epoch % 200 == 0:
        print(loss)
"""


def test_weights_that_shrink_before_the_step_are_judged_though_they_are_changed_in_two_places():
    """They are no array beside the parameters."""
    assert verdict(DECAYED_FIRST) == "correct"
    assert verdict(DECAYED_FIRST.replace("X[rows].T @ p / 15", "X[rows].T @ p / 16")) == "faulty"


TOWERS = """
import numpy as np

rng = np.random.default_rng(12)
left, right = rng.normal(size=(17, 4)), rng.normal(size=(17, 6))
sides = [{"w": rng.normal(size=(2, n)), "b": rng.normal(size=2)} for n in (4, 6)]
base_lr = 0.05
for it in range(1000):
    a = left @ sides[0]["w"].T + sides[0]["b"]
    c = right @ sides[1]["w"].T + sides[1]["b"]
    gap = a - c
    loss = 0.5 * np.sum(gap ** 2) / 17
    for data, diff, side in zip([left, right], [gap / 17, -gap / 17], sides):
        grad = {"w": diff.T @ data, "b": diff.sum(axis=0)}
        for k in side:
            side[k] -= base_lr * grad[k]
"""


def test_a_rate_whose_name_begins_as_a_parameter_does():
    """``base_lr`` is no gradient of ``b``: a gradient is what the step computes."""
    report = check_program(program_from_bytes(TOWERS.encode(), "towers.py"))
    assert report.verdict == "correct", report.reason
