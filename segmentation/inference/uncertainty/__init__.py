"""How sure a network is: temperature, Monte Carlo dropout, and their uses.

engines      probabilities by a temperature, or as the mean of passes
maps         maps of the entropy and of the mutual information
measures     entropy, mutual information and margin of probabilities
options      the options --mc and --temperature
ranking      pictures in the order in which labelling them teaches most
"""
