"""What the repository promises as a whole: its scripts, its wheel, its size, its examples, its imports."""

from __future__ import annotations

import ast
import email.message
import email.parser
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

import photochrom

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ["scripts/install", "scripts/check", "scripts/test", "scripts/demo", ".ci/run"]
EXAMPLES = ROOT / "examples"

# Paths of one machine, and hosts that belong in a setting of pip. Escaped so as not to match themselves.
PRIVATE = re.compile(
    rb"(?<![\w.~-])/(?:work|root|tmp/w|opt/(?:pypi|wheels))/"
    rb"|pypi\.org|pythonhosted\.org|download\.pytorch\.org|registry\.npmjs\.org|conda\.anaconda\.org"
)


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def repository_files() -> list[Path]:
    """Files git tracks, and those that the next `git add` would."""
    # CI often checks out as one user and tests as another, which git refuses without safe.directory.
    listing = run(
        "git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"
    )
    assert listing.returncode == 0, listing.stderr
    files = [ROOT / name for name in listing.stdout.split("\0") if name]
    # A file deleted but not yet committed is still listed.
    return [path for path in files if path.is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return email.parser.Parser().parsestr(wheel.read(name).decode())


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_is_executable_bash(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK), f"git update-index --chmod=+x {name}"
    parsed = run("bash", "-n", name)
    assert parsed.returncode == 0, parsed.stderr


def test_paths_are_looked_at_without_errors() -> None:
    # Until Python 3.14, Path.is_dir and the like raise for a name that is too long and in a folder without permission.
    # The functions of os.path do not, so that one such path never stops the others.
    raising = {"is_dir", "is_file", "exists", "is_symlink", "is_fifo", "is_socket", "is_mount"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in raising
        # Not these: os.path itself, stores of fsspec, and a Traversable of importlib.resources.
        if not ast.unparse(node.func.value).endswith(("os.path", "files", "filesystem"))
        and path.name != "page.py"
    ]
    assert found == []


def test_every_script_is_checked() -> None:
    assert {f"scripts/{path.name}" for path in (ROOT / "scripts").iterdir() if path.suffix == ""} <= set(
        SCRIPTS
    )


def test_install_refuses_an_old_python(tmp_path: Path) -> None:
    old = tmp_path / "python-old"
    # Answers as Python 3.10 would: the question whether it is new enough fails, the version prints.
    old.write_text('#!/bin/sh\ncase "$2" in *version_info*) exit 1 ;; *) echo 3.10.13 ;; esac\n')
    old.chmod(0o755)
    ran = run(ROOT / "scripts/install", "venv", cwd=tmp_path, PYTHON=str(old))
    assert ran.returncode == 1
    assert "3.10.13" in ran.stderr
    assert "Python 3.11 or newer" in ran.stderr
    assert not (tmp_path / "venv").exists()


def test_install_leaves_a_folder_of_files_alone(tmp_path: Path) -> None:
    letter = tmp_path / "photos" / "letter.txt"
    letter.parent.mkdir()
    letter.write_text("keep me")
    ran = run(ROOT / "scripts/install", "photos", cwd=tmp_path, PYTHON=sys.executable)
    assert ran.returncode == 1
    assert "not a Python environment" in ran.stderr
    assert list(letter.parent.iterdir()) == [letter]


def test_version_is_the_changelogs_newest(metadata: email.message.Message) -> None:
    versions = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M
    )
    assert versions, "CHANGELOG.md has no version"
    assert metadata["Version"] == versions[0] == photochrom.__version__


def test_wheel_needs_no_torch_unless_asked(metadata: email.message.Message) -> None:
    requirements = metadata.get_all("Requires-Dist", [])
    core = [requirement for requirement in requirements if "extra ==" not in requirement]
    assert any(requirement.startswith("onnxruntime") for requirement in core)
    assert not [requirement for requirement in core if requirement.startswith(("torch", "scikit-image"))]


def test_wheel_holds_the_package_and_its_licence(
    wheel: zipfile.ZipFile, repository_files: list[Path]
) -> None:
    source = ROOT / "src"
    expected = {path.relative_to(source).as_posix() for path in repository_files if source in path.parents}
    assert "photochrom/py.typed" in expected
    packed = set(wheel.namelist())
    assert {name for name in packed if ".dist-info/" not in name} == expected
    (licence,) = (name for name in packed if name.endswith(".dist-info/licenses/LICENSE"))
    text = wheel.read(licence).decode()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_wheel_works_in_an_environment_of_its_own(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Nothing of the checkout is there: only the wheel, and the packages that it needs."""
    venv = tmp_path / "venv"
    made = run(sys.executable, "-m", "venv", "--without-pip", venv)
    assert made.returncode == 0, made.stderr
    python = venv / "bin" / "python"
    assert wheel.filename is not None
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet"]
    installed = run(*pip, wheel.filename)
    assert installed.returncode == 0, installed.stderr
    # A path in a .pth file brings the packages of this environment, but not its own .pth files, such as the one of an
    # editable install.
    packages = Path(np.__file__).parent.parent
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "packages.pth").write_text(f"{packages}\n")
    alone = {"PYTHONPATH": "", "PYTHONSAFEPATH": "1"}
    where = run(python, "-c", "import photochrom; print(photochrom.__file__)", cwd=tmp_path, **alone)
    assert Path(where.stdout.strip()).is_relative_to(venv), where
    photo = tmp_path / "astronaut.jpg"
    photo.write_bytes((EXAMPLES / photo.name).read_bytes())
    ran = run(venv / "bin" / "photochrom", "colorize", photo.name, cwd=tmp_path, **alone)
    assert ran.returncode == 0, ran.stderr
    with Image.open(tmp_path / "astronaut.color.jpg") as picture:
        assert np.ptp(np.asarray(picture), axis=2).mean() > 5
    page = "from photochrom.studio.routes.page import page_files; print(*page_files())"
    files = run(python, "-c", page, cwd=tmp_path, **alone)
    assert {"index.html", "en.json", "sample.jpg"} <= set(files.stdout.split()), files.stderr


def test_repository_is_small(repository_files: list[Path]) -> None:
    sizes = {path: path.stat().st_size for path in repository_files}
    assert ROOT / "pyproject.toml" in sizes
    largest = sorted(sizes, key=lambda path: -sizes[path])[:5]
    assert sum(sizes.values()) < 60e6, f"the largest: {[str(path.relative_to(ROOT)) for path in largest]}"


def test_no_machine_path_or_registry_host(repository_files: list[Path]) -> None:
    # Bytes, not text: an exported network can carry the paths of the sources that made it.
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in repository_files
        if (match := PRIVATE.search(path.read_bytes()))
    }
    assert found == {}


def test_search_for_private_text_finds_it() -> None:
    host = b"https://" + b"pypi" + b".org/simple"
    assert PRIVATE.search(host)
    assert PRIVATE.search(b'open("' + b"/work" + b'/main/a.py")')
    assert not PRIVATE.search(b"docs/work/notes and ~/work/photos")


def examples() -> list[Path]:
    return sorted(path for path in EXAMPLES.iterdir() if path.name != "README.md")


def test_examples_are_small_and_there() -> None:
    assert {path.suffix for path in examples()} >= {".jpg", ".tif"}
    assert sum(path.stat().st_size for path in examples()) < 1_000_000


def test_terms_name_every_example_and_nothing_else() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \|[^|]+\|([^|]+)\|$", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.M
    )
    assert sorted(name for name, _ in rows) == [path.name for path in examples()]
    for name, terms in rows:
        assert re.search(r"public domain|CC0|as `[\w.-]+`", terms), f"{name} has no terms"


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.name)
def test_example_is_the_grey_of_its_picture(path: Path) -> None:
    rgb = getattr(skimage.data, path.stem.removesuffix("-16bit"))()
    with Image.open(path) as picture:
        assert picture.mode in ("L", "I;16")
        luma = np.asarray(picture, dtype=np.float64)
    if path.suffix == ".tif":
        assert len(np.unique(luma)) > 256
        luma /= 257
    expected = rgb @ np.array([0.299, 0.587, 0.114])
    assert luma.shape == expected.shape
    # JPEG at quality 90 is about 1 level off on average in these pictures, 16-bit deflate only by rounding.
    assert np.abs(luma - expected).mean() < (2.5 if path.suffix == ".jpg" else 0.01)


HEAVY = ("torch", "onnxruntime", "cv2")


def loaded(module: str) -> set[str]:
    """Which of the heavy packages a fresh Python has after importing `module`."""
    probe = run(sys.executable, "-c", f"import sys, {module}; print(*(set({HEAVY}) & set(sys.modules)))")
    assert probe.returncode == 0, probe.stderr
    return set(probe.stdout.split())


@pytest.mark.parametrize("module", ["photochrom", "photochrom.cli"])
def test_import_is_light(module: str) -> None:
    assert loaded(module) == set()


@pytest.mark.parametrize("module", ["photochrom.color", "photochrom.media", "photochrom.engine"])
def test_import_needs_no_torch(module: str) -> None:
    assert "torch" not in loaded(module)


def test_probe_sees_a_heavy_import() -> None:
    assert loaded("cv2") == {"cv2"}


def untested(source: Path, tests: Path) -> list[str]:
    """Modules below `source` with a function but neither ``test_MODULE.py`` nor a folder ``MODULE`` below `tests`.

    A module of constants or of data classes without methods needs no test. The tests of an ``__init__`` are those of
    its package.
    """
    found = []
    for path in sorted(source.rglob("*.py")):
        place = path.relative_to(source)
        name = path.stem.strip("_")
        folder = tests / place.parent
        tested = (folder / f"test_{name}.py").is_file() or any((folder / name).glob("test_*.py"))
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        logic = any(isinstance(node, functions) for node in ast.walk(ast.parse(path.read_bytes())))
        if path.name != "__init__.py" and logic and not tested:
            found.append(place.as_posix())
    return found


def test_every_module_has_a_test_of_its_name() -> None:
    assert untested(ROOT / "src" / "photochrom", ROOT / "tests") == []


def test_search_for_untested_modules_finds_them(tmp_path: Path) -> None:
    source, tests = tmp_path / "source", tmp_path / "tests"
    for path in (
        source / "a/plain.py",
        source / "a/b/deep.py",
        source / "a/_private.py",
        source / "a/folder.py",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("class Thing:\n    async def act(self): ...\n")
    (source / "a/__init__.py").write_text("def start(): ...\n")
    (source / "a/data.py").write_text("NUMBER = 3\nclass Record:\n    size: int\n")
    every = ["a/_private.py", "a/b/deep.py", "a/folder.py", "a/plain.py"]
    assert untested(source, tests) == every
    # A test in another package is of another module.
    for name in ("a/test_private.py", "a/test_deep.py", "a/folder/test_one.py", "a/test_plain.py"):
        (tests / name).parent.mkdir(parents=True, exist_ok=True)
        (tests / name).touch()
    assert untested(source, tests) == ["a/b/deep.py"]
