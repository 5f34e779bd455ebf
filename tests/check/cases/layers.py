"""Dropout, convolution, pooling, running averages, heads, bags of words, chunks of a series."""

from ..case import Case, Mistake
from ..differences import Step

CASES = (
    Case(
        "plants_dropout_switch",
        Step(
            "for epoch in range(1200)",
            (*(f"net[{k}].w" for k in range(3)), *(f"net[{k}].b" for k in range(3))),
            "cost",
        ),
        (
            Mistake(
                "            da = da * self.on\n",
                "            da = da * KEEP\n",
                ("forward-backward-mismatch", "wrong-operand"),
                ("KEEP", "da * KEEP"),
            ),
            Mistake(
                "d[x <= 0] = 0.05",
                "d[x <= 0] = 0.5",
                ("wrong-activation-derivative", "forward-backward-mismatch", "wrong-scale"),
                ("d[x <= 0] = 0.5", "0.5"),
            ),
            Mistake(
                "return self.w.T.dot(dz)",
                "return self.w.T.dot(da)",
                ("wrong-operand", "missing-factor"),
                ("da", "self.w.T.dot(da)"),
            ),
        ),
    ),
    Case(
        "currents_truncated_chunks",
        Step(
            "for start in range(0, 400, CHUNK)",
            ("net.w_in", "net.w_rec", "net.bias", "net.w_out", "net.bias_out"),
            "sse",
        ),
        (
            Mistake(
                "later = pre.dot(self.w_rec)",
                "later = self.w_rec.dot(pre)",
                ("wrong-transpose",),
                ("self.w_rec", "self.w_rec.dot(pre)"),
            ),
            Mistake(
                "np.outer(pre, self.states[t])",
                "np.outer(pre, self.states[t + 1])",
                ("wrong-index", "wrong-operand"),
                ("self.states[t + 1]", "t + 1"),
            ),
            Mistake(
                "g_out += errors[t] * self.states[t + 1]",
                "g_out = errors[t] * self.states[t + 1]",
                ("not-accumulated",),
            ),
        ),
    ),
    Case(
        "phrases_two_heads",
        Step("for i in range(1500)", tuple(f"P['{n}']" for n in "qkvoc"), "loss"),
        (
            Mistake(
                "(da - (da * a).sum(-1, keepdims=True))",
                "(da - (da * a).sum(-2, keepdims=True))",
                ("wrong-axis",),
                ("(da * a).sum(-2, keepdims=True)", "-2"),
            ),
            Mistake("dk = ds.swapaxes(-1, -2) @ q", "dk = ds @ q", ("wrong-transpose",), ("ds", "ds @ q")),
        ),
    ),
    Case(
        "leaves_im2col_stride",
        Step("for it in range(800)", ("conv1.W", "conv1.b", "conv2.W", "conv2.b", "w", "b"), "loss"),
        (
            Mistake(
                "return dx[:, :, p:h + p, p:w + p]",
                "return dx[:, :, :h, :w]",
                ("wrong-index",),
                ("dx[:, :, :h, :w]",),
            ),
            Mistake("self.db = g.sum(0)", "self.db = g.mean(0)", ("wrong-scale",), ("g.mean(0)",)),
        ),
    ),
    Case(
        "clouds_mean_pool_loops",
        Step("for n in range(4000)", ("K", "kb", "U", "ub"), "loss"),
        (
            Mistake(
                "np.kron(dp, np.ones((1, 2, 2)))/4",
                "np.kron(dp, np.ones((1, 2, 2)))",
                ("wrong-scale", "missing-factor"),
                ("np.kron(dp, np.ones((1, 2, 2)))",),
            ),
            Mistake("dz[m]*x[i:i+4, j:j+6]", "dz[m]*x[j:j+4, i:i+6]", ("wrong-index",), ("x[j:j+4, i:i+6]",)),
        ),
    ),
    Case(
        "mills_batchnorm_running",
        Step(
            "for i in range(2000)",
            (
                "layers['affine1'].W",
                "layers['norm1'].gain",
                "layers['norm1'].offset",
                "layers['affine2'].W",
                "layers['affine2'].b",
            ),
            "loss",
        ),
        (
            Mistake(
                "dvar = 0.5 * ddeviation / self.deviation",
                "dvar = 0.5 * ddeviation",
                ("missing-factor",),
                ("0.5 * ddeviation", "ddeviation"),
            ),
            Mistake("return dcentred - dmu / n", "return dcentred", ("missing-term",), ("dcentred",)),
            Mistake(
                "self.dgain = np.sum(self.unit * dout, axis=0)",
                "self.dgain = np.sum(self.centred * dout, axis=0)",
                ("wrong-operand",),
                ("self.centred", "self.centred * dout"),
            ),
        ),
    ),
    Case(
        "verbs_cbow_negative",
        Step("for n in range(15000)", ("inside", "outside"), "loss"),
        (
            Mistake(
                "np.add.at(g_inside, around, d_bag / len(around))",
                "np.add.at(g_inside, around, d_bag)",
                ("wrong-scale", "missing-factor"),
                ("d_bag",),
            ),
            Mistake(
                "np.add.at(g_outside, candidates, d[:, None] * bag)",
                "g_outside[candidates] += d[:, None] * bag",
                ("not-accumulated",),
            ),
        ),
    ),
)
