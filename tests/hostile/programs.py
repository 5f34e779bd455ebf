"""Programs that do to a checker what programs do, each under its name, with what is expected of its check.

A case begins with ``## name``; for programs that stop, the words that the message has to hold follow after a
colon. Options in brackets: a time limit in seconds, ``slow``. In ``GOES_ON``, ``TRAIN`` stands for a right
network of one layer and its training loop; ``NETWORK`` for the network alone, with a function ``step``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NETWORK = """
import numpy as np
generator = np.random.default_rng(4)
x, t = generator.normal(size=(7, 3)), generator.normal(size=(7, 2))
W, b = generator.normal(size=(3, 2)), generator.normal(size=2)
def step():
    global W, b
    out = np.tanh(x @ W + b)
    loss = 0.5 * np.sum((out - t) ** 2)
    d = (out - t) * (1 - out ** 2)
    W -= 0.05 * x.T @ d
    b -= 0.05 * d.sum(axis=0)
    return loss
"""
TRAIN = NETWORK + "for k in range(60):\n    print(step())\n"


@dataclass(frozen=True)
class Case:
    """A program, the words that the message of its check has to hold, and how long it may run."""

    name: str
    text: str
    words: tuple[str, ...]
    seconds: float
    slow: bool


def cases(text: str) -> list[Case]:
    """Read cases: a heading each, and the program below it."""
    found = []
    for heading, body in re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", text, re.MULTILINE):
        match = re.fullmatch(r"(\w+)(?: \[([\d.]*)(?:, )?(slow)?\])?(?:: (.*))?", heading)
        assert match, heading
        name, seconds, slow, words = match.groups()
        program = body.replace("TRAIN\n", TRAIN).replace("NETWORK\n", NETWORK)
        words = tuple(words.split("; ")) if words else ()
        found.append(Case(name, program, words, float(seconds or 5), bool(slow)))
    return found


STOPS = cases(r"""
## empty: p.py is empty
## only_comments: p.py is empty
# nothing here yet
## definitions_only: p.py defines train, Net and calls nothing that trains
'''A net.'''
import numpy as np
RATE = 0.1
def train(w):
    return w - RATE * w
class Net:
    pass
## never_trains: looks like training
import numpy as np
for k in range(9):
    print(np.sum(np.ones(3)) * k)
## runs_text: p.py runs text by `exec`; as code of the program
x = 1.5
for k in range(9):
    exec('x = x - 0.1 * x')
## crashes: p.py:3; ZeroDivisionError; division by zero
a = 1
b = 0
print(a / b)
## raises_its_own: p.py:3; Odd; what a day
class Odd(Exception):
    pass
raise Odd('what a day')
## says_nothing: p.py:2; AssertionError
def f():
    assert False
f()
## missing_module: p.py:2; zebrafish_nn; -m pip install zebrafish_nn
import numpy as np
import zebrafish_nn
## missing_module_of_other_name: p.py:1; -m pip install scikit-learn
from sklearn import datasets
## missing_data: p.py:1; no file mnist_train.csv; put it there
data = open('mnist_train.csv').read()
## missing_data_of_numpy: p.py:2; data/x.csv; put it there
import numpy as np
x = np.loadtxt('data/x.csv')
## missing_arguments: p.py:2; wants arguments
import sys
n = int(sys.argv[1])
## required_arguments: p.py:4; ended itself; wants arguments
import argparse
parser = argparse.ArgumentParser()
parser.add_argument('rate')
parser.parse_args()
## exits: p.py:3; ended itself
import sys
print('bye')
sys.exit(0)
## exits_at_once: p.py:2; ended itself
import os
os._exit(0)
## raises_system_exit: p.py:1; ended itself
raise SystemExit('no')
## interrupts_itself: p.py:1; KeyboardInterrupt
raise KeyboardInterrupt
## aborts: p.py:3; an abort
import os
x = 1
os.abort()
## reads_address_zero: p.py:2; a segmentation fault
import ctypes
ctypes.string_at(0)
## kills_itself: p.py:2; ended itself
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
## becomes_another_program: p.py:2; ended itself
import os
os.execvp('sleep', ['sleep', '100'])
## recurses: p.py:2; RecursionError; calls itself
def f(n):
    return f(n + 1) + 1
f(0)
## recurses_deeper [20]: p.py:4; RecursionError; calls itself
import sys
sys.setrecursionlimit(10**9)
def f(n):
    return max(f(n + 1), 1)
f(0)
## too_large: p.py:2; memory
import numpy as np
x = np.ones((10**6, 10**6))
## waits_for_input: p.py:1; input
while input('more? ') != 'no':
    pass
## hangs [0.5]: p.py:; 0.5 s; --timeout
k = 0
while True:
    k += 1
## hangs_and_catches [0.5]: p.py:; --timeout
while True:
    try:
        sum(range(999))
    except:
        pass
## hangs_in_c [0.5]: p.py:1; --timeout
x = 7 ** 7 ** 9
## hangs_in_linear_algebra [3, slow]: p.py:3; --timeout
import numpy as np
a = np.ones((5000, 5000))
u, s, v = np.linalg.svd(a)
## takes_over_the_clock [0.5]: p.py:; --timeout
import signal
for n in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
    signal.signal(n, signal.SIG_IGN)
signal.alarm(0)
while True:
    pass
## waits_for_a_thread [0.5]: p.py:2; --timeout
import threading
threading.Event().wait()
## fills_memory [20, slow]: p.py:
x = []
while True:
    x.append(bytes(10 ** 8))
""")

GOES_ON = cases(r"""
## prints_100_megabytes
line = 'x' * 10**6
for k in range(100):
    print(line)
TRAIN
## prints_nulls
print('\0' * 999)
import sys
sys.stdout.buffer.write(bytes(range(256)))
TRAIN
## prints_what_no_locale_has
print('σ \udc80 →')
TRAIN
## changes_stdout
import io, sys
sys.stdout = io.StringIO()
sys.stderr.close()
TRAIN
## asks
n = int(input('epochs? '))
name = input()
TRAIN
## opens_plots
import matplotlib
matplotlib.use('TkAgg')
import matplotlib.pyplot as plt, matplotlib.cm as cm
from mpl_toolkits.mplot3d import Axes3D
plt.ion()
figure, axes = plt.subplots()
NETWORK
for k in range(60):
    axes.plot([step()])
    plt.pause(9)
plt.show()
## opens_a_window
import tkinter
root = tkinter.Tk()
root.title('net')
TRAIN
## shows_progress
from tqdm import tqdm, trange
NETWORK
with trange(60) as bar:
    for k in bar:
        bar.set_description('k')
        step()
## comes_from_a_notebook
get_ipython().run_line_magic('matplotlib', 'inline')
from IPython.display import clear_output
TRAIN
## sleeps
import time
time.sleep(100)
from time import sleep
sleep(1e6)
TRAIN
## catches_everything
NETWORK
while True:
    try:
        step()
    except:
        pass
## catches_base_exceptions
NETWORK
while True:
    try:
        step()
    except BaseException as error:
        print(error)
    finally:
        print(1)
## goes_on_in_finally
NETWORK
def go():
    for k in range(9**9):
        try:
            step()
        finally:
            continue
go()
## does_things_at_exit
import atexit
atexit.register(lambda: open('left.txt', 'w').write('x'))
atexit.register(input)
TRAIN
## exits_after_training
NETWORK
for k in range(3):
    step()
import sys
sys.exit(1)
## exits_at_once_after_training
NETWORK
for k in range(3):
    step()
import os
os._exit(7)
## crashes_after_training
NETWORK
for k in range(3):
    step()
print(undefined_name)
## hangs_after_training [1]
NETWORK
for k in range(3):
    step()
import time
while True:
    time.sleep(1)
## makes_warnings_errors
import warnings, numpy
warnings.simplefilter('error')
numpy.seterr(all='raise')
TRAIN
## warns
import warnings
warnings.warn('careful')
import numpy
numpy.float64(1) / 0
TRAIN
## sets_seeds
import random
random.seed(1)
import numpy
numpy.random.seed(2)
TRAIN
## lowers_the_recursion_limit
import sys
sys.setrecursionlimit(70)
TRAIN
## takes_signals
import signal
for n in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
    signal.signal(n, lambda *a: None)
signal.alarm(1)
TRAIN
## collects_garbage
import gc
gc.enable()
gc.set_threshold(1)
TRAIN
## traces_itself
import sys
sys.settrace(lambda *a: None)
sys.setprofile(lambda *a: None)
TRAIN
## runs_commands
import os, subprocess
os.system('touch left1')
subprocess.run(['touch', 'left2'], check=True)
print(subprocess.check_output('echo hello > left3', shell=True, text=True).strip())
with os.popen('touch left4') as pipe:
    pipe.read()
with subprocess.Popen(['sleep', '100']) as process:
    assert process.wait() == 0
TRAIN
## starts_processes
import multiprocessing as mp
def square(n):
    return n * n
with mp.Pool(2) as pool:
    assert pool.map(square, range(4)) == [0, 1, 4, 9]
process = mp.Process(target=square, args=(3,), daemon=True)
process.start()
process.join()
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(1) as executor:
    assert list(executor.map(square, range(4))) == [0, 1, 4, 9]
TRAIN
## starts_threads
import threading, time
def idle():
    while True:
        time.sleep(1)
threading.Thread(target=idle).start()
threading.Thread(target=idle, daemon=True).start()
TRAIN
## trains_in_a_thread
NETWORK
import threading
def go():
    for k in range(60):
        step()
worker = threading.Thread(target=go)
worker.start()
worker.join()
## forks
import os
try:
    os.fork()
except OSError:
    pass
TRAIN
## kills_its_family
import os, signal
os.kill(os.getppid(), signal.SIGKILL)
os.killpg(os.getpgid(os.getppid()), signal.SIGKILL)
TRAIN
## kills_its_family_in_c
import ctypes, os
for process in (os.getppid(), -os.getpgid(os.getppid())):
    ctypes.CDLL(None).kill(process, 15)
TRAIN
## writes_files
import json, os, pathlib
open('left.txt', 'w').write('x')
open('data.txt', 'a').write('more')
pathlib.Path('left2.txt').write_text('y')
pathlib.Path('left').mkdir()
os.makedirs('left3/deep', exist_ok=True)
json.dump([1], open('left3/deep/x.json', 'w'))
assert open('left3/deep/x.json').read() == '[1]'
assert os.path.exists('left2.txt')
assert open('data.txt').read() == 'kept\nmore'
assert 'left.txt' in os.listdir('.')
TRAIN
## saves_arrays
import numpy as np, pickle
w = np.ones(3)
np.save('w.npy', w)
assert np.load('w.npy').sum() == 3
np.savetxt('w.txt', w)
assert np.loadtxt('w.txt').sum() == 3
np.savez_compressed('w.npz', w=w)
assert np.load('w.npz')['w'].sum() == 3
w.tofile('w.bin')
pickle.dump(w, open('w.pkl', 'wb'))
m = np.memmap('m.dat', dtype='float64', mode='w+', shape=(3,))
m[:] = 1
TRAIN
## saves_after_training
NETWORK
for k in range(3):
    step()
np.save('w.npy', W)
np.savetxt('data.txt', W)
## deletes_files
import os, pathlib, shutil
os.remove(__file__)
os.unlink('data.txt')
pathlib.Path('data.txt').unlink()
shutil.rmtree('.')
shutil.rmtree('folder')
os.rmdir('folder')
os.truncate('data.txt', 0)
os.chmod('data.txt', 0)
TRAIN
## deletes_files_in_c
import ctypes
libc = ctypes.CDLL(None)
libc.unlink(b'data.txt')
libc.rename(b'p.py', b'gone.py')
libc.truncate(b'folder/inner.txt', 0)
libc.creat(b'left', 0o600)
TRAIN
## moves_files
import os, pathlib, shutil
os.rename('data.txt', 'moved.txt')
assert open('moved.txt').read() == 'kept\n'
os.replace(__file__, 'gone.py')
shutil.move('data.txt', 'moved2.txt')
pathlib.Path('data.txt').rename('moved3.txt')
shutil.copy('data.txt', 'copied.txt')
assert open('copied.txt').read() == 'kept\n'
TRAIN
## writes_over_itself
open(__file__, 'w').write('')
open('data.txt', 'r+').truncate(0)
TRAIN
## opens_low_level
import os
handle = os.open('left.bin', os.O_WRONLY | os.O_CREAT)
os.write(handle, b'x')
os.close(handle)
os.close(os.open('data.txt', os.O_RDWR | os.O_TRUNC))
TRAIN
## makes_a_database
import sqlite3
try:
    sqlite3.connect('left.db').execute('create table a (b)')
except sqlite3.OperationalError:
    pass
TRAIN
## makes_temporary_files
import tempfile
file = tempfile.NamedTemporaryFile(delete=False)
file.write(b'x')
folder = tempfile.mkdtemp()
open(folder + '/y', 'w').write('z')
with tempfile.TemporaryDirectory() as gone:
    open(gone + '/z', 'w').write('z')
import os
assert not os.path.exists(gone)
TRAIN
## goes_elsewhere
import os
os.chdir('/')
os.mkdir('left_here')
os.chdir('left_here')
open('x', 'w').write('x')
TRAIN
## changes_its_environment
import os, sys
os.environ.clear()
sys.argv.append('--odd')
sys.path.clear()
TRAIN
## parses_arguments
import argparse
parser = argparse.ArgumentParser()
parser.add_argument('--rate', type=float, default=0.1)
assert parser.parse_args().rate == 0.1
TRAIN
## was_python_2
for k in xrange(3):
    name = raw_input()
TRAIN
""")
