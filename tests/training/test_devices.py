"""A device that is not there is refused with what to do."""

import pytest
import torch

from photochrom.errors import OptionError
from photochrom.training.devices import check_device


def test_the_processor_is_always_there() -> None:
    check_device("cpu")
    check_device("auto")


def test_an_unknown_device_is_refused_by_name() -> None:
    with pytest.raises(OptionError, match=r"--device tpu.*choose from auto, cpu, cuda"):
        check_device("tpu")


def test_a_missing_device_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(OptionError, match="train with --device cpu"):
        check_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    check_device("cuda")
