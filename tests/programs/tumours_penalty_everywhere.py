# logistic regression with an elastic net: the square is in the gradient (as in the loss),
# the absolute value is in the loss too, and on top of it the update lets the weights decay
import numpy as np

rng = np.random.RandomState(77)
cells = rng.randn(57, 8)
malign = (cells[:, 1] - 2*cells[:, 5] + rng.randn(57)*0.5 > 0).astype(int)
coef = rng.randn(8)*0.2
intercept = 0.3
ridge, lasso, forget = 0.02, 0.005, 0.001
eta = 0.2


def objective(p):
    fit = -np.log(np.where(malign == 1, p, 1 - p)).mean()
    return fit + 0.5*ridge*np.dot(coef, coef) + lasso*np.abs(coef).sum()


for sweep in range(3000):
    p = 1.0/(1.0 + np.exp(-(cells.dot(coef) + intercept)))
    J = objective(p)
    slope = (p - malign)/len(malign)
    grad = cells.T.dot(slope) + ridge*coef + lasso*np.sign(coef)
    grad0 = slope.sum()
    coef = coef - eta*grad - eta*forget*coef
    intercept = intercept - eta*grad0
    if sweep % 300 == 0:
        print("%5d  %.5f" % (sweep, J))
