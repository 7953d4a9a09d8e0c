"""A network learns from the probabilities of another one, its teacher.

options      the options of train.py
supervision  the teacher of a run, and the pictures without labels
targets      the teacher's probabilities, computed once, then read from files
samples      batches of pictures, with labels and with targets
start        what a run with a teacher adds: targets, batches, loss
loss         the loss (Hinton, Vinyals and Dean 2015)
"""
