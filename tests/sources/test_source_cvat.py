"""CVAT for images 1.1: annotations.xml, z_order, boxes, masks."""

import cv2
import numpy as np
import pytest
from helpers import load_source, run_program


SIZE = 60, 40       # (width, height)
TABLE = ('name,r,g,b,background\nground,0,0,0,1\nroad,1,1,1,\ncar,2,2,2,\n')
LABELS = '''<version>1.1</version><meta><task><labels>
<label><name>road</name><color>#804080</color><type>any</type></label>
<label><name>car</name><color>#00008e</color></label>
<label><name>lane</name><color>#804080</color></label></labels></task></meta>
'''
ROAD = ('<polygon label="road" points="0,20;60,20;60,40;0,40" '
        'z_order="{}"/>')
CAR = ('<box label="car" xtl="10" ytl="10" xbr="30" ybr="30" z_order="{}">'
       '<attribute name="a">b</attribute></box>')


def write(root, *shapes, subsets=('', ''), name='annotations.xml',
          size=SIZE):
    """annotations.xml with the same shapes in all pictures."""
    elements = []
    for k, subset in enumerate(subsets):
        picture = root / 'images' / subset / f'{k}.png'
        picture.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(picture), np.full(SIZE[::-1] + (3,), 90 + k,
                                          np.uint8))
        attribute = f'subset="{subset}"' if subset else ''
        elements.append(
            f'<image id="{k}" name="{k}.png" width="{size[0]}" '
            f'height="{size[1]}" {attribute}>{"".join(shapes)}</image>')
    (root / name).write_text(f'<?xml version="1.0" encoding="utf-8"?>'
                             f'<annotations>{LABELS}{"".join(elements)}'
                             '</annotations>')


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'classes.csv').write_text(TABLE)
    return tmp_path


def load(root, **options):
    return load_source('cvat', root, **options)


def ids_of(root, *shapes, **more):
    write(root, *shapes, **more)
    data = load(root)
    return data.read_pair(*data.splits['valid'][0])[1]


@pytest.mark.parametrize('road, car', [(0, 0), (0, 1), (-2, -1), (2, 10)])
def test_the_highest_z_order_is_on_top(root, road, car):
    wanted = np.zeros(SIZE[::-1], np.uint8)
    wanted[20:], wanted[10:30, 10:30] = 1, 2
    assert (ids_of(root, ROAD.format(road), CAR.format(car)) == wanted).all()
    if road != car:
        assert (ids_of(root, CAR.format(car),
                       ROAD.format(road)) == wanted).all()


def test_masks_are_run_lengths_by_row(root):
    ids = ids_of(root, '<mask label="car" rle="1, 2, 1, 2" left="57" '
                       'top="38" width="3" height="2" z_order="0"/>')
    wanted = np.zeros(SIZE[::-1], np.uint8)
    wanted[38:, 57:] = [[0, 2, 2], [0, 2, 2]]
    assert (ids == wanted).all()


def test_boxes_and_ellipses_turn_clockwise(root):
    # By a quarter, 20x4 around (30, 20) becomes 4x20.
    ids = ids_of(root, '<box label="car" xtl="20" ytl="18" xbr="40" ybr="22" '
                       'rotation="90.0" z_order="0"/>')
    assert (ids[10:30, 28:32] == 2).all() and (ids > 0).sum() == 80
    ids = ids_of(root, '<ellipse label="car" cx="30" cy="20" rx="15" ry="5" '
                       'rotation="30" z_order="0"/>')
    wanted = cv2.ellipse(np.zeros(SIZE[::-1], np.uint8), (472, 312),
                         (240, 80), 30, 0, 360, 2, -1, shift=4)
    differ = cv2.erode((ids != wanted).astype(np.uint8), np.ones((2, 2)))
    assert ids.any() and not differ.any()


def test_lines_and_points_have_no_area(root):
    ids = ids_of(root, '<polyline label="lane" points="1,1;50,30"/>'
                       '<points label="lane" points="3,3"/>')
    assert not ids.any()


def test_subsets_are_the_split(root):
    write(root, CAR.format(0), subsets=('Train', 'Train', 'Validation',
                                        'Test'))
    data = load(root)
    assert {split: len(pairs) for split, pairs in data.splits.items()} == {
        'train': 2, 'valid': 1, 'test': 1}
    assert data.splits['valid'] == [(
        str(root / 'images' / 'Validation' / '2.png'),
        str(root / 'annotations.xml'))]


@pytest.mark.parametrize('shape, message', [
    (CAR.format(0).replace('car', 'cra'), "no class 'cra' in .*did you "
                                          "mean 'car'[?]"),
    (CAR.format(0).replace('10', 'x'), "xtl of a box is 'x': a number"),
    (CAR.format('a'), "z_order of a box is 'a': a number"),
    ('<polygon label="car" points="1,2;3,4"/>', '2 points: 3 or more'),
    ('<polygon label="car" points="1;2"/>', 'car: x and y of points are'),
    ('<polygon label="car"/>', 'polygon without points'),
    ('<mask label="car" rle="1,x" left="0" top="0" width="1" height="1"/>',
     'no run lengths'),
    ('<polygon points="1,2;3,4;5,6"/>', 'a label without a name')])
def test_broken_shapes_are_named(root, shape, message):
    with pytest.raises(ValueError, match=message) as error:
        ids_of(root, shape)
    assert str(root / 'annotations.xml') in str(error.value)


def test_other_faults_are_named(root):
    with pytest.raises(FileNotFoundError, match='no XML file in it'):
        load(root)
    with pytest.raises(ValueError, match='0.png is 60x40 but its label|1.png'):
        ids_of(root, size=(61, 40))
    path = root / 'annotations.xml'
    for text, message in (('<annotations>', 'no XML: '),
                          ('<annotations><track/></annotations>',
                           '"CVAT for images 1.1" is wanted'),
                          ('<a/>', '"CVAT for images 1.1" is wanted'),
                          ('<annotations/>', 'no annotations in it')):
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            load(root)
    write(root, name='b.xml')
    write(root, name='a.xml')
    path.unlink()
    with pytest.raises(ValueError, match='b.xml: .*0.png is in .*a.xml alr'):
        load(root)


def test_the_table_is_drafted_with_the_colours_of_cvat(root):
    path = root / 'classes.csv'
    path.unlink()
    write(root, ROAD.format(0), CAR.format(1))
    done = run_program('check_source.py', '--data-source', 'cvat',
                       '--data-dir', str(root), '--write-classes', str(path))
    assert (done.returncode, done.stderr) == (0, '')
    # The colour of lane is that of road: it gets another one.
    assert [line.split(',')[:4] for line in path.read_text().splitlines()[1:]
            ] == [['background', '0', '0', '0'], ['road', '128', '64', '128'],
                  ['car', '0', '0', '142'], ['lane', '128', '0', '0']]
    assert load(root).class_names == ['background', 'road', 'car', 'lane']
