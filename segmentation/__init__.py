"""The library behind the programs, in wings; the programs lie one above.

ground floor, which imports nothing above itself
errors         bad input as opposed to bugs, and how to say it
files          files and folders written whole or not at all
locks          folders that one process alone may write
metrics        the confusion matrix and its scores
opencv         OpenCV's limits: what it raises, how many channels it takes
option_types   types of command-line options
overwriting    what is never overwritten
pixels         pictures and label images: read, look up, resize
processes      several of a program: started, or a shard each
processor      its name, what it computes natively, and whether a GPU shows
schema         what a value read from JSON is made of
text           numbers and tables as text
tf1            TensorFlow's version 1 interface, whichever is installed
terminal       headers, progress and command lines of the programs
threads        work done ahead in threads

one floor up
backbone       VGG16: download, weights, SavedModel
data           files -> batches: data sources and all they read
drawing        overlays, legends and sheets of pictures
nn             what models share: named outputs, layers, frozen features
store          arrays in files that fill up over several runs
synthetic      road scenes drawn in memory

above data
trained        what using a network takes: a run, or an exported model

wings, which do not import one another (evaluation, export: inference)
checking       a data source checked before training
evaluation     scores, and the benchmarks' own rules
export         a network as a file that other programs run
inference      engines, predictions, test-time augmentation
report         a page of scores and mistakes
search         hyper-parameter search by Optuna: many runs of train.py
training       loss, loop, checkpoints

above the wings
crf            the fully connected CRF that refines predictions

`load` is the interface for other programs: docs/python.md.
"""


def load(path, **options):
    """Return a model that predicts the classes of pictures.

    Nothing is loaded until it is called.

    Parameters
    ----------
    path : str
        Directory of a run, or what export.py wrote.
    **options
        As inference.interface.LoadedModel takes them.

    Returns
    -------
    inference.interface.LoadedModel
        A context manager; `close` ends it as well.
    """
    from segmentation.inference import interface
    return interface.LoadedModel(path, **options)
