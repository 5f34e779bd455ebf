"""Flour quality. Layers with batch normalisation that also keeps running averages for later use."""
from collections import OrderedDict
import numpy as np


class Affine:
    def __init__(self, W, b=0.0):
        self.W, self.b = W, b

    def forward(self, x, train_flg=True):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return np.dot(dout, self.W.T)


class Normalise:
    def __init__(self, gain, offset, keep=0.9):
        self.gain, self.offset, self.keep = gain, offset, keep
        self.running_mean = np.zeros_like(gain)
        self.running_var = np.ones_like(gain)

    def forward(self, x, train_flg=True):
        if train_flg:
            mu = x.mean(axis=0)
            self.centred = x - mu
            var = np.mean(self.centred ** 2, axis=0)
            self.deviation = np.sqrt(var + 1e-5)
            self.running_mean = self.keep * self.running_mean + (1 - self.keep) * mu
            self.running_var = self.keep * self.running_var + (1 - self.keep) * var
        else:
            self.centred = x - self.running_mean
            self.deviation = np.sqrt(self.running_var + 1e-5)
        self.unit = self.centred / self.deviation
        return self.gain * self.unit + self.offset

    def backward(self, dout):
        n = len(dout)
        self.doffset = dout.sum(axis=0)
        self.dgain = np.sum(self.unit * dout, axis=0)
        dunit = self.gain * dout
        dcentred = dunit / self.deviation
        ddeviation = -np.sum(dunit * self.centred / self.deviation ** 2, axis=0)
        dvar = 0.5 * ddeviation / self.deviation
        dcentred += 2.0 / n * self.centred * dvar
        dmu = np.sum(dcentred, axis=0)
        return dcentred - dmu / n


class Swish:
    def forward(self, x, train_flg=True):
        self.x, self.s = x, 1 / (1 + np.exp(-x))
        return x * self.s

    def backward(self, dout):
        return dout * (self.s + self.x * self.s * (1 - self.s))


r = np.random.RandomState(8)
layers = OrderedDict()
layers["affine1"] = Affine(r.randn(4, 9) * 0.5)      # the offset of norm1 is its bias
layers["norm1"] = Normalise(1 + 0.2 * r.randn(9), 0.1 * r.randn(9))
layers["swish1"] = Swish()
layers["affine2"] = Affine(r.randn(9, 2) * 0.5, r.randn(2) * 0.1)
flour = r.randn(200, 4)
quality = np.stack([flour[:, 0] * flour[:, 1], np.abs(flour[:, 2])], axis=1)

for i in range(2000):
    batch = r.choice(200, 23)
    x, t = flour[batch], quality[batch]
    y = x
    for layer in layers.values():
        y = layer.forward(y)
    loss = 0.5 * np.sum((y - t) ** 2) / len(x)
    dout = (y - t) / len(x)
    for layer in reversed(list(layers.values())):
        dout = layer.backward(dout)
    for layer in layers.values():
        if isinstance(layer, Affine):
            layer.W -= 0.1 * layer.dW
            if np.ndim(layer.b):
                layer.b -= 0.1 * layer.db
        elif isinstance(layer, Normalise):
            layer.gain -= 0.1 * layer.dgain
            layer.offset -= 0.1 * layer.doffset
    if i % 200 == 0:
        print(i, loss)
