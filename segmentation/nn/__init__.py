"""What models share: inputs and named outputs, layers, frozen features.

constants    graphs whose weights are constants, as variables again
freeze       a network for inference alone, its weights as constants
frozen       features of a frozen encoder, and their deviations
layers       1x1 scores, convolutions, dropout
monte_carlo  a network run with dropout, several times
network      inputs of a model, its named outputs, saved graphs
upsampling   transposed convolution that starts as bilinear interpolation
"""
