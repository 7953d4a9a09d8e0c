"""Write a network to a file, check the file, and put it in its place."""
import functools
import json
import os

import numpy as np

from segmentation import text, tf1
from segmentation.errors import InputError
from segmentation.export import (calibration, check, description, formats,
                                 inputs, placing)
from segmentation.nn import freeze, network
from segmentation.terminal import header, progress
from segmentation.tf1 import tf
from segmentation.trained import descriptions, exported, golden


def export(request, score=None):
    """Write the file that is asked for; yield lines on it as they come.

    Parameters
    ----------
    request : request.Request
    score : callable, optional
        score(exported.Exported) returns the mIoU of a model; with it int8
        that loses more than request.max_loss is refused.

    Raises
    ------
    InputError
        The file does not give what the network gives; nothing is left.
    """
    image = golden.draw(request.image_size)
    graph_def, wanted, num_parameters = freeze_run(request, image)
    yield from header_lines(request, num_parameters)
    with placing.placed(request.output, request.row) as path:
        describe = functools.partial(write_description, request,
                                     num_parameters, image)
        if request.pictures:
            yield from write_int8(request, graph_def, image, wanted, path,
                                  score, describe)
        else:
            answer, difference = write_float32(request, graph_def, image,
                                               wanted, path)
            yield f'[i] golden picture: {difference.in_words()}'
            describe('float32', answer, path)
        size = size_of(path)
    yield f'[i] {request.output}: {size / 1e6:.1f} MB'


def freeze_run(request, image):
    """Freeze the network of a run.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        The golden picture, BGR.

    Returns
    -------
    tf.GraphDef
    check.Answer
        What it gives for the golden picture.
    int
        The number of its parameters.
    """
    run = request.run
    with tf.Graph().as_default(), tf1.session() as sess:
        net = network.restore(sess, run.graph, run.checkpoint)
        answer = check.Answer(*sess.run(
            [net.softmax, net.classes],
            {net.image_input: batch_of(request, image), net.keep_prob: 1}))
        count, names = answer.softmax.shape[-1], run.class_names
        if count != len(names):
            raise InputError(f'{run.graph} has '
                             f'{text.counted(count, "class")}, {len(names)} '
                             f'are wanted: {", ".join(names)}')
        return (freeze.freeze(sess, net), answer,
                network.count_parameters(tf.global_variables()))


def header_lines(request, num_parameters):
    """Return the lines of the program's header."""
    run, precision = request.run, 'int8' if request.pictures else 'float32'
    return [header.model(f'{run.path}, {os.path.basename(run.checkpoint)}',
                         num_parameters),
            f'[i] output: {request.format}, {precision}; '
            + header.shape(len(run.class_names), request.image_size),
            *header.engine('tensorflow', tf.version.VERSION, 'float32', 0,
                           tf1.describe_device())]


def batch_of(request, image):
    """Return the golden picture as a batch (B, H, W, 3)."""
    return np.repeat(image[np.newaxis], request.input_shape()[0], axis=0)


def write_float32(request, graph_def, image, wanted, path):
    """Write and check a float32 file.

    Returns
    -------
    check.Answer
        What it gives for the golden picture.
    check.Difference
        How far that is from what the network gives.
    """
    with progress.show(2, f'writing {request.format}', 'step') as bar:
        writer = formats.writer(request.format)
        writer.write(inputs.adapt(graph_def, request.input_type,
                                  request.channel_order, request.fixed_size),
                     path, request.fixed_size)
        bar.update()
        answer = run_file(request, writer, path, image)
    difference = check.compare(answer, wanted, request.output)
    check.refuse_other(difference, request.output)
    return answer, difference


def run_file(request, writer, path, image):
    """Return the Answer that a file gives for the golden picture."""
    with writer.open_file(path) as run:
        return check.Answer(*map(np.asarray, run(inputs.as_taken(
            batch_of(request, image), request.input_type,
            request.channel_order))))


def write_description(request, num_parameters, image, precision, answer,
                      path):
    """Write the description of a file into it, or beside it."""
    descriptions.WRITERS[request.format](path, json.dumps(dict(
        description.describe(request, precision, image, answer.classes[0]),
        parameters=num_parameters)))


def write_int8(request, graph_def, image, wanted, path, score, describe):
    """Write an int8 file; yield lines on what that changes.

    `describe(precision, answer, path)` writes the description of a file.
    """
    writer = formats.writer(request.format)
    folder = os.path.join(os.path.dirname(path), 'float32')
    os.mkdir(folder)
    whole = os.path.join(folder, os.path.basename(path))
    reference, difference = write_float32(request, graph_def, image, wanted,
                                          whole)
    yield f'[i] golden picture in float32: {difference.in_words()}'
    pictures = calibration.read_batches(request.pictures, request.image_size,
                                        request.workers)
    yield ('[i] int8, calibrated on '
           f'{text.counted(len(pictures), "picture")} of '
           f'{"x".join(map(str, request.image_size))}')
    with progress.show(len(pictures), 'calibration') as bar:
        def take(images):
            bar.update()
            return inputs.as_taken(images, request.input_type,
                                   request.channel_order)
        writer.quantize(whole, path, pictures, take)
    answer = run_file(request, writer, path, image)
    difference = check.compare(answer, wanted, request.output)
    yield f'[i] golden picture in int8: {difference.in_words()}'
    # What it must give on other machines is what int8 gives, not float32.
    describe('int8', answer, path)
    describe('float32', reference, whole)
    if score is None:
        yield '[i] mIoU before and after: with --data-dir'
        return
    before, after = (score(exported.read(name)) for name in (whole, path))
    yield (f'[i] mIoU of the validation split: {before:.2%} in float32, '
           f'{after:.2%} in int8')
    if 100 * (before - after) > request.max_loss:
        raise InputError(
            f'int8 loses {100 * (before - after):.2f} points of mIoU, more '
            f'than --max-loss {request.max_loss:g}: {request.output} is not '
            'written')


def size_of(path):
    """Return the bytes of a file and of those beside it, or of a folder."""
    top = path if os.path.isdir(path) else os.path.dirname(path)
    return sum(os.path.getsize(os.path.join(folder, name))
               for folder, _, names in os.walk(top) for name in names
               if os.path.basename(folder) != 'float32')
