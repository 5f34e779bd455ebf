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


MARGIN = """
import numpy as np

draw = np.random.default_rng(52)
pictures, wanted = draw.normal(size=(5, 4, 6)), draw.normal(size=(5, 2))
first, second = draw.normal(0, 0.4, (3, 3)), draw.normal(0, 0.4, (3, 3))
W = draw.normal(0, 0.3, (24, 2))


def over(x, kernel):
    wide = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    _, h, w = x.shape
    out = np.zeros(x.shape)
    for i in range(h):
        for j in range(w):
            out[:, i, j] = np.sum(wide[:, i:i + 3, j:j + 3] * kernel, axis=(1, 2))
    return out, wide


def over_back(d, wide, kernel):
    _, h, w = d.shape
    d_kernel, d_wide = np.zeros((3, 3)), np.zeros(wide.shape)
    for i in range(h):
        for j in range(w):
            d_kernel += np.tensordot(d[:, i, j], wide[:, i:i + 3, j:j + 3], axes=1)
            d_wide[:, i:i + 3, j:j + 3] += d[:, i, j][:, None, None] * kernel
    return d_kernel, d_wide[:, 1:h + 1, 1:w + 1]


for turn in range(1000):
    a, wide_a = over(pictures, first)
    h = np.tanh(a)
    b, wide_b = over(h, second)
    out = b.reshape(5, -1) @ W
    loss = np.mean((out - wanted) ** 2)
    d = 2 * (out - wanted) / out.size
    d_second, dh = over_back((d @ W.T).reshape(b.shape), wide_b, second)
    d_first, _ = over_back(dh * (1 - h ** 2), wide_a, first)
    W -= 0.1 * b.reshape(5, -1).T @ d
    second -= 0.1 * d_second
    first -= 0.1 * d_first
"""


def test_the_margin_that_was_put_around() -> None:
    """It is taken off at both ends, and not all at one."""
    assert check_program(program_from_bytes(MARGIN.encode(), "margin.py")).verdict == "correct"
    text = MARGIN.replace("d_wide[:, 1:h + 1, 1:w + 1]", "d_wide[:, :h, :w]")
    report = check_program(program_from_bytes(text.encode(), "margin.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.expected) == ("wrong-index", "d_wide[:, 1:-1, 1:-1]")
    assert finding.mended
