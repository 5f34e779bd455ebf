"""Derivations of programs, functions and formulas: what is printed is the derivative, and reads like one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backproof.derive.account import account
from backproof.derive.as_html import as_html
from backproof.derive.as_markdown import as_latex, as_markdown
from backproof.derive.as_python import as_python
from backproof.derive.as_text import as_text
from backproof.derive.statements import statements
from backproof.derive.verified import largest_error
from backproof.deriving import (
    Request,
    derive_formula,
    derive_function,
    derive_program,
    for_all_sizes,
    parsed_shapes,
)
from backproof.errors import DerivationError
from backproof.graph import leaf
from backproof.source import program_from_bytes

from .trainings import ADAM

CLASSIFIER = b"""
import numpy as np

rng = np.random.default_rng(4)
X = rng.normal(size=(11, 5))
labels = rng.integers(0, 3, 11)
V = rng.normal(size=(5, 7))
c = rng.normal(size=7)
W = rng.normal(size=(7, 3))
b = rng.normal(size=3)

def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

h = np.tanh(X @ V + c)
p = softmax(h @ W + b)
loss = -np.mean(np.log(p[np.arange(11), labels]))
"""
TWO_OUTPUTS = """
import numpy as np
rng = np.random.default_rng(0)
X, y, W = rng.normal(size=(11, 3)), rng.normal(size=(11, 2)), rng.normal(size=(3, 2))
out = X @ W
loss = np.mean((out - y) ** 2)
"""
PENALISED = """
import numpy as np
rng = np.random.default_rng(0)
X, y, W = rng.normal(size=(11, 3)), rng.integers(0, 2, (11, 1)) * 1.0, rng.normal(size=(3, 1))
m, lam = len(X), 0.1 + rng.random()
p = 1 / (1 + np.exp(-(X @ W)))
loss = -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) / m + lam / (2 * m) * np.sum(W**2)
"""
LAYER_NORM = """
import numpy as np
rng = np.random.default_rng(0)
x, t, W = rng.normal(size=(7, 5, 3)), rng.normal(size=(7, 5, 4)), rng.normal(size=(3, 4))
g, b = rng.normal(size=4), rng.normal(size=4)
z = x @ W
m = z.mean(-1, keepdims=True)
v = ((z - m) ** 2).mean(-1, keepdims=True)
y = g * (z - m) / np.sqrt(v + 1e-5) + b
loss = np.sum((y - t) ** 2)
"""
LEAKY = """
import numpy as np
rng = np.random.default_rng(0)
X, y, W = rng.normal(size=(11, 3)), rng.normal(size=(11, 2)), rng.normal(size=(3, 2))
loss = np.sum((np.maximum(X @ W, 0.01 * (X @ W)) - y) ** 2)
"""
NORMALISED = """
import numpy as np
rng = np.random.default_rng(0)
X, W, beta = rng.normal(size=(11, 3)), rng.normal(size=(3, 5)) * 0.5, rng.normal(size=5)
for step in range(9):
    z = X @ W
    bn = (z - z.mean(axis=0)) / z.std(axis=0) + beta
    loss = np.sum(np.tanh(bn))
"""
FAULTY = """
import numpy as np
rng = np.random.default_rng(0)
X, y, W, b = rng.normal(size=(11, 3)), rng.normal(size=(11, 2)), rng.normal(size=(3, 2)), rng.normal(size=2)
for step in range(9):
    out = X @ W + b
    loss = np.sum((out - y) ** 2)
    error_of_b = (y - out).sum(axis=0)
    W -= 0.01 * X.T @ (y - out)
    b -= 0.01 * error_of_b
"""
OBJECTS = """
import numpy as np
rng = np.random.default_rng(0)
class Dense:
    def __init__(self, n, m):
        self.W = rng.normal(size=(n, m))
    def forward(self, x):
        self.x = x
        return x @ self.W
    def backward(self, g):
        back = g @ self.W.T
        self.W -= 0.1 * self.x.T @ g
        return back
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, g):
        return g * (1 - self.y**2)
layers = [Dense(3, 5), Tanh(), Dense(5, 2), Tanh()]
X, T = rng.normal(size=(11, 3)), rng.normal(size=(11, 2))
for step in range(9):
    h = X
    for layer in layers:
        h = layer.forward(h)
    loss = 0.5 * np.sum((h - T) ** 2)
    g = h - T
    for layer in reversed(layers):
        g = layer.backward(g)
"""
GATE = """
import numpy as np
rng = np.random.default_rng(0)
x, Wz, Uz, bz = rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=(5, 5)), rng.normal(size=5)
h = np.zeros((4, 5))
for a in range(1, 4):
    h[a] = np.tanh(Wz @ x + Uz @ h[a - 1] + bz)
loss = np.sum(h[3] ** 2)
"""
FUNCTION = b"""
import numpy as np

def loss(W, b, x, t):
    z = x @ W + b
    return np.sum((1 / (1 + np.exp(-z)) - t) ** 2)
"""


def _program(text: bytes):
    return program_from_bytes(text, "p.py")


def test_softmax_and_cross_entropy_become_a_difference() -> None:
    """However the loss is written, the derivative by the scores is the probability less the label."""
    derived = derive_program(_program(CLASSIFIER), Request(("V", "c", "W", "b")))
    text = statements(derived)
    assert "(p - np.eye(3)[labels]) / len(labels)" in text
    assert "1 - h**2" in text
    assert largest_error(derived, text) < 1e-12


def _text(program: str, *wrt: str) -> str:
    """The backward pass of a program, by what is named."""
    return statements(derive_program(_program(program.encode()), Request(wrt)))


def test_a_mean_is_divided_by_what_it_is_of() -> None:
    """With two outputs 2/(2 N) is not written as a division by N, which holds for two outputs only."""
    text = _text(TWO_OUTPUTS, "W")
    assert text == "dW = X.T @ (2 * (out - y) / y.size)\n"


def test_a_number_with_a_name_is_read_by_it() -> None:
    """``m`` and ``2 * m`` of the program are no 11 and 22, and what they have in common cancels."""
    text = _text(PENALISED, "W")
    assert text == "dW = lam * W / m + X.T @ ((p - y) / m)\n"


def test_layer_norm_is_compact_however_it_is_written() -> None:
    """γ·(x − μ)/σ in one quotient is a standardised value and its scale."""
    text = _text(LAYER_NORM, "W", "g")
    assert "dg = np.sum(dy * x_hat, axis=(0, 1))\n" in text
    assert "dx_hat - np.mean(dx_hat, axis=-1, keepdims=True) - x_hat * np.mean(dx_hat * x_hat" in text


def test_what_is_written_twice_is_one_value() -> None:
    """The sum in both branches of a leaky unit has one name and one derivative."""
    text = _text(LEAKY, "W")
    assert text.count("X @ W") == 1
    assert text.count("X.T @") == 1


def test_memory_of_an_optimizer_lends_no_name_to_a_gradient() -> None:
    """The derivative by W is called after it, not after the mean that Adam makes of it."""
    derived = derive_program(_program(ADAM.encode()), Request())
    assert set(derived.gradients.values()) == {"dW1", "db1", "dW2", "db2"}


def test_what_a_weight_is_made_into_is_no_parameter() -> None:
    """``bn`` is called like a bias, and computed from one; what a program trains is what it trains."""
    derived = derive_program(_program(NORMALISED.encode()), Request())
    assert {p.text for p in derived.forward.parameters} == {"W", "beta"}
    trained = derive_program(_program(FAULTY.encode()), Request())
    assert {p.text for p in trained.forward.parameters} == {"W", "b"}


def test_values_of_layer_objects_are_told_apart_by_what_holds_them() -> None:
    """``h`` is another value behind every layer: each is the attribute that the layer keeps it in."""
    text = as_python(derive_program(_program(OBJECTS.encode()), Request()))
    assert "y1 is layers[1].y" in text
    assert "y1.T @" in text


def test_parameters_of_gates_are_found() -> None:
    """``Wz``, ``Uz`` and ``bz`` are weights; a part of an array that is written to is none."""
    derived = derive_program(_program(GATE.encode()), Request())
    assert {p.text for p in derived.forward.parameters} == {"Wz", "Uz", "bz"}


def test_a_wrong_backward_pass_does_not_stand_the_test() -> None:
    """The test that every derivation has to stand can fail."""
    derived = derive_program(_program(CLASSIFIER), Request(("V", "c", "W", "b")))
    text = statements(derived)
    assert largest_error(derived, text.replace("1 - h**2", "1 - h")) > 1e-3
    assert largest_error(derived, text.replace("X.T @", "X @")) == np.inf


def test_weights_are_found_by_their_names() -> None:
    """A program without updates is derived by what is called like a weight."""
    derived = derive_program(_program(CLASSIFIER), Request())
    assert {p.text for p in derived.forward.parameters} == {"V", "W", "b"}


def test_function() -> None:
    """What a function returns is derived by its arguments that are no data."""
    shapes = parsed_shapes(["W=5,3", "b=3", "x=7,5", "t=7,3"])
    derived = derive_function(_program(FUNCTION), "loss", Request(shapes=shapes))
    assert [p.text for p in derived.forward.parameters] == ["W", "b"]
    assert largest_error(derived, statements(derived)) < 1e-12
    assert "def backward(" in as_python(derived) or as_python(derived).startswith("#")


def test_formula() -> None:
    """A formula in NumPy's words is a program of one line."""
    request = Request(("w1", "w2"), shapes={"w1": (10,), "w2": (10,)})
    derived = derive_formula("0.5*(sum(sigmoid(w1*x)*w2) - y)**2", request)
    assert largest_error(derived, statements(derived)) < 1e-12


@pytest.mark.parametrize(
    ("formula", "shapes", "wrt", "said"),
    [
        ("trace(W.T @ A @ W)", "W=(n,k) A=(n,n)", "W", "dW = z1.T + A @ W\n"),
        ("log(det(A))", "A=(n,n)", "A", "dA = np.linalg.inv(A).T\n"),
        ("sum((X @ W - T)**2) / m", "X=(n,d) W=(d,k) T=(n,k)", "W", "dW = X.T @ (2 * (z - T) / m)\n"),
    ],
)
def test_matrix_formulas_for_all_sizes(formula: str, shapes: str, wrt: str, said: str) -> None:
    """Traces, determinants, and a number that is not known: matrix form, whatever the sizes."""
    request = Request((wrt,), shapes=parsed_shapes(shapes.split()))
    derived = for_all_sizes(lambda sized: derive_formula(formula, sized), request)
    assert said in statements(derived)


def test_every_format_holds_every_gradient() -> None:
    """Text, Markdown, LaTeX and HTML each end in the backward pass."""
    told = account(derive_program(_program(CLASSIFIER), Request(("W", "b"))))
    for written in (as_text(told), as_markdown(told), as_html(told)):
        assert "dW = h.T @" in written
    assert r"\begin{align*}" in as_latex(told)
    assert "<math" in as_html(told)


def test_no_formula_of_the_page_is_cut() -> None:
    """A browser cuts the end of a math element that scrolls by itself: a box around it does that."""
    page = as_html(account(derive_program(_program(CLASSIFIER), Request(("W", "b")))))
    style = page.partition("math {")[2].partition("}")[0]
    assert "overflow" not in style
    assert page.count("<math") == page.count('<div class="formula"><math')


def test_a_mean_is_given_as_the_reason_of_a_division() -> None:
    """Why the difference of prediction and target is divided is said, not only by what."""
    told = as_markdown(account(derive_program(_program(TWO_OUTPUTS.encode()), Request(("W",)))))
    assert "what is predicted less what is wanted, over `y.size`, for the loss is a mean" in told


@pytest.mark.parametrize(
    ("formula", "request_", "said"),
    [
        ("w*", Request(("w",)), "not an expression"),
        ("sum(w*x)", Request(), "--wrt"),
        ("sum(w*x)", Request(("v",)), "the formula has no v"),
        ("sum(cost(w))", Request(("w",)), "name 'cost' is not defined"),
        ("sum(w @ x)", Request(("w",), shapes={"w": (3,), "x": (4,)}), "with these --shapes"),
        ("norm(A, 2)", Request(("A",), shapes={"A": (3, 3)}), "known by numbers only"),
    ],
)
def test_bad_formula(formula: str, request_: Request, said: str) -> None:
    """What cannot be derived is refused in a sentence."""
    with pytest.raises(DerivationError, match=said):
        as_python(derive_formula(formula, request_))


def test_missing_shapes_are_named() -> None:
    """An argument that has no value needs a shape, and the message shows how to give it."""
    with pytest.raises(DerivationError, match=r"--shapes W=5,3"):
        derive_function(_program(FUNCTION), "loss", Request())
    with pytest.raises(DerivationError, match="no function 'cost'"):
        derive_function(_program(FUNCTION), "cost", Request())


@pytest.mark.parametrize(
    ("formula", "shapes", "wrt", "said"),
    [
        ("mean(W @ x)", "W=(n,m) x=(m)", "W", "dW = np.outer(np.full_like(z, 1 / len(z)), x)\n"),
        (
            "sum(where(abs(x-y)<1, 0.5*(x-y)**2, abs(x-y)-0.5))",
            "x=(n) y=(n)",
            "x",
            "dx = np.where(np.abs(x - y) < 1, x - y, np.sign(x - y))\n",
        ),
        (
            "sum(where(X@w>0, X@w, exp(X@w)-1)*c)",
            "X=(n,m) w=(m) c=(n)",
            "w",
            "dw = X.T @ np.where(z > 0, c, c * np.exp(z))\n",
        ),
        (
            "mean((maximum(0.1*(X@w), X@w) - y)**2)",
            "X=(n,m) w=(m) y=(n)",
            "w",
            "dw = X.T @ (2 * (h - y) * np.where(z > 0, 1, 0.1) / len(y))\n",
        ),
        (
            "(x@y)/(sqrt(x@x)*sqrt(y@y))",
            "x=(n) y=(n)",
            "x",
            "dx = y / (np.sqrt(z2) * np.sqrt(y @ y)) - loss * x / z2\n",
        ),
        ("mean(log(1+exp(-y*(X@w))))", "X=(n,m) w=(m) y=(n)", "w", "z2 = -y * z1\n"),
        ("sum(x*0.5*(1+erf(x/sqrt(2))))", "x=(n)", "x", "h = scipy.special.erf(x / np.sqrt(2))\n"),
        ("(x-m)@solve(S,x-m)", "x=(n) m=(n) S=(n,n)", "S,x", "dS = -np.outer(t1, t2)\n"),
        ("sum(0.5*log(2*pi*s**2) + (x-m)**2/s)", "x=(n) m= s=", "s", "len(x) / s"),
        ("0.5*sum(exp(s) - 1 - s)", "s=(n)", "s", "ds = 0.5 * np.exp(s) - 0.5\n"),
        ("sum(sigmoid(W@x)*x) - sum(sigmoid(W@x))", "W=(n,n) x=(n)", "W", "h = sigmoid(z)\n"),
        (
            "sum((softmax((X@A)@(X@B).T/sqrt(d))@X - Y)**2)",
            "X=(t,n) A=(n,k) B=(n,k) Y=(t,n) d=",
            "A,B",
            "dz3 = p * (dp - np.sum(dp * p, axis=-1, keepdims=True)) / np.sqrt(d)\n",
        ),
        (
            "mean(((x-mean(x,axis=1,keepdims=True))/sqrt(var(x,axis=1,keepdims=True)+1e-5)*g-y)**2)",
            "x=(n,d) g=(d) y=(n,d)",
            "x,g",
            " x_hat * np.mean(dx_hat * x_hat, axis=-1, keepdims=True)) / std\n",
        ),
    ],
)
def test_formulas_of_textbooks(formula: str, shapes: str, wrt: str, said: str) -> None:
    """Branches of one condition, equal calls, roots squared, repeated numbers: as a person writes them."""
    request = Request(tuple(wrt.split(",")), shapes=parsed_shapes(shapes.split()))
    text = as_python(for_all_sizes(lambda r: derive_formula(formula, r), request))
    assert said in text


def test_the_reasons_of_attention() -> None:
    """A transposed factor, and what is divided by a number."""
    request = Request(("A", "B"), shapes=parsed_shapes(["X=7,5", "A=5,3", "B=5,3", "Y=7,7", "d="]))
    text = as_text(account(derive_formula("sum(((X@A)@(X@B).T/sqrt(d) - Y)**3)", request)), 10**4)
    assert "divided by np.sqrt(d) in loss: and so is the derivative" in text
    assert "; and turned over, as it stands there transposed" in text


SHIFTED = """
import numpy as np
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(11, 5)), np.eye(3)[rng.integers(0, 3, 11)]
W, b, gain = rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=3)
z = X @ W + b
mean = z.mean(axis=1, keepdims=True)
inv = 1 / np.sqrt(((z - mean) ** 2).mean(axis=1, keepdims=True) + 1e-5)
n = (z - mean) * inv
v = n * gain
shifted = v - np.max(v, axis=1)[:, None]
total = np.sum(np.exp(shifted), axis=1)
logp = shifted - np.log(total)[:, None]
loss = -np.sum(Y * logp) / len(X)
"""
FILTER = """
import math
x, ys = 0.5, []
for k in range(9):
    x = 0.8 * x + 0.3 * math.sin(k)
    ys.append(x)
a, raw, lr = 0.8, 0.3, 0.05
for it in range(200):
    gain = 1 / (1 + math.exp(-raw))
    m, e, nll = [0.0], [], 0.0
    for y in ys:
        pred = a * m[-1]
        e.append(y - pred)
        m.append(pred + gain * e[-1])
        nll += 0.5 * e[-1] ** 2
    a_bar = g = m_bar = 0.0
    for t in reversed(range(len(ys))):
        g += m_bar * e[t]
        pred_bar = m_bar - e[t] - m_bar * gain
        a_bar += pred_bar * m[t]
        m_bar = pred_bar * a
    a -= lr * a_bar
    raw -= lr * g * gain * (1 - gain)
"""


def test_what_is_taken_off_for_safety_leads_nowhere() -> None:
    """The maximum inside a log-softmax, an inverse deviation, and axes that are only put in."""
    request = Request(("W", "b", "gain"))
    text = as_python(derive_program(program_from_bytes(SHIFTED.encode(), "net.py"), request))
    assert "np.max" not in text.partition("d_logp")[2]
    assert "(np.sum(d_logp, axis=1) / total)[:, None] * np.exp(shifted)" in text
    assert "d_z = (d_n - np.mean(d_n, axis=-1, keepdims=True) - n * np.mean(" in text
    assert ") * inv\n" in text


def test_programs_are_looked_at_as_long_as_check_does() -> None:
    """A simulation of data is no training, though something is replaced from itself in it too."""
    text = as_python(derive_program(program_from_bytes(FILTER.encode(), "net.py"), Request()))
    assert "By a, raw: " in text


def test_what_is_a_difference_only_near_by_is_written_whole() -> None:
    """Where a short form does not stand its test the long one is given, in the reasons too."""
    given = derive_formula("sum((x - y)**3)", Request(("x",), shapes={"x": (5,), "y": (5,)}))
    right = as_python(given)
    x, wrong = given.forward.parameters[0].leaf, leaf(np.ones(5), "y")
    spoiled = replace(given, short={x: wrong}, lines=(replace(given.lines[-1], node=wrong),))
    told = account(spoiled)
    assert as_python(told.backward) == right
    assert "less what is wanted" not in as_text(told)


LENGTHS = """
import numpy as np
rng = np.random.default_rng(0)

def half(z):
    return 0.5 * z

def slope(z):
    return 0.5 * np.ones_like(z)

X, y = rng.normal(size=(11, 5)), rng.normal(size=11)
free = {"len": rng.normal(size=5), "dir": rng.normal(size=5)}
w = free["len"] * free["dir"]
loss = np.mean((half(X @ w) - y) ** 2)
"""


def test_a_parameter_that_is_called_as_a_function_is() -> None:
    """``len`` stays the function: what is called so in the program gets another name."""
    program = program_from_bytes(LENGTHS.encode(), "net.py")
    text = as_python(derive_program(program, Request(("free['len']", "free['dir']"))))
    assert "v_len is free['len']" in text.replace("\n    ", " ")
    assert "len(y)" in text


AGAIN = """
import numpy as np
rng = np.random.default_rng(0)
X, y, W = rng.normal(size=(11, 5)), rng.normal(size=(11, 5)), rng.normal(size=(5, 5))
x = X + np.sin(X @ W)
x = x * np.cos(x)
x = x**2 + np.sin(x)
loss = np.mean((x - y) ** 2)
"""


def test_values_of_one_name_are_told_together() -> None:
    """What a program calls ``x`` again and again is numbered, and said to be in that order."""
    text = as_python(derive_program(program_from_bytes(AGAIN.encode(), "net.py"), Request(("W",))))
    assert "x_1, x_2, x_3 are x, one after the other" in text


OVERWRITTEN = """
import numpy as np
rng = np.random.default_rng(0)
X, y, W = rng.normal(size=(11, 5)), rng.normal(size=(11, 3)), rng.normal(size=(5, 3))
for step in range(9):
    out = np.tanh(X @ W)
    miss = out
    miss -= y
    loss = 0.5 * np.sum(miss**2)
    dW = X.T @ (miss * (1 - (miss + y) ** 2))
    W -= 0.01 * dW
"""


def test_what_was_written_over_is_computed_again() -> None:
    """A name that holds something else when the backward pass begins is not read as it is."""
    text = as_python(derive_program(program_from_bytes(OVERWRITTEN.encode(), "net.py"), Request()))
    assert "out = np.tanh(" in text
    space: dict[str, object] = {}
    exec(OVERWRITTEN.replace("dW =", "true =").replace("W -= 0.01 * dW", "break"), space)
    exec(text, space)
    assert np.allclose(space["dW"], space["true"])  # type: ignore[arg-type]
