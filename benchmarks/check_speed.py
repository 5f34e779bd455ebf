"""How long ``backproof check`` takes, stage by stage: ``python benchmarks/check_speed.py PROGRAM...``.

For every program the median of some checks, in milliseconds: wall time and processor time of the whole
command with the processes that it starts, and processor time of its stages. Processor time is what to compare
on a machine that others use too. ``--slowest N`` shows only the N worst, with a last line over all programs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

STAGES = ("start", "trace", "judge", "search", "verify")
STAGE_SCRIPT = """
import json, sys, time
import backproof.pipeline as pipeline
from backproof.runner import Runner
from backproof.source import read_program

spent = dict.fromkeys(("start", "trace", "judge", "search", "verify"), 0.0)
spent["start"] = time.process_time()
runner, depth = Runner(), 0

def used():
    if runner.process is None:
        return time.process_time()
    fields = open(f"/proc/{runner.process.pid}/stat").read().rpartition(")")[2].split()
    return time.process_time() + sum(map(int, fields[11:15])) / 100

def measured(name, stage):
    function = getattr(pipeline, name)
    def measure(*arguments, **keywords):
        global depth
        depth, start = depth + 1, used()
        try:
            return function(*arguments, **keywords)
        finally:
            depth -= 1
            if not depth:
                spent[stage] += used() - start
    setattr(pipeline, name, measure)

for name, stage in (
    ("trace_program", "trace"), ("judge", "judge"), ("compare", "judge"), ("search", "search"),
    ("findings", "verify"), ("lost_updates", "verify"),
):
    measured(name, stage)
runner.start()
time.sleep(1.0)
begun = used() - time.process_time()
report = pipeline.check_program(read_program(sys.argv[1]), runner=runner)
spent["start"] += begun
print(json.dumps({"verdict": report.verdict, "names": [f.name for f in report.findings]} | spent))
runner.stop()
"""


def whole(program: str) -> tuple[float, float]:
    """Check a program as a user does: wall time and processor time, in seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "backproof", "check", "--output-format", "json", program]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def stages(program: str) -> dict[str, float | str]:
    """Check a program with a clock in it: what it says, and the processor time of its stages, in seconds."""
    done = subprocess.run(
        [sys.executable, "-c", STAGE_SCRIPT, program], capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout) if done.stdout else {"verdict": "no answer"} | dict.fromkeys(STAGES, 0.0)


def measured(program: str, repeats: int) -> dict[str, float | str]:
    """The medians of one program, in milliseconds."""
    runs, parts = [whole(program) for _ in range(repeats)], [stages(program) for _ in range(repeats)]
    row: dict[str, float | str] = {"verdict": parts[0]["verdict"]}
    row["wall"], row["cpu"] = (1000 * statistics.median(column) for column in zip(*runs, strict=True))
    return row | {s: 1000 * statistics.median(float(part[s]) for part in parts) for s in STAGES}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="+", metavar="PROGRAM")
    parser.add_argument("--repeats", type=int, default=3, metavar="N")
    parser.add_argument("--slowest", type=int, default=10**6, metavar="N")
    options = parser.parse_args()
    columns = ("wall", "cpu", *STAGES)
    rows = {}
    for program in options.programs:
        folder = os.getcwd()
        os.chdir(Path(program).parent)  # where its data may lie
        rows[program] = measured(Path(program).name, options.repeats)
        os.chdir(folder)
    print("".join(f"{column:>8}" for column in columns) + "  ms, median of", options.repeats)
    for program in sorted(rows, key=lambda name: -float(rows[name]["cpu"]))[: options.slowest]:
        row = rows[program]
        print("".join(f"{row[c]:8.0f}" for c in columns), f" {row['verdict']:13}{program}")
    medians = [statistics.median(float(row[column]) for row in rows.values()) for column in columns]
    print("".join(f"{median:8.0f}" for median in medians), " median")


if __name__ == "__main__":
    main()
