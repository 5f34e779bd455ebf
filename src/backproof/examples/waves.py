"""Learn the height of a wave from the time: a small network, with its backpropagation written by hand."""

import numpy as np

random = np.random.default_rng(7)

times = random.uniform(0.0, 15.0, 500)
heights = np.sin(times)

RATE = 0.01
STEPS = 20_000


def squash(a):
    return 1.0 / (1.0 + np.exp(-a))


def squash_slope(a):
    return squash(a) * (1.0 - squash(a))


to_hidden = random.uniform(-1.0, 1.0, 10)
to_output = random.uniform(-1.0, 1.0, 10)

total = 0.0
for step in range(1, STEPS + 1):
    pick = random.integers(500)
    time, height = times[pick], heights[pick]

    # forward
    drive = to_hidden * time
    hidden = squash(drive)
    guess = np.dot(hidden, to_output)
    loss = 0.5 * (guess - height) ** 2

    # backward
    miss = height - guess
    slope_output = miss * hidden
    slope_hidden = miss * to_output * squash_slope(hidden) * time

    to_output -= RATE * slope_output
    to_hidden -= RATE * slope_hidden

    total += loss
    if step % 4_000 == 0:
        print(f"step {step:6,}   mean loss {total / 4_000:.4g}")
        total = 0.0
