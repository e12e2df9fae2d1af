"""The networks by name. The name is that of the builder function. A new net needs one file and one line here."""

from collections.abc import Callable

from torch import nn

from photochrom.nets.cnn4 import cnn4, test_cnn4
from photochrom.nets.eccv16 import eccv16, test_eccv16
from photochrom.nets.features import efficientnet_lite1_features, mobilenetv2_features
from photochrom.nets.lab_cnn13 import lab_cnn13, test_lab_cnn13
from photochrom.nets.patchgan import patchgan, test_patchgan
from photochrom.nets.photochrom import photochrom, test_photochrom
from photochrom.nets.pix2pix_unet import pix2pix_unet, test_pix2pix_unet
from photochrom.nets.residual_flat import residual_flat, test_residual_flat
from photochrom.nets.residual_unet import residual_unet, test_residual_unet
from photochrom.nets.resnet34_critic import resnet34_critic, test_resnet_critic
from photochrom.nets.resnet_unet import resnet18_unet, resnet34_unet, test_resnet_unet
from photochrom.nets.sequential_discriminator import sequential_discriminator, test_sequential_discriminator
from photochrom.nets.siggraph17 import siggraph17, test_siggraph17
from photochrom.nets.vgg16 import test_vgg16, vgg16, vgg19_relu3_1

Builder = Callable[..., nn.Module]

COLOR_NETS: dict[str, Builder] = {
    "cnn4": cnn4,
    "lab_cnn13": lab_cnn13,
    "pix2pix_unet": pix2pix_unet,
    "residual_flat": residual_flat,
    "residual_unet": residual_unet,
    "resnet18_unet": resnet18_unet,
    "resnet34_unet": resnet34_unet,
    "test_cnn4": test_cnn4,
    "test_lab_cnn13": test_lab_cnn13,
    "test_pix2pix_unet": test_pix2pix_unet,
    "test_residual_flat": test_residual_flat,
    "test_residual_unet": test_residual_unet,
    "test_resnet_unet": test_resnet_unet,
}
"""From picture to picture. They are built with `inputs` and `outputs` channels and called with one tensor."""

DISTRIBUTION_NETS: dict[str, Builder] = {
    "eccv16": eccv16,
    "photochrom": photochrom,
    "siggraph17": siggraph17,
    "test_eccv16": test_eccv16,
    "test_photochrom": test_photochrom,
    "test_siggraph17": test_siggraph17,
}
"""From lightness and hints to a distribution over ab bins (`photochrom.nets.prediction`)."""

GENERATORS = COLOR_NETS | DISTRIBUTION_NETS

DISCRIMINATORS: dict[str, Builder] = {
    "patchgan": patchgan,
    "resnet34_critic": resnet34_critic,
    "sequential_discriminator": sequential_discriminator,
    "test_patchgan": test_patchgan,
    "test_resnet_critic": test_resnet_critic,
    "test_sequential_discriminator": test_sequential_discriminator,
}
"""From pictures to logits, above 0 for "real". They are built with `inputs` channels."""

FEATURES: dict[str, Builder] = {
    "efficientnet_lite1_features": efficientnet_lite1_features,
    "mobilenetv2_features": mobilenetv2_features,
    "vgg16": vgg16,
    "vgg19_relu3_1": vgg19_relu3_1,
    "test_vgg16": test_vgg16,
}
"""Frozen encoders for the perceptual loss, from RGB in [0, 1] to a list of activations."""
