"""What backproof says of a program with known mistakes, held against them."""

from __future__ import annotations

import difflib
import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backproof.errors import EditRejectedError
from backproof.source import Edit, Program, Span, apply_edits

from .injection import fields
from .mutation import Mutant
from .truth import Kind, repaired

LIMIT = 120.0  # seconds for one check
Diagnostic = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """One program checked: what was injected, what was said, and what of it was right.

    ``lines``, ``columns`` and ``named`` say for each mistake whether an error points at its row, at its
    expression, and by one of its names. ``stray`` counts the errors that point at no mistake; those whose
    mend is right are ``elsewhere``, as another place can be as good. ``edited`` counts the lines that the
    mends change, ``reference`` those that the mistakes have changed. ``seconds`` are of the processor.
    """

    key: str
    program: str
    style: str
    kind: str
    rules: tuple[str, ...]
    operators: tuple[str, ...]
    verdict: str
    reason: str | None = None
    lines: tuple[bool, ...] = ()
    columns: tuple[bool, ...] = ()
    named: tuple[bool, ...] = ()
    stray: int = 0
    repaired: bool = False
    seconds: float = 0.0
    errors: tuple[str, ...] = ()
    edited: int = 0
    reference: int = 0

    @property
    def sparing(self) -> bool:
        """Is the program mended by changing no more lines than the mistakes did?"""
        return self.repaired and self.edited <= self.reference

    @property
    def elsewhere(self) -> bool:
        """Is the program mended, though not everything is pointed at?"""
        return self.repaired and not all(self.lines)


def measure_correct(program: str) -> Result:
    """Check a correct program."""
    subject = fields()[program].subject
    answer, seconds = _check(subject.text)
    errors = tuple(map(_line, _errors(answer)))
    return Result(
        f"{program}:correct",
        program,
        subject.style,
        "correct",
        (),
        (),
        answer["verdict"],
        answer["reason"],
        seconds=seconds,
        errors=errors,
    )


def measure(made: Mutant, kind: Kind) -> Result:
    """Check a mutant, apply the safe edits, and see what is right."""
    field = fields()[made.program]
    answer, seconds = _check(made.text)
    errors = _errors(answer)
    mended = _mended(made.text, answer["diagnostics"])
    right = mended is not None and repaired(mended, field.subject.step, field.right, kind)
    hits = [
        [_hit(made, number, error, kind == "loss" and right) for error in errors]
        for number in range(len(made.mutations))
    ]
    return Result(
        made.key,
        made.program,
        field.subject.style,
        kind,
        tuple(mutation.rule for mutation in made.mutations),
        tuple(mutation.operator for mutation in made.mutations),
        answer["verdict"],
        answer["reason"],
        tuple(any(line for line, _, _ in hit) for hit in hits),
        tuple(any(column for _, column, _ in hit) for hit in hits),
        tuple(any(line and name for line, _, name in hit) for hit in hits),
        sum(not any(hit[k][0] for hit in hits) for k in range(len(errors))),
        right,
        seconds,
        tuple(map(_line, errors)),
        0 if mended is None else changed_lines(made.text, mended),
        changed_lines(field.subject.text, made.text),
    )


def changed_lines(before: str, after: str) -> int:
    """How many lines differ between two texts: of a replaced part, as many as the longer side has."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return sum(max(b - a, d - c) for kind, a, b, c, d in matcher.get_opcodes() if kind != "equal")


def _check(text: str) -> tuple[dict[str, Any], float]:
    """Run the command on a text: the result of the file, and the processor's seconds."""
    before = _children()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(text, "utf-8")
        command = [sys.executable, "-m", "backproof", "check", "--output-format", "json", str(path)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
            answer = json.loads(done.stdout)["results"][0]
            if "backproof itself failed" in (answer["reason"] or ""):
                answer["verdict"] = "no answer"
        except (subprocess.TimeoutExpired, ValueError, LookupError):
            answer = {"verdict": "no answer", "reason": None, "diagnostics": []}
    return answer, round(_children() - before, 3)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _errors(answer: dict[str, Any]) -> list[Diagnostic]:
    return [d for d in answer["diagnostics"] if d["severity"] == "error"]


def _hit(made: Mutant, number: int, error: Diagnostic, as_stated: bool) -> tuple[bool, bool, bool]:
    """Does an error point at the row of a mistake, at its expression, and by a name that it may have?

    ``as_stated`` says that the mends make the gradient that of the loss as the mistake states it.
    """
    if error["location"] is None:
        return False, False, False
    if as_stated:  # nothing but the author's mind says which of the two is wrong
        slope = error["name"] in ("loss-mismatch", "wrong-activation-derivative")
        return True, True, slope or error["name"] in made.mutations[number].names
    if error["name"] == made.mutations[number].rule == "loss-mismatch":
        return True, True, True  # the gradient may be changed as well as the loss, so either is the place
    row, column = error["location"]["row"], error["location"]["column"]
    end = error["end_location"]
    on_row = on_column = False
    for mistake_row, start, stop in made.spans(number):
        if not row <= mistake_row <= end["row"]:
            continue
        on_row = True
        first = column if row == mistake_row else 1
        last = end["column"] if end["row"] == mistake_row else 10**6
        # the places overlap, and the whole line is not just marked
        if first < stop and start < last and last - first <= 2 * (stop - start) + 2:
            on_column = True
    return on_row, on_column, error["name"] in made.mutations[number].names


def _mended(text: str, diagnostics: list[Diagnostic]) -> str | None:
    """The text with the safe edits, or None when there are none."""
    edits = [
        Edit(_span(edit), edit["content"])
        for diagnostic in diagnostics
        if diagnostic.get("fix") and diagnostic["fix"]["applicability"] == "safe"
        for edit in diagnostic["fix"]["edits"]
    ]
    try:
        return apply_edits(Program("program.py", text), edits).text if edits else None
    except EditRejectedError:
        return None


def _span(edit: dict[str, Any]) -> Span:
    start, end = edit["location"], edit["end_location"]
    return Span(start["row"], start["column"], end["row"], end["column"])


def _line(error: Diagnostic) -> str:
    at = error["location"] or {"row": 0, "column": 0}
    fix = error.get("fix") or {"applicability": "no fix"}
    return f"{at['row']}:{at['column']} {error['name']} ({fix['applicability']}): {error['message']}"[:200]


def as_json(result: Result) -> str:
    """One line of JSON."""
    return json.dumps(asdict(result))


def from_json(line: str) -> Result:
    """Read one line of JSON."""
    data = json.loads(line)
    lists = {key: tuple(value) for key, value in data.items() if isinstance(value, list)}
    return Result(**{**data, **lists})
