import asyncio
import numpy as np
rng = np.random.default_rng(5)
X = rng.normal(size=(25, 3)); y = X @ np.array([1., -2., .5]) + 0.3
w = rng.normal(size=3); c = 0.0

async def gradients(w, c):
    r = X @ w + c - y
    await asyncio.sleep(0)
    return X.T @ r / len(X), r.mean(), 0.5 * np.mean(r ** 2)

async def main():
    global w, c
    for i in range(200):
        gw, gc, loss = await gradients(w, c)
        w = w - 0.1 * gw
        c = c - 0.1 * gc
        print(loss)

asyncio.run(main())
