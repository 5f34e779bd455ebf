"""One update, and a thousand, of the question's network: equal to PyTorch's, JAX's and TensorFlow's own."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from backproof.train.kernel import compile_step
from backproof.train.network import training_step
from tests.train.runs import QUESTION, Array, assert_close, evaluated

pytestmark = pytest.mark.peer

# TensorFlow's optimiser rounds the rate to float32: all sides get that number.
RATE = float(np.float32(0.01))
STEPS = 1000
Peer = Callable[[Array, Array, Array, Array, NDArray[np.int32], list[int]], list[list[Array]]]


@pytest.fixture(scope="module")
def task() -> tuple[Array, Array, Array, Array, NDArray[np.int32]]:
    """Weights, data and order of samples as in the question, x in [0, 15)."""
    random = np.random.default_rng(14978)
    x = random.uniform(0, 15, (500, 1))
    w1, w2 = random.uniform(-1, 1, (1, 10)), random.uniform(-1, 1, (10, 1))
    return w1, w2, x, np.sin(x), random.integers(0, 500, STEPS).astype(np.int32)


def torch_run(w1, w2, x, y, order, stops):
    """PyTorch: autograd and torch.optim.SGD."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed", exc_type=ImportError)
    torch.set_num_threads(1)
    weights = [torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in (w1, w2)]
    inputs, targets = torch.tensor(x), torch.tensor(y)
    optimizer = torch.optim.SGD(weights, lr=RATE)
    seen = []
    for number, sample in enumerate(order, 1):
        optimizer.zero_grad()
        output = torch.sigmoid(inputs[sample] @ weights[0]) @ weights[1]
        (0.5 * (output - targets[sample]) ** 2).sum().backward()
        optimizer.step()
        if number in stops:
            seen.append([weight.detach().numpy().copy() for weight in weights])
    return seen


def jax_run(w1, w2, x, y, order, stops):
    """JAX: jax.grad."""
    jax = pytest.importorskip("jax", reason="JAX is not installed", exc_type=ImportError)
    before = jax.config.read("jax_enable_x64")
    jax.config.update("jax_enable_x64", True)
    try:

        def loss(weights, x, y):
            return (0.5 * (jax.nn.sigmoid(x @ weights[0]) @ weights[1] - y) ** 2).sum()

        @jax.jit
        def update(weights, x, y):
            gradients = jax.grad(loss)(weights, x, y)
            return [weight - RATE * gradient for weight, gradient in zip(weights, gradients, strict=True)]

        weights = [jax.numpy.asarray(w1), jax.numpy.asarray(w2)]
        seen = []
        for number, sample in enumerate(order, 1):
            weights = update(weights, x[sample], y[sample])
            if number in stops:
                seen.append([np.asarray(weight) for weight in weights])
        return seen
    finally:
        jax.config.update("jax_enable_x64", before)


def tensorflow_run(w1, w2, x, y, order, stops):
    """TensorFlow as in the question's second program: a graph, a session, and GradientDescentOptimizer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("tensorflow", reason="TensorFlow is not installed", exc_type=ImportError)
        import tensorflow.compat.v1 as tf

        with tf.Graph().as_default():
            inputs = tf.placeholder(tf.float64, shape=[None, 1])
            targets = tf.placeholder(tf.float64, shape=[None, 1])
            weights = [tf.Variable(w, dtype=tf.float64) for w in (w1, w2)]
            output = tf.matmul(tf.nn.sigmoid(tf.matmul(inputs, weights[0])), weights[1])
            loss = tf.square(output - targets) / 2.0
            train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
            seen = []
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                for number, sample in enumerate(order, 1):
                    session.run(train, feed_dict={inputs: [x[sample]], targets: [y[sample]]})
                    if number in stops:
                        seen.append(list(session.run(weights)))
        return seen


@pytest.mark.parametrize("peer", [torch_run, jax_run, tensorflow_run], ids=["torch", "jax", "tensorflow"])
def test_updates_equal_those_of(peer: Peer, task):
    """One update equals the peer's to 1e-12, and a thousand to 1e-9."""
    w1, w2, x, y, order = task
    first, last = peer(w1, w2, x, y, order, [1, STEPS])
    kernel = compile_step(training_step(QUESTION, [w1, w2]))
    assert_close(kernel.run([w1, w2], x, y, order[:1], RATE), first, 1e-12)
    assert_close(kernel.run([w1, w2], x, y, order, RATE), last, 1e-9)
    assert np.max(np.abs(last[1] - w2)) > 0.05  # they are far from where they started


def test_evaluator_equals_the_kernel(task):
    """The reference goes the same way for a thousand steps."""
    w1, w2, x, y, order = task
    step = training_step(QUESTION, [w1, w2])
    found = compile_step(step).run([w1, w2], x, y, order, RATE)
    assert_close(found, evaluated(step, [w1, w2], x, y, order, RATE), 1e-11)
