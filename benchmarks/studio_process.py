"""A `photochrom serve` in a process of its own, with a temporary folder of its own, for the benchmarks."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = [sys.executable, "-m", "photochrom", "serve"]


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers."""

    process: subprocess.Popen[bytes]
    address: tuple[str, int]
    folder: Path
    log: Path

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://{self.address[0]}:{self.address[1]}"

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of a GET."""
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def memory(self) -> float:
        """Resident megabytes."""
        pid = str(self.process.pid)
        kilobytes = subprocess.run(["ps", "-o", "rss=", "-p", pid], check=True, capture_output=True).stdout
        return int(kilobytes) / 1e3

    def files(self) -> list[Path]:
        """What lies in its temporary folder; folders do not count."""
        return [path for path in self.folder.rglob("*") if not path.is_dir()]

    def stop(self) -> int:
        """End it as Ctrl-C's older sister does, and give its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def serving(**settings: object) -> Iterator[Served]:
    """Start the studio with these settings on a free port of the loopback, and wait until it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name) / "temporary", Path(name) / "log"
        folder.mkdir()
        given = {f"PHOTOCHROM_{key.upper()}": str(value) for key, value in settings.items()}
        environment = {**os.environ, **given, "TMPDIR": str(folder), "PHOTOCHROM_BROWSER": "0"}
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [*COMMAND, "--port", str(address[1])], env=environment, stdout=errors, stderr=errors
            )
        served = Served(process, address, folder, log)
        try:
            deadline = time.monotonic() + 60
            while not _answers(served):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the server did not start:\n{log.read_text()}")
                time.sleep(0.05)
            yield served
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _answers(served: Served) -> bool:
    try:
        return served.get("/healthz")[0] == 200
    except OSError:
        return False
