"""A trained network as a file that other programs run.

    run -> frozen graph -> (its inputs as asked for) -> file of a format
        -> (int8) -> checked by its own engine -> description -> in its place

calibration   pictures that int8 is calibrated on
check         the written file against the network that it was made from
description   what the file says of itself
formats       one row a format
inputs        the pictures that the file takes: type, channel order, size
placing       a work folder, and the way from it to the output
request       what the command line asks for: the front door
writing       the order of all that
writers       one module a format
"""
