import numpy as np

rng = np.random.default_rng(50)
D, H, T = 2, 5, 7
W = rng.normal(0, 0.4, (4 * H, D + H))
b = rng.normal(0, 0.1, 4 * H)
V = rng.normal(0, 0.4, H)
c0 = np.array(0.1)
sig = lambda z: 1 / (1 + np.exp(-z))


def run(series):
    h, c = np.zeros(H), np.zeros(H)
    steps = []
    for x in series:
        xh = np.concatenate([x, h])
        z = W @ xh + b
        i, f, o = sig(z[:H]), sig(z[H:2 * H]), sig(z[2 * H:3 * H])
        g = np.tanh(z[3 * H:])
        c_old = c
        c = f * c_old + i * g
        h = o * np.tanh(c)
        steps.append((xh, i, f, o, g, c_old, c))
    return h, steps


for it in range(2000):
    series = rng.normal(size=(T, D)).cumsum(0) * 0.3
    target = series[-1, 0] * series[0, 1]
    h, steps = run(series)
    pred = V @ h + c0
    loss = 0.5 * (pred - target) ** 2

    dpred = pred - target
    dV, dc0 = dpred * h, dpred
    dh, dc = dpred * V, np.zeros(H)
    dW, db = np.zeros_like(W), np.zeros_like(b)
    for xh, i, f, o, g, c_old, c in reversed(steps):
        tc = np.tanh(c)
        do = dh * tc
        dc = dc + dh * o * (1 - tc ** 2)
        dz = np.concatenate([dc * g * i * (1 - i), dc * c_old * f * (1 - f),
                             do * o * (1 - o), dc * i * (1 - g ** 2)])
        dW += np.outer(dz, xh)
        db += dz
        dh = (W.T @ dz)[D:]
        dc = dc * f

    norm = np.sqrt(np.sum(dW ** 2) + np.sum(db ** 2) + np.sum(dV ** 2) + dc0 ** 2)
    shrink = min(1.0, 0.5 / (norm + 1e-12))
    W -= 0.1 * shrink * dW
    b -= 0.1 * shrink * db
    V -= 0.1 * shrink * dV
    c0 -= 0.1 * shrink * dc0
    if it % 200 == 0:
        print(it, loss)
