import functools
import time
import numpy as np

timings = {}


def timed(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        t0 = time.perf_counter()
        result = fn(*args, **kwargs)
        timings[fn.__name__] = timings.get(fn.__name__, 0) + time.perf_counter() - t0
        return result
    return wrapper


@timed
def predict(theta, X):
    """expected number of rented bikes"""
    return np.exp(X @ theta)


@timed
def poisson_nll(rate, counts):
    return np.mean(rate - counts * np.log(rate))


@timed
def gradient(theta, X, counts):
    rate = predict(theta, X)
    return X.T @ (rate - counts) / len(counts)


rng = np.random.default_rng(42)
X = np.hstack([np.ones((47, 1)), rng.normal(size=(47, 4)) * 0.4])
counts = rng.poisson(np.exp(X @ [1.0, 0.5, -0.7, 0.2, 0.0]))
theta = rng.normal(size=5) * 0.1

for it in range(2500):
    nll = poisson_nll(predict(theta, X), counts)
    theta -= 0.1 * gradient(theta, X, counts)
    if it % 250 == 0:
        print(it, nll)
print(theta, timings)
