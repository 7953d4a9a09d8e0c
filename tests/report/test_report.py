"""evaluate.py --report: the page, its files, and how a browser sees it."""
import html.parser
import json
import os
import shutil
import subprocess
import sys

import cv2
import helpers
import numpy as np
import pytest
import runs

import evaluate
from segmentation.report import folder as report_folder
from segmentation.report import highlights, panels

NAMES = ['<b>&"', 'box', 'road', 'never']
TABLE = ('name,id,ignore\n"<b>&""",0,\nbox,1,\nroad,2,\nnever,3,\n'
         'void,9,1\n')
ODD = 'a <i>&amp; \'b\'.png'
CHROMIUM = next(filter(None, map(shutil.which, (
    'chromium', 'chromium-browser', 'google-chrome', 'chrome'))), None)
LOG = [{'epoch': 1, 'train_loss': 1.5, 'valid_loss': 1.25, 'miou': .25},
       {'epoch': 2, 'train_loss': .5, 'valid_loss': .75, 'miou': .375}]


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """A run on a folder of pictures, one of which has an odd name."""
    folder = tmp_path_factory.mktemp('report')
    data = folder / 'data'
    for seed, name in enumerate(['train/0.png', 'valid/' + ODD,
                                 'valid/1.png', 'valid/2.png']):
        image, ids = helpers.draw_scene(seed)
        for kind, array in (('images', image), ('labels', ids)):
            path = data / kind / name
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), array)
    (data / 'classes.csv').write_text(TABLE)
    return runs.make(folder / 'run', 'folder', data)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope='module')
def page(run, tmp_path_factory):
    """A report of it all, as a person makes it; its folder."""
    folder = tmp_path_factory.mktemp('page')
    name = os.path.join(run, 'log.jsonl')
    with open(name, 'w') as file:
        # The last line is cut off: the run is under way.
        file.write('\n'.join(map(json.dumps, LOG)) + '\n{"epoch": 3, "tra')
    done = subprocess.run(
        [sys.executable, os.path.join(helpers.ROOT, 'evaluate.py'), '--name',
         run, '--report', 'report', '--json', 'scores.json', '--workers',
         '2'], cwd=str(folder), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, universal_newlines=True)
    os.remove(name)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith('[i] report/index.html\n')
    assert sorted(os.listdir(str(folder))) == ['report', 'scores.json']
    return folder / 'report'


class Page(html.parser.HTMLParser):
    """The links, the numbers, the elements and the text of a page."""

    EMPTY = {'meta', 'link', 'img', 'input', 'br'}

    def __init__(self, folder):
        super().__init__()
        self.folder = str(folder)
        self.links, self.values, self.texts, self.open = [], [], [], []
        self.ids = []
        with open(os.path.join(self.folder, 'index.html'),
                  encoding='utf-8') as file:
            self.source = file.read()
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        for key in ('src', 'href', 'xlink:href'):
            if key in attributes:
                self.links.append(attributes[key])
        if tag == 'data':
            self.values.append(float(attributes['value']))
        self.ids += [attributes['id']] if 'id' in attributes else []
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data.strip())


def test_page_is_whole_and_stands_alone(page):
    found = Page(page)
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    for link in found.links:
        if link.startswith('#'):
            assert link[1:] in found.ids
        elif link != 'data:,':
            assert os.path.isfile(os.path.join(found.folder, link)), link
    shown = {link for link in found.links if link.startswith('pictures/')}
    assert shown == {'pictures/' + name for name in os.listdir(
        str(page / 'pictures'))}
    assert '//' not in found.source.replace('\\', '')
    for number in os.listdir(str(page / 'pictures')):
        assert cv2.imread(str(page / 'pictures' / number)) is not None


def test_names_are_escaped(page):
    found = Page(page)
    assert NAMES[0] in found.texts
    assert 'images/valid/' + ODD in found.texts
    assert '<b>&' not in found.source and '<i>&' not in found.source


def test_numbers_are_those_of_the_json(page):
    with open(str(page.parent / 'scores.json')) as file:
        scores = json.load(file)
    with open(str(page / 'scores.json')) as file:
        assert json.load(file) == scores
    values = Page(page).values
    wanted = [scores['scores'][kind] for kind in (
        'miou', 'pixel_accuracy', 'mean_accuracy', 'fwiou')]
    wanted.append(scores['calibration']['expected_calibration_error'])
    assert values[:5] == wanted
    matrix = np.array(scores['matrix'])
    shares = matrix.sum(axis=1) / matrix.sum()
    for name, share in zip(NAMES, shares):
        wanted += [value for value in (
            scores['iou'][name], scores['accuracy'][name],
            scores['precision'][name], share) if value is not None]
    assert values[5:len(wanted)] == pytest.approx(wanted[5:], abs=1e-15)
    for near in scores['trimaps'].values():
        assert near['miou'] in values


def test_curves_are_of_the_log(page):
    texts = Page(page).texts
    assert 'best 37.5 % in epoch 2' in texts
    assert 'Loss, nats a pixel' in texts and 'validation' in texts


def test_report_takes_the_place_of_one_but_of_nothing_else(run, place):
    arguments = ['--name', run, '--workers', '2', '--report', 'report']
    evaluate.main(arguments)
    assert 'training' not in Page(place / 'report').ids     # without a log
    os.remove(str(place / 'report' / 'scores.json'))
    evaluate.main(arguments)
    assert sorted(os.listdir('report')) == [
        'index.html', 'pictures', 'report.json', 'scores.json']
    assert os.listdir('.') == ['report']
    (place / 'report' / 'pictures' / 'mine.png').write_bytes(b'')
    with pytest.raises(FileExistsError, match='report is not empty: a new'):
        evaluate.main(arguments)
    with pytest.raises(FileExistsError, match='run is not empty: a new'):
        evaluate.main(arguments[:-1] + [run])
    assert os.path.isfile('report/pictures/mine.png')


@pytest.mark.parametrize('option, value', [
    ('--json', 'report/a.json'), ('--export', 'report')])
def test_nothing_else_is_written_into_a_report(place, option, value):
    with pytest.raises(ValueError, match=f'{value}: it would be written into '
                                         'report, which is an output'):
        report_folder.check('report', [None, value])
    with pytest.raises(SystemExit):
        evaluate.main(['--compare', 'a', 'b', '--report', 'report'])


def test_missing_library_is_one_line(place, monkeypatch):
    monkeypatch.setitem(sys.modules, 'jinja2', None)
    with pytest.raises(ImportError, match=r'^--report needs jinja2 and '
                                          r'matplotlib \(pip install '):
        report_folder.check('report')


def test_samples_of_the_contract_alone_are_shown(place, monkeypatch):
    data = helpers.data_dir()
    monkeypatch.syspath_prepend(helpers.folder())
    run = runs.make(place / 'run', 'bare', data)
    evaluate.main(['--name', run, '--report', 'report', '--workers', '2'])
    found = Page(place / 'report')
    assert 'valid/0.png' in found.texts
    first = cv2.imread(str(place / 'report' / 'pictures' /
                           '00000_picture.jpg'))
    assert first.shape == (32, 64, 3)


def test_pictures_without_labels_leave_sections_out(run, place):
    shutil.copytree(os.path.join(os.path.dirname(run), 'data'), 'data')
    for name in os.listdir('data/labels/valid'):
        cv2.imwrite('data/labels/valid/' + name,
                    np.full((45, 70), helpers.VOID, np.uint8))
    evaluate.main(['--name', run, '--data-dir', 'data', '--report', 'report'])
    found = Page(place / 'report')
    assert 'No pixel has a label: nothing is scored.' in found.texts
    assert found.values == [] and os.listdir('report/pictures') == []
    assert {'worst', 'pairs', 'matrix', 'calibration'}.isdisjoint(found.ids)


def matrices(*rows):
    """2x2 matrices [[hits, misses], [invented, 100]] by (hits, misses)."""
    return np.array([[[hits, misses], [invented, 100]]
                     for hits, misses, invented in rows])


def test_worst_pictures_show_enough_of_the_class():
    # IoU 0 of 1 pixel; 1/2; 0 of 40; 0 of 60; 3/4; none there, but invented
    stack = matrices((0, 1, 0), (20, 20, 0), (0, 40, 0), (0, 60, 0),
                     (30, 0, 10), (0, 0, 50))
    assert highlights.worst(stack, 0, count=9) == [3, 2, 1, 4]
    assert highlights.worst(stack, 0) == [3, 2, 1]
    assert highlights.worst(stack[5:], 0) == []


def test_pairs_are_ranked_by_what_they_cost_a_class():
    matrix = np.array([[8000, 1000, 1000], [100, 900, 0], [0, 0, 0]])
    # a tenth of class 0 twice, a tenth of class 1: by number where equal
    assert highlights.pairs(matrix) == [(0, 1, .1), (0, 2, .1), (1, 0, .1)]
    matrix[2] = 0, 1, 0     # a single pixel of 11001 is a chance
    assert len(highlights.pairs(matrix)) == 3
    stack = np.stack([matrix, 0 * matrix, 2 * matrix])
    assert highlights.examples(stack, 0, 1) == [2, 0]


def test_confusions_of_a_picture_that_round_to_nothing_are_left_out():
    matrix = np.array([[900, 97, 3], [0, 0, 0], [0, 0, 0]])
    shot = highlights.Shot('class', 0)
    assert highlights.caption(shot, matrix)['confusions'] == [(1, .097)]


def test_typical_picture_has_the_median_score():
    assert highlights.typical(matrices((9, 1, 0), (1, 9, 0), (5, 5, 0))) == 2
    assert highlights.typical(np.zeros((3, 2, 2), int)) is None


def test_crop_holds_the_mistakes():
    mask = np.zeros((60, 90), bool)
    mask[40:50, 70:80] = True
    rows, columns = panels.window(mask)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (20, 30)
    assert mask[rows, columns].sum() == 100


def test_mistakes_are_told_apart():
    ids = np.array([[0, 0, 1, 1, 2, 255]], np.uint8)
    predicted = np.array([[0, 1, 0, 2, 2, 0]], np.uint8)
    clear, ignored = (0, 0, 0, 0), (0, 0, 0, 60)
    negative = panels.FALSE_NEGATIVE + (255,)
    positive = panels.FALSE_POSITIVE + (255,)
    other = panels.OTHER + (90,)
    for classes, wanted in (
            ((), [clear, negative, negative, negative, clear]),
            ((0,), [clear, negative, positive, other, clear]),
            ((1, 2), [clear, other, other, negative, clear])):
        layer = panels.mistakes(ids, predicted, 3, *classes)
        assert layer[0, :5].tolist() == list(map(list, wanted))
        assert layer[0, 5].tolist() == list(ignored)


# What the page tells the one around it, once all of it is loaded.
PROBE = '''
<script>
var errors = [];
window.onerror = function (message) { errors.push(message); };
window.onload = function () {
  var images = Array.from(document.images);
  document.querySelector('.views button[value=mistakes]').click();
  var slider = document.querySelector('.card input');
  slider.value = 20;
  slider.dispatchEvent(new Event('input', {bubbles: true}));
  var card = document.querySelector('.card');
  parent.postMessage(JSON.stringify({
    errors: errors, images: images.length,
    broken: images.filter(e => !e.naturalWidth).length,
    width: document.documentElement.scrollWidth - window.innerWidth,
    view: card.dataset.view, x: card.style.getPropertyValue('--x')}), '*');
};
</script>
'''
# Chromium makes no window as narrow as a phone.
AROUND = '''<!DOCTYPE html><title></title>
<script>onmessage = event => { document.title = event.data; };</script>
<iframe src="page/index.html" style="width:WIDTHpx;height:800px"></iframe>
'''


@pytest.mark.skipif(CHROMIUM is None, reason='no Chromium here')
@pytest.mark.parametrize('width', [1200, 390, 320])
def test_browser_shows_it_without_errors(page, tmp_path, width):
    shutil.copytree(str(page), str(tmp_path / 'page'))
    index = tmp_path / 'page' / 'index.html'
    text = index.read_text(encoding='utf-8')
    # Lazy pictures would be loaded as they are scrolled to.
    index.write_text(
        text.replace('<head>', '<head>' + PROBE, 1).replace(
            'loading="lazy"', '').replace('<details ', '<details open '),
        encoding='utf-8')
    around = tmp_path / 'around.html'
    around.write_text(AROUND.replace('WIDTH', str(width)))
    done = subprocess.run(
        [CHROMIUM, '--headless', '--no-sandbox', '--disable-gpu',
         '--disable-quic', '--no-first-run', '--disable-sync',
         '--disable-background-networking', '--disable-component-update',
         '--user-data-dir=' + str(tmp_path / 'profile'),
         '--window-size=1300,900', '--virtual-time-budget=10000',
         '--enable-logging=stderr', '--dump-dom', around.as_uri()],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    assert b'CONSOLE' not in done.stderr
    dom = done.stdout.decode('utf-8')
    title = dom[dom.index('<title>') + 7:dom.index('</title>')]
    told = json.loads(title)
    assert told['images'] > 10
    assert {key: told[key] for key in ('errors', 'broken', 'view', 'x')} == {
        'errors': [], 'broken': 0, 'view': 'mistakes', 'x': '20%'}
    assert told['width'] <= 0       # no scrolling sideways
