"""What is seen of a run while it goes on: a bar, and the curve of the loss."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from backproof.train.run import Reached

PATIENCE = 0.3  # seconds: the bar costs more than a short run, so it comes when there is a wait


class Course(Protocol):
    """How much there is to do: for ``networks`` seeds from ``seed`` on, so many steps."""

    @property
    def seed(self) -> int:
        """The first seed."""

    @property
    def steps(self) -> int:
        """The steps of each network."""

    @property
    def networks(self) -> int:
        """How many networks there are."""


class Progress:
    """A progress bar on standard error, while it is a terminal and the run is long enough to be watched."""

    def __init__(self, options: Course) -> None:
        self._options = options
        self._bar: Any = None
        self._task: Any = None
        self._start = time.perf_counter()
        self._done: dict[int, int] = {}  # steps by seed: several networks may be on their way
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def watch(self, reached: Reached) -> None:
        """Show where a run is."""
        self._done[reached.seed] = reached.steps
        if not self._shown or (self._bar is None and time.perf_counter() - self._start < PATIENCE):
            return
        if self._bar is None:
            self._open()
        name = f"seed {reached.seed}" if self._options.networks > 1 else "training"
        self._bar.update(self._task, completed=sum(self._done.values()), loss=reached.loss, name=name)

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.fields[name]}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("loss {task.fields[loss]:.3e}"),
            TimeRemainingColumn(),
        )
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
        total = self._options.steps * self._options.networks
        self._task = self._bar.add_task("", total=total, loss=float("nan"), name="training")
        self._bar.start()
