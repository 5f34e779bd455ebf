"""What is seen of a run while it goes on: a bar, and the curve of the loss."""

from __future__ import annotations

import math
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.training.schedule import rates_at

if TYPE_CHECKING:
    from backproof.training.run import Reached
    from backproof.training.schedule import Rate

PATIENCE = 0.3  # seconds: the bar costs more than a short run, so it comes when there is a wait
LONG = 1.5  # seconds, after which the curve comes as well
PAUSE = 0.25  # seconds from one drawing to the next
LEAST_ROWS = 16  # of a terminal that has room for the curve
HEIGHT = 10  # rows of the curve


class Progress:
    """A bar and the curve of the loss on standard error, while it is a terminal and the run is long enough.

    There are ``networks`` to be trained, each for so many ``steps``; ``rate`` is what their rate is.
    """

    def __init__(self, steps: int, networks: int = 1, rate: Rate | None = None) -> None:
        self._steps, self._networks, self._rate = steps, networks, rate
        self._shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._live: Any = None
        self._bar: Any = None
        self._task: Any = None
        self._start = time.perf_counter()
        self._drawn = -math.inf
        self._done: dict[int, int] = {}  # steps by seed: several networks may be on their way
        self._found: dict[int, int] = {}  # what of them was done before this run
        self._seed: int | None = None  # whose curve is shown

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def watch(self, reached: Reached) -> None:
        """Show where a run is."""
        self._done[reached.seed] = reached.steps
        self._found.setdefault(reached.seed, reached.steps)
        now = time.perf_counter()
        if not self._shown or now - self._start < PATIENCE:
            return
        if self._seed is None or self._done.get(self._seed, 0) >= self._steps:
            self._seed = reached.seed
        if reached.seed != self._seed or now - self._drawn < PAUSE:
            return
        self._drawn = now
        if self._live is None:
            self._open()
        done = sum(self._done.values())
        speed = (done - sum(self._found.values())) / (now - self._start)
        self._bar.update(
            self._task,
            completed=done,
            name=f"seed {reached.seed}" if self._networks > 1 else "training",
            loss=f"loss {reached.loss:.3e}",
            rate="" if self._rate is None else f"rate {np.mean(rates_at(self._rate, reached.steps, 1)):.3g}",
            speed=f"{speed:.2g} steps/s",
        )
        self._live.update(self._picture(reached, now), refresh=True)

    def _picture(self, reached: Reached, now: float) -> Any:
        """The bar, below the curve where the run is long and the terminal high enough."""
        from rich.console import Group
        from rich.text import Text

        console = self._live.console
        if now - self._start < LONG or console.height < LEAST_ROWS:
            return self._bar
        from backproof.training.plots import terminal_curve

        curve = terminal_curve(
            reached.history, width=console.width, height=HEIGHT, colour=console.color_system is not None
        )
        return Group(Text.from_ansi(curve), self._bar) if curve else self._bar

    def _open(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        fields = [TextColumn(f"{{task.fields[{name}]}}") for name in ("name", "loss", "rate", "speed")]
        console = Console(stderr=True)
        self._bar = Bar(fields[0], BarColumn(), TaskProgressColumn(), *fields[1:], TimeRemainingColumn())
        total = self._steps * self._networks
        self._task = self._bar.add_task("", total=total, name="", loss="", rate="", speed="")
        self._live = Live(console=console, transient=True, auto_refresh=False)
        self._live.start()
