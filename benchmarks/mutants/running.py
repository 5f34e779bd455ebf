"""Runs the benchmark: candidates one after the other until enough are wrong, on some processes, resumable."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.pool import AsyncResult
from pathlib import Path

from .injection import Field, fields, sampled
from .measure import Result, as_json, from_json, measure, measure_correct
from .mutation import Mutant

CORRECT = "correct"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: how many mutants (None is all), of which rules and styles, with how many mistakes each."""

    sample: int | None
    styles: frozenset[str]
    rules: frozenset[str]
    programs: frozenset[str]
    faults: int
    seed: int
    jobs: int
    resume: Path | None
    correct: bool = True


def run(plan: Plan, show: Callable[[str], None]) -> list[Result]:
    """Give the results of the correct programs and of the mutants of a plan."""
    known = _known(plan.resume)
    chosen = [
        field
        for field in fields().values()
        if (not plan.styles or field.subject.style in plan.styles)
        and (not plan.programs or field.subject.name in plan.programs)
    ]
    results: list[Result] = []
    tasks = [(CORRECT, field.subject.name) for field in chosen] if plan.correct else []
    results += _results(tasks, known, plan, len(tasks), show)
    mutants = _singles(chosen, plan) if plan.faults == 1 else _several(chosen, plan)
    results += _results((("mutant", made) for made in mutants), known, plan, plan.sample, show)
    return results


def _singles(chosen: Sequence[Field], plan: Plan) -> Iterator[Mutant]:
    return sampled(chosen, plan.rules, plan.seed)


def _several(chosen: Sequence[Field], plan: Plan) -> Iterator[Mutant]:
    rows = [field.several(plan.faults, plan.seed) for field in chosen]
    while rows:
        for row in list(rows):
            made = next(row, None)
            if made is None:
                rows.remove(row)
            else:
                yield made


def work(task: tuple[str, str | Mutant]) -> Result:
    """Do one task; a mutant that is not wrong gives a result without a verdict."""
    what = task[1]
    if isinstance(what, str):
        return measure_correct(what)
    field = fields()[what.program]
    kind = field.kind(what)
    if kind in ("backward", "loss", "crash"):
        return measure(what, kind)
    rules = tuple(mutation.rule for mutation in what.mutations)
    operators = tuple(mutation.operator for mutation in what.mutations)
    return Result(what.key, what.program, field.subject.style, kind, rules, operators, "")


def _results(
    tasks: Iterator[tuple[str, str | Mutant]] | Sequence[tuple[str, str | Mutant]],
    known: dict[str, Result],
    plan: Plan,
    wanted: int | None,
    show: Callable[[str], None],
) -> list[Result]:
    found: list[Result] = []
    if wanted == 0:
        return found

    def take(result: Result) -> bool:
        if result.key not in known and plan.resume is not None:
            with plan.resume.open("a", encoding="utf-8") as file:
                file.write(as_json(result) + "\n")
        known[result.key] = result
        if result.verdict:
            found.append(result)
            show(f"{len(found)}{f'/{wanted}' if wanted else ''}  {result.key}  {result.verdict}")
        return wanted is not None and len(found) >= wanted

    def fresh() -> Iterator[tuple[str, str | Mutant]]:
        for task in tasks:
            key = f"{task[1]}:{CORRECT}" if isinstance(task[1], str) else task[1].key
            if key in known:
                if take(known[key]):
                    return
            else:
                yield task

    if plan.jobs <= 1:
        for task in fresh():
            if take(work(task)):
                break
        return found
    pending = deque[AsyncResult[Result]]()
    with multiprocessing.get_context("fork").Pool(plan.jobs) as pool:
        for task in fresh():  # made here: what makes several mistakes at once needs the main thread
            pending.append(pool.apply_async(work, (task,)))
            if len(pending) > plan.jobs and take(pending.popleft().get()):
                return found
        for result in pending:
            if take(result.get()):
                break
    return found


def _known(resume: Path | None) -> dict[str, Result]:
    if resume is None or not resume.exists():
        return {}
    results = [from_json(line) for line in resume.read_text("utf-8").splitlines()]
    return {result.key: result for result in results}
