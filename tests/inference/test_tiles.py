"""Tiles: where they lie, blending them, and the programs that use them."""
import os

import cv2
import helpers
import numpy as np
import programs
import pytest
from scipy import ndimage

import evaluate
import infer
import segmentation
from segmentation.errors import InputError
from segmentation.inference import model_options
from segmentation.inference.engines.engine import Engine
from segmentation.inference.jobs import Job
from segmentation.inference.predictor import Sample
from segmentation.inference.tiles import blending, layout
from segmentation.inference.tiles.engine import TiledEngine
from segmentation.inference.tiles.predictor import TilePredictor
from segmentation.trained import exported

STRIDE, CLASSES = 32, ('a', 'b', 'c')
REACH = 2 * STRIDE - 1      # of the coarse network, to each side, at most


class Model:
    """What engines ask of a run."""

    class_names = CLASSES


def coarse(image):
    """Return probabilities (H, W, 3) of a network of stride 32.

    Means of 32x32 pixels, the mean of 3x3 of these with zeros around the
    picture, softmax. What is further away than REACH changes nothing.
    """
    height, width, _ = image.shape
    cells = image.reshape(height // STRIDE, STRIDE, width // STRIDE, STRIDE,
                          3).mean(axis=(1, 3)) / 16
    near = ndimage.uniform_filter(cells, (3, 3, 1), mode='constant')
    exponents = np.exp(near - near.max(axis=-1, keepdims=True))
    shares = exponents / exponents.sum(axis=-1, keepdims=True)
    return shares.repeat(STRIDE, axis=0).repeat(STRIDE, axis=1)


class Coarse(Engine):
    """The coarse network; it notes the shapes that it is given."""

    def __init__(self, model=Model()):
        super().__init__(model)
        self.shapes = []

    def __exit__(self, *_):
        pass

    def probabilities(self, images):
        self.shapes.append(images.shape)
        return np.stack([coarse(image) for image in images]).astype(
            np.float32)

    def describe(self):
        return {'engine': 'coarse'}


def fixed_model(fixed):
    """Return an exported model that takes [B, H, W] alone."""
    return exported.Exported('a.xml', 'openvino', (fixed[2], fixed[1]),
                             list(CLASSES), {}, {'fixed_size': fixed})


def draw(width, height, seed=0):
    random = np.random.RandomState(seed)
    noise = random.randint(0, 256, (-(-height // 16), -(-width // 16), 3))
    return noise.repeat(16, axis=0).repeat(16, axis=1)[
        :height, :width].astype(np.uint8)


def pad(image):
    """Mirror a picture at right and bottom, as --native does."""
    height, width = image.shape[:2]
    return np.pad(image, ((0, -height % 32), (0, -width % 32), (0, 0)),
                  'symmetric')


def expected(image):
    """Return the probabilities of a whole picture."""
    return coarse(pad(image))[:image.shape[0], :image.shape[1]]


def tiled(image, tiles, batch_size=3):
    """Return the probabilities of a picture by tiles, and the engine."""
    engine = Coarse()
    result, = TiledEngine(engine, tiles, batch_size).probabilities(
        image[np.newaxis])
    return result, engine


@pytest.mark.parametrize('side, tile, overlap', [
    (1, 32, 0), (64, 64, 0), (65, 64, 0), (500, 160, 32), (513, 128, 32),
    (1000, 512, 224), (544, 512, 128), (20000, 1024, 128)])
def test_tiles_cover_a_side_in_steps_of_the_stride(side, tile, overlap):
    axis = layout.axis(side, tile, overlap)
    assert axis.starts[0] == 0 and axis.starts[-1] + tile == axis.end
    assert axis.end == max(tile, -(-side // 32) * 32)
    steps = np.diff(axis.starts)
    assert (steps > 0).all() and (steps <= tile - overlap).all()
    assert (np.array(axis.starts) % 32 == 0).all()
    # No fewer would do.
    assert (len(axis.starts) - 1) * (tile - overlap) < (
        axis.end - tile + tile - overlap)
    total = np.zeros(axis.end)
    for start, weights in zip(axis.starts, axis.weights):
        total[start:start + tile] += weights
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_weights_by_hand():
    # 160 pixels in two tiles of 96 that overlap by 32: from 64 to 96. The
    # ramp is 16 pixels wide, and half way up in the middle, at 80.
    axis = layout.axis(160, 96, 32)
    assert axis.starts == [0, 64]
    left, right = axis.weights
    np.testing.assert_array_equal(left[:72], 1)
    np.testing.assert_array_equal(left[88:], 0)
    np.testing.assert_array_equal(right[:8], 0)
    np.testing.assert_array_equal(right[24:], 1)
    np.testing.assert_allclose(
        left[72:88], np.cos(np.pi / 32 * (np.arange(16) + .5)) ** 2,
        atol=1e-6)
    assert (np.diff(left[72:88]) < 0).all()
    # No step is above the slope of the sine: there is no edge to see.
    assert np.abs(np.diff(left)).max() <= np.pi / 32


@pytest.mark.parametrize('size, tile, overlap', [
    ((700, 500), (384, 256), 96), ((640, 480), (256, 256), 96),
    ((1000, 300), (288, 320), 128), ((416, 352), (384, 320), 64),
    ((50, 41), (64, 96), 0), ((450, 400), (192, 160), 32)])
def test_it_is_the_whole_picture_wherever_a_tile_sees_all_that_matters(
        size, tile, overlap):
    image = draw(*size)
    result, engine = tiled(image, layout.make(tile, overlap))
    assert {shape[1:] for shape in engine.shapes} == {
        (tile[1], tile[0], 3)}
    # A pixel is right where each tile that has weight there reaches REACH
    # pixels further, or ends with the picture.
    right = []
    for side, length in zip(size[::-1], tile[::-1]):
        axis = layout.axis(side, length, overlap)
        seen = np.ones(axis.end, bool)
        for start, weights in zip(axis.starts, axis.weights):
            places = np.arange(start, start + length)
            far = ((start == 0) | (places - start >= REACH)) & (
                (start + length == axis.end)
                | (start + length - 1 - places >= REACH))
            seen[places] &= far | (weights == 0)
        right.append(seen[:side])
    where = np.outer(*right)
    assert where.mean() > .15
    whole = (expected(image) if min(np.subtract(size, tile)) > -32
             else coarse(np.pad(pad(image), (
                 (0, max(0, tile[1] - pad(image).shape[0])),
                 (0, max(0, tile[0] - pad(image).shape[1])), (0, 0)),
                 'symmetric'))[:size[1], :size[0]])
    np.testing.assert_allclose(result[where], whole[where], atol=1e-4)
    np.testing.assert_allclose(result.sum(axis=-1), 1, atol=1e-5)


def test_a_quarter_of_the_overlap_is_enough_for_all_pixels_to_be_right():
    image = draw(700, 600)
    result, _ = tiled(image, layout.make((544, 576), 256))
    np.testing.assert_allclose(result, expected(image), atol=1e-4)


@pytest.mark.parametrize('side, overlap, step', [
    (512, 128, np.pi / 128), (640, 0, 1)])
def test_tiles_that_disagree_leave_no_step(side, overlap, step):
    rows, columns = layout.axis(64, 64, 0), layout.axis(side, 320, overlap)
    tiles = [np.full((64, 320, 2), (value, 1 - value), np.float32)
             for value in (0, 1)]
    blocks = list(blending.blend(tiles, rows, columns))
    assert [(block.top, block.left) for block in blocks] == [
        (0, start) for start in columns.starts]
    result = np.hstack([block.probabilities for block in blocks])
    assert result.shape == (64, side, 2)
    assert result[0, 0, 0] == 0 and result[-1, -1, 0] == 1
    np.testing.assert_allclose(np.diff(result, axis=1).max(), step, rtol=.01)


def test_predictions_are_those_of_the_blended_probabilities():
    image, engine = draw(450, 410), Coarse()
    tiles = layout.make((192, 160), 64)
    jobs = [Job('a.png', {'class-ids': '', 2: ''}), Job('b.png', {}),
            Job('c.png', {0: ''})]

    def read(job):
        if job.picture == 'b.png':
            raise InputError('no picture')
        return Sample(image)

    predictor = TilePredictor(TiledEngine(engine, tiles, 4))
    first, failed, last = predictor.predict(jobs, read)
    assert str(failed.error) == 'no picture' and failed.prediction is None
    assert [len(values) for values in predictor.seconds.values()] == [2, 2]
    whole, _ = tiled(image, tiles)
    for result, class_id in ((first, 2), (last, 0)):
        prediction = result.prediction
        assert prediction.ids.dtype == np.uint8
        np.testing.assert_array_equal(prediction.ids, whole.argmax(axis=-1))
        np.testing.assert_array_equal(prediction.levels(class_id), np.rint(
            255 * whole[..., class_id]))
        np.testing.assert_allclose(prediction.plane(class_id),
                                   whole[..., class_id], atol=.5 / 255 + 1e-6)
        with pytest.raises(KeyError):
            prediction.plane(1)


@pytest.mark.parametrize('fixed, counts', [(None, [4, 4, 1]),
                                           ([2, 64, 96], [2] * 5)])
def test_batches_are_of_tiles_and_full_where_their_size_is_fixed(
        fixed, counts):
    engine = Coarse(fixed_model(fixed) if fixed else Model())
    image = draw(230, 130)
    result, = TiledEngine(engine, layout.make((96, 64), 0), 4).probabilities(
        image[np.newaxis])
    assert [shape[0] for shape in engine.shapes] == counts
    np.testing.assert_allclose(result, tiled(
        image, layout.make((96, 64), 0))[0], atol=1e-6)


@pytest.mark.parametrize('size, overlap', [
    ((96, 128), 32), ((160, 64), 0), ((512, 512), 224)])
def test_overlaps_below_half_a_tile_are_taken(size, overlap):
    assert layout.make(size, overlap) == (size, overlap)


@pytest.mark.parametrize('arguments, status, message', [
    (['--tiles', '100x64'], 2, '100 is not divisible by 32; 96 and 128 are'),
    (['--tiles', '128x96', '--overlap', '64'], 1,
     '[!] --overlap is 64: multiples of 32 from 0 to 32 are wanted, less than '
     'half a tile of 128x96'),
    (['--tiles', '128x128', '--overlap', '64'], 1, '0 to 32 are wanted'),
    (['--tiles', '128x128', '--overlap', '20'], 1, 'multiples of 32'),
    (['--tiles', '128x128', '--overlap', '-32'], 1, '--overlap is -32'),
    (['--overlap', '32'], 1, '[!] --overlap goes with --tiles'),
    (['--tiles', '64x64', '--native'], 2, 'not allowed with argument'),
    (['--tiles', '64x64', '--image-size', '64x64'], 2,
     'not allowed with argument')])
def test_what_makes_no_tiles_is_refused_in_a_line(pair, place, capsys,
                                                  arguments, status, message):
    cv2.imwrite('a.png', draw(70, 45))
    for program, others in (
            (infer, ['--samples-dir', 'a.png', '--output-dir', 'out']),
            (evaluate, [])):
        with pytest.raises((SystemExit, InputError)) as stopped:
            program.main(['--name', pair[0], *others, *arguments])
        if status == 2:
            assert stopped.value.code == 2
            assert message in capsys.readouterr().err.splitlines()[0]
        else:
            assert message.replace('[!] ', '') in str(stopped.value)
    assert not os.path.exists('out')


def run_infer(run, folder, *arguments):
    """Return (class ids, levels of road) that infer.py writes of big.png."""
    done = helpers.run_program(
        'infer.py', '--name', str(run), '--samples-dir', 'big.png',
        '--output-dir', folder, '--class-ids', '--confidence', 'road',
        *arguments, cwd=os.getcwd())
    assert done.returncode == 0, done.stderr
    return [cv2.imread(os.path.join(folder, kind, 'big.png'), 0).astype(int)
            for kind in ('class-ids', 'confidence-road')] + [done.stdout]


@pytest.mark.slow
def test_infer_gives_what_it_gives_of_whole_pictures(pair, place):
    image, _ = helpers.draw_scene(3, (419, 230))
    cv2.imwrite('big.png', image)
    # A 3x3 network sees one pixel beyond: that is in the outer quarter.
    ids, levels, lines = run_infer(pair[0], 'tiled', '--tiles', '160x128',
                                   '--overlap', '32')
    assert '[i] tiles: 160x128, overlapping by 32 pixels\n' in lines
    whole = programs.run_network(pad(image), 0)[:230, :419]
    np.testing.assert_allclose(levels, 255 * whole[..., 2], atol=.51)
    highest = np.sort(whole, axis=-1)
    clear = highest[..., -1] - highest[..., -2] > 1e-4
    assert clear.mean() > .99
    np.testing.assert_array_equal(ids[clear], whole.argmax(axis=-1)[clear])
    overlay = cv2.imread('tiled/big.png')
    assert overlay.shape == image.shape
    # Once more by the CRF's way, which takes all probabilities.
    with segmentation.load(pair[0], tiles=(160, 128), overlap=32) as model:
        prediction = model.predict(image)
    assert model.engine['tiles'] == [160, 128]
    assert model.engine['overlap'] == 32
    np.testing.assert_array_equal(prediction.ids, ids)
    np.testing.assert_array_equal(prediction.levels(2), levels)


def test_evaluate_gives_what_it_gives_of_whole_pictures(pair, place):
    arguments = ['--flip', '--scales', '1,3', '--split', 'test']
    whole, tiled = (programs.score(pair[0], *arguments, *more) for more in (
        ['--native'], ['--tiles', '96x128']))
    assert tiled['engine']['tiles'] == [96, 128]
    assert tiled['engine']['overlap'] == 32
    # Pixels that two classes tie on may differ.
    np.testing.assert_allclose(np.array(tiled['matrix']), whole['matrix'],
                               atol=2)


def test_the_crf_refines_what_tiles_give(pair, place):
    pytest.importorskip('pydensecrf')
    cv2.imwrite('big.png', helpers.draw_scene(3, (150, 90))[0])
    for folder, arguments in (
            ('whole', ['--native']),
            ('tiled', ['--tiles', '96x96', '--overlap', '32'])):
        assert infer.main(['--name', pair[0], '--samples-dir', 'big.png',
                           '--output-dir', folder, '--no-overlay',
                           '--class-ids', '--workers', '1', '--crf',
                           *arguments]) == 0
    whole, tiled = (cv2.imread(f'{folder}/class-ids/big.png', 0)
                    for folder in ('whole', 'tiled'))
    assert (whole != tiled).mean() < 1e-3


def test_a_model_of_one_size_takes_tiles_of_that_size():
    model = fixed_model([1, 64, 96])
    settings = model_options.Settings(None, None, 0, None, False, 4, True)
    own = settings._replace(tiles=layout.make((96, 64), 0))
    augmentation = own.augmentation(model, (.5, 1), True)
    assert augmentation.image_size is None
    assert (own.pictures, settings.pictures) == (1, 4)
    with pytest.raises(InputError) as error:
        own._replace(tiles=layout.make((64, 96), 0)).augmentation(model)
    assert str(error.value) == (
        'a.xml takes pictures of 96x64 alone: that is the size of --tiles')
