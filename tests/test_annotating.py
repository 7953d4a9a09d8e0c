"""What infer.py writes for annotators, read by the sources of their tools."""
import json
import os
import zipfile

import cv2
import helpers
import numpy as np
import pytest
import source_cvat_masks

import infer

CLASSES = ['sky', 'not road', 'road', 'never']


@pytest.fixture(scope='module')
def run():
    return helpers.trained_run()


@pytest.fixture
def pictures(place):
    for name, seed in (('a.jpg', 1), ('sub/b.png', 2)):
        path = place / 'in' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), helpers.draw_scene(seed)[0])
    return place / 'in'


def segment(run, pictures, *arguments):
    return infer.main(['--name', run, '--workers', '2', '--samples-dir',
                       str(pictures), '--output-dir', 'out', *arguments])


def test_masks_come_back_from_the_archive_of_cvat(run, pictures, place):
    assert segment(run, pictures, '--no-overlay', '--cvat', 'a.zip') == 0
    with zipfile.ZipFile('a.zip') as archive:
        assert sorted(archive.namelist()) == [
            'ImageSets/Segmentation/default.txt',
            'SegmentationClass/a.png', 'SegmentationClass/sub/b.png',
            'labelmap.txt']
        archive.extractall('unpacked')
    os.rename('in', os.path.join('unpacked', 'images'))
    data = source_cvat_masks.get_source()
    data.choose_folder('unpacked')
    data.load_data('unpacked', .5)
    assert data.class_names == ['background'] + CLASSES
    for split in ('train', 'valid'):
        (picture, label), = data.splits[split]
        ids = cv2.imread(label.replace('unpacked', 'out').replace(
            'SegmentationClass', 'class-ids'), cv2.IMREAD_UNCHANGED)
        assert (data.read_pair(picture, label)[1] == ids + 1).all()


def test_masks_are_those_that_datumaro_reads(run, pictures, place):
    datumaro = pytest.importorskip('datumaro')
    assert segment(run, pictures, '--cvat', 'a.zip') == 0
    with zipfile.ZipFile('a.zip') as archive:
        archive.extractall('unpacked')
    data = datumaro.Dataset.import_from('unpacked', 'voc_segmentation')
    labels = [label.name for label in data.categories()[
        datumaro.AnnotationType.label]]
    assert labels == ['background'] + CLASSES
    assert len(data) == 2
    for item in data:
        ids = cv2.imread(os.path.join('out', 'class-ids', f'{item.id}.png'),
                         cv2.IMREAD_UNCHANGED)
        for mask in item.annotations:
            assert (mask.image == (ids + 1 == mask.label)).all()


def test_an_archive_that_is_there_is_not_replaced(run, pictures, place,
                                                  capsys):
    (place / 'a.zip').write_text('mine')
    with pytest.raises(FileExistsError, match='a.zip exists already'):
        segment(run, pictures, '--cvat', 'a.zip')
    assert (place / 'a.zip').read_text() == 'mine'
    assert not (place / 'out').exists()
    with pytest.raises(FileNotFoundError, match='no such folder'):
        segment(run, pictures, '--cvat', 'nowhere/a.zip')


def test_polygons_lie_beside_nothing_but_name_their_picture(run, pictures,
                                                            place):
    assert segment(run, pictures, '--no-overlay', '--polygons', 'labelme',
                   '--class-ids') == 0
    path = os.path.join('out', 'polygons', 'sub', 'b.json')
    with open(path) as file:
        content = json.load(file)
    assert os.path.samefile(os.path.join(os.path.dirname(
        path), content['imagePath']), pictures / 'sub' / 'b.png')
    ids = cv2.imread(os.path.join('out', 'class-ids', 'sub', 'b.png'),
                     cv2.IMREAD_UNCHANGED)
    found = {shape['label'] for shape in content['shapes']}
    assert {'sky', 'road'} <= found <= {CLASSES[k] for k in np.unique(ids)}
    with open(os.path.join('out', 'infer.json')) as file:
        assert 'polygons/sub/b.json' in json.load(file)['outputs']
