"""Caches are computed before training, by one process after another."""
from segmentation import text


def prepare_in_turn(cached, cluster):
    """Compute what is missing of a cache, by one process at a time.

    Those after the first find it, if they have the same disk.

    Parameters
    ----------
    cached : Features, CachedSamples or Targets
    cluster : Cluster
    """
    for rank in range(cluster.size):
        if rank == cluster.rank:
            prepare(cached)
        cluster.wait()


def prepare(cached):
    """Compute what is missing of a cache, saying before what that takes."""
    store = cached.store
    with store.locked():
        plan = store.open()
        if not plan.fits:
            raise OSError(f'{store.folder}: {plan.free / 1e9:.1f} GB are '
                          f'free, the {cached.what} take '
                          f'{plan.size / 1e9:.1f} GB: --cache-dir names '
                          'another place')
        to_do = ('from before' if plan.is_complete else
                 f'{text.duration(cached.estimate(plan))} to compute')
        print(f'[i] {cached.describe()}: {plan.size / 1e9:.1f} GB in '
              f'{store.folder}, {to_do}', flush=True)
        cached.compute(plan)
