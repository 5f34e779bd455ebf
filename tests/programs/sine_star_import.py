from numpy import *
from numpy.random import randn, seed, uniform

seed(6)
n = 25
x = uniform(-3, 3, (n, 1))
t = sin(x)

U = randn(1, 9) * 0.7
c = randn(9) * 0.3
V = randn(9, 1) * 0.7
d = randn(1) * 0.1
rate = 0.01

err = 1e9
k = 0
while err > 1e-4 and k < 20000:
    h = tanh(dot(x, U) + c)
    y = dot(h, V) + d

    e = t - y
    err = mean(abs(e))

    gV = -dot(h.T, e)
    gd = -sum(e, axis=0)
    back = -dot(e, V.T) * (1 - h * h)
    gU = dot(x.T, back)
    gc = sum(back, axis=0)

    V += -rate * gV
    d += -rate * gd
    U += -rate * gU
    c += -rate * gc
    if k % 1000 == 0:
        print(k, err)
    k += 1
