"""Faults injected into correct programs: what of them does backproof find, name and mend?

    python benchmarks/faults.py --sample 150 --jobs 2 --resume faults.jsonl

Prints the rates by rule and by style. Every mistake of the contract is made wherever it applies in correct
programs of many styles; finite differences of the program itself decide which are wrong. A run that was
interrupted goes on from its ``--resume`` file, and ``--failures`` lists from it what went wrong.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.mutants.injection import fields  # noqa: E402
from benchmarks.mutants.measure import Result  # noqa: E402
from benchmarks.mutants.running import Plan, run  # noqa: E402
from benchmarks.mutants.table import failures, table  # noqa: E402


def main() -> int:
    """Run what the arguments ask for; 1 when a correct program is called faulty."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sample", type=int, help="how many mutants, spread over the rules and styles; else all"
    )
    parser.add_argument("--faults", type=int, default=1, help="how many independent mistakes each has")
    parser.add_argument("--styles", default="", help="separated by commas")
    parser.add_argument("--rules", default="", help="separated by commas")
    parser.add_argument("--programs", default="", help="separated by commas")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--resume", type=Path, help="results are added to this file, and those in it are not run again"
    )
    parser.add_argument("--json", type=Path, help="the details of every result")
    parser.add_argument("--no-correct", action="store_true", help="leave the correct programs out")
    parser.add_argument("--failures", action="store_true", help="list what went wrong, the worst first")
    parser.add_argument("--count", action="store_true", help="count the candidates and stop")
    parser.add_argument("--show", metavar="KEY", help="print the mistake of a mutant and its program")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    if options.show:
        return _show(options.show)
    if options.count:
        counts = {name: len(field.candidates) for name, field in fields().items()}
        print(f"{sum(counts.values())} candidates in {len(counts)} programs")
        return 0
    plan = Plan(
        options.sample,
        frozenset(filter(None, options.styles.split(","))),
        frozenset(filter(None, options.rules.split(","))),
        frozenset(filter(None, options.programs.split(","))),
        options.faults,
        options.seed,
        options.jobs,
        options.resume,
        not options.no_correct,
    )
    results = run(plan, lambda line: print(line, file=sys.stderr))
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1))
    if options.failures:
        print(failures(results), end="\n\n")
    print(table(results))
    return 1 if any(_is_alarm(result) for result in results) else 0


def _is_alarm(result: Result) -> bool:
    return result.kind == "correct" and result.verdict == "faulty"


def _show(key: str) -> int:
    made = fields()[key.partition(":")[0]].found(key)
    if made is None:
        raise KeyError(key)
    before = fields()[made.program].subject.text.splitlines()
    print(made.text, end="")
    for line in difflib.unified_diff(before, made.text.splitlines(), "right", "wrong", lineterm="", n=1):
        print(line, file=sys.stderr)
    for number, mutation in enumerate(made.mutations):
        print(f"{', '.join(mutation.names)} at {made.spans(number)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
