"""The child process: runs one rewritten program under the recorder and writes the trace to a file.

Called as ``python -m backproof.trace.child OPTIONS``, with the options as JSON; it is never imported by the
rest.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import types
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backproof.trace import compat, sandbox
from backproof.trace.encoding import encode
from backproof.trace.events import Crash, Trace
from backproof.trace.hooks import Recorder
from backproof.trace.labels import labels
from backproof.trace.lowering import add_scipy
from backproof.trace.rewriting import RECORDER, Rewriter
from backproof.trace.sites import Site
from backproof.trace.stopping import EnoughSeen, Stopper


class RecordingFinder:
    """Finds the program's own modules, those beside it, and rewrites them as it rewrites the program."""

    def __init__(self, folder: Path, recorder: Recorder, files: dict[str, str]) -> None:
        self.folder = folder
        self.recorder = recorder
        self.files = files

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """The import system asks for a module."""
        places = [str(self.folder)] if path is None else list(path)
        spec = importlib.machinery.PathFinder.find_spec(name, places)
        if (
            spec is None
            or not isinstance(spec.loader, importlib.machinery.SourceFileLoader)
            or spec.origin is None
        ):
            return None
        if not Path(spec.origin).resolve().is_relative_to(self.folder) or "site-packages" in spec.origin:
            return None
        spec.loader = self  # type: ignore[assignment]
        return spec

    def create_module(self, spec: Any) -> None:
        """The usual kind of module will do."""

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the module, rewritten."""
        assert module.__spec__ is not None
        assert module.__spec__.origin is not None
        origin = module.__spec__.origin
        text = Path(origin).read_text(encoding="utf-8", errors="replace")
        self.files[origin] = text
        tree = Rewriter(text, origin, self.recorder.sites).module(ast.parse(text))
        module.__dict__[RECORDER] = self.recorder
        exec(compile(tree, origin, "exec"), module.__dict__)


def run(options: dict[str, Any]) -> Trace:
    """Run the program that ``options`` describe, until enough is seen."""
    filename, text = options["filename"], options["text"]
    sites: list[Site] = []
    tree = ast.parse(text)
    removed = compat.restore_numpy()
    compat.restore_modules()
    space: dict[str, Any] = {"__name__": "__main__", "__file__": filename, "__builtins__": __builtins__}
    supplied = compat.supply(tree, space, removed)
    recorder = Recorder(sites, Stopper(options["steps"]), options["node_limit"])
    trace = recorder.trace
    trace.supplied, trace.files = supplied, {filename: text}
    code = compile(Rewriter(text, filename, sites).module(tree), filename, "exec")
    space[RECORDER] = recorder
    module = types.ModuleType("__main__")
    module.__dict__.update(space)
    space = module.__dict__
    sys.modules["__main__"] = module
    folder = Path(options["folder"])
    sys.path.insert(0, str(folder))
    sys.meta_path.insert(0, RecordingFinder(folder, recorder, trace.files))
    sys.argv = [filename]
    frames: list[Any] = []
    if "scipy" in text:
        with contextlib.suppress(ImportError):
            import scipy.special

            add_scipy(scipy.special)
    try:
        exec(code, space)
    except EnoughSeen as end:
        trace.ended = "stopped"
        frames = _frames(end)
    except TimeoutError as end:
        trace.ended = "timeout"
        frames = _frames(end)
    except SystemExit:
        trace.ended = "exited"
    except MemoryError:
        trace.ended = "memory"
    except BaseException as error:
        trace.ended = "stopped" if recorder.stopper.stopped else "crashed"
        frames = _frames(error)
        trace.crash = _crash(error, trace.files)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    now = recorder.moment.time + 1
    for activity in trace.activities:
        if activity.end < 0:
            activity.end, activity.complete = now, trace.ended in ("finished", "exited")
    trace.labels = labels(trace, space, frames)
    return trace


def _frames(error: BaseException) -> list[dict[str, Any]]:
    found, traceback = [], error.__traceback__
    while traceback is not None:
        if RECORDER in traceback.tb_frame.f_globals:
            found.append(dict(traceback.tb_frame.f_locals))
        traceback = traceback.tb_next
    return found


def _crash(error: BaseException, files: dict[str, str]) -> Crash:
    row, file, traceback = 0, "", error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename in files:
            row, file = traceback.tb_lineno, traceback.tb_frame.f_code.co_filename
        traceback = traceback.tb_next
    return Crash(type(error).__name__, str(error)[:300], file, row)


def _limit(seconds: float, memory: int) -> None:
    def late(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Read the options from standard input, run, write the trace."""
    options = json.loads(sys.stdin.buffer.read())
    output = Path(options["output"])
    sandbox.quiet()
    if not options["plots"]:
        sandbox.without_plots()
    writes = sandbox.without_writes()
    options["writes"] = str(writes)
    sys.dont_write_bytecode = True
    sys.setrecursionlimit(6000)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    remove, plain = os.remove, os.open
    del remove
    gc.disable()
    _limit(options["seconds"], options["memory"])
    trace = run(options)
    data = encode(trace)
    handle = plain(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os._exit(0)


if __name__ == "__main__":
    main()
