"""Results that are cached from one run to the next."""
import importlib

import pytest

from segmentation.data import cache


class Files:
    """As much of a data source as a fingerprint looks at."""
    image_size = (64, 32)
    label_colors = {0: (1, 2, 3)}
    ids = None
    seed = 0

    def __init__(self, *labels):
        self.splits = {'train': [('', str(path)) for path in labels]}

    def read_pair(self, image_path, label_path):
        raise NotImplementedError

    def identity(self):
        return repr([self.label_colors, self.ids])


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path


def test_the_second_time_nothing_is_computed(home):
    calls = []
    for _ in range(2):
        assert cache.cached('weights', 'abc', lambda: calls.append(1) or [
            1.5, 2]) == ([1.5, 2], None)
    assert len(calls) == 1
    assert cache.cached('other', 'abc', lambda: 7) == (7, None)
    assert cache.cached('weights', 'abd', lambda: 8) == (8, None)


def test_without_a_fingerprint_nothing_is_cached(home):
    assert cache.fingerprint(object(), '.') is None
    assert cache.cached('weights', None, lambda: 1) == (1, None)
    assert not (home / 'cache').exists()


@pytest.mark.parametrize('content', ['', '[1, 2', None])
def test_broken_or_unwritable_cache_does_no_harm(home, content):
    folder = home / 'cache' / 'fcn-road-scenes'
    if content is None:
        (home / 'cache').write_text('a file where the folder would be')
    else:
        folder.mkdir(parents=True)
        (folder / 'weights-abc.json').write_text(content)
    result, note = cache.cached('weights', 'abc', lambda: [3])
    assert result == [3]
    assert ('not cached' in (note or '')) == (content is None)


def test_fingerprint_has_the_seed_of_names_without_files_alone(home):
    (home / 'a.png').write_bytes(b'12')
    for name, count in ('a.png', 1), ('drawn.png', 2):
        prints = set()
        for seed in (0, 1):
            files = Files(home / name)
            files.seed = seed
            prints.add(cache.fingerprint(files, str(home)))
        assert len(prints) == count


def test_fingerprint_changes_with_the_code_that_reads(home, monkeypatch):
    monkeypatch.syspath_prepend(str(home))
    label = home / 'a.png'
    label.write_bytes(b'12')
    prints = []
    for number, (reader, source) in enumerate((
            ('', ''), ('# other', ''), ('', '# other'))):
        (home / f'reader{number}.py').write_text(
            f'from test_cache import Files\n{reader}\n')
        (home / f'derived{number}.py').write_text(
            f'import reader{number} as reader\n{source}\n'
            'class Derived(reader.Files): pass\n')
    for number in range(3):
        derived = importlib.import_module(f'derived{number}').Derived
        prints.append(cache.fingerprint(derived(label), str(home)))
    assert len(set(prints)) == 3


def test_fingerprint_changes_with_labels_size_and_classes(home):
    label = home / 'a.png'
    label.write_bytes(b'12')
    prints = [cache.fingerprint(Files(label), str(home))]
    assert cache.fingerprint(Files(label), str(home)) == prints[0]
    larger = Files(label)
    larger.image_size = (64, 64)
    prints.append(cache.fingerprint(larger, str(home)))
    other = Files(label)
    other.label_colors = {0: (1, 2, 4)}
    prints.append(cache.fingerprint(other, str(home)))
    swapped = Files(label)
    swapped.ids = {0: 1, 1: 0}
    prints.append(cache.fingerprint(swapped, str(home)))
    label.write_bytes(b'123')
    prints.append(cache.fingerprint(Files(label), str(home)))
    prints.append(cache.fingerprint(Files(label, label), str(home)))
    assert len(set(prints)) == len(prints)
