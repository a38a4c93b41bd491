"""Writes small image files of each format, and golden.json: what Pillow makes of
them by convert("RGB"), after turning them as their orientation tag says.

    /usr/bin/python3 fixtures.py     (Debian's python3-pil)

They were written by Pillow 9.4.0 with libjpeg-turbo 2.1.5, libwebp 1.2.4 and
libtiff 4.5.0.
"""
import base64
import io
import json
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

golden = {}


def draw(width, height, channels):
    """Smooth colours with an edge, so that JPEG and WebP have something to do."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [
        40 + 200 * x / width,
        230 - 180 * y / height,
        128 + 100 * np.sin(x * 0.5) * np.cos(y * 0.4),
        np.where((x + y) % 5 == 0, 0, 90 + 8 * x),
    ]
    a = np.stack(planes[:channels], axis=-1)
    a[(x - width * 0.6) ** 2 + (y - height / 2) ** 2 < height * 3] *= 0.3
    return np.clip(a, 0, 255).astype(np.uint8)


def put(name, data, rgb=None):
    with open(name, "wb") as f:
        f.write(data)
    if rgb is None:
        rgb = Image.open(io.BytesIO(data))
        if rgb.format != "TIFF":  # which Pillow turns by itself
            rgb = ImageOps.exif_transpose(rgb)
        rgb = rgb.convert("RGB")
    golden[name] = {"size": rgb.size, "rgb": base64.b64encode(rgb.tobytes()).decode()}


def save(name, image, **options):
    b = io.BytesIO()
    image.save(b, **options)
    put(name, b.getvalue())
    return b.getvalue()


def exif(orientation):
    e = Image.Exif()
    e[0x112] = orientation
    return e.tobytes()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, rows, *extra):
    """A PNG file of kinds that Pillow does not write. rows is the raw bytes."""
    stride = len(rows) // height
    raw = b"".join(b"\0" + rows[i * stride : (i + 1) * stride] for i in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


rgb = Image.fromarray(draw(13, 9, 3))
rgba = Image.fromarray(draw(13, 9, 4))
grey = rgb.convert("L")
palette = rgb.quantize(11)
big = Image.fromarray(draw(37, 29, 3))

save("rgb.png", rgb, format="PNG")
save("rgba.png", rgba, format="PNG")
save("grey.png", grey, format="PNG")
save("greyalpha.png", rgba.convert("LA"), format="PNG")
save("palette.png", palette, format="PNG", transparency=bytes([0, 90, 255, 3]))
save("bit.png", rgb.convert("1"), format="PNG")
two = np.packbits(np.unpackbits(np.arange(36, dtype=np.uint8).reshape(9, 4), axis=1)[:, :32], axis=1)
put("grey2.png", png(13, 9, 2, 0, two.tobytes()))
deep = (draw(13, 9, 3).astype(">u2") * 251 + 77).astype(">u2")
put("rgb16.png", png(13, 9, 16, 2, deep.tobytes()))
# Of 16-bit grey Pillow keeps the values and lets them saturate at 255. The upper
# eight bits are the picture.
high = Image.fromarray((deep[:, :, 0] >> 8).astype(np.uint8)).convert("RGB")
put("grey16.png", png(13, 9, 16, 0, np.ascontiguousarray(deep[:, :, 0]).tobytes()), high)

for o in range(1, 9):
    save(f"orientation{o}.png", rgb.crop((0, 0, 3, 2)), format="PNG", exif=exif(o))
save("orientation6.jpg", big, format="JPEG", quality=85, exif=exif(6))
save("orientation3.webp", rgb, format="WEBP", lossless=True, exif=exif(3))
save("orientation8.tif", rgb, format="TIFF", compression="raw", tiffinfo={0x112: 8})

for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
    save(f"{name}.jpg", big, format="JPEG", quality=85, subsampling=sampling)
save("narrow.jpg", big.crop((8, 4, 12, 18)), format="JPEG", quality=85, subsampling=2)
save("progressive.jpg", big, format="JPEG", quality=85, progressive=True)
save("grey.jpg", big.convert("L"), format="JPEG", quality=85)
cmyk = save("cmyk.jpg", big.convert("CMYK"), format="JPEG", quality=85)
# Adobe's marker says by 2 that the same data are YCCK.
at = cmyk.index(b"Adobe") + 11
put("ycck.jpg", cmyk[:at] + b"\x02" + cmyk[at + 1 :])

gif = save("palette.gif", palette, format="GIF")
save("transparent.gif", palette, format="GIF", transparency=3)
save("interlaced.gif", palette, format="GIF", interlace=1)
save("animated.gif", palette, format="GIF", save_all=True, append_images=[palette.rotate(180)], duration=100)


def offset(gif, left, top):
    """The frame stands on a screen of 20 by 15, away from its corner."""
    at = gif.index(b",\0\0\0\0")
    moved = gif[:at] + b"," + struct.pack("<HH", left, top) + gif[at + 5 :]
    return moved[:6] + struct.pack("<HH", 20, 15) + moved[10:]


put("offset.gif", offset(gif, 5, 3))
put("offsettransparent.gif", offset(save("transparent.gif", palette, format="GIF", transparency=3), 2, 6))

save("rgb.bmp", rgb, format="BMP")
save("rgba.bmp", rgba, format="BMP")
save("palette.bmp", palette, format="BMP")
save("grey.bmp", grey, format="BMP")
save("bit.bmp", rgb.convert("1"), format="BMP")

save("rgb.tif", rgb, format="TIFF", compression="raw")
save("rgba.tif", rgba, format="TIFF", compression="tiff_lzw")
save("lzw.tif", rgb, format="TIFF", compression="tiff_lzw")
save("deflate.tif", rgb, format="TIFF", compression="tiff_adobe_deflate")
save("packbits.tif", rgb, format="TIFF", compression="packbits")
save("palette.tif", palette, format="TIFF", compression="packbits")
save("grey.tif", grey, format="TIFF", compression="packbits")
save("group4.tif", rgb.convert("1"), format="TIFF", compression="group4")
save("group3.tif", rgb.convert("1"), format="TIFF", compression="group3")
save("bit.tif", rgb.convert("1"), format="TIFF", compression="packbits")

save("lossy.webp", big, format="WEBP", quality=80)
save("lossyalpha.webp", Image.fromarray(draw(36, 30, 4)), format="WEBP", quality=80)
save("thin.webp", big.crop((8, 4, 9, 18)), format="WEBP", quality=80)
save("lossless.webp", rgb, format="WEBP", lossless=True)
save("losslessalpha.webp", rgba, format="WEBP", lossless=True, exact=True)

with open("golden.json", "w") as f:
    f.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(golden.items())) + "\n}\n")
