"""``photochrom bulk``: archives, on this machine or on a Ray cluster; and ``photochrom bulk verify``."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager, redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from photochrom.cli import colorize
from photochrom.cli.console import (
    FAILED,
    INTERRUPTED,
    give_up,
    needs_extra,
    print_json,
    say,
    sentences,
    usage,
)
from photochrom.cli.words import REMEDIES

if TYPE_CHECKING:
    from photochrom.jobs.bulk_plan import BulkPlan
    from photochrom.jobs.bulk_request import BulkRequest
    from photochrom.jobs.bulk_run import Counts, FailureLimit
    from photochrom.jobs.bulk_source import Source

NEEDED = {"ray", "pyarrow", "pandas", "fsspec"}
MOST_LINES = 20
"""Failures that are printed, and problems that `verify` prints. The table has all."""
SECONDS_BETWEEN_LINES = 10.0

Endpoint = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Address of an S3-compatible store.", envvar="AWS_ENDPOINT_URL"),
]


class _WithDefault(TyperGroup):
    """``photochrom bulk SOURCE TARGET`` is ``photochrom bulk run SOURCE TARGET``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command in front, unless there is one or help is asked for."""
        if not args or (args[0] not in self.commands and args not in (["--help"], ["-h"])):
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_WithDefault,
    name="bulk",
    help="Colorize an archive on this machine or a cluster. `photochrom bulk SOURCE TARGET` is `bulk run`.",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def _extra() -> AbstractContextManager[None]:
    return needs_extra("bulk", "bulk runs need", NEEDED)


@app.command("run")
def bulk(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="A folder, s3://..., gs://..., or a manifest (.parquet, .csv, .txt)."
        ),
    ],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="A folder, s3://... or gs://... for the results.")
    ],
    *,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT|auto",
            help="A Ray cluster that runs. Default: one on this machine, for this run.",
            rich_help_panel=colorize.RUN,
        ),
    ] = None,
    endpoint: Endpoint = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many photos, bytes and core-hours, and stop.")
    ] = False,
    max_failed: Annotated[
        str,
        typer.Option(
            metavar="N|N%",
            help="End the run when more photos have failed. A share counts from 100 photos on.",
            rich_help_panel=colorize.RUN,
        ),
    ] = "50%",
    dashboard: Annotated[
        bool, typer.Option("--dashboard", help="Start Ray's page for the run.", rich_help_panel=colorize.RUN)
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Make all results anew.", rich_help_panel=colorize.FILES)
    ] = False,
    format: colorize.Format = None,
    jpeg_quality: colorize.JpegQuality = None,
    side_by_side: Annotated[
        bool,
        typer.Option(
            "--side-by-side",
            help="Also write NAME.compare.jpg: before, after.",
            rich_help_panel=colorize.FILES,
        ),
    ] = False,
    max_pixels: colorize.MaxPixels = None,
    look: colorize.Look = None,
    strength: colorize.Strength = None,
    size: colorize.Size = None,
    quality: colorize.Quality = "balanced",
    colorfulness: colorize.Colorfulness = None,
    warmth: colorize.Warmth = None,
    candidates: Annotated[
        int, typer.Option(help="Several versions: NAME.1.EXT, NAME.2.EXT, ...", rich_help_panel=colorize.LOOK)
    ] = 1,
    seed: colorize.Seed = 0,
    model: colorize.Model = "photochrom",
    force: colorize.Force = False,
    salvage: colorize.Salvage = False,
    jobs: colorize.Jobs = None,
    threads: colorize.Threads = None,
    device: colorize.Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts at the end, as JSON.")] = False,
    quiet: colorize.Quiet = False,
) -> None:
    """Colorize an archive. Sub-folders are entered. The same command continues a run that was stopped."""
    with sentences(), _extra():
        with usage():
            from photochrom.jobs.bulk_request import BulkRequest
            from photochrom.jobs.bulk_run import FailureLimit
            from photochrom.jobs.bulk_store import Root

            options = colorize.make_options(
                look=look,
                strength=strength,
                size=size,
                quality=quality,
                colorfulness=colorfulness,
                warmth=warmth,
                candidates=candidates,
                seed=seed,
            )
            request = colorize.make_request(
                options,
                format=format,
                jpeg_quality=jpeg_quality,
                force=force,
                salvage=salvage,
                max_pixels=max_pixels,
            )
            limit = FailureLimit.of(max_failed)
            root = Root.of(target, endpoint)
        bulk = BulkRequest(root, request, overwrite, side_by_side, REMEDIES, endpoint)
        root.check_writable()
        run = _Run(bulk, limit, quiet=quiet)
        plan = run.plan(source, model, device)
        if dry_run:
            run.estimate(plan)
            return
        words = run.do(plan, address=address, jobs=jobs, threads=threads, device=device, dashboard=dashboard)
        if as_json:
            print_json({**run.counts.counts, "done_before": plan.done_before, "total": plan.total})
        if words:
            give_up(f"{words} with {run.counts.words()}; the same command continues", run.code)
        if run.counts.counts["failed"]:
            raise typer.Exit(FAILED)


@app.command("verify")
def verify_results(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="The results of a bulk run.")],
    *,
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Also see that each photo of SOURCE has a row.")
    ] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Open only so many results.")] = None,
    endpoint: Endpoint = None,
) -> None:
    """Verify the results of a bulk run: all there, none twice, whole, marked, and of the right size."""
    with sentences(), _extra():
        from photochrom.jobs.bulk_store import Root
        from photochrom.jobs.bulk_verify import verify

        found = verify(Root.of(target, endpoint), source, endpoint=endpoint, sample=sample)
        for problem in found.problems[:MOST_LINES]:
            say(f"photochrom: {problem}")
        if len(found.problems) > MOST_LINES:
            say(f"photochrom: and {len(found.problems) - MOST_LINES:,} more")
        rows = ", ".join(f"{count:,} {status}" for status, count in found.counts.items())
        say(f"{rows}; {found.results:,} results verified, {len(found.problems):,} problems")
        if found.problems:
            raise typer.Exit(FAILED)


class _Run:
    """One run of the command: its plan, its counts and its lines."""

    def __init__(self, bulk: BulkRequest, limit: FailureLimit, *, quiet: bool) -> None:
        from photochrom.jobs.bulk_run import Counts

        self.bulk, self.limit, self.quiet = bulk, limit, quiet
        self.counts: Counts = Counts()
        self.code = FAILED

    def plan(self, text: str, model: str, device: str) -> BulkPlan:
        """Read the source and the results table, and say what is to be done."""
        from photochrom.jobs.bulk import ModelCopy
        from photochrom.jobs.bulk_plan import make_plan
        from photochrom.jobs.bulk_source import load
        from photochrom.jobs.bulk_table import latest

        self.model = ModelCopy.of(model, device)
        source = load(text, self.bulk.endpoint, target=self.bulk.target)
        columns = ["path", "status", "key", "bytes", "etag", "digest"]
        self.bulk = replace(self.bulk, fresh=self.bulk.target.is_empty())
        plan = make_plan(source.table, latest(self.bulk.target, columns), self.bulk, self.model.fingerprint)
        self._describe(source, plan, text)
        return plan

    def _describe(self, source: Source, plan: BulkPlan, text: str) -> None:
        for problem in source.problems[:MOST_LINES]:
            say(f"photochrom: {problem.sentence(REMEDIES)}")
        self.counts.counts["failed"] += len(source.problems)
        if self.quiet:
            return
        for note in source.notes:
            say(f"photochrom: {note}")
        if source.left_out:
            words = ", ".join(f"{count:,} ({why})" for why, count in source.left_out.items())
            say(f"photochrom: left out: {words}")
        say(f"{text}: {plan.total:,} photos, {plan.done_before:,} done before, {len(plan.todo):,} to do")
        if plan.unchecked:
            words = "the manifest has no bytes, etag or digest for them"
            say(f"photochrom: {plan.unchecked:,} photos were not checked for changes, because {words}")

    def estimate(self, plan: BulkPlan) -> None:
        """Say what the run will take."""
        from photochrom.jobs.bulk_estimate import estimate

        found = estimate(plan.todo, self.bulk)
        size = f"{found.bytes / 1e9:,.1f} GB" if found.bytes >= 1e9 else f"{found.bytes / 1e6:,.1f} MB"
        say(f"{found.photos:,} photos, {size}, about {found.megapixels:,.0f} megapixels")
        hours = f"{found.core_hours:,.1f}" if found.core_hours >= 1 else f"{found.core_hours:.2g}"
        say(f"about {hours} core-hours, {found.reads:,} read and {found.writes:,} write requests")
        if found.films:
            say(f"{found.films:,} films, which are in no other number here")
        if found.unreadable:
            say(f"{found.unreadable} of {found.sampled} photos of a sample cannot be opened")

    def do(
        self,
        plan: BulkPlan,
        *,
        address: str | None,
        jobs: int | None,
        threads: int | None,
        device: str,
        dashboard: bool,
    ) -> str:
        """Do the work of the plan. Returns why it ended early; empty if it did not."""
        from photochrom.jobs.bulk_cluster import connect
        from photochrom.jobs.bulk_run import run
        from photochrom.jobs.bulk_table import Writer

        if not len(plan.todo):
            return ""
        writer = Writer(self.bulk.target)
        meter = _Meter(len(plan.todo), quiet=self.quiet)
        words = ""
        try:
            # Ray prints long messages on stdout where a worker has died; the run goes on with another one.
            with (
                open(os.devnull, "w", encoding="utf-8") as nothing,
                redirect_stdout(nothing),
                connect(
                    address, jobs=jobs, threads=threads, photos=len(plan.todo), dashboard=dashboard
                ) as cluster,
            ):
                meter.start(cluster.workers, cluster.address, cluster.dashboard)
                for rows in run(plan.todo, self.bulk, self.model, cluster, device):
                    self.counts.add(rows)
                    writer.add(rows)
                    meter.show(rows, self.counts)
                    if self.limit.reached(self.counts):
                        words = "ended, because too many photos failed (--max-failed),"
                        break
        except KeyboardInterrupt:
            words, self.code = "stopped", INTERRUPTED
        finally:
            # Also after an error of the cluster: what was done stays done.
            writer.flush()
        meter.end(self.counts)
        return words


class _Meter:
    """Prints failures, and a line of progress now and then."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self.total, self.quiet = total, quiet
        self.failures = 0
        self.started = self.last = time.monotonic()

    def start(self, workers: int, address: str, dashboard: str) -> None:
        """Say where the photos are done."""
        self.started = self.last = time.monotonic()
        if not self.quiet:
            page = f"; Ray's page is at http://{dashboard}" if dashboard else ""
            say(f"{workers} photos at once on {address}{page}")

    def show(self, rows: list[dict[str, Any]], counts: Counts) -> None:
        """Print what is new in `rows`."""
        for row in rows:
            if row["status"] == "failed":
                self.failures += 1
                if self.failures <= MOST_LINES:
                    say(f"photochrom: {row['reason']}")
                elif self.failures == MOST_LINES + 1:
                    say("photochrom: further failures are in the results table only")
        now = time.monotonic()
        if not self.quiet and now - self.last >= SECONDS_BETWEEN_LINES:
            self.last = now
            done = sum(counts.counts.values())
            rate = done / (now - self.started)
            left = (self.total - done) / rate if rate else 0.0
            say(f"{done:,} of {self.total:,}: {counts.words()}; {rate:.1f}/s, about {_words(left)} left")

    def end(self, counts: Counts) -> None:
        """Print the counts."""
        if not self.quiet:
            say(f"{counts.words()} in {_words(time.monotonic() - self.started)}")


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
