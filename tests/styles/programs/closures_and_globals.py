import numpy as np
rng = np.random.default_rng(5)
W = rng.normal(0, .5, (4, 3)); b = np.zeros(3); count = 0
X = rng.normal(size=(27, 4)); labels = rng.integers(0, 3, 27)
T = np.eye(3)[labels]

def make_updater(rate):
    velocity = {}
    def update(name, value, grad):
        nonlocal velocity
        v = velocity.get(name, np.zeros_like(value))
        v = 0.9 * v - rate * grad
        velocity[name] = v
        return value + v
    return update

softmax = lambda z: (lambda e: e / e.sum(axis=1, keepdims=True))(np.exp(z - z.max(axis=1, keepdims=True)))
update = make_updater(0.1)

def one_step():
    global W, b, count
    p = softmax(X @ W + b)
    loss = -sum(map(lambda i: np.log(p[i, labels[i]]), range(len(X)))) / len(X)
    d = (p - T) / len(X)
    W, b = update("W", W, X.T @ d), update("b", b, d.sum(axis=0))
    count += 1
    return loss

losses = []
try:
    while True:
        losses.append(one_step())
        if count > 300 or losses[-1] < 1e-3:
            break
finally:
    print(min(losses))
