"""Which file may be written. How it is used is tested with the file job."""

from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.errors import NameTakenError
from photochrom.pipeline.origin import Origin
from photochrom.pipeline.targets import Claims, Destination, State, choose


def test_two_owners_get_two_names_and_inputs_are_nobodys(tmp_path: Path) -> None:
    claims = Claims({Claims().key(tmp_path / "a (2).png")})
    where = Destination(tmp_path, "a.png", marked=False)
    found = [
        choose(where, ".png", Origin("a.png"), ["{}"], claims=claims, owner=owner)[0].path.name
        for owner in (0, 1, 0)
    ]
    assert found == ["a.png", "a (3).png", "a.png"]


def test_links_of_a_folder_are_one_folder(tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "link").symlink_to("box", target_is_directory=True)
    claims = Claims()
    assert claims.take([tmp_path / "box/a.png"], 0)
    assert not claims.take([tmp_path / "link/a.png"], 1)


@pytest.mark.parametrize("kind", ["folder", "dangling link", "text"])
def test_what_is_no_result_is_never_given(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.png"
    if kind == "folder":
        path.mkdir()
        (path / "x").touch()
    elif kind == "text":
        path.write_text("dear diary")
    else:
        path.symlink_to(tmp_path / "nowhere")
    where = Destination(tmp_path, "a.png", marked=False)
    (target,) = choose(where, ".png", Origin("a.png"), ["{}"], claims=Claims(), owner=0)
    assert (target.path.name, target.state) == ("a (2).png", State.FREE)
    exact = Destination(tmp_path, "a.png", marked=False, exact=True)
    for overwrite in (False, True):
        with pytest.raises(NameTakenError, match="no result of this photo"):
            choose(exact, ".png", Origin(), ["{}"], claims=Claims(), owner=0, overwrite=overwrite)
