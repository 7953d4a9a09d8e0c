"""Optimization: what is minimized, and how a step is taken.

step             the loss (masked cross entropy) and the Adam step
schedules        the learning rate over a run
"""
