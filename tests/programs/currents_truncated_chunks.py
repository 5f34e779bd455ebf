"""Forecast an electric load one step ahead. The series is cut into chunks; the state is carried over, gradients are not."""
import numpy as np

SIZE, CHUNK = 7, 5


def series(length):
    t = np.arange(length)
    return np.sin(0.3 * t) + 0.5 * np.sin(0.71 * t + 1)


class Elman(object):
    def __init__(self, size):
        gen = np.random.RandomState(15)
        self.size = size
        self.w_in = gen.normal(0, 0.5, size)
        self.w_rec = gen.normal(0, 0.35, (size, size))
        self.bias = gen.normal(0, 0.1, size)
        self.w_out = gen.normal(0, 0.5, size)
        self.bias_out = gen.normal(0, 0.1)
        self.state = np.zeros(size)

    def run(self, xs):
        self.states = [self.state]
        outputs = []
        for x in xs:
            pre = self.w_in * x + self.w_rec.dot(self.states[-1]) + self.bias
            self.states.append(np.tanh(pre))
            outputs.append(self.w_out.dot(self.states[-1]) + self.bias_out)
        self.state = self.states[-1].copy()
        return outputs

    def learn(self, xs, errors, rate):
        g_in, g_rec, g_bias, g_out = (np.zeros_like(w) for w in (self.w_in, self.w_rec, self.bias, self.w_out))
        g_bias_out = 0.0
        later = np.zeros(self.size)
        for t in range(len(xs) - 1, -1, -1):
            g_out += errors[t] * self.states[t + 1]
            g_bias_out += errors[t]
            total = errors[t] * self.w_out + later
            pre = total * (1.0 - self.states[t + 1] ** 2)
            g_in += pre * xs[t]
            g_rec += np.outer(pre, self.states[t])
            g_bias += pre
            later = pre.dot(self.w_rec)
        self.w_in -= rate * g_in
        self.w_rec -= rate * g_rec
        self.bias -= rate * g_bias
        self.w_out -= rate * g_out
        self.bias_out -= rate * g_bias_out


load = series(401)
net = Elman(SIZE)
for epoch in range(240):
    net.state = np.zeros(SIZE)
    seen = []
    for start in range(0, 400, CHUNK):
        xs = load[start:start + CHUNK]
        wanted = load[start + 1:start + CHUNK + 1]
        errors = [y - t for y, t in zip(net.run(xs), wanted)]
        sse = 0.5 * sum(e * e for e in errors)
        net.learn(xs, errors, 0.02)
        seen.append(sse)
    if epoch % 24 == 0:
        print(epoch, sum(seen) / len(seen))
