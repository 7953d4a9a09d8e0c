"""infer.py as a user runs it, on a tiny run and on one of the blog's."""
import json
import os
import shutil

import cv2
import helpers
import numpy as np
import pytest

import infer
from segmentation import files, pixels

TWO = '''
class TwoSource:
    image_size = (64, 32)
    num_classes = 2
    class_names = ['other', 'red']
    label_colors = {0: (0, 0, 0), 1: (0, 0, 255)}

    def load_data(self, data_dir, valid_fraction):
        raise AssertionError('infer.py loads no data')

    train_generator = valid_generator = load_data


def get_source():
    return TwoSource()
'''


@pytest.fixture(scope='module')
def run():
    return helpers.trained_run()


def write(path, seed=0, size=(70, 45)):
    """Write a scene to a path whose folder is made; return the picture."""
    os.makedirs(os.path.dirname(os.path.abspath(str(path))), exist_ok=True)
    image, _ = helpers.draw_scene(seed, size)
    assert cv2.imwrite(str(path), image)
    return image


def read(path):
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None, path
    return image


def segment(run, *arguments):
    return infer.main(['--name', str(run), '--workers', '2']
                      + [str(argument) for argument in arguments])


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(parent, name), str(folder))
                  for parent, _, names in os.walk(str(folder))
                  for name in names)


def test_folders_of_all_kinds_of_pictures(run, place):
    image = write(place / 'in' / 'a [1] {x}.jpg', 1)
    write(place / 'in' / 'sub dir' / 'deep' / 'B.PNG', 2, (41, 67))
    cv2.imwrite(str(place / 'in' / 'grey.tif'), image[..., 0])
    cv2.imwrite(str(place / 'in' / 'deep.png'), image.astype(np.uint16) * 257)
    cv2.imwrite(str(place / 'in' / 'alpha.webp'),
                cv2.cvtColor(image, cv2.COLOR_BGR2BGRA))
    os.rename(str(place / 'in' / 'grey.tif'), str(place / 'in' / 'noname'))
    whole = (place / 'in' / 'a [1] {x}.jpg').read_bytes()
    (place / 'in' / 'cut.jpg').write_bytes(whole[:len(whole) // 2])
    (place / 'in' / 'broken.png').write_bytes(b'no picture')
    (place / 'in' / 'empty.bmp').write_bytes(b'')
    (place / 'in' / 'notes.txt').write_text('no picture')
    (place / 'in' / 'Thumbs.db').write_bytes(b'\xd0\xcf\x11\xe0' + bytes(99))
    (place / 'in' / '._a.png').write_bytes(b'hidden')
    done = helpers.run_program(
        'infer.py', '--name', run, '--samples-dir', str(place / 'in'),
        '--output-dir', str(place / 'out'))
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line[:3] == '[!]']
    assert lines[0] == '[!] 3 of 8 pictures could not be read:'
    assert [line.split(': ')[0] for line in lines[1:]] == [
        f"[!] {place / 'in' / name}"
        for name in ('broken.png', 'cut.jpg', 'empty.bmp')]
    assert 'Traceback' not in done.stderr
    assert files_below(place / 'out') == sorted(
        ['a [1] {x}.png', 'alpha.png', 'deep.png', 'infer.json', 'noname.png',
         os.path.join('sub dir', 'deep', 'B.png')])
    assert read(place / 'out' / 'a [1] {x}.png').shape == (45, 70, 3)
    assert read(place / 'out' / 'sub dir' / 'deep' / 'B.png').shape == (
        67, 41, 3)
    assert done.stdout.count('is squeezed into the 64x32') == 1
    words = [line.split(':')[0] for line in done.stdout.splitlines()
             if 'is squeezed' not in line]
    assert words[:4] == ['[i] pictures', '[i] model', '[i] engine',
                         '[i] device']
    assert words[4].startswith('[i] 5 pictures in ')
    assert words[5:] == ['[i] decode', '[i] network', '[i] write']
    assert done.stdout.count('95th percentile') == 3
    # 16 bits, another depth of the same picture, make the same.
    assert (read(place / 'out' / 'deep.png') == read(
        place / 'out' / 'alpha.png')).mean() > .9


def test_outputs_are_of_probabilities_at_the_size_of_the_picture(run, place):
    images = {name: write(place / 'in' / (f'{name}.png'), seed, size)
              for seed, (name, size) in enumerate(
                  {'up': (133, 71), 'down': (50, 25), 'same': (64, 32)}
                  .items())}
    assert segment(run, '--samples-dir', 'in', '--output-dir', 'out',
                   '--class-ids', '--colors', '--confidence', 'road',
                   '--confidence', 'not road', '--alpha', '.25',
                   '--batch-size', 2) == 0
    probabilities = helpers.softmax(run, [
        pixels.resize_image(image, helpers.SIZE)[None]
        for image in images.values()])
    seen = set()
    for (name, image), (values,) in zip(images.items(), probabilities):
        height, width = image.shape[:2]
        wide = cv2.resize(values, (width, height),
                          interpolation=cv2.INTER_LINEAR)
        ids = wide.argmax(axis=-1)
        seen |= set(ids.ravel())
        found = read(place / 'out' / 'class-ids' / (f'{name}.png'))
        assert found.dtype == np.uint8 and found.shape == (height, width)
        assert (found == ids).mean() > .999
        colors = np.array(helpers.COLORS)[found]
        np.testing.assert_array_equal(
            read(place / 'out' / 'colors' / (f'{name}.png')), colors)
        assert abs(read(place / 'out' / (f'{name}.png')) - (
            .25 * colors + .75 * image)).max() <= .5
        for folder, number in (('confidence-road', 2),
                               ('confidence-not-road', 1)):
            confidence = read(place / 'out' / folder / (f'{name}.png'))
            assert confidence.shape == (height, width)
            assert abs(confidence - 255 * wide[..., number]).max() < .51
    assert len(seen) > 1


def test_native_runs_at_the_size_of_the_picture(run, place):
    images = [write(place / 'in' / f'{k}.png', k, size)
              for k, size in enumerate([(97, 65), (128, 64), (33, 130)])]
    assert segment(run, '--samples-dir', 'in', '--output-dir', 'out',
                   '--native', '--no-overlay', '--class-ids') == 0
    padded = [np.pad(image, [(0, -image.shape[0] % 32),
                             (0, -image.shape[1] % 32), (0, 0)], 'symmetric')
              for image in images]
    probabilities = helpers.softmax(run, [image[None] for image in padded])
    for k, (image, (values,)) in enumerate(zip(images, probabilities)):
        ids = values.argmax(axis=-1)[:image.shape[0], :image.shape[1]]
        found = read(place / 'out' / 'class-ids' / f'{k}.png')
        assert found.shape == image.shape[:2]
        assert (found == ids).mean() > .999


def test_single_files_and_a_legend(run, place):
    write('some.png', 0, (300, 40))
    write('more/other.bmp', 1)
    assert segment(run, '--samples-dir', 'some.png', 'more/other.bmp',
                   '--output-dir', 'out', '--legend', '--checkpoint',
                   'last') == 0
    assert files_below('out') == ['infer.json', 'other.png', 'some.png']
    height, width, _ = read('out/some.png').shape
    assert width == 300 and 40 < height < 100


def test_input_size_can_be_another(run, place):
    write('in/a.png')
    assert segment(run, '--samples-dir', 'in', '--output-dir', 'out',
                   '--image-size', '96x64') == 0
    assert read('out/a.png').shape == (45, 70, 3)


def test_existing_outputs_are_skipped_or_replaced(run, place, capsys):
    write('in/a.png', 0)
    write('in/b.png', 1)
    command = ['--samples-dir', 'in', '--output-dir', 'out']
    assert segment(run, '--samples-dir', 'in/a.png', '--output-dir',
                   'out') == 0
    wanted = (place / 'out' / 'a.png').read_bytes()
    (place / 'out' / 'a.png').write_bytes(b'marked')
    assert segment(run, *command, '--skip-existing', '--class-ids') == 0
    assert (place / 'out' / 'a.png').read_bytes() == b'marked'
    assert files_below('out') == ['a.png', 'b.png', 'class-ids/a.png',
                                  'class-ids/b.png', 'infer.json']
    capsys.readouterr()
    assert segment(run, *command, '--skip-existing') == 0
    assert capsys.readouterr().out == '[i] done already: 2 of 2 pictures\n'
    assert segment(run, *command) == 0
    assert (place / 'out' / 'a.png').read_bytes() == wanted


def read_record():
    with open('out/infer.json') as file:
        record = json.load(file)
    return record['complete'], record['outputs']


def test_the_record_lists_what_was_written(run, place):
    write('in/a.png')
    write('in/gone.png')
    command = ['--samples-dir', 'in', '--output-dir', 'out']
    assert segment(run, *command) == 0
    os.remove('out/gone.png')
    os.remove('in/gone.png')
    (place / 'in' / 'broken.png').write_bytes(b'no picture')
    assert segment(run, *command, '--confidence', 'Road,sky') == 1
    assert read_record() == (True, [
        'a.png', 'confidence-road/a.png', 'confidence-sky/a.png'])


@pytest.mark.parametrize('rest', [[], ['--skip-existing']])
def test_a_record_is_not_complete_before_the_end(run, place, monkeypatch,
                                                 rest):
    write('in/a.png')
    write('in/b.png')
    command = ['--samples-dir', 'in', '--output-dir', 'out', '--workers', '1']
    seen, write_image = [], files.write_image

    def stop_at_last(*arguments):
        write_image(*arguments)
        seen.append(read_record())
        if len(seen) == 2:
            raise OSError('stopped')

    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr(files, 'write_image', stop_at_last)
        segment(run, *command)
    assert seen == [(False, ['a.png', 'b.png'])] * 2
    assert read_record() == seen[0]
    # With --skip-existing there is nothing left to write but the record.
    assert segment(run, *command, *rest) == 0
    assert read_record() == (True, ['a.png', 'b.png'])


def test_jpeg_is_for_overlays_alone(run, place, capsys):
    write('in/a.png', 0)
    write('in/b.png', 1)
    write('in/b.bmp', 1)
    command = ['--samples-dir', 'in', '--output-dir', 'out', '--class-ids',
               '--jpeg']
    assert segment(run, *command) == 0
    assert files_below('out') == [
        'a.jpg', 'b.bmp.jpg', 'b.png.jpg', 'class-ids/a.png',
        'class-ids/b.bmp.png', 'class-ids/b.png.png', 'infer.json']
    with open('out/infer.json') as file:
        record = json.load(file)
    assert record['jpeg'] == 90 and 'a.jpg' in record['outputs']
    assert segment(run, '--samples-dir', 'in/a.png', '--output-dir',
                   'png') == 0
    found = read('out/a.jpg')
    assert found.shape == (45, 70, 3)
    assert abs(found.astype(int) - read('png/a.png')).mean() < 8
    assert (place / 'out' / 'a.jpg').read_bytes()[:2] == pixels.JPEG
    capsys.readouterr()
    assert segment(run, *command, '--skip-existing') == 0
    assert capsys.readouterr().out == '[i] done already: 3 of 3 pictures\n'
    size = (place / 'out' / 'a.jpg').stat().st_size
    assert segment(run, *command, '20') == 0
    assert (place / 'out' / 'a.jpg').stat().st_size < size


def test_jpeg_replaces_no_input(run, place):
    image = write('in/a.jpg')
    before = (place / 'in' / 'a.jpg').read_bytes()
    with pytest.raises(ValueError, match='^in/a.jpg is an input: it is not'):
        segment(run, '--samples-dir', 'in/a.jpg', '--output-dir', 'in',
                '--jpeg')
    assert (place / 'in' / 'a.jpg').read_bytes() == before
    assert image.shape == (45, 70, 3)


def test_outputs_inside_of_the_samples_are_no_samples(run, place):
    write('in/a.png')
    for _ in range(2):
        assert segment(run, '--samples-dir', 'in', '--output-dir',
                       'in/out') == 0
    assert files_below('in') == ['a.png', 'out/a.png', 'out/infer.json']


def test_same_names_of_two_types_keep_their_suffix(run, place):
    write('in/a.png', 0)
    write('in/a.bmp', 1, (50, 60))
    assert segment(run, '--samples-dir', 'in', '--output-dir', 'out') == 0
    assert files_below('out') == ['a.bmp.png', 'a.png.png', 'infer.json']
    assert read('out/a.bmp.png').shape == (60, 50, 3)


@pytest.mark.parametrize('arguments, message', [
    (['--samples-dir', 'in', '--output-dir', 'in'],
     'in is the folder of the samples: --output-dir has to be another'),
    (['--samples-dir', 'in/a.png', '--output-dir', 'in'],
     'in/a.png is an input: it is not overwritten'),
    (['--samples-dir', 'in', '--output-dir', 'foreign'],
     'foreign/a.png exists already and was not written by infer.py: '
     '--skip-existing leaves it, or choose another --output-dir'),
    (['--samples-dir', 'in', 'foreign', '--output-dir', 'out'],
     'out/a.png.png: in/a.png and foreign/a.png would both be written to it'),
    (['--samples-dir', 'nowhere', '--output-dir', 'out'],
     'nowhere: no such file or folder'),
    (['--samples-dir', 'text', '--output-dir', 'out'],
     'text: no picture in it'),
    (['--samples-dir', 'in', '--output-dir', 'out', '--confidence', 'cow'],
     '--confidence names \'cow\': the classes are sky, not road, road, never'),
    (['--samples-dir', 'in', '--output-dir', 'out', '--confidence',
      'sky,raod'],
     '--confidence names \'raod\': did you mean \'road\'? The classes are '
     'sky, not road, road, never'),
    (['--samples-dir', 'in', '--output-dir', 'out', '--checkpoint', 'e9'],
     '--checkpoint is \'e9\': {run} has best and last'),
    (['--samples-dir', 'in', '--output-dir', 'out', '--name', 'nowhere'],
     'no run in nowhere: no such folder'),
    (['--samples-dir', 'in', '--output-dir', 'out', '--name', 'text'],
     'no run in text: it has neither options.json nor a *.meta and its '
     'checkpoint'),
    (['--samples-dir', 'in', '--output-dir', 'out', '--data-source', 'demo'],
     'the data source has 7 classes, {run} has 4'),
    (['--samples-dir', 'in', '--output-dir', 'out', '--data-source', 'tiny',
      '--classes', '29'],
     'data source \'tiny\' has one class table: --classes does not apply'),
])
def test_what_is_refused_leaves_nothing_behind(run, place, arguments, message):
    original = write('in/a.png')
    write('foreign/a.png')
    (place / 'text').mkdir()
    (place / 'text' / 'a.txt').write_text('')
    before = files_below('.')
    with pytest.raises((OSError, ValueError)) as error:
        segment(run, *arguments)
    assert str(error.value) == message.format(run=run)
    assert files_below('.') == before
    np.testing.assert_array_equal(read('in/a.png'), original)


def test_errors_are_one_line(place):
    done = helpers.run_program('infer.py', '--name', 'nowhere',
                               '--samples-dir', 'in', '--output-dir', 'out')
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr == '[!] no run in nowhere: no such folder\n'


@pytest.mark.parametrize('class_, colors, message', [
    ('street', helpers.COLORS[2],
     'the name of class 2 is road in the data source, street in '
     'run'),
    ('road', (1, 2, 3), 'the colour (BGR) of class 2 is (255, 0, 255) in the '
                        'data source, (1, 2, 3) in run')])
def test_source_of_other_names_or_colours_is_refused(
        run, place, class_, colors, message):
    write('in/a.png')
    shutil.copytree(run, 'run')
    with open('run/options.json') as file:
        saved = json.load(file)
    saved['class_names'][2] = class_
    saved['label_colors'][2] = colors
    with open('run/options.json', 'w') as file:
        json.dump(saved, file)
    with pytest.raises(ValueError) as error:
        segment('run', '--samples-dir', 'in', '--output-dir', 'out',
                '--data-source', 'tiny')
    assert str(error.value) == message


def test_broken_checkpoint_is_said(run, place):
    write('in/a.png')
    shutil.copytree(run, 'run')
    weights, = (place / 'run').glob('best-*.data*')
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r'run/best-\d+: .* cannot be read'):
        segment('run', '--samples-dir', 'in', '--output-dir', 'out')
    assert not os.path.exists('out')


def test_broken_graph_is_said(run, place):
    write('in/a.png')
    shutil.copytree(run, 'run')
    (place / 'run' / 'network.meta').write_bytes(b'\xff\xfebroken')
    with pytest.raises(ValueError, match='network.meta: the graph cannot be'):
        segment('run', '--samples-dir', 'in', '--output-dir', 'out')


@pytest.fixture
def blog_run(place):
    """A graph with the blog's names: class 1 where red is above blue.

    Its checkpoint e9 has it the other way round; keep_prob has to be fed.
    """
    from segmentation.tf1 import tf
    (place / 'source_two.py').write_text(TWO)
    kernel = np.array([[1, 0], [0, 0], [0, 1]], np.float32)     # BGR to 2
    with tf.Graph().as_default(), tf.Session() as sess:
        image_input = tf.placeholder(tf.float32, [None, None, None, 3],
                                     name='image_input')
        keep_prob = tf.placeholder(tf.float32, name='keep_prob')
        weights = tf.get_variable('weights', initializer=kernel)
        scores = tf.nn.conv2d(image_input, weights[None, None],
                              [1, 1, 1, 1], 'SAME')
        scores = tf.nn.dropout(scores, rate=1 - keep_prob)
        with tf.name_scope('sum'):
            total = tf.add(scores, 0 * scores, name='Add')
            total = tf.add(total, 0 * scores, name='Add_1')
        with tf.name_scope('result'):
            result = tf.nn.softmax(total / 64, name='Softmax')
            tf.argmax(result, axis=-1, name='ArgMax')
        # What training added is in the graph, and in the checkpoints.
        labels = tf.placeholder(tf.float32, [None, None, None, 2])
        tf.train.AdamOptimizer().minimize(tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits_v2(
                labels=labels, logits=total)))
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver()
        (place / 'old').mkdir()
        for name, value in (('e9', kernel[::-1]), ('e10', kernel)):
            sess.run(weights.initializer,
                     {weights.initializer.inputs[1]: value})
            saver.save(sess, str(place / 'old' / (f'{name}.ckpt')))
    image = np.zeros((45, 70, 3), np.uint8)
    image[:, :40] = 200, 90, 30
    image[:, 40:] = 30, 90, 200
    (place / 'in').mkdir()
    cv2.imwrite(str(place / 'in' / 'a.png'), image)
    return place / 'old'


def test_blog_run_is_restored_by_its_newest_checkpoint(blog_run):
    command = ['--samples-dir', 'in', '--data-source', 'two', '--no-overlay',
               '--class-ids', '--confidence', 'red', '--output-dir']
    assert segment(blog_run, *command, 'out') == 0
    ids = read('out/class-ids/a.png')
    assert (ids[:, :39] == 0).all() and (ids[:, 41:] == 1).all()
    # softmax of (30, 200) / 64
    assert read('out/confidence-red/a.png')[0, 60] == round(
        255 / (1 + np.exp(-170 / 64)))
    assert segment(blog_run, *command, 'other', '--checkpoint', 'e9') == 0
    np.testing.assert_array_equal(read('other/class-ids/a.png'), 1 - ids)


@pytest.mark.parametrize('arguments, message', [
    ([], 'has no options.json: it takes --data-source to know its classes'),
    (['--data-source', 'tiny'],
     'e10.ckpt.meta has 2 classes, 4 are wanted: sky, not road, road, never'),
    (['--data-source', 'two', '--checkpoint', 'e7'],
     'old has no checkpoint \'e7\''),
    (['--data-source', 'nope'],
     'no data source \'nope\': source_nope.py is not on the path')])
def test_blog_run_is_refused(blog_run, arguments, message):
    with pytest.raises((OSError, ValueError, ImportError)) as error:
        segment('old', '--samples-dir', 'in', '--output-dir', 'out',
                *arguments)
    assert message in str(error.value)
    assert not os.path.exists('out')


@pytest.mark.parametrize('name', ['road', 'roda'])
def test_overlays_in_a_style(run, place, name):
    image = write('in/a.png')
    command = ['--samples-dir', 'in', '--class-ids', '--output-dir', 'out',
               '--only', f'sky,{name}', '--alpha', '.5,road=1', '--palette',
               'color-blind', '--legend', 'on']
    if name == 'roda':
        with pytest.raises(ValueError, match="--only names 'roda': did you "
                                             "mean 'road'"):
            segment(run, *command)
        assert not os.path.exists('out')
        return
    assert segment(run, *command) == 0
    ids, overlay = read('out/class-ids/a.png'), read('out/a.png')
    with open('out/infer.json') as file:
        colors = np.array(json.load(file)['label_colors'])
    assert colors[0].tolist() == [0, 159, 230]
    free = np.zeros_like(ids, bool)
    free[-10:] = True       # the legend is above
    assert (overlay[free & (ids == 2)] == colors[2]).all()
    bare = free & np.isin(ids, [1, 3])
    np.testing.assert_array_equal(overlay[bare], image[bare])
    assert segment(run, '--samples-dir', 'in', '--class-ids', '--output-dir',
                   'lines', '--outline') == 0
    lines, square = read('lines/a.png'), np.ones((3, 3), np.uint8)
    inside = cv2.erode(ids, square) == cv2.dilate(ids, square)
    inside[[0, -1]] = inside[:, [0, -1]] = False
    assert inside.any()
    np.testing.assert_array_equal(lines[inside], image[inside])
    assert (lines != image).any()
