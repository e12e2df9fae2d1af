"""The sRGB transfer function (IEC 61966-2-1) and linear sRGB to CIE XYZ and back."""

from photochrom.color._arrays import Array, matmul_channels, namespace

# IEC 61966-2-1, the seven-digit primaries matrix that scikit-image and CIE 15 examples use.
RGB_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
# The inverse of the matrix above in float64. With fewer digits the round trip would not be exact.
XYZ_TO_RGB = (
    (3.2404813432005266, -1.5371515162713185, -0.4985363261688878),
    (-0.9692549499965682, 1.8759900014898907, 0.0415559265582928),
    (0.0556466391351772, -0.2040413383665112, 1.0573110696453443),
)


def srgb_to_linear(rgb: Array) -> Array:
    """Decode sRGB values in [0, 1] to linear light in [0, 1], elementwise (IEC 61966-2-1)."""
    xp = namespace(rgb)
    # The clamp keeps the power's gradient finite on the branch that is not taken.
    power = ((xp.clip(rgb, 0.04045, None) + 0.055) / 1.055) ** 2.4
    return xp.where(rgb > 0.04045, power, rgb / 12.92)


def linear_to_srgb(linear: Array) -> Array:
    """Encode linear light in [0, 1] as sRGB in [0, 1], elementwise (IEC 61966-2-1)."""
    xp = namespace(linear)
    power = 1.055 * xp.clip(linear, 0.0031308, None) ** (1 / 2.4) - 0.055
    return xp.where(linear > 0.0031308, power, linear * 12.92)


def linear_to_xyz(linear: Array, axis: int = -1) -> Array:
    """Convert linear sRGB (three channels on `axis`) to CIE XYZ with Y = 1 for white (D65, 2 degrees)."""
    namespace(linear)
    return matmul_channels(RGB_TO_XYZ, linear, axis)


def xyz_to_linear(xyz: Array, axis: int = -1) -> Array:
    """Convert CIE XYZ (Y = 1 for white) to linear sRGB; values leave [0, 1] outside the gamut."""
    namespace(xyz)
    return matmul_channels(XYZ_TO_RGB, xyz, axis)
