"""What the recorder cannot see becomes an unknown value, and never the value of a wrong expression."""

from textwrap import dedent

import numpy as np
import pytest

from backproof.graph import ancestors, evaluate

from .runs import evaluated, plainly, traced

# Each computes ``result`` from the array ``x``, shape (3, 2), in a way that no operation expresses.
UNSEEN = {
    "sorted in place": "a = x * 2.0\na.sort(axis=0)\nresult = a * 1.0",
    "written by a library function": "a = x * 2.0\nnp.place(a, a > 1.0, [7.0])\nresult = a.sum()",
    "written through its buffer": "a = x * 2.0\nmemoryview(a)[0, 1] = 9.0\nresult = a * 3.0",
    "written through its flat iterator": "a = x * 2.0\na.flat[2] = 9.0\nresult = a * 3.0",
    "written through a strided view": """
        a = x * 2.0
        view = np.lib.stride_tricks.as_strided(a, (2,), (16,))
        view[1] = 9.0
        result = a * 1.0
    """,
    "written by the code of a class body": """
        a = x * 2.0
        class Body:
            a[0] = 5.0
        result = a * 1.0
    """,
    "evaluated from text": "result = eval('x * 2.0') + 1.0",
    "a library that calls the program": "result = np.piecewise(x, [x > 0], [lambda v: v / 2.0, 1.0]) * 2.0",
    "complex numbers": "result = np.fft.ifft(np.fft.fft(x, axis=0) * 2.0, axis=0).real",
    "a function that is not the same every time": """
        import scipy.stats
        result = scipy.stats.norm.rvs(x)
    """,
    "integers that are shifted": "k = np.int64(x[0, 0] * 10)\nresult = (k << 2) * 0.5",
    "the power of a matrix": "result = np.asarray(np.matrix(x[:2]) ** 3)",
    "arrays of objects": """
        class V:
            made = 0
            def __init__(self, a):
                V.made += 1
                self.a = a
            def __mul__(self, k):
                return V(self.a * k)
            __add__ = lambda self, other: V(self.a + other.a)
        a = np.array([V(x[0, 0]), V(x[0, 1])])
        b = a * 2.0
        b += a
        c = np.sum(np.dot(b, np.array([1.0, 2.0])))
        a[0] = b[1]
        count = V.made
        result = (a[0].a + count) * eval("1.0 + x[0, 0]")
    """,
    "arrays of Python numbers": "result = (np.frompyfunc(lambda v: v * 2.0, 1, 1)(x) * 1.0).astype(float)",
}


def _text(program):
    return "import numpy as np\n" + dedent(program).lstrip("\n") + "\n"


def _input(seed):
    near = np.random.default_rng(seed).uniform(0.97, 1.03, (3, 2))
    return {"x": np.array([[0.9, 1.7], [-0.4, -1.1], [0.6, 0.3]]) * near}


@pytest.mark.parametrize("name", UNSEEN)
def test_a_value_that_could_not_be_followed_is_known_to_be_unknown(name):
    """The program computes what it does without a recorder, and the result hangs on an unknown leaf."""
    text = _text(UNSEEN[name])
    plain, recorded = plainly(text, _input(1)), traced(text, _input(1))
    assert plain.error is None
    assert recorded.error is None
    np.testing.assert_array_equal(recorded.space["result"], plain.space["result"])
    assert plain.space.get("count") == recorded.space.get("count")
    assert recorded.unknown("result")
    np.testing.assert_allclose(recorded.node("result").value, plain.space["result"])


CALLED_AGAIN = {
    "several results": "u, s, v = np.linalg.svd(x)\nresult = s * 2.0",
    "one of several results": "s, d = np.linalg.slogdet(x[:2])\nresult = s * d",
    "a result of the library in a list": "result = np.gradient(x)[0] + 1.0",
    "a method of an array": "result = np.abs(x).cumprod(axis=0)",
    "a call that no operation expresses": "result = np.median(x) * x",
    "a function of each element": "import scipy.special\nresult = scipy.special.gammaln(x * x + 1.0)",
    "a method of a library's object": "from scipy.stats import norm\nresult = norm.cdf(x, 0.5, scale=2.0)",
    "arguments in lists and by name": "result = np.interp(x=[x[0, 1], 0.5], xp=[0, 4], fp=[x[1, 1], 2])",
    "an array that is overwritten afterwards": """
        a = x * 2.0
        result = np.cbrt(a)
        a[0] = 7.0
    """,
}


@pytest.mark.parametrize("name", CALLED_AGAIN)
def test_what_no_operation_expresses_is_called_again(name):
    """At other points the value is what the program computes there, and the complex step is its slope."""
    text = _text(CALLED_AGAIN[name])
    recorded = traced(text, _input(1))
    assert recorded.error is None
    assert recorded.unknown("result") == []
    node, x = recorded.node("result"), recorded.leaves["x"]
    assert any(n.operation == "opaque" for n in ancestors([node]))
    other = _input(2)["x"]
    np.testing.assert_allclose(evaluated(node, {x: other}), plainly(text, {"x": other}).space["result"])
    toward, h = np.random.default_rng(3).normal(size=x.value.shape), 1e-6
    up, down = (plainly(text, {"x": other + s * h * toward}).space["result"] for s in (1, -1))
    along = evaluate([node], {x: other + 1e-200j * toward}, np.complex128)[node]
    np.testing.assert_allclose(np.imag(along) / 1e-200, (up - down) / (2 * h), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    "text",
    [
        "a = np.array([1.0, 2.0, 3.0, 4.0])\nnp.random.shuffle(a)\nresult = a[:3] @ x",
        "a = [0.5, 1.5, 2.5]\nimport random\nrandom.shuffle(a)\nresult = np.array(a) @ x",
        "result = np.random.normal(0.5, 2.0, (3, 2)) * x",
        "result = np.random.permutation(3) @ x",
        "result = np.linspace(0.0, 1.5, 3) @ x + np.arange(0.5, 2.5)",
        "import time\nresult = (time.time() > 0.5) * x",
    ],
)
def test_data_and_random_numbers_are_not_unknown(text):
    """What hangs on no value of the program but literals is data, whoever computed it."""
    recorded = traced(_text(text), _input(1))
    assert recorded.error is None
    assert recorded.unknown("result") == []


def test_a_name_is_never_what_another_name_became():
    """Two names of one array keep their values when one of them gets another array, and share every write."""
    text = _text(
        """
        a = x * 1.0
        b, kept = a, a.copy()
        c = [a, b]
        a = a + 1.0
        b -= 0.5
        c[0] *= 2.0
        d = {"w": c[1]}
        d["w"][0] = a[0]
        result = a * b + c[0] * d["w"] + kept
        """
    )
    recorded = traced(text, _input(1))
    assert recorded.unknown("result") == []
    again = evaluated(recorded.node("result"), {recorded.leaves["x"]: _input(2)["x"]})
    np.testing.assert_allclose(again, plainly(text, _input(2)).space["result"], rtol=1e-12)


def test_every_node_has_the_value_that_its_operation_gives():
    """Of a program with a bit of everything, no node says anything but what its operation computes."""
    text = _text(
        """
        import math
        a, total = x.astype(np.float32), 0.0
        for k, row in enumerate(a):
            total += math.exp(float(row[0])) * k
            a[k] = np.where(row > 0, row, 0.1 * row)
        z = np.exp(1j * x)
        n = np.arange(6).reshape(3, 2) % 4
        mask = (abs(z) > 0.5) & (n < 3)
        m = np.matrix(x) * np.matrix(x).T
        result = total + (a * mask).sum() + m[0, 1] + z.real.mean() + (n // 2).max()
        """
    )
    recorded = traced(text, _input(1))
    assert recorded.error is None
    checked = 0
    for node in recorded.recorder.trace.nodes:
        if node.operands:
            np.testing.assert_allclose(
                evaluated(node, {o: o.value for o in node.operands}), node.value, rtol=1e-5
            )
            checked += 1
    assert checked > 50
