#!/usr/bin/env python3
"""browser.py DRIVER FOLDER: headless Chromium, by chromedriver's HTTP (W3C WebDriver) and nothing else.

DRIVER is chromedriver's address, FOLDER the browser's. Each line of standard input is a step, its words ended by the unit
separator (037); its answer is lines, ended by one that is EOT (004) alone. What went wrong is said on standard error.

  go URL          and wait until it is loaded
  js EXPRESSION   its value as JSON, but a text as it is
  click CSS       as a mouse does
  keys KEY...     pressed one after another: Tab, Enter, Space, or text
  role CSS        role and name, as a screen reader gets them
  size W H        of the window
  scheme WORD     dark or light
  shot FILE       a picture of all of the page
  console         what was written there since the last time, a line each
  quit
"""
import base64
import json
import sys
import urllib.error
import urllib.request

# As root in a container, and with no word to anybody outside.
FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage',
         '--disable-background-networking', '--disable-component-update', '--disable-sync']
KEYS = {'Tab': '\ue004', 'Enter': '\ue007', 'Space': ' '}
ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'


class Browser:
    """A session."""

    def __init__(self, driver, folder):
        self.driver, self.path = driver, '/session'
        options = {'args': [*FLAGS, f'--user-data-dir={folder}']}
        wanted = {'browserName': 'chrome', 'goog:chromeOptions': options, 'goog:loggingPrefs': {'browser': 'ALL'}}
        self.path += '/' + self.step('', {'capabilities': {'alwaysMatch': wanted}})['sessionId']

    def step(self, path, data=None, method=None):
        body = None if data is None else json.dumps(data).encode()
        head = {'Content-Type': 'application/json'}
        request = urllib.request.Request(self.driver + self.path + path, body, head, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)['value']
        except urllib.error.HTTPError as e:
            raise RuntimeError(json.load(e)['value']['message'].splitlines()[0]) from None

    def element(self, css):
        return '/element/' + self.step('/element', {'using': 'css selector', 'value': css})[ELEMENT]

    def cdp(self, command, **parameters):
        return self.step('/goog/cdp/execute', {'cmd': command, 'params': parameters})

    # The steps

    def go(self, url):
        self.step('/url', {'url': url})

    def js(self, expression):
        value = self.step('/execute/sync', {'script': f'return {expression}', 'args': []})
        print(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

    def click(self, css):
        self.step(self.element(css) + '/click', {})

    def keys(self, *words):
        pressed = [{'type': t, 'value': k} for w in words for k in KEYS.get(w, w) for t in ('keyDown', 'keyUp')]
        self.step('/actions', {'actions': [{'type': 'key', 'id': 'keyboard', 'actions': pressed}]})

    def role(self, css):
        e = self.element(css)
        print(self.step(e + '/computedrole'), self.step(e + '/computedlabel'))

    def size(self, width, height):
        self.cdp('Emulation.setDeviceMetricsOverride', width=int(width), height=int(height), deviceScaleFactor=1, mobile=False)

    def scheme(self, word):
        self.cdp('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': word}])

    def shot(self, file):
        size = self.cdp('Page.getLayoutMetrics')['cssContentSize']
        clip = {'x': 0, 'y': 0, 'width': size['width'], 'height': size['height'], 'scale': 1}
        with open(file, 'wb') as f:
            f.write(base64.b64decode(self.cdp('Page.captureScreenshot', captureBeyondViewport=True, clip=clip)['data']))

    def console(self):
        for line in self.step('/se/log', {'type': 'browser'}):
            print(line['level'], line['message'])


browser = Browser(*sys.argv[1:])
print('\4', flush=True)
for line in sys.stdin:
    command, *words = line.rstrip('\n').split('\37')[:-1]
    if command == 'quit':
        break
    try:
        getattr(browser, command)(*words)
    except Exception as e:  # noqa: BLE001: the test goes on
        print(f'{command} {words}: {e}', file=sys.stderr, flush=True)
    print('\4', flush=True)
browser.step('', method='DELETE')
print('\4', flush=True)
