"""Several processes that train as one with the batches of all.

task         which process of how many this is, from its environment
cluster      the seam: sums of gradients and arrays; one process alone
joining      how processes join, and what watches over them
collectives  processes joined by TensorFlow's own collectives
horovod      processes joined by Horovod, where it has started them
agreement    that all have the same versions, options and data
launching    the processes of one machine, started by a first one
watch        whether the other processes are still there

With one process nothing of this runs.
"""
