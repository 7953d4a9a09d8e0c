"""What is left of training: all that using a network takes.

descriptions   where an exported model carries what it knows: readers, writers
exported       an exported model: what it knows, read without its engine
golden         the picture that an exported model is checked by
lookup         the model at a path, whichever it is
run_dir        the directory of a run: what it knows, its checkpoints
saved_options  options of a run that is resumed, and of a recipe
temperature    what logits are divided by, where that was fitted
"""
