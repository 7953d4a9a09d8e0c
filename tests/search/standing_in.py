"""A stand-in for train.py: an epoch's mIoU is its learning rate.

With --keep-prob=0.5 it fails in epoch 2. Where the working directory has a
file SLOW, an epoch ends by a signal alone; the number of one in EVENT is sent
to whoever started this, after epoch 1 and once.
"""
import json
import os
import signal
import sys
import time


def write(path, text, mode='w'):
    with open(path, mode) as file:
        file.write(text)


def read(path):
    with open(path) as file:
        return json.load(file)


def main():
    options = dict(word.partition('=')[::2] for word in sys.argv[1:])
    os.makedirs(sys.argv[sys.argv.index('--name') + 1], exist_ok=True)
    rate, epochs = float(options['--learning-rate']), int(options['--epochs'])
    asked = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: asked.append(number))
    home = os.getcwd()
    os.chdir(sys.argv[sys.argv.index('--name') + 1])
    assert ('--resume' in sys.argv) == os.path.exists('state.json')
    done = read('state.json')['epoch'] if '--resume' in sys.argv else 0
    write('options.json', '{}')
    print('[i] training', flush=True)
    for epoch in range(done + 1, epochs + 1):
        if epoch == 2 and options.get('--keep-prob') == '0.5':
            sys.exit('[!] early\n[!] the disk is full')
        write('state.json', json.dumps({'epoch': epoch, 'best_miou': rate}))
        write('log.jsonl', json.dumps({'epoch': epoch, 'miou': rate}) + '\n',
              'a')
        event = os.path.join(home, 'EVENT')
        if epoch == 1 and os.path.exists(event):
            number = read(event)
            os.remove(event)
            os.kill(os.getppid(), number)
        while not asked and os.path.exists(os.path.join(home, 'SLOW')):
            time.sleep(.01)
        if asked:
            sys.exit(128 + asked[0])


if __name__ == '__main__':
    main()
