"""What a check has to say, as data: every output format is one renderer over these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from backproof.source import Edit, Program, Span, in_cell

Severity = Literal["error", "warning", "info"]
Verdict = Literal["correct", "faulty", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that mend a finding. ``safe`` means verified: on the graph at fresh points, and by a run."""

    edits: tuple[Edit, ...]
    message: str
    applicability: Literal["safe", "unsafe"]
    points: int = 0
    max_relative_error: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about one place of the program. ``code`` and ``name`` are those of its rule."""

    code: str
    name: str
    severity: Severity
    message: str
    span: Span | None
    parameters: tuple[str, ...] = ()
    found: str | None = None
    expected: str | None = None
    fix: Fix | None = None
    derivation: tuple[str, ...] = ()  # of the gradient of the first of the parameters, where it was asked for

    @property
    def mended(self) -> bool:
        """Is there a fix that was verified?"""
        return self.fix is not None and self.fix.applicability == "safe"


@dataclass(frozen=True, slots=True)
class LossReport:
    """The loss that the gradients were held against.

    ``file`` and ``cell`` say where ``row`` counts, as in a ``Span``.
    """

    name: str | None
    row: int | None
    inferred: bool
    formula: str
    file: str = ""
    cell: int = 0


@dataclass(frozen=True, slots=True)
class ParameterReport:
    """One parameter: is the gradient that the program applies to it the true one?

    ``relative_error`` is ‖g − t‖/‖t‖, ``cosine`` that of g and t, ``scale`` the least-squares c of g ≈ c·t.
    """

    name: str
    shape: tuple[int, ...]
    verdict: Literal["correct", "faulty", "unknown"]
    relative_error: float | None = None
    cosine: float | None = None
    scale: float | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """The result of checking one file.

    ``certified`` are sentences: what was proved, to what precision, and why what looks odd is right.
    ``modules`` are the program's own, in which findings may stand. ``trains`` is false where the program ran
    well and nothing in it looks like training: a helper module, a script that plots.
    """

    filename: str
    verdict: Verdict
    reason: str | None = None
    loss: LossReport | None = None
    parameters: tuple[ParameterReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    certified: tuple[str, ...] = ()
    modules: tuple[Program, ...] = ()
    trains: bool = True


def for_reader(report: FileReport, program: Program) -> FileReport:
    """Give the report of a program with its modules, and in a notebook with every row counted in its cell."""
    findings = tuple(
        replace(
            finding,
            span=finding.span and in_cell(program, finding.span),
            fix=finding.fix and replace(finding.fix, edits=_edits(finding.fix.edits, program)),
        )
        for finding in report.findings
    )
    loss = report.loss
    if loss is not None and loss.row and not loss.file:
        span = in_cell(program, Span(loss.row, 1, loss.row, 1))
        loss = replace(loss, row=span.row, cell=span.cell)
    return replace(report, findings=findings, loss=loss, modules=program.modules)


def _edits(edits: tuple[Edit, ...], program: Program) -> tuple[Edit, ...]:
    return tuple(replace(edit, span=in_cell(program, edit.span)) for edit in edits)
