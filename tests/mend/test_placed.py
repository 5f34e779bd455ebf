"""A factor that could stand in several statements is put where the names want it, also beside a mistake."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

WIND = """
import numpy as np

rng = np.random.default_rng(41)


class Sails:
    def __init__(self, n, m):
        self.W, self.b = 0.5 * rng.normal(size=(n, m)), 0.1 * rng.normal(size=m)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g):
        self.dW, self.db = self.x.T @ g, g.sum(axis=0)
        return g @ self.W.T


wind, speed = rng.normal(size=(13, 3)), rng.normal(size=(13, 1))
low, high = Sails(3, 5), Sails(5, 1)
for turn in range(3000):
    h = low.forward(wind)
    r = np.tanh(h)
    out = high.forward(r)
    loss = np.mean((out - speed) ** 2)
    dout = 2 * (out - speed) / len(speed)
    dh = high.backward(dout) * (1 - r ** 2)
    low.backward(dh)
    for sails in (low, high):
        for p, g in ((sails.W, sails.dW), (sails.b, sails.db)):
            p -= 0.05 * g
"""

GEARS = """
import numpy as np

rng = np.random.default_rng(22)
teeth, load = rng.normal(size=9), rng.normal(size=9)
u, v, c, m, s = 0.7, -0.4, 0.2, 0.5, 0.3
for turn in range(9000):
    x, t = teeth[turn % 9], load[turn % 9]
    n = u * x + m
    h = np.tanh(n)
    out = v * h + c + s * x
    loss = 0.5 * (out - t) ** 2
    e = out - t
    dv = e * h
    dh = e * v * (1 - h ** 2)
    du = dh * x
    ds = e * x
    u -= 0.1 * du
    v -= 0.1 * dv
    s -= 0.1 * ds
    m -= 0.1 * dh
    c -= 0.1 * e
"""


def _found(text: str, *edits: tuple[str, str]) -> list[tuple[int, str | None]]:
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert all(f.mended for f in errors)
    return [(f.span.row, f.expected) for f in errors if f.span]


def test_a_name_says_of_which_value_it_holds_the_adjoint() -> None:
    """What is handed back is the adjoint of the activation, and its name that of what goes into it."""
    found = _found(WIND, (" * (1 - r ** 2)", ""))
    assert found == [(28, "high.backward(dout) * (1 - r ** 2)")]


def test_a_factor_beside_another_mistake() -> None:
    """It is put where it stands with the other mistake mended: at the product, not at the update."""
    found = _found(GEARS, ("dv = e * h", "dv = e"), ("1 - h ** 2", "1 - n ** 2"))
    assert found == [(14, "e * h"), (15, "h")]


def test_a_sign_beside_a_factor() -> None:
    """With the factor put in, all gradients are turned: at the difference, not where they are applied."""
    found = _found(WIND, (" * (1 - r ** 2)", ""), ("2 * (out - speed)", "2 * (speed - out)"))
    assert found == [(27, "out - speed"), (28, "high.backward(dout) * (1 - r ** 2)")]


KITES = """
import numpy as np

rng = np.random.default_rng(45)


class Dense:
    def __init__(self, n, m):
        self.W, self.b = rng.normal(size=(n, m)) / np.sqrt(n), 0.1 * rng.normal(size=m)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(axis=0)
        return grad @ self.W.T


class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


layers = [Dense(4, 6), Relu(), Dense(6, 5), Relu(), Dense(5, 2)]
wind, height = rng.normal(size=(19, 4)), rng.normal(size=(19, 2))
for turn in range(3000):
    a = wind
    for layer in layers:
        a = layer.forward(a)
    loss = 0.5 * np.sum((a - height) ** 2)
    grad = a - height
    for layer in layers[::-1]:
        grad = layer.backward(grad)
    for layer in layers[::2]:
        layer.W -= 0.01 * layer.dW
        layer.b -= 0.01 * layer.db
"""


def test_a_factor_that_is_kept_is_not_computed_anew() -> None:
    """Beside another mistake as well the mask belongs in the layer that keeps it."""
    found = _found(KITES, ("grad.sum(axis=0)", "grad[0]"), ("return grad * self.mask", "return grad"))
    assert found == [(17, "np.sum(grad, axis=0)"), (27, "grad * self.mask")]


DUNES = """
import numpy as np

rng = np.random.default_rng(31)
wind, sand = rng.normal(size=(17, 3)), rng.normal(size=(17, 2))
U, c = 0.5 * rng.normal(size=(3, 4)), 0.1 * rng.normal(size=4)
V, d = 0.5 * rng.normal(size=(4, 2)), 0.1 * rng.normal(size=2)
for turn in range(3000):
    a = np.tanh(wind @ U + c)
    y = a @ V + d
    loss = 0.5 * np.sum((y - sand) ** 2)
    miss = y - sand
    miss *= 1.0
    gV, gd = a.T @ miss, miss.sum(axis=0)
    da = miss @ V.T
    dz = da * (1 - a ** 2)
    gU, gc = wind.T @ dz, dz.sum(axis=0)
    V += -0.01 * gV
    d += -0.01 * gd
    U += -0.01 * gU
    c += -0.01 * gc
"""


def test_a_sign_that_all_updates_beside_one_have() -> None:
    """The update that lacks it is mended, and not what it is computed from."""
    assert _found(DUNES, ("d += -0.01 * gd", "d += 0.01 * gd")) == [(19, "-0.01 * gd")]
    text = DUNES.replace("+= -0.01", "-= 0.01")
    found = _found(text, ("c -= 0.01 * gc", "c += 0.01 * gc"), ("V -= 0.01 * gV", "V -= 0.01 * V"))
    assert found == [(18, "gV"), (21, "c -= 0.01 * gc")]


def test_a_sign_of_two_updates_beside_others() -> None:
    """What a parameter is replaced by keeps the parameter: `0.01 * gV - V` is no update."""
    text = DUNES.replace("miss = y - sand", "miss = sand - y")
    for name, sign in (("V", "-"), ("d", "-"), ("U", "+"), ("c", "+")):
        text = text.replace(f"{name} += -0.01 *", f"{name} = {name} {sign} 0.01 *")
    assert _found(text) == [(18, "V + 0.01 * gV"), (19, "d + 0.01 * gd")]


def test_a_sign_is_placed_where_names_hold_what_they_say() -> None:
    """Where all goes up the loss, `da` is the derivative by `a` already: it is the updates that are wrong."""
    text = DUNES[: DUNES.index("    V +=")]
    loop = "    for p, g in ((V, gV), (d, gd), (U, gU), (c, gc)):\n        p {} 0.01 * g\n"
    assert _found(text + loop.format("+=")) == [(19, "p -= 0.01 * g")]
    assert _found(text + loop.format("-="), ("miss = y - sand", "miss = sand - y")) == [(12, "y - sand")]
