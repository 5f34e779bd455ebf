"""What an expression means at a moment of a run at which the program did not write it."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.check.nameable import beside, containers
from backproof.check.reading import Memory
from backproof.graph import Node
from backproof.source import program_from_bytes
from backproof.trace import Trace, trace_program

TEXT = """
import numpy as np
class Net:
    def __init__(self):
        self.sizes = [2, 3]
        self.layers = [np.full(2, 1.0), np.full(3, 2.0)]
net = Net()
acts, cache = [np.arange(4.0)], {-1: np.ones(2)}
for t in range(3):
    acts.append(acts[-1] + 1)
    cache[t] = cache[t - 1] * 2
    net.layers[1] -= 0.5
rows = [[i * 10.0 for i in range(3)] for _ in range(2)]
copied = net.layers[1].copy()
copied *= 0
last = acts[t] * 1.0
kept = {}
for l in range(2):
    kept["Z" + str(l)], kept["D%d" % l], kept["A%d" % l] = np.ones(2) * l, np.zeros(3), np.ones(4)
grid = np.arange(12.0).reshape(3, 4) * last[0]
"""


@pytest.fixture(scope="module")
def trace() -> Trace:
    """The run."""
    return trace_program(program_from_bytes(TEXT.encode(), "program.py"))


def read(trace: Trace, text: str, row: int | None = None) -> object:
    """What a text means at the end, or before the first value that a row makes."""
    made = [n.origin.time for n in trace.nodes if row and trace.sites[n.origin.site].span.row == row]
    found = Memory(trace, lambda node: node).read(text, (0,), made[0] if made else 10**9)
    return found.value if isinstance(found, Node) else found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("acts[t]", np.arange(4.0) + 2),
        ("acts[t + 1]", np.arange(4.0) + 3),
        ("acts[-t - 1]", np.arange(4.0) + 1),
        ("acts[len(acts) - 1][1:]", np.arange(1.0, 4) + 3),
        ("cache[t - 1]", np.full(2, 4.0)),
        ("cache[-1]", np.ones(2)),
        ("rows[1][t]", 20.0),
        ("grid[1, :-1]", np.arange(4.0, 7) * 2),
        ("grid.T[t]", np.array([2.0, 6, 10]) * 2),
        ("net.sizes[1]", 3),
        ("kept[f'A{t - 1}']", np.ones(4)),
        ("kept['Z' + str(l)]", np.ones(2)),
        ("kept['D%d' % (t - 2)]", np.zeros(3)),
    ],
)
def test_items_and_attributes(trace: Trace, text: str, value: object) -> None:
    """Items by any whole number that can be computed, attributes, nested lists, parts of arrays."""
    assert np.array_equal(np.asarray(read(trace, text)), np.asarray(value))


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("kept[f'Z{l}']", ["kept[f'A{l}']", "kept[f'D{l}']"]),
        ("kept['D' + str(l - 1)]", ["kept['A' + str(l - 1)]", "kept['Z' + str(l - 1)]"]),
        ("kept['A%d' % l]", ["kept['D%d' % l]", "kept['Z%d' % l]"]),
        ("kept['Q%d' % l]", ["kept['A%d' % l]", "kept['D%d' % l]", "kept['Z%d' % l]"]),
        ("acts[t]", []),
    ],
)
def test_items_beside(trace: Trace, text: str, others: list[str]) -> None:
    """Those of one dictionary whose keys end alike."""
    assert beside(Memory(trace, lambda node: node), text, (0,), 10**9) == others


def test_changes_in_place(trace: Trace) -> None:
    """An item that was changed in place is what it has become by then; what is done to a copy is not seen."""
    assert np.array_equal(np.asarray(read(trace, "net.layers[1]", 12)), np.full(3, 2.0))
    assert np.array_equal(np.asarray(read(trace, "net.layers[1]")), np.full(3, 0.5))


@pytest.mark.parametrize("text", ["acts[9]", "cache['x']", "nobody[t]", "acts[t", "net.nothing[0]", "t.x"])
def test_nothing(trace: Trace, text: str) -> None:
    """What the program does not hold means nothing."""
    assert read(trace, text) is None


def test_what_can_be_written(trace: Trace) -> None:
    """The lists and dictionaries that can be named are known, and the names of whole numbers."""
    memory = Memory(trace, lambda node: node)
    assert {"acts", "cache", "net.layers", "net.sizes", "rows"} <= set(containers(memory, (0,), 10**9))
    assert "t" in memory.counters((0,), 10**9)
