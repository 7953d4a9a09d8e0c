"""Types of command-line options."""
import argparse

import pytest

from segmentation import option_types


def test_size_must_be_divisible_by_32():
    with pytest.raises(ValueError) as error:
        option_types.check_image_size((570, 160))
    assert str(error.value) == ('image_size is (570, 160): 570 is not '
                                'divisible by 32; 544 and 576 are')
    with pytest.raises(argparse.ArgumentTypeError, match='WIDTHxHEIGHT'):
        option_types.image_size('512')
    assert option_types.image_size('512X256') == (512, 256)
