"""Programs that use much of the language: the right ones are certified, and mistakes are found and mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

FOLDER = Path(__file__).parent / "programs"
# by program: how many parameters it has, and a mistake with the row where it is to be found
PROGRAMS = {
    "generators_and_namedtuples": (4, "1 - a * a", "1 - np.tanh(a) ** 2", 20),
    "operators_and_slots": (3, "(1 - t ** 2) * out.grad", "(1 - t) * out.grad", 31),
    "arguments_and_match": (2, "return 1 - np.tanh(z) ** 2", "return 1 - np.tanh(z)", 35),
    "closures_and_globals": (2, "return value + v", "return value - v", None),
    "operators_by_name": (4, "1 - self.a ** 2", "1 - self.a", 20),
    "reduced_layers": (6, '1 - self.kept["a"] ** 2', '1 - self.kept["a"]', 23),
    "numbers_with_closures": (12, "(1 - t * t)", "(1 - t)", 23),
    "coroutines": (2, "X.T @ r / len(X)", "X.T @ r / len(w)", 10),
    "abstract_layers_and_registry": (4, "1.0 / np.cosh(z) ** 2", "1.0 / np.cosh(z)", 48),
    "recursion_and_comprehensions": (6, "d / (1 + np.exp(-z))", "d / (1 + np.exp(z))", 18),
    "sorted_keys_and_yield": (
        3,
        'np.where(cache["z1"] > 0, 1, 0.1)',
        'np.where(cache["z1"] > 0, 1, 0)',
        18,
    ),
}


def check(text: str) -> FileReport:
    """The report of a program."""
    return check_program(program_from_bytes(text.encode(), "program.py"), timeout=15)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_right_program_is_certified(name: str) -> None:
    """Every parameter is seen, and each has its true gradient."""
    report = check((FOLDER / f"{name}.py").read_text())
    assert report.verdict == "correct", [f.message for f in report.findings] or report.reason
    assert len(report.parameters) == PROGRAMS[name][0]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_mistake_is_found_and_mended(name: str) -> None:
    """It is found where it is; with the safe edits the program is certified."""
    _, right, wrong, row = PROGRAMS[name]
    text = (FOLDER / f"{name}.py").read_text()
    assert text.count(right) == 1
    text = text.replace(right, wrong)
    report = check(text)
    assert report.verdict == "faulty", report.reason
    errors = [f for f in report.findings if f.severity == "error"]
    if row is not None:
        assert [f.span.row for f in errors if f.span is not None] == [row]
    edits = [e for f in errors if f.fix is not None and f.fix.applicability == "safe" for e in f.fix.edits]
    assert edits
    assert (
        check(apply_edits(program_from_bytes(text.encode(), "program.py"), edits).text).verdict == "correct"
    )


def test_parameters_are_called_what_their_author_calls_them() -> None:
    """Objects with slots are looked into, and what a decorator hands on is not named by it."""
    names = {
        name: [p.name for p in check((FOLDER / f"{name}.py").read_text()).parameters]
        for name in ("operators_and_slots", "arguments_and_match")
    }
    assert names["operators_and_slots"] == ["model.W1.data", "model.b1.data", "model.W2.data"]
    assert names["arguments_and_match"] == ["net.W[0]", "net.W[1]"]
