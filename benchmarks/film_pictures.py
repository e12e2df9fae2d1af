"""The pictures of docs/films.md, from the photos of `examples/`, which anyone may use.

    python benchmarks/film_pictures.py [docs/images]

The camera moves over each photo, which is one shot. One picture is the contact sheet of ``photochrom film --sheet``.
The other shows frames of a shot as the network sees them one by one, and as the film has them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.color.ycbcr import BT601
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.engine.shots import ShotColorizer
from photochrom.engine.temporal import Coherence
from photochrom.jobs.film import colorize_film
from photochrom.video.probe import probe
from photochrom.video.read import read_frames

PHOTOS = ("astronaut", "chelsea", "coffee")
EXAMPLES = Path(__file__).parent.parent / "examples"
FRAMES, WIDTH, HEIGHT = 36, 384, 256
SHOWN = (0, 9, 18, 27, 35)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/images")
    with tempfile.TemporaryDirectory() as work:
        film = Path(work) / "film.mp4"
        make_film(film)
        session = Session(resolve("photochrom"))
        sheet = colorize_film(film, session, sheet=True).sheet
        assert sheet is not None
        (folder / "film-sheet.jpg").write_bytes(sheet.read_bytes())
        still(film, session).save(folder / "film-still.jpg", quality=88)


def make_film(path: Path) -> None:
    """A grey film; the view moves to the right and the light flickers a little, as in old films."""
    inputs, chains = [], []
    for number, name in enumerate(PHOTOS):
        inputs += [
            "-loop",
            "1",
            "-framerate",
            "25",
            "-t",
            str(FRAMES / 25),
            "-i",
            str(EXAMPLES / f"{name}.jpg"),
        ]
        move = f"crop={WIDTH}:{HEIGHT}:x='(in_w-out_w)*n/{FRAMES}':y='(in_h-out_h)/3'"
        light = "hue=s=0,eq=brightness='0.04*sin(n*2)':eval=frame"
        chains.append(f"[{number}]scale={WIDTH + 96}:-2,setsar=1,{move},{light}[v{number}]")
    joined = "".join(f"[v{number}]" for number in range(len(PHOTOS)))
    graph = f"{';'.join(chains)};{joined}concat=n={len(PHOTOS)},noise=alls=6:allf=t,format=yuv420p"
    command = ["ffmpeg", "-v", "error", "-y", "-nostdin", *inputs, "-filter_complex", graph]
    subprocess.run([*command, "-c:v", "libx264", "-crf", "16", str(path)], check=True)


def still(path: Path, session: Session) -> Image.Image:
    """Above, frames of the second shot coloured one by one; below, as the film has them. Chroma is doubled."""
    film = probe(path)
    shot = [
        picture.luma.copy()
        for number, picture in enumerate(read_frames(film))
        if FRAMES <= number < 2 * FRAMES
    ]
    rows = []
    for coherence in (Coherence(every=1, decay=0, margin=0), Coherence()):
        found = ShotColorizer(session, Options(), coherence, BT601).colors("shot", shot, 0, range(FRAMES))
        rows.append(np.concatenate([_painted(shot[number], found[number]) for number in SHOWN], axis=1))
    return Image.fromarray(np.concatenate(rows))


def _painted(luma: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    height, width = chroma.shape[:2]
    grey = np.asarray(Image.fromarray(luma).resize((width, height), Image.Resampling.BOX)) / 255
    rgb = BT601.to_rgb(np.float32(grey), *(2 * chroma[..., i] for i in range(2)))
    return np.asarray(np.clip(rgb * 255 + 0.5, 0, 255), np.uint8)


if __name__ == "__main__":
    main()
