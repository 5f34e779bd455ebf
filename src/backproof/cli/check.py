"""``backproof check``: check, show the difference, or fix."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from backproof.cli.configuration import FORMATS, Configuration, read_configuration
from backproof.cli.options import names, positive_integer, positive_number
from backproof.cli.paths import Target, find_programs
from backproof.cli.selection import Selection, make_selection, show
from backproof.cli.terminal import terminal_width, wants_colour, warn, write, write_exactly
from backproof.errors import BackproofError, NoTrainingStepError, ProgramUnreadableError
from backproof.findings import FileReport
from backproof.source import STANDARD_INPUT, Program, diff, read_program, write_program

if TYPE_CHECKING:
    from backproof.cli.mending import Mended
    from backproof.cli.options import Subparsers

CORRECT, FAULTY, NOT_ANALYSED = 0, 1, 2
OUTLOOK = 20.0  # seconds to train what could help a program that does not learn
RELATIVE = "attempted relative import"  # what Python says of a part of a package that is run by itself


@dataclass(frozen=True, slots=True)
class Checked:
    """One program and its report: as the checker made it, and as it is shown.

    ``failed`` says that there is a message for standard error and nothing to report; ``excused`` that the
    file was found in a folder and is no training program: one that trains nothing, or a part of others.
    """

    report: FileReport
    shown: FileReport
    program: Program | None = None
    failed: bool = False
    excused: bool = False
    named: bool = True


def add_parser(verbs: Subparsers) -> None:
    """Add the verb and its options."""
    parser = verbs.add_parser("check", help="find faults in hand-written gradients, and fix them")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="programs, folders, or - for standard input")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--fix", action="store_true", help="write the verified edits into the files")
    change.add_argument("--diff", action="store_true", help="print the verified edits as a unified diff")
    parser.add_argument("--output-format", choices=FORMATS, help="(default: text)")
    parser.add_argument("--loss", metavar="NAME", help="the variable that is the loss (default: inferred)")
    parser.add_argument("--steps", type=positive_integer, metavar="N", help="updates to observe")
    parser.add_argument(
        "--timeout",
        type=positive_number,
        metavar="SECONDS",
        help="for each run of the program (default: 20); verifying a mend is another run",
    )
    rules = "names, codes or groups of rules, separated by commas"
    parser.add_argument(
        "--select", type=names, action="extend", metavar="NAME,...", help=f"show only these: {rules}"
    )
    parser.add_argument("--ignore", type=names, action="extend", metavar="NAME,...", help="do not show these")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="show every parameter, and skipped programs"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check the programs, and print, diff or fix them."""
    first = arguments.paths[0]
    output_format = arguments.output_format or _configuration_of(first).output_format or "text"
    _selection(arguments, Configuration())  # refuses a wrong name before the work, not after it
    targets = find_programs(arguments.paths)
    if not targets:
        raise ProgramUnreadableError(f"There is no .py or .ipynb file below {', '.join(arguments.paths)}.")
    checked = _excused([_check(target, arguments) for target in targets], arguments)
    if arguments.diff:
        return _print_diff(checked, arguments)
    if arguments.fix:
        return _fix(checked, arguments, output_format)
    _complain(checked, arguments, output_format)
    write(_render(checked, arguments, output_format))
    if output_format == "text" and len(checked) == 1:
        _tell_the_outlook(checked[0], arguments)
    return _exit_code(checked, any(_has_errors(each) for each in checked))


def _configuration_of(path: str) -> Configuration:
    if path == STANDARD_INPUT:
        return read_configuration(Path.cwd())
    return read_configuration(Path(path) if os.path.isdir(path) else Path(path.replace("\0", "?")).parent)


def _selection(arguments: argparse.Namespace, configuration: Configuration) -> Selection:
    """Take each of the two from the command line where it is given there, else from the project."""
    file = f"{configuration.file}: "
    by_option = arguments.select is not None
    select = make_selection(
        arguments.select if by_option else configuration.select, (), "--" if by_option else file
    )
    by_option = arguments.ignore is not None
    written = arguments.ignore if by_option else configuration.ignore
    ignore = make_selection(None, written, "--" if by_option else file)
    return Selection(select.select, ignore.ignore)


def _check(target: Target, arguments: argparse.Namespace) -> Checked:
    configuration = _configuration_of(target.path)
    selection = _selection(arguments, configuration)
    try:
        program = read_program(target.path)
    except ProgramUnreadableError as error:
        return _failed(target, error)
    try:
        from backproof.pipeline import check_program

        report = check_program(
            program,
            loss=arguments.loss,
            steps=arguments.steps or configuration.steps,
            timeout=arguments.timeout or configuration.timeout,
            runner=arguments.runner,
            explain=arguments.verbose,
        )
    except BackproofError as error:
        return _failed(target, error, program)
    except Exception as error:
        if arguments.verbose:
            import traceback

            traceback.print_exc()
        reason = (
            f"{target.path}: backproof itself failed ({type(error).__name__}: {error}). This is its own "
            "fault, not the program's: please report it with the program (--verbose shows the traceback)."
        )
        return _failed(target, BackproofError(reason), program)
    shown, warnings = show(report, program, selection)
    for warning in warnings:
        warn(warning)
    return Checked(report, shown, replace(program, modules=report.modules), named=target.named)


def _failed(target: Target, error: BackproofError, program: Program | None = None) -> Checked:
    trains = not isinstance(error, NoTrainingStepError)
    report = FileReport(target.path, "inconclusive", reason=str(error), trains=trains)
    return Checked(report, report, program, failed=True, named=target.named)


def _excused(checked: list[Checked], arguments: argparse.Namespace) -> list[Checked]:
    """Excuse the files found in folders that are no training programs.

    They are left out, unless nothing else was found or all is to be shown.
    """
    parts = {os.path.realpath(module.filename) for each in checked for module in each.report.modules}
    found = []
    for each in checked:
        report = each.report
        alone = os.path.realpath(report.filename) not in parts and RELATIVE not in (report.reason or "")
        excused = not each.named and report.verdict == "inconclusive" and not (report.trains and alone)
        found.append(replace(each, excused=excused))
    if arguments.verbose or all(each.excused for each in found):
        return found
    kept = [each for each in found if not each.excused]
    if len(kept) < len(found):
        warn(f"files that are no training programs: {len(found) - len(kept)} (--verbose lists them)")
    return kept


def _complain(checked: list[Checked], arguments: argparse.Namespace, output_format: str) -> None:
    """Say on standard error why programs were not analysed, where the format does not say it itself."""
    if output_format in ("json", "sarif"):
        return
    for each in checked:
        if each.report.verdict != "inconclusive" or (each.excused and not arguments.verbose):
            continue
        if each.failed or output_format != "text":
            from backproof.report.values import full_reason

            warn(full_reason(each.report))


def _render(
    checked: list[Checked], arguments: argparse.Namespace, output_format: str, *, fixing: bool = False
) -> str:
    from backproof import report

    shown = [each.shown for each in checked]
    if output_format == "json":
        return report.render_json(shown)
    if output_format == "concise":
        return report.render_concise(shown)
    if output_format == "github":
        return report.render_github(shown)
    if output_format == "sarif":
        from backproof.rules import RULES

        return report.render_sarif(shown, RULES.values())
    analysed = [each for each in checked if not each.failed]
    if not analysed:
        return ""
    return report.render_text(
        [each.shown for each in analysed],
        {each.program.filename: each.program for each in analysed if each.program},
        verbose=arguments.verbose,
        width=terminal_width(),
        colour=wants_colour(),
        hints=not fixing,
    )


def _tell_the_outlook(checked: Checked, arguments: argparse.Namespace) -> None:
    """Say of a program whose gradients are right that it does not learn all the same, and what would help.

    Its verdict is written already, and nothing that happens here changes it.
    """
    program, report = checked.program, checked.report
    if program is None or checked.failed or report.verdict == "inconclusive":
        return
    sys.stdout.flush()  # the verdict is there to be read while this goes on
    try:
        from backproof.retrain.outlook import outlook, outlook_as_text

        seen = outlook(program, report, arguments.runner, arguments.timeout or OUTLOOK)
        if seen is not None:
            write(f"\n{outlook_as_text(program, seen)}")
    except KeyboardInterrupt:
        return
    except Exception:
        if arguments.verbose:
            import traceback

            traceback.print_exc()


def _has_errors(checked: Checked) -> bool:
    return any(finding.severity == "error" for finding in checked.shown.findings)


def _exit_code(checked: list[Checked], faulty: bool) -> int:
    inconclusive = [each for each in checked if each.report.verdict == "inconclusive"]
    if any(not each.excused for each in inconclusive) or len(inconclusive) == len(checked):
        return NOT_ANALYSED
    return FAULTY if faulty else CORRECT


def _mended(each: Checked) -> Mended | None:
    from backproof.cli.mending import mend

    return mend(each.program, each.shown) if each.program is not None and not each.failed else None


def _files(program: Program, mended: Program) -> list[tuple[Program, Program]]:
    """The files of a program that a mend changes: before and after."""
    pairs = zip((program, *program.modules), (mended, *mended.modules), strict=True)
    return [(before, after) for before, after in pairs if before.text != after.text]


def _print_diff(checked: list[Checked], arguments: argparse.Namespace) -> int:
    from backproof.report.values import written

    _complain(checked, arguments, "diff")
    printed: set[str] = set()
    for each in checked:
        mended = _mended(each)
        if mended is None or each.program is None:
            continue
        for before, after in _files(each.program, mended.program):
            text = diff(before, after)
            if text not in printed:  # of a module that several programs import
                write_exactly(text, before.encoding)
            printed.add(text)
        for finding in mended.unfixed:
            place = written(each.program.filename, finding.span) if finding.span else each.program.filename
            warn(f"{place}: {finding.code} {finding.name} has no verified fix to show.")
    return _exit_code(checked, any(_has_errors(each) for each in checked))


def _fix(checked: list[Checked], arguments: argparse.Namespace, output_format: str) -> int:
    """Write the fixes; a file that cannot be written is reported, and the others are fixed all the same."""
    _complain(checked, arguments, output_format)
    remaining = failed = False
    lines = []
    from_input = any(each.program is not None and each.program.filename == STANDARD_INPUT for each in checked)
    report = _render(checked, arguments, output_format, fixing=True)
    done: set[tuple[str, str]] = set()
    for each in checked:
        mended = _mended(each)
        if mended is None or each.program is None:
            continue
        try:
            if each.program.filename == STANDARD_INPUT:
                write_exactly(mended.program.text, each.program.encoding)
            for _, after in _files(each.program, mended.program):
                key = (os.path.realpath(after.filename), after.text)
                if after.filename != STANDARD_INPUT and key not in done:
                    write_program(after, after.filename)
                done.add(key)
        except BackproofError as error:
            warn(str(error))
            failed = True
            continue
        remaining |= bool(mended.unfixed)
        total = len(mended.fixed) + len(mended.unfixed)
        if total:
            lines.append(f"{each.program.filename}: fixed {len(mended.fixed)} of {total}.")
    summary = "\n".join(lines) if output_format == "text" else ""
    if from_input:  # standard output is the mended program
        sys.stderr.write("".join(f"{text}\n" for text in (report, summary) if text))
    else:
        write(report)
        write(summary)
    return NOT_ANALYSED if failed else _exit_code(checked, remaining)
