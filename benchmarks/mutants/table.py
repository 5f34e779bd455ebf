"""The rates as text: by rule and by style."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence

from .measure import Result

HEADS = (
    "",
    "programs",
    "detected",
    "line",
    "column",
    "name",
    "stray",
    "repaired",
    "certified",
    "inconcl.",
    "seconds",
)


def share(hits: int, of: int) -> str:
    """A rate in per cent, or a dash."""
    return f"{100 * hits / of:.0f}%" if of else "-"


def rates(results: Sequence[Result]) -> dict[str, float]:
    """The rates of mutants as fractions: detected, line, column, name, repaired, stray, certified.

    And which part of those that are repaired changes no more lines than the mistakes did.
    """
    mistakes = [len(result.rules) for result in results]
    total = max(sum(mistakes), 1)
    count = max(len(results), 1)
    return {
        "detected": sum(r.verdict == "faulty" for r in results) / count,
        "line": sum(map(sum, (r.lines for r in results))) / total,
        "column": sum(map(sum, (r.columns for r in results))) / total,
        "name": sum(map(sum, (r.named for r in results))) / total,
        "stray": sum(r.stray for r in results) / total,
        "repaired": sum(r.repaired for r in results) / count,
        "sparing": sum(r.sparing for r in results) / max(sum(r.repaired for r in results), 1),
        "certified": sum(r.verdict == "correct" for r in results) / count,
        "inconclusive": sum(r.verdict not in ("faulty", "correct") for r in results) / count,
    }


def _row(name: str, results: Sequence[Result]) -> tuple[str, ...]:
    found = rates(results)
    columns = ("detected", "line", "column", "name", "stray", "repaired", "certified", "inconclusive")
    seconds = statistics.median(result.seconds for result in results)
    return (name, str(len(results)), *(f"{100 * found[column]:.0f}%" for column in columns), f"{seconds:.1f}")


def table(results: Sequence[Result]) -> str:
    """Everything: the mutants by rule and by style, the correct programs, and the figures in short."""
    mutants = [result for result in results if result.kind != "correct"]
    correct = [result for result in results if result.kind == "correct"]
    parts = []
    if mutants:
        every = sorted({rule for result in mutants for rule in result.rules})
        styles = sorted({result.style for result in mutants})
        rows = [_row(rule, [r for r in mutants if rule in r.rules]) for rule in every]
        parts.append(_aligned([("rule", *HEADS[1:]), *rows]))
        rows = [_row(style, [r for r in mutants if r.style == style]) for style in styles]
        parts.append(_aligned([("style", *HEADS[1:]), *rows]))
        parts.append(_aligned([HEADS, _row("all mutants", mutants)]))
        elsewhere = sum(result.elsewhere for result in mutants)
        worst = max(result.seconds for result in mutants)
        every_line = share(sum(all(r.lines) for r in mutants), len(mutants))
        parts.append(
            f"all lines of a program found {every_line}; mended at another place {elsewhere}; "
            f"slowest {worst:.1f} s of the processor; "
            f"no more lines changed than were wrong in {100 * rates(mutants)['sparing']:.0f}% of those mended"
        )
    if correct:
        verdicts = [result.verdict for result in correct]
        parts.append(
            f"correct programs {len(correct)}: certified {share(verdicts.count('correct'), len(correct))}, "
            f"false alarms {verdicts.count('faulty')}, "
            f"inconclusive {len(correct) - verdicts.count('correct') - verdicts.count('faulty')}"
        )
    return "\n\n".join(parts)


def _aligned(rows: Iterable[Sequence[str]]) -> str:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    )
    return "\n".join(lines)


# the kinds of failure, the worst first: what it is called, and which results are of it
FAILURES: tuple[tuple[str, Callable[[Result], bool]], ...] = (
    ("false alarm", lambda r: r.kind == "correct" and r.verdict == "faulty"),
    ("wrongly certified", lambda r: r.kind != "correct" and r.verdict == "correct"),
    ("no answer", lambda r: r.verdict == "no answer"),
    ("stray finding", lambda r: r.stray > 0 and not r.elsewhere),
    ("inconclusive", lambda r: r.verdict == "inconclusive"),
    ("wrong line", lambda r: r.verdict == "faulty" and not all(r.lines) and not r.repaired),
    ("not mended", lambda r: r.verdict == "faulty" and not r.repaired),
    ("mended elsewhere", lambda r: r.elsewhere),
    ("wrong name", lambda r: r.kind != "correct" and r.verdict == "faulty" and not all(r.named)),
    ("wrong column", lambda r: r.kind != "correct" and r.verdict == "faulty" and not all(r.columns)),
)


def failures(results: Sequence[Result]) -> str:
    """The failures by kind, the worst kinds first; each result under the first kind that it is of."""
    rest = list(results)
    parts = []
    for name, is_of in FAILURES:
        found = [result for result in rest if is_of(result)]
        rest = [result for result in rest if not is_of(result)]
        if not found:
            continue
        parts.append(f"## {name}: {len(found)}")
        for result in sorted(found, key=lambda r: (r.rules, r.operators, r.program)):
            said = "; ".join(result.errors) or result.reason or "nothing"
            parts.append(f"{result.key}  {'+'.join(result.rules) or 'correct'}\n    {result.verdict}: {said}")
    return "\n".join(parts)
