"""The report for people: what is wrong, where, what would be right, and what was proved."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backproof.findings import FileReport, Finding, Fix, ParameterReport
from backproof.report.console import console, text_on
from backproof.report.excerpt import excerpt
from backproof.report.values import (
    counted,
    errors_of,
    full_reason,
    one_line,
    place,
    shape_text,
    small,
    written,
)
from backproof.source import Program, part

if TYPE_CHECKING:
    from rich.console import Console

_COLOURS = {
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold cyan",
    "faulty": "red",
    "correct": "green",
    "unknown": "yellow",
    "inconclusive": "yellow",
}
_MOST_PARAMETERS = 20
_PIPED_WIDTH = 120  # of excerpts where there is no terminal; nothing else is cut or wrapped there


def render_text(
    reports: Iterable[FileReport],
    programs: Mapping[str, Program],
    *,
    verbose: bool = False,
    width: int | None = None,
    colour: bool = False,
    hints: bool = True,
) -> str:
    """Write the reports for people to read.

    ``programs`` gives the text of each file by its name; a report without one is shown without excerpts.
    ``width`` is that of the terminal; without one nothing is wrapped. ``verbose`` shows every parameter with
    cosine and scale. ``hints`` says how to apply the fixes. A ``path:row:column`` is never broken.
    """
    reports = list(reports)
    paper = console(max(width or 10_000, 40), colour)
    look = _Look(verbose, width, hints)
    for report in reports:
        _write_report(paper, report, programs.get(report.filename), look)
    if len(reports) != 1:
        _write(paper, _totals(reports, hints))
    return text_on(paper).rstrip("\n")


@dataclass(frozen=True, slots=True)
class _Look:
    """How the report is to look: see ``render_text``."""

    verbose: bool
    width: int | None
    hints: bool


def _write_report(console: Console, report: FileReport, program: Program | None, look: _Look) -> None:
    for finding in report.findings:
        _write_finding(console, report.filename, finding, program, look)
        _write(console, "")
    if report.loss is not None:
        loss = report.loss
        name = f"{loss.name} = {loss.formula}" if loss.name else loss.formula
        cell = f"cell {loss.cell}:" if loss.cell else ""
        where = f" ({loss.file or report.filename}:{cell}{loss.row})" if loss.row else ""
        how = ", inferred from the gradients: the program does not say it" if loss.inferred else ""
        _write(console, f"Loss: {one_line(name)}{where}{how}")
    if report.parameters:
        _write_parameters(console, report.parameters, look.verbose)
    for sentence in report.certified:
        _write(console, _wrapped(f"✓ {sentence}", look.width, "  "), "green")
    _write(console, _closing(report, look.hints), _COLOURS[report.verdict])
    _write(console, "")


def _write_finding(
    console: Console, filename: str, finding: Finding, program: Program | None, look: _Look
) -> None:
    from rich.text import Text

    width = look.width

    span = place(finding)
    header = Text.assemble(
        (f"{written(filename, span)}:" if finding.span else f"{filename}:", "bold"),
        " ",
        (f"{finding.code} {finding.name}", _COLOURS[finding.severity]),
        "" if finding.severity == "error" else f" ({finding.severity})",
    )
    _write(console, header)
    _write(console, _wrapped(finding.message, width, "  ", first="  "))
    gutter = len(str(span.end_row)) + 1
    if program is not None and finding.span is not None:
        shown = part(program, span.file)
        console_width = (width or _PIPED_WIDTH) - gutter - 5
        for line in excerpt(shown, span, max(console_width, 20)):
            row = str(line.row) if line.row else ""
            style = "" if line.row else _COLOURS[finding.severity]
            _write(console, Text.assemble((f"  {row:>{gutter}} | ", "dim"), (line.text, style)))
    for label, text in (("found", finding.found), ("expected", finding.expected)):
        if text is not None:
            _write(console, f"  {'':>{gutter}} = {label + ':':<9} {one_line(text)}")
    if finding.parameters:
        _write(console, f"  {'':>{gutter}} = gradient of {', '.join(finding.parameters)}")
    if finding.fix is not None:
        _write(console, f"  {'':>{gutter}} = fix: {one_line(finding.fix.message)} ({_verified(finding.fix)})")
    if look.verbose and finding.derivation:
        _write(console, f"  {'':>{gutter}} = derivation, from the loss back to {finding.parameters[0]}:")
        for step in finding.derivation:
            _write(console, f"  {'':>{gutter}}     {step}")


def _verified(fix: Fix) -> str:
    if fix.applicability != "safe":
        return "not verified: never applied by --fix"
    if not fix.points:
        return "verified"
    error = (
        "" if fix.max_relative_error is None else f", greatest relative error {small(fix.max_relative_error)}"
    )
    return f"verified at {counted(fix.points, 'point')}{error}"


def _write_parameters(console: Console, parameters: tuple[ParameterReport, ...], verbose: bool) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = parameters
    if not verbose and len(parameters) > _MOST_PARAMETERS:
        wrong = tuple(parameter for parameter in parameters if parameter.verdict != "correct")
        shown = wrong[:_MOST_PARAMETERS]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold" if console.is_terminal else "")
    table.add_column("parameter", overflow="fold")
    table.add_column("shape", no_wrap=True)
    table.add_column("gradient", no_wrap=True)
    table.add_column("relative error", justify="right", no_wrap=True)
    if verbose:
        table.add_column("cosine", justify="right", no_wrap=True)
        table.add_column("scale", justify="right", no_wrap=True)
    for parameter in shown:
        numbers = [parameter.relative_error]
        if verbose:
            numbers += [parameter.cosine, parameter.scale]
        verdict = Text(parameter.verdict, _COLOURS[parameter.verdict])
        table.add_row(parameter.name, shape_text(parameter.shape), verdict, *map(small, numbers))
    if shown:
        console.print(table)
    if hidden := len(parameters) - len(shown):
        _write(console, f"… and {counted(hidden, 'parameter')} more (--verbose shows all)")


def _closing(report: FileReport, hints: bool) -> str:
    if report.verdict == "inconclusive":
        return full_reason(report)
    warnings = sum(finding.severity == "warning" for finding in report.findings)
    beside = f"; {counted(warnings, 'warning')}" if warnings else ""
    if report.verdict == "correct":
        reason = f": {one_line(report.reason)}" if report.reason else ""
        return f"{report.filename}: correct: every gradient is the gradient of the loss{reason}{beside}."
    errors = errors_of([report])
    if not errors:
        return (
            f"{report.filename}: faulty, but its faults are not shown "
            f"(--ignore, --select or a suppression){beside}."
        )
    return f"{report.filename}: faulty: {_faults(errors, hints)}{beside}."


def _faults(errors: list[Finding], hints: bool) -> str:
    fixable = sum(error.fix is not None and error.fix.applicability == "safe" for error in errors)
    if not fixable:
        return f"{counted(len(errors), 'fault')}, no verified fix"
    how = " (apply: --fix; show: --diff)" if hints else ""
    return f"{counted(len(errors), 'fault')}, {fixable} with a verified fix{how}"


def _totals(reports: list[FileReport], hints: bool) -> str:
    if not reports:
        return "No programs to check."
    verdicts = [report.verdict for report in reports]
    counts = [
        f"{verdicts.count(verdict)} {words}"
        for verdict, words in (("faulty", "faulty"), ("correct", "correct"), ("inconclusive", "not analysed"))
        if verdict in verdicts
    ]
    errors = errors_of(reports)
    return f"{counted(len(reports), 'program')}: {', '.join(counts)}" + (
        f"; {_faults(errors, hints)}." if errors else "."
    )


def _wrapped(text: str, width: int | None, indent: str, *, first: str = "") -> str:
    if width is None:
        return first + one_line(text)
    return textwrap.fill(
        one_line(text),
        max(width, 40),
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _write(console: Console, text: object, style: str | None = None) -> None:
    console.print(text, style=style, soft_wrap=True)
