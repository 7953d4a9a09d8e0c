"""The weights of a run on disk: best, last, and all to resume."""
from segmentation import run_dir, tf1
from segmentation.tf1 import tf


class Checkpoints:
    """Saves and restores a run: best and last weights, and all to resume.

    Parameters
    ----------
    sess : tf.Session
    directory : str
    weights : list of tf.Variable
        What using the network needs; resuming takes all variables.
    """

    def __init__(self, sess, directory, weights):
        self.sess = sess
        self.directory = directory
        self.weights = tf.train.Saver(weights)
        self.everything = tf.train.Saver(tf.global_variables())
        # 'epoch' is the one that the resumable checkpoint has behind it.
        self.state = {'epoch': 0, 'best_miou': None, 'best_epoch': None}

    def restore(self):
        """Load the last resumable checkpoint and what belongs to it."""
        self.state = run_dir.read_state(self.directory)
        tf1.restore(self.everything, self.sess,
                    run_dir.checkpoint(self.directory, 'resume'))

    def save(self, kinds):
        """Write checkpoints of these kinds, then point at them."""
        step = self.sess.run(tf.train.get_global_step())
        for kind in kinds:
            name = f'{kind}-{step}'
            saver = self.everything if kind == 'resume' else self.weights
            saver.save(self.sess, run_dir.path(self.directory, name),
                       write_meta_graph=False, write_state=False)
            self.state[kind] = name
        run_dir.write_state(self.directory, self.state)
