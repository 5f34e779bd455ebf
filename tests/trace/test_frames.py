"""Which function of the program a value was made in, and which rounds and calls it falls in."""

from textwrap import dedent

import numpy as np
import pytest

from .runs import traced


def _run(text, **given):
    recorded = traced("import numpy as np\n" + dedent(text), given)
    assert recorded.error is None
    return recorded


def _function(recorded, name):
    """The function that a global variable's value was computed in, or "" for the module."""
    trace = recorded.recorder.trace
    site = trace.frames[recorded.node(name).origin.frame].site
    return "" if site is None else trace.sites[site].text.split("(")[0].removeprefix("def ")


def _rows(recorded, kind, text):
    """The activities of the loops or calls whose source text begins with ``text``."""
    trace = recorded.recorder.trace
    return [a for a in trace.activities if a.kind == kind and trace.sites[a.site].text.startswith(text)]


def test_a_value_belongs_to_the_function_that_computes_it():
    """Inside a call it is the function's, after the call it is the module's again."""
    recorded = _run("def f(a):\n    b = a * 2.0\n    return [b]\n[inner] = f(x)\nouter = x * 3.0\n", x=1.5)
    assert _function(recorded, "inner") == "f"
    assert _function(recorded, "outer") == ""


def test_the_rounds_of_a_loop_over_a_generator_are_the_loops_own():
    """What a loop computes between two items is not the generator's, and what the generator computes is."""
    recorded = _run(
        """
        def rows(a):
            total = 0.0
            for row in a:
                total = total + row[0]
                yield total, row
        seen = []
        for part, row in rows(x):
            product = part * row
            seen.append(product)
        after = x * 2.0
        """,
        x=np.arange(6.0).reshape(3, 2),
    )
    assert _function(recorded, "part") == "rows"
    assert _function(recorded, "product") == ""
    assert _function(recorded, "after") == ""
    rounds = _rows(recorded, "round", "for part, row")
    times = [recorded.recorder.nodes.find(value).origin.time for value in recorded.space["seen"]]
    assert [[r.start < t < r.end for r in rounds].index(True) for t in times] == [0, 1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "stream = rows(x)\nfirst = next(stream)\nouter = x * 2.0\nsecond = next(stream)\nouter = outer * 1.0",
        "def all_rows(a):\n    yield from rows(a)\nfor row in all_rows(x):\n    outer = row * 2.0",
        "listed = list(rows(x))\nouter = x * 2.0",
        "a, b, c = rows(x)\nouter = x * 2.0",
        "stream = rows(x)\nnext(stream)\nstream = None\nouter = x * 2.0",
        "for row in rows(x):\n    break\nouter = x * 2.0",
        "try:\n    for row in rows(x):\n        raise ValueError\nexcept ValueError:\n    outer = x * 2.0",
        "squares = [(outer := row * 2.0) for row in rows(x)]\nouter = x * 2.0",
    ],
)
def test_a_generator_leaves_the_frame_of_whoever_asks_it(text):
    """However a generator is run, suspended or closed, the module's own expressions stay the module's."""
    given = np.arange(6.0).reshape(3, 2)
    recorded = _run(f"def rows(a):\n    for row in a:\n        yield row * 1.0\n{text}\n", x=given)
    assert _function(recorded, "outer") == ""


@pytest.mark.parametrize(
    "call",
    [
        "[f(x), sorted([3.0, 1.0], key=f), list(map(f, [1.0]))]", "np.vectorize(f)(np.ones(3))",
        "max([x], key=f)", "V() + 1.0", "V()(2.0)", "V().p", "V()[0]", "float(V())", "(lambda v: f(v))(x)",
        "sum(f(v) for v in (1.0, x))", "np.apply_along_axis(f, 0, np.ones(3))", "wrapped(x)",
    ],
)  # fmt: skip
def test_a_function_that_is_called_by_others_is_left(call):
    """Called by the library, as an operator, a property or a decorator: afterwards it is the module."""
    recorded = _run(
        f"""
        import functools
        def f(v):
            return v * 2.0
        class V:
            def __add__(self, other): return f(other)
            def __call__(self, v): return f(v)
            def __getitem__(self, k): return f(1.0)
            def __float__(self): return f(1.0)
            p = property(lambda self: f(1.0))
        def twice(g):
            @functools.wraps(g)
            def inner(v):
                return g(v) + g(v)
            return inner
        wrapped = twice(f)
        done = {call}
        outer = x * 3.0
        """,
        x=1.5,
    )
    assert _function(recorded, "outer") == ""


@pytest.mark.parametrize(
    "fails",
    [
        "f(x)", "(lambda v: v / 0.0)(x)", "[f(v) for v in (x, x)]", "sorted([x, 2.0], key=f)",
        "next(g(x))", "int('x')", "list(map(f, [x]))",
    ],
)  # fmt: skip
def test_a_function_that_fails_is_left(fails):
    """When the program catches an exception, its values and loops go on where they were."""
    recorded = _run(
        f"""
        def f(v):
            for k in range(3):
                while True:
                    v = v / 0.0
        def g(v):
            yield v / 0.0
        def safe(a):
            return a * 2.0
        for k in range(2):
            try:
                {fails}
            except (ZeroDivisionError, ValueError):
                outer = x * 3.0
            inner = [safe(outer)]
        """,
        x=1.5,
    )
    assert _function(recorded, "outer") == ""
    assert len(_rows(recorded, "round", "for k in range(2)")) == 2
    trace = recorded.recorder.trace
    calls = [trace.sites[f.call].text for f in trace.frames if f.call is not None]
    assert calls.count("safe(outer)") == 2
    assert not any(text == fails and "(" not in text for text in calls)


def test_rounds_and_calls_lie_one_inside_the_other():
    """Every round and call has an end, and of two that overlap one holds the other."""
    recorded = _run(
        """
        def step(v):
            for k in range(2):
                if k:
                    return v * 2.0
        n = 0
        while n < 3:
            n += 1
            for k in range(3):
                v = step(x * k)
                if k == 1:
                    continue
                while True:
                    v = v * 1.5
                    break
            if n == 2:
                break
        """,
        x=1.5,
    )
    spans = [(a.start, a.end) for a in recorded.recorder.trace.activities]
    assert len(_rows(recorded, "round", "while n")) == 2
    assert len(_rows(recorded, "round", "while True")) == 4
    assert len(_rows(recorded, "call", "step")) == 6
    assert all(0 < start < end for start, end in spans)
    assert all(b[0] >= a[1] or b[1] <= a[1] for a in spans for b in spans if b[0] > a[0])


def test_arguments_are_known_by_the_call_they_come_from():
    """A frame knows its call, and an argument's value is the value of the expression in the brackets."""
    recorded = _run(
        "def f(first, *, second):\n    return first * second\nout = f(x + 1.0, second=x)\n", x=1.5
    )
    trace = recorded.recorder.trace
    (frame,) = [f for f in trace.frames if f.call is not None]
    assert trace.sites[frame.call].text == "f(x + 1.0, second=x)"
    bound = {b.name: b.node for b in trace.bindings if b.frame == frame.number}
    assert trace.sites[bound["first"].origin.site].text == "x + 1.0"
    assert bound["second"].operands == (recorded.leaves["x"],)
