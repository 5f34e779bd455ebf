import numpy as np


class TiedAutoencoder:
    def __init__(self, visible, hidden):
        self.W = np.random.randn(visible, hidden) * 0.3
        self.b = np.random.randn(hidden) * 0.1
        self.c = np.random.randn(visible) * 0.1

    def encode(self, x):
        return 1 / (1 + np.exp(-(x @ self.W + self.b)))

    def decode(self, h):
        return 1 / (1 + np.exp(-(h @ self.W.T + self.c)))

    def train(self, x, lr):
        h = self.encode(x)
        r = self.decode(h)
        loss = -np.sum(x * np.log(r) + (1 - x) * np.log(1 - r)) / x.shape[0]

        d_out = (r - x) / x.shape[0]
        d_hid = (d_out @ self.W) * h * (1 - h)
        # W is used twice, so its gradient has two parts
        dW = x.T @ d_hid + d_out.T @ h
        self.W -= lr * dW
        self.b -= lr * d_hid.sum(axis=0)
        self.c -= lr * d_out.sum(axis=0)
        return loss


np.random.seed(88)
faces = np.random.rand(27, 8) * 0.8 + 0.1
ae = TiedAutoencoder(8, 5)
for epoch in range(2000):
    loss = ae.train(faces, 0.1)
    if epoch % 200 == 0:
        print(epoch, loss)
