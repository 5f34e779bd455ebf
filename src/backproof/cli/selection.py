"""Which findings are shown: ``--select``, ``--ignore``, and the suppressions in the source.

They change what is shown and what the exit code answers for, never the verdict: that is what is true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from backproof.cli.options import near_match
from backproof.errors import ConfigurationError
from backproof.findings import FileReport, Finding
from backproof.source import Program, in_text, suppressions, where


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules to show: those of ``select``, all without one, less those of ``ignore``."""

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()


def make_selection(select: Iterable[str] | None, ignore: Iterable[str], origin: str) -> Selection:
    """Make a selection of names of rules, codes, and names of groups.

    Raises
    ------
    ConfigurationError
        When there is no such rule; ``origin`` says where the name was written.
    """
    chosen = None if select is None else _resolve(select, f"{origin}select")
    return Selection(chosen, _resolve(ignore, f"{origin}ignore"))


def show(report: FileReport, program: Program, selection: Selection) -> tuple[FileReport, list[str]]:
    """Give the report without the findings that are not wanted, and what is wrong with its suppressions."""
    warnings: list[str] = []
    ignored: dict[str, list[tuple[range, frozenset[str]]]] = {}
    for file in (program, *report.modules):
        ignored[file.filename], problems = _ignored(file)
        warnings += problems
    findings = tuple(
        finding
        for finding in report.findings
        if _is_selected(finding, selection) and not _is_suppressed(finding, program, ignored)
    )
    return replace(report, findings=findings), warnings


def _ignored(program: Program) -> tuple[list[tuple[range, frozenset[str]]], list[str]]:
    """The rows of one file for which rules are suppressed, and what is wrong with its suppressions."""
    ignored: list[tuple[range, frozenset[str]]] = []
    problems: list[str] = []
    for suppression in suppressions(program):
        here = where(program, suppression.rows[-1])
        try:
            ignored.append((suppression.rows, _resolve(suppression.names, f"{here}: the suppression")))
            if not suppression.names:
                problems.append(f"{here}: a suppression has to name a rule: '# backproof: ignore[NAME]'.")
        except ConfigurationError as error:
            problems.append(str(error))
    return ignored, problems


def _is_selected(finding: Finding, selection: Selection) -> bool:
    if finding.name in selection.ignore:
        return False
    return selection.select is None or finding.name in selection.select


def _is_suppressed(
    finding: Finding, program: Program, ignored: dict[str, list[tuple[range, frozenset[str]]]]
) -> bool:
    if finding.span is None:
        return False
    span = in_text(program, finding.span)
    rows = range(span.row, span.end_row + 1)
    here = ignored.get(span.file or program.filename, [])
    return any(finding.name in names and set(rows) & set(suppressed) for suppressed, names in here)


def _resolve(written: Iterable[str], origin: str) -> frozenset[str]:
    written = list(written)
    if not written:
        return frozenset()
    from backproof.rules import GROUPS, RULES

    by_code = {rule.code: rule.name for rule in RULES.values()}
    found: set[str] = set()
    for name in written:
        if name.lower() in RULES:
            found.add(name.lower())
        elif name.upper() in by_code:
            found.add(by_code[name.upper()])
        elif name.lower() in GROUPS:
            found.update(rule.name for rule in RULES.values() if rule.group == name.lower())
        else:
            known = [*RULES, *GROUPS, *by_code]
            raise ConfigurationError(
                f"{origin}: there is no rule '{name}': {near_match(name.lower(), known)}"
            )
    return frozenset(found)
