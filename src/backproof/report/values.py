"""Numbers, places and paths as every format writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

from backproof.findings import FileReport, Finding
from backproof.source import Span

WHOLE_FILE = Span(1, 1, 1, 1)


def place(finding: Finding) -> Span:
    """Give the place of a finding; one about the whole program stands at its first character."""
    return finding.span or WHOLE_FILE


def file_of(filename: str, span: Span) -> str:
    """Name the file that a place is in, where ``filename`` is the program's."""
    return span.file or filename


def written(filename: str, span: Span) -> str:
    """Write a place as ``file:row:column``, in a notebook as ``file:cell n:row:column``.

    >>> written("net.ipynb", Span(12, 5, 12, 9, cell=3))
    'net.ipynb:cell 3:12:5'
    """
    cell = f"cell {span.cell}:" if span.cell else ""
    return f"{file_of(filename, span)}:{cell}{span.row}:{span.column}"


def full_reason(report: FileReport) -> str:
    """Say why a file could not be analysed, its name once."""
    reason = report.reason or "no reason is known"
    named = re.match(rf"(?:There is no file )?{re.escape(report.filename)}\b", reason)
    if named or reason.startswith(tuple(module.filename for module in report.modules)):
        return reason
    return f"{report.filename}: could not be analysed: {reason}"


def one_line(text: str) -> str:
    """Put a text on one line."""
    return " ".join(text.split())


def finite(number: float | None) -> float | None:
    """Give a number as JSON can hold it: ``nan`` and infinities do not exist there."""
    return None if number is None or not math.isfinite(number) else float(number)


def small(number: float | None) -> str:
    """Write a number for people in as few digits as tell something.

    >>> [small(each) for each in (2.0, 0.0, 3.14159e-16, 0.05, None)]
    ['2', '0', '3.1e-16', '0.05', '–']
    """
    return "–" if number is None else f"{number:.2g}".replace("e-0", "e-").replace("e+0", "e+")


def shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape for people.

    >>> shape_text((3, 5)), shape_text((10,)), shape_text(())
    ('3 × 5', '10', 'scalar')
    """
    return " × ".join(map(str, shape)) or "scalar"


def counted(number: int, noun: str) -> str:
    """Count a noun.

    >>> counted(1, "fault"), counted(0, "fault")
    ('1 fault', '0 faults')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def errors_of(reports: Iterable[FileReport]) -> list[Finding]:
    """List the findings that make a file faulty."""
    return [finding for report in reports for finding in report.findings if finding.severity == "error"]


def uri(filename: str) -> str:
    """Give the file as a URI: relative where it is, with what a URI may not hold escaped."""
    from urllib.parse import quote

    path = Path(filename)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
