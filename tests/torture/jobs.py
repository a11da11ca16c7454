"""torture.py --jobs N: scenarios side by side, each job with servers of its own; one stream of TAP, one line of figures.

Each scenario is a process of its own, `torture.py --seed S NAME`, so that it can be run alone just as it was run here.
"""
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading

from cdctest import BUILD, LAB, diag

TORTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'torture.py')
COUNTED = re.compile(r'# seed \d+: (\d+) scenarios, (\d+) rounds, (\d+) faults, (\d+) rows written, '
                     r'(\d+) verifications, (\d+) differences$')


class Jobs:
    def __init__(self, arguments, names):
        self.arguments = arguments  # of each torture.py
        self.names = queue.SimpleQueue()
        for name in names:
            self.names.put(name)
        self.lock = threading.Lock()
        self.figures = [0] * 6
        self.n = self.bad = 0
        self.running = set()
        self.labs = []

    def line(self, text):
        """A line of a child: tests are numbered through, figures are added."""
        counted = COUNTED.match(text)
        test = re.match(r'(not )?ok \d+ - (.*)', text)
        if counted:
            self.figures = [a + int(b) for a, b in zip(self.figures, counted.groups())]
        elif test:
            self.n += 1
            self.bad += bool(test[1])
            print(f'{test[1] or ""}ok {self.n} - {test[2]}', flush=True)
        elif not re.match(r'1\.\.|# seed \d+$', text):
            print(text, flush=True)
        return bool(counted)

    def scenario(self, name, env):
        child = subprocess.Popen([sys.executable, TORTURE, *self.arguments, name], env=env, text=True, errors='replace',
                                 stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.running.add(child)
        counted = False
        for text in child.stdout:
            with self.lock:
                counted |= self.line(text.rstrip('\n'))
        status = child.wait()
        self.running.discard(child)
        if not counted:
            with self.lock:
                self.line(f'not ok 0 - {name}: it ended with {status} before it could count')

    def job(self, lab):
        env = dict(os.environ, CDC_LAB=lab)
        subprocess.run([LAB, 'up'], env=env, check=True, stdout=subprocess.DEVNULL)
        out = subprocess.run(['sh', '-c', f'eval "$("{LAB}" env)"; env -0'], env=env, check=True, capture_output=True).stdout
        env = dict(v.split('=', 1) for v in out.decode().split('\0') if v)
        while True:
            try:
                name = self.names.get_nowait()
            except queue.Empty:
                return
            # Milvus ends itself when etcd is slow; the next scenario has one that runs.
            subprocess.run([LAB, 'up'], env=env, check=True, stdout=subprocess.DEVNULL)
            self.scenario(name, env)

    def job_or_fault(self, lab):
        try:
            self.job(lab)
        except subprocess.SubprocessError as e:
            with self.lock:
                self.line(f'not ok 0 - {lab}: {e}')

    def run(self, jobs):
        os.makedirs(BUILD, exist_ok=True)
        try:
            for _ in range(jobs):
                self.labs.append(tempfile.mkdtemp(prefix='lab.', dir=BUILD))
                with open(os.path.join(self.labs[-1], 'owner'), 'w') as f:
                    print(os.getpid(), file=f)
            threads = [threading.Thread(target=self.job_or_fault, args=(lab,), daemon=True) for lab in self.labs]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        finally:
            for child in list(self.running):
                child.terminate()
            for lab in self.labs:
                subprocess.run([LAB, 'wipe'], env=dict(os.environ, CDC_LAB=lab), stdout=subprocess.DEVNULL)


def run(jobs, seed, arguments, names):
    """The status for main()."""
    j = Jobs([*arguments, '--seed', str(seed)], names)
    j.run(jobs)
    print(f'1..{j.n}')
    words = 'scenarios', 'rounds', 'faults', 'rows written', 'verifications', 'differences'
    diag(f'seed {seed}: ' + ', '.join(f'{n} {word}' for n, word in zip(j.figures, words)))
    return 1 if j.bad or not j.n else 0
