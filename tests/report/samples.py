"""Reports to render: what a checker could say about two small programs."""

from backproof.findings import FileReport, Finding, Fix, LossReport, ParameterReport
from backproof.source import Edit, Program, Span

TEXT = """\
import numpy as np

for i in range(1000):
    out = h @ W2
    loss = 0.5 * (out - y) ** 2
    dW2 = (y - out) * h
    dW1 = (out - y) * W2 * slope(sigmoid(z)) * x
    W2 -= 0.1 * dW2
"""
PROGRAM = Program("net.py", TEXT, data=TEXT.encode())

SIGN = Finding(
    "BP101",
    "sign-flipped",
    "error",
    "The error has the opposite sign: the update climbs the loss.",
    Span(6, 12, 6, 19),
    ("W2",),
    "y - out",
    "out - y",
    Fix((Edit(Span(6, 12, 6, 19), "out - y"),), "Swap the operands of the difference.", "safe", 8, 3e-16),
)
POINT = Finding(
    "BP102",
    "derivative-at-wrong-point",
    "error",
    "The slope is taken at sigmoid(z):\nit activates by itself.",
    Span(7, 28, 7, 45),
    ("W1",),
    "slope(sigmoid(z))",
    "slope(z)",
    Fix((Edit(Span(7, 34, 7, 44), "z"),), "Unwrap the argument.", "safe", 8, None),
)
GUESS = Finding(
    "BP204",
    "wrong-index",
    "warning",
    "Right for this data only: 100%, by luck; x::y",
    Span(8, 5, 8, 20),
    (),
    None,
    None,
    Fix((Edit(Span(8, 5, 8, 7), "W3"),), "Perhaps another name.", "unsafe"),
)
SUPPLIED = Finding("BP001", "supplied", "info", "Supplied: np, math.", None)

FAULTY = FileReport(
    "net.py",
    "faulty",
    None,
    LossReport("loss", 5, False, "0.5 * (out - y) ** 2"),
    (
        ParameterReport("W2", (10,), "faulty", 2.0, -1.0, -1.0),
        ParameterReport("W1", (3, 10), "faulty", float("inf"), float("nan"), None),
        ParameterReport("lr", (), "correct", 1.2e-16, 1.0, 1.0),
    ),
    (SIGN, POINT, GUESS, SUPPLIED),
)
RIGHT = FileReport(
    "right.py",
    "correct",
    loss=LossReport(None, None, True, "½·Σ(out − t)²"),
    parameters=(ParameterReport("layers[0].w", (5, 2), "correct", 3e-17, 1.0, 1.0),),
    certified=("Both gradients equal the derivative of the loss at 8 points, to 3e-17.",),
)
UNKNOWN = FileReport("odd name.py", "inconclusive", "It never updates anything.")
