"""What processes that train together do without one another."""
import pytest
from fixtures import fresh_session

from segmentation import tf1
from segmentation.tf1 import tf
from segmentation.training.cluster import cluster, task


class Unjoined(cluster.Group):
    """The second of two processes, which hears nothing of the first."""

    def __init__(self):
        super().__init__(task.Task(1, 2), tf1.session_config())

    def reduce(self, tensor, key):
        return tensor


@pytest.mark.parametrize('is_imported', [False, True])
def test_steps_are_counted_apart(is_imported):
    """Dropout goes by the step: other processes drop other activations."""
    with tf.Graph().as_default():
        tf.train.create_global_step()
        saved = tf.train.export_meta_graph()
    with fresh_session() as sess:
        if is_imported:
            tf.train.import_meta_graph(saved)
        else:
            tf.train.create_global_step()
        Unjoined().broadcast(sess, tf.global_variables())
        assert sess.run(tf.train.get_global_step()) == cluster.APART
