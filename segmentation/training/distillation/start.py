"""How a run with a teacher starts: its targets, then its batches and loss."""
import functools

from segmentation.training.caching import preparation
from segmentation.training.cluster import agreement
from segmentation.training.distillation import loss
from segmentation.training.distillation.samples import Samples


def compute(supervision, source, data_dir, parent, cluster):
    """Return the Targets of a Supervision, computed now or by another run.

    Parameters
    ----------
    supervision : supervision.Supervision
    source : data source
    data_dir : str
    parent : str
        Where their folders are made.
    cluster : Cluster
    """
    agreement.compare(cluster, {'the teacher': supervision.fingerprint()},
                      'one teacher, and one list of unlabelled pictures,')
    computed = supervision.targets(source, data_dir, parent)
    for targets in computed:
        preparation.prepare_in_turn(targets, cluster)
    return computed


def attach(supervision, targets, pictures, cluster):
    """Add to the graph what is fed the Targets of a Supervision.

    Returns
    -------
    samples.Samples
        The batches to train on.
    function of (logits, loss)
        See `step.add_training`.
    """
    fed = loss.placeholder(pictures.source.num_classes)
    return Samples(pictures, targets, fed), functools.partial(
        loss.combine, roots=fed, temperature=supervision.temperature,
        weight=supervision.weight, cluster=cluster)
