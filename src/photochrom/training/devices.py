"""The devices that training can use."""

import torch

from photochrom.errors import OptionError


def check_device(device: str) -> None:
    """Refuse a device that this machine does not have. Raises OptionError."""
    there = {"auto": True, "cpu": True, "cuda": torch.cuda.is_available, "gpu": torch.cuda.is_available}
    there["mps"] = torch.backends.mps.is_available
    found = there.get(device)
    if found is None:
        raise OptionError(f"--device {device}", f"is not known; choose from {', '.join(there)}")
    if callable(found) and not found():
        build = "" if torch.version.cuda else ", and this PyTorch is a build without CUDA"
        what = f"is not on this machine{build if device in ('cuda', 'gpu') else ''}"
        raise OptionError(f"--device {device}", f"{what}; train with --device cpu")
