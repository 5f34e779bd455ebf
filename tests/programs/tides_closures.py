import numpy as np

rng = np.random.default_rng(21)


def make_affine(n_in, n_out):
    W = rng.normal(0, 0.5, (n_out, n_in))
    b = rng.normal(0, 0.1, n_out)

    def run(x):
        def pull(g, lr):
            back = g @ W
            W[...] = W - lr * g.T @ x
            b[...] = b - lr * g.sum(0)
            return back
        return x @ W.T + b, pull
    run.W, run.b = W, b
    return run


def make_elementwise(f, df):
    def run(x):
        y = f(x)
        return y, lambda g, lr: g * df(x)
    return run


softplus = make_elementwise(lambda z: np.log1p(np.exp(z)), lambda z: 1 / (1 + np.exp(-z)))
first, second = make_affine(3, 8), make_affine(8, 2)
model = [first, softplus, second]

hours = rng.uniform(0, 12, 29)
X = np.stack([np.sin(hours), np.cos(hours), hours / 12], 1)
Y = np.stack([np.sin(hours) ** 2, 0.5 * hours / 12 - np.cos(hours)], 1)

for it in range(2000):
    out, pulls = X, []
    for f in model:
        out, pull = f(out)
        pulls.append(pull)
    loss = np.sum((out - Y) ** 2) / len(X)
    g = 2 * (out - Y) / len(X)
    for pull in pulls[::-1]:
        g = pull(g, 0.02)
    if it % 200 == 0:
        print(it, loss)
