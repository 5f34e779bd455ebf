"""The demo runs the whole way, and what it says is so."""

from __future__ import annotations

import re

from backproof import demo
from backproof.source import read_program


def test_the_story(capsys):
    """The example fails, both faults are found and mended, the result is certified, and one variant fits."""
    assert demo.run() == 0
    told = capsys.readouterr().out
    parts = re.split(r"^── (.*?) ─*$", told, flags=re.MULTILINE)
    story = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert list(story) == [
        "A program that does not learn",
        "backproof check waves.py",
        "backproof check --diff waves.py",
        "backproof check, of the mended program",
        "The mended program still does not fit",
        "The network that fits: backproof train",
    ]
    first, check, patch, mended, variants, fit = story.values()
    assert "nan" in first
    assert "sign-flipped" in check
    assert "derivative-at-wrong-point" in check
    assert "-    miss = height - guess\n+    miss = guess - height\n" in patch
    assert "correct: every gradient is the gradient of the loss" in mended
    assert "nan" not in variants
    losses = {
        line[2:64].strip(): [float(word) for word in line.split()[-len(demo.SEEDS) :]]
        for line in variants.splitlines()
        if re.search(r"\d$", line) and line.startswith("  ") and "|" not in line
    }
    assert len(losses) == len(demo.variants())
    *others, last = losses.values()
    assert max(last) < 1e-4
    assert min(min(values) for values in others) > 1e-3
    assert re.search(r"[⠀-⣿]{3}", fit)
    assert float(re.search(r"Mean loss (\S+)", fit).group(1)) == min(last)


def test_the_example_has_exactly_two_mistakes():
    """Mending the sign and the point of the derivative, and nothing else, makes the example correct."""
    from dataclasses import replace

    from backproof.pipeline import check_program

    program = read_program(demo.EXAMPLE)
    text = program.text.replace("height - guess", "guess - height")
    text = text.replace("squash_slope(hidden)", "squash_slope(drive)")
    assert sum(a != b for a, b in zip(text.splitlines(), program.text.splitlines(), strict=True)) == 2
    assert check_program(replace(program, text=text)).verdict == "correct"
    assert {finding.name for finding in check_program(program).findings} == {
        "sign-flipped",
        "derivative-at-wrong-point",
        "unscaled-input",  # no mistake: why it does not fit when both are mended
    }
