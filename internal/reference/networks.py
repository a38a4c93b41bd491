"""PyTorch modules for every network of the standard library.

Networks that torchvision has are torchvision's; the others are built here of
torch.nn, with the names that torchvision and timm use."""

import torch
import torchvision
from torch import nn
from torch.nn import functional as F


def conv(i, o, k, stride=1, groups=1, bias=False):
    return nn.Conv2d(i, o, k, stride, k // 2, groups=groups, bias=bias)


def projection(policy, i, o, stride):
    """What a policy learns, as layers; None where it learns nothing."""
    if policy in ("B", "D", "preact_B") and i == o and stride == 1:
        return None
    if policy in ("B", "C"):
        return nn.Sequential(conv(i, o, 1, stride), nn.BatchNorm2d(o))
    if policy in ("preact_B", "preact_C"):
        return nn.Sequential(conv(i, o, 1, stride))
    if policy == "D":
        pool = nn.Identity()
        if stride > 1:
            pool = nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)
        return nn.Sequential(pool, conv(i, o, 1), nn.BatchNorm2d(o))
    return None


class Residual(nn.Module):
    """A block with a shortcut: options A, B, C and none of He et al. (2015), D of
    ResNet-D, and pre-activation's B and C, which project the activated input."""

    def __init__(self, policy, i, o, stride):
        super().__init__()
        self.policy, self.more, self.stride = policy, o - i, stride
        layers = projection(policy, i, o, stride)
        if layers is not None:
            self.downsample = layers

    def shortcut(self, x, activated=None):
        if self.policy == "none":
            return 0
        if hasattr(self, "downsample"):
            return self.downsample(activated if self.policy.startswith("preact") else x)
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))


class Squeeze(nn.Module):
    """Squeeze and excitation, reduction 16."""

    def __init__(self, c):
        super().__init__()
        self.fc1, self.fc2 = conv(c, c // 16, 1, bias=True), conv(c // 16, c, 1, bias=True)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class Block(Residual):
    """A block that activates after it adds. Its kind is basic, v15 (stride on the
    3x3), v1 (stride on the first 1x1) or se (v15 with squeeze and excitation)."""

    def __init__(self, i, width, stride, policy, kind, inner=1, groups=1):
        o = width if kind == "basic" else 4 * width
        super().__init__(policy, i, o, stride)
        self.basic = kind == "basic"
        if self.basic:
            self.conv1, self.conv2 = conv(i, width, 3, stride), conv(width, width, 3)
            self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        else:
            first, second = (stride, 1) if kind == "v1" else (1, stride)
            width *= inner
            self.conv1, self.bn1 = conv(i, width, 1, first), nn.BatchNorm2d(width)
            self.conv2, self.bn2 = conv(width, width, 3, second, groups), nn.BatchNorm2d(width)
            self.conv3, self.bn3 = conv(width, o, 1), nn.BatchNorm2d(o)
        self.se = Squeeze(o) if kind == "se" else nn.Identity()

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if not self.basic:
            y = self.bn3(self.conv3(F.relu(y)))
        return F.relu(self.se(y) + self.shortcut(x))


class PreBlock(Residual):
    """A block that activates before it convolves (He et al. 2016)."""

    def __init__(self, i, width, stride, policy, kind):
        o = width if kind == "basic" else 4 * width
        super().__init__(policy, i, o, stride)
        self.basic = kind == "basic"
        self.bn1, self.bn2 = nn.BatchNorm2d(i), nn.BatchNorm2d(width)
        if self.basic:
            self.conv1, self.conv2 = conv(i, width, 3, stride), conv(width, width, 3)
        else:
            self.conv1, self.conv2 = conv(i, width, 1), conv(width, width, 3, stride)
            self.bn3, self.conv3 = nn.BatchNorm2d(width), conv(width, o, 1)

    def forward(self, x):
        a = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(a))))
        if not self.basic:
            y = self.conv3(F.relu(self.bn3(y)))
        return y + self.shortcut(x, a)


def stem(kind, width):
    if kind == "deep":
        return nn.Sequential(
            conv(3, 32, 3, 2), nn.BatchNorm2d(32), nn.ReLU(),
            conv(32, 32, 3), nn.BatchNorm2d(32), nn.ReLU(),
            conv(32, 64, 3),
        )
    return conv(3, width, 3) if kind == "cifar" else conv(3, width, 7, 2)


class Net(nn.Module):
    """Stages of blocks between a stem (7x7, deep or cifar) and a classifier."""

    def __init__(self, counts, kind, policy, widths=(64, 128, 256, 512), classes=1000, first="7x7", block=Block, **options):
        super().__init__()
        self.pool, self.pre, self.count = first != "cifar", block is PreBlock, len(counts)
        self.conv1 = stem(first, widths[0])
        i = widths[0]
        if not self.pre:
            self.bn1 = nn.BatchNorm2d(i)
        for s, (n, w) in enumerate(zip(counts, widths)):
            blocks = []
            for b in range(n):
                blocks.append(block(i, w, 2 if s and not b else 1, policy, kind, **options))
                i = w if kind == "basic" else 4 * w
            setattr(self, f"layer{s + 1}", nn.Sequential(*blocks))
        if self.pre:
            self.bn = nn.BatchNorm2d(i)
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = self.conv1(x)
        if not self.pre:
            x = F.relu(self.bn1(x))
        if self.pool:
            x = F.max_pool2d(x, 3, 2, 1)
        for s in range(self.count):
            x = getattr(self, f"layer{s + 1}")(x)
        if self.pre:
            x = F.relu(self.bn(x))
        return self.fc(x.mean((2, 3)))


COUNTS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
CIFAR_DEPTHS = (20, 32, 44, 56, 110)
POLICIES = ("A", "B", "C", "none")


def cifar(depth, policy):
    return Net(((depth - 2) // 6,) * 3, "basic", policy, (16, 32, 64), 10, "cifar")


def families():
    """Yields, for each network but CIFAR's, its name, the policy it has unless
    told, the policies it is told, and a function from policy to module."""
    for d, counts in COUNTS.items():
        kind = "basic" if d < 50 else "v15"
        yield f"resnet{d}", "B", POLICIES, lambda p, c=counts, k=kind: Net(c, k, p)
        if d >= 50:
            yield f"resnet{d}_v1", "B", POLICIES, lambda p, c=counts: Net(c, "v1", p)
        yield (f"preact_resnet{d}", "preact_B", POLICIES + ("preact_C",),
               lambda p, c=counts, k=kind: Net(c, k, p, block=PreBlock))
    for d in (18, 34):
        yield f"plain{d}", "none", POLICIES, lambda p, c=COUNTS[d]: Net(c, "basic", p)
    for name, d, inner, groups in (("resnext50_32x4d", 50, 2, 32), ("resnext101_32x8d", 101, 4, 32),
                                   ("wide_resnet50_2", 50, 2, 1), ("wide_resnet101_2", 101, 2, 1)):
        yield name, "B", POLICIES, lambda p, c=COUNTS[d], i=inner, g=groups: Net(c, "v15", p, inner=i, groups=g)
    yield "resnet50d", "D", POLICIES, lambda p: Net(COUNTS[50], "v15", p, first="deep")
    yield "seresnet50", "B", POLICIES, lambda p: Net(COUNTS[50], "se", p)


def own():
    """Yields name, settings, and a function that makes the module of this file."""
    for name, default, policies, make in families():
        for p in (default,) + tuple(p for p in policies if p != default):
            yield name, {} if p == default else {"shortcut": p}, lambda make=make, p=p: make(p)
    for depth in CIFAR_DEPTHS:
        deep = {} if depth == 20 else {"depth": str(depth)}
        for p in POLICIES:
            yield "cifar_resnet", {**deep, **({} if p == "A" else {"shortcut": p})}, lambda d=depth, p=p: cifar(d, p)
        yield "cifar_plain", deep, lambda d=depth: cifar(d, "none")


def torchvisions(name):
    """torchvision's network of that name; None if it has none."""
    return getattr(torchvision.models, name, None)


def networks():
    """As own, but torchvision's modules where it has them."""
    for name, settings, make in own():
        yield name, settings, make if settings else torchvisions(name) or make


def build(name, settings):
    """The module of a standard network with these settings."""
    for n, s, make in networks():
        if (n, s) == (name, settings):
            return make()
    raise KeyError(f"{name} {settings}")
