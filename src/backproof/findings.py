"""What a check has to say, as data: every output format is one renderer over these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backproof.source import Edit, Span

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


@dataclass(frozen=True, slots=True)
class LossReport:
    """The loss that the gradients were held against."""

    name: str | None
    row: int | None
    inferred: bool
    formula: str


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
    """The result of checking one file."""

    filename: str
    verdict: Verdict
    reason: str | None = None
    loss: LossReport | None = None
    parameters: tuple[ParameterReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    certified: tuple[
        str, ...
    ] = ()  # sentences: what was proved, to what precision, and why what looks odd is right
