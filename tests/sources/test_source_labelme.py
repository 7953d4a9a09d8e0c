"""labelme: pictures, JSON files of shapes, and names in classes.csv."""
import base64
import json
import zlib

import cv2
import numpy as np
import pytest
from helpers import load_source, run_program

import source
import source_labelme
from segmentation import errors

SIZE = 60, 40       # (width, height)
TABLE = ('name,r,g,b,ignore,background\nground,0,0,0,,1\nroad,128,64,128,,\n'
         'car,0,0,142,,\nblurred,9,9,9,1,\n')
ROAD = {'label': 'road', 'points': [[0, 20], [60, 20], [60, 40], [0, 40]],
        'shape_type': 'polygon', 'group_id': None, 'flags': {}}
CAR = {'label': 'car', 'points': [[30, 30], [10, 10]],
       'shape_type': 'rectangle'}


def write(path, *shapes, size=SIZE, **more):
    """A picture and, beside it, its JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full(SIZE[::-1] + (3,), zlib.crc32(path.name.encode()) % 99,
                    np.uint8)
    image[20:], image[10:30, 10:30] = 150, 200
    cv2.imwrite(str(path.with_suffix('.jpg')), image)
    path.with_suffix('.json').write_text(json.dumps(dict({
        'version': '5.2.1', 'flags': {}, 'shapes': shapes,
        'imagePath': f'{path.stem}.jpg', 'imageData': None,
        'imageWidth': size[0], 'imageHeight': size[1]}, **more)))


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'classes.csv').write_text(TABLE)
    for k in range(4):
        write(tmp_path / f'a{k}', ROAD, CAR)
    return tmp_path


def load(root, **options):
    return load_source('labelme', root, **dict(
        {'valid_fraction': .25}, **options))


def ids_of(root, *shapes, **more):
    """The class ids of a picture with some shapes."""
    write(root / 'b', *shapes, **more)
    data = source_labelme.get_source()
    data.choose_folder(str(root))
    return data.read_pair(str(root / 'b.jpg'), str(root / 'b.json'))[1]


def refusal(root, *shapes, **more):
    with pytest.raises((OSError, ValueError)) as error:
        ids_of(root, *shapes, **more)
    line = errors.describe(error.value)
    assert '\n' not in line and 'b.json' in line
    return line


def test_shapes_become_class_ids_in_their_order(root):
    ids = ids_of(root, ROAD, CAR)
    wanted = np.zeros(SIZE[::-1], np.uint8)
    wanted[20:], wanted[10:30, 10:30] = 1, 2
    assert (ids == wanted).all()
    wanted[20:] = 1
    assert (ids_of(root, CAR, ROAD) == wanted).all()


def test_generators_give_these_ids(root):
    data = load(root)
    assert (data.num_training, data.num_validation) == (3, 1)
    assert data.class_names == ['ground', 'road', 'car']
    assert (data.image_size, data.background, data.ignore) == (
        (64, 32), ['ground'], True)
    images, labels, pictures, files = next(data.train_generator(3, True))
    assert images.shape == (3, 32, 64, 3) and labels.shape == (3, 32, 64, 3)
    assert (labels.sum(axis=3) == 1).all()
    assert pictures[0][-6:-4] == files[0][-7:-5]


def test_without_a_background_what_is_uncovered_is_ignored(root):
    (root / 'classes.csv').write_text('name,r,g,b\nroad,1,2,3\ncar,4,5,6\n')
    ids = ids_of(root, CAR, {**ROAD, 'shape_type': None})
    assert (ids[:10] == source.IGNORE).all() and (ids[20:] == 0).all()


def test_what_is_marked_ignore_is_ignored(root):
    ids = ids_of(root, ROAD, {**CAR, 'label': ' blurred '})
    assert (ids[10:30, 10:30] == source.IGNORE).all()


def test_names_may_belong_to_the_class_of_another(root):
    (root / 'classes.csv').write_text(
        'name,r,g,b,class,background\nother,0,0,0,,1\nroad,1,2,3,,\n'
        'car,4,5,6,road,\n')
    ids = ids_of(root, CAR)
    assert (ids[10:30, 10:30] == 1).all() and (ids == 1).sum() == 400


def test_the_other_shapes_are_drawn_as_labelme_draws_them(root):
    image = pytest.importorskip('PIL.Image')
    drawing = pytest.importorskip('PIL.ImageDraw')
    for kind, points, draw in (
            ('circle', [[30, 20], [38, 26]], lambda canvas: canvas.ellipse(
                [20, 10, 40, 30], outline=1, fill=1)),
            ('point', [[30, 20]], lambda canvas: canvas.ellipse(
                [25, 15, 35, 25], outline=1, fill=1)),
            ('linestrip', [[10, 20], [50, 20]], lambda canvas: canvas.line(
                [(10, 20), (50, 20)], fill=1, width=10)),
            ('line', [[9, 9], [50, 30]], lambda canvas: canvas.line(
                [(9, 9), (50, 30)], fill=1, width=10))):
        picture = image.fromarray(np.zeros(SIZE[::-1], np.uint8))
        draw(drawing.Draw(picture))
        wanted = np.array(picture) > 0
        found = ids_of(root, {'label': 'car', 'points': points,
                              'shape_type': kind}) == 2
        differ = cv2.erode((found != wanted).astype(np.uint8),
                           np.ones((3, 3), np.uint8))
        assert found.any() and not differ.any(), kind


def test_a_mask_lies_in_its_box(root):
    mask = np.zeros((5, 8), np.uint8)
    mask[1:, :6] = 1
    text = base64.b64encode(cv2.imencode('.png', mask)[1].tobytes()).decode()
    ids = ids_of(root, {'label': 'car', 'points': [[10, 3], [17, 7]],
                        'shape_type': 'mask', 'mask': text})
    assert (ids[4:8, 10:16] == 2).all() and (ids == 2).sum() == 24


def test_an_unknown_name_is_refused_with_the_nearest(root):
    assert refusal(root, ROAD, {**CAR, 'label': 'cars'}).endswith(
        f"no class 'cars' in {root / 'classes.csv'}: did you mean 'car'? The "
        'classes are ground, road, car, blurred')
    assert refusal(root, {**CAR, 'label': 'xyz'}).endswith(
        f"no class 'xyz' in {root / 'classes.csv'}: the classes are ground, "
        'road, car, blurred')


def test_other_faults_are_named_in_one_line(root):
    assert 'shapes[1]: shape_type is \'cube\': polygon, rec' in refusal(
        root, ROAD, {**CAR, 'shape_type': 'cube'})
    assert 'shapes[0]: 2 points of a polygon: 3 are wanted' in refusal(
        root, {**CAR, 'shape_type': 'polygon'})
    assert 'a label without a name' in refusal(root, {**CAR, 'label': ' '})
    assert 'mask: a PNG in base64 is wanted' in refusal(
        root, {**CAR, 'shape_type': 'mask', 'mask': '?'})
    assert 'b.jpg is 60x40 but its label' in refusal(root, size=(60, 41))
    assert 'shapes is None: a list is wanted' in refusal(root, shapes=None)
    (root / 'a0.json').write_text('{')
    with pytest.raises(ValueError, match='a0.json: no JSON'):
        load(root).read_pair(str(root / 'a0.jpg'), str(root / 'a0.json'))
    (root / 'a1.jpg').unlink()
    with pytest.raises(FileNotFoundError, match='no picture .*a1.jpg'):
        load(root)


def test_sub_folders_give_the_split(tmp_path):
    (tmp_path / 'classes.csv').write_text(TABLE)
    for name in ('train/x/1', 'train/2', 'Validation/1', 'test/1'):
        write(tmp_path / name, ROAD)
    data = load(tmp_path)
    assert {split: len(pairs) for split, pairs in data.splits.items()} == {
        'train': 2, 'valid': 1, 'test': 1}
    write(tmp_path / 'stray', ROAD)
    with pytest.raises(ValueError, match='stray.json belongs to no split'):
        load(tmp_path)


def test_groups_stay_on_one_side(tmp_path):
    (tmp_path / 'classes.csv').write_text(TABLE)
    for name in ('x1', 'x2', 'y1', 'y2'):
        write(tmp_path / name, ROAD)
    data = load(tmp_path, group_by='^.')
    assert len({image[-6] for image, _ in data.splits['valid']}) == 1


def test_the_table_is_drafted_and_the_folder_then_sound(root):
    path = root / 'classes.csv'
    path.unlink()
    write(root / 'b', ROAD, {**CAR, 'label': '__ignore__'},
          {**CAR, 'label': 'person', 'shape_type': 'circle'})
    done = run_program('check_source.py', '--data-source', 'labelme',
                       '--data-dir', str(root), '--output-dir',
                       str(root / 'out'))
    assert done.returncode == 1
    assert done.stderr.endswith('no classes.csv: check_source.py '
                                '--write-classes drafts one\n')
    done = run_program('check_source.py', '--data-source', 'labelme',
                       '--data-dir', str(root), '--write-classes', str(path))
    assert (done.returncode, done.stderr) == (0, '')
    assert '5 shapes in 5 pictures' in done.stdout
    assert path.read_text().splitlines() == [
        'name,r,g,b,ignore,background,note',
        'background,0,0,0,,1,pixels in no shape; 1 in the column ignore '
        'leaves them out',
        '__ignore__,128,0,0,1,,1 shape in 1 picture',
        'car,0,128,0,,,4 shapes in 4 pictures',
        'person,128,128,0,,,1 shape in 1 picture',
        'road,0,0,128,,,5 shapes in 5 pictures']
    done = run_program('check_source.py', '--data-source', 'labelme',
                       '--data-dir', str(root), '--output-dir',
                       str(root / 'out'))
    assert (done.returncode, done.stderr) == (0, '')
    assert '[i] sound' in done.stdout
