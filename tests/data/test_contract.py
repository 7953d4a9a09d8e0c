"""Batches and splits are held against the contract."""
import numpy as np
import pytest

from segmentation.data import contract


class Plain:
    """What `checked` looks at."""
    image_size = (4, 2)
    num_classes = 3


def batch(dtype=np.float32):
    labels = np.zeros((1, 2, 4, 3), dtype)
    labels[..., 1] = 1
    return np.zeros((1, 2, 4, 3)), labels, ['a.png'], ['a_label.png']


def test_float_labels_become_uint8():
    (_, labels, _, _), = contract.checked(Plain(), [batch()])
    assert labels.dtype == np.uint8 and labels.sum() == 8


def test_row_without_class_is_an_error_unless_ignore_is_declared():
    images, labels, *names = batch()
    labels[0, 1, 2] = 0
    with pytest.raises(ValueError, match='a_label.png: no class at row 1, '
                                         r'column 2 \(1 pixels'):
        list(contract.checked(Plain(), [(images, labels, *names)]))
    careful = Plain()
    careful.ignore = True
    batches = list(contract.checked(careful, [(images, labels, *names)]))
    assert len(batches) == 1


def test_batch_without_names_is_reported_before_training():
    class Nameless(Plain):
        def train_generator(self, batch_size, names=False):
            return iter([batch()[:2]])

        valid_generator = train_generator

    with pytest.raises(ValueError, match='gives no names: train_generator'):
        contract.check_first_batch(Nameless())


def test_batch_of_another_shape_is_reported():
    images, labels, *names = batch()
    with pytest.raises(ValueError, match=r'labels of shape \(1, 2, 4, 2\): '
                                         r'\(1, 2, 4, 3\) is wanted'):
        list(contract.checked(Plain(), [(images, labels[..., :2], *names)]))


def test_changed_split_is_refused(tmp_path):
    plain = Plain()
    plain.read_pair = None
    plain.splits = {'train': [('/d/b.png', '')], 'valid': [('/d/a.png', '')]}
    saved = {'train': ['b.png'], 'valid': ['a.png']}
    contract.check_split(plain, '/d', saved)
    plain.splits['valid'].append(('/d/c.png', ''))
    with pytest.raises(ValueError, match='valid split .* such as c.png'):
        contract.check_split(plain, '/d', saved)
