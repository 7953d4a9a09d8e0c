"""Several processes of one program: on this machine, or a shard on each.

launcher     processes of this machine, started, watched and ended together
gpus         which GPU is whose
shards       the part of a list that is one process's, `--shard K/N`
members      a program that divides its list among copies of itself
stopping     how a program is asked to stop, by Ctrl-C or SIGTERM
messages     what such a copy says to the process that started it
"""
