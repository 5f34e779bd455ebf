"""Large arrays that are filled item by item have one node for all that was written."""

from textwrap import dedent

import numpy as np
import pytest

from backproof.trace.flow.series import LARGE

from .runs import evaluated, plainly, traced

ROWS, COLUMNS = 70, 31
assert ROWS * COLUMNS > LARGE

# Each leaves in ``result`` what was computed from ``x``, shape (70,), by way of ``a``, shape (70, 31).
FILLED = {
    "items": "for k in range(70):\n    a[k, k % 31] = 1\nresult = a * 2.0 + x[:, None]",
    "items of rows": "for k in range(70):\n    a[k][k % 31] = x[k]\nresult = a * 2.0",
    "rows of an iteration": "for k, row in enumerate(a):\n    row[k % 7] = x[k] * 2.0\nresult = a * 2.0",
    "whole rows": "for k in range(70):\n    a[k] = x[k] * np.arange(31)\nresult = a.sum(axis=0)",
    "one number for a row": "for k in range(70):\n    a[-k - 1] = x[k]\nresult = a * 1.0",
    "an item twice": "for k in range(140):\n    a[k % 70, 3] = x[k % 70] * k\nresult = a * 1.0",
    "an item that is read": """
        for k in range(1, 70):
            a[k, 0] = x[k]
            a[k, 1] = a[k - 1, 0] + a[k, 0] * a[0, 2]
        result = a * 1.0
    """,
    "what hangs on the array itself": """
        a += x[:, None]
        for k in range(70):
            a[k] = (a[k] - a[k].mean()) / (a[k].std() + x[k])
        result = a * 1.0
    """,
    "a view that looks into it": """
        row, part = a[3], a[:, 2:5]
        for k in range(70):
            a[k, 3] = x[k]
        row[3] *= 2.0
        part[0] = 5.0
        for k in range(5):
            a[k, 4] = x[k] * 3.0
        result = row.sum() + part.sum() + a
    """,
    "another name": """
        b = a
        for k in range(70):
            b[k, 1] = x[k]
            a[k, 2] = x[k] * 2.0
        c = a
        b = b * 2.0
        result = a + b + c
    """,
    "rows and items in turn": """
        for k in range(70):
            a[k] = x[k]
            a[k, 2] = 0.5
            a[k, 3] += x[k]
        result = a * 1.0
    """,
    "a part that is no item": "a[0, 0] = x[0]\na[:, 1] = x\na[2, 2] = x[2]\na[a > 0.5] = 0.25\nresult = a",
    "a function's buffer": """
        def filled(v):
            out = np.zeros((70, 31))
            for k in range(70):
                out[k, 0] = v[k]
            return out
        class Net:
            pass
        net = Net()
        net.a = filled(x)
        net.b = filled(x * 2.0)
        net.b[1, 1] = x[5]
        result = net.a * net.b + filled(x)
    """,
}


def _text(program):
    return f"import numpy as np\na = np.zeros(({ROWS}, {COLUMNS}))\n{dedent(program).lstrip()}\n"


def _input(seed):
    return {"x": np.linspace(0.6, 1.7, ROWS) * np.random.default_rng(seed).uniform(0.99, 1.01, ROWS)}


@pytest.mark.parametrize("name", FILLED)
def test_an_array_filled_item_by_item_is_followed(name):
    """The program computes the same, and the graph at other inputs gives what the program gives there."""
    text = _text(FILLED[name])
    plain, recorded = plainly(text, _input(1)), traced(text, _input(1))
    assert recorded.error is None
    np.testing.assert_array_equal(recorded.space["result"], plain.space["result"])
    assert recorded.unknown("result") == []
    again = evaluated(recorded.node("result"), {recorded.leaves["x"]: _input(2)["x"]})
    np.testing.assert_allclose(again, plainly(text, _input(2)).space["result"], rtol=1e-9)


@pytest.mark.parametrize("name", ["items", "items of rows", "rows of an iteration", "whole rows"])
def test_the_array_is_copied_once_and_not_for_every_write(name):
    """However many items are written before it is read, the array has one new node."""
    recorded = traced(_text(FILLED[name]), _input(1))
    whole = [n for n in recorded.recorder.trace.nodes if np.shape(n.value) == (ROWS, COLUMNS)]
    assert [n.operation for n in whole if n.operation.startswith("index")] == ["index_update"]
    stores = [s for s in recorded.recorder.trace.stores if s.place[0] == "object" and s.after in whole]
    assert len(stores) == 1


@pytest.mark.parametrize(
    "write", ["a[70, 0] = 1.0", "a[0] = np.ones(5)", "a[0, 0, 0] = 1.0", "a[-71] = 1.0", "a[0] = 's'"]
)
def test_a_write_that_fails_fails_as_without_a_recorder(write):
    """The error is the same and the array is what it was."""
    tried = f"try:\n    {write}\nexcept Exception as error:\n    said = repr(error)\n"
    text = _text(f"a[1, 1] = 2.0\n{tried}result = a * 1.0")
    plain, recorded = plainly(text, _input(1)), traced(text, _input(1))
    assert recorded.space["said"] == plain.space["said"]
    np.testing.assert_array_equal(recorded.node("result").value, plain.space["result"])


def test_numbers_of_data_have_nodes_only_when_they_are_computed_with():
    """Reading a file's numbers, indices and labels makes no nodes; what is computed from an item does."""
    recorded = traced(
        "import numpy as np\n"
        "table = [[float(v) for v in line.split()] for line in ['1.5 2.5 3.5'] * 50]\n"
        "order = np.arange(50)[::-1]\n"
        "picked = [table[order[k]][1] for k in range(50)]\n"
        "text = [str(v) for v in x]\n"
        "result = picked[3] * x[order[7]]\n",
        _input(1),
    )
    nodes = recorded.recorder.trace.nodes
    assert len(nodes) < 20
    assert recorded.node("result").operands[0].value == 2.5
    assert recorded.node("result").operands[1].operands == (recorded.leaves["x"],)
    assert recorded.node("result").operands[1].attributes["index"] == 42
