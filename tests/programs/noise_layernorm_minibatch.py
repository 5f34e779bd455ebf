import numpy as np


class LayerNorm:
    def __init__(self, n, rng):
        self.scale = 1 + 0.1 * rng.standard_normal(n)
        self.shift = 0.1 * rng.standard_normal(n)

    def __call__(self, x):
        self.std = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
        self.xhat = (x - x.mean(axis=-1, keepdims=True)) / self.std
        return self.xhat * self.scale + self.shift

    def grad(self, g):
        self.d_scale = (g * self.xhat).sum(axis=0)
        self.d_shift = g.sum(axis=0)
        gx = g * self.scale
        mean_g = gx.mean(axis=-1, keepdims=True)
        mean_gx = (gx * self.xhat).mean(axis=-1, keepdims=True)
        return (gx - mean_g - self.xhat * mean_gx) / self.std


rng = np.random.default_rng(66)
X = rng.standard_normal((48, 5))
Y = np.stack([X[:, 0] * X[:, 1], np.cos(X[:, 2]), X[:, 3] - X[:, 4]], axis=-1)
A = rng.standard_normal((5, 7)) * 0.5
a = rng.standard_normal(7) * 0.1
norm = LayerNorm(7, rng)
B = rng.standard_normal((7, 3)) * 0.4

for epoch in range(1000):
    for k in range(0, len(X), 16):
        x, y = X[k:k + 16], Y[k:k + 16]
        z = x @ A + a
        n = norm(z)
        h = n / (1 + np.abs(n))          # softsign
        out = h @ B
        loss = 0.5 * ((out - y) ** 2).sum() / len(x)

        g = (out - y) / len(x)
        gB = h.T @ g
        gn = g @ B.T / (1 + np.abs(n)) ** 2
        gz = norm.grad(gn)
        A -= 0.1 * x.T @ gz
        a -= 0.1 * gz.sum(axis=0)
        B -= 0.1 * gB
        norm.scale -= 0.1 * norm.d_scale
        norm.shift -= 0.1 * norm.d_shift
    if epoch % 100 == 0:
        print(epoch, loss)
