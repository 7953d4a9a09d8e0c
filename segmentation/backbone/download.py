"""Fetch a file over HTTP; never leave half a result."""
import http.client
import os
import re
import time
import urllib.error
import urllib.request

from segmentation import files, locks
from segmentation.errors import InputError
from segmentation.terminal import progress

CHUNK = 1 << 16  # bytes between two steps of the progress bar


NOTE = {'url': str, 'version': (str, None), 'total': (int, None)}


class DownloadError(OSError):
    """A file cannot be had from its address; another may be tried."""


class _Interrupted(Exception):
    """One try ended early; another may continue from there."""


def fetch(url, path, tries=3, pause=1.0, timeout=8,
          patience=30, largest=None):
    """Download a file, continuing where an earlier try or run was cut off.

    What has arrived waits in `path`.part, with a note beside it that says
    which version of the file it belongs to. `path` appears only when whole.

    Parameters
    ----------
    tries : int
        How many tries in a row may bring nothing new.
    pause, timeout : float
        Seconds between two tries, longer after each that brought nothing;
        seconds of silence after which a connection counts as cut.
    patience : float
        Seconds without anything new after which no other try is begun: one
        try may ask several machines.
    largest : int, optional
        The most bytes that are wanted.

    Raises
    ------
    DownloadError
        It cannot be downloaded whole.
    OSError
        `path` exists already, another process downloads it, or the disk is
        full.
    InputError
        The address is none.
    """
    if os.path.lexists(path):
        raise FileExistsError(f'{path}: exists already, not fetched')
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    part = f'{path}.part'
    with locks.hold(f'{path}.lock', f'{path}: another process downloads it'):
        if os.path.lexists(part) and _read_note(part) is None:
            set_aside(part)  # without our note it is somebody else's file
        longest, failures, heard = _size(part), 0, time.monotonic()
        while True:
            try:
                _continue(url, part, timeout, largest)
                break
            except _Interrupted as error:
                if _size(part) > longest:
                    failures, heard = 0, time.monotonic()
                else:
                    failures += 1
                longest = max(longest, _size(part))
                if (failures >= tries
                        or time.monotonic() - heard > patience):
                    raise DownloadError(f'{url}: {error}; nothing new in '
                                        f'{failures} tries')
            time.sleep(pause * max(failures, 1))
        files.sync(part)
        os.replace(part, path)
        os.remove(f'{part}.json')


def _continue(url, part, timeout, largest):
    """Append to `part` what it lacks; raise _Interrupted before its end."""
    note = _read_note(part) or {}
    have = _size(part) if note.get('url') == url else 0
    with _open_url(url, have, note.get('version'), timeout) as response:
        start, total = _extent(response)
        if largest is not None and (total or 0) > largest:
            raise DownloadError(f'{url} has {total:,} bytes, wanted are '
                                f'{largest:,} at most')
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
            files.write_json(f'{part}.json', note)
        if response.code != 416:  # 416: there is nothing left to send
            _append(response, part, start, total, largest)
    if total is not None and _size(part) != total:
        raise _Interrupted(f'got {_size(part)} of {total} bytes')


def _open_url(url, have, version, timeout):
    """Return the response with the bytes after the first `have`.

    Status 416, that there are none, is a response, too.
    """
    try:
        request = urllib.request.Request(url)
        if have:
            request.add_header('Range', f'bytes={have}-')
            if version:
                request.add_header('If-Range', version)
        return urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:
            return error
        if error.code >= 500 or error.code in (408, 429):  # a busy server
            raise _Interrupted(error)
        raise DownloadError(f'{url}: {error}, wanted the file')
    except (ValueError, http.client.InvalidURL) as error:
        raise InputError(f'{url}: no address: {error}')
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
        return 0, int(length) if (length or '').isdigit() else None
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


def _append(response, part, start, total, largest):
    """Write the body to the end of `part`."""
    name = os.path.basename(part)[:-len('.part')]
    with files.naming(part), open(part, 'ab') as out, progress.show(
            total, name, 'B', start) as bar:
        while True:
            try:
                chunk = response.read(CHUNK)
            except (OSError, http.client.HTTPException) as error:
                raise _Interrupted(f'got {out.tell()} of '
                                   f'{total or "unknown"} bytes: {error}')
            if not chunk:
                return
            if largest is not None and out.tell() + len(chunk) > largest:
                raise DownloadError(f'{response.url} goes on after '
                                    f'{largest:,} bytes')
            out.write(chunk)  # a full disk is no reason to try again
            bar.update(len(chunk))


def _read_note(part):
    """Return what is known about the file in `part`, None if nothing is."""
    try:
        return files.read_json(f'{part}.json', NOTE)
    except (OSError, InputError):
        return None


def _size(path):
    """Return the bytes of a file, 0 where there is none."""
    return os.path.getsize(path) if os.path.exists(path) else 0


def set_aside(path):
    """Rename a file that may be somebody's to NAME.broken, if that is free,
    or to NAME.broken.broken and so on.
    """
    target = f'{path}.broken'
    while os.path.lexists(target):
        target += '.broken'
    os.rename(path, target)
