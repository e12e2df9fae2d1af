"""Reproducible splits into training and validation photos."""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
FORMS = "8000/2000 (photos), 80/20 (percent), 500 (photos for validation) or 0.1 (a share for validation)"


def split(groups: Sequence[str], spec: str | float, seed: int = 0) -> tuple[Indices, Indices]:
    """Choose which photos train and which validate.

    The hash of a group's name and `seed` decides. The choice is therefore the same on every machine and for any order
    of the photos, and a new photo moves at most one other photo to the other side.

    Parameters
    ----------
    groups : the group of each photo. A group is never divided. If each photo is its own group, these are the keys.
    spec : "8000/2000" photos, "80/20" percent (two numbers that sum to 100), "500" photos for validation and the rest
        for training, or "0.1" for this share of validation photos. "0" gives none.

    Returns
    -------
    (train, validation): ascending indices into `groups`. If whole groups cannot give a number, the largest possible
    number below it is taken.

    Raises
    ------
    ValueError
        If `spec` has another form, or there are too few photos.
    """
    train, validation = _counts(str(spec).strip(), len(groups))
    members = defaultdict(list)
    for i, group in enumerate(groups):
        members[group].append(i)
    order = ranked(list(members), seed)
    chosen = _fill(order, members, validation)
    rest = [group for group in order if group not in chosen]
    kept = _fill(rest, members, train) if train is not None else set(rest)
    if validation and not chosen:
        raise ValueError(f"split {spec}: every group has more photos than the {validation} for validation")
    if not kept:
        raise ValueError(
            f"split {spec}: of {len(groups)} photos in {len(members)} groups none is left to train on"
        )
    return _indices(kept, members), _indices(chosen, members)


def ranked(names: Sequence[str], seed: int = 0) -> list[str]:
    """Return `names` in the order of their hashes. It is random, but the same on every machine."""
    return sorted(names, key=lambda name: (_hash(name, seed), name))


def groups_of(names: Sequence[str], *, samples: bool = False) -> list[str]:
    """Return the group of each photo, by its file name.

    Flickr1024's ``NAME_L.png`` and ``NAME_R.png`` show one scene and are one group. With `samples`, files that share
    their name up to the first dot are one group, because they are one sample in a WebDataset. Every other photo is its
    own group.
    """
    known, groups = set(names), []
    for name in names:
        pair = re.fullmatch(r"(.+)_[LR](\.\w+)", name)
        if pair and {f"{pair[1]}_L{pair[2]}", f"{pair[1]}_R{pair[2]}"} <= known:
            groups.append(pair[1])
        elif samples:
            folder, slash, file = name.rpartition("/")
            groups.append(folder + slash + file.split(".")[0])
        else:
            groups.append(name)
    return groups


def _counts(spec: str, total: int) -> tuple[int | None, int]:
    """Return the number of training photos (None for all others) and of validation photos."""
    if numbers := re.fullmatch(r"(\d+)/(\d+)", spec):
        train, validation = int(numbers[1]), int(numbers[2])
        if not train:
            raise ValueError(f"split {spec}: leaves no photo to train on")
        if train + validation == 100:
            return None, _share(validation / 100, total, spec)
        if train + validation > total:
            raise ValueError(f"split {spec}: needs {train + validation:,} photos, but there are {total:,}")
        return train, validation
    if spec.isdecimal():
        if int(spec) >= max(total, 1):
            raise ValueError(f"split {spec}: of {total:,} photos none is left to train on")
        return None, int(spec)
    try:
        share = float(spec)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise ValueError(f"split {spec!r} is none of {FORMS}")
    return None, _share(share, total, spec)


def _share(share: float, total: int, spec: str) -> int:
    if total < 2 and share:
        raise ValueError(f"split {spec}: needs two photos at least, but there is {total}")
    return min(max(round(share * total), 1), total - 1) if share else 0


def _fill(order: Sequence[str], members: dict[str, list[int]], wanted: int) -> set[str]:
    chosen = set()
    for group in order:
        if wanted <= 0:
            break
        if len(members[group]) <= wanted:
            chosen.add(group)
            wanted -= len(members[group])
    return chosen


def _indices(chosen: set[str], members: dict[str, list[int]]) -> Indices:
    return np.sort(np.array([i for group in chosen for i in members[group]], dtype=np.intp))


def _hash(name: str, seed: int) -> bytes:
    # macOS writes an accented letter as two characters, other systems as one.
    text = f"{seed}\0{unicodedata.normalize('NFC', name)}"
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest()
