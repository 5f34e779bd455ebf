import numpy as np

np.random.seed(12)


class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * np.sqrt(2.0 / n_in)
        self.b = np.random.randn(n_out) * 0.05

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(axis=0)
        return grad @ self.W.T


class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


class SoftmaxCrossEntropy:
    def forward(self, logits, labels):
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        self.labels = labels
        return -np.log(self.p[np.arange(len(labels)), labels]).mean()

    def backward(self):
        g = self.p.copy()
        g[np.arange(len(self.labels)), self.labels] -= 1
        return g / len(self.labels)


layers = [Dense(6, 11), ReLU(), Dense(11, 9), ReLU(), Dense(9, 4)]
criterion = SoftmaxCrossEntropy()
X = np.random.randn(31, 6)
y = np.argmax(X[:, :4] + 0.3 * np.random.randn(31, 4), axis=1)

for epoch in range(1500):
    h = X
    for layer in layers:
        h = layer.forward(h)
    loss = criterion.forward(h, y)

    g = criterion.backward()
    for layer in reversed(layers):
        g = layer.backward(g)

    for layer in layers:
        if isinstance(layer, Dense):
            layer.W -= 0.1 * layer.dW
            layer.b -= 0.1 * layer.db
    if epoch % 100 == 0:
        print(f"{epoch:5d}  loss {loss:.4f}  acc {(h.argmax(1) == y).mean():.2f}")
