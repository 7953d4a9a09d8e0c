"""Hyper-parameter search: many runs of train.py, proposed by Optuna.

command  the command line that all trials share, and what a trial adds to it
space    what is searched: a JSON file -> distributions of Optuna
storage  Optuna's database
study    trials, locks and folders that several processes share
runner   one trial: train.py under way, pruned by its epochs
loop     the front door: trials one after another
ranking  trials as a table, best first
"""
