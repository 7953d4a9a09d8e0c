"""An evaluation whose pictures are divided among processes or machines.

options  what each shard is asked for, and what all have in common
parts    what a shard has counted, and the sum of all shards
"""
