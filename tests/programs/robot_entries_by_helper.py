# arm angles -> position of the hand (2 joints), 2 - 3 - 2 network, everything written out
import numpy as np
from math import exp, sin, cos

np.random.seed(41)
w0 = np.random.uniform(-1,1,(2,3))
w1 = np.random.uniform(-1,1,(3,2))
c0 = np.array([0.1,-0.2,0.3])
c1 = np.array([0.05,0.4])
RATE = 0.3

def S(v): return 1/(1+exp(-v))
def f(w, d): return w - RATE*d

for trial in range(20000):
    p = np.random.uniform(-1,1)
    q = np.random.uniform(-1,1)
    goalX = 0.5+0.2*cos(p)+0.2*cos(p+q)
    goalY = 0.5+0.2*sin(p)+0.2*sin(p+q)

    h0 = S(p*w0[0,0]+q*w0[1,0]+c0[0])
    h1 = S(p*w0[0,1]+q*w0[1,1]+c0[1])
    h2 = S(p*w0[0,2]+q*w0[1,2]+c0[2])
    X = h0*w1[0,0]+h1*w1[1,0]+h2*w1[2,0]+c1[0]
    Y = h0*w1[0,1]+h1*w1[1,1]+h2*w1[2,1]+c1[1]
    E = ((X-goalX)**2+(Y-goalY)**2)/2

    eX = X-goalX
    eY = Y-goalY
    d0 = (eX*w1[0,0]+eY*w1[0,1])*h0*(1-h0)
    d1 = (eX*w1[1,0]+eY*w1[1,1])*h1*(1-h1)
    d2 = (eX*w1[2,0]+eY*w1[2,1])*h2*(1-h2)

    w1[0,0] = f(w1[0,0], eX*h0); w1[0,1] = f(w1[0,1], eY*h0)
    w1[1,0] = f(w1[1,0], eX*h1); w1[1,1] = f(w1[1,1], eY*h1)
    w1[2,0] = f(w1[2,0], eX*h2); w1[2,1] = f(w1[2,1], eY*h2)
    c1[0] = f(c1[0], eX); c1[1] = f(c1[1], eY)
    w0[0,0] = f(w0[0,0], d0*p); w0[1,0] = f(w0[1,0], d0*q)
    w0[0,1] = f(w0[0,1], d1*p); w0[1,1] = f(w0[1,1], d1*q)
    w0[0,2] = f(w0[0,2], d2*p); w0[1,2] = f(w0[1,2], d2*q)
    c0[0] = f(c0[0], d0); c0[1] = f(c0[1], d1); c0[2] = f(c0[2], d2)
    if trial%2000==0: print(trial, E)
