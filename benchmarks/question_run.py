"""The question's training run against hand-written C: `python benchmarks/question_run.py PEERS`.

PEERS is a folder with `hand.c`, `plain.c` and `simd.c`, each with a function
`void f(double *w1, double *w2, const double *x, const double *y, const int *order, long steps, double lr)`.
They are built here with gcc for this processor and run in turn with our kernel in the same process, so that
the ratios hold even where the clock does not. All start from the same weights and see the same samples; the
final weights of ours are held against the NumPy evaluator of the same graph as well.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backproof.training.kernel import compile_step, host
from backproof.training.loop import EvaluatedLoop
from backproof.training.network import Network, initial_parameters, training_step

Array = NDArray[np.float64]
STEPS = 500_000
RATE = 0.01
ROUNDS = 15
FAST = ("-ffast-math", "-fopenmp-simd", "-DP=12", "-mprefer-vector-width=256")
PEERS = {
    "AVX-512 by hand": ("hand.c", "train_y3", ()),
    "AVX2 by hand": ("hand.c", "train_avx2", ()),
    "libmvec, padded": ("simd.c", "train_padded", FAST),
    "plain C, libm": ("plain.c", "train", ()),
}


def build(folder: Path, into: Path) -> dict[str, Callable[..., None]]:
    """Build what this processor and compiler can; say what they cannot."""
    functions = {}
    for name, (source, function, options) in PEERS.items():
        library = into / f"{function}.so"
        command = [
            "gcc",
            "-O3",
            "-march=native",
            *options,
            "-shared",
            "-fPIC",
            "-o",
            library,
            folder / source,
        ]
        libraries = ["-lmvec", "-lm"] if "simd" in source else ["-lm"]
        done = subprocess.run([*map(str, command), *libraries], capture_output=True, text=True, check=False)
        try:
            call = getattr(ctypes.CDLL(str(library)), function)
        except (OSError, AttributeError):
            reason = done.stderr.strip().splitlines()[-1:] or ["not in the library: this processor lacks it"]
            print(f"{name}: left out ({reason[0]})", file=sys.stderr)
            continue
        pointer = ctypes.c_void_p
        call.restype, call.argtypes = None, [pointer] * 5 + [ctypes.c_long, ctypes.c_double]
        functions[name] = call
    return functions


def main() -> int:
    """Race, print a table or JSON, and check that all end at the same weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peers", type=Path, help="the folder of the C kernels")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    random = np.random.default_rng(0)
    x = random.uniform(0.0, 15.0, (500, 1))
    y = np.sin(x)
    order = random.integers(0, 500, STEPS).astype(np.int32)
    network = Network((1, 10, 1), bias=False)
    start = initial_parameters(network, 0, 1.0)
    step = training_step(network, start)
    kernel = compile_step(step)

    times: dict[str, list[float]] = {"backproof": []}
    ends: dict[str, list[Array]] = {}
    with tempfile.TemporaryDirectory() as folder:
        functions = build(options.peers, Path(folder))
        for _ in range(options.rounds):
            loop = kernel.loop(start, x, y)
            began = time.perf_counter()
            loop.advance(order, RATE)
            times["backproof"].append(time.perf_counter() - began)
            ends["backproof"] = loop.state()
            for name, call in functions.items():
                weights = [value.ravel().copy() for value in start]
                addresses = [array.ctypes.data for array in (*weights, x, y, order)]
                began = time.perf_counter()
                call(*addresses, STEPS, RATE)
                times.setdefault(name, []).append(time.perf_counter() - began)
                ends[name] = weights
    reference = EvaluatedLoop(step, start, x, y)
    began = time.perf_counter()
    reference.advance(order[:20_000], RATE)
    evaluator = (time.perf_counter() - began) / 20_000
    distance = _distance(kernel.run(start, x, y, order[:20_000], RATE), reference.state())

    best = {name: min(values) / STEPS * 1e9 for name, values in times.items()}
    furthest = max((_distance(ends["backproof"], ends[name]) for name in functions), default=0.0)
    if options.json:
        print(json.dumps({"ns_per_step": best, "distance": furthest, "from_evaluator": distance}))
    else:
        print(f"{platform.machine()}, {host().cpu}; {STEPS:,} steps, best of {options.rounds} rounds")
        print(f"compiled in {kernel.seconds * 1e3:.0f} ms\n\n{'':18}{'ns a step':>10}{'ours / its':>12}")
        for name, value in sorted(best.items(), key=lambda pair: pair[1]):
            print(f"{name:18}{value:10.1f}{best['backproof'] / value:12.2f}")
        print(f"{'NumPy evaluator':18}{evaluator * 1e9:10.0f}{best['backproof'] / evaluator / 1e9:12.5f}")
        print(f"\nlargest difference of a final weight: to the peers {furthest:.1e};", end=" ")
        print(f"after 20,000 steps to the evaluator {distance:.1e}")
    return 0 if max(furthest, distance) < 1e-9 else 1


def _distance(ours: list[Array], theirs: list[Array]) -> float:
    return max(float(np.abs(a.ravel() - b.ravel()).max()) for a, b in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    raise SystemExit(main())
