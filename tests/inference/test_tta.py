"""Test-time augmentation: by hand, and by SciPy's zoom."""
import argparse

import numpy as np
import pytest
from scipy import ndimage

from segmentation import option_types
from segmentation.inference.tta import TestTimeAugmentation


def draw_maps(seed, sizes, classes=3):
    """Return probabilities (h, w, C) float32 of each (width, height)."""
    random = np.random.RandomState(seed)
    raw = [random.rand(height, width, classes) for width, height in sizes]
    return [(one / one.sum(axis=-1, keepdims=True)).astype(np.float32)
            for one in raw]


def enlarge(probabilities, size):
    """Return probabilities at (width, height), pixel centres aligned."""
    height, width, _ = probabilities.shape
    return ndimage.zoom(probabilities.astype(float),
                        (size[1] / height, size[0] / width, 1), order=1,
                        grid_mode=True, mode='nearest')


def test_network_inputs_are_of_each_scale_then_mirrored():
    image = np.random.RandomState(1).randint(256, size=(30, 70, 3)).astype(
        np.uint8)
    augmentation = TestTimeAugmentation((64, 32), scales=(1, 2), flip=True)
    inputs = augmentation.inputs(image)
    assert [one.shape for one in inputs] == [
        (32, 64, 3), (32, 64, 3), (64, 128, 3), (64, 128, 3)]
    np.testing.assert_array_equal(inputs[1], inputs[0][:, ::-1])
    np.testing.assert_array_equal(inputs[3], inputs[2][:, ::-1])


@pytest.mark.parametrize('scale, size', [
    (.75, (384, 192)), (1.25, (640, 320)), (.7, (352, 192)), (.01, (32, 32))])
def test_scaled_inputs_stay_divisible_by_32(scale, size):
    augmentation = TestTimeAugmentation((512, 256), (scale,))
    assert augmentation.sizes((999, 99)) == [size]


def test_native_inputs_are_padded_and_cut_off_again():
    image = np.random.RandomState(1).randint(256, size=(41, 70, 3)).astype(
        np.uint8)
    augmentation = TestTimeAugmentation(None, scales=(.5, 1), flip=True)
    inputs = augmentation.inputs(image)
    assert [one.shape for one in inputs] == 2 * [(32, 64, 3)] + 2 * [
        (64, 96, 3)]
    # Mirrored first and padded then: the picture stays at the left.
    np.testing.assert_array_equal(inputs[3][:41, :70], image[:, ::-1])
    maps = [one.astype(np.float32) for one in inputs[2:]]
    result = TestTimeAugmentation(None, flip=True).prediction(maps, (70, 41))
    for channel in range(3):
        np.testing.assert_allclose(result.plane(channel), image[..., channel])


def test_mean_is_that_of_scipy():
    size = 96, 64
    augmentation = TestTimeAugmentation((32, 32), scales=(1, 2), flip=True)
    maps = draw_maps(2, [(32, 32), (32, 32), (64, 64), (64, 64)])
    wanted = np.mean([enlarge(one[:, ::-1] if k % 2 else one, size)
                      for k, one in enumerate(maps)], axis=0)
    prediction = augmentation.prediction(maps, size)
    for class_id in range(3):
        np.testing.assert_allclose(prediction.plane(class_id),
                                   wanted[..., class_id], atol=1e-6)
    ids, confidence = prediction.ids, prediction.confidence
    np.testing.assert_allclose(confidence, wanted.max(axis=-1), atol=1e-6)
    clear = np.diff(np.sort(wanted, axis=-1)[..., 1:])[..., 0] > 1e-5
    assert clear.mean() > .99
    np.testing.assert_array_equal(ids[clear], wanted.argmax(axis=-1)[clear])


def test_mirrored_picture_has_the_mirrored_prediction():
    maps = draw_maps(3, [(64, 32), (64, 32)])
    augmentation = TestTimeAugmentation((64, 32), flip=True)
    straight = augmentation.prediction(maps, (130, 71))
    mirrored = augmentation.prediction(maps[::-1], (130, 71))
    np.testing.assert_array_equal(straight.ids, mirrored.ids[:, ::-1])
    np.testing.assert_allclose(straight.confidence,
                               mirrored.confidence[:, ::-1], atol=1e-6)


@pytest.mark.parametrize('text', ['', 'a', '1,', '0', '-1', 'nan', '1;2',
                                  'inf'])
def test_scales_are_class_ids_above_0(text):
    with pytest.raises(argparse.ArgumentTypeError):
        option_types.scales(text)
