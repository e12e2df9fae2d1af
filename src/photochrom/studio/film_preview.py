"""The first seconds of a film in colour, as one animated picture that every browser shows."""

from __future__ import annotations

from contextlib import closing
from io import BytesIO
from itertools import islice

import cv2
import numpy as np
from PIL import Image

from photochrom._version import __version__
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.engine.shots import guide_of
from photochrom.jobs.film_python import color_frames
from photochrom.media import provenance
from photochrom.media.photo import Photo
from photochrom.video.probe import Film
from photochrom.video.read import read_frames
from photochrom.video.thumbnail import shown_size, upright

__all__ = ["first_seconds"]

SECONDS, MOST_FRAMES = 2, 60
TIMES = 2
"""It is played so often: what moves for more than five seconds must be stoppable (WCAG 2.2, 2.2.2)."""
SIDE, WIDTH = 360, 640
QUALITY = 75


def first_seconds(film: Film, session: Session, options: Options) -> bytes:
    """Two seconds at most, as an animated WebP at most 640 pixels wide.

    The picture says in its XMP that its colours were inferred.

    Raises
    ------
    PhotoError
        If the film cannot be read.
    ModelError
        If the network fails.
    """
    rate = float(film.rate)
    count = max(1, min(MOST_FRAMES, round(SECONDS * rate)))
    with closing(read_frames(film, threads=1, deinterlace=film.interlaced)) as frames:
        greys = [guide_of(picture.luma, film.range, SIDE) for picture in islice(frames, count)]
    size = shown_size(film, min(WIDTH, film.width))
    pictures = [
        Image.fromarray(
            upright(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR), np.uint8), film)
        )
        for rgb in color_frames(greys, session, rate=rate, options=options)
    ]
    mark = Photo([], film.path, "WEBP")
    provenance.mark(mark, session.info.name, __version__)
    out = BytesIO()
    pictures[0].save(
        out,
        "WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=max(20, round(1000 / rate)),
        loop=TIMES,
        quality=QUALITY,
        method=0,
        xmp=mark.xmp,
    )
    return out.getvalue()
