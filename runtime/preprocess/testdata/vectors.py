"""Writes vectors.json: what Pillow makes of pictures that a formula draws.

    /usr/bin/python3 vectors.py     (Debian's python3-pil, Pillow 9.4.0)

The crops follow torchvision.transforms.functional.center_crop, whose padding and
rounding are written out below.
"""
import hashlib
import json
import random

from PIL import Image

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


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


def resize_short(image, short, filter):
    """torchvision.transforms.Resize(short)"""
    w, h = image.size
    if w <= h:
        size = short, int(short * h / w)
    else:
        size = int(short * w / h), short
    return image.resize(size, filter)


def center_crop(image, height, width):
    """torchvision.transforms.CenterCrop((height, width))"""
    w, h = image.size
    left, top = max(width - w, 0) // 2, max(height - h, 0) // 2
    right, bottom = (max(width - w, 0) + 1) // 2, (max(height - h, 0) + 1) // 2
    padded = Image.new("RGB", (w + left + right, h + top + bottom))
    padded.paste(image, (left, top))
    w, h = padded.size
    top, left = int(round((h - height) / 2.0)), int(round((w - width) / 2.0))
    return padded.crop((left, top, left + width, top + height))


def vector(step, source, args, image):
    data = image.tobytes()
    v = {"step": step, "source": source, "args": args, "size": image.size}
    v["sha256"] = hashlib.sha256(data).hexdigest()
    if len(data) <= 60:
        v["bytes"] = data.hex()
    return v


def main():
    rng = random.Random(1)
    vectors = []
    sizes = [(1, 1), (1, 7), (7, 1), (2, 2), (5, 3), (8, 8), (16, 16), (64, 48), (33, 100)]
    targets = [(1, 1), (2, 3), (4, 4), (5, 3), (16, 16), (7, 1), (100, 100)]
    pairs = [(s, t) for s in sizes for t in targets if rng.random() < 0.4]
    pairs += [((rng.randint(1, 200), rng.randint(1, 200)), (rng.randint(1, 200), rng.randint(1, 200))) for _ in range(40)]
    pairs += [((451, 300), (224, 224)), ((300, 451), (17, 451)), ((640, 16), (8, 16)), ((16, 640), (16, 9)), ((3000, 2), (1, 2))]
    for source, target in pairs:
        for name, filter in FILTERS.items():
            vectors.append(vector("resize " + name, source, target, picture(*source).resize(target, filter)))
    for source, short in [((100, 100), 32), ((60, 41), 32), ((41, 60), 32), ((97, 31), 50), ((31, 97), 10), ((3, 1), 1), ((1, 3), 4), ((32, 77), 32)]:
        for name, filter in FILTERS.items():
            vectors.append(vector("short " + name, source, [short], resize_short(picture(*source), short, filter)))
    for source in [(1, 1), (4, 4), (5, 8), (6, 7), (7, 6), (8, 5), (40, 30)]:
        for height, width in [(1, 1), (4, 4), (5, 5), (7, 4), (4, 7), (9, 10), (31, 24)]:
            vectors.append(vector("crop", source, [height, width], center_crop(picture(*source), height, width)))
    with open("vectors.json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(v) for v in vectors) + "\n]\n")


main()
