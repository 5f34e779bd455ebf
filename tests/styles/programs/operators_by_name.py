import operator
from functools import reduce

import numpy as np


class Mixer:
    def __init__(self, rng):
        self.inner = rng.normal(0, 0.5, (3, 7))
        self.shift = rng.normal(0, 0.1, 7)
        self.outer = rng.normal(0, 0.5, (7, 2))
        self.ends = rng.normal(0, 0.1, 2)

    def forward(self, x):
        self.x = x
        self.a = np.tanh(operator.add(x @ self.inner, self.shift))
        return self.a.__matmul__(self.outer).__add__(self.ends)

    def backward(self, d):
        back = operator.mul(d @ self.outer.T, 1 - self.a ** 2)
        return {"inner": self.x.T @ back, "shift": back.sum(0), "outer": self.a.T @ d, "ends": d.sum(0)}


rng = np.random.default_rng(14)
data = rng.uniform(-1, 1, (17, 3))
wanted = np.stack((data[:, 0] * data[:, 1], np.cos(data[:, 2])), axis=1)
mixer = Mixer(rng)
for turn in range(400):
    out = mixer.forward(data)
    loss = reduce(operator.add, [float(np.sum(row ** 2)) for row in out - wanted]) / len(data)
    slopes = mixer.backward(2 * (out - wanted) / len(data))
    for name in ("inner", "shift"):
        getattr(mixer, name).__isub__(0.05 * slopes[name])
    mixer.outer = operator.isub(mixer.outer, 0.05 * slopes["outer"])
    vars(mixer)["ends"] -= 0.05 * slopes["ends"]
    if turn % 100 == 0:
        print(turn, loss)
