"""Libraries that decode files print and log nothing."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom.media.quiet import LOGGERS, quiet


@pytest.mark.parametrize("compression", ["tiff_lzw", "group4", "jpeg", "tiff_adobe_deflate", "packbits"])
def test_broken_strips_print_nothing(tmp_path, saved, grey, compression):
    image = Image.fromarray(grey).convert("1" if compression == "group4" else "L")
    data = bytearray(saved(image, "TIFF", compression=compression))
    page = tifffile.TiffFile(BytesIO(data)).pages[0]
    start = page.dataoffsets[0] + page.databytecounts[0] // 4
    data[start : start + 40] = np.random.default_rng(1).bytes(40)
    path = tmp_path / "broken.tif"
    path.write_bytes(bytes(data))
    # In a process of its own: libtiff keeps the C library's stderr.
    code = "import sys; from photochrom.media import photo\ntry: photo.open(sys.argv[1])\n"
    code += "except photo.PhotoError as error: print(error)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout in (
        "",
        "broken.tif: is damaged or incomplete; copy it again from where it came from\n",
    )


@pytest.mark.parametrize("name", LOGGERS)
def test_what_decoders_log_is_dropped_inside_alone(caplog, name):
    with quiet():
        logging.getLogger(name).warning("a tag is odd")
    assert caplog.messages == []
    logging.getLogger(name).warning("after it")
    assert caplog.messages == ["after it"]


def test_other_loggers_and_other_threads_still_speak(caplog):
    def other():
        logging.getLogger("tifffile").warning("from another thread")

    with quiet():
        logging.getLogger("photochrom").warning("ours")
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert caplog.messages == ["ours", "from another thread"]


def test_an_error_ends_the_silence(caplog):
    with pytest.raises(ValueError, match="damaged"), quiet():
        raise ValueError("damaged")
    logging.getLogger("tifffile").warning("after it")
    assert caplog.messages == ["after it"]
