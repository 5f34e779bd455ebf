import numpy as np
from itertools import islice, cycle
from functools import partial, reduce
from collections import deque, namedtuple
from contextlib import contextmanager
import operator

rng = np.random.default_rng(7)
Layer = namedtuple("Layer", "W b f df")
dot = partial(np.matmul)

def batches(X, Y, size):
    while True:
        order = rng.permutation(len(X))
        for start in range(0, len(X), size):
            pick = order[start:start + size]
            yield X[pick], Y[pick]

def tanh_slope(a):
    return 1 - a * a

X = rng.normal(size=(24, 3))
Y = np.sin(X @ rng.normal(size=(3, 2)))
layers = [
    Layer(rng.normal(0, 0.5, (3, 6)), rng.normal(0, .1, 6), np.tanh, tanh_slope),
    Layer(rng.normal(0, 0.5, (6, 2)), rng.normal(0, .1, 2), lambda z: z, lambda a: np.ones_like(a)),
]

@contextmanager
def step(name):
    try:
        yield name
    finally:
        pass

for number, (x, y) in enumerate(islice(batches(X, Y, 8), 300)):
    caches = deque()
    a = x
    for layer in layers:
        caches.append(a)
        a = layer.f(dot(a, layer.W) + layer.b)
    with step(number):
        outputs = deque([a])
        loss = 0.5 * reduce(operator.add, map(np.sum, (a - y) ** 2)) / len(x)
        g = (a - y) / len(x)
        out = a
        for layer in reversed(layers):
            inp = caches.pop()
            dz = g * layer.df(out)
            g = dz @ layer.W.T
            layer.W[...] -= 0.1 * inp.T @ dz
            layer.b[...] -= 0.1 * dz.sum(axis=0)
            out = inp
