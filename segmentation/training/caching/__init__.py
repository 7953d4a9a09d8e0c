"""What is computed before training, once, and read in every epoch.

options          of train.py
preparation      computes what is missing of a cache, by one process at a time
frozen_encoder   the features of a frozen encoder, for a run
cached_features  features of a frozen encoder, computed once, then read
cached_samples   pictures and class ids, decoded once, then read
"""
