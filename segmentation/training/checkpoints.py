"""The checkpoints of a run: which are due, and when patience is over."""
from typing import Any, Dict

from segmentation import tf1
from segmentation.nn import network
from segmentation.tf1 import tf
from segmentation.trained import run_dir
from segmentation.training import run_files
from segmentation.training.cluster.cluster import Cluster


class Checkpoints:
    """The weights of a run on disk: best, last, and all that resuming takes.

    Parameters
    ----------
    sess : tf.Session
    directory : str
        The directory of the run.
    weights : {name: tf.Variable}
        What using the network takes; resuming it takes all variables.
    interval : int, optional
        Epochs between resumable checkpoints.
    patience : int, optional
        Epochs without a better mIoU after which training stops; without it,
        it never does.
    cluster : Cluster, optional
        Its process 0 reads and writes; all have the same state and weights.
    """

    def __init__(self, sess, directory, weights, interval=1, patience=None,
                 cluster=Cluster()):
        self.sess = sess
        self.directory = directory
        self.interval = interval
        self.patience = patience
        self.cluster = cluster
        self.weights = tf.train.Saver(weights)
        self.everything = tf.train.Saver(tf.global_variables())
        # What state.json holds, with the names of the checkpoints.
        self.state: Dict[str, Any] = {
            'epoch': 0, 'best_miou': None, 'best_epoch': None}

    @property
    def epoch(self):
        """Return the epochs that the resumable checkpoint has behind it."""
        return self.state['epoch']

    @property
    def best(self):
        """Return the best mIoU and its epoch; (None, None) before any."""
        return self.state['best_miou'], self.state['best_epoch']

    def begin(self):
        """Initialize what has no value yet, and save it: epoch 0."""
        network.initialize_rest(self.sess)
        self.cluster.broadcast(self.sess, tf.global_variables())
        self.save(['resume'])

    def restore(self):
        """Load the last resumable checkpoint and the state of its run."""
        if self.cluster.rank == 0:
            self.state = run_files.read_state(self.directory)
            tf1.restore(self.everything, self.sess,
                        run_dir.checkpoint(self.directory, 'resume'))
        self.state = self.cluster.gather(self.state)[0]
        self.cluster.broadcast(self.sess, tf.global_variables())

    def record(self, epoch, miou, is_last):
        """Save what is due after an epoch.

        Parameters
        ----------
        epoch : int
            1, 2, ...
        miou : float or None
            None without a validation.
        is_last : bool
            Whether the run ends here, so that it must be resumable.
        """
        kinds = []
        best, _ = self.best
        if miou is not None and (best is None or miou > best):
            self.state.update(best_miou=miou, best_epoch=epoch)
            kinds.append('best')
        if is_last or epoch % self.interval == 0:
            self.state.update(epoch=epoch)
            kinds += ['last', 'resume']
        self.save(kinds)

    def stop(self, epoch):
        """Save a run that ends with `epoch` behind it, or during the next."""
        self.state.update(epoch=epoch)
        self.save(['last', 'resume'])

    def is_patience_over(self, validated):
        """Return whether the best epoch is `patience` epochs ago.

        Parameters
        ----------
        validated : int
            The last epoch that has an mIoU; 0 before any.
        """
        _, best_epoch = self.best
        return bool(self.patience and best_epoch is not None
                    and validated >= best_epoch + self.patience)

    def save(self, kinds):
        """Write checkpoints of these kinds, and point at them from the disk.

        One of this very step is there already where nothing was trained
        since: it is not overwritten, as that could be cut off. The best one
        may be of an epoch that is trained again after a killed process, and
        then it gets another name, by a zero. Other processes wait until it
        is done.
        """
        if self.cluster.rank == 0:
            self.write_all(kinds)
        self.cluster.wait()

    def write_all(self, kinds):
        """Write checkpoints of these kinds, see `save`."""
        step = self.sess.run(tf.train.get_global_step())
        for kind in kinds:
            name = f'{kind}-{step}'
            if self.state.get(kind) == name:
                if kind != 'best':
                    continue
                name = f'{kind}-0{step}'
            saver = self.everything if kind == 'resume' else self.weights
            run_files.check(self.directory)
            write(saver, self.sess, run_dir.path(self.directory, name))
            run_files.sync_checkpoint(self.directory, name)
            self.state[kind] = name
        run_files.write_state(self.directory, self.state)


def write(saver, sess, path):
    """Write a checkpoint; OSError names it if it cannot be written."""
    try:
        saver.save(sess, path, write_meta_graph=False, write_state=False)
    except tf.errors.OpError as error:
        raise OSError(f'{path}: the checkpoint cannot be written: '
                      f'{tf1.reason(error)}')
    except ValueError as error:     # the Saver's own: no such folder
        raise OSError(f'{path}: {error}')
