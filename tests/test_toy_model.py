"""A new model is one file and one row: a toy, trained and used like any."""
import fixtures
import helpers
import numpy as np
import saved_runs

import models
import train
from segmentation.nn import network
from segmentation.trained import run_dir

TOY = '''
"""The colours of each pixel, scored."""
from segmentation.nn import layers, network


def build(inputs, num_classes, options):
    """Build two 1x1 convolutions, options['head_width'] channels between."""
    x = inputs.image_input / 255 - .5
    x = layers.convolve(x, options['head_width'], 'colours', side=1)
    x = layers.dropout(x, inputs.keep_prob, inputs.seed)
    return network.finish(inputs, layers.score(x, num_classes, 'score'))
'''


def test_one_file_and_one_row_make_a_model(place, monkeypatch):
    (place / 'toy.py').write_text(TOY)
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setitem(models.MODELS, 'toy', models.Model(
        'colours alone', models.lazy('toy'), ('head_width',), backbone=False))
    assert train.main([
        '--data-source', 'tiny', '--data-dir', helpers.data_dir(), '--name',
        'run', '--model', 'toy', '--head-width', '8', '--learning-rate', '.03',
        '--epochs', '8', '--batch-size', '2', '--keep-prob', '1']) == 0
    log = saved_runs.read_log('run')
    # Of ln(4) at the start; three of the four classes have clear colours.
    np.testing.assert_allclose(log[0]['first_batch_loss'], np.log(4),
                               rtol=1e-3)
    assert log[-1]['valid_loss'] < .3
    assert run_dir.read_options('run')['vgg16_channel_order'] is None
    with fixtures.fresh_session() as sess:
        net = network.restore(sess, 'run/network.meta',
                              run_dir.checkpoint('run', 'best'))
        classes = sess.run(net.classes, {
            net.image_input: np.zeros((1, 32, 64, 3))})
    assert classes.shape == (1, 32, 64)
