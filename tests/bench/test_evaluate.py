"""The evaluation: agrees with an independent script, does not depend on order, and survives its entries."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import skimage.color
import skimage.metrics
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

from photochrom.bench import entries
from photochrom.bench.entries import Entry
from photochrom.bench.evaluate import evaluate
from photochrom.bench.protocol import Protocol
from photochrom.bench.results import Results
from photochrom.cli import app
from photochrom.data.sources import Source, find
from photochrom.nets.vgg16 import vgg16

SMALL = Protocol(size=64)
NAMES = ["psnr", "ciede2000", "auc", "colorfulness", "mse"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, astronaut: np.ndarray, chelsea: np.ndarray) -> Path:
    """Six crops of real photographs, wider than high."""
    box = tmp_path_factory.mktemp("photos")
    for i in range(3):
        Image.fromarray(chelsea[30 * i : 30 * i + 130, 90 * i : 90 * i + 150]).save(box / f"cat{i}.png")
        Image.fromarray(astronaut[60 * i : 60 * i + 130, 90 * i : 90 * i + 150]).save(box / f"face{i}.png")
    return box


def scored(photos: Source, entered: list[Entry] | None = None, **more: Any) -> Results:
    entered = entered or [entries.grey(), entries.truth()]
    return evaluate(entered, photos, SMALL, command="test", names=NAMES, **more)


def values(results: Results, row: str) -> dict[str, float | None]:
    (found,) = [r for r in results.rows if r.name == row]
    return {key: score.value for key, score in found.scores.items()}


def test_grey_agrees_with_an_independent_script(folder: Path) -> None:
    psnr, distance = [], []
    for path in sorted(folder.iterdir()):
        with Image.open(path) as image:
            square = image.convert("RGB").crop((10, 0, 140, 130))
        # The same reduction; what is compared is the measuring.
        rgb = SMALL.fitted(np.asarray(square))
        grey = np.dstack([np.asarray(Image.fromarray(rgb).convert("L"))] * 3)
        psnr.append(skimage.metrics.peak_signal_noise_ratio(rgb / 255, grey / 255, data_range=1))
        distance.append(
            skimage.color.deltaE_ciede2000(
                skimage.color.rgb2lab(rgb / 255), skimage.color.rgb2lab(grey / 255)
            ).mean()
        )
    got = values(scored(find(folder)), "grey")
    assert got["psnr"] == pytest.approx(np.mean(psnr), abs=0.01)
    assert got["ciede2000"] == pytest.approx(np.mean(distance), abs=0.01)


def test_the_truth_is_perfect(folder: Path) -> None:
    got = values(scored(find(folder)), "truth")
    assert (got["psnr"], got["ciede2000"], got["auc"], got["mse"]) == (100, 0, 100, 0)


def test_shares_stand_beside_the_truths(folder: Path) -> None:
    # Sepia: the grey, with the chroma of a brown that scikit-image's Lab puts at a hue of 75 degrees.
    def sepia(_: str, grey: np.ndarray, __: np.ndarray) -> np.ndarray:
        lab = np.stack([grey / 2.55, np.full(grey.shape, 5.0), np.full(grey.shape, 19.0)], axis=-1)
        return (255 * skimage.color.lab2rgb(lab) + 0.5).astype(np.uint8)

    names = ["brown", "brown_excess", "nearly_grey", "nearly_grey_excess", "chroma_ratio", "ab_detail"]
    entered = [entries.grey(), Entry("sepia", "model", sepia), entries.truth()]
    results = evaluate(entered, find(folder), SMALL, command="test", names=names)
    truth, ours, grey = (values(results, name) for name in ("truth", "sepia", "grey"))
    assert (truth["brown_excess"], truth["nearly_grey_excess"]) == (0, 0)
    assert (truth["chroma_ratio"], truth["ab_detail"]) == (1, 1)
    assert (ours["brown"], ours["nearly_grey"]) == (100, 0)
    assert ours["brown_excess"] == pytest.approx(100 - truth["brown"])  # type: ignore[operator]
    assert (grey["brown"], grey["nearly_grey"]) == (0, 100)
    assert grey["nearly_grey_excess"] == pytest.approx(100 - truth["nearly_grey"])  # type: ignore[operator]


class Reversed(Source):
    """The same photos the other way round."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.path)
        self.source = source

    def _list(self) -> Any:
        return reversed(self.source.items)

    def read(self, item: Any, short_side: int | None = None) -> Any:
        return self.source.read(item, short_side)


def test_the_order_of_photos_changes_nothing(folder: Path) -> None:
    photos = find(folder)
    forth, back = scored(photos), scored(Reversed(photos))
    for key, value in values(forth, "grey").items():
        assert values(back, "grey")[key] == pytest.approx(value, abs=1e-6)


def test_intervals_hold_their_figure_and_pairs_are_paired(folder: Path) -> None:
    dim = Entry("dim", "model", lambda _, grey, rgb: (rgb // 2 + grey[..., None] // 2).astype(np.uint8))
    bright = Entry("bright", "model", lambda _, grey, rgb: rgb)
    results = scored(find(folder), [entries.grey(), dim, bright])
    for row in results.rows:
        for score in row.scores.values():
            assert score.low is not None
            assert score.high is not None
            assert score.low <= score.value <= score.high  # type: ignore[operator]
    (pair,) = [d for d in results.differences if d.metric == "ciede2000"]
    assert (pair.first, pair.second) == ("dim", "bright")
    assert pair.value == pytest.approx(values(results, "dim")["ciede2000"], abs=1e-9)
    assert pair.low > 0


def test_an_entry_that_fails_is_a_row_and_the_others_go_on(folder: Path) -> None:
    def moody(key: str, grey: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        if key.startswith("face1"):
            raise RuntimeError("out of paint")
        return rgb

    results = scored(find(folder), [entries.grey(), Entry("moody", "model", moody)])
    rows = {row.name: row for row in results.rows}
    assert rows["moody"].error == "face1.png: out of paint"
    assert rows["moody"].scores == {}
    assert values(results, "grey") == values(scored(find(folder)), "grey")


def test_the_worst_photos_of_the_first_model_are_shown_first(folder: Path) -> None:
    spoiled = {"cat1": 90, "face2": 60}

    def make(key: str, _: Any, rgb: Any) -> Any:
        shift = spoiled.get(Path(key).stem, 0)
        return np.clip(rgb.astype(int) + np.array([shift, 0, 0]), 0, 255).astype(np.uint8)

    said: list[str] = []
    entered = [entries.grey(), Entry("spoiler", "model", make)]
    results = scored(find(folder), entered, worst=True, examples=2, report=said.append)
    assert [Path(example.name).stem for example in results.examples] == ["cat1", "face2"]
    assert set(results.examples[0].pictures) == {"grey", "spoiler", "truth"}
    assert said == [f"{number} of 6 photos" for number in range(1, 7)]


def test_other_tools_pictures(folder: Path, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for box in (ours, theirs):
        box.mkdir()
    for path in sorted(folder.iterdir()):
        square = SMALL.fitted(np.asarray(Image.open(path).convert("RGB")))
        Image.fromarray(square).save(ours / f"{path.stem}.png")
        if path.stem not in ("cat0", "cat2"):
            side = 50 if path.stem == "face1" else 64
            Image.fromarray(square).resize((side, side)).save(theirs / f"{path.stem}.png")
    entered = [entries.pictures("ours", ours), entries.pictures("theirs", theirs)]
    results = scored(find(folder), entered)
    rows = {row.name: row for row in results.rows}
    assert values(results, "ours")["ciede2000"] == 0
    message = rows["theirs"].error
    assert message is not None
    assert "no picture cat0" in message
    assert "no picture cat2" in message
    assert "face1.png: is 50x50, and the photo as it is measured 64x64" in message


def test_a_broken_photo_is_left_out_and_said(folder: Path, tmp_path: Path) -> None:
    box = tmp_path / "photos"
    box.mkdir()
    for path in folder.iterdir():
        (box / path.name).write_bytes(path.read_bytes())
    (box / "half.png").write_bytes((folder / "cat0.png").read_bytes()[:500])
    results = scored(find(box))
    assert (results.protocol["files"], results.protocol["unreadable"]) == (6, "half.png")
    for path in box.iterdir():
        path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="none of 7 photos can be read"):
        scored(find(box))


def test_a_metric_that_cannot_be_says_why(folder: Path) -> None:
    results = evaluate([entries.grey()], find(folder), SMALL, command="test", names=["ms_ssim", "psnr"])
    (row,) = results.rows
    assert row.scores["ms_ssim"].value is None
    assert "at least 176x176" in (row.scores["ms_ssim"].why or "")
    single = evaluate([entries.grey()], find(folder), SMALL, command="t", names=["psnr"], limit=1).rows[0]
    assert single.scores["psnr"].value is not None
    assert "at least 2 photos" in (single.scores["psnr"].why or "")


def test_two_of_one_name_are_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="two entries are called grey"):
        scored(find(folder), [entries.grey(), entries.grey()])


@pytest.mark.parametrize("merge", ["luma", "lab"])
def test_the_command(folder: Path, tmp_path: Path, merge: str) -> None:
    out = tmp_path / "out"
    arguments = [
        "evaluate",
        "photochrom",
        "--data",
        str(folder),
        "--size",
        "96",
        "--merge",
        merge,
        "-o",
        str(out),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == ["index.html", "results.json", "results.md"]
    table = json.loads((out / "results.json").read_text())
    assert [row["name"] for row in table["rows"]] == ["grey", "photochrom", "truth"]
    assert table["rows"][1]["parameters"] == 2_914_482
    assert table["rows"][1]["scores"]["colorfulness"]["value"] > 5
    assert table["protocol"]["merge"] == merge
    assert (out / "results.md").read_text() in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonesuch"], "nonesuch: no model of that name"),
        (["photochrom", "--fit", "squash"], "fit is crop or stretch"),
        (["photochrom", "--pictures", "theirs"], "write NAME=FOLDER"),
        (["--pictures", "theirs=nowhere"], "nowhere: not a folder of pictures"),
    ],
)
def test_bad_usage_is_a_sentence(folder: Path, arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["evaluate", *arguments, "--data", str(folder)])
    assert result.exit_code in (1, 2)
    assert message in result.output
    assert "Traceback" not in result.output


def features_file(path: Path) -> Path:
    """A network of two features, whatever the size of its input: the means of red and of green in [-1, 1]."""
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["rgb"], ["means"]),
            helper.make_node("Slice", ["means", "from", "to", "axis"], ["features"]),
        ],
        "features",
        [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, ["b", 3, "h", "w"])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["b", 2, 1, 1])],
        [
            numpy_helper.from_array(np.array([n], np.int64), name)
            for name, n in (("from", 0), ("to", 2), ("axis", 1))
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


def test_the_command_measures_fid_lpips_and_films(folder: Path, tmp_path: Path) -> None:
    vgg, inception = tmp_path / "vgg16.safetensors", features_file(tmp_path / "inception.onnx")
    torch.manual_seed(0)
    save_file(vgg16().state_dict(), vgg)
    arguments = ["evaluate", "--data", folder, "--size", 64, "--inception", inception, "--lpips", vgg]
    result = CliRunner().invoke(
        app, [str(a) for a in [*arguments, "--films", folder, "--out", tmp_path / "out"]]
    )
    assert result.exit_code == 0, result.output
    rows = {row.name: row.scores for row in Results.load(tmp_path / "out" / "results.json").rows}
    for key in ("fid", "lpips"):
        assert rows["truth"][key].value == pytest.approx(0, abs=1e-6)
        assert rows["grey"][key].value > 1e-4
    # The photos as a film of six frames that have little in common.
    assert all(0.1 < rows[name]["cdc"].value < np.log(2) for name in ("truth", "grey"))
    means = []
    for path in sorted(folder.iterdir()):
        with Image.open(path) as image:
            rgb = SMALL.fitted(np.asarray(image.convert("RGB")))
        grey = np.dstack([np.asarray(Image.fromarray(rgb).convert("L"))] * 3)
        means.append([2 * x[..., :2].mean(axis=(0, 1)) / 255 - 1 for x in (rgb, grey)])
    true, ours = np.array(means).transpose(1, 0, 2)
    first, second = np.cov(true.T), np.cov(ours.T)
    by_hand = ((true.mean(axis=0) - ours.mean(axis=0)) ** 2).sum() + np.trace(
        first + second - 2 * scipy.linalg.sqrtm(first @ second).real
    )
    # Stretched to 299 pixels before, the means move a little.
    assert rows["grey"]["fid"].value == pytest.approx(by_hand, rel=0.1)


def test_weights_of_another_net_are_refused_by_name(folder: Path, tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    arguments = ["evaluate", "--data", str(folder), "--lpips", str(tmp_path / "other.safetensors")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "other.safetensors: not VGG-16 with its ImageNet weights" in result.stderr
