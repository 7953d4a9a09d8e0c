"""The CRF: by brute force, by what it is for, and its processes."""
import os
import signal
import subprocess
import sys
import textwrap
import time

import helpers
import numpy as np
import pytest

from segmentation import metrics
from segmentation.crf import choice, model
from segmentation.crf import pool as crf_pool
from segmentation.crf import tuning
from segmentation.crf.model import Parameters
from segmentation.inference.prediction import Prediction

pytest.importorskip('pydensecrf.densecrf')

WIDTH, HEIGHT = 12, 10
COLORS = np.array([(20, 40, 60), (200, 150, 90), (60, 220, 180)], np.uint8)


def mean_field(image, probabilities, parameters):
    """The mean field by all N x N pairs of pixels, in float64.

    Kernels are normalized as K_ij / sqrt(sum_k K_ik sum_k K_jk).
    """
    height, width, classes = probabilities.shape
    places = np.indices((height, width)).reshape(2, -1, 1)
    apart = ((places - places.swapaxes(1, 2)) ** 2).sum(axis=0)     # [N, N]
    colors = image.reshape(-1, 1, 3).astype(float)
    unlike = ((colors - colors.swapaxes(0, 1)) ** 2).sum(axis=-1)   # [N, N]
    exponents = ((parameters.gaussian_compat,
                  apart / parameters.gaussian_sxy ** 2),
                 (parameters.bilateral_compat,
                  apart / parameters.bilateral_sxy ** 2
                  + unlike / parameters.bilateral_srgb ** 2))
    costs = -np.log(np.clip(probabilities, 1e-5, 1).astype(float))
    costs = costs.reshape(-1, classes)
    tie = 0
    for weight, exponent in exponents:
        kernel = np.exp(-exponent / 2)
        root = np.sqrt(kernel.sum(axis=0))
        tie = tie + weight * kernel / root / root[:, None]
    logits = -costs
    for _ in range(parameters.iterations):
        logits = tie @ normalize(logits) - costs
    return normalize(logits).reshape(probabilities.shape)


def normalize(logits):
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponents / exponents.sum(axis=-1, keepdims=True)


def draw(seed, classes, flat, regions=True):
    """A picture of flat colours or of noise; of regions or of noise, too,
    the probabilities."""
    random = np.random.RandomState(seed)
    rows, columns = np.indices((HEIGHT, WIDTH))
    image = COLORS[(rows + columns) // 5 % 3] if flat else random.randint(
        256, size=(HEIGHT, WIDTH, 3)).astype(np.uint8)
    raw = random.rand(HEIGHT, WIDTH, classes) ** 2
    raw /= raw.sum(axis=-1, keepdims=True)
    if regions:
        ids = (columns > 6) * 1 + (rows > 6) * (classes > 2)
        raw = .5 * np.eye(classes)[ids] + .5 * raw
    return image, raw.astype(np.float32)


@pytest.mark.parametrize('flat, parameters', [
    # the Gaussian kernel alone: narrow and light, wide and heavy
    (False, Parameters(5, 2, .08, 1, 1, 0)),
    (False, Parameters(5, 1000, 3, 1, 1, 0)),
    # the bilateral one alone: ties within a colour, and across colours
    (True, Parameters(5, 1, 0, 200, 10, 1)),
    (True, Parameters(2, 1, 0, 1000, 30, 2)),
    (True, Parameters(5, 1, 0, 50, 30, .5)),
    (False, Parameters(5, 1, 0, 50, 1000, .3)),
    # both
    (True, Parameters(5, 2, .04, 200, 10, 1)),
    (True, Parameters(3, 1000, 1, 1000, 30, 1))])
@pytest.mark.parametrize('classes', [2, 3, 4])
@pytest.mark.parametrize('regions', [True, False])
def test_refined_is_what_brute_force_gives(flat, parameters, classes, regions):
    """To 1e-3, where the lattice of pydensecrf is that exact.

    The lattice approximates: between pixels that lie about a width apart its
    kernel is off by some per cent, and the error in the probabilities grows
    with the kernel's weight. It is exact where pixels are tied fully or not
    at all. The parameters here are those that it does well with; where
    probabilities form regions, each moves them by four times the tolerance
    at least, and by hundreds of times at most.
    """
    image, probabilities = draw(classes, classes, flat, regions)
    found = model.refine(image, probabilities, parameters)
    wanted = mean_field(image, probabilities, parameters)
    assert found.dtype == np.float32 and found.flags.c_contiguous
    assert not regions or abs(wanted - probabilities).max() > .004
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-3)


@pytest.mark.parametrize('preset', sorted(choice.PRESETS))
@pytest.mark.parametrize('classes', [2, 4])
def test_presets_give_about_what_brute_force_gives(preset, classes):
    """To 1e-2: weights of 1 and more show more of the lattice's error."""
    image, probabilities = draw(classes, classes, True)
    parameters = choice.PRESETS[preset]
    found = model.refine(image, probabilities, parameters)
    wanted = mean_field(image, probabilities, parameters)
    assert abs(wanted - probabilities).max() > .1
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-2)


def test_without_weights_nothing_changes():
    image, probabilities = draw(1, 3, False)
    np.testing.assert_allclose(
        model.refine(image, probabilities, Parameters(5, 3, 0, 30, 10, 0)),
        probabilities, atol=2e-5)


def test_certain_pixels_are_not_infinitely_so():
    image, probabilities = draw(1, 3, True)
    probabilities[:] = np.eye(3, dtype=np.float32)[0]
    probabilities[4, 5] = np.eye(3)[1]
    refined = model.refine(image, probabilities,
                           Parameters(5, 5, 9, 50, 20, 9))
    assert np.isfinite(refined).all() and refined[4, 5].argmax() == 0


def test_blurred_prediction_snaps_to_the_edge():
    """The edge is at column 20, the prediction turns at column 24."""
    image = np.zeros((30, 41, 3), np.uint8)
    image[:, 20:] = 90, 160, 200
    slope = (1 / (1 + np.exp((23.5 - np.arange(41)) / 3))).astype(np.float32)
    probabilities = np.stack([1 - slope, slope], axis=-1)[None].repeat(30, 0)
    ids = model.refine(image, probabilities, choice.PRESETS['post']).argmax(-1)
    np.testing.assert_array_equal(ids, image[..., 0] > 0)


def test_classes_after_each_iteration_are_those_of_refining():
    image, probabilities = draw(3, 4, False)
    parameters = Parameters(9, 3, 2, 10, 60, 4)
    steps = list(model.likeliest(image, probabilities, parameters, (1, 2, 5)))
    assert (steps[0] != steps[2]).any()
    for count, ids in zip((1, 2, 5), steps):
        np.testing.assert_array_equal(ids, model.refine(
            image, probabilities, parameters._replace(iterations=count)
        ).argmax(axis=-1))


@pytest.mark.parametrize('image', [np.zeros((WIDTH, HEIGHT, 3), np.uint8),
                                   np.zeros((HEIGHT, WIDTH, 3), np.float32)])
def test_pictures_that_do_not_fit_are_refused(image):
    with pytest.raises(ValueError, match=r'uint8 \(10, 12, 3\) is wanted'):
        model.refine(image, draw(0, 2, True)[1], choice.PRESETS['post'])


@pytest.fixture(scope='module')
def pool():
    with crf_pool.start(choice.Choice(choice.PRESETS['post'], 'post'),
                        1) as pool:
        yield pool


@pytest.mark.parametrize('sizes', [[(32, 32)], [(64, 32), (96, 64)]])
def test_processes_refine_what_was_enlarged(pool, sizes):
    """One map smaller than the picture, or several that are more to send."""
    random = np.random.RandomState(3)
    image = random.randint(256, size=(45, 71, 3)).astype(np.uint8)
    maps = [random.dirichlet(np.ones(3), (height, width)).astype(np.float32)
            for width, height in sizes]
    prediction = Prediction(maps, [True, False][:len(maps)], (71, 45))
    found = pool.refine(image, prediction)
    wanted = model.refine(image, prediction.probabilities(),
                          choice.PRESETS['post'])
    assert found.size == (71, 45)
    np.testing.assert_array_equal(found.ids, wanted.argmax(axis=-1))
    for number in range(3):
        np.testing.assert_allclose(found.plane(number), wanted[..., number],
                                   atol=1e-6)


def test_less_is_sent():
    small, large = np.zeros((32, 64, 3)), np.zeros((64, 128, 3))
    one = Prediction([small], [False], (71, 45))
    assert crf_pool.compact(one) is one
    both = crf_pool.compact(Prediction([small, large], [False, True],
                                       (71, 45)))
    assert [part.shape for part in both.maps] == [(45, 71, 3)]


def test_processes_load_no_tensorflow(pool):
    assert not crf_pool.result(pool.submit(
        eval, '"tensorflow" in __import__("sys").modules'))


def test_process_that_was_ended_is_said():
    with crf_pool.start(choice.Choice(choice.PRESETS['post'], 'post'),
                        1) as pool:
        future = pool.submit(os._exit, 1)
        with pytest.raises(OSError, match='fewer --workers need less'):
            crf_pool.result(future)
        with pytest.raises(OSError, match='fewer --workers need less'):
            pool.submit(os.getpid)


SCRIPT = '''
import sys
import time

sys.path.insert(0, {root!r})
from segmentation.crf import choice, pool
import utils


def main():
    chosen = choice.Choice(choice.PRESETS['post'], 'post')
    with pool.start(chosen, 2) as started:
        print(*started.executor._processes, flush=True)
        time.sleep(60)


if __name__ == '__main__':
    utils.run(main)
'''


@pytest.fixture
def program(tmp_path):
    """A program with two processes of the CRF that are about to start."""
    path = tmp_path / 'program.py'
    path.write_text(textwrap.dedent(SCRIPT.format(root=helpers.ROOT)))
    with subprocess.Popen([sys.executable, str(path)], start_new_session=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True) as process:
        yield process, list(map(int, process.stdout.readline().split()))


def test_interrupt_ends_in_one_line(program):
    process, numbers = program
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, '[!] interrupted\n')
    assert len(numbers) == 2 and not any(map(is_running, numbers))


def test_processes_end_with_a_program_that_is_killed(program):
    process, numbers = program
    assert all(map(is_running, numbers))
    process.kill()
    process.communicate(timeout=30)
    end = time.time() + 20
    while any(map(is_running, numbers)) and time.time() < end:
        time.sleep(.1)
    assert not any(map(is_running, numbers))


def is_running(number):
    """Whether there is such a process, and it is not just unreaped."""
    try:
        with open(f'/proc/{number}/stat') as file:
            return file.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def test_tuning_finds_what_gains(pool):
    """A prediction whose edges are 4 pixels off, in three pictures."""
    examples = []
    for seed in range(3):
        image, ids = helpers.draw_scene(seed)
        shifted = np.roll(ids.clip(0, 2), 4, axis=1)
        soft = (.7 * np.eye(3) + .1).astype(np.float32)[shifted]
        examples.append(tuning.Example(str(seed), image, ids, Prediction(
            [soft], [False], ids.shape[::-1])))
    tuned = tuning.tune(pool, choice.PRESETS['post'], examples)
    assert len(tuned.ranked) == 24 == len({setting for setting, _
                                           in tuned.ranked})
    mious = [metrics.scores(matrix)['miou'] for _, matrix in tuned.ranked]
    assert mious == sorted(mious, reverse=True)
    assert mious[0] > metrics.scores(tuned.raw)['miou'] + .02
    assert tuned.pictures == ['0', '1', '2']
    parameters, matrix = tuned.ranked[0]
    np.testing.assert_array_equal(matrix, sum(metrics.confusion_matrix(
        ids, model.refine(image, prediction.probabilities(),
                          parameters).argmax(axis=-1), 3)
        for _, image, ids, prediction in examples))
