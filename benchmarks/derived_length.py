"""How long derived backward passes are beside the best that people write, and how long deriving takes.

    python benchmarks/derived_length.py

An operation is an operator, a comparison or a call; a transpose and an index are none. The backward passes by
hand are those of textbooks, each with what it can share named. Times are of the processor: recording comes in
another process and is not in them, naming, deriving and the test at random points are.
"""

from __future__ import annotations

import ast
import time
from pathlib import Path

from backproof.derive.backward import backward
from backproof.derive.statements import statements
from backproof.deriving import Request, derive_function, derive_program, parsed_shapes
from backproof.runner import Runner
from backproof.source import Program, read_program

CORPUS = Path(__file__).parents[1] / "tests" / "derive" / "corpus"
DATA = {"X", "Y"}
BY_HAND = {
    ("layers", "two_layers"): """
d2 = (out - Y) * out * (1 - out)
dW2 = h.T @ d2
db2 = np.sum(d2, axis=0)
d1 = d2 @ W2.T * h * (1 - h)
dW1 = X.T @ d1
db1 = np.sum(d1, axis=0)
""",
    ("layers", "three_layers"): """
d3 = 2 * (out - Y) / Y.size
dW3 = a2.T @ d3
db3 = np.sum(d3, axis=0)
d2 = d3 @ W3.T * (1 - a2**2)
dW2 = a1.T @ d2
db2 = np.sum(d2, axis=0)
d1 = d2 @ W2.T * (1 - a1**2)
dW1 = X.T @ d1
db1 = np.sum(d1, axis=0)
""",
    ("losses", "cross_entropy"): """
d = (p - Y) / len(X)
dW = X.T @ d
db = np.sum(d, axis=0)
""",
    ("structured", "batch_norm"): """
h = np.tanh(gamma * zhat + beta)
d = 2 * (h @ V - Y) / Y.size
dV = h.T @ d
da = d @ V.T * (1 - h**2)
dbeta = np.sum(da, axis=0)
dgamma = np.sum(da * zhat, axis=0)
dzhat = da * gamma
dz = (dzhat - np.mean(dzhat, axis=0) - zhat * np.mean(dzhat * zhat, axis=0)) / np.sqrt(var + 1e-5)
dW = X.T @ dz
""",
    ("structured", "attention"): """
d = 2 * (A @ V - Y) / Y.size
dWv = X.T @ (A.T @ d)
dA = d @ V.T
dS = A * (dA - np.sum(dA * A, axis=1, keepdims=True)) / np.sqrt(3)
dWq = X.T @ (dS @ K)
dWk = X.T @ (dS.T @ Q)
""",
}
LAYERS = 10
STEPS = 20
DEEP = """
import numpy as np

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(64, 20)), rng.normal(size=(64, 20))
Ws = [rng.normal(size=(20, 20)) * 0.3 for _ in range({layers})]
bs = [rng.normal(size=20) * 0.1 for _ in range({layers})]
out = X
for W, b in zip(Ws, bs):
    out = np.tanh(out @ W + b)
loss = np.mean((out - Y) ** 2)
"""
LSTM = """
import numpy as np

rng = np.random.default_rng(0)
X, Y = rng.normal(size=({steps}, 8, 5)), rng.normal(size=(8, 3))
W, b, V = rng.normal(size=(11, 24)) * 0.3, np.zeros(24), rng.normal(size=(6, 3))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


h, c = np.zeros((8, 6)), np.zeros((8, 6))
for t in range({steps}):
    z = np.concatenate([X[t], h], axis=1) @ W + b
    i, f, o, g = sigmoid(z[:, :6]), sigmoid(z[:, 6:12]), sigmoid(z[:, 12:18]), np.tanh(z[:, 18:])
    c = f * c + i * g
    h = o * np.tanh(c)
loss = np.mean((h @ V - Y) ** 2)
"""


def operations(text: str) -> int:
    """Count the operations of statements."""
    kinds = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call)
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, kinds)]
    number = [n for n in nodes if isinstance(n, ast.UnaryOp) and isinstance(n.operand, ast.Constant)]
    lengths = [n for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "len"]
    return len(nodes) - len(number) - len(lengths)


def main() -> None:
    """Print both tables."""
    print(f"{'forward pass':28} {'derived':>8} {'by hand':>8} {'ratio':>6}")
    with Runner() as runner:
        for (module, name), by_hand in BY_HAND.items():
            program = read_program(str(CORPUS / f"{module}.py"))
            tree = ast.parse(program.text)
            function = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
            shapes = parsed_shapes((ast.get_docstring(function) or "").rstrip(".").split())
            wrt = tuple(n for n in shapes if n not in DATA)
            text = statements(derive_function(program, name, Request(wrt, shapes=shapes), runner))
            derived, hand = operations(text), operations(by_hand)
            print(f"{module + ':' + name:28} {derived:8} {hand:8} {derived / hand:6.2f}")
        print()
        print(f"{'derivation':28} {'seconds of processor time':>26}")
        for title, text, wrt in (
            (f"MLP of {LAYERS} layers", DEEP.format(layers=LAYERS), ()),
            (f"LSTM over {STEPS} steps", LSTM.format(steps=STEPS), ("W", "b", "V")),
        ):
            if not wrt:
                wrt = tuple(f"Ws[{k}]" for k in range(LAYERS)) + tuple(f"bs[{k}]" for k in range(LAYERS))
            before = time.process_time()
            found = backward(derive_program(Program("net.py", text), Request(wrt), runner))
            took, lines = time.process_time() - before, len(found.text.splitlines())
            print(f"{title:28} {took:26.2f}   ({lines} lines, error {found.error:.0e})")


if __name__ == "__main__":
    main()
