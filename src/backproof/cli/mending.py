"""Put the verified fixes of a report together."""

from __future__ import annotations

from dataclasses import dataclass

from backproof.errors import EditRejectedError
from backproof.findings import FileReport, Finding
from backproof.source import Edit, Program, apply_edits


@dataclass(frozen=True, slots=True)
class Mended:
    """A program with the fixes in it, the error findings that they mend, and those that remain."""

    program: Program
    fixed: tuple[Finding, ...]
    unfixed: tuple[Finding, ...]


def mend(program: Program, report: FileReport) -> Mended:
    """Apply the safe fixes of the error findings, all at once.

    A fix whose edits overlap those of an earlier finding, or cannot be written in the file's encoding, is
    left out as a whole; its finding remains.
    """
    edits: list[Edit] = []
    fixed: list[Finding] = []
    unfixed: list[Finding] = []
    for finding in report.findings:
        if finding.severity != "error":
            continue
        if finding.fix is None or finding.fix.applicability != "safe" or not finding.fix.edits:
            unfixed.append(finding)
            continue
        try:
            apply_edits(program, [*edits, *finding.fix.edits])
        except EditRejectedError:
            unfixed.append(finding)
        else:
            edits.extend(finding.fix.edits)
            fixed.append(finding)
    return Mended(apply_edits(program, edits) if edits else program, tuple(fixed), tuple(unfixed))
