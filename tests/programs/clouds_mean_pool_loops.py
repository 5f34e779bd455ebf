# cloud cover from brightness images: loop convolution (2 kernels, 2x2), logistic, 2x2 mean pooling, linear
import numpy as np
np.random.seed(66)
imgs = np.random.rand(400, 5, 7)
K = np.random.randn(2, 2, 2)*.6
kb = np.random.randn(2)*.1
U = np.random.randn(2, 2, 3)*.5
ub = .2
lr = .1

def f(z): return 1/(1+np.exp(-z))

for n in range(4000):
    x = imgs[n % 400]
    cover = x[1:4, 2:5].mean() > .5
    z = np.empty((2, 4, 6))
    for m in range(2):
        for r in range(4):
            for c in range(6):
                z[m, r, c] = (K[m]*x[r:r+2, c:c+2]).sum() + kb[m]
    a = f(z)
    p = a.reshape(2, 2, 2, 3, 2).mean(axis=(2, 4))
    s = (U*p).sum() + ub
    y = f(s)
    loss = -np.log(y) if cover else -np.log(1-y)

    ds = y - cover
    dU = ds*p
    dp = ds*U
    da = np.kron(dp, np.ones((1, 2, 2)))/4
    dz = da*a*(1-a)
    dK = np.zeros(K.shape)
    dkb = np.zeros(2)
    for m in range(2):
        dkb[m] = dz[m].sum()
        for i in range(2):
            for j in range(2):
                dK[m, i, j] = np.sum(dz[m]*x[i:i+4, j:j+6])
    U -= lr*dU
    ub -= lr*ds
    K -= lr*dK
    kb -= lr*dkb
    if n % 400 == 0: print(n, loss)
