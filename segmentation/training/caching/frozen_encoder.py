"""The cached features of a frozen encoder: what is in the graph of a run."""
import contextlib

from segmentation.nn import frozen
from segmentation.store import array_store
from segmentation.tf1 import tf
from segmentation.training.caching import cached_features, preparation


@contextlib.contextmanager
def cached(sess, begun, data_dir, soft_labels, precision, cluster, parent,
           views=1):
    """Yield the Features of a frozen encoder, computed now or by another run.

    They are deleted in the end where the source does not list its files, so
    that no other run could find them.

    Parameters
    ----------
    sess : tf.Session
    begun : start.Start
    data_dir : str
    soft_labels : bool
        Whether labels are shares of the classes.
    precision : str
        What the features are computed in.
    cluster : Cluster
    parent : str
        Where the folder of the features goes.
    views : int, optional
        Of each training sample.
    """
    tensors = tf.get_collection(frozen.FEATURES)
    pictures = begun.pictures
    key = cached_features.fingerprint(
        pictures.source, data_dir, frozen.encoder_weights(sess), views,
        soft_labels, precision, *(tensor.name for tensor in tensors))
    features = cached_features.Features(
        array_store.choose_folder(parent, 'features', key),
        pictures, data_dir, tensors,
        lambda images: sess.run(tensors, begun.net.feed(images)), views)
    try:
        preparation.prepare_in_turn(features, cluster)
        yield features
    finally:
        if key is None:
            features.store.delete()
