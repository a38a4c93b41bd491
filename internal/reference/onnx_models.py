#!/usr/bin/env python3
"""Writes PyTorch's own ONNX exports of torchvision's networks, and what PyTorch
computes, for resc import to be compared with.

    onnx_models.py FOLDER [NETWORK ...]

Each network goes out twice: NETWORK.onnx as torch.onnx.export does by default, with
batch norm folded and the batch frozen at 1, and NETWORK_bn.onnx with everything
kept and any batch. NETWORK.json has the shape of the input, whose values follow
from its name, and the outputs. Weights follow from their names. "tiny" is a network
of a few thousand weights, and the fixture of the tests:

    onnx_models.py ../../compiler/testdata/import tiny
"""

import json
import os
import sys

import torch
import torchvision
from torch import nn

from weights import fill, values

NETWORKS = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "wide_resnet50_2", "mobilenet_v2"]


class Basic(nn.Module):
    """torchvision's block, of any width."""

    def __init__(self, inside, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or inside != width:
            self.downsample = nn.Sequential(nn.Conv2d(inside, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = nn.Sequential(Basic(4, 4, 1), Basic(4, 4, 1))
        self.layer2 = nn.Sequential(Basic(4, 8, 2), Basic(8, 8, 1))
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer2(self.layer1(x))
        return self.fc(self.dropout(x.mean((2, 3))))


def build(name):
    if name == "tiny":
        return Tiny()
    return getattr(torchvision.models, name)(weights=None)


def main():
    folder, *names = sys.argv[1:]
    for name in names or NETWORKS:
        module = build(name)
        fill(module)
        module.eval()
        shape = [3, 3, 16, 16] if name == "tiny" else [3, 3, 96, 96]
        x = torch.from_numpy(values("input", shape))
        stem = os.path.join(folder, name)
        torch.onnx.export(module, x[:1], stem + ".onnx", opset_version=13)
        torch.onnx.export(
            module, x, stem + "_bn.onnx", opset_version=13, training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False, input_names=["image"], output_names=["output"],
            dynamic_axes={"image": {0: "batch"}, "output": {0: "batch"}})
        with torch.no_grad():
            y = module(x)
        with open(stem + ".json", "w") as f:
            json.dump({"shape": shape, "output": [float(f"{v:.7g}") for v in y.flatten().tolist()]}, f)
            f.write("\n")


if __name__ == "__main__":
    main()
