import numpy as np


class Conv:
    """2-d convolution with stride and zero padding, by im2col."""

    def __init__(self, n_in, n_out, k, stride, pad, rng):
        self.k, self.s, self.p = k, stride, pad
        self.W = rng.normal(0, np.sqrt(2 / (n_in * k * k)), (n_out, n_in, k, k))
        self.b = rng.normal(0, .1, n_out)

    def __call__(self, x):
        n, c, h, w = x.shape
        k, s, p = self.k, self.s, self.p
        self.shape = x.shape
        x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self.oh, self.ow = (h + 2 * p - k) // s + 1, (w + 2 * p - k) // s + 1
        self.col = np.zeros((n, c, k, k, self.oh, self.ow))
        for i in range(k):
            for j in range(k):
                self.col[:, :, i, j] = x[:, :, i:i + s * self.oh:s, j:j + s * self.ow:s]
        self.flat = self.col.transpose(0, 4, 5, 1, 2, 3).reshape(n * self.oh * self.ow, -1)
        out = self.flat @ self.W.reshape(len(self.W), -1).T + self.b
        return out.reshape(n, self.oh, self.ow, -1).transpose(0, 3, 1, 2)

    def back(self, g):
        n, c, h, w = self.shape
        k, s, p = self.k, self.s, self.p
        g = g.transpose(0, 2, 3, 1).reshape(-1, len(self.W))
        self.dW = (g.T @ self.flat).reshape(self.W.shape)
        self.db = g.sum(0)
        dcol = (g @ self.W.reshape(len(self.W), -1)).reshape(n, self.oh, self.ow, c, k, k).transpose(0, 3, 4, 5, 1, 2)
        dx = np.zeros((n, c, h + 2 * p, w + 2 * p))
        for i in range(k):
            for j in range(k):
                dx[:, :, i:i + s * self.oh:s, j:j + s * self.ow:s] += dcol[:, :, i, j]
        return dx[:, :, p:h + p, p:w + p]


class MaxPool:
    def __call__(self, x):
        n, c, h, w = x.shape
        self.shape = x.shape
        cells = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
        self.best = cells.argmax(axis=-1)
        return cells.max(axis=-1)

    def back(self, g):
        n, c, h, w = self.shape
        cells = (self.best[..., None] == np.arange(4)) * g[..., None]
        return cells.reshape(n, c, h // 2, w // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h, w)


rng = np.random.default_rng(7)
photos = rng.normal(size=(9, 2, 8, 12))
area = photos[:, 0, 2:5, 3:7].mean((1, 2)) - photos[:, 1, :, 0].max(1)
conv1, conv2, pool = Conv(2, 4, 3, 1, 1, rng), Conv(4, 3, 3, 2, 1, rng), MaxPool()
w, b = rng.normal(0, .4, 3 * 2 * 3), np.zeros(1) + .1

for it in range(800):
    a1 = np.tanh(conv1(photos))
    a2 = np.tanh(conv2(pool(a1)))
    v = a2.reshape(len(photos), -1)
    guess = v @ w + b
    loss = np.mean((guess - area) ** 2)

    g = 2 * (guess - area) / len(area)
    dw, db = v.T @ g, g.sum(keepdims=True)
    g2 = np.outer(g, w).reshape(a2.shape) * (1 - a2 ** 2)
    g1 = pool.back(conv2.back(g2)) * (1 - a1 ** 2)
    conv1.back(g1)

    w -= .03 * dw
    b -= .03 * db
    for layer in (conv1, conv2):
        layer.W -= .03 * layer.dW
        layer.b -= .03 * layer.db
    if it % 80 == 0:
        print(it, loss)
