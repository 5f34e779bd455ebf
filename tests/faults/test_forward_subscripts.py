"""A subscript of the forward pass belongs in the backward pass as well."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

STRIDES = """
import numpy as np
draw = np.random.default_rng(51)
class Scan:
    def __init__(self, count, size, hop):
        self.K, self.c = draw.normal(0, 0.4, (count, size, size)), draw.normal(0, 0.1, count)
        self.size, self.hop = size, hop
    def see(self, photo):
        self.photo = photo
        n, k, s = len(self.c), self.size, self.hop
        rows, cols = ((d - k) // s + 1 for d in photo.shape)
        out = np.zeros((n, rows, cols))
        for i in range(rows):
            for j in range(cols):
                piece = photo[i * s:i * s + k, j * s:j * s + k]
                out[:, i, j] = np.sum(piece * self.K, axis=(1, 2)) + self.c
        return out
    def slopes(self, d):
        k, s = self.size, self.hop
        dK = np.zeros_like(self.K)
        for f in range(len(d)):
            for i in range(d.shape[1]):
                for j in range(d.shape[2]):
                    dK[f] += d[f, i, j] * self.photo[i:i + k, j:j + k]
        return dK, d.sum(axis=(1, 2))
photo, goal = draw.normal(size=(7, 9)), draw.normal(size=(2, 3, 4))
scan = Scan(2, 3, 2)
for turn in range(10**6):
    miss = np.tanh(scan.see(photo)) - goal
    loss = 0.5 * np.sum(miss ** 2)
    dK, dc = scan.slopes(miss * (1 - (miss + goal) ** 2))
    scan.K -= 0.02 * dK
    scan.c -= 0.02 * dc
"""


def test_the_windows_of_a_stride() -> None:
    """They are taken from another array, by the names that mean the same there."""
    program = program_from_bytes(STRIDES.encode(), "scan.py")
    (finding,) = [f for f in check_program(program).findings if f.severity == "error"]
    assert (finding.name, finding.found) == ("wrong-index", "self.photo[i:i + k, j:j + k]")
    assert finding.expected == "self.photo[i * s:i * s + k, j * s:j * s + k]"
    assert finding.fix is not None
    assert check_program(apply_edits(program, finding.fix.edits)).verdict == "correct"
