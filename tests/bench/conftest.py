"""Made-up results: smooth coloured pictures, plausible figures, and names that try to be markup."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from photochrom.bench.results import Curve, Difference, Example, Metric, Results, Row, Score

HOSTILE = "<script>boom('&')</script>"

METRICS = [
    Metric("psnr", "PSNR", "dB", "higher", "Peak signal-to-noise ratio of the colours."),
    Metric("ssim", "SSIM", "", "higher", "Structural similarity, mostly of the luma."),
    Metric("ciede2000", "CIEDE2000", "", "lower", "Mean colour difference of pixels."),
    Metric("colorfulness", "Colorfulness", "", "truth", f"After Hasler and Süsstrunk. {HOSTILE}"),
    Metric("fid", "Fréchet distance", "", "lower", "Distance of feature statistics."),
]
NAMES = ["photochrom", "pix2pix-unet", "eccv16", "siggraph17", "resnet34-unet", "residual-flat", "lab-cnn13"]


def picture(hue: float, shift: float, tilt: float, size: int = 64) -> bytes:
    """A JPEG of a slanted gradient about `hue` (0..1); `shift` of 0 gives grey, `tilt` tells photos apart."""
    rows, columns = np.mgrid[0:size, 0:size] / size
    luma = 0.3 + 0.5 * columns * (1 - tilt * rows)
    wave = np.stack([np.cos(2 * np.pi * (hue + third + rows / 3)) for third in (0, 1 / 3, 2 / 3)], axis=-1)
    stream = io.BytesIO()
    pixels = (np.clip(luma[..., None] + shift * wave, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _model(name: str, index: int) -> Row:
    random = np.random.default_rng(index)
    psnr, colorful = 22.3 + random.normal(0, 0.4), 10 + 25 * random.random()
    error = 11.4 - 0.4 * (psnr - 22) + random.normal(0, 0.1)
    seconds = [4.0 * step for step in range(1, 401)]
    fall = np.exp(-np.linspace(0, 3, 400)) + 0.3 + 0.05 * index + random.normal(0, 0.03, 400)
    checks = [None if step % 40 else psnr - 2 * float(np.exp(-step / 100)) for step in range(400)]
    return Row(
        name,
        "model",
        {
            "psnr": Score(psnr, psnr - 0.15, psnr + 0.15),
            "ssim": Score(0.9 + index / 1000, 0.899 + index / 1000, 0.902 + index / 1000),
            "ciede2000": Score(error, error - 0.12, error + 0.12),
            "colorfulness": Score(colorful, colorful - 1, colorful + 1),
            "fid": Score(None, why="Fewer than 2,048 photos."),
        },
        parameters=int(4e5 * 1.5**index),
        milliseconds=6.0 * 1.25**index,
        minutes=8.0,
        about=f"Recipe number {index}.",
        curve=Curve(seconds, {"loss": [float(value) for value in fall], "psnr": checks}),
    )


def make_results(models: int = 7, photos: int = 3) -> Results:
    """Grey, truth, so many models and one that failed; the last model bears a hostile name."""
    names = [NAMES[i] if i < len(NAMES) else f"{NAMES[i % 7]}-{'abc'[i // 7]}" for i in range(models - 1)] + [
        HOSTILE
    ]
    grey = {"psnr": 22.28, "ssim": 0.931, "ciede2000": 11.46, "colorfulness": 0.0}
    rows = [
        Row(
            "grey", "baseline", {key: Score(value, value - 0.01, value + 0.01) for key, value in grey.items()}
        ),
        Row(
            "truth",
            "truth",
            {
                "psnr": Score(float("inf"), why="Equal pictures."),
                "ssim": Score(1.0),
                "ciede2000": Score(0.0),
                "colorfulness": Score(44.1, 42.0, 46.2),
            },
        ),
        *(_model(name, index) for index, name in enumerate(names)),
        Row("wgan", "model", error=f"The loss became NaN at step 812. {HOSTILE}"),
    ]
    differences = [
        Difference("psnr", names[0], names[1], 0.31, 0.12, 0.52),
        Difference("psnr", names[0], names[-1], -0.02, -0.11, 0.08),
        Difference("ciede2000", names[0], names[1], -0.2, -0.3, -0.1),
        Difference("colorfulness", names[0], names[1], 3.1, 2.2, 4.0),
    ]
    examples = []
    for photo in range(photos):
        tilt = photo / photos
        pictures = {"grey": picture(0, 0, tilt), "truth": picture(photo / 7, 0.2, tilt)}
        for index, name in enumerate(names):
            pictures[name] = picture(photo / 7 + 0.05 * index, 0.12, tilt)
        examples.append(Example(f"photo-{photo}.jpg" if photo else f"{HOSTILE}.jpg", pictures))
    return Results(
        f"photochrom compare a b --minutes 8 # {HOSTILE}",
        "2026-11-21",
        "2 hyperthreads of an AMD EPYC",
        "0.4.0",
        {"photos": 470, "size": 256, "fit": "centre crop"},
        METRICS,
        rows,
        differences,
        examples,
    )


@pytest.fixture(scope="session")
def results() -> Results:
    """Seven models, a failure, three photos."""
    return make_results()


@pytest.fixture(scope="session")
def make() -> Callable[..., Results]:
    """`make_results`, for other numbers of models and photos."""
    return make_results
