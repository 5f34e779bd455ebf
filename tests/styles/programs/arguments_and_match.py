import argparse
import numpy as np
from dataclasses import dataclass, field
from typing import Callable

@dataclass
class Config:
    hidden: int = 6
    rate: float = 0.1
    steps: int = 400
    act: str = "tanh"

@dataclass(slots=True)
class Net:
    config: Config
    W: list = field(default_factory=list)

    def __post_init__(self):
        rng = np.random.default_rng(1)
        h = self.config.hidden
        self.W = [rng.normal(0, .5, (3, h)), rng.normal(0, .5, (h, 1))]

    def act(self, z):
        match self.config.act:
            case "tanh":
                return np.tanh(z)
            case "relu":
                return np.maximum(z, 0)
            case _:
                raise ValueError(self.config.act)

    def slope(self, z):
        match self.config.act:
            case "tanh":
                return 1 - np.tanh(z) ** 2
            case "relu":
                return (z > 0).astype(float)

def timed(f: Callable):
    def inner(*args, **kwargs):
        result = f(*args, **kwargs)
        return result
    inner.__name__ = f.__name__
    return inner

@timed
def train(net, X, y, *, rate, steps):
    history = []
    for _ in range(steps):
        z = X @ net.W[0]
        h = net.act(z)
        out = h @ net.W[1]
        history.append(cost := float(np.mean((out - y) ** 2)))
        d = 2 * (out - y) / len(y)
        grads = [X.T @ (d @ net.W[1].T * net.slope(z)), h.T @ d]
        net.W = [w - rate * g for w, g in zip(net.W, grads, strict=True)]
    return history

def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden", type=int, default=6)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--steps", type=int, default=300)
    args = parser.parse_args(argv)
    config = Config(hidden=args.hidden, rate=args.rate, steps=args.steps)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(31, 3)); y = np.sin(X.sum(axis=1, keepdims=True))
    train(Net(config), X, y, rate=config.rate, steps=config.steps)

if __name__ == "__main__":
    main()
