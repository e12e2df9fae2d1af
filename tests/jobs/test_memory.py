"""What threads have freed goes back to the system."""

import platform
import subprocess
import sys

import pytest

CODE = """
import sys, threading
from photochrom.jobs.memory import give_back
from photochrom.resources import one_heap

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

def work():
    bytearray(30_000_000)  # once it is freed, glibc keeps up to twice as much at the top of a heap
    pieces = [bytearray(100_000) for _ in range(300)]
    together.wait()
    together.wait()
    del pieces
    together.wait()
    done.wait()

one_heap()
together, done = threading.Barrier(9), threading.Event()
threads = [threading.Thread(target=work) for _ in range(8)]
before = resident()
for thread in threads:
    thread.start()
together.wait()
print(resident() - before)
together.wait()
together.wait()
give_back()
print(resident() - before)
done.set()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone keeps it")
def test_what_threads_free_goes_back() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    held, after = map(float, done.stdout.split())
    assert held > 200
    assert after < 20
