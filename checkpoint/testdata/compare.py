#!/usr/bin/env python3
"""Holds resc to PyTorch on torchvision's networks with random weights: saved by
torch.save in both formats, in half precision, and behind a training script's
prefixes.

    apt-get install python3-torch python3-torchvision
    go build -o /tmp/resc ./cmd/resc
    /usr/bin/python3 checkpoint/testdata/compare.py /tmp/resc
"""

import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torchvision

NETWORKS = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "wide_resnet50_2"]


def randomise(module):
    """Weights whose activations stay of one size, and statistics that matter."""
    for name, v in module.state_dict().items():
        if name.endswith("running_mean"):
            v.uniform_(-0.1, 0.1)
        elif name.endswith("running_var"):
            v.uniform_(0.5, 1.5)
        elif v.dim() == 1 and v.is_floating_point():
            v.uniform_(0.2, 0.6) if name.endswith("weight") else v.uniform_(-0.1, 0.1)
    return module.eval()


def outputs(module, x):
    with torch.no_grad():
        return module.double()(x.double()).numpy()


def main(resc):
    torch.manual_seed(1)
    x = torch.randn(1, 3, 224, 224)
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        weights, image, got = (os.path.join(folder, f) for f in ("w.pth", "x.npy", "y.npy"))
        np.save(image, x.numpy())
        for name in NETWORKS:
            module = getattr(torchvision.models, name)()
            state = {k: v.clone() for k, v in randomise(module).state_dict().items()}
            half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
            nested = {"epoch": 1, "state_dict": {"module." + k: v for k, v in state.items()}}
            want = outputs(module, x)
            module.load_state_dict({k: v.double() if v.is_floating_point() else v for k, v in half.items()})
            rounded = outputs(module, x)
            for form, value, options, reference in (
                ("zip", state, {}, want),
                ("older", state, {"_use_new_zipfile_serialization": False}, want),
                ("half", half, {}, rounded),
                ("half, older", half, {"_use_new_zipfile_serialization": False}, rounded),
                ("nested", nested, {}, want),
            ):
                torch.save(value, weights, **options)
                subprocess.run([resc, "run", "std/" + name, "--weights", weights, "--input", image, "--output", got],
                               check=True, stdout=subprocess.DEVNULL)
                difference = np.abs(np.load(got) - reference).max() / np.abs(reference).max()
                worst = max(worst, difference)
                print(f"{name:24} {form:12} {difference:.2g}", flush=True)
    print(f"largest difference {worst:.2g} of the largest output")
    sys.exit(not worst <= 1e-4)


main(sys.argv[1])
