"""What a program finds at its terminal: nobody who reads, nobody who answers, and room to recurse."""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import sys
import time

ANSWER = "3"  # what input() is answered: a small odd number serves where a size is asked for
ANSWERS = 300  # a program that asks more often waits for an answer that it will not get
NAP = 0.01  # seconds; the longest sleep
FRAMES = 60_000  # Python frames that the stack below has room for
STACK = 120 * 2**20  # bytes; Linux leaves the main thread at least 128 MB to grow into


def quiet() -> None:
    """Send what the program prints to nowhere, answer what it asks, and let it sleep for moments only."""
    sink = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(sink, standard)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")  # whatever the locale, as at a terminal
    sys.stdin = io.StringIO("")
    asked = 0

    def answer(*_: object) -> str:
        nonlocal asked
        asked += 1
        if asked > ANSWERS:
            raise EOFError(f"it asks for input again and again; backproof has answered {ANSWER} every time")
        return ANSWER

    builtins.input = answer
    sleep = time.sleep

    def nap(seconds: float) -> None:
        sleep(min(seconds, NAP))

    time.sleep = nap  # type: ignore[assignment]
    sys.settrace = lambda _: None  # nobody debugs
    sys.setprofile = lambda _: None


def deep_stack() -> None:
    """Make room for recursion: the recorder adds frames of its own between those of the program."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_STACK)
        most = STACK if hard == resource.RLIM_INFINITY else min(STACK, hard)
        resource.setrlimit(resource.RLIMIT_STACK, (most, hard))
    limit = sys.setrecursionlimit

    def within(frames: int) -> None:
        limit(max(6000, min(4 * frames, FRAMES)))

    limit(6000)
    sys.setrecursionlimit = within
