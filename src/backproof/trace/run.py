"""Run a program in a child process and bring back its trace."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from backproof.runner import Ended, Runner
from backproof.source import Program, where
from backproof.trace.encoding import decode
from backproof.trace.events import Crash, Trace
from backproof.trace.followed import Place
from backproof.trace.timed import ASK, Loop, Timing

MEMORY = 8 * 2**30  # address space of the child, bytes
NODES = 60_000
START, GRACE, WRITING = 10.0, 4.0, 60.0  # seconds to start, to end, and to write what was recorded
SLOWER = 5.0  # times as long as it took to crash: another run may be on a machine that is busier
WHOLE = ("finished", "exited")
DIED = {
    signal.SIGSEGV: "a segmentation fault",
    signal.SIGABRT: "an abort",
    signal.SIGFPE: "an arithmetic fault",
    signal.SIGBUS: "a bus error",
    signal.SIGILL: "an illegal instruction",
}
WHY = "C code that it calls went wrong, or its recursion is too deep for the stack"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be seen of a run as it is: the rounds of ``loops``, outermost first, for so many seconds.

    ``rounds`` of the last one are the most, 0 any number. Where it is ``followed``, the ``losses`` at some
    places are noted, and what the ``names`` stand for at the end.
    """

    loops: tuple[Loop, ...]
    seconds: float
    rounds: int = 0
    followed: bool = False
    losses: tuple[Place, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a program is run: updates to see, seconds, nodes of the trace, bytes of address space."""

    steps: int
    seconds: float
    nodes: int
    memory: int


def trace_program(
    program: Program,
    *,
    steps: int = 4,
    seconds: float = 20.0,
    nodes: int = NODES,
    memory: int = MEMORY,
    runner: Runner | None = None,
) -> Trace:
    """Run ``program`` until it has made ``steps`` updates, or for ``seconds``, and record what it did.

    The program runs in a process of its own, in the caller's working directory, as ``python program.py``
    would run it. It cannot draw, ask, write files beside itself, start processes, or outlive the call.
    ``runner`` is what runs it; else one is started for this program only.

    Raises
    ------
    RuntimeError
        When not the program failed but what runs it: a program that crashes is run once more as it is, and
        is not blamed for what happens to it under the recorder only.
    """
    if runner is None:
        with Runner() as runner:
            return trace_program(
                program, steps=steps, seconds=seconds, nodes=nodes, memory=memory, runner=runner
            )
    limits = Limits(steps, seconds, nodes, memory)
    start = time.monotonic()
    trace, error = _run(program, limits, runner)
    if trace.ended != "crashed":
        return trace
    if any(word in program.text for word in ("matplotlib", "pylab", "plt", "seaborn")):
        again, _ = _run(program, limits, runner, plots=True)
        if again.ended != "crashed":
            return again
    as_long = replace(limits, seconds=max(seconds, SLOWER * (time.monotonic() - start)))
    plain, _ = _run(program, as_long, runner, plain=True)
    if plain.ended in ("finished", "timeout"):
        raise RuntimeError(f"the program runs, but not under the recorder: {error.strip()}")
    if plain.crash is not None:
        trace.crash = plain.crash
    return trace


def time_program(
    program: Program, loops: Collection[Loop], *, seconds: float, runner: Runner
) -> Timing | None:
    """Run a program as it is, unrecorded, and time the rounds of some loops.

    It ends after ``seconds`` in these loops, where it does not come to its end before. None where it fails.
    """
    limits = Limits(0, START + 2 * seconds, NODES, MEMORY)
    trace, _ = _run(program, limits, runner, plain=True, timed=Wanted(tuple(loops), seconds))
    timing = trace.timing
    if timing is not None:
        timing.whole = trace.ended in WHOLE
    return timing if trace.ended in (*WHOLE, "stopped", "timeout") else None


def follow_program(program: Program, wanted: Wanted, *, runner: Runner) -> Trace:
    """Run a program as it is, unrecorded, to its end or as far as is ``wanted``, and follow its loss.

    Ctrl-C ends it where it is. The trace has no nodes; its ``timing`` has what was seen, and is None where
    nothing was.
    """
    limits = Limits(0, START + wanted.seconds, NODES, MEMORY)
    trace, _ = _run(program, limits, runner, plain=True, timed=replace(wanted, followed=True))
    if trace.timing is not None:
        trace.timing.whole = trace.ended in WHOLE
    return trace


def how_it_ended(trace: Trace, program: Program, seconds: float) -> str:
    """Say where and how a run ended in which no training step was seen, and what to do about it."""
    crash = trace.crash
    file = crash.file if crash is not None and crash.file else program.filename
    place = file
    if crash is not None and crash.row:
        place = where(program, crash.row) if file == program.filename else f"{file}:{crash.row}"
    match trace.ended:
        case "crashed" if crash is not None:
            said = f": {crash.message}" if crash.message else ""
            return (
                f"{place}: the program stopped with {crash.kind} before a whole training step was seen{said}"
                ". It has to run up to its second update to be checked."
            )
        case "timeout":
            return (
                f"{place}: the program was still here after {seconds:g} s, without a whole training step. "
                "--timeout SECONDS gives it more; less data or smaller layers need less."
            )
        case "memory":
            return (
                f"{place}: the program used up its memory here, before a whole training step was seen: "
                "try it with less data."
            )
        case "exited":
            said = f": {crash.message}" if crash is not None and crash.message else ""
            return (
                f"{place}: the program ended itself here, before a whole training step was seen{said}. "
                "It has to run up to its second update to be checked."
            )
    if trace.ended == "stopped" and len(trace.nodes) > NODES:
        return (
            f"{program.filename} computes more than {NODES:,} numbers one by one before a training step "
            "is over: with fewer units, less data for a step, or arrays in place of loops it can be checked."
        )
    tree = ast.parse(program.text)
    body = tree.body
    if not body:
        return f"{program.filename} is empty: there is no program to check."
    if any(isinstance(n, ast.Call) and getattr(n.func, "id", "") == "exec" for n in ast.walk(tree)):
        return (
            f"{program.filename} runs text by `exec`, and what text computes is not seen: nothing else in it "
            "looks like training. Written as code of the program it can be checked."
        )
    quiet = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    defined = [n.name for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    if defined and all(isinstance(n, quiet) or _says_nothing(n) for n in body):
        names = ", ".join(defined[:4]) + (", ..." if len(defined) > 4 else "")
        return (
            f"{program.filename} defines {names} and calls nothing that trains: add the call at its end, "
            "or check the script that makes it."
        )
    return (
        f"{program.filename} ran, but nothing in it looks like training: a value that is replaced, round "
        "after round, by itself plus something computed from it. Call what trains, with data that are there."
    )


def _says_nothing(statement: ast.stmt) -> bool:
    """Is a statement a docstring, or a name for a plain value?"""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _run(
    program: Program,
    limits: Limits,
    runner: Runner,
    *,
    plots: bool = False,
    plain: bool = False,
    timed: Wanted | None = None,
) -> tuple[Trace, str]:
    """Run once: the trace, and the traceback of a crash.

    ``plain`` runs the program as it is, unrecorded, its loops ``timed``.
    """
    folder = Path(tempfile.mkdtemp(prefix="backproof-"))
    filename = program.filename
    text = _unix(program.text)
    beside = Path(filename).resolve().parent if filename != "-" else Path.cwd()
    options = {
        "filename": filename, "text": text, "folder": str(beside), "plots": plots, "plain": plain,
        "steps": limits.steps, "seconds": limits.seconds, "node_limit": limits.nodes, "memory": limits.memory,
        "shown": os.path.dirname(filename), "notebook": bool(program.cells),
        "timed": None if timed is None else asdict(timed),
        "modules": {module.filename: _unix(module.text) for module in program.modules},
    }  # fmt: skip
    try:
        (folder / "files").mkdir()
        (folder / "options").write_text(json.dumps(options))
        longest = START + limits.seconds + GRACE
        ask = folder / ASK if timed is not None and timed.followed else None
        ended = runner.run(folder, ((longest, None), (WRITING, folder / "part")), ask)
        error = folder / "error"
        crash = error.read_text(errors="replace") if error.exists() else ""
        found = _brought(ended, folder, program)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return decode(found) if isinstance(found, bytes) else found, crash


def _unix(text: str) -> str:
    """A text with the line ends that Python's own reading gives it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")


def _brought(ended: Ended, folder: Path, program: Program) -> Trace | bytes:
    """What the child left behind: its trace, its excuse, or the stack that it died with."""
    code = ended.code
    if (folder / "trace").exists():
        return (folder / "trace").read_bytes()
    if (folder / "failure").exists():
        raise RuntimeError((folder / "failure").read_text(errors="replace").strip())
    stacks = folder / "stacks"
    dump = stacks.read_text(errors="replace") if stacks.exists() else ""
    file, row = _place(dump, program)
    files = {program.filename: program.text}
    if code is None or dump.startswith("Timeout"):
        return Trace(ended="timeout", crash=Crash("TimeoutError", "", file, row), files=files)
    if code == -signal.SIGKILL:
        return Trace(ended="memory", crash=Crash("MemoryError", "", file, row), files=files)
    if code < 0:
        kind = DIED.get(signal.Signals(-code), signal.Signals(-code).name)
        return Trace(ended="crashed", crash=Crash(kind, WHY, file, row), files=files)
    raise RuntimeError(f"the process that runs the program did not start: {ended.said.strip()}")


def _place(dump: str, program: Program) -> tuple[str, int]:
    """The innermost line of the program's own in the stacks that Python dumps when it is cut off."""
    name = program.filename.encode("ascii", "backslashreplace").decode()
    found = re.search(rf'File "{re.escape(name)}", line (\d+)', dump)
    return (program.filename, int(found.group(1))) if found else ("", 0)
