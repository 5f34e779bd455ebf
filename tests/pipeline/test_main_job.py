"""The main job, end to end: a pasted program is checked, mended and certified."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import Program, apply_edits, program_from_bytes, text_of

# As people paste: no imports, a name that NumPy has removed, gradients written out, mistakes in three places.
PASTED = """\
def bell(u):
    return 1 / (1 + np.math.e ** -u)

def bell_slope(u):
    return bell(u) * (1 - bell(u))

depths = np.random.rand(310) * 9.0
levels = [cos(d) for d in depths]

PACE = .02
inner = np.random.rand(7) * 2. - 1.
outer = np.random.rand(7) * 2. - 1.

for turn in range(300000):
    n = np.random.randint(0, 310)
    d = depths[n]
    level = levels[n]

    # forward
    mid = inner * d
    top = sum(bell(mid) * outer)
    miss = .5 * (top - level) ** 2

    # backward – mind the “signs”
    d_outer = (level - top) * bell(mid)
    d_inner = (level - top) * outer * bell_slope(bell(mid)) * d

    outer -= PACE * d_outer
    inner -= PACE * d_inner

    if turn % 10000 == 0:
        print(miss)
"""


@dataclass(frozen=True)
class Checked:
    """The pasted program, its report, the mended program and its report."""

    program: Program
    report: FileReport
    mended: Program
    second: FileReport


@pytest.fixture(scope="module")
def checked() -> Checked:
    """Check the pasted program, mend it by its safe fixes, and check it again."""
    program = program_from_bytes(PASTED.encode(), "pasted.py")
    report = check_program(program)
    edits = [e for f in report.findings if f.fix and f.fix.applicability == "safe" for e in f.fix.edits]
    mended = apply_edits(program, edits)
    return Checked(program, report, mended, check_program(mended))


def test_every_mistake_is_named_at_its_place(checked: Checked) -> None:
    """Two wrong signs and a derivative at the activated value: three errors, and no other."""
    errors = [f for f in checked.report.findings if f.severity == "error"]
    assert checked.report.verdict == "faulty"
    assert [(f.name, f.span.row, text_of(checked.program, f.span), f.expected) for f in errors if f.span] == [
        ("sign-flipped", 25, "level - top", "top - level"),
        ("sign-flipped", 26, "level - top", "top - level"),
        ("derivative-at-wrong-point", 26, "bell_slope(bell(mid))", "bell_slope(mid)"),
    ]


def test_a_finding_names_the_parameters_that_it_spoils(checked: Checked) -> None:
    """The first mistake concerns the outer weights alone, the two in the next line the inner ones."""
    errors = [f for f in checked.report.findings if f.severity == "error"]
    assert [f.parameters for f in errors] == [("outer",), ("inner",), ("inner",)]


def test_the_loss_and_the_parameters_are_reported(checked: Checked) -> None:
    """The loss is the program's own; one gradient is minus the true one, the other not parallel to it."""
    loss = checked.report.loss
    assert loss is not None
    assert (loss.name, loss.row, loss.inferred) == ("miss", 22, False)
    outer, inner = sorted(checked.report.parameters, key=lambda p: p.name, reverse=True)
    assert (outer.name, outer.shape, outer.verdict) == ("outer", (7,), "faulty")
    assert outer.relative_error == pytest.approx(2.0)
    assert outer.cosine == pytest.approx(-1.0)
    assert outer.scale == pytest.approx(-1.0)
    assert (inner.name, inner.verdict) == ("inner", "faulty")
    assert inner.cosine is not None
    assert -1.0 < inner.cosine < -0.2


def test_what_was_supplied_is_said(checked: Checked) -> None:
    """The imports and the removed name that the program was given are an info of their own."""
    (note,) = [f for f in checked.report.findings if f.severity == "info"]
    assert note.name == "supplied"
    for word in ("import numpy as np", "from math import cos", "np.math"):
        assert word in note.message


def test_the_smallest_edit_makes_both_gradients_true(checked: Checked) -> None:
    """The mend changes the three expressions and nothing else, and is verified at eight points."""
    was, now = PASTED.splitlines(), checked.mended.text.splitlines()
    assert [(k, b.strip()) for k, (a, b) in enumerate(zip(was, now, strict=True), 1) if a != b] == [
        (25, "d_outer = (top - level) * bell(mid)"),
        (26, "d_inner = (top - level) * outer * bell_slope(mid) * d"),
    ]
    fixes = [f.fix for f in checked.report.findings if f.severity == "error"]
    assert all(fix is not None and fix.applicability == "safe" and fix.points == 8 for fix in fixes)
    assert all(fix is not None and (fix.max_relative_error or 0.0) < 1e-9 for fix in fixes)


def test_the_mended_program_is_certified(checked: Checked) -> None:
    """The second check says correct, for both parameters, and says what it proved."""
    assert checked.second.verdict == "correct"
    assert {(p.name, p.verdict) for p in checked.second.parameters} == {
        ("inner", "correct"),
        ("outer", "correct"),
    }
    assert not [f for f in checked.second.findings if f.severity == "error"]
    assert "miss, .5 * (top - level) ** 2" in checked.second.certified[0]


def test_breaking_the_mended_program_again_is_seen(checked: Checked) -> None:
    """One factor of 1.0005 on one gradient of the mended program is a fault of scale."""
    broken = checked.mended.text.replace("bell_slope(mid) * d", "bell_slope(mid) * d * 1.0005")
    report = check_program(program_from_bytes(broken.encode(), "pasted.py"))
    assert report.verdict == "faulty"
    assert [p.verdict for p in sorted(report.parameters, key=lambda p: p.name)] == ["faulty", "correct"]


def backproof(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder."""
    command = [sys.executable, "-m", "backproof", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_checks_shows_fixes_and_certifies(tmp_path: Path) -> None:
    """Exit 1 with JSON, 1 with a diff that changes nothing, 0 when all is fixed, 0 when it is correct."""
    path = tmp_path / "pasted.py"
    data = PASTED.replace("\n", "\r\n").encode()
    path.write_bytes(data)
    first = backproof("check", "--output-format", "json", "pasted.py", folder=tmp_path)
    assert first.returncode == 1
    (result,) = json.loads(first.stdout)["results"]
    assert [d["name"] for d in result["diagnostics"] if d["severity"] == "error"] == [
        "sign-flipped", "sign-flipped", "derivative-at-wrong-point",
    ]  # fmt: skip
    shown = backproof("check", "--diff", "pasted.py", folder=tmp_path)
    assert shown.returncode == 1
    assert path.read_bytes() == data
    assert [line for line in shown.stdout.splitlines() if line.startswith("+ ")] == [
        "+    d_outer = (top - level) * bell(mid)",
        "+    d_inner = (top - level) * outer * bell_slope(mid) * d",
    ]
    fixed = backproof("check", "--fix", "pasted.py", folder=tmp_path)
    assert fixed.returncode == 0, fixed.stderr
    after = path.read_bytes()
    assert after.count(b"\r\n") == data.count(b"\r\n")
    assert after.count(b"\n") == data.count(b"\n")
    last = backproof("check", "pasted.py", folder=tmp_path)
    assert last.returncode == 0
    assert "correct" in last.stdout


DEAD = """\
import numpy as np

rng = np.random.default_rng(3)
X = rng.normal(size=(31, 6))
T = rng.normal(size=(31, 2))
A = rng.normal(0, 0.5, (6, 9))
a = np.full(9, -50.0)
B = rng.normal(0, 0.5, (9, 2))

for step in range(2000):
    Z = X @ A + a
    H = np.maximum(Z, 0)
    loss = 0.5 * np.sum((H @ B - T) ** 2)
    D = H @ B - T
    dH = D @ B.T * (Z > 0) * 3.0
    A -= 0.001 * X.T @ dH
    a -= 0.001 * dH.sum(axis=0)
    B -= 0.001 * H.T @ D
"""


def test_dead_units_hide_no_fault() -> None:
    """Where every gradient is zero at the program's own start, a wrong factor is not certified."""
    report = check_program(program_from_bytes(DEAD.encode(), "dead.py"))
    assert report.verdict != "correct"
