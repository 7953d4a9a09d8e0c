"""Optimization: what is minimized, and how a step is taken.

method        the options of the loss and of the step
loss          the loss of a batch: masked cross entropy, and what joins it
lovasz        the Lovasz-softmax loss, a surrogate of the mIoU
step          what training adds to the graph: loss, gradients, step
adam          Adam with decoupled weight decay and a rate of VGG16's own
accumulation  several batches a step
averaging     moving averages of the weights
schedules     the learning rate over a run
"""
