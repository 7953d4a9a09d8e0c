"""What is computed before training, once, and read in every epoch.

preparation     computes what is missing of a cache, by one process at a time
frozen_encoder  the features of a frozen encoder, for a run
"""
