"""Run a program in a child process and bring back its trace."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from backproof.source import Program
from backproof.trace.encoding import decode
from backproof.trace.events import Trace

MEMORY = 8 * 2**30  # address space of the child, bytes
NODES = 400_000


def trace_program(
    program: Program, *, steps: int = 4, seconds: float = 20.0, nodes: int = NODES, memory: int = MEMORY
) -> Trace:
    """Run ``program`` until it has made ``steps`` updates, or for ``seconds``, and record what it did.

    The program runs in a process of its own, in the caller's working directory, as ``python program.py``
    would run it. It cannot draw, ask, write files beside itself, or outlive the call.
    """
    trace = _run(program, steps, seconds, nodes, memory, plots=False)
    if trace.ended == "crashed" and any(
        word in program.text for word in ("matplotlib", "pylab", "plt", "seaborn")
    ):
        again = _run(program, steps, seconds, nodes, memory, plots=True)
        if again.ended != "crashed":
            return again
    return trace


def _run(program: Program, steps: int, seconds: float, nodes: int, memory: int, plots: bool) -> Trace:
    folder = Path(tempfile.mkdtemp(prefix="backproof-"))
    output = folder / "trace"
    filename = program.filename
    options = {
        "filename": filename, "text": program.text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff"),
        "folder": str(Path(filename).resolve().parent) if filename != "-" else str(Path.cwd()), "output": str(output),
        "steps": steps, "seconds": seconds, "node_limit": nodes, "memory": memory, "plots": plots,
    }  # fmt: skip
    environment = os.environ | {
        "MPLBACKEND": "Agg", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(folder),
    }  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-m", "backproof.trace.child"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True,
    )  # fmt: skip
    try:
        with contextlib.suppress(subprocess.TimeoutExpired, BrokenPipeError):
            child.communicate(json.dumps(options).encode(), timeout=seconds * 1.5 + 5)
        late = child.poll() is None
        if output.exists() and not late:
            return decode(output.read_bytes())
        if late:
            return Trace(ended="timeout")
        return Trace(ended="memory" if child.returncode in (-9, -6, -11) else "exited")
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        shutil.rmtree(folder, ignore_errors=True)
