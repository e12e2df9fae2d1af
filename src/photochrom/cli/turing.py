"""``photochrom turing``: test whether people can distinguish inferred colours from true ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.console import give_up, print_json, say, sentences, usage
from photochrom.cli.serving import needs_studio, open_listener

if TYPE_CHECKING:
    from photochrom.bench.turing.pictures import Maker
    from photochrom.bench.turing.store import Study

STUDY, SERVER = "A new study", "Server"

app = typer.Typer(
    help="The colorization Turing test: can people tell inferred colours from true ones?",
    no_args_is_help=True,
)


@app.command()
def serve(
    study: Annotated[Path, typer.Option(metavar="FILE.sqlite", help="Where pictures and answers are kept.")],
    *,
    truth: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The photos in their true colours.", rich_help_panel=STUDY),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FOLDER",
            help="A model's pictures of them, of the same names.",
            rich_help_panel=STUDY,
        ),
    ] = None,
    colorize: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="A name of `photochrom models` or an .onnx file, run now on the grey photos.",
            rich_help_panel=STUDY,
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            help="Pairs for each participant, besides attention checks. Default: 40.", rich_help_panel=STUDY
        ),
    ] = None,
    practice: Annotated[
        int | None,
        typer.Option(help="Pairs at the beginning that tell the answer. Default: 5.", rich_help_panel=STUDY),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(help="For how long each photo is shown. Default: 1.", rich_help_panel=STUDY),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Of the draw of pairs for each participant. Default: 0.", rich_help_panel=STUDY),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on; 0.0.0.0 lets other machines take part.", rich_help_panel=SERVER
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 takes any free port.", rich_help_panel=SERVER)
    ] = 8765,
) -> None:
    """Start or continue a study, and serve its page. Ctrl-C stops it. The same command continues it.

    The page needs the studio extra: pip install ".[studio]" in the folder of Photochrom's source.
    """
    with _sentences(study), needs_studio("the page of a study"):
        # This import comes first. It reports a missing package before the photos are prepared, which takes minutes.
        import photochrom.bench.turing.app
        import photochrom.web.server  # noqa: F401
        from photochrom.bench.turing.file import exists
        from photochrom.bench.turing.store import Study

        settings = {"trials": trials, "practice": practice, "seconds": seconds, "seed": seed}
        given = {name: value for name, value in settings.items() if value is not None}
        folders = _folders(model or [])
        going_on = exists(study)
        opened = Study(study) if going_on else _begin(study, truth, folders, colorize or [], given)
        with closing(opened):
            if going_on:
                _check_same(opened, given, folders, colorize or [])
            _serve(opened, host, port)


@app.command()
def report(
    study: Annotated[Path, typer.Argument(metavar="FILE.sqlite", help="A study, also while it is served.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with all counts.")] = False,
) -> None:
    """Print how often people took each model's colours for the true ones, and which photos deceive most people."""
    with _sentences(study):
        from photochrom.bench.turing.report import report as work_out
        from photochrom.bench.turing.report import words
        from photochrom.bench.turing.store import Study

        with closing(Study(study, read_only=True)) as opened:
            found = work_out(opened)
        if as_json:
            print_json(asdict(found))
        else:
            typer.echo("\n".join(words(found)))


@contextmanager
def _sentences(study: Path) -> Iterator[None]:
    import sqlite3

    with sentences(), usage():
        try:
            yield
        except sqlite3.Error as error:
            give_up(f"{study}: {error}; is the disk full, or the file damaged?")


def _folders(models: list[str]) -> dict[str, Path]:
    folders: dict[str, Path] = {}
    for each in models:
        name, equals, folder = each.partition("=")
        if not (name.strip() and equals and folder):
            raise ValueError(f"--model {each}: give NAME=FOLDER")
        if name in folders:
            raise ValueError(f"--model {each}: there is a model {name} already; give it another name")
        folders[name] = Path(folder)
    return folders


def _check_same(study: Study, given: dict[str, Any], folders: dict[str, Path], colorize: list[str]) -> None:
    """Refuse settings or models that differ from those of the study, because the answers could not be combined."""
    for name, value in given.items():
        began = getattr(study.settings, name)
        if value != began:
            raise ValueError(
                f"{study.path}: began with --{name} {began:g}; leave it out, or give another --study"
            )
    if (folders or colorize) and {*folders, *_names(colorize)} != set(study.models):
        models = ", ".join(study.models)
        raise ValueError(
            f"{study.path}: is a study of {models}; leave --model and --colorize out, or give another --study"
        )


def _names(colorize: list[str]) -> list[str]:
    """The names of models in the study. A file's name is its stem, because two files may state the same name."""
    return [Path(model).stem if model.endswith(".onnx") else model for model in colorize]


def _begin(
    path: Path, truth: Path | None, folders: dict[str, Path], colorize: list[str], given: dict[str, Any]
) -> Study:
    from photochrom.bench.turing.pictures import from_folder, listed, missing, prepare
    from photochrom.bench.turing.store import Study
    from photochrom.bench.turing.trials import Settings, plan

    if truth is None:
        raise ValueError(f"{path}: begins with --truth FOLDER, the photos in their true colours")
    if not folders and not colorize:
        raise ValueError(f"{path}: begins with --model NAME=FOLDER or --colorize MODEL; give at least one")
    settings = Settings(**given)
    photos = listed(truth)
    makers: dict[str, Maker] = {}
    for name, folder in folders.items():
        pictures = listed(folder)
        for line in missing(photos, pictures, name):
            say(f"photochrom: {line}")
        photos = {stem: photo for stem, photo in photos.items() if stem in pictures}
        makers[name] = from_folder(pictures)
    plan(len(photos), settings)
    makers |= _colorizers(colorize, makers)
    say(f"preparing {len(photos)} photos")
    views = prepare(photos, makers, lambda line: say(f"photochrom: {line}"))
    return Study.create(path, list(makers), views, settings)


def _colorizers(colorize: list[str], taken: dict[str, Maker]) -> dict[str, Maker]:
    from photochrom.bench.turing.pictures import from_colorizer
    from photochrom.pipeline.python import Colorizer

    makers: dict[str, Maker] = {}
    for name, model in zip(_names(colorize), colorize, strict=True):
        if name in taken or name in makers:
            raise ValueError(f"--colorize {model}: there is a model {name} already")
        makers[name] = from_colorizer(Colorizer(model))
    return makers


def _serve(study: Study, host: str, port: int) -> None:
    from photochrom.bench.turing.app import create_app
    from photochrom.web.address import page_url
    from photochrom.web.server import Server

    with open_listener(host, port) as listener:
        url = page_url(host, listener.getsockname()[1])
        Server(create_app(study), grace_seconds=1, ready=lambda: _announce(study, url, host)).run(
            sockets=[listener]
        )
    say(f"stopped with {study.counts()} in {study.path}; see: photochrom turing report {study.path}")


def _announce(study: Study, url: str, host: str) -> None:
    from photochrom.web.address import is_loopback

    counts = study.plan
    checks = f"{counts.checks} attention check{'' if counts.checks == 1 else 's'}"
    say(f"{study.path}: {len(study.photos)} photos, models {', '.join(study.models)}; {study.counts()}")
    say(f"each participant sees {counts.practice} pairs for practice, then {counts.tests} and {checks}")
    if counts.tests < study.settings.trials:
        say(f"that is fewer than {study.settings.trials} pairs: nobody sees a photo twice")
    if not is_loopback(host):
        say("anyone who can reach this machine can take part; the page is not encrypted")
    say(f"{url} has the page; Ctrl-C stops, and the same command goes on")
