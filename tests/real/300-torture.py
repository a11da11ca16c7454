"""The short form of `make torture`: each fault a few times, with a seed of its own at each run (SEED=n: that one)."""
import os
import subprocess
import sys

TORTURE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'torture', 'torture.py')
seed = ['--seed', os.environ['SEED']] if os.environ.get('SEED') else []
sys.exit(subprocess.run([sys.executable, TORTURE, '--short', *seed, *sys.argv[1:]]).returncode)
