"""The table of docs/films.md: what is kept, how still colours hold, how fast and in how much memory.

    python benchmarks/film.py FILM.mp4 ... [--work FOLDER] [--frames 120] [--long 3000]

The films are in colour and have sound; they are made grey. The first one serves for speed and memory too.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import torch

from photochrom.color.lab import rgb_to_lab
from photochrom.engine.flow import Flow, trusted
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.engine.shots import ShotColorizer, guide_of
from photochrom.engine.temporal import Coherence, flow_shape
from photochrom.jobs.film import colorize_film
from photochrom.jobs.film_options import FilmOptions
from photochrom.jobs.film_plan import FilmPlan, identity, make_plan
from photochrom.metrics.consistency import CDC
from photochrom.metrics.warp import chroma_warp_error
from photochrom.video.probe import Film, probe
from photochrom.video.read import read_frames

LAYOUTS = (
    "gray",
    "gray10le",
    "yuv420p",
    "yuvj420p",
    "yuv422p",
    "yuv444p",
    "yuv420p10le",
    "yuv422p10le",
    "yuv444p10le",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--frames", type=int, default=120, help="of the films of 1080p and 2160p")
    parser.add_argument(
        "--long", type=int, default=1500, help="frames of the long film whose memory is compared"
    )
    parser.add_argument("--kills", type=int, default=10)
    given = parser.parse_args()
    session = Session(resolve("photochrom"))
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        work = Path(folder)
        row("what", "measured", "target")
        row("---", "---", "---")
        y_plane(session, work)
        for path in given.films:
            colours(session, path)
        other_streams(session, given.films, work)
        kills(session, given.films[0], work, given.kills)
        speed(given.films[0], work, given.frames)
        memory(given.films[0], work, given.frames, given.long)


def row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-nostdin", *map(str, arguments)], check=True)


def y_plane(session: Session, work: Path) -> None:
    same = []
    for pix_fmt in LAYOUTS:
        source, target = work / f"{pix_fmt}.mkv", work / f"{pix_fmt}.color.mkv"
        codec = "mjpeg" if pix_fmt == "yuvj420p" else "ffv1"
        films = ("-f", "lavfi", "-i", "testsrc2=s=322x242:r=25,hue=s=0", "-frames:v", 25)
        ffmpeg(*films, "-pix_fmt", pix_fmt, "-c:v", codec, source)
        colorize_film(source, session, target, film_options=FilmOptions(codec="ffv1"), force=True)
        same.append(sums(source) == sums(target))
    row("Y plane in FFV1, every frame", f"equal in {sum(same)} of {len(same)} pixel formats", "equal")


def sums(path: Path) -> str:
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-vf", "extractplanes=y", "-f", "framemd5", "-"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return "\n".join(line.split(",")[-1] for line in lines if not line.startswith("#"))


def colours(session: Session, path: Path) -> None:
    """Colours of a true colour film made grey: by the frame, and along the flow."""
    film = probe(path)
    plan = make_plan(film, identity(path))
    guides, truth, rgb = [], [], []
    for picture in read_frames(film):
        true = picture.frame.to_ndarray(format="rgb24")
        guides.append(guide_of(picture.luma, film.range))
        height, width = flow_shape(guides[0].shape, Coherence().side)
        small = cv2.resize(true, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        rgb.append(small)
        truth.append(np.asarray(rgb_to_lab(small)[..., 1:], np.float32))
    still = along_flow(session, film, plan, guides, Coherence())
    alone = along_flow(session, film, plan, guides, Coherence(every=1, decay=0, margin=0))
    greys = [cv2.resize(g, (width, height), interpolation=cv2.INTER_AREA) for g in guides]
    painted = {
        name: [paint(film, g, c) for g, c in zip(greys, x, strict=True)]
        for name, x in (("flow", still), ("frame", alone))
    }
    labs = {k: [np.asarray(rgb_to_lab(x)[..., 1:], np.float32) for x in v] for k, v in painted.items()}
    change = {k: warp(greys, v, plan) for k, v in (labs | {"truth": truth}).items()}
    error = {
        k: np.mean([np.hypot(*np.moveaxis(a - b, -1, 0)).mean() for a, b in zip(v, truth, strict=True)])
        for k, v in labs.items()
    }
    name = path.name
    cdc = {k: consistency(v) for k, v in (painted | {"truth": rgb}).items()}
    row(
        f"{name}: CDC / the true colours' CDC",
        f"{cdc['flow'] / cdc['truth']:.2f} (frame by frame {cdc['frame'] / cdc['truth']:.2f})",
        "0.9 to 1.05",
    )
    row(
        f"{name}: chroma change along the flow / frame by frame's",
        f"{change['flow'] / change['frame']:.2f} ({change['flow']:.3f} of {change['frame']:.3f};"
        f" true colours {change['truth']:.3f})",
        "at most 0.3",
    )
    row(f"{name}: ab error / frame by frame's", f"{error['flow']:.2f} / {error['frame']:.2f}", "no higher")


def along_flow(
    session: Session, film: Film, plan: FilmPlan, guides: list[Any], coherence: Coherence
) -> list[Any]:
    finder = ShotColorizer(session, Options(), coherence, film.matrix)
    found: list[Any] = []
    for start, stop in zip(plan.shots, (*plan.shots[1:], plan.frames), strict=True):
        found += finder.colors(start, guides[start:stop], 0, range(stop - start))
    return found


def paint(film: Film, grey: Any, chroma: Any) -> Any:
    luma = grey.astype(np.float32) / 255
    return np.clip(film.matrix.to_rgb(luma, chroma[..., 0], chroma[..., 1]), 0, 1).astype(np.float32)


def warp(greys: list[Any], labs: list[Any], plan: FilmPlan) -> float:
    finder, found = Flow(), []
    for i in range(len(greys) - 1):
        if i + 1 not in plan.shots:
            there, back = finder.between(greys[i], greys[i + 1])
            trust = trusted(there, back, greys[i], greys[i + 1])
            found.append(chroma_warp_error(labs[i], labs[i + 1], there, trust))
    return float(np.mean(found))


def consistency(rgb: list[Any]) -> float:
    metric = CDC()
    metric.update(torch.from_numpy(np.stack(rgb).transpose(0, 3, 1, 2)))
    return float(metric.compute())


def other_streams(session: Session, films: list[Path], work: Path) -> None:
    same = []
    for path in films:
        if "audio" in probe(path).streams:
            target = work / f"streams-{path.name}"
            colorize_film(path, session, target, force=True, film_options=FilmOptions(preset="ultrafast"))
            same.append(packets(path, "a") == packets(target, "a"))
    row("streams other than video, packets", f"equal in {sum(same)} of {len(same)} films", "equal")


def packets(path: Path, stream: str) -> str:
    command = ["ffprobe", "-v", "error", "-select_streams", stream, "-show_packets", "-show_data_hash", "MD5"]
    command += ["-show_entries", "packet=pts_time,size,data_hash", "-of", "csv", str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def command(source: Path, target: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "photochrom", "film", str(source), "-o", str(target), "--force", *options]


def kills(session: Session, path: Path, work: Path, times: int) -> None:
    """Kill the command after a random part of the time that it takes, and let it go on."""
    options = ("--preset", "ultrafast", "-q")
    started = time.perf_counter()
    subprocess.run(command(path, work / "whole.mkv", *options), check=True)
    seconds = time.perf_counter() - started
    chance, same = random.Random(0), 0
    for number in range(times):
        target = work / f"killed-{number}.mkv"
        process = subprocess.Popen(command(path, target, *options))
        time.sleep(chance.uniform(0.1, 0.95) * seconds)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        subprocess.run(command(path, target, *options), check=True)
        same += packets(target, "v") == packets(work / "whole.mkv", "v")
        target.unlink()
    row(
        "kill -9 at random times, resumed: packets of an unbroken run",
        f"equal {same} of {times} times",
        "equal",
    )


def enlarged(path: Path, target: Path, size: str, frames: int) -> Path:
    """The film at another size, over and over until it has so many frames, as a grey H.264 file."""
    scale = f"scale={size},hue=s=0"
    ffmpeg(
        "-stream_loop",
        -1,
        "-i",
        path,
        "-an",
        "-vf",
        scale,
        "-frames:v",
        frames,
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        20,
        target,
    )
    return target


def speed(path: Path, work: Path, frames: int) -> None:
    source = enlarged(path, work / "1080p.mp4", "1920:1080", frames)

    def seconds(action: Callable[[], object]) -> float:
        started = time.perf_counter()
        action()
        return time.perf_counter() - started

    plain = seconds(
        lambda: subprocess.run(
            [sys.executable, __file__, "--transcode", str(source), str(work / "plain.mp4")], check=True
        )
    )
    ours = seconds(lambda: subprocess.run(command(source, work / "ours.mp4", "-q"), check=True))
    rates = f"{plain / ours:.2f} ({frames / ours:.1f} of {frames / plain:.1f} frames a second)"
    row("1080p, H.264 in and out / the same transcode without colour", rates, "at least 0.6")


def transcode(source: str, target: str) -> None:
    with av.open(source) as given, av.open(target, "w") as out:
        stream = given.streams.video[0]
        stream.thread_type = "AUTO"
        made = out.add_stream("libx264", rate=stream.average_rate, options={"crf": "18", "preset": "medium"})
        made.width, made.height, made.pix_fmt = stream.width, stream.height, "yuv420p"
        for frame in given.decode(stream):
            frame.pict_type = av.video.frame.PictureType.NONE
            out.mux(made.encode(frame))
        out.mux(made.encode())


def peak(arguments: list[str]) -> float:
    """Peak memory, in GB, of a command."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
        " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    ran = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
    return int(ran.stdout.split()[-1]) * 1024 / 1e9


def memory(path: Path, work: Path, frames: int, long: int) -> None:
    options = ("--preset", "ultrafast", "-q")
    for name, size, target in (("1080p", "1920:1080", "at most 0.8"), ("2160p", "3840:2160", "at most 1.6")):
        source = enlarged(path, work / f"memory-{name}.mp4", size, frames)
        found = peak(command(source, work / "out.mkv", "--overwrite", *options))
        row(f"peak memory, {name}, {frames} frames", f"{found:.2f} GB", target)
    for count in (long // 10, long):
        source = enlarged(path, work / f"long-{count}.mp4", "1280:720", count)
        found = peak(command(source, work / "out.mkv", "--overwrite", *options))
        row(f"peak memory, 720p, {count} frames", f"{found:.2f} GB", "the same for both lengths")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--transcode"]:
        transcode(*sys.argv[2:4])
    else:
        main()
