"""What comes back by several outputs, in programs that write out each number."""

from __future__ import annotations

from backproof.check.judge import judge
from backproof.check.trial import Bench
from backproof.mend import Repair, located
from backproof.source import program_from_bytes
from backproof.trace import trace_program

PROGRAM = """
import math

def squash(v):
    return 1 / (1 + math.exp(-v))

data = [(0.3, 1, 0), (-0.4, 0, 1), (0.7, 1, 0)]
u, c = 0.3, 0.1
a, b, d, e = 0.6, -0.4, 0.2, 0.05
rate = 0.3
for epoch in range(60):
    for x, t1, t2 in data:
        h = squash(u * x + c)
        v = a * h + d
        w = b * h + e
        total = math.exp(v) + math.exp(w)
        p = math.exp(v) / total
        q = math.exp(w) / total
        loss = -(t1 * math.log(p) + t2 * math.log(q))
        gp = p - t1
        gq = q - t2
        gh = (gp * a + gq * b) * h * (1 - h)
        a -= rate * gp * h
        b -= rate * gq * h
        d -= rate * gp
        e -= rate * gq
        u -= rate * gh * x
        c -= rate * gh
"""


def test_the_way_through_the_other_output_is_written_in_its_numbers() -> None:
    """The value that a function hands back has the adjoint of the name that it is given."""
    wrong = PROGRAM.replace("(gp * a + gq * b) * h", "gp * a * h")
    judgement = judge(trace_program(program_from_bytes(wrong.encode(), "p.py")))
    assert judgement is not None
    bench = Bench.of(judgement.step, judgement.verdict)
    (found,) = located(bench, Repair((), False, bench.initial)).steps
    assert (found.correction.rule, found.correction.site.text) == ("missing-term", "gp * a")
    assert found.correction.expected == "gp * a + gq * b"
