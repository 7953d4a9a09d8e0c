"""Which checkpoints a run keeps, and what is in them."""
import fixtures
import pytest

from segmentation.tf1 import tf
from segmentation.trained import run_dir
from segmentation.training import checkpoints, run_files


def open_run(sess, directory):
    """Return the Checkpoints of a run of one weight, and the weight."""
    weight = tf.get_variable('weight', [], initializer=tf.zeros_initializer())
    tf.train.get_or_create_global_step()
    return checkpoints.Checkpoints(sess, directory, {'weight': weight},
                                   interval=5), weight


def train(sess, weight, value):
    """Take a step that leaves a weight at a value."""
    weight.load(value, sess)
    sess.run(tf.assign_add(tf.train.get_global_step(), 1))


def best_weight(directory):
    return tf.train.load_checkpoint(
        run_dir.checkpoint(directory, 'best')).get_tensor('weight')


@pytest.mark.parametrize('again, best', [(.4, 1), (.5, 1), (.6, 2)])
def test_the_best_of_an_epoch_that_is_trained_again_is_kept(
        tmp_path, again, best):
    directory = str(tmp_path)
    with fixtures.fresh_session() as sess:
        saved, weight = open_run(sess, directory)
        run_files.write_options(directory, {'options': {}})
        saved.begin()
        train(sess, weight, 1)
        saved.record(1, .5, is_last=False)      # and then it is killed
    for miou in (again, again + .1):            # twice
        with fixtures.fresh_session() as sess:
            saved, weight = open_run(sess, directory)
            saved.restore()
            assert saved.epoch == 0
            train(sess, weight, 2)
            saved.record(1, miou, is_last=False)
            assert saved.best == (max(miou, .5), 1)
        if miou == again:
            assert best_weight(directory) == best
    assert saved.best == (max(again + .1, .5), 1)
