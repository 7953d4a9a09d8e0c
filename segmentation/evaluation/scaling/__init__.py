"""Temperature scaling: one number, after which confidences can be trusted.

fitting   the temperature of the highest likelihood
samples   some labelled pixels of each picture, and their probabilities
"""
