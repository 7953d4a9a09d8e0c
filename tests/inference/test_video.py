"""Videos: which frames are taken, what is written, and how it may end."""
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import helpers
import numpy as np
import pytest

import infer
from segmentation.errors import InputError
from segmentation.inference.video import names, options, reading, writing

RATE = 12.5
SIZE = 70, 46


def scene(k):
    """Return frame k: what moves in it says which one it is."""
    image, _ = helpers.draw_scene(7, SIZE)
    image[5:15, 2 * k:2 * k + 8] = (0, 0, 255)
    return image


def record(path, count=20, codec='MJPG', size=SIZE):
    """Write a clip by OpenCV alone."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), RATE,
                             size)
    assert writer.isOpened()
    for k in range(count):
        writer.write(cv2.resize(scene(k), size))
    writer.release()
    return str(path)


def play(path):
    """Return the frames of a video, and its rate, by OpenCV alone."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        done, frame = capture.read()
        if not done:
            return frames, capture.get(cv2.CAP_PROP_FPS)
        frames.append(frame)


def numbers(path, **chosen):
    """Return the numbers of the frames that are taken, and the damaged."""
    with reading.Reader(path, options.Settings(**chosen)) as reader:
        taken = [frame.number for frame in reading.read_ahead(
            reader, lambda: False, 3)]
        assert reader.total in (None, len(taken)) or reader.damaged
        return taken, reader.damaged


def segment(run, *arguments):
    return infer.main(['--name', run, '--workers', '2', *map(str, arguments)])


def test_frames_by_time_and_by_step(tmp_path):
    clip = record(tmp_path / 'a%02d.avi')      # no list of pictures
    assert numbers(clip) == (list(range(20)), 0)
    # 12.5 frames a second: frame 5 is at 0.4 s, frame 15 at 1.2 s.
    assert numbers(clip, start=.4, end=1.2) == (list(range(5, 15)), 0)
    assert numbers(clip, start=.41, every=4) == ([6, 10, 14, 18], 0)
    with pytest.raises(InputError, match='is 1.6 s long: an earlier --start'):
        numbers(clip, start=2)


def test_damaged_frames_are_left_out_and_counted(tmp_path):
    path = record(tmp_path / 'a.avi')
    with open(path, 'rb') as file:
        data = file.read()
    starts = [k for k in range(len(data)) if data[k:k + 3] == b'\xff\xd8\xff']
    assert len(starts) == 20
    broken = data[:starts[8]] + bytes(starts[9] - starts[8] - 20) + data[
        starts[9] - 20:]
    (tmp_path / 'b.avi').write_bytes(broken)
    assert numbers(str(tmp_path / 'b.avi')) == (
        [k for k in range(20) if k != 8], 1)
    (tmp_path / 'c.avi').write_bytes(data[:starts[12]])     # the end is gone
    taken, damaged = numbers(str(tmp_path / 'c.avi'))
    assert taken == list(range(len(taken))) and 10 <= len(taken) <= 12
    assert damaged == 20 - len(taken)


@pytest.mark.parametrize('content, said', [
    (b'', 'the file is empty'), (b'no video' * 99, 'ffmpeg -i '),
    (None, 'No such file')])
def test_what_is_no_video_is_said(tmp_path, content, said):
    path = tmp_path / 'a.mp4'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises((InputError, OSError), match=said):
        numbers(str(path))


def test_a_cut_off_mp4_is_said(tmp_path):
    path = record(tmp_path / 'a.mp4', codec='mp4v')
    with open(path, 'rb+') as file:
        file.truncate(os.path.getsize(path) // 2)
    with pytest.raises(InputError, match='it was cut off'):
        numbers(path)


def test_a_film_has_even_sides_and_the_rate(tmp_path):
    path = str(tmp_path / 'deep' / 'a.mp4')
    with writing.Film(path, 29.97, 'mp4v') as film:
        for k in range(7):
            film.add(np.full((33, 65, 3), 30 * k, np.uint8))
        assert not os.path.exists(path)
    frames, rate = play(path)
    assert (len(frames), frames[0].shape, rate) == (7, (34, 66, 3), 29.97)
    assert [round(frame.mean() / 30) for frame in frames] == list(range(7))
    assert os.listdir(os.path.dirname(path)) == ['a.mp4']


def test_a_film_that_fails_or_has_no_frame_is_not_there(tmp_path):
    with pytest.raises(ZeroDivisionError), writing.Film(
            str(tmp_path / 'a.mp4'), 25, 'mp4v') as film:
        film.add(np.zeros((32, 64, 3), np.uint8))
        1 / 0
    with writing.Film(str(tmp_path / 'a.mp4'), 25, 'mp4v'):
        pass
    with pytest.raises(InputError, match='zzzz: --codec mp4v'):
        writing.check_codec('a.mp4', 'zzzz')
    assert os.listdir(str(tmp_path)) == []


def test_what_is_a_video_and_what_it_is_called(place):
    (place / '7').mkdir()
    assert [names.is_video(path) for path in (
        'a.MP4', '0', '7', 'rtsp://x/y', 'a.png', 'pictures')] == [
            True, True, False, True, False, False]
    assert names.file_name('http://me:pw@cam/a b.mjpg?x=1') == (
        'cam-a-b.mjpg.mp4')


@pytest.mark.parametrize('arguments, said', [
    (('--samples-dir', 'a.mp4', '--shard', '1/2'), 'frames are taken in'),
    (('--samples-dir', 'a.mp4', '--processes', '2'), 'frames are taken in'),
    (('--samples-dir', 'a.mp4', '--jpeg'), '--jpeg does not go with a video'),
    (('--samples-dir', 'a.mp4', '--skip-existing'), 'interrupted'),
    (('--samples-dir', 'a.mp4', '--start', '3', '--end', '2'),
     '--end 2 is not after --start 3'),
    (('--samples-dir', 'pictures', '--every', '2'), '--every is of videos')])
def test_options_that_do_not_go_together(capsys, arguments, said):
    with pytest.raises(SystemExit):
        infer.parse_options([*arguments, '--output-dir', 'out'])
    assert said in capsys.readouterr().err


def test_pictures_and_videos_take_a_call_each():
    with pytest.raises(InputError, match='a.mp4 is a video, pictures is not'):
        infer.parse_options(['--samples-dir', 'a.mp4', 'pictures',
                             '--output-dir', 'out'])


def test_frames_are_what_the_same_pictures_are(pair, place, capsys):
    clip = record(place / 'drive.avi')
    frames, _ = play(clip)
    os.makedirs('frames')
    for k, frame in enumerate(frames):
        cv2.imwrite(os.path.join('frames', f'{k:06d}.png'), frame)
    assert segment(pair[0], '--samples-dir', clip, '--output-dir', 'out',
                   '--class-ids', '--confidence', 'road', '--every', 3,
                   '--start', .16) == 0
    assert segment(pair[0], '--samples-dir', 'frames', '--output-dir',
                   'single', '--class-ids', '--confidence', 'road') == 0
    assert '6 frames in' in capsys.readouterr().out
    taken = [f'{k:06d}.png' for k in range(2, 20, 3)]
    for folder in ('class-ids', 'confidence-road'):
        inner = os.path.join('out', folder, 'drive')
        assert sorted(os.listdir(inner)) == taken
        for name in taken:
            np.testing.assert_array_equal(
                cv2.imread(os.path.join(inner, name), 0),
                cv2.imread(os.path.join('single', folder, name), 0))
    drawn, rate = play(os.path.join('out', 'drive.mp4'))
    assert (len(drawn), drawn[0].shape) == (6, (46, 70, 3))
    np.testing.assert_allclose(rate, RATE / 3, atol=.001)
    # Encoding is lossy: each frame is nearest to its own overlay.
    overlays = [cv2.imread(os.path.join('single', f'{k:06d}.png')).astype(int)
                for k in range(20)]
    assert [int(np.argmin([np.abs(frame - overlay).mean()
                           for overlay in overlays]))
            for frame in drawn] == list(range(2, 20, 3))
    with open(os.path.join('out', 'infer.json')) as file:
        record_ = json.load(file)
    assert record_['complete'] and record_['video']['every'] == 3
    assert record_['outputs'] == [
        os.path.join('class-ids', 'drive'),
        os.path.join('confidence-road', 'drive'), 'drive.mp4']
    # A later call replaces the frames; what is not of infer.py stays.
    assert segment(pair[0], '--samples-dir', clip, '--output-dir', 'out',
                   '--class-ids', '--no-overlay', '--end', .16) == 0
    assert sorted(os.listdir(os.path.join('out', 'class-ids', 'drive'))) == [
        '000000.png', '000001.png']
    os.remove(os.path.join('out', 'infer.json'))
    with pytest.raises(InputError, match='was not written by infer.py'):
        segment(pair[0], '--samples-dir', clip, '--output-dir', 'out')


def test_frames_are_averaged_over_time(pair, place, capsys):
    clip = record(place / 'drive.avi', 6)
    command = ['--samples-dir', clip, '--confidence', 'road', '--no-overlay']
    assert segment(pair[0], '--output-dir', 'plain', *command) == 0
    assert segment(pair[0], '--output-dir', 'smooth', *command,
                   '--temporal-smoothing', .75) == 0
    assert '[i] temporal smoothing: 1 scene\n' in capsys.readouterr().out
    average, largest = None, 0
    for k in range(6):
        plain, smooth = (cv2.imread(os.path.join(
            folder, 'confidence-road', 'drive', f'{k:06d}.png'), 0).astype(
                float) for folder in ('plain', 'smooth'))
        average = plain if average is None else .75 * average + .25 * plain
        np.testing.assert_allclose(smooth, average, atol=1)
        largest = max(largest, abs(smooth - plain).max())
    assert largest > 2      # or the average would say nothing


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_what_is_interrupted_plays(pair, place, number):
    clip = record(place / 'drive.avi', 1500, size=(160, 120))
    process = subprocess.Popen(
        [sys.executable, os.path.join(helpers.ROOT, 'infer.py'), '--name',
         pair[0], '--samples-dir', clip, '--output-dir', 'out', '--class-ids'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)
    folder = os.path.join('out', 'class-ids', 'drive')
    while not (os.path.isdir(folder) and len(os.listdir(folder)) > 9):
        assert process.poll() is None, process.communicate()
        time.sleep(.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 128 + number, errors
    assert errors.splitlines()[-1] == '[!] interrupted'
    written = [name for name in os.listdir(folder) if name[0] != '.']
    assert len(play(os.path.join('out', 'drive.mp4'))[0]) == len(written) > 9
    with open(os.path.join('out', 'infer.json')) as file:
        assert json.load(file)['complete'] is False
