"""Is a network able to learn? Tests before a run, warnings during it.

measure        takes some steps on four pictures; norms of gradients
sanity         all tests of `train.py --sanity`
verdicts       what the measurements of `train.py --sanity` mean, in words
trial          the entry point: builds the network and tests it
epoch          what is wrong in an epoch, for its line
"""
