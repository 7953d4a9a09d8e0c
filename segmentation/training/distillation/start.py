"""How a run with a teacher starts: its targets, then its batches and loss."""
import functools

from segmentation.training.caching import preparation
from segmentation.training.cluster import agreement
from segmentation.training.distillation import loss
from segmentation.training.distillation.samples import Samples


def compute(lesson, source, data_dir, parent, cluster):
    """Return the Targets of a Lesson, computed now or by another run.

    Parameters
    ----------
    lesson : lesson.Lesson
    source : data source
    data_dir : str
    parent : str
        Where their folders are made.
    cluster : Cluster
    """
    agreement.compare(cluster, {'the teacher': lesson.fingerprint()},
                      'one teacher, and one list of unlabelled pictures,')
    computed = lesson.targets(source, data_dir, parent)
    for targets in computed:
        preparation.prepare_in_turn(targets, cluster)
    return computed


def attach(lesson, targets, pictures, cluster):
    """Add to the graph what is fed the Targets of a Lesson.

    Returns
    -------
    samples.Samples
        The batches to train on.
    function of (logits, loss)
        See `step.add_training`.
    """
    fed = loss.placeholder(pictures.source.num_classes)
    return Samples(pictures, targets, fed), functools.partial(
        loss.combine, roots=fed, temperature=lesson.temperature,
        weight=lesson.weight, cluster=cluster)
