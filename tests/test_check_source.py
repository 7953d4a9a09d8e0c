"""check_source.py run as a user runs it, on data sets of a few pictures."""
import json
import os
import subprocess
import sys
import time
import zlib

import cv2
import numpy as np
import pytest

import source_cityscapes
from segmentation.checking import census, label_rows

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WIDTH, HEIGHT = 64, 32
RED, MAGENTA, BLACK = (0, 0, 255), (255, 0, 255), (0, 0, 0)     # BGR
COLORS = np.array((RED, MAGENTA, BLACK), np.uint8)

# Three classes, the last one nowhere; the splits are in the names.
TOY = '''
import glob
import os
import source


class ToySource(source.DataSource):
    """train_*.png, valid_*.png and mask_*.png."""
    image_size = (64, 32)
    classes = (('ground', (255, 0, 0)), ('road', (255, 0, 255)),
               ('sky', (0, 0, 255)))
    void_colors = ((0, 0, 0),)

    def list_splits(self, data_dir, valid_fraction):
        splits = {}
        for split in ('train', 'valid'):
            paths = sorted(glob.glob(os.path.join(data_dir, split + '_*')))
            splits[split] = [
                (path, os.path.join(data_dir,
                                    'mask_' + os.path.basename(path)))
                for path in paths]
        return splits


def get_source():
    return ToySource()
'''

# The contract alone: batches of float32 made in memory.
PLAIN = '''
import numpy as np


class Plain:
    image_size = (64, 32)
    num_classes = 3
    label_colors = {0: (0, 0, 255), 1: (255, 0, 255), 2: (255, 0, 0)}

    def load_data(self, data_dir, valid_fraction):
        self.num_training, self.num_validation = 3, 1

    def batches(self, names, split, count, wanted):
        for k in range(count):
            images = np.full((1, 32, 64, 3), 50 * k + 70, np.float32)
            ids = np.zeros((32, 64), int)
            ids[20:, 10:] = 1
            labels = np.eye(3, dtype=np.float32)[ids][None]
            if split == 'train' and k == 1:
                pass  # CHANGE
            image = '%s/%s_%d.png' % (self.folder, split, k)
            label = '%s/%s_%d.label.png' % (self.folder, split, k)
            yield (images, labels, [image], [label]) if wanted else (
                images, labels)

    folder = 'memory'

    def train_generator(self, batch_size, names=False):
        return self.batches(names, 'train', 3, names)

    def valid_generator(self, batch_size, names=False):
        return self.batches(names, 'valid', 1, names)


def get_source():
    return Plain()
'''


def write_sample(folder, name, ids, size=(WIDTH, HEIGHT)):
    """Write a picture of its own noise, and a colour label of ids 0, 1, 2."""
    random = np.random.RandomState(zlib.crc32(name.encode()))
    width, height = size
    image = random.randint(0, 256, (height, width, 3)).astype(np.uint8)
    assert cv2.imwrite(str(folder / (f'{name}.png')), image)
    write_label(folder, name, COLORS[ids])


def write_label(folder, name, image):
    assert cv2.imwrite(str(folder / f'mask_{name}.png'), image)


def rows_of_road(count, width=WIDTH):
    """Ids (32, width): ground, and road in the last `count` rows."""
    ids = np.zeros((HEIGHT, width), int)
    ids[HEIGHT - count:] = 1
    return ids


@pytest.fixture
def toy(tmp_path):
    """Road in 8, 0 and 16 of 32 rows; the working directory has the source."""
    (tmp_path / 'source_toy.py').write_text(TOY)
    folder = tmp_path / 'data'
    folder.mkdir()
    write_sample(folder, 'train_a', rows_of_road(8))
    write_sample(folder, 'train_b', rows_of_road(0))
    write_sample(folder, 'valid_c', rows_of_road(16))
    return folder


class Result:
    """The outcome of a run: status, text, the JSON and the pictures."""

    def __init__(self, tmp_path, name, *options):
        self.folder = tmp_path / 'out'
        command = [sys.executable, os.path.join(ROOT, 'check_source.py'),
                   '--data-source', name, '--data-dir', 'data',
                   '--output-dir', 'out', '--json', 'found.json']
        done = subprocess.run(
            command + list(options), cwd=str(tmp_path),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True)
        self.status, self.text = done.returncode, done.stdout
        self.errors = done.stderr.splitlines()
        self.found = None
        if (tmp_path / 'found.json').exists():
            def refuse(constant):
                raise AssertionError(f'{constant} in JSON')
            self.found = json.loads((tmp_path / 'found.json').read_text(),
                                    parse_constant=refuse)
        self.files = sorted(os.listdir(str(self.folder))) \
            if self.folder.exists() else []


def test_sound_data_passes_with_pictures_and_json(toy, tmp_path):
    result = Result(tmp_path, 'toy')
    assert (result.status, result.errors) == (0, [])
    assert result.files == [
        'check_source.txt', 'sheet_train.png', 'sheet_valid.png',
        'train_00_train_a.png', 'train_01_train_b.png',
        'valid_00_valid_c.png']
    found = result.found
    assert found['faults'] == found['unknown'] == found['duplicates'] == []
    assert found['splits'] == {'train': 2, 'valid': 1}
    assert found['sizes'] == {'64x32': 3}
    assert found['pixels'] == 2 * 3 * 64 * 32       # of files, and of rows
    assert found['ceiling'] is None
    assert sorted(found['pictures']) == result.files[1:]
    assert 'sound' in result.text


def test_shares_files_and_weights_are_those_worked_by_hand(toy, tmp_path):
    ground, road, sky = Result(tmp_path, 'toy').found['classes']
    # rows of road: 8 + 0 + 16 of 96; of ground: 72
    assert (ground['name'], ground['number']) == ('ground', 0)
    assert (ground['share'], road['share'], sky['share']) == (.75, .25, 0)
    assert (ground['pixels'], road['pixels']) == (72 * 64, 24 * 64)
    assert (ground['files'], road['files'], sky['files']) == (3, 2, 0)
    assert (road['train_files'], road['valid_files']) == (1, 1)
    # training: ground 56 rows of 64, road 8 of the 32 of its only picture;
    # frequencies 7/8 and 1/4, their median 9/16
    assert ground['weight'] == pytest.approx(9 / 14)
    assert road['weight'] == pytest.approx(9 / 4)
    assert sky['weight'] is None


def test_a_class_never_seen_is_marked_but_no_fault(toy, tmp_path):
    result = Result(tmp_path, 'toy')
    line, = [line for line in result.text.splitlines()
             if line.startswith('sky')]
    assert line.split()[2:] == ['NEVER', 'SEEN', 'NEVER', 'SEEN', '-', '-']


def test_each_value_has_its_share_and_files(toy, tmp_path):
    ids = rows_of_road(0)
    ids[:4] = 2             # black: ignored
    write_sample(toy, 'valid_d', ids)
    values = Result(tmp_path, 'toy').found['values']
    assert [(value['value'], value['class'], value['files'], value['pixels'])
            for value in values] == [
        ('colour (255, 0, 0)', 'ground', 4, 100 * 64),
        ('colour (255, 0, 255)', 'road', 2, 24 * 64),
        ('colour (0, 0, 0)', 'ignored', 1, 4 * 64)]
    assert values[2]['share'] == 4 / 128


def test_ceiling_is_that_worked_by_hand(toy, tmp_path):
    # 31 columns of ground and 33 of road, at half the width: column 15 of
    # the 32 is half and half and goes to ground. Up again, ground has 32
    # columns: 31 of 32 are right, and 32 of the 33 of road are found.
    ids = np.zeros((HEIGHT, WIDTH), int)
    ids[:, 31:] = 1
    write_sample(toy, 'valid_c', ids)
    result = Result(tmp_path, 'toy', '--ceiling', '--image-size', '32x32')
    ceiling = result.found['ceiling']
    assert ceiling['per_class'] == [31 / 32, 32 / 33, None]
    assert ceiling['miou'] == pytest.approx((31 / 32 + 32 / 33) / 2)
    assert ceiling['split'] == 'valid'
    assert 'mIoU 0.9692' in result.text


def test_ceiling_leaves_ignored_pixels_out(toy, tmp_path):
    ids = rows_of_road(16)
    ids[:, :10] = 2
    write_sample(toy, 'valid_c', ids)
    result = Result(tmp_path, 'toy', '--ceiling')
    assert result.found['ceiling']['per_class'] == [1, 1, None]


def test_an_unknown_colour_is_named_with_place_and_nearest_class(toy,
                                                                 tmp_path):
    label = COLORS[rows_of_road(8)]
    label[12, 40:43] = (240, 0, 250)        # BGR; near magenta
    write_label(toy, 'train_b', label)
    result = Result(tmp_path, 'toy')
    assert result.status == 1
    assert len(result.errors) == 1
    assert result.errors[0].startswith('[!] ')
    for part in ('mask_train_b.png: colour (250, 0, 240) at row 12, column '
                 '40', '3 pixels', "'road'"):
        assert part in result.errors[0]
    unknown, = result.found['unknown']
    assert unknown['file'].endswith('mask_train_b.png')
    assert (unknown['row'], unknown['column']) == (12, 40)
    assert (unknown['nearest'], unknown['pixels']) == ('road', 3)
    # the faulty sample is drawn first, and the others are still checked
    assert 'train_00_train_b.png' in result.files
    assert result.found['row_pixels'] == 2 * 64 * 32


def test_a_label_of_noise_fails(toy, tmp_path):
    noise = np.random.RandomState(3).randint(0, 256, (HEIGHT, WIDTH, 3))
    write_label(toy, 'valid_c', noise.astype(np.uint8))
    result = Result(tmp_path, 'toy')
    assert result.status == 1
    assert any('mask_valid_c.png' in line and 'in no class' in line
               for line in result.errors)


def test_noise_of_known_colours_fails_too(toy, tmp_path):
    noise = np.random.RandomState(3).randint(0, 3, (HEIGHT, WIDTH))
    write_label(toy, 'valid_c', COLORS[noise])
    result = Result(tmp_path, 'toy')
    assert result.status == 1
    assert 'neighbouring pixels differ: noise' in result.errors[0]


def test_pictures_that_occur_twice_are_named(toy, tmp_path):
    for copy in ('valid_e', 'train_f'):
        write_label(toy, copy, COLORS[rows_of_road(1)])
        (toy / (f'{copy}.png')).write_bytes(
            (toy / 'train_a.png').read_bytes())
    result = Result(tmp_path, 'toy')
    assert result.status == 1
    assert [[os.path.basename(end['file']) for end in pair]
            for pair in result.found['duplicates']] == [
        ['train_a.png', 'train_f.png'], ['train_a.png', 'valid_e.png']]
    assert 'train_a.png (train)' in result.errors[1]
    assert 'valid_e.png (valid)' in result.errors[1]


def test_broken_files_and_sizes_are_faults_each(toy, tmp_path):
    (toy / 'train_b.png').write_bytes(b'no picture')
    write_sample(toy, 'valid_d', rows_of_road(8))
    write_label(toy, 'valid_d', COLORS[rows_of_road(8, width=40)])
    result = Result(tmp_path, 'toy')
    assert result.status == 1
    assert len(result.errors) == 2
    assert 'train_b.png: no picture that OpenCV reads' in result.errors[0]
    assert 'valid_d.png is 64x32 but its label' in result.errors[1]
    assert result.errors[1].endswith('is 40x32')


def test_many_faults_of_a_kind_end_in_a_count(toy, tmp_path):
    for k in range(23):
        write_sample(toy, f'train_x{k:02d}', rows_of_road(3))
        write_label(toy, f'train_x{k:02d}',
                    np.full((HEIGHT, WIDTH, 3), 7, np.uint8))
    result = Result(tmp_path, 'toy')
    assert len(result.found['faults']) == 23
    assert len(result.errors) == 21
    assert result.errors[-1] == "[!] and 3 more of kind 'unknown'"


def test_a_missing_label_is_one_line(toy, tmp_path):
    (toy / 'mask_train_a.png').unlink()
    result = Result(tmp_path, 'toy')
    assert result.status == 1
    assert result.errors == [
        '[!] train_a.png: no label mask_train_a.png in data']
    assert result.files == [] and result.found is None


def test_foreign_pictures_are_kept_and_own_ones_replaced(toy, tmp_path):
    assert Result(tmp_path, 'toy').status == 0
    (tmp_path / 'out' / 'mine.png').write_bytes(b'mine')
    (toy / 'train_b.png').unlink()
    result = Result(tmp_path, 'toy')
    assert result.status == 0
    assert 'train_01_train_b.png' not in result.files
    assert (tmp_path / 'out' / 'mine.png').read_bytes() == b'mine'


def test_a_foreign_file_of_our_name_is_not_overwritten(toy, tmp_path):
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'sheet_train.png').write_bytes(b'mine')
    result = Result(tmp_path, 'toy')
    assert result.status == 1
    assert 'sheet_train.png was not written by' in result.errors[0]
    assert result.files == ['sheet_train.png']
    assert (tmp_path / 'out' / 'sheet_train.png').read_bytes() == b'mine'


def test_json_is_not_written_over_an_input(toy, tmp_path):
    before = (toy / 'train_a.png').read_bytes()
    result = Result(tmp_path, 'toy', '--json', 'data/train_a.png')
    assert result.status == 1
    assert 'is a file of the data set' in result.errors[-1]
    assert (toy / 'train_a.png').read_bytes() == before


def test_ignored_pixels_are_hatched_and_classes_coloured(toy, tmp_path):
    ids = rows_of_road(16)
    ids[:, 32:] = 2
    write_sample(toy, 'valid_c', ids)
    cv2.imwrite(str(toy / 'valid_c.png'),
                np.full((HEIGHT, WIDTH, 3), 200, np.uint8))
    result = Result(tmp_path, 'toy')
    image = cv2.imread(str(result.folder / 'valid_00_valid_c.png'))
    # four times enlarged, below 22 rows of title, right of 256 + 4 columns
    overlay = image[22:22 + 4 * HEIGHT, 260:260 + 4 * WIDTH]
    assert overlay[8, 8].tolist() == [80, 80, 233]      # .6 red + .4 grey
    assert overlay[120, 8].tolist() == [233, 80, 233]   # .6 magenta
    hatched = overlay[8:100, 4 * 32 + 8:].reshape(-1, 3)
    assert set(map(tuple, hatched.tolist())) == {(0, 0, 0), (200, 200, 200)}


def test_a_source_of_the_contract_alone_passes(tmp_path):
    (tmp_path / 'source_plain.py').write_text(PLAIN)
    result = Result(tmp_path, 'plain', '--ceiling')
    assert (result.status, result.errors) == (0, [])
    first, second, third = result.found['classes']
    # road: 12 rows of 54 columns in each of four pictures of 32x64
    assert second['pixels'] == 4 * 12 * 54
    assert (first['name'], third['files']) == ('0', 0)
    assert result.found['ceiling'] is None
    assert 'ceiling: unknown' in result.text
    assert 'train_02_train_2.png' in result.files


@pytest.mark.parametrize('change, message', [
    ('labels[0, 3, 5] = 0', 'no 1 in the label row at row 3, column 5 (1 '
                            'pixel in'),
    ('labels[0, 7, 9:11] = (0, 1, 1)', 'several ones in the label row at row '
                                       '7, column 9 (2 pixels'),
    ('labels[0, 8, 2] = (.25, .75, 0)', 'value 0.25 at row 8, column 2 (2 '
                                        'values'),
    ('labels[0, 8, 2, 1] = np.nan', 'value nan at row 8, column 2'),
    ('labels = labels[..., :2]', '(32, 64, 2): (32, 64, 3) is wanted'),
    ('images = images[:, :30]', '(30, 64, 3): (32, 64, 3) is wanted'),
    ('images = images - 200', 'values from -80 to -80: 0..255'),
    ('return', 'train generator: 1 sample instead of the 3 declared')])
def test_rows_that_are_not_one_hot_fail(tmp_path, change, message):
    (tmp_path / 'source_plain.py').write_text(
        PLAIN.replace('pass  # CHANGE', change))
    result = Result(tmp_path, 'plain')
    assert result.status == 1
    assert len(result.errors) == 1
    assert message in result.errors[0]


def line_of(code, text):
    """The number of the line of `code` with `text` in it."""
    return 1 + next(k for k, line in enumerate(code.splitlines())
                    if text in line)


def test_a_bug_in_a_generator_names_its_line_and_shows_its_traceback(
        tmp_path):
    change = 'images = images + np.zeros((32, 64))'
    code = PLAIN.replace('pass  # CHANGE', change)
    (tmp_path / 'source_plain.py').write_text(code)
    result = Result(tmp_path, 'plain')
    assert result.status == 1
    assert result.errors[0] == 'Traceback (most recent call last):'
    path = tmp_path / 'source_plain.py'
    assert result.errors[-1].startswith(
        f'[!] train generator: {path}, line {line_of(code, change)}: '
        'ValueError: operands could not be broadcast')
    # what came before it, and the other split, are checked all the same
    assert result.found['row_pixels'] == 2 * 64 * 32
    assert 'valid_00_valid_0.png' in result.files


def test_a_bug_in_a_reader_is_a_fault_of_its_sample(toy, tmp_path):
    code = TOY.replace('def get_source', '''
    def read_pair(self, image_path, label_path):
        image, ids = super().read_pair(image_path, label_path)
        if 'train_b' in image_path:
            ids = {}[image_path]
        return image, ids


def get_source'''.lstrip('\n'))
    (tmp_path / 'source_toy.py').write_text(code)
    result = Result(tmp_path, 'toy')
    assert result.status == 1
    where = line_of(code, '{}[image_path]')
    assert result.errors[-1].startswith(
        f"[!] data/train_b.png: {tmp_path / 'source_toy.py'}, line {where}: "
        'KeyError: ')
    assert result.errors.count('Traceback (most recent call last):') == 1
    assert len(result.found['faults']) == 1
    assert result.found['row_pixels'] == 2 * 64 * 32


@pytest.mark.skipif(sys.platform != 'linux', reason='names are text there')
def test_a_name_that_is_no_text_is_checked_and_drawn(toy, tmp_path):
    name = os.fsdecode(b'train_\xff.png')
    for start, source in (('', 'train_a.png'), ('mask_', 'mask_train_a.png')):
        os.rename(str(toy / source), str(toy / (start + name)))
    result = Result(tmp_path, 'toy')
    assert (result.status, result.errors) == (0, [])
    assert 'train_01_train__.png' in result.files


def test_batches_without_names_fail(tmp_path):
    (tmp_path / 'source_plain.py').write_text(
        PLAIN.replace("'train', 3, names)", "'train', 3, False)"))
    result = Result(tmp_path, 'plain')
    assert result.status == 1
    assert result.errors == ['[!] train generator: 2 parts of a batch: 4 are '
                             'wanted with names=True']


def test_zero_rows_pass_where_the_source_declares_ignore(tmp_path):
    (tmp_path / 'source_plain.py').write_text(
        PLAIN.replace('pass  # CHANGE', 'labels[0, 3, 5] = 0')
        .replace('num_classes = 3', 'num_classes = 3\n    ignore = True'))
    assert Result(tmp_path, 'plain').status == 0


def test_pictures_of_0_to_1_fail(tmp_path):
    (tmp_path / 'source_plain.py').write_text(
        PLAIN.replace('50 * k + 70', 'k / 4'))
    result = Result(tmp_path, 'plain')
    assert result.status == 1
    assert 'above 0.5: 0..255 is wanted' in result.errors[0]


def test_a_class_without_a_colour_fails(tmp_path):
    (tmp_path / 'source_plain.py').write_text(
        PLAIN.replace(', 2: (255, 0, 0)', ''))
    result = Result(tmp_path, 'plain')
    assert result.status == 1
    assert 'label_colors of class 2 is None' in result.errors[0]


def plain_with_files(tmp_path, label):
    """The plain source with the label file of its first sample on disk."""
    (tmp_path / 'source_plain.py').write_text(
        PLAIN.replace("folder = 'memory'", "folder = 'data'"))
    (tmp_path / 'data').mkdir()
    assert cv2.imwrite(str(tmp_path / 'data' / 'train_0.label.png'), label)
    return Result(tmp_path, 'plain')


def test_label_files_of_the_contract_alone_are_held_against_its_colours(
        tmp_path):
    result = plain_with_files(tmp_path, COLORS[rows_of_road(8)])
    assert result.status == 0
    assert [value['value'] for value in result.found['values']] == [
        'colour (255, 0, 0)', 'colour (255, 0, 255)']


@pytest.mark.parametrize('depth', [1, 3])
def test_noise_behind_sound_rows_fails(tmp_path, depth):
    # 'Background is whatever is no other class' makes noise one-hot.
    noise = np.random.RandomState(5).randint(0, 256, (HEIGHT, WIDTH, depth))
    result = plain_with_files(tmp_path, noise.astype(np.uint8))
    assert result.status == 1
    assert 'noise, no label image' in result.errors[-1]


def test_the_demo_needs_no_files(tmp_path):
    command = ('import source_demo, check_source, sys\n'
               'source_demo.TRAINING, source_demo.VALIDATION = 3, 2\n'
               'sys.exit(check_source.main(sys.argv[1:]))')
    done = subprocess.run(
        [sys.executable, '-c', command, '--data-source', 'demo',
         '--output-dir', str(tmp_path / 'out'), '--image-size', '64x32',
         '--ceiling'], cwd=ROOT, stdout=subprocess.PIPE,
        universal_newlines=True)
    assert done.returncode == 0
    assert 'mIoU 1.0000' in done.stdout
    assert (tmp_path / 'out' / 'valid_01_0001.png').exists()


def test_checks_take_less_than_a_sixth_of_a_microsecond_a_pixel():
    ids = np.kron(np.random.RandomState(1).randint(0, 34, (32, 64)),
                  np.ones((32, 32))).astype(np.uint8)       # 2048x1024
    data = source_cityscapes.get_source()
    rows = np.eye(29, dtype=np.uint8)[ids[::4, ::4] % 29]
    times = []
    for _ in range(5):
        start = time.perf_counter()
        counted = census.take(ids, data.table(ids), data.class_names)
        faults = census.find_faults(counted, 'label.png')
        texts, _ = label_rows.check(rows, ignore=False)
        times.append(time.perf_counter() - start)
    assert not faults and not texts
    assert min(times) < .15e-6 * (ids.size + rows[..., 0].size)


def test_tensorflow_is_not_imported():
    code = ('import sys, check_source; '
            'sys.exit(any(name.startswith("tensorflow") or name == "tf1" '
            'for name in sys.modules))')
    assert subprocess.call([sys.executable, '-c', code], cwd=ROOT) == 0
