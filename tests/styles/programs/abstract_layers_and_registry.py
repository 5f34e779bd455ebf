import numpy as np
from abc import ABC, abstractmethod
from typing import NamedTuple, Protocol
from enum import Enum

class Kind(Enum):
    TANH = "tanh"
    LIN = "lin"

class Grads(NamedTuple):
    W: np.ndarray
    b: np.ndarray

REGISTRY = {}
def register(kind):
    def wrap(cls):
        REGISTRY[kind] = cls
        return cls
    return wrap

class Layer(ABC):
    def __init__(self, n, m, rng):
        self._W = rng.normal(0, 0.4, (n, m))
        self._b = rng.normal(0, .1, m)
    @property
    def W(self):
        return self._W
    @W.setter
    def W(self, value):
        assert value.shape == self._W.shape
        self._W = value
    @abstractmethod
    def f(self, z): ...
    @abstractmethod
    def df(self, z): ...
    def __lshift__(self, x):
        self.x = x
        self.z = x @ self.W + self._b
        return self.f(self.z)
    def pull(self, g):
        dz = g * self.df(self.z)
        return dz @ self.W.T, Grads(W=self.x.T @ dz, b=dz.sum(0))

@register(Kind.TANH)
class Tanh(Layer):
    f = staticmethod(np.tanh)
    def df(self, z):
        return 1.0 / np.cosh(z) ** 2

@register(Kind.LIN)
class Lin(Layer):
    def f(self, z):
        return z
    def df(self, z):
        return 1.0

class SGD:
    def __init__(self, lr): self.lr = lr
    def __call__(self, pairs):
        for layer, grads in pairs:
            layer.W = layer.W - self.lr * grads.W
            layer._b = layer._b - self.lr * grads.b

def build(rng, *specs, **options):
    return [REGISTRY[kind](n, m, rng, **options) for kind, n, m in specs]

rng = np.random.default_rng(11)
x = rng.normal(size=(22, 3)); y = np.tanh(x[:, :2]) * 2
net = build(rng, (Kind.TANH, 3, 8), (Kind.LIN, 8, 2))
first, *rest = net
opt = SGD(lr=0.05)
for t in range(400):
    out = x
    for layer in net:
        out = layer << out
    err = out - y
    mse = float((err ** 2).sum() / len(x))
    g, stack = 2 * err / len(x), []
    for layer in net[::-1]:
        g, grads = layer.pull(g)
        stack.append((layer, grads))
    opt(stack)
    if not t % 100: print("mse=%.3f" % mse)
