"""Whole runs: a program in a process of its own, its modules, what it lacks, and when it is stopped."""

import importlib.util
from textwrap import dedent

import numpy as np
import pytest

from backproof.graph import ancestors
from backproof.source import Program
from backproof.trace import trace_program


def _trace(folder, text, **keywords):
    return trace_program(Program(str(folder / "net.py"), dedent(text).lstrip("\n")), **keywords)


def _last(trace, name):
    return next(node for node in reversed(trace.nodes) if node.name == name)


TRAINING = """
    import numpy as np
    np.random.seed(5)
    x, t = np.random.rand(5, 3), np.random.rand(5, 2)
    w = np.random.randn(3, 2)
    for step in range(100_000_000):
        w -= 0.1 * x.T @ (x @ w - t)
    print("never printed")
"""


def test_a_run_is_stopped_after_a_few_updates(tmp_path):
    """Of a hundred million rounds only as many are run as were asked for, and all of these are whole."""
    trace = _trace(tmp_path, TRAINING, steps=3)
    assert trace.ended == "stopped"
    updates = [s for s in trace.stores if s.place[0] == "object"]
    assert len(updates) == 3
    rounds = [a for a in trace.activities if a.kind == "round"]
    assert [sum(r.start < s.time < r.end for s in updates) for r in rounds] == [1, 1, 1]


def test_a_program_without_updates_runs_to_its_end(tmp_path):
    """What only computes is recorded to the end; the last value is there."""
    trace = _trace(tmp_path, "total = 0.0\nfor k in range(7):\n    total = total + k * 0.5\n")
    assert trace.ended == "finished"
    assert _last(trace, "total").value == 10.5


def test_a_stopped_run_is_not_held_up_by_what_the_program_catches(tmp_path):
    """A bare except and a finally around the training loop do not keep the run going."""
    trace = _trace(
        tmp_path,
        """
        w = 0.75
        while True:
            try:
                grad = 2.0 * w
                w = w - 0.1 * grad
            except:
                pass
            finally:
                w = w * 1.0
        """,
        seconds=8.0,
    )
    assert trace.ended == "stopped"


def test_the_programs_own_modules_are_followed(tmp_path):
    """Values that come from modules and packages beside the program, and their functions, are recorded."""
    package = tmp_path / "parts"
    package.mkdir()
    (package / "__init__.py").write_text("from .start import weights as W\nfrom . import start\n")
    (package / "start.py").write_bytes(
        b"\xef\xbb\xbf# \xc3\xa9\r\nimport numpy as np\r\nweights = np.full((3, 2), 0.25)\r\nrate = 0.5\r\n"
    )
    (tmp_path / "layers.py").write_text(
        "import numpy as np\nrate = 0.125\nclass Net:\n    def __init__(self, w):\n        self.w = w\n"
        "    def forward(self, x):\n        return np.tanh(x @ self.w.T)\nx = np.ones((5, 2))\n"
    )
    trace = _trace(
        tmp_path,
        """
        import layers, parts
        import parts.start as start
        from layers import Net, x
        from parts import W
        rate = 4.0
        net = Net(W)
        bare = x.T @ net.forward(x)
        moved = W.T * parts.start.rate
        start.rate *= layers.rate
        parts.W[0] = start.rate
        done = W * 1.0
        """,
    )
    assert trace.ended == "finished"
    weights = _last(trace, "weights")
    assert trace.sites[weights.origin.site].file.endswith("start.py")
    assert trace.sites[weights.origin.site].span.row == 3
    for name in ("bare", "moved", "done"):
        assert weights in ancestors([_last(trace, name)]), name
    assert {node.operation for node in ancestors([_last(trace, "bare")])} >= {"tanh", "transpose", "matmul"}
    np.testing.assert_allclose(_last(trace, "done").value, [[0.0625] * 2, [0.25] * 2, [0.25] * 2])
    names = {s.place[1:] for s in trace.stores if s.place[0] == "name" and s.place[2] == "rate"}
    assert len(names) == 3  # one in each module
    rates = [s for s in trace.stores if s.place == ("name", 0, "rate")]
    assert [s.before for s in rates] == [None]


def test_missing_imports_and_removed_names_are_supplied_and_told(tmp_path):
    """A pasted program that lacks its imports runs, and the trace says in which row what was needed first."""
    trace = _trace(
        tmp_path,
        """
        w = np.array([0.5, 1.5], dtype=np.float)
        b = np.math.exp(0.25) * sin(0.5) + math.e
        c = np.product(w) * np.math.e
        """,
    )
    assert trace.ended == "finished"
    told = dict(trace.supplied)
    assert told["import numpy as np"] == 1
    assert told["import math"] == 2
    assert told["from math import sin"] == 2
    assert {text.split(",")[0]: row for text, row in trace.supplied if "removed" in text} == {
        "np.float": 1, "np.math": 2, "np.product": 3,
    }  # fmt: skip
    assert _last(trace, "b").value == pytest.approx(np.exp(0.25) * np.sin(0.5) + np.e)
    assert {n.operation for n in ancestors([_last(trace, "c")])} >= {"prod", "multiply"}


def test_functions_that_numba_would_compile_are_followed(tmp_path):
    """Its decorators leave functions as they are, installed or not; where it is not, the trace says so."""
    trace = _trace(
        tmp_path,
        """
        import numba
        import numpy as np
        from numba import jit, njit, prange, vectorize, float64
        @njit
        def half(v):
            return v * 0.5
        @jit(nopython=True, parallel=True)
        def total(a):
            t = 0.0
            for k in prange(len(a)):
                t += half(a[k])
            return t
        @numba.njit("float64(float64)", cache=True)
        def shifted(v):
            return v + 1.0
        @vectorize([float64(float64)])
        def squared(v):
            return v * v
        w = np.array([0.5, 1.5, 2.5])
        result = shifted(total(w)) + squared(w)
        """,
    )
    assert trace.crash is None
    assert trace.ended == "finished"
    assert not any(node.operation == "unknown" for node in trace.nodes)
    assert _last(trace, "w") in ancestors([_last(trace, "result")])
    np.testing.assert_allclose(_last(trace, "result").value, 3.25 + np.array([0.25, 2.25, 6.25]))
    told = [row for text, row in trace.supplied if "numba" in text]
    assert told == ([1] if importlib.util.find_spec("numba") is None else [])


def test_a_trace_comes_back_from_the_process_whole(tmp_path):
    """Nodes, operands, stores, frames and bindings are the same objects to each other as in the process."""
    trace = _trace(tmp_path, TRAINING, steps=2)
    known = set(ancestors(trace.nodes))
    assert all(s.after in known and (s.before is None or s.before in known) for s in trace.stores)
    assert all(n.origin is None or n.origin.frame < len(trace.frames) for n in known)
    assert all(n.origin is None or n.origin.site < len(trace.sites) for n in known)
    first, second = [s for s in trace.stores if s.place[0] == "object"]
    assert second.before is first.after
    assert trace.labels[first.place] == "w"
    assert len(trace.random) == 3


def test_a_run_is_stopped_after_updates_of_what_an_object_hands_out(tmp_path):
    """Where the statement that updates calls a parameter by another name than the forward pass."""
    trace = _trace(
        tmp_path,
        """
        import numpy as np
        rng = np.random.default_rng(6)
        x, t = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
        class Layer:
            def __init__(self):
                self.w, self.b = rng.normal(size=(3, 2)), rng.normal(size=2)
            def forward(self, x):
                self.x = x
                return x @ self.w + self.b
            def backward(self, d):
                self.dw, self.db = self.x.T @ d, d.sum(axis=0)
            def values(self):
                return self.w, self.b
            def slopes(self):
                return self.dw, self.db
        layer = Layer()
        for step in range(100_000_000):
            layer.backward(layer.forward(x) - t)
            for value, slope in zip(layer.values(), layer.slopes()):
                value -= 0.01 * slope
        """,
        steps=3,
        seconds=8.0,
    )
    assert trace.ended == "stopped"
    assert len(trace.nodes) < 100


def test_a_run_is_stopped_after_updates_of_all_parameters_as_one_vector(tmp_path):
    """Where they are joined, changed and cut apart again, in a helper that a gradient check called before."""
    trace = _trace(
        tmp_path,
        """
        import numpy as np
        rng = np.random.default_rng(8)
        x, t = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
        class Net:
            def __init__(self):
                self.w, self.b = rng.normal(size=(3, 2)), rng.normal(size=2)
            def joined(self):
                return np.concatenate((self.w.ravel(), self.b))
            def cut(self, vector):
                self.w, self.b = vector[:6].reshape(3, 2), vector[6:]
            def loss(self):
                return 0.5 * np.sum((x @ self.w + self.b - t) ** 2)
            def slopes(self):
                d = x @ self.w + self.b - t
                return np.concatenate(((x.T @ d).ravel(), d.sum(axis=0)))
        net = Net()
        start, moved, measured = net.joined(), np.zeros(8), np.zeros(8)
        for k in range(8):
            moved[k] = 1e-4
            net.cut(start + moved)
            above = net.loss()
            net.cut(start - moved)
            measured[k] = (above - net.loss()) / 2e-4
            moved[k] = 0
        net.cut(start)
        for step in range(100_000_000):
            net.cut(net.joined() - 0.01 * net.slopes())
        """,
        steps=3,
        seconds=8.0,
    )
    assert trace.ended == "stopped"
    assert len(trace.nodes) < 1000


def test_objects_of_the_program_as_keys(tmp_path):
    """They stand for themselves, and a place is called as the program can write it."""
    trace = _trace(
        tmp_path,
        """
        class Unit:
            def __init__(self, start):
                self.value, self.weights = start, {}
        units = [Unit(0.5), Unit(1.25)]
        last = Unit(0.0)
        for unit in units:
            last.weights[unit, "in"] = 2.0
        for unit in units:
            last.weights[unit, "in"] += unit.value
        """,
    )
    assert trace.ended == "finished"
    places = dict.fromkeys(s.place for s in trace.stores if s.place[0] == "item")
    assert len(places) == 2
    assert len({place[2] for place in places}) == 2
    assert {trace.labels[place] for place in places} == {
        "last.weights[units[0], 'in']",
        "last.weights[units[1], 'in']",
    }
