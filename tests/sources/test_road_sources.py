"""BDD100K, Mapillary Vistas, A2D2, IDD and GTA5 in their official layouts."""
import json

import cv2
import numpy as np
import programs
import pytest
import runs
from helpers import load_source as load
from pngs import write_png
from scipy import io

import source
from segmentation import pixels
from segmentation.data import cityscapes
from segmentation.data.road_scenes import a2d2, idd, mapillary

VOID = source.IGNORE
NAMES = [name for name, _ in cityscapes.class_table('19').classes]
SIZE = 60, 40       # (width, height)


def write(path, array=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full(SIZE[::-1] + (3,), 90, np.uint8)
                if array is None else array)


def columns(values):
    """An image whose columns have some values in turn."""
    return np.resize(np.array(values), SIZE[0])[None].repeat(SIZE[1], axis=0)


def ids_of(data, split='valid'):
    """The class ids of the first row of a split's first sample."""
    return data.read_pair(*data.splits[split][0])[1][0].tolist()


def is_cityscapes(data):
    return (data.class_names == NAMES and data.ignore
            and list(data.classes) == list(
                cityscapes.class_table('19').classes))


@pytest.mark.parametrize('classes', [None, 'cityscapes'])
@pytest.mark.parametrize('pictures, masks, end', [
    ('images/10k', 'labels/sem_seg/masks', '.png'),
    ('bdd100k/images/10k', 'bdd100k/labels/sem_seg/masks', '.png'),
    ('seg/images', 'seg/labels', '_train_id.png')])
def test_bdd_has_train_ids(tmp_path, pictures, masks, end, classes):
    for split in ('train', 'val'):
        write(tmp_path / pictures / split / '7d06fefd-f7be05a6.jpg')
        write(tmp_path / masks / split / f'7d06fefd-f7be05a6{end}',
              columns([0, 18, 255]).astype(np.uint8))
    data = load('bdd', tmp_path, classes=classes)
    assert is_cityscapes(data)
    assert (data.num_training, data.num_validation) == (1, 1)
    assert ids_of(data)[:3] == [0, 18, VOID]


def write_mapillary(root, labels, config):
    names = ('construction--flat--road', 'construction--flat--parking',
             'human--rider--bicyclist', 'void--unlabeled')
    (root / config).write_text(json.dumps({'version': 'x', 'labels': [
        {'name': name, 'readable': name.title(), 'instances': False,
         'evaluate': name != 'void--unlabeled', 'color': [k, 9, 9]}
        for k, name in enumerate(names)]}))
    for split in ('training', 'validation'):
        write(root / split / 'images' / 'M2kh294N9c72sICO990Uew.jpg')
        path = root / split / labels / 'M2kh294N9c72sICO990Uew.png'
        path.parent.mkdir(parents=True)
        write_png(path, columns([0, 1, 2, 3]), [(k, 9, 9) for k in range(4)])


@pytest.mark.parametrize('labels, config', [
    ('labels', 'config.json'), ('v1.2/labels', 'config_v1.2.json'),
    ('v2.0/labels', 'config_v2.0.json')])
def test_mapillary_has_the_classes_of_its_config(tmp_path, labels, config):
    write_mapillary(tmp_path, labels, config)
    data = load('mapillary', tmp_path)
    assert data.class_names[1] == 'construction--flat--parking'
    assert (data.num_classes, data.ignore) == (3, True)
    assert ids_of(data)[:4] == [0, 1, 2, VOID]
    data = load('mapillary', tmp_path, classes='cityscapes')
    assert is_cityscapes(data)
    assert ids_of(data)[:4] == [0, VOID, NAMES.index('rider'), VOID]


def test_the_newest_version_of_mapillary_is_read(tmp_path):
    with pytest.raises(FileNotFoundError, match='config_v2.0.json with train'):
        load('mapillary', tmp_path)
    write_mapillary(tmp_path, 'v1.2/labels', 'config_v1.2.json')
    write_mapillary(tmp_path, 'v2.0/labels', 'config_v2.0.json')
    assert '/v2.0/' in load('mapillary', tmp_path).splits['train'][0][1]


def write_a2d2(root):
    root.mkdir(exist_ok=True)
    (root / 'class_list.json').write_text(json.dumps({
        '#ff0000': 'Car 1', '#c80000': 'Car 2', '#ff00ff': 'RD normal street',
        '#48d1cc': 'Ego car', '#87ceff': 'Sky'}))
    colors = columns([0xff0000, 0xc80000, 0xff00ff, 0x48d1cc, 0x87ceff])
    bgr = np.stack([colors & 255, colors >> 8 & 255, colors >> 16], axis=2)
    for drive in ('20180807_145028', '20181107_132300', '20181204_154421'):
        for k in (91, 110):
            name = f'{drive.replace("_", "")}_{{}}_frontcenter_{k:09d}.png'
            write(root / drive / 'camera' / 'cam_front_center'
                  / name.format('camera'))
            write(root / drive / 'label' / 'cam_front_center'
                  / name.format('label'), bgr.astype(np.uint8))


@pytest.mark.parametrize('folder', ['', 'camera_lidar_semantic'])
def test_a2d2_joins_the_colours_of_a_class(tmp_path, folder):
    write_a2d2(tmp_path / folder)
    data = load('a2d2', tmp_path)
    assert data.class_names == ['Car', 'RD normal street', 'Ego car', 'Sky']
    assert data.label_colors[0] == (0, 0, 255) and not data.ignore
    assert ids_of(data)[:5] == [0, 0, 1, 2, 3]
    data = load('a2d2', tmp_path, classes='cityscapes')
    assert is_cityscapes(data)
    assert ids_of(data)[:5] == [13, 13, 0, VOID, 10]


def test_drives_of_a2d2_stay_on_one_side(tmp_path):
    write_a2d2(tmp_path)
    data = load('a2d2', tmp_path, valid_fraction=.4)
    drives = [{image.split('/')[-4] for image, _ in data.splits[split]}
              for split in ('train', 'valid')]
    assert [len(part) for part in drives] == [2, 1]
    assert not drives[0] & drives[1]
    data = load('a2d2', tmp_path, group_by='[0-9]+.png$')
    assert len({image[-6:] for image, _ in data.splits['valid']}) == 1


def write_idd(root, *objects, size=SIZE):
    for split in ('train', 'val'):
        write(root / 'leftImg8bit' / split / '12' / '0004_leftImg8bit.jpg')
        path = root / 'gtFine' / split / '12' / '0004_gtFine_polygons.json'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({
            'imgHeight': size[1], 'imgWidth': size[0], 'objects': [
                dict({'id': k, 'label': label, 'deleted': 0, 'polygon': [
                    [left, 0], [right, 0], [right, 40], [left, 40]]}, **more)
                for k, (label, left, right, more) in enumerate(objects)]}))


IDD = (('road', 0, 60, {}), ('parking', 10, 60, {}), ('train', 20, 60, {}),
       ('cargroup', 30, 60, {}), ('sky', 0, 60, {'deleted': 1}),
       ('ego vehicle', 50, 60, {}))


def test_idd_paints_its_polygons_in_order(tmp_path):
    write_idd(tmp_path, *IDD)
    data = load('idd', tmp_path)
    assert data.num_classes == 26 and data.ignore
    assert [data.class_names[k] for k in (0, 1, 12, 9)] == [
        'road', 'drivable fallback', 'vehicle fallback', 'car']
    assert ids_of(data)[::10] == [0, 1, 12, 9, 9, VOID]
    data = load('idd', tmp_path, classes='cityscapes')
    assert is_cityscapes(data)
    assert ids_of(data)[::10] == [0, VOID, 16, 13, 13, VOID]


def test_what_idd_leaves_uncovered_is_ignored(tmp_path):
    write_idd(tmp_path, ('sky', 0, 30, {}))
    assert ids_of(load('idd', tmp_path))[::30] == [25, VOID]


def test_unknown_labels_and_sizes_of_idd_are_named(tmp_path):
    write_idd(tmp_path, ('roads', 0, 30, {}))
    with pytest.raises(ValueError, match="no label 'roads' in IDD: did you "
                                         "mean 'road'[?] The labels are "):
        ids_of(load('idd', tmp_path))
    write_idd(tmp_path, *IDD, size=(61, 40))
    with pytest.raises(ValueError, match='is 60x40 but its label .* is 61x40'):
        ids_of(load('idd', tmp_path))


def test_gta5_has_palettes_of_label_ids_or_colours(tmp_path):
    for k in range(1, 5):
        write(tmp_path / 'images' / f'{k:05d}.png')
        path = tmp_path / 'labels' / f'{k:05d}.png'
        path.parent.mkdir(exist_ok=True)
        write_png(path, columns([7, 4, 33, 34]),
                  [(20, 20, 20)] * 35)     # its own colours do not matter
    for classes in (None, 'cityscapes'):
        data = load('gta5', tmp_path, classes=classes)
        assert is_cityscapes(data)
        assert (data.num_training, data.num_validation) == (2, 2)
        assert ids_of(data)[:4] == [0, VOID, 18, VOID]
    colors = np.array([(128, 64, 128), (0, 0, 142), (0, 0, 0)], np.uint8)
    for path in (tmp_path / 'labels').iterdir():
        write(path, colors[columns([0, 1, 2])][..., ::-1])
    assert ids_of(data)[:3] == [0, 13, VOID]


def test_split_mat_of_gta5_is_the_split(tmp_path):
    for k in range(1, 6):
        for folder in ('images', 'labels'):
            write(tmp_path / folder / f'{k:05d}.png')
    io.savemat(str(tmp_path / 'split.mat'), {
        'trainIds': [[4], [1]], 'valIds': [[2], [99]], 'testIds': [[3], [5]]})
    data = load('gta5', tmp_path)
    assert {split: [picture[-9:-4] for picture, _ in pairs]
            for split, pairs in data.splits.items()} == {
                'train': ['00001', '00004'], 'valid': ['00002'],
                'test': ['00003', '00005']}
    (tmp_path / 'split.mat').write_bytes(b'no')
    with pytest.raises(ValueError, match='split.mat: no split of GTA5'):
        load('gta5', tmp_path)


@pytest.mark.parametrize('name', ['bdd', 'idd', 'gta5'])
def test_a_folder_that_is_not_there_and_other_tables_are_refused(tmp_path,
                                                                 name):
    with pytest.raises(FileNotFoundError, match='were looked for'):
        load(name, tmp_path)
    with pytest.raises(ValueError, match="'19': cityscapes is there"):
        load(name, tmp_path, classes='19')


def test_a_run_on_one_of_them_is_scored_on_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for split in ('train', 'val'):
        write(tmp_path / 'bdd' / 'images/10k' / split / 'a.jpg')
        write(tmp_path / 'bdd' / 'labels/sem_seg/masks' / split / 'a.png',
              columns([0, 18, 255]).astype(np.uint8))
    write_idd(tmp_path / 'idd', *IDD)
    run = runs.make(tmp_path / 'run', 'bdd', tmp_path / 'bdd')
    scores = programs.score(run, '--data-source', 'idd', '--data-dir', 'idd',
                            '--classes', 'cityscapes')
    # road, train and car of IDD; 10 columns each of parking and ego vehicle
    assert np.sum(scores['matrix'], axis=1)[[0, 16, 13]].tolist() == [
        400, 400, 800]
    assert (scores['pixels'], scores['ignored_pixels']) == (1600, 800)
    with pytest.raises(ValueError, match='26 classes, .* has 19'):
        programs.score(run, '--data-source', 'idd', '--data-dir', 'idd')


def test_every_class_of_the_tables_is_one_of_cityscapes():
    used = {name for table in (mapillary.IN_CITYSCAPES, a2d2.IN_CITYSCAPES)
            for name in table.values()}
    used |= {row[2] for row in idd.TABLE if row[2]}
    assert used == set(NAMES)


def test_idd_has_the_level3_ids_of_its_table():
    assert sorted({row[1] for row in idd.TABLE}) == [*range(26), VOID]
    labels = idd.list_labels()
    assert [label.value for label in labels] == list(range(40))
    polegroup = labels[idd.INDEX['polegroup']]
    assert (polegroup.name, polegroup.cityscapes) == ('pole', None)
    # The trainIds of the public code, in the order of its table.
    assert [NAMES.index(row[2]) if row[2] else VOID for row in idd.TABLE
            ] == [0, 255, 255, 1, 255, 9, 11, 255, 12, 17, 18, 255, 13, 14,
                  15, 255, 255, 16, 255, 255, 3, 4, 255, 255, 7, 6, 5, 255,
                  255, 2, 255, 255, 8, 10, 255, 255, 255, 255, 255, 255]


def test_packed_colours_of_a2d2_are_those_of_label_files():
    assert pixels.pack_color((0x48, 0xd1, 0xcc)) == int('48d1cc', 16)
