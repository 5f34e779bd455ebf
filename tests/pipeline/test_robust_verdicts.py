"""What a program's own numbers hide is found or warned of, and its rounding is not taken for a fault."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

from .small_networks import column, two_layers

SINGLE = "X, Y = X.astype(np.float32), Y.astype(np.float32)\n" + (
    "W1, b1, W2, b2 = (p.astype(np.float32) for p in (W1, b1, W2, b2))"
)
SMALL = {"loss": "1e-7 * np.sum((O - Y) ** 2)", "error": "2e-7 * (O - Y)", "rate": "1e5"}
NO_SLOPE = {"gW1": "X.T @ (d2 @ W2.T)"}
ZERO = "W1, b1, W2, b2 = (np.zeros(p.shape) for p in (W1, b1, W2, b2))"
STEEP = "W1, b1 = 60 * W1, 60 * b1"
OPEN = "b1 = b1 + 8"
RECTIFIED = {
    "np.maximum(0, {z})": "(H > 0)",
    "np.where({z} > 0, {z}, 0)": "(H > 0)",
    "({z}) * ({z} > 0)": "(H > 0)",
    "np.maximum(0.1 * ({z}), {z})": "np.where(H > 0, 1, 0.1)",
}


def check(text: str) -> FileReport:
    """Check a program."""
    return check_program(program_from_bytes(text.encode(), "p.py"))


def faults(report: FileReport) -> set[str]:
    """The parameters whose gradients are called wrong."""
    return {p.name for p in report.parameters if p.verdict == "faulty"}


@pytest.mark.parametrize("start", ["", SINGLE, ZERO, STEEP, "W2, b2 = 60 * W2, 60 * b2"])
def test_right_gradients_are_certified_from_any_start(start: str) -> None:
    """In single precision, from zero weights, with saturated units."""
    assert check(two_layers(start=start)).verdict == "correct"
    assert check(two_layers(start=start, **SMALL)).verdict == "correct"


@pytest.mark.parametrize("start", ["", SINGLE])
@pytest.mark.parametrize("scale", ["1.0005 *", "0.9995 *"])
def test_a_scale_off_by_half_a_thousandth_is_seen(start: str, scale: str) -> None:
    """Of one gradient among four, in either precision."""
    report = check(two_layers(start=start, gb1=f"{scale} d1.sum(0, keepdims=True)"))
    assert (report.verdict, faults(report)) == ("faulty", {"b1"})


@pytest.mark.parametrize("start", ["", SINGLE])
def test_a_sign_of_tiny_gradients_is_seen(start: str) -> None:
    """Gradients of the size 1e-7 are held against what they should be, not against 1."""
    report = check(two_layers(start=start, gb1="-d1.sum(0, keepdims=True)", **SMALL))
    assert (report.verdict, faults(report)) == ("faulty", {"b1"})
    assert any(f.name == "sign-flipped" for f in report.findings)


@pytest.mark.parametrize("start", [ZERO, STEEP])
def test_a_start_hides_no_factor(start: str) -> None:
    """With zero weights the gradient is zero with and without its slope, and all but so where saturated."""
    assert check(two_layers(start=start, **NO_SLOPE)).verdict == "faulty"


@pytest.mark.parametrize("forward", RECTIFIED)
def test_units_that_are_all_open_are_warned_of(forward: str) -> None:
    """Without its derivative the gradient is right while every unit is open: the warning says so."""
    hidden = forward.format(z="X @ W1 + b1")
    report = check(two_layers(start=OPEN, hidden=hidden, slope="1"))
    assert report.verdict == "correct"
    (warning,) = (f for f in report.findings if f.name == "missing-factor")
    assert (warning.severity, warning.parameters) == ("warning", ("W1", "b1"))
    right = check(two_layers(start=OPEN, hidden=hidden, slope=RECTIFIED[forward]))
    assert right.verdict == "correct"
    assert not any(f.name == "missing-factor" for f in right.findings)
    assert check(two_layers(hidden=hidden, slope="1")).verdict == "faulty"


def test_a_saturated_unit_is_no_fault() -> None:
    """Where hardly a digit of 1 − a is left, a gradient differs from the true one by rounding alone."""
    report = check(two_layers(start="b1 = b1 + 30", hidden="np.maximum(0, X @ W1 + b1)", slope="(H > 0)"))
    assert report.verdict == "correct"
    wrong = two_layers(
        start="b1 = b1 + 30", hidden="np.maximum(0, X @ W1 + b1)", slope="(H > 0)", gb1="-d1.sum(0)"
    )
    assert check(wrong).verdict == "faulty"


@pytest.mark.parametrize("start", ["", SINGLE])
def test_a_weight_read_after_a_tiny_update_is_warned_of(start: str) -> None:
    """At a rate of 1e-9 the updated weights look the same; at a usual one the program is faulty."""
    late = "W2 -= rate * H.T @ d2"
    report = check(two_layers(start=start, rate="1e-9", early=late, late=""))
    (warning,) = (f for f in report.findings if f.name == "updated-weights")
    assert (warning.severity, warning.parameters) == ("warning", ("W1", "b1"))
    assert not check(two_layers(start=start, rate="1e-9")).findings
    assert check(two_layers(start=start, early=late, late="")).verdict == "faulty"


@pytest.mark.parametrize(
    ("name", "gradient"),
    [
        ("b1", "np.sum(d1).reshape(1, 1)"),
        ("b1", "np.sum(d1)"),
        ("b2", "np.sum(d2, keepdims=True)"),
        ("W2", "(H.T @ d2).sum(0)"),
        ("W2", "(H.T @ d2).sum(1, keepdims=True)"),
        ("W1", "(X.T @ d1)[0]"),
    ],
)
def test_a_gradient_that_is_broadcast_is_a_fault(name: str, gradient: str) -> None:
    """A number, a row or a column in the place of a whole gradient changes every element alike."""
    report = check(two_layers(**{f"g{name}": gradient}))
    assert (report.verdict, faults(report)) == ("faulty", {name})


def test_a_parameter_that_a_broadcast_makes_larger_is_a_fault() -> None:
    """A column less a row makes a square of the parameter."""
    assert check(column()).verdict == "correct"
    assert check(column(gradient="(X.T @ e / 12).ravel()")).verdict != "correct"


def test_a_kink_is_told() -> None:
    """Where a program stands exactly on a kink, nothing is called wrong, and nothing is certified untold."""
    start = "X[:] = 0\nb1[:] = 0"
    report = check(two_layers(start=start, hidden="np.maximum(0, X @ W1 + b1)", slope="(H > 0)"))
    assert report.verdict != "faulty"
    assert report.reason or report.findings
