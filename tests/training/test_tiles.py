"""Large products in tiles inside the compiled step, against the evaluator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from llvmlite import ir

from backproof.training.kernel import blas, compile_step, host, pending, tiles
from backproof.training.kernel.lanes import Lanes
from backproof.training.kernel.precision import FLOAT64
from backproof.training.network import OPTIMIZERS, Network
from tests.training.runs import assert_close, evaluated, random_step

STEPS, SAMPLES = 3, 23


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    """However small the product, and whatever the processor and its BLAS."""
    monkeypatch.setattr(pending, "LEAST", 0)
    monkeypatch.setattr(tiles, "serve", lambda _: True)


def compare(network: Network, batch: int, dtype: str = "float64") -> str:
    """Train a few steps both ways; gives the kernel's code."""
    random = np.random.default_rng(sum(network.layers) + batch)
    step, state = random_step(network, batch, random)
    x = random.normal(size=(SAMPLES, network.layers[0]))
    y = random.normal(size=(SAMPLES, network.layers[-1]))
    order = random.integers(0, SAMPLES, (STEPS, batch)).astype(np.int32)
    kernel = compile_step(step, unrolled=False, dtype=dtype)
    bound = 1e-12 if dtype == "float64" else 2e-4
    assert_close(kernel.run(state, x, y, order, 0.03), evaluated(step, state, x, y, order, 0.03), bound)
    assert "gemm" not in kernel.module
    return kernel.module


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("layers", "batch"), [((2, 2, 2), 3), ((37, 29, 11), 2), ((5, 71, 6, 3), 13)])
def test_every_shape(layers, batch, dtype):
    """Rows, columns and depths that fill tiles, vectors and strips and that leave them open."""
    assert "tile_" in compare(Network(layers, "tanh"), batch, dtype)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(optimizer):
    """Gradients that go into more than one sum are computed once; softmax reads what is beside no garbage."""
    compare(Network((5, 7, 3), "relu", "softmax", loss="cross-entropy", optimizer=optimizer), 6)


@pytest.mark.parametrize("long", [0, 1 << 30])
def test_in_parts(monkeypatch, long):
    """A deep product is done part by part, also where a strip of the right factor is copied first."""
    monkeypatch.setattr(tiles, "DEPTH", 8)
    monkeypatch.setattr(tiles, "LONG", long)
    compare(Network((41, 37, 9), "tanh"), 19)


def test_what_is_kept_is_not_read_where_it_is_none_of_it():
    """Scratch memory that holds no numbers yet is written, not multiplied by 0; unused lanes stay 0."""
    step, state = random_step(Network((9, 7, 5), "tanh"), 6, np.random.default_rng(1))
    kernel = compile_step(step, unrolled=False)
    x, y = np.random.default_rng(2).normal(size=(6, 9)), np.random.default_rng(3).normal(size=(6, 5))
    loop = kernel.loop(state, x, y)
    order = np.arange(6, dtype=np.int32)[None]
    loop.restore([np.full_like(value, np.nan) for value in state])
    loop.advance(order, 0.1)
    loop.restore(state)
    loop.advance(order, 0.1)
    assert_close(loop.state(), evaluated(step, state, x, y, order, 0.1), 1e-12)


@pytest.mark.parametrize(
    ("core", "threads", "served"),
    [
        ("Haswell", 1, True),
        ("Zen", 2, True),
        ("SkylakeX", 1, False),
        ("Haswell", 16, False),
        (None, None, False),
    ],
)
def test_where_they_are_chosen(monkeypatch, core, threads, served):
    """Where vectors have 512 bits and the BLAS does not use them, on two threads at most; or is not there."""
    monkeypatch.undo()
    monkeypatch.setattr(blas, "core", lambda: core)
    monkeypatch.setattr(blas, "threads", lambda: threads)
    wide, narrow = (Lanes(ir.IRBuilder(), replace(host(), widest=n), 1, FLOAT64) for n in (8, 4))
    assert tiles.serve(wide) is served
    assert not tiles.serve(narrow)
    monkeypatch.setattr(blas, "find", lambda _: None)
    assert tiles.serve(wide) is (served or core is None)
