from dataclasses import dataclass, field
import numpy as np


@dataclass
class Param:
    value: np.ndarray
    grad: np.ndarray = None
    m: np.ndarray = field(init=False)
    v: np.ndarray = field(init=False)

    def __post_init__(self):
        self.m = np.zeros_like(self.value)
        self.v = np.zeros_like(self.value)


@dataclass
class Adam:
    params: list
    lr: float = 1e-2
    beta1: float = 0.9
    beta2: float = 0.999
    t: int = 0

    def step(self):
        self.t += 1
        for p in self.params:
            p.m = self.beta1 * p.m + (1 - self.beta1) * p.grad
            p.v = self.beta2 * p.v + (1 - self.beta2) * p.grad ** 2
            mhat = p.m / (1 - self.beta1 ** self.t)
            vhat = p.v / (1 - self.beta2 ** self.t)
            p.value = p.value - self.lr * mhat / (np.sqrt(vhat) + 1e-8)


def main():
    rng = np.random.default_rng(9)
    X = rng.normal(size=(33, 4))
    y = np.tanh(X @ rng.normal(size=(4, 3))) + 0.1
    w1, b1 = Param(rng.normal(size=(4, 7)) * 0.5), Param(rng.normal(size=7) * 0.1)
    w2, b2 = Param(rng.normal(size=(7, 3)) * 0.5), Param(rng.normal(size=3) * 0.1)
    opt = Adam([w1, b1, w2, b2], lr=5e-3)
    for epoch in range(2000):
        z = X @ w1.value + b1.value
        h = np.maximum(0.1 * z, z)
        out = h @ w2.value + b2.value
        loss = ((out - y) ** 2).mean()

        dout = 2 * (out - y) / out.size
        w2.grad, b2.grad = h.T @ dout, dout.sum(0)
        dz = (dout @ w2.value.T) * np.where(z > 0, 1, 0.1)
        w1.grad, b1.grad = X.T @ dz, dz.sum(0)
        opt.step()
        if epoch % 200 == 0:
            print(epoch, loss)


if __name__ == "__main__":
    main()
