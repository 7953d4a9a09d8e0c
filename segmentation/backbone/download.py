"""Fetch an archive over HTTP; never leave half a result."""
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request

import tqdm

from segmentation.backbone import zip_archive
from segmentation.errors import InputError

# The course's archive with the SavedModel of VGG16.
URL = 'https://s3-us-west-1.amazonaws.com/udacity-selfdrivingcar/vgg.zip'
CHUNK = 1 << 16  # bytes between two steps of the progress bar


class _Interrupted(Exception):
    """One try ended early; another may continue from there."""


def fetch(url, path, progress=True, tries=5, pause=1.0, timeout=30):
    """Download a file, continuing where an earlier try or run was cut off.

    What has arrived waits in `path`.part, with a note beside it that says
    which version of the file it belongs to. `path` appears only when whole;
    it is an OSError if it exists already or cannot be downloaded whole.

    Parameters
    ----------
    tries : int
        How many tries in a row may bring nothing new.
    pause, timeout : float
        Seconds between two tries, longer after each that brought nothing;
        seconds of silence after which a connection counts as cut.
    """
    if os.path.lexists(path):
        raise FileExistsError(f'{path}: exists already, not fetched')
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    part = f"{path}.part"
    if os.path.lexists(part) and _read_note(part) is None:
        _set_aside(part)  # without our note it is somebody else's file
    longest, failures = _size(part), 0
    while True:
        try:
            _continue(url, part, progress, timeout)
            break
        except _Interrupted as error:
            failures = 0 if _size(part) > longest else failures + 1
            longest = max(longest, _size(part))
            if failures >= tries:
                raise OSError(f'{url}: {error}; nothing new in {tries} tries')
        time.sleep(pause * max(failures, 1))
    os.replace(part, path)
    os.remove(f"{part}.json")


def fetch_and_unpack(url, directory, archive=None, **options):
    """Fill a directory from a local archive or, without one, from `url`.

    The download stays as `directory`.zip until it is unpacked, so that a run
    that failed later, on a full disk for example, need not repeat it. A
    broken file of that name is renamed to `directory`.zip.broken; `archive`
    is only read. The options are those of `fetch`.
    """
    if archive is not None:
        return zip_archive.unpack(archive, directory)
    if os.path.lexists(directory) and not os.path.isdir(directory):
        raise NotADirectoryError(f'{directory}: is not a folder')
    cache = f"{os.path.abspath(directory)}.zip"
    if os.path.lexists(cache):
        try:
            return zip_archive.unpack(cache, directory)
        except InputError:
            _set_aside(cache)
    fetch(url, cache, **options)
    try:
        zip_archive.unpack(cache, directory)
    except InputError as error:
        os.remove(cache)
        raise InputError(f'{error} (fetched from {url}, removed)')
    os.remove(cache)


def _continue(url, part, progress, timeout):
    """Append to `part` what it lacks; raise _Interrupted before its end."""
    note = _read_note(part) or {}
    have = _size(part) if note.get('url') == url else 0
    with _open_url(url, have, note.get('version'), timeout) as response:
        start, total = _extent(response)
        version = _version(response.headers)
        if have and response.code in (206, 416):
            if (start != have or _differ(total, note['total'])
                    or _differ(version, note['version'])):
                os.remove(part)
                raise _Interrupted('the file changed between two tries')
            total = total or note['total']
        else:
            if os.path.lexists(part):
                os.remove(part)  # before another version's note is there
            note = {'url': url, 'version': version, 'total': total}
            with open(f"{part}.json", 'w') as out:
                json.dump(note, out)
        if response.code != 416:  # 416: there is nothing left to send
            _append(response, part, start, total, progress)
    if total is not None and _size(part) != total:
        raise _Interrupted(f'got {_size(part)} of {total} bytes')


def _open_url(url, have, version, timeout):
    """Return the response with the bytes after the first `have`.

    Status 416, that there are none, is a response, too.
    """
    request = urllib.request.Request(url)
    if have:
        request.add_header('Range', f'bytes={have}-')
        if version:
            request.add_header('If-Range', version)
    try:
        return urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:
            return error
        if error.code >= 500 or error.code in (408, 429):  # a busy server
            raise _Interrupted(error)
        raise OSError(f'{url}: {error}, wanted the file')
    except (OSError, http.client.HTTPException) as error:
        raise _Interrupted(getattr(error, 'reason', error))


def _extent(response):
    """Return what part of the file a response holds.

    Returns
    -------
    int or None
        Position of its first byte; None if the server does not say.
    int or None
        Size of the whole file in bytes.
    """
    if response.code not in (206, 416):
        length = response.headers['Content-Length']
        return 0, int(length) if length else None
    match = re.match(r'bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)$',
                     response.headers['Content-Range'] or '')
    start, total = [group and int(group) for group in
                    (match.groups() if match else (None, None))]
    # The rest that a 416 is about begins at the end.
    return (total if response.code == 416 else start), total


def _version(headers):
    """Return what If-Range accepts: a strong ETag or a date, or None."""
    tag = headers['ETag']
    return tag if tag and tag[0] == '"' else headers['Last-Modified']


def _differ(value, noted):
    """Return whether two values are known and differ."""
    return None not in (value, noted) and value != noted


def _append(response, part, start, total, progress):
    """Write the body to the end of `part`."""
    with open(part, 'ab') as out, tqdm.tqdm(
            desc=os.path.basename(part)[:-len('.part')], initial=start,
            total=total, disable=not progress, unit='B', unit_scale=True,
            unit_divisor=1024) as bar:
        while True:
            try:
                chunk = response.read(CHUNK)
            except (OSError, http.client.HTTPException) as error:
                raise _Interrupted(f'got {out.tell()} of '
                                   f'{total or "unknown"} bytes: {error}')
            if not chunk:
                return
            out.write(chunk)  # a full disk is no reason to try again
            bar.update(len(chunk))


def _read_note(part):
    """Return what is known about the file in `part`, None if nothing is."""
    try:
        with open(f"{part}.json") as opened:
            note = json.load(opened)
        return {key: note[key] for key in ('url', 'version', 'total')}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _size(path):
    """Return the bytes of a file, 0 where there is none."""
    return os.path.getsize(path) if os.path.exists(path) else 0


def _set_aside(path):
    """Rename a file that may be somebody's to a free name."""
    target = f"{path}.broken"
    while os.path.lexists(target):
        target += '.broken'
    os.rename(path, target)
