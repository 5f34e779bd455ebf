"""Whole programs in every style compute under the recorder what they compute without it."""

from pathlib import Path

import numpy as np
import pytest
import scipy.special

from backproof.graph import evaluate
from backproof.trace import lowering
from backproof.trace.flow.values import same

from .runs import alike, plainly, traced

FOLDER = Path(__file__).parent.parent / "programs"
ROUNDS = 3  # of any loop over a range of at least LONG
LONG = 200
CLOCKS = {"timings"}  # what a program measures of its own running time
SEED = "import random, numpy\nrandom.seed(0)\nnumpy.random.seed(0)\n"


def _programs():
    found = sorted(path for path in FOLDER.glob("*.py") if path.stem != "conftest")
    return [pytest.param(path, id=path.stem) for path in found if "while" not in path.read_text("utf-8")]


def _short_range(*arguments):
    numbers = range(*arguments)
    return numbers[:ROUNDS] if len(numbers) >= LONG else numbers


@pytest.mark.parametrize("path", _programs())
def test_a_program_computes_the_same_and_its_graph_computes_that_again(path):
    """A few rounds of training leave the same bits in every variable; the graph evaluates to its values."""
    text = SEED + path.read_text("utf-8")
    lowering.add_scipy(scipy.special)
    plain, recorded = plainly(text, {"range": _short_range}), traced(text, {"range": _short_range})
    assert repr(plain.error) == repr(recorded.error)
    assert plain.error is None
    names = set(plain.space) - CLOCKS
    assert names == set(recorded.space) - CLOCKS
    assert [n for n in sorted(names) if not alike(plain.space[n], recorded.space[n])] == []
    trace = recorded.recorder.trace
    values = evaluate(trace.nodes)
    numbers = [n for n in trace.nodes if np.asarray(n.value).dtype.kind in "fiub"]
    assert [n for n in numbers if not same(values[n], n.value)] == []
    assert [n for n in numbers if n.operation not in ("leaf", "constant")]
