"""The program's own modules, those beside it, are found and rewritten as the program is."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from backproof.source import Program
from backproof.trace.followed import Follower
from backproof.trace.hooks.recorder import Recorder
from backproof.trace.rewriting import RECORDER, Rewriter
from backproof.trace.timed import Timer

ABOVE = 2  # folders above the program in which a program may say that its modules are
LIBRARY = Path(os.__file__).resolve().parent  # Python's own modules


class RecordingFinder:
    """Finds the program's own modules, those beside it, and rewrites them as it rewrites the program.

    A program that says in its source where Python is to look (``sys.path``) has modules above it as well, and
    in the folders beside it.

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
        self.above = above
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
        beside = [place for place in self.folder.iterdir() if place.is_dir()] if self.above else []
        tops = [folder / name.partition(".")[0] for folder in (*self.roots, *beside)]
        return any(top.with_suffix(".py").is_file() or top.is_dir() for top in tops)

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """The import system asks for a module."""
        searched = self._searched()
        if path is None:
            below = (_resolved(place) for place in sys.path if self.above and isinstance(place, str))
            places = list(map(str, [*searched, *(p for p in below if p.is_relative_to(self.folder))]))
        else:  # of a package: those of libraries are many, and not looked at
            places = [place for place in path if any(_resolved(place).is_relative_to(r) for r in searched)]
        spec = importlib.machinery.PathFinder.find_spec(name, places) if places else None
        if (
            spec is None
            or not isinstance(spec.loader, importlib.machinery.SourceFileLoader)
            or spec.origin is None
        ):
            return None
        origin = Path(spec.origin).resolve()
        own = any(origin.is_relative_to(root) for root in searched)
        if not own or "site-packages" in spec.origin or origin.is_relative_to(LIBRARY):
            return None
        spec.loader = self  # type: ignore[assignment]
        return spec

    def _searched(self) -> list[Path]:
        """Where Python looks for what is the program's own: beside it, or where the program has said."""
        if self.roots == [self.folder]:
            return self.roots
        said = {_resolved(place) for place in sys.path if isinstance(place, str)}
        return [root for root in self.roots if root == self.folder or root in said]

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
        tree = ast.parse(text, origin)
        if self.recorder is None:
            module.__dict__.update(self.space)
            tree = self.told(origin, text, tree)
            exec(compile(tree, origin, "exec"), module.__dict__)
            return
        rewriter = Rewriter(text, origin, self.recorder.sites, self.own, module=True)
        tree = rewriter.module(tree)
        module.__dict__[RECORDER] = self.recorder
        moment = self.recorder.moment
        importing = moment.current
        try:
            exec(compile(tree, origin, "exec"), module.__dict__)
        finally:
            moment.current = importing


def _resolved(place: str) -> Path:
    """The folder that a place of a search path is; a relative one is where the process is now."""
    return _resolve(os.path.join(os.getcwd(), place))


@cache
def _resolve(place: str) -> Path:
    return Path(place).resolve()


def _shown(path: str, folder: Path, shown: str) -> str:
    """The path of a file below ``folder``, as the user would write it."""
    return os.path.join(shown, os.path.relpath(Path(path).resolve(), folder))
