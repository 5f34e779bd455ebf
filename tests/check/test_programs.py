"""Programs in every style: the right ones are certified, the wrong ones are placed, named and mended."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.findings import FileReport, Finding
from backproof.pipeline import check_program
from backproof.rules import RULES
from backproof.source import Edit, Program, Span, apply_edits, program_from_bytes

from .case import Case, Mistake
from .cases import CASES, QUICK
from .differences import mismatch, parameters
from .gaps import CORRECT_GAPS, MISTAKE_GAPS

SECONDS = 8.0  # for one program
EVERYTHING = ("verdict", "line", "name", "alone", "mended")


def _marked(case: Case) -> list[pytest.MarkDecorator]:
    return [] if case.name in QUICK else [pytest.mark.slow]


CORRECT = [pytest.param(case, id=case.name, marks=_marked(case)) for case in CASES]
FAULTY = [
    pytest.param(case, number, id=f"{case.name}-{number}", marks=_marked(case))
    for case in CASES
    for number in range(len(case.mistakes))
]


@pytest.mark.parametrize("case", CORRECT)
def test_correct_program(case: Case) -> None:
    """A program whose update is the gradient by finite differences is certified, all its parameters seen.

    Those of the table of gaps get what the table says; none is ever called faulty, or unhealthy.
    """
    assert mismatch(case.text, case.step) < 1e-6
    report = _check(case.text)
    assert report.verdict != "faulty", [f.message for f in report.findings]
    seen = sum(int(np.prod(p.shape)) for p in report.parameters)
    held = sum(value.size for value in parameters(case.text, case.step))
    missing = [] if report.verdict == "correct" else ["verdict"]
    missing += ["parameters"] if report.verdict == "correct" and seen != held else []
    _expect(missing, CORRECT_GAPS.get(case.name), ("verdict", "parameters"))
    assert not [f for f in report.findings if RULES[f.name].group == "health"], (
        "nothing keeps it from training"
    )


@pytest.mark.parametrize(("case", "number"), FAULTY)
def test_mistake(case: Case, number: int) -> None:
    """A program that finite differences show to be wrong is called faulty, once.

    At the mistake, by a name that it may have, with an edit after which finite differences show it right.
    """
    mistake = case.mistakes[number]
    text = injected(case, mistake)
    assert mismatch(text, case.step) > 1e-3
    report = _check(text)
    errors = [f for f in report.findings if f.severity == "error"]
    assert all(f.expected is None or f.expected != f.found for f in errors)
    missing = [] if report.verdict == "faulty" else ["verdict"]
    at = [f for f in errors if f.span is not None and _points_at(case, mistake, text, f.span)]
    missing += [] if at else ["line"]
    missing += [] if any(f.name in mistake.names for f in at) else ["name"]
    missing += [] if len(errors) == 1 else ["alone"]
    missing += [] if errors and _mends(text, errors, case) else ["mended"]
    _expect(missing, MISTAKE_GAPS.get((case.name, number)), EVERYTHING)


def _expect(missing: list[str], gap: tuple[str, str] | None, every: tuple[str, ...]) -> None:
    known = gap[0].split() if gap is not None else []
    worse = [word for word in missing if word not in known]
    assert not worse, f"this does not hold: {', '.join(worse)}"
    assert set(known) <= set(every)


def injected(case: Case, mistake: Mistake) -> str:
    """The program with the mistake in it."""
    assert case.text.count(mistake.old) == 1, f"{mistake.old!r} stands {case.text.count(mistake.old)} times"
    return case.text.replace(mistake.old, mistake.new)


def _check(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "program.py"), timeout=SECONDS)


def _points_at(case: Case, mistake: Mistake, text: str, span: Span) -> bool:
    """Does the span lie on what is wrong?

    On one of the texts that the mistake names, or else on the changed text.
    """
    start = case.text.index(mistake.old)
    region = (start, start + len(mistake.new))
    lines = text.split("\n")
    first, last = (
        sum(len(line) + 1 for line in lines[: row - 1]) + column - 1
        for row, column in ((span.row, span.column), (span.end_row, span.end_column))
    )
    places = [place for wrong in mistake.wrong for place in _occurrences(text, wrong, region)]
    return any(first < end and begin < last for begin, end in places or [_whole_lines(text, region)])


def _occurrences(text: str, wrong: str, region: tuple[int, int]) -> list[tuple[int, int]]:
    """Where a text stands in the lines of the region, or anywhere when it does not stand there."""
    begin, end = _whole_lines(text, region)
    found = [k for k in range(len(text)) if text.startswith(wrong, k)]
    inside = [k for k in found if begin <= k < end]
    assert found, f"{wrong!r} does not stand in the program"
    return [(k, k + len(wrong)) for k in inside or found]


def _whole_lines(text: str, region: tuple[int, int]) -> tuple[int, int]:
    begin = text.rfind("\n", 0, region[0]) + 1
    end = text.find("\n", region[1])
    return begin, len(text) if end < 0 else end


def _mends(text: str, errors: list[Finding], case: Case) -> bool:
    """Are all edits called safe, and does the program apply the gradient of its loss with them?"""
    edits: list[Edit] = []
    for finding in errors:
        if finding.fix is None or finding.fix.applicability != "safe":
            return False
        edits += finding.fix.edits
    mended = apply_edits(Program("program.py", text), edits).text
    return mismatch(mended, case.step) < 1e-6
