"""Sources and their batches are held against the contract."""
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


@pytest.mark.parametrize('value, dtype', [
    (.4, np.float32), (2, np.int64), (-1, np.int64), (np.nan, np.float64),
    (256, np.int64)])
def test_labels_other_than_0_and_1_name_their_file(value, dtype):
    images, labels, *names = batch(dtype)
    labels[0, 1, 3, 2] = value
    with pytest.raises(ValueError, match='^a_label.png: class 2 is .* at row '
                                         '1, column 3: 0 or 1 is wanted$'):
        list(contract.checked(Plain(), [(images, labels, *names)]))


def test_a_soft_source_has_shares_in_255ths():
    soft = Plain()
    soft.soft = True
    images, labels, *names = batch()
    labels[0, 1, 3] = 100, 100, 55
    (_, rows, _, _), = contract.checked(soft, [(images, labels, *names)])
    assert rows.dtype == np.uint8 and list(rows[0, 1, 3]) == [100, 100, 55]
    labels[0, 1, 3] = .4, .4, .2
    with pytest.raises(ValueError, match='a whole number of 0 to 255 is'):
        list(contract.checked(soft, [(images, labels, *names)]))


def ids_batch(*ids):
    labels = np.full((1, 2, 4), 1, np.uint8)
    labels[0, 1, :len(ids)] = ids
    return np.zeros((1, 2, 4, 3), np.uint8), labels, ['a.png'], ['a_ids.png']


def test_class_ids_are_taken_from_a_source_that_was_asked_for_them():
    asked = Plain()
    contract.configure(asked, labels_as_ids=True)
    (_, labels, _, _), = contract.checked(asked, [ids_batch(2, 0)])
    assert labels.tolist() == [[[1, 1, 1, 1], [2, 0, 1, 1]]]
    # It may give rows all the same, as soft labels are.
    (_, labels, _, _), = contract.checked(asked, [batch()])
    assert labels.shape == (1, 2, 4, 3)
    with pytest.raises(ValueError, match=r'labels of shape \(1, 2, 4\): '
                                         r'\(1, 2, 4, 3\) is wanted'):
        list(contract.checked(Plain(), [ids_batch(2, 0)]))


@pytest.mark.parametrize('class_id, dtype', [
    (3, np.uint8), (254, np.uint8), (-1, np.int64), (257, np.int64),
    (.5, np.float32), (np.nan, np.float64)])
def test_an_id_of_no_class_names_its_file(class_id, dtype):
    asked = Plain()
    contract.configure(asked, labels_as_ids=True)
    images, labels, *names = ids_batch(2, 0)
    labels = labels.astype(dtype)
    labels[0, 1, 3] = class_id
    for ignore in (False, True):
        contract.configure(asked, ignore=ignore)
        with pytest.raises(ValueError, match=(
                f'^a_ids.png: class id {class_id:g} at row 1, column 3: 0 to '
                '2, or 255 to ignore, is wanted$')):
            list(contract.checked(asked, [(images, labels, *names)]))


def test_ignored_ids_are_for_a_source_that_declares_ignore():
    asked = Plain()
    contract.configure(asked, labels_as_ids=True, ignore=True)
    (_, labels, _, _), = contract.checked(asked, [ids_batch(2, 255)])
    assert labels[0, 1].tolist() == [2, 255, 1, 1]
    contract.configure(asked, ignore=False)
    with pytest.raises(ValueError, match='a_ids.png: no class at row 1, '
                                         r'column 1 \(1 pixel'):
        list(contract.checked(asked, [ids_batch(2, 255)]))


@pytest.mark.parametrize('count', [0, 255, 3., None])
def test_classes_have_room_in_8_bits(count):
    plain = Plain()
    plain.num_classes = 254
    contract.check_classes(plain, 'plain')
    plain.num_classes = count
    with pytest.raises(ValueError, match=f"^data source 'plain': num_classes "
                                         f'is {count}: 1 to 254 classes'):
        contract.check_classes(plain, 'plain')


def test_row_without_class_is_an_error_unless_ignore_is_declared():
    images, labels, *names = batch()
    labels[0, 1, 2] = 0
    with pytest.raises(ValueError, match='a_label.png: no class at row 1, '
                                         r'column 2 \(1 pixel'):
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


def test_training_samples_are_crops_where_they_are_augmented():
    cropping = Plain()
    images, labels, *names = batch()
    crop = images[:, :, :3], labels[:, :, :3], *names
    # (crop_size, augment, width of the training samples)
    for size, augment, width in (((3, 2), 'light', 3), ((3, 2), False, 4),
                                 (None, True, 4)):
        contract.configure(cropping, crop_size=size, augment=augment)
        assert contract.sample_size(cropping, 'train') == (width, 2)
        assert contract.sample_size(cropping, 'valid') == (4, 2)
    contract.configure(cropping, crop_size=(3, 2))
    assert len(list(contract.checked(cropping, [crop], 'train'))) == 1
    with pytest.raises(ValueError, match=r'images of shape \(1, 2, 3, 3\): '
                                         r'\(1, 2, 4, 3\) is wanted'):
        list(contract.checked(cropping, [crop]))
    with pytest.raises(ValueError, match=r'\(1, 2, 3, 3\) is wanted'):
        list(contract.checked(cropping, [batch()], 'train'))


def test_a_source_reads_a_folder_unless_it_says_no():
    plain = Plain()
    assert contract.folder(plain, 'data') == 'data'
    plain.reads_folder = False
    assert contract.folder(plain, 'data') is None
