"""The derivation that ``--verbose`` shows: NumPy in the names of the program, which gives the gradient."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backproof.check.judge import judge
from backproof.check.judgement import Judgement
from backproof.diagnosis.derivation import derivation
from backproof.graph import ancestors
from backproof.pipeline import check_program
from backproof.source import program_from_bytes
from backproof.trace import trace_program

PROGRAM = """\
import numpy as np

rng = np.random.default_rng(5)
X = rng.standard_normal((9, 4))
Y = (rng.uniform(size=(9, 1)) > 0.5) * 1.0
W1, b1 = rng.standard_normal((4, 6)), rng.standard_normal(6)
W2, b2 = rng.standard_normal((6, 1)), rng.standard_normal((1, 1))


def squash(v):
    return 1 / (1 + np.exp(-v))


for step in range(100):
    Z1 = X @ W1 + b1
    H = np.tanh(Z1)
    S = H @ W2 + b2
    A = squash(S)
    loss = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dS = (A - Y) / len(X)
    dZ1 = dS @ W2.T * (1 - H**2)
    gW1, gb1, gW2, gb2 = X.T @ dZ1, dZ1.sum(0), H.T @ dS, {bias}
    W1 -= 0.1 * gW1
    b1 -= 0.1 * gb1
    W2 -= 0.1 * gW2
    b2 -= 0.1 * gb2
"""


@pytest.fixture(scope="module")
def judgement() -> Judgement:
    """The judged step of the right program."""
    text = PROGRAM.format(bias="dS.sum(keepdims=True)")
    found = judge(trace_program(program_from_bytes(text.encode(), "p.py"), steps=4, seconds=20.0))
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_the_lines_run_and_give_the_gradient(judgement: Judgement, name: str) -> None:
    """Executed one after the other on the recorded values, the lines end at the true gradient."""
    step = judgement.step
    space = {node.name: node.value for node in ancestors([step.loss]) if node.name} | {"np": np}
    lines = derivation(judgement, name)
    for line in lines:
        exec(line, space)
    last = re.match(r"\w+", lines[-1])
    number = [p.name for p in step.parameters].index(name)
    assert last is not None
    assert last[0] == f"d_{name}"
    # the constants are written in four digits
    np.testing.assert_allclose(space[last[0]], step.truths[number].value, rtol=1e-3)


def test_a_line_says_its_shape_and_why_it_sums_or_transposes(judgement: Judgement) -> None:
    """The bias is summed because it was broadcast; the weights' lines go back through a product."""
    (bias,) = [line for line in derivation(judgement, "b1") if line.startswith("d_b1")]
    assert bias == "d_b1 = np.sum(d_Z1, axis=0)    # 6; summed: b1 was broadcast to 9 × 6"
    (hidden,) = [line for line in derivation(judgement, "b1") if line.startswith("d_H")]
    assert hidden == "d_H = d_S @ W2.T    # 9 × 6; transposed: it goes back through the product"


def test_only_who_asks_gets_it() -> None:
    """A finding has the derivation of its gradient when that is asked for, and is the same else."""
    program = program_from_bytes(PROGRAM.format(bias="-dS.sum(keepdims=True)").encode(), "p.py")
    plain, told = check_program(program), check_program(program, explain=True)
    assert [f.name for f in plain.findings] == [f.name for f in told.findings] == ["sign-flipped"]
    assert plain.findings[0].derivation == ()
    assert told.findings[0].derivation[-1].startswith("d_b2 = np.sum(d_S, axis=0, keepdims=True)")
