"""Profiles of curves and a matrix, against LittleCMS and against the formulas of ICC.1:2022."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from photochrom.media import icc_matrix
from photochrom.media.icc import gamma_profile, grey_srgb, srgb


@pytest.mark.parametrize("kind", range(5))
def test_parametric_curves(kind):
    g, a, b, c, d, e, f = 2.4, 0.9479, 0.0521, 0.0774, 0.0405, 0.01, 0.02
    g, a, b, c, d, e, f = (round(v * 65536) / 65536 for v in (g, a, b, c, d, e, f))
    values = [(g,), (g, a, b), (g, a, b, c), (g, a, b, c, d), (g, a, b, c, d, e, f)][kind]
    tag = b"para\0\0\0\0" + struct.pack(">HH", kind, 0)
    tag += struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))
    x = np.linspace(0, 1, 65536)
    power = (a * x + b) ** g
    want = [
        x**g,
        np.where(x >= -b / a, power, 0),
        np.where(x >= -b / a, power + c, c),
        np.where(x >= d, power, c * x),
        np.where(x >= d, power + e, c * x + f),
    ][kind]
    np.testing.assert_allclose(icc_matrix._curve(tag), want, atol=1e-4)


def test_srgbs_own_profile_gives_its_samples_back():
    profile = icc_matrix.matrix_profile(srgb())
    np.testing.assert_allclose(profile.matrix, np.eye(3), atol=2e-3)
    rgb = np.random.default_rng(0).integers(0, 65536, (50, 60, 3), np.uint16)
    # Its columns are rounded to 1 / 65536, which shows most in dark samples.
    assert np.abs(profile.to_srgb_16(rgb).astype(int) - rgb).max() < 257


def test_another_profile_agrees_with_littlecms():
    primaries = (0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)  # of Display P3
    data = gamma_profile(2.2, primaries)
    rgb = np.random.default_rng(1).integers(60, 200, (20, 30, 3), np.uint8)
    want = ImageCms.profileToProfile(
        Image.fromarray(rgb), ImageCms.ImageCmsProfile(BytesIO(data)), ImageCms.createProfile("sRGB"), 1
    )
    got = icc_matrix.matrix_profile(data).to_srgb_16(rgb.astype(np.uint16) * 257) / 257
    inside = np.all((np.asarray(want) > 0) & (np.asarray(want) < 255), axis=-1)
    assert inside.mean() > 0.5
    assert np.abs(got - np.asarray(want))[inside].max() < 1.5


def test_primaries_of_srgb_give_the_matrix_of_the_standard():
    got = icc_matrix.to_d50((0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06))
    np.testing.assert_allclose(got, icc_matrix.SRGB_TO_D50, atol=3e-4)
    np.testing.assert_allclose(got.sum(axis=1), icc_matrix.D50, atol=1e-6)


@pytest.mark.parametrize(
    "primaries",
    [
        (0.3, 0.3, 0.6, 0.3, 0.6, 0.3, 0.1, 0.1),
        (0.3, 0.0, 0.6, 0.3, 0.3, 0.6, 0.1, 0.1),
        (0.9, 0.9, 0.6, 0.3, 0.3, 0.6, 0.1, 0.1),
    ],
    ids=["two are the same", "no y", "more than 1"],
)
def test_primaries_of_no_space(primaries):
    assert icc_matrix.to_d50(primaries) is None


def test_a_grey_profile_with_srgbs_curve_changes_nothing():
    np.testing.assert_allclose(icc_matrix.grey_table(grey_srgb()), np.linspace(0, 1, 65536), atol=1e-3)


@pytest.mark.parametrize("data", [b"", b"no profile", bytes(200), srgb()[:140], grey_srgb()[:200]])
def test_damaged_profiles_have_neither(data):
    assert icc_matrix.matrix_profile(data) is None
    assert icc_matrix.grey_table(data) is None
