"""What PyTorch computes for single operators and small graphs: what the
language can say beyond the standard library."""

import torch
from torch.nn import functional as F

from weights import values


class Weights:
    """Makes weights as they are asked for, in float64, and remembers them."""

    def __init__(self):
        self.made = {}

    def __call__(self, name, *shape):
        self.made[name] = shape
        return torch.from_numpy(values(name, shape)).double()

    def conv(self, x, name, o, k, stride=1, pad=None, dilation=1, groups=1, bias=False):
        """pad is (top, bottom, left, right), one number, or None for "same"."""
        kh, kw = k if isinstance(k, tuple) else (k, k)
        if pad is None:
            pad = (dilation * (kh - 1) // 2,) * 2 + (dilation * (kw - 1) // 2,) * 2
        elif isinstance(pad, int):
            pad = (pad,) * 4
        w = self(name + ".weight", o, x.shape[1] // groups, kh, kw)
        b = self(name + ".bias", o) if bias else None
        t, bottom, left, right = pad
        return F.conv2d(F.pad(x, (left, right, t, bottom)), w, b, stride, 0, dilation, groups)

    def bn(self, x, name, eps=1e-5):
        c = x.shape[1]
        mean, var = self(name + ".running_mean", c), self(name + ".running_var", c)
        return F.batch_norm(x, mean, var, self(name + ".weight", c), self(name + ".bias", c), eps=eps)

    def scale(self, x, name):
        c = x.shape[1]
        return x * self(name + ".weight", c).view(1, c, 1, 1) + self(name + ".bias", c).view(1, c, 1, 1)

    def linear(self, x, name, o, bias=True):
        x = x.flatten(1)
        return F.linear(x, self(name + ".weight", o, x.shape[1]), self(name + ".bias", o) if bias else None)


def maxpool(x, k, stride, pad=(0, 0, 0, 0), ceil=False):
    """Padding by side (top, bottom, left, right) never wins."""
    t, b, left, right = pad
    return F.max_pool2d(F.pad(x, (left, right, t, b), value=-torch.inf), k, stride, 0, ceil_mode=ceil)


def channels(x, before, after):
    return F.pad(x, (0, 0, 0, 0, before, after))


ODD = (1, 5, 11, 9)
WIDE = (1, 19, 7, 5)

# Each case: name, input shape, the model's body in the language, and the same in
# PyTorch.
CASES = [
    # Convolution.
    ("conv bias", ODD, "c: conv 3x3, 20, bias", lambda x, w: w.conv(x, "c", 20, 3, bias=True)),
    ("conv stride 3", ODD, "c: conv 5x5, 17, /3", lambda x, w: w.conv(x, "c", 17, 5, 3)),
    ("conv 1x1 stride 2", WIDE, "c: conv 1x1, 33, /2", lambda x, w: w.conv(x, "c", 33, 1, 2)),
    ("conv dilation", ODD, "c: conv 3x3, 20, dilation 2, bias", lambda x, w: w.conv(x, "c", 20, 3, dilation=2, bias=True)),
    ("conv dilation stride no pad", ODD, "c: conv 3x3, 9, /2, dilation 3, pad 0", lambda x, w: w.conv(x, "c", 9, 3, 2, 0, 3)),
    ("conv no pad", ODD, "c: conv 5x5, 6, pad 0", lambda x, w: w.conv(x, "c", 6, 5, pad=0)),
    ("conv pad beyond same", ODD, "c: conv 3x3, 6, pad 2", lambda x, w: w.conv(x, "c", 6, 3, pad=2)),
    ("conv pad by side", ODD, "c: conv 3x3, 7, /2, pad (0,1,2,3)", lambda x, w: w.conv(x, "c", 7, 3, 2, (0, 1, 2, 3))),
    ("conv even kernel", ODD, "c: conv 4x4, 8, /2, pad 1", lambda x, w: w.conv(x, "c", 8, 4, 2, 1)),
    ("conv even kernel same size", ODD, "c: conv 2x2, 8, pad 0:1", lambda x, w: w.conv(x, "c", 8, 2, pad=(0, 1, 0, 1))),
    ("conv tall", ODD, "c: conv (5 x 1), 8, bias", lambda x, w: w.conv(x, "c", 8, (5, 1), bias=True)),
    ("conv broad", ODD, "c: conv (1 x 7), 8, /2", lambda x, w: w.conv(x, "c", 8, (1, 7), 2)),
    ("conv whole image", ODD, "c: conv (11 x 9), 4, pad 0", lambda x, w: w.conv(x, "c", 4, (11, 9), pad=0)),
    ("conv groups", (1, 12, 9, 11), "c: conv 3x3, 24, /2, groups 4", lambda x, w: w.conv(x, "c", 24, 3, 2, groups=4)),
    ("conv groups of odd widths", (1, 9, 9, 11), "c: conv 3x3, 51, groups 3, bias", lambda x, w: w.conv(x, "c", 51, 3, groups=3, bias=True)),
    ("conv groups of 16", (1, 32, 7, 5), "c: conv 3x3, 32, groups 2", lambda x, w: w.conv(x, "c", 32, 3, groups=2)),
    ("conv groups 1x1", (1, 40, 5, 5), "c: conv 1x1, 20, groups 5", lambda x, w: w.conv(x, "c", 20, 1, groups=5)),
    ("depthwise", WIDE, "c: conv 3x3, 19, depthwise", lambda x, w: w.conv(x, "c", 19, 3, groups=19)),
    ("depthwise 5x5 stride 2 dilation 2", WIDE, "c: conv 5x5, 19, depthwise, /2, dilation 2, bias", lambda x, w: w.conv(x, "c", 19, 5, 2, dilation=2, groups=19, bias=True)),
    ("depthwise multiplier", WIDE, "c: conv 3x3, 38, depthwise", lambda x, w: w.conv(x, "c", 38, 3, groups=19)),
    ("depthwise pad by side", WIDE, "c: conv 3x3, 19, depthwise, /2, pad (1,0,0,1)", lambda x, w: w.conv(x, "c", 19, 3, 2, (1, 0, 0, 1), groups=19)),
    ("conv batch", (3, 5, 9, 7), "c: conv 3x3, 10, /2", lambda x, w: w.conv(x, "c", 10, 3, 2)),
    # Pooling.
    ("maxpool", ODD, "maxpool 3x3, /2", lambda x, w: maxpool(x, 3, 2, (1,) * 4)),
    ("maxpool even ceil", ODD, "maxpool 2x2, /2, pad 0, ceil", lambda x, w: maxpool(x, 2, 2, ceil=True)),
    ("maxpool pad ceil", (1, 5, 10, 8), "maxpool 3x3, /2, pad 1, ceil", lambda x, w: F.max_pool2d(x, 3, 2, 1, ceil_mode=True)),
    ("maxpool stride 1", ODD, "maxpool 5x5", lambda x, w: maxpool(x, 5, 1, (2,) * 4)),
    ("maxpool pad by side", ODD, "maxpool 3x3, /2, pad 0:1", lambda x, w: maxpool(x, 3, 2, (0, 1, 0, 1))),
    ("maxpool of zeropad", ODD, "zeropad 0:1 -> maxpool 3x3, /2, pad 0", lambda x, w: F.max_pool2d(F.pad(x, (0, 1, 0, 1)), 3, 2)),
    ("avgpool count pad", ODD, "avgpool 3x3, /2", lambda x, w: F.avg_pool2d(x, 3, 2, 1)),
    ("avgpool exclude pad", ODD, "avgpool 3x3, /2, exclude-pad", lambda x, w: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
    ("avgpool count pad ceil", (1, 5, 10, 8), "avgpool 3x3, /2, pad 1, ceil", lambda x, w: F.avg_pool2d(x, 3, 2, 1, True)),
    ("avgpool exclude pad ceil", (1, 5, 10, 8), "avgpool 3x3, /2, pad 1, ceil, exclude-pad", lambda x, w: F.avg_pool2d(x, 3, 2, 1, True, False)),
    ("avgpool ceil", ODD, "avgpool 2x2, /2, pad 0, ceil", lambda x, w: F.avg_pool2d(x, 2, 2, 0, True)),
    ("avgpool ceil stride 3", (1, 5, 10, 8), "avgpool 5x5, /3, pad 1, ceil", lambda x, w: F.avg_pool2d(x, 5, 3, 1, True)),
    ("avgpool ceil stride 3 exclude pad", (1, 5, 10, 8), "avgpool 5x5, /3, pad 1, ceil, exclude-pad", lambda x, w: F.avg_pool2d(x, 5, 3, 1, True, False)),
    ("avgpool windows", ODD, "avgpool /2", lambda x, w: F.avg_pool2d(x, 2, 2)),
    ("avgpool windows of 1", ODD, "avgpool /1 -> relu", lambda x, w: F.relu(x)),
    ("avgpool whole", WIDE, "avgpool", lambda x, w: x.mean((2, 3), keepdim=True)),
    # Padding and channels.
    ("zeropad by side", ODD, "zeropad (1,2,3,4)", lambda x, w: F.pad(x, (3, 4, 1, 2))),
    ("zeropad and conv", ODD, "zeropad 2 -> c: conv 3x3, 8, pad 0", lambda x, w: w.conv(x, "c", 8, 3, pad=2)),
    ("channels after", WIDE, "pad 40", lambda x, w: channels(x, 0, 21)),
    ("channels both", WIDE, "pad 24, both", lambda x, w: channels(x, 2, 3)),
    ("channels both and conv", WIDE, "pad 36, both -> c: conv 3x3, 8", lambda x, w: w.conv(channels(x, 8, 9), "c", 8, 3)),
    ("subsample", WIDE, "subsample /3", lambda x, w: x[:, :, ::3, ::3]),
    ("subsample and pad, added", WIDE, """c: conv 3x3, 38, /2 -> as main
from image -> subsample /2 -> pad 38
+ main
relu""", lambda x, w: F.relu(w.conv(x, "c", 38, 3, 2) + channels(x[:, :, ::2, ::2], 0, 19))),
    # Activations, on their own and behind a convolution that reaches their bends.
    *[(f"{name} alone", ODD, name, lambda x, w, f=f: f(x)) for name, f in (
        ("relu", F.relu), ("relu6", F.relu6), ("silu", F.silu), ("hardswish", F.hardswish), ("sigmoid", torch.sigmoid))],
    *[(f"{name} after conv", ODD, f"c: conv 1x1, 18, bias -> {name}", lambda x, w, f=f: f(w.conv(x, "c", 18, 1, bias=True))) for name, f in (
        ("relu6", F.relu6), ("silu", F.silu), ("hardswish", F.hardswish), ("sigmoid", torch.sigmoid))],
    ("sum and silu", WIDE, "c: conv 3x3, 19 -> bn1: bn\n+ image\nsilu", lambda x, w: F.silu(w.bn(w.conv(x, "c", 19, 3), "bn1") + x)),
    ("activation before sum", WIDE, "c: conv 3x3, 19 -> hardswish\n+ image", lambda x, w: F.hardswish(w.conv(x, "c", 19, 3)) + x),
    # Batch norm, scale, linear.
    ("bn alone", WIDE, "n: bn", lambda x, w: w.bn(x, "n")),
    ("bn eps", WIDE, "conv1: conv 3x3, 21 -> bn eps 1e-2 -> relu", lambda x, w: F.relu(w.bn(w.conv(x, "conv1", 21, 3), "bn1", 1e-2))),
    ("bn after bias", WIDE, "conv1: conv 3x3, 21, bias -> bn eps 1e-3", lambda x, w: w.bn(w.conv(x, "conv1", 21, 3, bias=True), "bn1", 1e-3)),
    ("bn after depthwise", WIDE, "conv1: conv 3x3, depthwise -> bn -> relu6", lambda x, w: F.relu6(w.bn(w.conv(x, "conv1", 19, 3, groups=19), "bn1"))),
    ("bn after relu", WIDE, "conv1: conv 3x3, 21 -> relu -> n: bn", lambda x, w: w.bn(F.relu(w.conv(x, "conv1", 21, 3)), "n")),
    ("bn after sum", WIDE, "conv1: conv 3x3, 19\n+ image\nn: bn -> relu", lambda x, w: F.relu(w.bn(w.conv(x, "conv1", 19, 3) + x, "n"))),
    ("bn after pool", WIDE, "maxpool 3x3, /2 -> n: bn", lambda x, w: w.bn(maxpool(x, 3, 2, (1,) * 4), "n")),
    ("bn of two readers", WIDE, """conv1: conv 3x3, 19 as raw
n: bn -> relu
+ raw""", lambda x, w: (lambda c: F.relu(w.bn(c, "n")) + c)(w.conv(x, "conv1", 19, 3))),
    ("scale", WIDE, "n: scale", lambda x, w: w.scale(x, "n")),
    ("bn and scale", WIDE, "conv1: conv 3x3, 21 -> bn -> n: scale", lambda x, w: w.scale(w.bn(w.conv(x, "conv1", 21, 3), "bn1"), "n")),
    ("linear", (2, 5, 3, 4), "fc: linear 37", lambda x, w: w.linear(x, "fc", 37)),
    ("linear no bias", (1, 19, 3, 5), "fc: linear 10, no bias -> relu", lambda x, w: F.relu(w.linear(x, "fc", 10, False))),
    ("linear twice", WIDE, "avgpool -> a: linear 33 -> relu -> b: linear 3", lambda x, w: w.linear(F.relu(w.linear(x.mean((2, 3)), "a", 33)), "b", 3)),
    # Branches.
    ("concatenate", WIDE, """a: conv 1x1, 5 -> relu as one
from image -> b: conv 3x3, 3
& one
& image""", lambda x, w: torch.cat([w.conv(x, "b", 3, 3), F.relu(w.conv(x, "a", 5, 1)), x], 1)),
    ("concatenate and conv", WIDE, """a: conv 3x3, 7, /2 as one
from image -> maxpool 3x3, /2
& one
c: conv 3x3, 20""", lambda x, w: w.conv(torch.cat([maxpool(x, 3, 2, (1,) * 4), w.conv(x, "a", 7, 3, 2)], 1), "c", 20, 3)),
    ("concatenate with itself", WIDE, "& image\nc: conv 1x1, 9", lambda x, w: w.conv(torch.cat([x, x], 1), "c", 9, 1)),
    ("multiply by channel", WIDE, "* (avgpool -> a: conv 1x1, 4, bias -> relu -> b: conv 1x1, 19, bias -> sigmoid)",
     lambda x, w: x * torch.sigmoid(w.conv(F.relu(w.conv(x.mean((2, 3), keepdim=True), "a", 4, 1, bias=True)), "b", 19, 1, bias=True))),
    ("multiply by value", WIDE, "c: conv 3x3, 19 -> sigmoid\n* image", lambda x, w: torch.sigmoid(w.conv(x, "c", 19, 3)) * x),
    ("add a value twice", WIDE, "c: conv 3x3, 19\n+ image\n+ image", lambda x, w: w.conv(x, "c", 19, 3) + x + x),
]


def indent(body):
    return "".join(f"    {line}\n" for line in body.splitlines())


def cases():
    """Yields, for each case: name, source in the language, input shape, weights'
    shapes by name, and output."""
    for name, shape, body, compute in CASES:
        source = f"model m {{\n    input image {list(shape[1:])}\n{indent(body)}}}\n"
        w = Weights()
        x = torch.from_numpy(values("input", shape)).double()
        yield name, source, shape, w, compute(x, w).numpy()
