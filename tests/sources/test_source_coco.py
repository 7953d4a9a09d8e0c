"""COCO: instances, crowds, panoptic segments, against COCO's own tool."""
import json

import cv2
import numpy as np
import pytest
from helpers import load_source, run_program

import source

SIZE = 60, 40       # (width, height)
CATEGORIES = [{'id': 1, 'name': 'person', 'supercategory': 'person'},
              {'id': 3, 'name': 'car', 'supercategory': 'vehicle'},
              {'id': 90, 'name': 'dining table', 'supercategory': 'x'}]
TABLE = ('name,r,g,b,background\nbackground,0,0,0,1\nperson,1,1,1,\n'
         'car,2,2,2,\ndining table,3,3,3,\n')
RECTANGLE = [10, 10, 30, 10, 30, 30, 10, 30]
# A 2x2 square at (1, 1) of 60x40, by column: 41 + 2, 38 + 2, and the rest.
SQUARE = {'size': [40, 60], 'counts': [41, 2, 38, 2, 2400 - 83]}


def annotation(category, segmentation, image=1, crowd=0, **more):
    return dict(more, image_id=image, category_id=category, iscrowd=crowd,
                id=100 + category, segmentation=segmentation)


def write(root, annotations, split='val2017', images=1, kind='instances',
          folder=None):
    """A JSON file and its pictures."""
    listed = [{'id': k, 'file_name': f'{k:012d}.jpg', 'width': SIZE[0],
               'height': SIZE[1]} for k in range(1, images + 1)]
    folder = root / (folder or split)
    folder.mkdir(parents=True, exist_ok=True)
    for entry in listed:
        cv2.imwrite(str(folder / entry['file_name']), np.full(
            SIZE[::-1] + (3,), 90, np.uint8))
    path = root / 'annotations' / f'{kind}_{split}.json'
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({'images': listed, 'categories': CATEGORIES,
                                'annotations': annotations}))
    return path


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'classes.csv').write_text(TABLE)
    return tmp_path


def load(root, **options):
    return load_source('coco', root, **options)


def ids_of(root, *annotations):
    write(root, list(annotations))
    write(root, [], 'train2017')
    data = load(root)
    return data.read_pair(*data.splits['valid'][0])[1]


def test_objects_are_painted_in_their_order(root):
    ids = ids_of(root, annotation(1, [RECTANGLE]),
                 annotation(3, [[20, 0, 60, 0, 60, 20, 20, 20],
                                [0, 35, 9, 35, 9, 40, 0, 40]]))
    wanted = np.zeros(SIZE[::-1], np.uint8)
    wanted[10:30, 10:30] = 1
    wanted[:20, 20:] = wanted[35:, :9] = 2
    assert (ids == wanted).all()


def test_crowds_are_run_lengths_by_column(root):
    text = {'size': [40, 60], 'counts': 'Y12V10WW2'}
    for area in (SQUARE, text):
        ids = ids_of(root, annotation(90, area, crowd=1))
        assert (ids[1:3, 1:3] == 3).all(), area
        assert (ids > 0).sum() == 4


def test_ids_are_those_of_pycocotools_but_for_edge_pixels(root):
    coco = pytest.importorskip('pycocotools.coco')
    random = np.random.RandomState(3)
    objects = []
    for k in range(5):
        angles = np.sort(random.uniform(0, 2 * np.pi, 8))
        middle = random.uniform((15, 10), (45, 30))
        points = middle + np.stack([np.cos(angles), np.sin(angles)],
                                   axis=1) * random.uniform(4, 12, (8, 1))
        objects.append(annotation((1, 3, 90)[k % 3],
                                  [points.ravel().tolist()], area=1,
                                  bbox=[0, 0, 1, 1]))
        objects[-1]['id'] = k + 1
    ids = ids_of(root, *objects)
    api = coco.COCO(str(root / 'annotations' / 'instances_val2017.json'))
    wanted = np.zeros_like(ids)
    edges = np.zeros_like(ids)
    for entry in api.loadAnns(api.getAnnIds([1])):
        wanted[api.annToMask(entry) > 0] = {1: 1, 3: 2, 90: 3}[
            entry['category_id']]
        points = np.reshape(entry['segmentation'][0], (-1, 1, 2)) - .5
        cv2.polylines(edges, [np.rint(points * 16).astype(np.int32)], True,
                      1, 2, shift=4)
    differ = ids != wanted
    assert not differ[edges == 0].any()
    assert differ.sum() < .02 * ids.size


def test_names_of_files_give_the_split(root):
    write(root, [annotation(1, [RECTANGLE])], images=3)
    write(root, [], 'train2017', images=4)
    data = load(root)
    assert (data.num_training, data.num_validation) == (4, 3)
    assert data.splits['valid'][0] == (
        str(root / 'val2017' / '000000000001.jpg'),
        str(root / 'annotations' / 'instances_val2017.json'))


def test_exports_of_cvat_have_one_file_and_the_split_is_drawn(root):
    write(root, [annotation(1, [RECTANGLE])], 'default', 4,
          folder='images/default')
    data = load(root)
    assert (data.num_training, data.num_validation) == (2, 2)


def test_categories_are_refused_before_anything_is_read(root):
    (root / 'classes.csv').write_text(TABLE.replace('person', 'persons'))
    write(root, [], 'train2017')
    write(root, [annotation(3, [RECTANGLE])])
    load(root)      # a person is in no picture
    path = write(root, [annotation(1, [RECTANGLE])])
    with pytest.raises(ValueError) as error:
        load(root)
    assert str(error.value) == (
        f"{path}: no class 'person' in {root / 'classes.csv'}: did you mean "
        "'persons'? The classes are background, persons, car, dining table")


@pytest.mark.parametrize('area, message', [
    ([], 'annotation 101 has no segmentation: a box is no outline'),
    ([[1, 2, 3]], 'annotation 101: x and y of points are wanted'),
    ([[1, 2, 3, 4]], 'annotation 101: 2 points: 3 or more'),
    ({'size': [40, 60], 'counts': [1, 2]},
     'annotation 101: no run lengths: run lengths of 3 pixels: 60x40 are'),
    ({'size': [40, 60]}, "annotation 101: no run lengths: 'counts'")])
def test_broken_areas_are_named(root, area, message):
    with pytest.raises(ValueError, match=message):
        ids_of(root, annotation(1, area))


def test_other_faults_are_named(root):
    with pytest.raises(FileNotFoundError, match='no annotations/instances_'):
        load(root)
    path = write(root, [annotation(2, [RECTANGLE])])
    with pytest.raises(ValueError, match='2 of the annotation of image 1 is '
                                         'in no category'):
        load(root)
    for picture in (root / 'val2017').iterdir():
        picture.unlink()
    with pytest.raises(FileNotFoundError, match='no picture 000000000001.jp'):
        load(root)
    path.write_text('{"images": []}')
    with pytest.raises(ValueError, match='lacks annotations, categories'):
        load(root)


def write_panoptic(root, split, numbers):
    """Segments whose colours are numbers, by column."""
    codes = np.repeat(numbers, SIZE[0] // len(numbers))[None].repeat(
        SIZE[1], axis=0)
    png = root / 'annotations' / f'panoptic_{split}' / '000000000001.png'
    png.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(png), np.stack([codes >> 16, codes >> 8 & 255,
                                    codes & 255], axis=2).astype(np.uint8))
    write(root, [{'image_id': 1, 'file_name': png.name, 'segments_info': [
        {'id': 70000, 'category_id': 3, 'iscrowd': 0},
        {'id': 256, 'category_id': 90, 'iscrowd': 1}]}], split,
        kind='panoptic')


def test_panoptic_segments_are_looked_up_by_their_colours(root):
    (root / 'classes.csv').write_text('name,r,g,b\ncar,2,2,2\n'
                                      'dining table,3,3,3\n')
    write_panoptic(root, 'train2017', [0, 0])
    write_panoptic(root, 'val2017', [70000, 0, 256])
    write(root, [])     # instances are there, too
    data = load(root, classes='panoptic')
    assert data.ignore and data.background is None
    _, ids = data.read_pair(*data.splits['valid'][0])
    assert ids[7].tolist() == 20 * [0] + 20 * [source.IGNORE] + 20 * [1]
    write_panoptic(root, 'val2017', [70000, 5])
    with pytest.raises(ValueError, match='segment 5 is not in'):
        data.read_pair(*data.splits['valid'][0])
    with pytest.raises(ValueError, match='instances and panoptic are there'):
        load(root, classes='19')


def test_the_table_is_drafted_of_all_categories(root):
    path = root / 'classes.csv'
    path.unlink()
    write(root, [annotation(1, [RECTANGLE]), annotation(1, [RECTANGLE])])
    done = run_program('check_source.py', '--data-source', 'coco',
                       '--data-dir', str(root), '--write-classes', str(path))
    assert (done.returncode, done.stderr) == (0, '')
    assert [line.split(',')[0] for line in path.read_text().splitlines()] == [
        'name', 'background', 'person', 'car', 'dining table']
    assert '2 shapes in 1 picture' in done.stdout
    assert '4 classes, in this order' in done.stdout
