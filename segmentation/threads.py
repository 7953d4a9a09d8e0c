"""Work that threads do ahead of whoever takes its results."""
import collections
import concurrent.futures


def run_ahead(pool, function, items, ahead):
    """Yield function(item) in order, with `ahead` results under way.

    An exception of `function` is raised where its result would be.

    Parameters
    ----------
    pool : concurrent.futures.Executor
    function : function of an item
    items : iterable
        Taken in the caller's thread, `ahead` items in advance.
    ahead : int
    """
    under_way = collections.deque()
    try:
        for item in items:
            under_way.append(pool.submit(function, item))
            if len(under_way) > ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()


def in_threads(workers, function, items, ahead):
    """Yield function(item) in order, from `workers` threads of its own."""
    pool = concurrent.futures.ThreadPoolExecutor(workers)
    try:
        yield from run_ahead(pool, function, items, ahead)
    finally:
        pool.shutdown()
