"""What is left of training: all that using a network takes.

exported       an exported model: what it knows, read without its engine
run_dir        the directory of a run: what it knows, its checkpoints
saved_options  the options of a run that is resumed
"""
