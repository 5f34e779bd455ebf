import numpy as np


class Counter:
    """An RNN that counts the ones in a row of bits; read at the end of the sequence."""

    def __init__(self, hidden):
        r = np.random.RandomState(3)
        self.U = r.randn(hidden, 1) * 0.5
        self.W = r.randn(hidden, hidden) * 0.3
        self.b = r.randn(hidden) * 0.1
        self.v = r.randn(hidden) * 0.5

    def forward(self, bits):
        self.h = [np.zeros(len(self.b))]
        for bit in bits:
            self.h.append(np.tanh(self.U[:, 0] * bit + self.W @ self.h[-1] + self.b))
        return self.v @ self.h[-1]

    def gradients(self, bits, err):
        g = {"v": err * self.h[-1], "U": np.zeros_like(self.U), "W": np.zeros_like(self.W), "b": np.zeros_like(self.b)}
        delta = err * self.v
        for t in range(len(bits) - 1, -1, -1):
            da = delta * (1 - self.h[t + 1] ** 2)
            g["U"][:, 0] += da * bits[t]
            g["W"] += np.outer(da, self.h[t])
            g["b"] += da
            delta = self.W.T @ da
        return g


np.random.seed(27)
rows = [np.random.randint(0, 2, np.random.randint(4, 7)) for _ in range(9)]
net = Counter(6)
for epoch in range(2000):
    total = 0
    sums = {k: 0 for k in "UWbv"}
    for bits in rows:
        out = net.forward(bits)
        err = out - bits.sum() / 4
        total += 0.5 * err ** 2
        for k, g in net.gradients(bits, err).items():
            sums[k] = sums[k] + g
    for k in sums:
        setattr(net, k, getattr(net, k) - 0.02 * sums[k])
    if epoch % 200 == 0:
        print(epoch, total)
