"""Training: what is learned from the batches of a data source, and saved.

launch         the entry point: a run from its start to its last line
start          a run before it is trained: begun, or restored
trainer        the loop: epochs, validation, stopping
optimization   the loss, the Adam step, the learning rate over a run
class_weights  how much a pixel counts in the loss, by its class
batches        pictures of a data source, as the loop takes them
caching        what is computed once, before a run, and then read
run_files      the directory of a run, as training writes it
checkpoints    best, last and resumable weights; early stopping
diagnosis      does a network learn: --sanity, and warnings of epochs
distillation   learning from the probabilities of another network
tensorboard    scalars, pictures and histograms of a run
cluster        several processes that train one network
"""
