"""Writes vectors.json and tensors.json: what Pillow and torchvision make of
pictures that a formula draws.

    /usr/bin/python3 vectors.py     (Debian's python3-pil, python3-torchvision)

They were written by Pillow 9.4.0, PyTorch 1.13.0 and torchvision 0.14.1.
"""
import base64
import hashlib
import json
import random

import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

FILTERS = {
    "bilinear": (Image.Resampling.BILINEAR, InterpolationMode.BILINEAR),
    "bicubic": (Image.Resampling.BICUBIC, InterpolationMode.BICUBIC),
}


def picture(width, height):
    """The byte i of the picture is the top byte of a 32-bit linear congruence;
    every other block of 8 rows is flat black and white, to make filters
    overshoot."""
    data = bytearray()
    state = (width * 65536 + height) & 0xFFFFFFFF
    for i in range(3 * width * height):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        x, y = i // 3 % width, i // 3 // width
        data.append(state >> 24 if y // 8 % 2 == 0 else 255 * (x // 3 % 2))
    return Image.frombytes("RGB", (width, height), bytes(data))


def vector(step, source, args, *images):
    """The digest is the first 64 bits of the SHA-256 of all bytes."""
    data = b"".join(image.tobytes() for image in images)
    digest = hashlib.sha256(data).hexdigest()[:16]
    return {"step": step, "source": source, "args": args, "size": images[0].size, "digest": digest}


def size(rng, most):
    return rng.randint(1, most), rng.randint(1, most)


def resizes(rng):
    sizes = [(1, 1), (1, 7), (7, 1), (2, 2), (5, 3), (8, 8), (16, 16), (64, 48), (33, 100)]
    targets = [(1, 1), (2, 3), (4, 4), (5, 3), (16, 16), (7, 1), (100, 100)]
    pairs = [(s, t) for s in sizes for t in targets]
    pairs += [(size(rng, 200), size(rng, 200)) for _ in range(150)]
    pairs += [((451, 300), (224, 224)), ((300, 451), (17, 451)), ((640, 16), (8, 16)), ((16, 640), (16, 9)), ((3000, 2), (1, 2))]
    for source, target in pairs:
        for name, (filter, _) in FILTERS.items():
            yield vector("resize " + name, source, target, picture(*source).resize(target, filter))


def shorts(rng):
    cases = [((100, 100), 32), ((60, 41), 32), ((41, 60), 32), ((97, 31), 50), ((31, 97), 10), ((3, 1), 1), ((1, 3), 4), ((32, 77), 32)]
    cases += [(size(rng, 150), rng.randint(1, 60)) for _ in range(60)]
    for source, short in cases:
        for name, (_, mode) in FILTERS.items():
            yield vector("short " + name, source, [short], F.resize(picture(*source), short, mode))


def crops(rng):
    sources = [(1, 1), (4, 4), (5, 8), (6, 7), (7, 6), (8, 5), (40, 30)]
    cases = [(s, t) for s in sources for t in [(1, 1), (4, 4), (5, 5), (7, 4), (4, 7), (9, 10), (31, 24)]]
    cases += [(size(rng, 40), size(rng, 40)) for _ in range(100)]
    for source, crop in cases:
        yield vector("crop", source, crop, F.center_crop(picture(*source), crop))
        if crop[0] <= source[1] and crop[1] <= source[0]:
            yield vector("five", source, crop, *F.five_crop(picture(*source), crop))
            yield vector("ten", source, crop, *F.ten_crop(picture(*source), crop))


def chains(rng):
    """What evaluation does: the shorter side, then the middle."""
    for _ in range(60):
        source, short, crop = size(rng, 200), rng.randint(8, 64), rng.randint(8, 64)
        for name, (_, mode) in FILTERS.items():
            image = F.center_crop(F.resize(picture(*source), short, mode), crop)
            yield vector("chain " + name, source, [short, crop], image)


def tensors(rng):
    """PyTorch's antialiased resizing of a tensor of bytes."""
    for _ in range(40):
        source, target = size(rng, 60), size(rng, 16)
        for name, (_, mode) in FILTERS.items():
            x = F.pil_to_tensor(picture(*source))
            y = F.resize(x, [target[1], target[0]], mode, antialias=True)
            data = y.permute(1, 2, 0).contiguous().numpy().tobytes()
            yield {"step": f"resize {name} tensor", "source": source, "args": target, "bytes": base64.b64encode(data).decode()}


def write(name, rows):
    with open(name, "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(v, separators=(",", ":")) for v in rows) + "\n]\n")


rng = random.Random(1)
write("vectors.json", [v for part in (resizes, shorts, crops, chains) for v in part(rng)])
write("tensors.json", tensors(rng))
