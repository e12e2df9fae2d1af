"""The table of docs/films.md: what is kept, how still colours hold, how fast and in how much memory.

    python benchmarks/film.py FILM.mp4 ... [--work FOLDER] [--frames 120] [--long 9000] [--only colours memory]

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

import av
from film_colors import colours

from photochrom.engine.models import resolve
from photochrom.engine.session import Session
from photochrom.jobs.film import colorize_film
from photochrom.jobs.film_options import FilmOptions
from photochrom.video.probe import probe

PARTS = ("luma", "colours", "streams", "kills", "speed", "memory")
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
        "--long", type=int, default=9000, help="frames of the long film whose memory is compared"
    )
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    given = parser.parse_args()
    session = Session(resolve("photochrom"))
    first: Path = given.films[0]
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        work = Path(folder)
        row("what", "measured", "target")
        row("---", "---", "---")
        parts: dict[str, Callable[[], object]] = {
            "luma": lambda: y_plane(session, work),
            "colours": lambda: [colours(session, path, row) for path in given.films],
            "streams": lambda: other_streams(session, given.films, work),
            "kills": lambda: kills(session, first, work, given.kills),
            "speed": lambda: speed(first, work, given.frames),
            "memory": lambda: memory(first, work, given.frames, given.long),
        }
        for name in PARTS:
            if name in given.only:
                parts[name]()


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
    for name, size, target in (("1080p", "1920:1080", "at most 0.8"), ("2160p", "3840:2160", "at most 1.6")):
        source = enlarged(path, work / f"memory-{name}.mp4", size, frames)
        found = peak(command(source, work / "out.mp4", "--overwrite", "-q"))
        row(f"peak memory, {name}, {frames} frames", f"{found:.2f} GB", target)
    short = enlarged(path, work / "short.mp4", "160:90", long // 6)
    whole = work / "long.mp4"
    ffmpeg("-stream_loop", 5, "-i", short, "-c", "copy", whole)
    options = ("--overwrite", "--size", "64", "--every", "24", "--preset", "ultrafast", "-q")
    for count, source in ((long // 6, short), (long // 6 * 6, whole)):
        found = peak(command(source, work / "out.mkv", *options))
        row(f"peak memory, 160 x 90, {count} frames", f"{1000 * found:.0f} MB", "the same for both lengths")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--transcode"]:
        transcode(*sys.argv[2:4])
    else:
        main()
