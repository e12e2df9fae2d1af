"""A photo or a file goes in, colours come out, and nothing else changes."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image

SOURCE_TYPE = b"http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
INFERRED = "The colours were inferred by photochrom; they are not a record of the original colours."


def saturation(image: Image.Image) -> float:
    return float(np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=-1).mean())


def test_a_photo_comes_back_as_an_album_of_before_and_after(telegram: Any, start: Any, pictures: Any) -> None:
    data = pictures.jpeg()
    with start() as bot:
        number = telegram.photo(data)
        (call,) = telegram.wait("sendMediaGroup")
    before, after = call.album
    assert telegram.files[before] == data, "the photo as it was, from where Telegram has it"
    colour = pictures.opened(after)
    assert (colour.format, colour.mode, colour.size) == ("JPEG", "RGB", (90, 60))
    assert saturation(colour) > 3
    # The Y plane passed through the decoder and the encoder.
    colour = Image.open(io.BytesIO(after))
    colour.draft("YCbCr", colour.size)
    with Image.open(io.BytesIO(data)) as original:
        assert np.abs(np.asarray(colour)[..., 0].astype(int) - np.asarray(original).astype(int)).max() <= 1
    assert SOURCE_TYPE in after
    assert call.captions == [None, INFERRED]
    assert (call.chat, call.answers) == (1, number)
    assert telegram.of("sendDocument") == []
    assert telegram.of("sendChatAction")[0].fields["action"] == "upload_photo"
    assert (bot.service.counts.done, bot.service.counts.failed) == (1, 0)


def test_a_jpeg_file_keeps_size_and_metadata(telegram: Any, start: Any, pictures: Any) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ida"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "1938:07:04 12:00:00"
    data = pictures.jpeg(pictures.grey(2000, 900), exif=exif, dpi=(600, 600))
    with start():
        number = telegram.document(data, "Großmutter, 1938.jpg")
        (call,) = telegram.wait("sendDocument")
        (album,) = telegram.wait("sendMediaGroup")
    name, result = call.document
    assert name == "Großmutter, 1938.color.jpg"
    assert (call.answers, album.answers) == (number, number)
    assert call.fields["caption"] == INFERRED
    assert call.fields["disable_content_type_detection"].lower() == "true"
    colour, original = pictures.opened(result), pictures.opened(data)
    assert (colour.size, colour.mode) == ((2000, 900), "RGB")
    assert colour.info["dpi"] == (600, 600)
    assert colour.quantization[0] == original.quantization[0]
    got = colour.getexif()
    assert got[ExifTags.Base.Artist] == "Ida"
    assert got.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "1938:07:04 12:00:00"
    assert SOURCE_TYPE in colour.info["xmp"]
    before, after = map(pictures.opened, album.album)
    assert before.size == after.size == (1600, 720)
    assert saturation(before) == 0
    assert saturation(after) > 3
    assert album.captions == [None, INFERRED]
    assert SOURCE_TYPE in after.info["xmp"]


def test_a_lossless_file_keeps_its_luma(telegram: Any, start: Any, pictures: Any) -> None:
    grey = pictures.grey()
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG", dpi=(300, 300))
    with start():
        telegram.document(out.getvalue(), "a.PNG", "image/png")
        (call,) = telegram.wait("sendDocument")
    name, result = call.document
    assert name == "a.color.PNG"
    image = pictures.opened(result)
    assert (image.format, image.mode) == ("PNG", "RGB")
    assert np.abs(np.asarray(image.convert("L")).astype(int) - grey).max() <= 1
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert saturation(image) > 3


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_stay_sixteen(telegram: Any, start: Any, pictures: Any, suffix: str) -> None:
    grey = pictures.grey(sixteen=True)
    out = io.BytesIO()
    if suffix == "png":
        Image.fromarray(grey).save(out, "PNG")
    else:
        tifffile.imwrite(out, grey, compression="zlib", extratags=[("Artist", "s", 0, "Ida", True)])
    with start():
        telegram.document(out.getvalue(), f"scan.{suffix}", "application/octet-stream")
        (call,) = telegram.wait("sendDocument")
    name, result = call.document
    assert name == f"scan.color.{suffix}"
    if suffix == "png":
        rgb = cv2.imdecode(np.frombuffer(result, np.uint8), cv2.IMREAD_UNCHANGED)[..., ::-1]
    else:
        with tifffile.TiffFile(io.BytesIO(result)) as file:
            assert file.pages[0].tags["Artist"].value == "Ida"
            rgb = file.asarray()
    assert (rgb.shape, rgb.dtype) == ((60, 90, 3), np.uint16)
    luma = rgb.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    assert np.abs(luma - grey).max() <= 2.5  # two, and what float arithmetic rounds otherwise


def test_candidates_differ(telegram: Any, start: Any, pictures: Any) -> None:
    with start():
        telegram.send(text="/candidates 3")
        telegram.photo(pictures.jpeg())
        telegram.document(pictures.jpeg(), "a.jpg")
        albums = telegram.wait("sendMediaGroup", 2)
        files = telegram.wait("sendDocument", 3)
    for call in albums:
        assert len(call.album) == 4
        assert len(set(call.album)) == 4
        assert call.captions[1:] == [f"Version {i} of 3. {INFERRED}" for i in (1, 2, 3)]
    assert [call.document[0] for call in files] == [f"a.color.{i}.jpg" for i in (1, 2, 3)]
    assert len({call.document[1] for call in files}) == 3


def test_strength_takes_colour_away(telegram: Any, start: Any, pictures: Any) -> None:
    with start():
        telegram.photo(pictures.jpeg(), chat=1)
        telegram.send(1, text="/strength 0,5")
        telegram.photo(pictures.jpeg(), chat=1)
        telegram.photo(pictures.jpeg(), chat=2)
        full, half = (pictures.opened(call.album[1]) for call in telegram.wait("sendMediaGroup", 2, 1))
        (other,) = telegram.wait("sendMediaGroup", 1, 2)
    assert saturation(half) == pytest.approx(saturation(full) / 2, rel=0.2)
    assert saturation(pictures.opened(other.album[1])) == saturation(full), (
        "another chat's strength is its own"
    )


def test_a_strip_that_telegram_would_not_show_comes_as_a_file(
    telegram: Any, start: Any, pictures: Any
) -> None:
    with start():
        telegram.document(pictures.jpeg(pictures.grey(1300, 40)), "panorama.jpg")
        (call,) = telegram.wait("sendDocument")
    assert pictures.opened(call.document[1]).size == (1300, 40)
    assert telegram.of("sendMediaGroup") == []


def test_an_album_that_telegram_refuses_comes_as_a_file(telegram: Any, start: Any, pictures: Any) -> None:
    telegram.fail("sendMediaGroup", 400, "Bad Request: IMAGE_PROCESS_FAILED")
    with start() as bot:
        telegram.photo(pictures.jpeg())
        (call,) = telegram.wait("sendDocument")
    assert call.document[0] == "photo.color.jpg"
    assert bot.service.counts.done == 1


def test_photos_in_colour_are_left_alone_unless_forced(telegram: Any, start: Any, pictures: Any) -> None:
    data = pictures.jpeg(pictures.coloured())
    with start() as bot:
        first = telegram.document(data, "holiday.jpg")
        (call,) = telegram.wait("sendMessage")
        assert call.answers == first
        assert call.text == (
            "holiday.jpg: is in colour already; reply /force to it, and I colour it anew all the same."
        )
        telegram.send(text="/force", reply_to_message=telegram.updates[first - 1]["message"])
        (forced,) = telegram.wait("sendDocument")
        telegram.photo(data, caption="/force")
        telegram.wait("sendMediaGroup", 2)
        telegram.document(forced.document[1], "holiday.color.jpg")
        _, call = telegram.wait("sendMessage", 2)
        assert call.text.startswith("holiday.color.jpg: was colorized before, by photochrom; reply /force")
        telegram.send(text="/force")
        assert telegram.wait("sendMessage", 3)[-1].text.startswith("Reply /force to a photo")
    counts = bot.service.counts
    assert (counts.done, counts.skipped, counts.failed) == (2, 2, 0)
    assert forced.document[1] != data


def test_in_a_group_photos_in_colour_are_passed_over(telegram: Any, start: Any, pictures: Any) -> None:
    with start():
        telegram.photo(pictures.jpeg(pictures.coloured()), chat=-5, kind="group")
        telegram.send(-5, kind="group", text="what a nice photo")
        telegram.send(-5, kind="group", text="/weather")
        telegram.photo(pictures.jpeg(), chat=-5, kind="group")
        telegram.wait("sendMediaGroup")
    assert telegram.of("sendMessage") == []


def test_notes_are_in_the_caption(telegram: Any, start: Any, pictures: Any) -> None:
    data = pictures.jpeg()
    assert data.endswith(b"\xff\xd9")
    with start():
        telegram.document(data[:-2], "old.jpg")
        (call,) = telegram.wait("sendDocument")
    note = "Note: The end marker of the JPEG is missing; the picture is whole."
    assert call.fields["caption"] == f"{INFERRED} {note}"
    assert call.document[0] == "old.color.jpg"


def test_a_damaged_photo_can_be_forced(telegram: Any, start: Any, pictures: Any) -> None:
    data = pictures.jpeg()
    with start():
        first = telegram.document(data[: len(data) // 2], "torn.jpg")
        (call,) = telegram.wait("sendMessage")
        assert call.text.endswith("; reply /force to it, and I colour what is left of it.")
        telegram.send(text="/force", reply_to_message=telegram.updates[first - 1]["message"])
        (forced,) = telegram.wait("sendDocument")
    assert "of the picture is missing" in forced.fields["caption"]
