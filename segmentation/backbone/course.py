"""The SavedModel of VGG16 that course material uses: find it, or fetch it."""
import contextlib
import os
import re

from segmentation.backbone import download, zip_archive
from segmentation.errors import InputError

URL = 'https://s3-us-west-1.amazonaws.com/udacity-selfdrivingcar/vgg.zip'
# The weights, of 537 MB, are twice in it: in variables/, and as constants in
# the graph.
SIZE = 'about 1 GB'
LARGEST = 1200000000    # bytes
# {what an archive must hold: its name as a pattern}
FILES = {'saved_model.pb': r'saved_model\.pb',
         'variables.index': r'variables/variables\.index',
         'variables.data': r'variables/variables\.data-\d{5}-of-\d{5}'}
# What later TensorFlows and Macs add.
OTHERS = (r'fingerprint\.pb', r'__MACOSX/.*', r'(.*/)?\.DS_Store')


def find(vgg_dir):
    """Return the folder of saved_model.pb: `vgg_dir`, its vgg/ or its parent.

    Returns None where there is none.
    """
    for folder in (vgg_dir, os.path.join(vgg_dir, 'vgg'),
                   os.path.dirname(os.path.abspath(vgg_dir))):
        if os.path.isfile(os.path.join(folder, 'saved_model.pb')):
            return folder
    return None


def fetch(vgg_dir, url=URL, archive=None, offline=False):
    """Return the folder of saved_model.pb, fetching it where it is missing.

    Before a download its size and its source are printed.

    Parameters
    ----------
    vgg_dir : str
        Folder of the SavedModel, or one above or below it.
    url : str, optional
        Address of the archive that holds it.
    archive : str, optional
        The archive as a local file; nothing is fetched then.
    offline : bool, optional
        Whether it is an OSError if it would have to be downloaded.
    """
    folder = find(vgg_dir)
    if folder is not None:
        return folder

    def announce():
        what = f'the course archive, {SIZE}, from {url}'
        if offline:
            raise OSError(f'no SavedModel of VGG16 in {vgg_dir}, and '
                          f'--offline allows no download ({what}): vgg16.py '
                          'takes --archive and --weights, too')
        print(f'[i] no SavedModel of VGG16 in {vgg_dir}: downloading {what}',
              flush=True)

    try:
        fetch_and_unpack(url, vgg_dir, archive=archive, before=announce)
    except download.DownloadError as error:
        raise OSError(f'{error}; Keras publishes the weights, too: python '
                      f'vgg16.py --vgg-dir {vgg_dir} --from keras')
    folder = find(vgg_dir)
    if folder is None:
        raise InputError(f'{archive or url} holds no saved_model.pb')
    return folder


def fetch_and_unpack(url, directory, archive=None, before=None, **options):
    """Fill a directory from a local archive or, without one, from `url`.

    The download stays as `directory`.zip until it is unpacked, so that a run
    that failed later, on a full disk for example, need not repeat it. A
    broken file of that name is renamed to `directory`.zip.broken; `archive`
    is only read.

    Parameters
    ----------
    before : function, optional
        Called before anything is downloaded, which it may refuse by raising.
    options
        Those of `download.fetch`.
    """
    if archive is not None:
        return unpack(archive, directory)
    if os.path.lexists(directory) and not os.path.isdir(directory):
        raise NotADirectoryError(f'{directory}: is not a folder')
    cache = f'{os.path.abspath(directory)}.zip'
    if os.path.isfile(cache):
        with contextlib.suppress(InputError):
            return unpack(cache, directory)
    if before:
        before()
    if os.path.lexists(cache):
        download.set_aside(cache)
    download.fetch(url, cache, largest=LARGEST, **options)
    try:
        unpack(cache, directory)
    except InputError as error:
        os.remove(cache)
        raise InputError(f'{error} (fetched from {url}, removed)')
    os.remove(cache)


def unpack(archive, directory):
    """Unpack the course archive, or refuse another one."""
    zip_archive.unpack(archive, directory, check_names, LARGEST)


def check_names(names):
    """Raise InputError unless an archive has a SavedModel and nothing else.

    It may be in a folder vgg/.
    """
    names = [re.sub(r'^(\./)*(vgg/)?', '', name) for name in names
             if not name.endswith('/')]
    for wanted, pattern in FILES.items():
        if not any(re.fullmatch(pattern, name) for name in names):
            raise InputError(f'holds no {wanted}')
    for name in names:
        if not any(re.fullmatch(pattern, name)
                   for pattern in (*FILES.values(), *OTHERS)):
            raise InputError(f'holds {name!r}, wanted is the SavedModel of '
                             'VGG16 alone')
