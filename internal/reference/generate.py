#!/usr/bin/env python3
"""Makes testdata/std.json: what PyTorch computes for every network of the
standard library, with each shortcut policy, under weights that follow from
their names (package fixture).

Networks that torchvision has are torchvision's; the others are built here of
torch.nn, with the names that torchvision and timm use. Outputs are computed in
float64. Needs Debian's python3-torch and python3-torchvision:

    python3 generate.py [folder with references to compare with first]
"""

import hashlib
import json
import os
import sys

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

MASK = (1 << 64) - 1


def values(name, shape):
    """The tensor of a name: SplitMix64 over FNV-1a of the name."""
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001B3) & MASK
    n = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
    last = name.rsplit(".", 1)[-1]
    two = np.float32(2)
    if name == "input":
        v = 4 * u - two
    elif last == "running_mean":
        v = np.float32(0.1) * (two * u - 1)
    elif last == "running_var":
        v = np.float32(0.5) + u
    elif last == "weight" and len(shape) == 4:
        v = np.float32(np.sqrt(6 / (shape[1] * shape[2] * shape[3]))) * (two * u - 1)
    elif last == "weight" and len(shape) == 2:
        v = np.float32(np.sqrt(3 / shape[1])) * (two * u - 1)
    elif last == "weight":
        v = np.float32(0.5) + np.float32(0.5) * u
    else:
        v = np.float32(0.1) * (two * u - 1)
    return v.astype(np.float32).reshape(shape)


def conv(i, o, k, stride=1, groups=1, bias=False):
    return nn.Conv2d(i, o, k, stride, k // 2, groups=groups, bias=bias)


class Shortcut(nn.Module):
    """Options A, B, C and none of He et al. (2015), and ResNet-D's."""

    def __init__(self, policy, i, o, stride):
        super().__init__()
        self.policy, self.more, self.stride = policy, o - i, stride
        differs = i != o or stride != 1
        self.project = policy == "C" or (policy in "BD" and differs)

    def layers(self, i, o, stride):
        if self.policy == "D":
            pool = nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False) if stride > 1 else nn.Identity()
            return nn.Sequential(pool, conv(i, o, 1), nn.BatchNorm2d(o))
        return nn.Sequential(conv(i, o, 1, stride), nn.BatchNorm2d(o))

    def forward(self, x):
        if self.policy == "none":
            return 0
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))


class Squeeze(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc1, self.fc2 = conv(c, c // 16, 1, bias=True), conv(c // 16, c, 1, bias=True)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class Block(nn.Module):
    def __init__(self, i, width, stride, policy, kind):
        super().__init__()
        o = width if kind == "basic" else 4 * width
        if kind == "basic":
            self.conv1, self.conv2 = conv(i, width, 3, stride), conv(width, width, 3)
            self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        else:
            first, second = (stride, 1) if kind == "v1" else (1, stride)
            self.conv1, self.bn1 = conv(i, width, 1, first), nn.BatchNorm2d(width)
            self.conv2, self.bn2 = conv(width, width, 3, second), nn.BatchNorm2d(width)
            self.conv3, self.bn3 = conv(width, o, 1), nn.BatchNorm2d(o)
        if kind == "se":
            self.se = Squeeze(o)
        self.kind = kind
        self.shortcut = Shortcut(policy, i, o, stride)
        if self.shortcut.project:
            self.downsample = self.shortcut.layers(i, o, stride)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.kind != "basic":
            y = self.bn3(self.conv3(F.relu(y)))
        if self.kind == "se":
            y = self.se(y)
        return F.relu(y + (self.downsample(x) if self.shortcut.project else self.shortcut(x)))


class PreBlock(nn.Module):
    def __init__(self, i, width, stride, policy, kind):
        super().__init__()
        self.basic = kind == "basic"
        o = width if self.basic else 4 * width
        self.bn1 = nn.BatchNorm2d(i)
        if self.basic:
            self.conv1, self.bn2, self.conv2 = conv(i, width, 3, stride), nn.BatchNorm2d(width), conv(width, width, 3)
        else:
            self.conv1, self.bn2 = conv(i, width, 1), nn.BatchNorm2d(width)
            self.conv2, self.bn3, self.conv3 = conv(width, width, 3, stride), nn.BatchNorm2d(width), conv(width, o, 1)
        if i != o or stride != 1:
            self.downsample = nn.Sequential(conv(i, o, 1, stride))
        self.project = i != o or stride != 1

    def forward(self, x):
        a = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(a))))
        if not self.basic:
            y = self.conv3(F.relu(self.bn3(y)))
        return y + (self.downsample(a) if self.project else x)


class Net(nn.Module):
    def __init__(self, counts, kind, policy, widths=(64, 128, 256, 512), classes=1000, stem="7x7", block=Block):
        super().__init__()
        self.stem, self.pre = stem, block is PreBlock
        if stem == "deep":
            self.conv1 = nn.Sequential(conv(3, 32, 3, 2), nn.BatchNorm2d(32), nn.ReLU(), conv(32, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), conv(32, 64, 3))
        else:
            self.conv1 = conv(3, widths[0], 3) if stem == "cifar" else conv(3, 64, 7, 2)
        if not self.pre:
            self.bn1 = nn.BatchNorm2d(widths[0])
        i = widths[0]
        for s, (n, w) in enumerate(zip(counts, widths)):
            blocks = []
            for b in range(n):
                blocks.append(block(i, w, 2 if s and not b else 1, policy, kind))
                i = w if kind == "basic" else 4 * w
            setattr(self, f"layer{s + 1}", nn.Sequential(*blocks))
        self.count = len(counts)
        if self.pre:
            self.bn = nn.BatchNorm2d(i)
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = self.conv1(x)
        if not self.pre:
            x = F.relu(self.bn1(x))
        if self.stem != "cifar":
            x = F.max_pool2d(x, 3, 2, 1)
        for s in range(self.count):
            x = getattr(self, f"layer{s + 1}")(x)
        if self.pre:
            x = F.relu(self.bn(x))
        return self.fc(x.mean((2, 3)))


DEPTHS = {18: ((2, 2, 2, 2), "basic"), 34: ((3, 4, 6, 3), "basic"), 50: ((3, 4, 6, 3), "v15"), 101: ((3, 4, 23, 3), "v15"), 152: ((3, 8, 36, 3), "v15")}


def networks():
    """Yields name, settings and a function that makes the module."""
    for d, (counts, kind) in DEPTHS.items():
        yield f"resnet{d}", {}, lambda d=d: getattr(torchvision.models, f"resnet{d}")()
        for p in ("A", "B", "C", "none"):
            yield f"resnet{d}", {"shortcut": p}, lambda c=counts, k=kind, p=p: Net(c, k, p)
            if kind != "basic":
                yield f"resnet{d}_v1", {"shortcut": p}, lambda c=counts, p=p: Net(c, "v1", p)
        yield f"preact_resnet{d}", {}, lambda c=counts, k=kind: Net(c, k, "B", block=PreBlock)
    for d in (18, 34):
        yield f"plain{d}", {}, lambda c=DEPTHS[d][0]: Net(c, "basic", "none")
    for name in ("resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2", "wide_resnet101_2"):
        yield name, {}, lambda name=name: getattr(torchvision.models, name)()
    yield "resnet50d", {}, lambda: Net(DEPTHS[50][0], "v15", "D", stem="deep")
    yield "seresnet50", {}, lambda: Net(DEPTHS[50][0], "se", "B")
    for depth in (20, 32, 56):
        n = (depth - 2) // 6
        for p in ("A", "B", "C", "none"):
            yield "cifar_resnet", {"depth": str(depth), "shortcut": p}, lambda n=n, p=p: Net((n,) * 3, "basic", p, (16, 32, 64), 10, "cifar")
        yield "cifar_plain", {"depth": str(depth)}, lambda n=n: Net((n,) * 3, "basic", "none", (16, 32, 64), 10, "cifar")


def fill(module):
    """Gives a module its weights and lists them."""
    state = {k: v for k, v in module.state_dict().items() if not k.endswith("num_batches_tracked")}
    module.load_state_dict({k: torch.from_numpy(values(k, tuple(v.shape))) for k, v in state.items()}, strict=False)
    return module.double().eval(), sorted(f"{k} {'x'.join(map(str, v.shape))}" for k, v in state.items())


def macs(module, x):
    total = 0

    def count(m, args, out):
        nonlocal total
        if isinstance(m, nn.Conv2d):
            total += out[0].numel() * m.in_channels // m.groups * m.kernel_size[0] * m.kernel_size[1]
        elif isinstance(m, nn.Linear):
            total += m.in_features * m.out_features

    hooks = [m.register_forward_hook(count) for m in module.modules()]
    with torch.no_grad():
        out = module(x)
    for h in hooks:
        h.remove()
    return out, total


def compare(folder):
    """Checks the modules above with references that were made elsewhere."""
    made = {"he-plain34": "plain34", "preact_resnet18": "preact_resnet18", "resnet50d": "resnet50d", "seresnet50": "seresnet50"}
    policies = {"he-resnet34a": ("resnet34", "A"), "he-resnet34b": ("resnet34", "B"), "he-resnet50a": ("resnet50", "A"), "resnet50_v1": ("resnet50_v1", "B")}
    for file, name in list(made.items()) + list(policies.items()):
        want = json.load(open(os.path.join(folder, file + ".json")))
        for n, settings, make in networks():
            if n == name or (n, settings.get("shortcut")) == name:
                module, _ = fill(make())
                with torch.no_grad():
                    got = module(torch.from_numpy(values("input", want["input_shape"])).double())
                error = np.abs(got.numpy().ravel() - np.array(want["output"])).max() / np.abs(want["output"]).max()
                print(file, error)
                assert error < 1e-6, file


def main():
    if len(sys.argv) > 1:
        compare(sys.argv[1])
    rows = []
    for name, settings, make in networks():
        module, names = fill(make())
        size = (37, 29) if name.startswith("cifar") else (65, 97)
        shape = (1, 3) + size
        out, total = macs(module, torch.from_numpy(values("input", shape)).double())
        out = out.numpy().ravel()
        every = max(1, len(out) // 16)
        rows.append({
            "model": name, "set": settings, "shape": shape,
            "params": sum(p.numel() for p in module.parameters()), "macs": total,
            "weights": len(names), "weights_sha256": hashlib.sha256("\n".join(names).encode()).hexdigest(),
            "largest": float(np.abs(out).max()), "every": every, "output": [float(f"{v:.9g}") for v in out[::every]],
        })
        print(name, settings, rows[-1]["params"], total)
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "testdata", "std.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")


if __name__ == "__main__":
    main()
