"""Large products by BLAS inside the compiled step, against the evaluator."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.training.kernel import Kernel, blas, compile_step, pending, tiles
from backproof.training.network import OPTIMIZERS, Network
from tests.training.runs import assert_close, evaluated, random_step

STEPS, SAMPLES = 4, 19
LARGE = Network((37, 29, 11), "tanh")

needs_blas = pytest.mark.skipif(blas.find() is None, reason="NumPy's BLAS is not found here")


def compare(network: Network, batch: int, count: int | None = None) -> Kernel:
    """Train a few steps both ways; ``count`` is how many calls of BLAS the step has."""
    random = np.random.default_rng(sum(network.layers) + batch)
    step, state = random_step(network, batch, random)
    x = random.normal(size=(SAMPLES, network.layers[0]))
    y = random.normal(size=(SAMPLES, network.layers[-1]))
    order = random.integers(0, SAMPLES, (STEPS, batch)).astype(np.int32)
    kernel = compile_step(step, unrolled=False)
    assert_close(kernel.run(state, x, y, order, 0.03), evaluated(step, state, x, y, order, 0.03), 1e-12)
    if count is not None:
        assert kernel.module.count("call void @") == count
    return kernel


@pytest.fixture
def _always(monkeypatch):
    """However small the product, and though tiles were faster."""
    monkeypatch.setattr(pending, "LEAST", 0)
    monkeypatch.setattr(tiles, "serve", lambda _: False)


@needs_blas
@pytest.mark.usefixtures("_always")
@pytest.mark.parametrize("batch", [2, 3, 8])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("layers", [(2, 2, 2), (3, 7, 2), (5, 4, 6, 3), (37, 29, 11)])
def test_every_shape(layers, bias, batch):
    """Shapes that fill and leave open every lane; all products forward and back are calls."""
    pairs = len(layers) - 1
    compare(Network(layers, "tanh", bias=bias), batch, 3 * pairs - 1)


@needs_blas
@pytest.mark.usefixtures("_always")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(optimizer):
    """Gradients that go into more than one sum are computed once."""
    compare(Network((5, 7, 3), optimizer=optimizer), 4, 5)


@needs_blas
@pytest.mark.usefixtures("_always")
def test_weight_decay_and_classes():
    """An update with a decay, and softmax with cross-entropy."""
    compare(Network((5, 7, 3), "relu", "softmax", loss="cross-entropy"), 6)
    compare(Network((5, 7, 3), decay=0.01), 6)


@needs_blas
def test_only_large_products_are_calls(monkeypatch):
    """Below a size the compiled loops do the product, as they do vectors and columns."""
    monkeypatch.setattr(tiles, "serve", lambda _: False)
    compare(Network((784, 12, 3), "relu"), 5, 2)
    compare(Network((9, 8, 3)), 5, 0)
    assert compile_step(random_step(LARGE, None, np.random.default_rng(0))[0]).module.count("gemm") == 0


def test_without_it(monkeypatch):
    """Where no BLAS is found, the loops of the kernel do it all."""
    monkeypatch.setattr(pending, "LEAST", 0)
    monkeypatch.setattr(tiles, "serve", lambda _: False)
    monkeypatch.setattr(blas, "find", lambda _="float64": None)
    compare(LARGE, 6, 0)


def test_one_thread_meanwhile():
    """Within `single_thread` OpenBLAS has one thread, afterwards as many as before."""
    library = blas._library()
    names = [
        f"{prefix}openblas_get_num_threads{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "")
    ]
    get = next((getattr(library, name) for name in names if hasattr(library, name)), None)
    if get is None:
        pytest.skip("NumPy's BLAS is not OpenBLAS")
    before = get()
    with blas.single_thread():
        assert get() == 1
    assert get() == before


def test_a_library_that_cannot_be_opened_is_none(monkeypatch):
    """Where NumPy's library cannot be opened again, or has no such function, there is no BLAS."""

    def refuse(_: str) -> None:
        raise OSError("not found")

    monkeypatch.setattr(blas.ctypes, "CDLL", refuse)
    assert blas.find.__wrapped__() is None
    monkeypatch.setattr(blas.ctypes, "CDLL", lambda _: object())
    assert blas.find.__wrapped__() is None


@needs_blas
def test_a_function_that_computes_otherwise_is_none(monkeypatch):
    """What has the name but does not give the product is not trusted."""
    monkeypatch.setattr(blas, "TRANSPOSED", blas.PLAIN)
    assert blas.find.__wrapped__() is None
