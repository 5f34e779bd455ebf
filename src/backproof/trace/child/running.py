"""One run: the program is read, rewritten, and executed under the recorder."""

from __future__ import annotations

import ast
import contextlib
import faulthandler
import gc
import json
import os
import sys
import traceback
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from backproof.trace import compat, compiled, sandbox
from backproof.trace.child.crashed import crash_of, mendable
from backproof.trace.child.ending import Ending, EndingStopper
from backproof.trace.child.frames import inwards, outwards
from backproof.trace.child.limits import limit
from backproof.trace.child.modules import RecordingFinder
from backproof.trace.events import Trace
from backproof.trace.followed import Curve, Ear, Followed
from backproof.trace.hooks.recorder import Recorder
from backproof.trace.lowering import add_scipy
from backproof.trace.rewriting import RECORDER, Rewriter
from backproof.trace.sites import Site
from backproof.trace.timed import WATCH, Watch


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
    limit(options, ending)
    sandbox.threads_in_turn(lambda: len(trace.nodes))
    try:
        exec(code, space)
    except SystemExit as error:
        ending.write("exited", inwards(error), crash_of(error, trace.files, folder))
    except MemoryError as error:
        ending.write("memory", inwards(error), crash_of(error, trace.files, folder))
    except BaseException as error:
        ending.error = "".join(traceback.format_exception(error, limit=-8))
        crash = crash_of(error, trace.files, folder)
        ending.write("crashed", inwards(error), mendable(crash, error, trace.files) if plain else crash)
    ending.write("finished", [])


def _timed(
    tree: ast.Module, options: dict[str, Any], ending: Ending, trace: Trace, finder: RecordingFinder
) -> ast.Module:
    """The program with loops that tell of their rounds, as those of its own modules then do, and its loss."""
    wanted = options["timed"]
    most = (tuple(wanted["loops"][-1]), wanted["rounds"]) if wanted["rounds"] and wanted["loops"] else None
    watch = Watch(wanted["seconds"], lambda: ending.write("stopped", outwards(sys._getframe(1))), most)
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
