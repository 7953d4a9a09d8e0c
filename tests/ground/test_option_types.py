"""Types of options: what they take, and what they refuse."""
import argparse

import pytest

from segmentation import option_types


@pytest.mark.parametrize('kind, text, value', [
    (option_types.seed, '0', 0), (option_types.seed, '4294967295', 2**32 - 1),
    (option_types.path, 'runs/a', 'runs/a'),
    (option_types.scales, '1', (1.,)), (option_types.share, '1', 1),
    (option_types.quality, '100', 100)])
def test_what_is_taken(kind, text, value):
    assert kind(text) == value


@pytest.mark.parametrize('kind, text', [
    (option_types.seed, '-1'), (option_types.seed, '12345678901234567890'),
    (option_types.path, ''), (option_types.scales, '1,0'),
    (option_types.scales, 'nan'), (option_types.share, '0'),
    (option_types.not_negative, 'inf'), (option_types.positive(int), '0'),
    (option_types.image_size, '64x0'), (option_types.image_size, '64'),
    (option_types.image_size_or_factor, '512'),
    (option_types.image_size_or_factor, '500x250'),
    (option_types.pattern, '('), (option_types.quality, '0'),
    (option_types.quality, '101')])
def test_what_is_refused(kind, text):
    with pytest.raises(argparse.ArgumentTypeError):
        kind(text)


def test_size_must_be_divisible_by_32():
    with pytest.raises(ValueError) as error:
        option_types.check_image_size((570, 160))
    assert str(error.value) == ('image_size is (570, 160): 570 is not '
                                'divisible by 32; 544 and 576 are')
    with pytest.raises(argparse.ArgumentTypeError, match='WIDTHxHEIGHT'):
        option_types.image_size('512')
    with pytest.raises(argparse.ArgumentTypeError, match=r'^crop_size is \('):
        option_types.crop_size('512x250')
    assert option_types.image_size('512X256') == (512, 256)
    assert option_types.crop_size('224x96') == (224, 96)
    assert option_types.crop_size('.5') == .5
