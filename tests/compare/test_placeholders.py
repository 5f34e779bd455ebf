"""Programs with placeholders of TensorFlow 1 are compared with others, without the framework."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backproof.cli import main
from backproof.compare.experiment import Experiment
from backproof.compare.placeholders import has_placeholders
from backproof.compare.report import Comparison
from backproof.compare.rows import rows
from backproof.errors import NoTrainingStepError
from backproof.source import Program

Read = Callable[[str], Experiment]
GRAPH = """\
import numpy as np
import tensorflow as tf

np.random.seed(5)
speeds = np.random.uniform(0.0, 3.0, (40, 2))
drags = (speeds[:, :1] * speeds[:, 1:]) ** 2

speed = tf.placeholder(tf.float32, [None, 2])
drag = tf.placeholder(tf.float32, shape=[None, 1])
first = tf.Variable(tf.random_normal([2, 7], stddev=0.4))
shift = tf.Variable(tf.zeros([7]))
last = tf.Variable(tf.random_normal([7, 1], 0.0, 0.4))
layer = tf.nn.tanh(tf.add(tf.matmul(speed, first), shift))
guess = tf.matmul(layer, last)
cost = tf.reduce_mean(tf.square(guess - drag), name="cost")
step = tf.train.MomentumOptimizer(0.05, momentum=0.9).minimize(cost)

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for round in range(800):
        _, now = session.run([step, cost], feed_dict={speed: speeds, drag: drags})
        if round % 100 == 0:
            print(round, now, session.run(guess, {speed: speeds})[0])
"""
BY_HAND = """\
import numpy as np

np.random.seed(6)
x = np.random.uniform(0.0, 3.0, (40, 2)).T
t = (x[:1] * x[1:]) ** 2
A = np.random.randn(7, 2) * 0.4
a = np.zeros((7, 1))
B = np.random.randn(1, 7) * 0.4
vA, va, vB = np.zeros_like(A), np.zeros_like(a), np.zeros_like(B)
for k in range(800):
    h = np.tanh(A @ x + a)
    o = B @ h
    loss = np.mean((o - t) ** 2)
    d = 2 * (o - t) / 40
    e = B.T @ d * (1 - h**2)
    vA = 0.9 * vA + e @ x.T
    va = 0.9 * va + e.sum(axis=1, keepdims=True)
    vB = 0.9 * vB + d @ h.T
    A -= 0.05 * vA
    a -= 0.05 * va
    B -= 0.05 * vB
"""


def test_a_graph_is_the_same_as_the_program_by_hand(read: Read) -> None:
    """The other way round in its matrices, with other numbers of the same law, without the framework."""
    found = rows(read(GRAPH), read(BY_HAND))
    assert Comparison(("a.py", "b.py"), tuple(found)).verdict == "same"
    told = {row.what: row for row in found}
    assert told["update"].first == told["update"].second == "momentum, rate 0.05, keeping 0.9"
    assert told["gradients"].first == "the framework's"
    assert told["steps"].first == "800"


def test_what_differs_in_a_graph_is_named(read: Read) -> None:
    """The law of the samples, and the optimizer."""
    other = GRAPH.replace("uniform(0.0, 3.0", "uniform(0.0, 1.0").replace(
        "MomentumOptimizer(0.05, momentum=0.9)", "AdamOptimizer(learning_rate=0.05)"
    )
    told = {row.what: row for row in rows(read(other), read(BY_HAND))}
    assert {what for what, row in told.items() if row.same is False} == {"inputs", "update"}
    assert told["inputs"].first == "2 numbers each, uniform on [0, 1)"
    assert told["update"].first == "Adam, rate 0.05, keeping 0.9 and 0.999"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("tf.nn.tanh(", "tf.nn.crelu(", "net.py:13: `tf.nn.crelu(tf.add"),
        ("tf.train.MomentumOptimizer(0.05, momentum=0.9)", "tf.train.FtrlOptimizer(0.05)", "FtrlOptimizer"),
        ("{speed: speeds, drag: drags}", "fed", "net.py:21: `session.run"),
    ],
)
def test_what_is_not_read_is_said(old: str, new: str, named: str, read: Read) -> None:
    """With the line or the name: nothing is guessed."""
    with pytest.raises(NoTrainingStepError, match="not read yet") as caught:
        read(GRAPH.replace(old, new))
    assert named in str(caught.value)


def test_another_framework_exits_with_2(tmp_path: Path, capsys) -> None:
    """Its gradients are not in the program, whether it is installed or not."""
    text = "import torch\nw = torch.zeros(3, requires_grad=True)\n(w * w).sum().backward()\n"
    assert not has_placeholders(Program("net.py", text))
    path = tmp_path / "net.py"
    path.write_text(text)
    assert main(["compare", str(path), str(path)]) == 2
    assert "it trains by PyTorch, which makes the gradients itself" in capsys.readouterr().err
