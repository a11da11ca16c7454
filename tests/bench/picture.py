"""The picture: the figures as bars, the targets, and on which machine.  Text is text; light and dark are the reader's."""
import html
import os
import platform
import subprocess
import time

from measure import TOP, Value, number

WIDTH, LEFT, RIGHT, LINE, GAP = 960, 260, 330, 18, 26
BAR = WIDTH - LEFT - RIGHT
STYLE = '''
text { font: 12px sans-serif; fill: #222 } .head { font-weight: bold; font-size: 14px } .soft { fill: #666 }
.back { fill: #fff } .bar { fill: #3b74b8 } .met { fill: #24743c } .not { fill: #b02a2a }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .soft { fill: #999 } .back { fill: #161616 } .bar { fill: #5f9ce0 } .met { fill: #6cc488 } .not { fill: #f07f7f } }
'''


def first(path, word):
    with open(path) as f:
        return next((line.partition(':')[2].strip() for line in f if line.startswith(word)), 'unknown')


def output(*argv):
    p = subprocess.run(argv, capture_output=True, text=True, cwd=TOP)
    return p.stdout.strip()


def machine(size):
    """Lines that say on what, and of what, all this was measured."""
    with open(os.path.join(TOP, 'VERSION')) as f:
        version = f.read().strip()
    revision = output('git', 'describe', '--always', '--dirty', '--exclude', '*') or 'no git'
    kafka = output('pkg-config', '--modversion', 'rdkafka')
    gib = int(first('/proc/meminfo', 'MemTotal').split()[0]) / (1 << 20)
    return [f'milvus-cdc-tools {version} ({revision}), librdkafka {kafka}, size {size}, {time.strftime("%Y-%m-%d")}',
            f'{first("/proc/cpuinfo", "model name")}, {os.cpu_count()} cores, {gib:.1f} GiB, Linux {platform.release()}',
            f'load of the machine at the end, servers included: {os.getloadavg()[0]:.1f}']


class Drawing:
    def __init__(self):
        self.y, self.parts = GAP, []

    def text(self, x, text, kind='', anchor='start'):
        self.parts.append(f'<text x="{x}" y="{self.y}" class="{kind}" text-anchor="{anchor}">{html.escape(text)}</text>')

    def down(self, by=LINE):
        self.y += by

    def bar(self, name, part, label):
        self.text(LEFT - 8, name, anchor='end')
        self.parts.append(f'<rect x="{LEFT}" y="{self.y - 11}" width="{max(1, BAR * part):.1f}" height="13" class="bar"/>')
        self.text(LEFT + BAR * part + 6, label, 'soft')
        self.down()

    def svg(self):
        height = self.y + GAP
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
                f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}" class="back"/>' + '\n'.join(self.parts) + '</svg>\n')


def measure_of(f):
    """The number that a bar shows, and its unit."""
    if isinstance(f, Value):
        return f.value, f.unit
    if any(r.cpu for r in f.runs) and f.group not in ('chain', 'delay'):
        return f.core_mb_s, 'MB/s of a core'
    return (f.rows_s, 'rows/s') if f.rows else (f.mb_s, 'MB/s')


def label_of(f, x, unit):
    if isinstance(f, Value):
        return f'{number(x)} {unit}, n {f.n}'
    wide = f.cpu_spread if unit == 'MB/s of a core' else f.spread
    us = f', {f.us_row:.2f} us a row' if f.rows and any(r.cpu for r in f.runs) else ''
    return f'{number(x)}{"" if wide == "-" else f" +- {wide}"}{us}, n {len(f.runs)}'


def chart(d, title, unit, figures):
    some = [(f, measure_of(f)[0]) for f in figures]
    most = max(x for _, x in some) or 1
    d.down(GAP)
    d.text(LEFT, f'{title}: {unit}', 'head')
    d.down()
    for f, x in some:
        d.bar(f.name, x / most, label_of(f, x, unit))


def charts(figures):
    """{(title, unit): figures}; rates of the target stand side by side, whoever reached them."""
    out = {}
    for f in figures:
        unit = measure_of(f)[1]
        out.setdefault(('real servers' if unit == 'rows/s' else f.group, unit), []).append(f)
    return out


def draw(path, figures, wanted, size):
    d = Drawing()
    for line in machine(size):
        d.text(20, line, 'soft')
        d.down()
    for (title, unit), some in charts(figures).items():
        chart(d, title, unit, some)
    d.down(GAP)
    d.text(LEFT, 'Targets', 'head')
    d.down()
    for r in wanted:
        d.text(LEFT + 80, r['target'])
        d.text(LEFT - 8, f'{r["measured"]} ({r["wanted"]})', anchor='end')
        d.text(LEFT, r['verdict'], {'met': 'met', 'not met': 'not'}.get(r['verdict'], 'soft'))
        d.down()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f:
        f.write(d.svg())
