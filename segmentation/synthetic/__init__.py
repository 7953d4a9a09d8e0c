"""Synthetic road scenes with exact labels.

scenes      draws a scene from a seed
props       buildings, trees, cars and poles
stage       camera, light and canvas, and how to paint on it
"""
