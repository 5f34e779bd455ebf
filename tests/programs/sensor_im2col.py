import numpy as np


def im2col(x, k):
    """(N, C, L) -> (N, L - k + 1, C * k)"""
    n, c, length = x.shape
    cols = [x[:, :, i:i + k].reshape(n, c * k) for i in range(length - k + 1)]
    return np.stack(cols, axis=1)


def col2im(dcols, shape, k):
    n, c, length = shape
    dx = np.zeros(shape)
    for i in range(length - k + 1):
        dx[:, :, i:i + k] += dcols[:, i].reshape(n, c, k)
    return dx


class Conv1d:
    def __init__(self, c_in, c_out, k):
        self.k = k
        self.W = np.random.randn(c_in * k, c_out) / np.sqrt(c_in * k)
        self.b = 0.1 * np.random.randn(c_out)

    def forward(self, x):
        self.shape = x.shape
        self.cols = im2col(x, self.k)
        return (self.cols @ self.W + self.b).transpose(0, 2, 1)

    def backward(self, g):
        g = g.transpose(0, 2, 1)
        self.dW = np.einsum("nlp,nlq->pq", self.cols, g)
        self.db = g.sum(axis=(0, 1))
        return col2im(g @ self.W.T, self.shape, self.k)


np.random.seed(34)
signal = np.random.randn(11, 2, 13)
label = signal[:, 0, 3:6].sum(axis=1) - signal[:, 1, 8]
conv1, conv2 = Conv1d(2, 5, 4), Conv1d(5, 3, 3)
v = np.random.randn(3) * 0.5

for it in range(1500):
    h1 = conv1.forward(signal)
    r1 = np.tanh(h1)
    h2 = conv2.forward(r1)
    feat = h2.mean(axis=2)
    out = feat @ v
    loss = np.mean((out - label) ** 2)

    dout = 2 * (out - label) / len(label)
    dv = feat.T @ dout
    dfeat = np.outer(dout, v)
    dh2 = np.repeat(dfeat[:, :, None], h2.shape[2], axis=2) / h2.shape[2]
    dh1 = conv2.backward(dh2) * (1 - r1 ** 2)
    conv1.backward(dh1)
    for p, g in [(conv1.W, conv1.dW), (conv1.b, conv1.db), (conv2.W, conv2.dW), (conv2.b, conv2.db), (v, dv)]:
        p -= 0.05 * g
    if it % 150 == 0:
        print(it, loss)
