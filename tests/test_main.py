"""The first lines of the command."""

from __future__ import annotations

import subprocess
import sys


def test_the_collector_waits_for_the_imports() -> None:
    program = (
        "import gc, sys; from photochrom import __main__ as start; import photochrom.cli\n"
        "photochrom.cli.main = lambda: print(gc.isenabled())\n"
        "start.main()\n"
        "from photochrom.cli import process\n"
        "process.start_collector()\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 1000)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]
