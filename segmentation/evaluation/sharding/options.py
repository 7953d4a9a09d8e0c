"""What each shard of an evaluation is asked for, and what all have in common.

    evaluate.py --processes N -> of_member, for each process
    evaluate.py --shard K/N   -> of_shard
    evaluate.py --merge       -> of_merged
"""
import argparse
import os

from segmentation import option_types
from segmentation.errors import InputError
from segmentation.processes import shards

# Options of what is written, and of how the work is divided, as they are where
# they are not given: each shard has its own, and --merge as well.
OUTPUTS = {'json': None, 'csv': None, 'matrix': None, 'reliability': None,
           'report': None, 'export': None, 'birds_eye': None, 'zip': False}
DIVISION = {'shard': None, 'processes': 1, 'merge': None}
# What --merge may be given on top, as it may run on another machine.
OF_A_MACHINE = {'name', 'data_dir', 'list', 'workers', 'threads', 'device'}


def of_member(options, member):
    """Return the options of one of --processes, which writes to its folder.

    Parameters
    ----------
    options : argparse.Namespace
    member : processes.members.Member
    """
    def inside(name):
        return os.path.join(member.folder, name)

    return shards.divide(options, member.shard, **dict(
        OUTPUTS, json=inside(f'{member.shard.number}.json'),
        export=options.export and inside('export'),
        birds_eye=options.birds_eye and inside('birds-eye')))


def of_shard(options):
    """Return the options of a shard, whose folders have names of its own."""
    return argparse.Namespace(**{**vars(options), **{
        name: path and options.shard.path(path)
        for name, path in (('export', options.export),
                           ('birds_eye', options.birds_eye))}})


def of_merged(theirs, workers, parse):
    """Return the options of --merge: those of the parts, and its own on top.

    Parameters
    ----------
    theirs : argparse.Namespace
        The options of the parts.
    workers : int
        Those of this machine, where --merge does not say how many.
    parse : function of an argparse.Namespace
        Returns the options of the command line, over such defaults.

    Raises
    ------
    InputError
        An option cannot be changed any more.
    """
    options = parse(argparse.Namespace(**{
        **vars(theirs), **OUTPUTS, **DIVISION, 'workers': workers}))
    for name, value in vars(options).items():
        if name not in {*OUTPUTS, *DIVISION, *OF_A_MACHINE} and (
                value != getattr(theirs, name)):
            raise InputError(f'{option_types.flag(name)} is '
                             f'{getattr(theirs, name)} in the parts: --merge '
                             'cannot change it')
    return options
