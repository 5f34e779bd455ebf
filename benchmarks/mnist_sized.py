"""An epoch of a network of MNIST's size against careful NumPy: `python benchmarks/mnist_sized.py`.

784-128-10, relu, softmax with cross-entropy, batches of 64 of 60,000 synthetic samples, plain gradient
descent. The NumPy is written by hand as well as NumPy allows: every array is allocated once, everything is
computed in place, the derivative of softmax with cross-entropy is p − y. Both start from the same weights and
see the same batches, in turn in the same process; the weights at the end are held against each other.
`--threads` sets what BLAS may use, for both.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from typing import Any

BATCH, SAMPLES, RATE = 64, 60_000, 0.1
LAYERS = (784, 128, 10)
NAMES = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"


def arguments() -> argparse.Namespace:
    """Read the options; the number of threads has to be known before NumPy is loaded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if any(os.environ.get(name) != str(options.threads) for name in NAMES):
        environment = os.environ | dict.fromkeys(NAMES, str(options.threads))
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)
    return options


def by_hand(np: Any, weights: Sequence[Any], x: Any, y: Any, order: Any, rate: float) -> None:
    """One epoch in NumPy, the weights changed in place."""
    w1, b1, w2, b2 = weights
    kind = w1.dtype
    inputs, targets = np.empty((BATCH, LAYERS[0]), kind), np.empty((BATCH, LAYERS[2]), kind)
    hidden, slope = np.empty((BATCH, LAYERS[1]), kind), np.empty((BATCH, LAYERS[1]), bool)
    back, out = np.empty_like(hidden), np.empty_like(targets)
    line = np.empty((BATCH, 1), kind)
    g1, g2, gb1, gb2 = (np.empty_like(weight) for weight in (w1, w2, b1, b2))
    scale = kind.type(rate / BATCH)
    for rows in order:
        np.take(x, rows, axis=0, out=inputs, mode="clip")
        np.take(y, rows, axis=0, out=targets, mode="clip")
        np.matmul(inputs, w1, out=hidden)
        np.add(hidden, b1, out=hidden)
        np.maximum(hidden, 0, out=hidden)
        np.matmul(hidden, w2, out=out)
        np.add(out, b2, out=out)
        np.max(out, axis=1, keepdims=True, out=line)
        np.subtract(out, line, out=out)
        np.exp(out, out=out)
        np.sum(out, axis=1, keepdims=True, out=line)
        np.divide(out, line, out=out)
        np.subtract(out, targets, out=out)
        np.multiply(out, scale, out=out)
        np.matmul(out, w2.T, out=back)
        np.greater(hidden, 0, out=slope)
        np.multiply(back, slope, out=back)
        np.matmul(hidden.T, out, out=g2)
        np.sum(out, axis=0, out=gb2)
        np.matmul(inputs.T, back, out=g1)
        np.sum(back, axis=0, out=gb1)
        for weight, gradient in zip(weights, (g1, gb1, g2, gb2), strict=True):
            np.subtract(weight, gradient, out=weight)


def main() -> int:
    """Race, print a table or JSON, and check that both end at the same weights."""
    options = arguments()
    import numpy as np

    from backproof.training.kernel import compile_step, host
    from backproof.training.network import Network, initial_parameters, training_step

    random = np.random.default_rng(0)
    x = random.random((options.samples, LAYERS[0]))
    y = np.eye(LAYERS[2])[random.integers(0, LAYERS[2], options.samples)]
    steps = options.samples // BATCH
    order = random.permutation(options.samples)[: steps * BATCH].reshape(steps, BATCH).astype(np.int32)
    network = Network(LAYERS, "relu", "softmax", loss="cross-entropy")
    start = initial_parameters(network, 0)
    results: dict[str, Any] = {}
    for kind in ("float64", "float32"):
        kernel = compile_step(training_step(network, start, BATCH), dtype=kind)
        data = x.astype(kind), y.astype(kind)
        loop = kernel.loop(start, *data)
        seconds: dict[str, list[float]] = {"backproof": [], "NumPy by hand": []}
        for _ in range(options.rounds):
            loop.restore(start)
            began = time.perf_counter()
            loop.advance(order, RATE)
            seconds["backproof"].append(time.perf_counter() - began)
            weights = [value.astype(kind) for value in start]
            began = time.perf_counter()
            by_hand(np, weights, *data, order, RATE)
            seconds["NumPy by hand"].append(time.perf_counter() - began)
        distance = max(
            float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(loop.state(), weights, strict=True)
        )
        best = {name: min(values) for name, values in seconds.items()}
        ratio = best["backproof"] / best["NumPy by hand"]
        results[kind] = {"seconds": best, "ratio": ratio, "distance": distance}
    if options.json:
        print(json.dumps({"threads": options.threads, **results}))
    else:
        print(
            f"{platform.machine()}, {host().cpu}; {'-'.join(map(str, LAYERS))}, batches of {BATCH},", end=" "
        )
        print(
            f"{options.samples:,} samples, BLAS threads: {options.threads}; best of {options.rounds} epochs\n"
        )
        print(f"{'':10}{'backproof':>12}{'NumPy':>10}{'ratio':>8}   largest relative difference of a weight")
        for kind, found in results.items():
            ours, theirs = found["seconds"]["backproof"], found["seconds"]["NumPy by hand"]
            print(f"{kind:10}{ours:10.3f} s{theirs:8.3f} s{found['ratio']:8.2f}   {found['distance']:.1e}")
    limits = {"float64": 1e-9, "float32": 1e-2}
    return 0 if all(found["distance"] < limits[kind] for kind, found in results.items()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
