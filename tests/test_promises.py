"""The promises, through the real command, read back with Pillow, tifffile and OpenCV instead of our own readers."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageCms

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="album 4"/></rdf:RDF></x:xmpmeta>'
)
SOURCE_TYPE = b"http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


@pytest.fixture(scope="module")
def grey(astronaut: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(astronaut).convert("L").resize((240, 180)))


def colorize(source: Path, target: Path, *options: str) -> None:
    command = [sys.executable, "-m", "photochrom", "colorize", str(source), "-o", str(target), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def profile_name(data: bytes | None) -> str:
    assert data is not None
    import io

    return ImageCms.getProfileName(ImageCms.ImageCmsProfile(io.BytesIO(data)))


@pytest.mark.parametrize(("orientation", "limit"), [(1, 0.1), (6, 3.0)])
def test_jpeg_keeps_exif_dpi_xmp_tables_and_luma(
    tmp_path: Path, grey: np.ndarray, orientation: int, limit: float
) -> None:
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ida"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "1938:07:04 12:00:00"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    Image.fromarray(grey).save(source, quality=83, dpi=(600, 600), exif=exif, xmp=XMP)
    colorize(source, target)
    with Image.open(source) as before, Image.open(target) as after:
        assert (after.format, after.mode) == ("JPEG", "RGB")
        assert after.size == (before.size[::-1] if orientation == 6 else before.size)
        assert after.info["dpi"] == before.info["dpi"]
        assert after.quantization[0] == before.quantization[0]
        got = after.getexif()
        assert got[ExifTags.Base.Artist] == "Ida"
        assert got.get(ExifTags.Base.Orientation, 1) == 1
        assert got.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "1938:07:04 12:00:00"
        assert got.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
        assert b"album 4" in after.info["xmp"]
        assert SOURCE_TYPE in after.info["xmp"]
        assert "sRGB" in profile_name(after.info.get("icc_profile"))
        # The file's own Y plane. Upright, quantising it again with its own table changes next to nothing; turned,
        # rows and columns of that table change places, and what is left is the JPEG's own second loss.
        after.draft("YCbCr", after.size)
        y = np.asarray(after)[..., 0].astype(int)
        upright = before.transpose(Image.Transpose.ROTATE_270) if orientation == 6 else before
        assert np.abs(y - np.asarray(upright).astype(int)).mean() < limit
    with Image.open(target) as after:
        saturation = np.ptp(np.asarray(after.convert("RGB")).astype(int), axis=-1)
        assert saturation.mean() > 5


@pytest.mark.parametrize("bits", [8, 16])
def test_tiff_keeps_depth_tags_resolution_and_luma(tmp_path: Path, grey: np.ndarray, bits: int) -> None:
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    array = grey if bits == 8 else grey.astype(np.uint16) * 257 + np.uint16(11) * (grey < 255)
    extra = [("Artist", "s", 0, "Ida", True), ("Make", "s", 0, "Scanner & Sons", True)]
    tifffile.imwrite(
        source, array, compression="zlib", resolution=(1200, 1200), resolutionunit=2, extratags=extra
    )
    colorize(source, target)
    with tifffile.TiffFile(source) as before, tifffile.TiffFile(target) as after:
        page = after.pages[0]
        assert page.bitspersample == bits
        assert page.compression == before.pages[0].compression
        for name in ("Artist", "Make", "XResolution", "YResolution", "ResolutionUnit"):
            assert page.tags[name].value == before.pages[0].tags[name].value
        assert SOURCE_TYPE in page.tags["XMP"].value
        assert "sRGB" in profile_name(page.tags["InterColorProfile"].value)
        luma = np.rint(page.asarray().astype(np.float64) @ (0.299, 0.587, 0.114))
        assert np.abs(luma - array).max() <= (1 if bits == 8 else 2)


@pytest.mark.parametrize("bits", [8, 16])
def test_png_keeps_depth_dpi_text_alpha_and_luma(tmp_path: Path, grey: np.ndarray, bits: int) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.png"
    if bits == 16:
        array = grey.astype(np.uint16) * 257
        cv2.imwrite(str(source), array)
    else:
        from PIL.PngImagePlugin import PngInfo

        text = PngInfo()
        text.add_text("Title", "The pier")
        alpha = np.tile(np.arange(240, dtype=np.uint8), (180, 1))
        array = grey
        Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha))).save(
            source, pnginfo=text, dpi=(300, 300)
        )
    colorize(source, target)
    out = cv2.imread(str(target), cv2.IMREAD_UNCHANGED)
    assert out.dtype == array.dtype
    if bits == 8:
        np.testing.assert_array_equal(out[..., 3], alpha)
        with Image.open(target) as after:
            assert after.info["Title"] == "The pier"
            assert after.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    luma = np.rint(out[..., 2::-1].astype(np.float64) @ (0.299, 0.587, 0.114))
    assert np.abs(luma - array).max() <= (1 if bits == 8 else 2)


def test_colour_is_skipped_and_sepia_is_taken_by_its_luma(tmp_path: Path, astronaut: np.ndarray) -> None:
    colour, sepia = tmp_path / "colour.png", tmp_path / "sepia.png"
    small = Image.fromarray(astronaut).resize((128, 128))
    small.save(colour)
    level = np.asarray(small.convert("L"))[..., None] / 255
    Image.fromarray((level ** np.float32([0.8, 1.0, 1.3]) * 255).astype(np.uint8)).save(sepia)
    colorize(colour, tmp_path / "no.png")
    assert not (tmp_path / "no.png").exists()
    colorize(colour, tmp_path / "yes.png", "--force")
    colorize(sepia, tmp_path / "toned.png")
    with Image.open(sepia) as before, Image.open(tmp_path / "toned.png") as after:
        difference = np.asarray(before.convert("L")).astype(int) - np.asarray(after.convert("L"))
    assert np.abs(difference).max() <= 1
    assert (tmp_path / "yes.png").exists()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_jpeg_made_lossless_keeps_the_luma_that_it_had(tmp_path: Path, suffix: str) -> None:
    # Colours prepared for a JPEG's halved chroma would show in a format that keeps what it is given.
    source, target = Path(__file__).parent.parent / "examples" / "astronaut.jpg", tmp_path / f"b{suffix}"
    colorize(source, target, "--strength", "1.5")
    with Image.open(source) as before, Image.open(target) as after:
        difference = np.asarray(before.convert("L")).astype(int) - np.asarray(after.convert("L"))
        assert np.ptp(np.asarray(after.convert("RGB")).astype(int), axis=-1).mean() > 5
    assert np.abs(difference).max() <= 1
