"""The child process: runs one rewritten program under the recorder and writes the trace to a file.

Only the server imports it, which runs it in a copy of itself.
"""

from __future__ import annotations

import ast
import contextlib
import faulthandler
import gc
import importlib.machinery
import importlib.util
import json
import os
import sys
import threading
import time
import traceback
import types
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from backproof.source import Program
from backproof.trace import compat, compiled, sandbox
from backproof.trace.encoding import encode
from backproof.trace.events import Attempt, Crash, Trace
from backproof.trace.followed import Curve, Ear, Followed, Follower
from backproof.trace.hooks.holdings import settled
from backproof.trace.hooks.recorder import Recorder
from backproof.trace.labels import labels
from backproof.trace.lowering import add_scipy
from backproof.trace.rewriting import RECORDER, Rewriter
from backproof.trace.sites import Site
from backproof.trace.stopping import EnoughSeen, Stopper
from backproof.trace.timed import WATCH, Timer, Watch

ABOVE = 2  # folders above the program in which a program may say that its modules are
LIBRARY = Path(os.__file__).resolve().parent  # Python's own modules
GRACE = 1.5  # seconds after the time limit at which a call that holds the interpreter is cut off

End = Literal["stopped", "finished", "crashed", "exited", "timeout", "memory"]


class Ending:
    """Ends the run from wherever it is: writes the trace, and leaves without asking the program.

    An exception would not do. Programs catch everything in their loops, clean up in ``finally``, train in
    threads, and wait in calls that no exception reaches.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.overlay = sandbox.Overlay(folder / "files")
        self.space: dict[str, Any] = {}
        self.trace = Trace()
        self.recorder: Recorder | None = None
        self.once = threading.Lock()
        self.memory: tuple[int, int] | None = None
        self.error = ""
        self.followed: Callable[[list[dict[str, Any]]], object] | None = None
        self._open, self._rename, self._leave = os.open, os.rename, os._exit

    def write(self, ended: End, frames: list[types.FrameType], crash: Crash | None = None) -> None:
        """Write what has been recorded, with the names that these frames give to it; does not return."""
        self.once.acquire()  # for ever: whoever comes second waits until the process is gone
        self._free()
        trace = self.trace
        trace.ended, trace.crash = ended, crash
        try:
            now = self.recorder.moment.time + 1 if self.recorder is not None else 0
            if self.recorder is not None and ended == "crashed":
                self.recorder.cut_off()
            for activity in trace.activities:
                if activity.end < 0:
                    activity.end, activity.complete = now, ended in ("finished", "exited")
            names = [dict(frame.f_locals) for frame in frames if RECORDER in frame.f_globals]
            trace.labels = labels(trace, self.space, names)
            if self.followed is not None:
                own = [dict(f.f_locals) for f in frames[::-1] if WATCH in f.f_globals]
                self.followed([*own, self.space])
            if self.recorder is not None:
                trace.holdings = settled(trace.holdings, self.recorder.nodes.awaited)
            data = encode(trace)
        except (MemoryError, RecursionError):
            data = encode(Trace(ended=ended, crash=crash, files=trace.files))
        if self.error:
            self._file("error", self.error.encode(errors="replace"))
        self._file("trace", data)
        self._leave(0)

    def fail(self) -> None:
        """Say that backproof itself failed; does not return."""
        self._free()
        self._file("failure", traceback.format_exc(limit=-8).encode(errors="replace"))
        self._leave(3)

    def _free(self) -> None:
        """Lift the limits, which were the program's."""
        faulthandler.cancel_dump_traceback_later()
        sys.setrecursionlimit(10**6)  # which the sandbox takes for as much as there is room for
        if self.memory is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_AS, self.memory)

    def _file(self, name: str, data: bytes) -> None:
        part = self.folder / "part"
        handle = self._open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.close(handle)
        self._rename(part, self.folder / name)


class EndingStopper(Stopper):
    """Ends the run where enough is seen, instead of raising."""

    def __init__(self, steps: int, ending: Ending) -> None:
        super().__init__(steps)
        self.ending = ending

    def _end(self) -> None:
        self.ending.write("stopped", _outwards(sys._getframe(1)))

    def stored(self, *arguments: Any) -> None:
        """A place was given a new value."""
        try:
            super().stored(*arguments)
        except EnoughSeen:
            self._end()

    def round_done(self, *arguments: Any) -> None:
        """A round of a loop is over."""
        try:
            super().round_done(*arguments)
        except EnoughSeen:
            self._end()

    def minimised(self, *arguments: Any) -> None:
        """A minimiser has been given a loss and its gradient."""
        try:
            super().minimised(*arguments)
        except EnoughSeen:
            self._end()

    def too_much(self) -> None:
        """The trace has outgrown its limit."""
        try:
            super().too_much()
        except EnoughSeen:
            self._end()


class RecordingFinder:
    """Finds the program's own modules, those beside it, and rewrites them as it rewrites the program.

    A program that says in its source where Python is to look (``sys.path``) has modules above it as well.

    ``shown`` is the folder as the user writes it, ``texts`` are of modules that are not to be read from disk.
    Without a recorder the modules are left as they are.
    """

    def __init__(
        self,
        folder: Path,
        shown: str,
        recorder: Recorder | None,
        files: dict[str, str],
        texts: dict[str, str],
        above: bool = False,
    ) -> None:
        self.folder = folder
        self.roots = [folder, *(folder.parents[:ABOVE] if above else ())]
        self.roots = [root for root in self.roots if root != root.parent]
        self.shown = shown
        self.recorder = recorder
        self.files = files
        self.texts = texts
        self.space: dict[str, Any] = {}
        self.loops: list[Any] = []
        self.losses: list[Any] = []

    def told(self, file: str, text: str, tree: ast.Module) -> ast.Module:
        """The tree of a file that tells of its loops and losses."""
        followed = Follower(Program(file, text), [tuple(loss) for loss in self.losses]).visit(tree)
        return Timer(file, self.loops).visit(followed)  # type: ignore[no-any-return]

    def own(self, name: str | None) -> bool:
        """Does a module of this name lie beside the program? None is that of a relative import."""
        if name is None:
            return True
        tops = (root / name.partition(".")[0] for root in self.roots)
        return any(top.with_suffix(".py").is_file() or top.is_dir() for top in tops)

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """The import system asks for a module."""
        places = [str(root) for root in self.roots if self._is_searched(root)] if path is None else list(path)
        spec = importlib.machinery.PathFinder.find_spec(name, places)
        if (
            spec is None
            or not isinstance(spec.loader, importlib.machinery.SourceFileLoader)
            or spec.origin is None
        ):
            return None
        origin = Path(spec.origin).resolve()
        own = any(origin.is_relative_to(root) for root in self.roots if self._is_searched(root))
        if not own or "site-packages" in spec.origin or origin.is_relative_to(LIBRARY):
            return None
        spec.loader = self  # type: ignore[assignment]
        return spec

    def _is_searched(self, root: Path) -> bool:
        """Does Python look here: beside the program, or where the program has said?"""
        return root == self.folder or any(Path(p).resolve() == root for p in sys.path if isinstance(p, str))

    def create_module(self, spec: Any) -> None:
        """The usual kind of module will do."""

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the module, rewritten."""
        assert module.__spec__ is not None
        assert module.__spec__.origin is not None
        origin = _shown(module.__spec__.origin, self.folder, self.shown)
        text = self.texts.get(origin)
        if text is None:
            text = importlib.util.decode_source(Path(module.__spec__.origin).read_bytes())
        self.files[origin] = text
        if self.recorder is None:
            module.__dict__.update(self.space)
            tree = self.told(origin, text, ast.parse(text))
            exec(compile(tree, origin, "exec"), module.__dict__)
            return
        rewriter = Rewriter(text, origin, self.recorder.sites, self.own, module=True)
        tree = rewriter.module(ast.parse(text, origin))
        module.__dict__[RECORDER] = self.recorder
        moment = self.recorder.moment
        importing = moment.current
        try:
            exec(compile(tree, origin, "exec"), module.__dict__)
        finally:
            moment.current = importing


def _shown(path: str, folder: Path, shown: str) -> str:
    """The path of a file below ``folder``, as the user would write it."""
    return os.path.join(shown, os.path.relpath(Path(path).resolve(), folder))


def run(options: dict[str, Any], ending: Ending) -> None:
    """Run the program that ``options`` describe, until enough is seen; does not return."""
    filename, text = options["filename"], options["text"]
    sites: list[Site] = []
    tree = ast.parse(text, filename)
    removed = compat.restore_numpy()
    compat.restore_modules()
    module = types.ModuleType("__main__")
    space = module.__dict__
    space.update({"__file__": filename, "__builtins__": __builtins__})
    if options["notebook"]:
        os.chdir(options["folder"])  # where Jupyter runs it
        space.update(compat.notebook_names())
    supplied = compat.supply(tree, space, removed)
    recorder = Recorder(sites, EndingStopper(options["steps"], ending), options["node_limit"])
    trace = recorder.trace
    trace.supplied, trace.files = supplied, {filename: text}
    folder = Path(options["folder"])
    sys.modules["__main__"] = module
    sys.path.insert(0, str(folder))
    sys.argv = [filename]
    plain = options["plain"]
    finder = RecordingFinder(
        folder,
        options["shown"],
        None if plain else recorder,
        trace.files,
        options["modules"],
        "sys.path" in text,
    )
    sys.meta_path.insert(0, finder)
    if options["timed"] is not None:
        tree = _timed(tree, options, ending, trace, finder)
    if not plain:
        trace.supplied += compiled.leave_plain(tree)
        tree = Rewriter(text, filename, sites, finder.own).module(tree)
        space[RECORDER] = recorder
    code = compile(tree, filename, "exec")
    if "scipy" in text:
        with contextlib.suppress(ImportError):
            import scipy.special

            add_scipy(scipy.special)
    ending.trace, ending.space, ending.recorder = trace, space, recorder
    _limit(options, ending)
    sandbox.threads_in_turn(lambda: len(trace.nodes))
    try:
        exec(code, space)
    except SystemExit as error:
        ending.write("exited", _inwards(error), _crash(error, trace.files, folder))
    except MemoryError as error:
        ending.write("memory", _inwards(error), _crash(error, trace.files, folder))
    except BaseException as error:
        ending.error = "".join(traceback.format_exception(error, limit=-8))
        crash = _crash(error, trace.files, folder)
        ending.write("crashed", _inwards(error), _mendable(crash, error, trace.files) if plain else crash)
    ending.write("finished", [])


def _timed(
    tree: ast.Module, options: dict[str, Any], ending: Ending, trace: Trace, finder: RecordingFinder
) -> ast.Module:
    """The program with loops that tell of their rounds, as those of its own modules then do, and its loss."""
    wanted = options["timed"]
    most = (tuple(wanted["loops"][-1]), wanted["rounds"]) if wanted["rounds"] and wanted["loops"] else None
    watch = Watch(wanted["seconds"], lambda: ending.write("stopped", _outwards(sys._getframe(1))), most)
    trace.timing = watch.timing
    if wanted["followed"]:
        gc.enable()  # it may run for long
        followed, ear = Followed([Curve() for _ in wanted["losses"]]), Ear()
        watch.told, watch.timing.followed, sys.stdout = followed.told, followed, ear
        ending.followed = lambda spaces: followed.end(ear.heard(), wanted["names"], spaces)
    finder.space = {WATCH: watch}
    sys.modules["__main__"].__dict__[WATCH] = watch
    finder.loops, finder.losses = [tuple(loop) for loop in wanted["loops"]], wanted["losses"]
    return finder.told(options["filename"], options["text"], tree)


# ---------------------------------------------------------------------- where the program is
def _inwards(error: BaseException) -> list[types.FrameType]:
    """The frames that an error passed through, outermost first."""
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)]


def _outwards(frame: types.FrameType | None) -> list[types.FrameType]:
    """A frame and those that called it, outermost first."""
    return [frame for frame, _ in traceback.walk_stack(frame)][::-1]


def _place(lines: list[tuple[types.FrameType, int]], files: dict[str, str]) -> tuple[str, int]:
    """The innermost place in the program's own files."""
    found = ("", 0)
    for frame, row in lines:
        if frame.f_code.co_filename in files:
            found = (frame.f_code.co_filename, row)
    return found


def _crash(error: BaseException, files: dict[str, str], folder: Path) -> Crash:
    """Where the program raised, and what to do about it."""
    lines = list(traceback.walk_tb(error.__traceback__))
    for name in {frame.f_code.co_filename for frame, _ in lines}:
        if name not in files and Path(name).is_relative_to(folder) and "site-packages" not in name:
            with contextlib.suppress(OSError):
                files[name] = Path(name).read_text(encoding="utf-8", errors="replace")
    file, row = _place(lines, files)
    if isinstance(error, SyntaxError) and error.filename in files:
        file, row = error.filename, error.lineno or row
    line = files[file].splitlines()[row - 1] if file and 0 < row <= len(files[file].splitlines()) else ""
    asked = any(Path(frame.f_code.co_filename).stem == "argparse" for frame, _ in lines)
    return Crash(type(error).__name__, compat.explained(error, line, folder, asked)[:600], file, row)


def _mendable(crash: Crash, error: BaseException, files: dict[str, str]) -> Crash:
    """The crash with what might stand in its place; the innermost places of the program first."""
    from backproof.source import span_of
    from backproof.trace import crashing

    own = next(iter(files))
    found: list[Attempt] = []
    places = [tb for tb in _tracebacks(error) if tb.tb_frame.f_code.co_filename in files][::-1]
    for depth, place in enumerate(places[:3]):
        file = place.tb_frame.f_code.co_filename
        program = Program(file, files[file])
        tree = ast.parse(program.text)
        attempts = crashing.attempts(program, tree, place.tb_frame, place.tb_lasti)
        named = "" if file == own else file
        found += [crashing.placed(replace(a, cost=a.cost + 0.5 * depth), named) for a in attempts]
        node = crashing.crashing_node(tree, place.tb_frame, place.tb_lasti)
        if depth == 0 and node is not None:
            span = replace(span_of(program, node), file=named)
            crash = replace(crash, span=span, shapes=crashing.shapes(program, place.tb_frame, node))
    return replace(crash, attempts=tuple(sorted(found, key=lambda a: a.cost)))


def _tracebacks(error: BaseException) -> list[types.TracebackType]:
    found, place = [], error.__traceback__
    while place is not None:
        found.append(place)
        place = place.tb_next
    return found


def _limit(options: dict[str, Any], ending: Ending) -> None:
    """Limit the memory, and the time: by a thread, and by one that does not need the interpreter."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (options["memory"], before[1]))
        ending.memory = before
    deadline = time.monotonic() + options["seconds"]
    faulthandler.dump_traceback_later(options["seconds"] + GRACE, exit=True, file=options["stacks"])
    main, parent = threading.main_thread().ident, os.getppid()
    leave, parent_of = os._exit, os.getppid

    def watch() -> None:
        idle = threading.Event()
        while (left := deadline - time.monotonic()) > 0:
            idle.wait(min(left, 0.5))
            if parent_of() != parent:  # nobody is left to read the trace, or to clear up
                ending.overlay.discard(str(ending.folder))
                leave(1)
        frames = _outwards(sys._current_frames().get(main)) if main is not None else []
        file, row = _place([(frame, frame.f_lineno) for frame in frames], ending.trace.files)
        ending.write("timeout", frames, Crash("TimeoutError", "", file, row))

    threading.Thread(target=watch, daemon=True).start()

    def exit_at_once(_: int) -> None:
        frames = _outwards(sys._getframe(1))
        file, row = _place([(frame, frame.f_lineno) for frame in frames], ending.trace.files)
        ending.write("exited", frames, Crash("SystemExit", "", file, row))

    os._exit = exit_at_once  # type: ignore[assignment]


def main(folder: str) -> None:
    """Run what the options in ``folder`` describe, and leave the trace there; does not return."""
    output = Path(folder)
    options = json.loads((output / "options").read_bytes())
    ending = Ending(output)
    options["stacks"] = (output / "stacks").open("w")  # stays open: the dump is made when nothing else works
    faulthandler.enable(options["stacks"])
    try:
        os.environ.update(dict.fromkeys(("TMPDIR", "MPLCONFIGDIR"), str(output / "files")))
        np.random.seed()  # a copy of a process has the random numbers of all its copies
        sandbox.quiet()
        sandbox.deep_stack()
        if not options["plots"]:
            sandbox.without_plots()
        sandbox.without_processes()
        ending.overlay.install()
        sandbox.fence(output)
        sys.dont_write_bytecode = True
        warnings.simplefilter("ignore")
        np.seterr(all="ignore")
        gc.disable()
        run(options, ending)
    except BaseException:
        ending.fail()
