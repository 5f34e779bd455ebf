"""Tables of products in lists, of which rows and columns are taken for each other."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

BAKED = """
def total(row, values):
    found = 0
    for a, b in zip(row, values):
        found += a * b
    return found

weights = [[0.3, -0.2, 0.5], [0.1, 0.4, -0.3], [-0.6, 0.2, 0.1]]
seen = [[1.2, 0.4, 0.8], [0.7, 1.1, 0.3], [0.9, 0.6, 1.3], [1.4, 0.2, 0.5]]
told = [[0.6, 0.3, 0.9], [0.2, 0.8, 0.4], [1.1, 0.5, 0.2], [0.3, 0.7, 0.6]]
for turn in range(3000):
    worse = 0
    for values, wanted in zip(seen, told):
        given = [total(row, values) for row in weights]
        off = [g - w for g, w in zip(given, wanted)]
        worse += sum(0.5 * d ** 2 for d in off)
        table = [[d * v for v in values] for d in off]
        for i in range(3):
            for j in range(3):
                weights[i][j] -= 0.04 * table[i][j]
    if turn % 300 == 0:
        print(turn, worse)
"""


def test_rows_and_columns_of_a_list_of_lists() -> None:
    """What is updated with another number's gradient is held against the loss that all numbers reach."""
    assert check_program(program_from_bytes(BAKED.encode(), "p.py")).verdict == "correct"
    text = BAKED.replace("0.04 * table[i][j]", "0.04 * table[j][i]")
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.found, finding.expected) == ("wrong-index", "table[j][i]", "table[i][j]")
    assert finding.mended
    assert report.loss is not None
    assert report.loss.name == "worse"
