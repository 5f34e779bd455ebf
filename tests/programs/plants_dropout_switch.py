import numpy as np

# leaf measurements -> chance that the plant is ill. Dropout without rescaling: units are
# switched off while training, and all outputs are multiplied by KEEP afterwards.
KEEP = 0.7
np.random.seed(118)


def lrelu(x):
    return np.where(x > 0, x, 0.05 * x)


def lrelu_d(x):
    d = np.ones_like(x)
    d[x <= 0] = 0.05
    return d


class Layer:
    def __init__(self, i, o, drop):
        self.w = np.random.randn(o, i) * np.sqrt(1.5 / i)
        self.b = np.random.randn(o, 1) * 0.1
        self.drop = drop

    def forward(self, x, training):
        self.x = x
        self.z = self.w.dot(x) + self.b
        a = lrelu(self.z)
        if not self.drop:
            return a
        if not training:
            return a * KEEP
        self.on = np.random.rand(*a.shape) < KEEP
        return a * self.on

    def backward(self, da):
        if self.drop:
            da = da * self.on
        dz = da * lrelu_d(self.z)
        n = self.x.shape[1]
        self.gw = dz.dot(self.x.T) / n
        self.gb = dz.sum(axis=1, keepdims=True) / n
        return self.w.T.dot(dz)

    def step(self, rate):
        self.w -= rate * self.gw
        self.b -= rate * self.gb


def predict(net, x, training=False):
    for layer in net:
        x = layer.forward(x, training)
    return 1.0 / (1.0 + np.exp(-x))


leaves = np.random.randn(5, 48)
ill = (leaves[0] + np.abs(leaves[3]) > 0.9).astype(float).reshape(1, -1)
net = [Layer(5, 12, True), Layer(12, 7, True), Layer(7, 1, False)]
for epoch in range(1200):
    p = predict(net, leaves, training=True)
    cost = np.mean(-ill * np.log(p) - (1 - ill) * np.log(1 - p))
    grad = p - ill
    for layer in net[::-1]:
        grad = layer.backward(grad)
    for layer in net:
        layer.step(0.2)
    if epoch % 120 == 0:
        print(epoch, cost, np.mean((predict(net, leaves) > 0.5) == ill))
