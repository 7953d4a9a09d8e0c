"""The pictures that infer.py takes, and the record of what it wrote."""
import collections
import os
from typing import Dict, List, NamedTuple, Optional, Sequence

from segmentation import errors, files, opencv, overwriting, pixels
from segmentation.data import listing
from segmentation.errors import InputError
from segmentation.inference.outputs import Kind
from segmentation.inference.predictor import Sample
from segmentation.inference.video import names
from segmentation.processes.shards import Shard

# A file is a picture by its suffix, or else by its first bytes.
SUFFIXES = ('.avif', '.bmp', '.dib', '.exr', '.gif', '.hdr', '.jp2', '.jpe',
            '.jpeg', '.jpg', '.pbm', '.pfm', '.pgm', '.pic', '.png', '.pnm',
            '.ppm', '.pxm', '.ras', '.sr', '.tif', '.tiff', '.webp')
RECORD = 'infer.json'


class Destination(NamedTuple):
    """Where the outputs of a kind go."""

    folder: str             # in the output folder; '' is itself
    suffix: str = '.png'    # of their names: the type of the files


class Job(NamedTuple):
    """A picture, and where its outputs go."""

    picture: str
    outputs: Dict[Kind, str]


class Plan(NamedTuple):
    """What is left to do."""

    pending: List[Job]      # for this process
    wanted: List[Job]       # for all shards
    share: int              # pictures of this process, done ones among them


def plan(listed: Sequence[Job], shard: Optional[Shard], batch_size: int,
         skip_existing: bool) -> Plan:
    """Return the Plan of a shard, or of a process that does all."""
    share = {job.picture for job in (shard or Shard()).share(listed,
                                                             batch_size)}
    wanted = without_existing(listed) if skip_existing else list(listed)
    return Plan([job for job in wanted if job.picture in share], wanted,
                len(share))


def read(job):
    """Return the Sample of a Job: its picture, without class ids."""
    return Sample(pixels.read(job.picture))


def why_unreadable(job):
    """Return why the picture of a Job cannot be read; None if it can."""
    try:
        with opencv.blaming(job.picture):
            read(job)
    except (OSError, InputError) as error:
        return errors.describe(error)
    return None


def list_pictures(path, output_dir):
    """List the pictures of a folder and its sub-folders, or one file.

    Hidden files, and what lies in the output folder, are left out.

    Returns
    -------
    list of (picture, its name relative to `path`)
    """
    if os.path.isfile(path):
        return [(path, os.path.basename(path))]
    if not os.path.isdir(path):
        raise FileNotFoundError(f'{path}: no such file or folder')
    if os.path.realpath(path) == os.path.realpath(output_dir):
        raise InputError(f'{output_dir} is the folder of the samples: '
                         '--output-dir has to be another')

    pictures = [name for name in listing.walk(path, [output_dir])
                if os.path.splitext(name)[1].lower() in SUFFIXES
                or pixels.is_picture(name)]
    if not pictures:
        advice = names.advice([path], output_dir)
        raise InputError(f'{path}: no picture in it'
                         + (f'; {advice}' if advice else ''))
    return [(name, os.path.relpath(name, path)) for name in pictures]


def list_jobs(paths, output_dir, destinations):
    """Return the Jobs of all pictures; no two have an output in common.

    Parameters
    ----------
    paths : sequence of str
        Folders of pictures, or single ones.
    output_dir : str
    destinations : {kind: Destination}
    """
    return name_outputs([pair for path in paths
                         for pair in list_pictures(path, output_dir)],
                        output_dir, destinations)


def name_outputs(pictures, output_dir, destinations):
    """Return the Jobs of (picture, its name), as `list_jobs` does."""
    stems = collections.Counter(os.path.splitext(name)[0]
                                for _, name in pictures)
    jobs, owners = [], {}
    for picture, name in pictures:
        stem = os.path.splitext(name)[0]
        output = name if stems[stem] > 1 else stem
        outputs = {kind: os.path.join(output_dir, destination.folder,
                                      f'{output}{destination.suffix}')
                   for kind, destination in destinations.items()}
        jobs.append(Job(picture, outputs))
        for path in outputs.values():
            if path in owners:
                raise InputError(f'{path}: {owners[path]} and {picture} '
                                 'would both be written to it')
            owners[path] = picture
    return jobs


def check_outputs(jobs, output_dir):
    """Raise InputError rather than replace what infer.py did not make.

    Returns
    -------
    set of str
        The outputs that infer.py made before, relative to `output_dir`.
    """
    inputs = {overwriting.identity(job.picture) for job in jobs
              if os.path.exists(job.picture)}
    existing = [path for job in jobs for path in job.outputs.values()
                if os.path.exists(path)]
    # Only now: what another shard writes meanwhile it has recorded before.
    recorded = read_record(output_dir)
    for path in existing:
        if overwriting.identity(path) in inputs:
            raise InputError(f'{path} is an input: it is not overwritten')
        if os.path.relpath(path, output_dir) not in recorded:
            raise InputError(
                f'{path} exists already and was not written by infer.py: '
                '--skip-existing leaves it, or choose another '
                '--output-dir')
    return recorded


def output_folders(jobs, output_dir):
    """Return the folders that the outputs of jobs go to, and `output_dir`."""
    return {output_dir}.union(os.path.dirname(path) for job in jobs
                              for path in job.outputs.values())


def without_existing(jobs):
    """Return the jobs with an output that is missing, and only those."""
    jobs = [Job(job.picture, {kind: path for kind, path in job.outputs.items()
                              if not os.path.exists(path)}) for job in jobs]
    return [job for job in jobs if job.outputs]


def read_record(output_dir):
    """Return the outputs that infer.py made before, as a set.

    They are relative to `output_dir`. A name that no file can have raises
    InputError.
    """
    path = os.path.join(output_dir, RECORD)
    if not os.path.exists(path):
        return set()
    outputs = files.read_json(path, {'outputs': [str]})['outputs']
    for name in outputs:
        if not files.can_name(name):
            raise InputError(f'{path}: outputs has {name!r}: names of files '
                             'are wanted')
    return set(outputs)


def write_record(output_dir, model, colors, jobs, recorded, refinement=None,
                 engine=None, jpeg=None, video=None):
    """Write what the outputs will be and which model makes them.

    `complete_record` corrects it in the end. A call that was killed before
    may have written any of these: the next one may replace them.

    Each shard records the outputs of all: whichever writes last, and however
    many have run, the record is the same.

    Parameters
    ----------
    output_dir : str
    model : run_dir.Run or exported.Exported
    colors : {class id: (blue, green, red)}
        Those of the outputs.
    jobs : list of Job
        Their outputs are about to be written.
    recorded : set of str
        Outputs of earlier calls, as `check_outputs` returns them.
    refinement : prediction.Refinement, optional
    engine : dict, optional
        As `Engine.describe` returns it.
    jpeg : int, optional
        Quality of the overlays, where they are JPEG files.
    video : dict, optional
        Which frames were taken, and how, where videos were.
    """
    os.makedirs(output_dir, exist_ok=True)
    outputs = recorded.union(os.path.relpath(path, output_dir)
                             for job in jobs for path in job.outputs.values())
    files.write_json(os.path.join(output_dir, RECORD), {
        'run': model.path,
        'checkpoint': model.checkpoint,
        'class_names': model.class_names,
        'label_colors': [colors[class_id]
                         for class_id in range(len(model.class_names))],
        'engine': engine,
        'crf': refinement and refinement.describe(),
        'jpeg': jpeg,
        'video': video,
        'complete': False,
        'errors': [],
        'outputs': sorted(outputs)})


def complete_record(output_dir, jobs, failed):
    """Mark the record as complete, unless another shard has work to do.

    It then lists the outputs that exist, and why others do not. A picture of
    another shard may wait for it, or may be one that cannot be read: that is
    found out by reading it.

    Parameters
    ----------
    output_dir : str
    jobs : sequence of Job
        Those of all shards.
    failed : sequence of (picture, why it was not read)
        Those of this process.
    """
    known, reasons = dict(failed), []
    for job in without_existing(jobs):
        reason = known.get(job.picture) or why_unreadable(job)
        if reason is None:
            return
        reasons.append(reason)
    path = os.path.join(output_dir, RECORD)
    record = files.read_json(path, {'outputs': [str]})
    files.write_json(path, dict(
        record, complete=True, errors=reasons, outputs=[
            name for name in record['outputs']
            if os.path.exists(os.path.join(output_dir, name))]))
