"""The pictures that infer.py takes, and the outputs that it may write."""
import collections
import os

import cv2

from segmentation import files
from segmentation.errors import InputError

# A file is a picture by its suffix, or else if OpenCV knows its first bytes.
SUFFIXES = ('.avif', '.bmp', '.dib', '.exr', '.gif', '.hdr', '.jp2', '.jpe',
            '.jpeg', '.jpg', '.pbm', '.pfm', '.pgm', '.pic', '.png', '.pnm',
            '.ppm', '.pxm', '.ras', '.sr', '.tif', '.tiff', '.webp')
RECORD = 'infer.json'

# `outputs` is {kind: path}; a kind is 'overlay', 'class-ids', 'colors', or the
# number of a class for its confidence.
Job = collections.namedtuple('Job', 'picture outputs')


def list_pictures(path, output_dir):
    """(picture, its name relative to `path`) of a folder, or of one file.

    Hidden files and the outputs are left out.
    """
    if os.path.isfile(path):
        return [(path, os.path.basename(path))]
    if not os.path.isdir(path):
        raise FileNotFoundError(f'{path}: no such file or folder')
    if os.path.realpath(path) == os.path.realpath(output_dir):
        raise InputError('{} is the folder of the samples: --output-dir has '
                         'to be another'.format(output_dir))

    def stop(error):
        raise error

    found, seen = [], {os.path.realpath(output_dir)}
    for parent, folders, names in os.walk(path, onerror=stop,
                                          followlinks=True):
        if os.path.realpath(parent) in seen:
            folders[:] = []
            continue
        seen.add(os.path.realpath(parent))
        folders[:] = sorted(name for name in folders if name[0] != '.')
        found += [os.path.join(parent, name) for name in sorted(names)
                  if name[0] != '.'
                  and is_picture(os.path.join(parent, name))]
    if not found:
        raise InputError(f'{path}: no picture in it')
    return [(name, os.path.relpath(name, path)) for name in found]


def is_picture(path):
    return (os.path.splitext(path)[1].lower() in SUFFIXES
            or os.path.isfile(path) and cv2.haveImageReader(path))


def list_jobs(options, kinds):
    """The Jobs of all pictures, each output once."""
    pictures = [pair for path in options.samples_dir
                for pair in list_pictures(path, options.output_dir)]
    stems = collections.Counter(os.path.splitext(name)[0]
                                for _, name in pictures)
    jobs, seen = [], {}
    for picture, name in pictures:
        stem = os.path.splitext(name)[0]
        name = f"{name if stems[stem] > 1 else stem}.png"
        outputs = {kind: os.path.join(options.output_dir, folder, name)
                   for kind, folder in kinds.items()}
        jobs.append(Job(picture, outputs))
        for path in outputs.values():
            if path in seen:
                raise InputError('{}: {} and {} would both be written to it'
                                 .format(path, seen[path], picture))
            seen[path] = picture
    return jobs


def check_outputs(jobs, output_dir, made):
    """Raise ValueError rather than replace what infer.py did not make."""
    inputs = {identity(job.picture) for job in jobs}
    for job in jobs:
        for path in job.outputs.values():
            if not os.path.exists(path):
                continue
            if identity(path) in inputs:
                raise InputError(f'{path} is an input: it is not overwritten')
            if os.path.relpath(path, output_dir) not in made:
                raise InputError(
                    '{} is there and is not of infer.py: --skip-existing '
                    'leaves it, or choose another --output-dir'.format(path))


def identity(path):
    """What two names of one file have in common."""
    status = os.stat(path)
    return status.st_dev, status.st_ino


def without_existing(jobs):
    """The jobs that are not done yet, and what of them is missing."""
    jobs = [Job(job.picture, {kind: path for kind, path in job.outputs.items()
                              if not os.path.exists(path)}) for job in jobs]
    return [job for job in jobs if job.outputs]


def write_record(options, run, jobs, made, crf=None):
    """Tell in the output folder what its outputs are and who made them.

    `crf` are the parameters that refined them, as JSON has it.
    """
    os.makedirs(options.output_dir, exist_ok=True)
    made = made.union(os.path.relpath(path, options.output_dir)
                      for job in jobs for path in job.outputs.values())
    files.write_json(os.path.join(options.output_dir, RECORD), {
        'run': options.name,
        'checkpoint': run.checkpoint,
        'class_names': run.class_names,
        'label_colors': [run.label_colors[number]
                         for number in range(len(run.class_names))],
        'crf': crf,
        'outputs': sorted(made)})


def read_record(output_dir):
    """The outputs, relative to `output_dir`, that infer.py made before."""
    path = os.path.join(output_dir, RECORD)
    return set(files.read_json(path, ['outputs'])['outputs']
               if os.path.exists(path) else ())
