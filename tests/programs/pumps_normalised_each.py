import numpy as np
np.random.seed(29)

flow = np.random.randn(28, 3)
power = np.tanh(flow.sum(1, keepdims=True)) + 0.3*flow[:, :1]

def unit(g):
    # only the direction counts
    return g / (np.linalg.norm(g) + 1e-12)

class Pump:
    def __init__(self):
        self.A = np.random.randn(3, 7)*.6
        self.a = np.random.randn(7)*.1
        self.B = np.random.randn(7, 1)*.6

    def run(self, x):
        self.x = x
        self.u = np.tanh(x @ self.A + self.a)
        return self.u @ self.B

    def learn(self, err, step):
        dB = self.u.T @ err
        du = err @ self.B.T
        dz = du * (1 - self.u*self.u)
        dA = self.x.T @ dz
        da = dz.sum(0)
        self.last = dA, da, dB
        self.A -= step*unit(dA)
        self.a -= step*unit(da)
        self.B -= step*unit(dB)

pump = Pump()
for k in range(2500):
    out = pump.run(flow)
    err = out - power
    sse = np.sum(err**2)
    pump.learn(err, .02/np.sqrt(k + 1))
    if k % 250 == 0: print(k, sse)
