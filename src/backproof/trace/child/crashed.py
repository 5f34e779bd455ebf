"""What is told of a crash: where the program raised, why, and what might stand in its place."""

from __future__ import annotations

import ast
import contextlib
import traceback
from dataclasses import replace
from pathlib import Path

from backproof.source import Program, span_of
from backproof.trace import compat
from backproof.trace.child import crashing
from backproof.trace.child.frames import place, tracebacks
from backproof.trace.events import Attempt, Crash


def crash_of(error: BaseException, files: dict[str, str], folder: Path) -> Crash:
    """Where the program raised, and what to do about it."""
    lines = list(traceback.walk_tb(error.__traceback__))
    for name in {frame.f_code.co_filename for frame, _ in lines}:
        if name not in files and Path(name).is_relative_to(folder) and "site-packages" not in name:
            with contextlib.suppress(OSError):
                files[name] = Path(name).read_text(encoding="utf-8", errors="replace")
    file, row = place(lines, files)
    if isinstance(error, SyntaxError) and error.filename in files:
        file, row = error.filename, error.lineno or row
    line = files[file].splitlines()[row - 1] if file and 0 < row <= len(files[file].splitlines()) else ""
    asked = any(Path(frame.f_code.co_filename).stem == "argparse" for frame, _ in lines)
    return Crash(type(error).__name__, compat.explained(error, line, folder, asked)[:600], file, row)


def mendable(crash: Crash, error: BaseException, files: dict[str, str]) -> Crash:
    """The crash with what might stand in its place; the innermost places of the program first."""
    if isinstance(error, SyntaxError):
        return crash  # where it is imported is nothing to mend
    own = next(iter(files))
    found: list[Attempt] = []
    places = [tb for tb in tracebacks(error) if tb.tb_frame.f_code.co_filename in files][::-1]
    for depth, at in enumerate(places[:3]):
        file = at.tb_frame.f_code.co_filename
        program = Program(file, files[file])
        tree = ast.parse(program.text)
        attempts = crashing.attempts(program, tree, at.tb_frame, at.tb_lasti)
        named = "" if file == own else file
        found += [crashing.placed(replace(a, cost=a.cost + 0.5 * depth), named) for a in attempts]
        node = crashing.crashing_node(tree, at.tb_frame, at.tb_lasti)
        if depth == 0 and node is not None:
            span = replace(span_of(program, node), file=named)
            crash = replace(crash, span=span, shapes=crashing.shapes(program, at.tb_frame, node))
    return replace(crash, attempts=tuple(sorted(found, key=lambda a: a.cost)))
