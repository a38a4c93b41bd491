#!/usr/bin/env python3
"""Makes the references in testdata: what PyTorch computes, in float64, under
weights that follow from their names. README.md describes the files."""

import argparse
import glob
import hashlib
import json
import os
import sys

import numpy as np
import torch
import torchvision
from torch import nn

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "contrib"))
import networks
import operators
from trace import trace
from weights import fill, values

HERE = os.path.dirname(os.path.abspath(__file__))

# The standard networks that references made elsewhere are named for.
ELSEWHERE = {
    "he-plain34": ("plain34", {}), "he-resnet34a": ("resnet34", {"shortcut": "A"}),
    "he-resnet34b": ("resnet34", {}), "he-resnet50a": ("resnet50", {"shortcut": "A"}),
    "he-cifar20a": ("cifar_resnet", {}), "he-cifar20b": ("cifar_resnet", {"shortcut": "B"}),
}


def run(module, shape):
    """The output, in float64, and the multiply-adds of convolutions and linear
    layers for one image."""
    total = 0

    def count(m, args, out):
        nonlocal total
        if isinstance(m, nn.Conv2d):
            total += out[0].numel() * m.in_channels // m.groups * m.kernel_size[0] * m.kernel_size[1]
        elif isinstance(m, nn.Linear):
            total += m.in_features * m.out_features

    hooks = [m.register_forward_hook(count) for m in module.modules()]
    with torch.no_grad():
        out = module.double()(torch.from_numpy(values("input", shape)).double()).numpy()
    for h in hooks:
        h.remove()
    return out, total


def digest(weights):
    """SHA-256 of a line "name AxBxC" for each weight, sorted."""
    lines = sorted(f"{k} {'x'.join(map(str, v))}" for k, v in weights.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def rounded(values, digits):
    return [float(f"{v:.{digits}g}") for v in values]


def sample(out):
    """A digest of an output: every n-th value, so that about 64 are kept."""
    flat = out.ravel()
    every = max(1, len(flat) // 64)
    return {
        "output_shape": out.shape, "largest": float(np.abs(flat).max()), "sum": float(f"{flat.sum():.9g}"),
        "every": every, "output": rounded(flat[::every], 9),
    }


def row(name, settings, module, shape):
    shapes = {k: v.shape for k, v in fill(module).items()}
    out, macs = run(module, shape)
    params = sum(p.numel() for p in module.parameters())
    print(name, settings, shape, params, macs, flush=True)
    return {
        "model": name, "set": settings, "shape": shape, "params": params, "macs": macs,
        "weights": len(shapes), "weights_sha256": digest(shapes), **sample(out),
    }


def write(file, rows):
    with open(os.path.join(HERE, "testdata", file), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")


def difference(got, want):
    got, want = np.ravel(got), np.ravel(want)
    return np.abs(got - want).max() / np.abs(want).max()


def compare_elsewhere(folder):
    """Holds our modules against references that were made elsewhere: outputs,
    and the digests of values inside."""
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        file = os.path.basename(path)[:-5]
        want = json.load(open(path))
        module = networks.build(*ELSEWHERE.get(file, (want["model"], {})))
        fill(module)
        inside = {}
        for name in want["intermediate"]:
            if hasattr(module, name):
                getattr(module, name).register_forward_hook(lambda m, a, out, n=name: inside.__setitem__(n, out.numpy()))
        out, _ = run(module, tuple(want["input_shape"]))
        worst = difference(out, want["output"])
        for name, got in inside.items():
            w = want["intermediate"][name]
            assert list(got.shape) == w["shape"], (file, name, got.shape)
            worst = max(worst, difference([got.mean(), got.std(ddof=1), *got.ravel()[:8]], [w["mean"], w["std"], *w["first8"]]))
        params = sum(p.numel() for p in module.parameters())
        print(f"{file}: {worst:.1e}, inside: {', '.join(inside)}")
        assert worst < 1e-6 and params == want["params"], file


def compare_torchvision():
    """Holds our modules against torchvision's where it has the network."""
    for name, settings, make in networks.own():
        theirs = networks.torchvisions(name)
        if settings or not theirs:
            continue
        ours, theirs = make(), theirs()
        assert {k: v.shape for k, v in fill(ours).items()} == {k: v.shape for k, v in fill(theirs).items()}, name
        d = difference(run(ours, (1, 3, 65, 97))[0], run(theirs, (1, 3, 65, 97))[0])
        print(f"{name}: {d:.1e} from torchvision's")
        assert d < 1e-12, name


def operator_rows():
    for name, source, shape, w, out in operators.cases():
        yield {
            "name": name, "source": source, "shape": shape,
            "weights": sorted(f"{k} {'x'.join(map(str, s))}" for k, s in w.made.items()),
            "output_shape": out.shape, "output": rounded(out.ravel(), 7),
        }


def standard(odd):
    rows = []
    for name, settings, make in networks.networks():
        cifar = name.startswith("cifar")
        size = ((37, 29) if cifar else (65, 97)) if odd else ((32, 32) if cifar else (224, 224))
        rows.append(row(name, settings, make(), (1, 3) + size))
    return rows


def trace_small():
    """What contrib/trace.py records of a small network."""
    module = networks.cifar(8, "B")
    fill(module)
    trace(module, torch.from_numpy(values("input", (2, 3, 9, 7))), os.path.join(HERE, "testdata", "trace.npz"))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--compare", metavar="FOLDER", help="hold the modules against the references there first")
    p.add_argument("--declared", action="store_true", help="make std_declared.json too, which takes longest")
    a = p.parse_args()
    compare_torchvision()
    if a.compare:
        compare_elsewhere(a.compare)
    trace_small()
    write("operators.json", operator_rows())
    write("mobilenet.json", [
        row("mobilenet_v2", {}, torchvision.models.mobilenet_v2(), (1, 3) + size) for size in ((65, 97), (224, 224))])
    write("std.json", standard(odd=True))
    if a.declared:
        write("std_declared.json", standard(odd=False))


if __name__ == "__main__":
    main()
