"""Schedules: the rates of every kind, what chunks of them are, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backproof.training.schedule import ScheduleError, rates_at, read_schedule

STEPS = 40


def expected(text: str, t: int) -> float:
    """The rate at a step, written out; the rate is 0.5."""
    match text:
        case "constant":
            return 0.5
        case "step:7,0.5":
            return 0.5 * 0.5 ** (t // 7)
        case "exponential:10,0.1":
            return 0.5 * 0.1 ** (t / 10)
        case "cosine":
            return 0.5 * 0.5 * (1 + math.cos(math.pi * t / 40))
        case "cosine:0.2":
            return 0.1 + (0.5 - 0.1) * 0.5 * (1 + math.cos(math.pi * t / 40))
        case "warmup:8":
            return 0.5 * min((t + 1) / 8, 1)
        case "warmup:8+cosine":
            return 0.5 * (t + 1) / 8 if t < 8 else 0.25 * (1 + math.cos(math.pi * (t - 8) / 32))
        case "warmup:8+step:7,2":
            return 0.5 * (t + 1) / 8 if t < 8 else 0.5 * 2 ** ((t - 8) // 7)
    raise AssertionError(text)


TEXTS = ["constant", "step:7,0.5", "exponential:10,0.1", "cosine", "cosine:0.2", "warmup:8"]
TEXTS += ["warmup:8+cosine", "warmup:8+step:7,2"]


@pytest.mark.parametrize("text", TEXTS)
def test_rates(text):
    """Each step has the rate that the formula gives, wherever a chunk begins; the bits are the same."""
    schedule = read_schedule(text, 0.5, STEPS)
    whole = np.broadcast_to(schedule.rates(0, STEPS), STEPS)
    np.testing.assert_allclose(whole, [expected(text, t) for t in range(STEPS)], rtol=1e-14)
    for size in (1, 3, 11):
        parts = [
            np.broadcast_to(rates_at(schedule, first, min(size, STEPS - first)), min(size, STEPS - first))
            for first in range(0, STEPS, size)
        ]
        assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_one_rate_for_all():
    """A constant rate is one number, so that no array of rates is held for it."""
    assert rates_at(0.3, 5, 7) == 0.3
    assert rates_at(read_schedule("constant", 0.3, 100), 5, 7) == 0.3
    assert rates_at(read_schedule("warmup:5", 0.3, 100), 5, 7) == 0.3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cosin", "did you mean 'cosine'"),
        ("zigzag", "there are constant, step"),
        ("", "is not known"),
        ("step", "step:EVERY,FACTOR"),
        ("step:10", "step:EVERY,FACTOR"),
        ("step:10,0.5,3", "step:EVERY,FACTOR"),
        ("step:0,0.5", "from 1 on"),
        ("step:2.5,0.5", "from 1 on"),
        ("step:10,-1", "above 0"),
        ("step:ten,0.5", "step:EVERY,FACTOR"),
        ("exponential:10,nan", "above 0"),
        ("cosine:2", "from 0 to 1"),
        ("warmup:0", "from 1 on"),
        ("cosine+warmup:10", "a warm-up before one"),
        ("cosine+step:10,0.5", "a warm-up before one"),
        ("warmup:5+warmup:5", "a warm-up before one"),
        ("step:1,1e300", "beyond all numbers"),
    ],
)
def test_refused(text, words):
    """What is no schedule gets one sentence that says how to write it."""
    with pytest.raises(ScheduleError, match=words) as caught:
        read_schedule(text, 0.5, STEPS)
    assert "\n" not in str(caught.value)
