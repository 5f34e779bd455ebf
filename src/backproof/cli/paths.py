"""From the paths on the command line to the programs that they mean."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backproof.source import NOTEBOOK, STANDARD_INPUT

_NOT_ENTERED = {"__pycache__", "node_modules", "site-packages", "venv", "env", "build", "dist"}


@dataclass(frozen=True, slots=True)
class Target:
    """A program to check. One that was ``named`` has to be analysable; one found in a folder need not."""

    path: str
    named: bool


def find_programs(paths: Iterable[str]) -> list[Target]:
    """List the programs: each named file, and every one below each named folder, in order, once.

    A program is a ``.py`` or ``.ipynb`` file. Hidden folders, virtual environments and what builds leave
    behind are not entered.
    """
    targets: dict[str, Target] = {}
    for path in paths:
        if path != STANDARD_INPUT and os.path.isdir(path):
            for found in _below(path):
                targets.setdefault(os.path.realpath(found), Target(found, named=False))
        else:
            key = path if path == STANDARD_INPUT else os.path.realpath(path.replace("\0", "?"))
            targets[key] = Target(path, named=True)
    return list(targets.values())


def _below(folder: str) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_entered(root, name))
        for name in sorted(files):
            if name.endswith((".py", NOTEBOOK)) and not name.startswith("."):
                yield os.path.normpath(os.path.join(root, name))


def _is_entered(root: str, name: str) -> bool:
    if name.startswith(".") or name in _NOT_ENTERED:
        return False
    return not os.path.exists(os.path.join(root, name, "pyvenv.cfg"))
