"""The fully connected CRF: brings predictions to the edges of the picture.

choice   options, presets and tuned parameters: which of them apply
model    the CRF itself, by pydensecrf
pool     the CRF in processes of its own, as a refinement
tuning   finding parameters for a run, on pictures with labels
"""
