'use strict';
// The tasks of cdc-httpd, from GET /tasks. What comes from there is only ever set as text: names and errors may hold anything.

const AGAIN_MS = 2000; // from an answer to the next question
const WAIT_MS = 20000; // for an answer; a pause may take 15 s
const TREND = 60; // lags that are drawn
const KEY = 'cdc-token';

const at = (id) => document.getElementById(id);
const rows = new Map(); // by task_id
let timer = 0;

// Set only what differs: a screen reader says again what is set again.
function setText(element, text) {
	if (element.textContent !== text)
		element.textContent = text;
}

function make(name, className, parent) {
	const element = document.createElement(name);
	element.className = className;
	parent.append(element);
	return element;
}

function fail(text) {
	setText(at('error'), text);
	at('error').hidden = text === '';
}

// ---- requests ----

class Refused extends Error {
	constructor(status, text) {
		super(text);
		this.status = status;
	}
}

async function ask(path, method = 'GET') {
	const token = sessionStorage.getItem(KEY);
	const answer = await fetch(path, {
		method,
		headers: token === null ? {} : {Authorization: `Bearer ${token}`},
		cache: 'no-store',
		signal: AbortSignal.timeout(WAIT_MS),
	});
	const body = await answer.json().catch(() => ({}));
	if (!answer.ok)
		throw new Refused(answer.status, body.message || `status ${answer.status}`);
	return body;
}

// All of them: an answer has a thousand at most, and where the next begins.
async function askTasks() {
	const tasks = [];
	let after = null;
	do {
		const more = after === null ? '' : `&after=${encodeURIComponent(after)}`;
		const answer = await ask(`tasks?limit=1000${more}`);
		tasks.push(...answer.tasks);
		after = answer.next;
	} while (after !== null);
	return tasks;
}

// ---- words ----

function duration(ms) {
	if (ms < 10000)
		return `${(ms / 1000).toFixed(1)} s`;
	const s = Math.round(ms / 1000);
	if (s < 120)
		return `${s} s`;
	if (s < 7200)
		return `${Math.floor(s / 60)} min ${s % 60} s`;
	if (s < 172800)
		return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
	return `${Math.floor(s / 86400)} days ${Math.floor(s / 3600) % 24} h`;
}

// A hybrid timestamp has milliseconds above its lower 18 bits.
function clock(ts) {
	return ts === null ? null : new Date(Number(BigInt(ts) >> 18n));
}

// With its zone: who is called at night may be in another one than the server.
function date(when) {
	return when.toLocaleString(undefined, {
		year: 'numeric', month: 'short', day: 'numeric',
		hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short',
	});
}

function collections(task) {
	const all = Object.entries(task.db_collections || {}).concat([['default', task.collection_infos || []]]);
	const names = all.flatMap(([db, list]) => list.map((coll) => `${db}.${coll.name}`));
	if (names.includes('*.*'))
		return 'all collections';
	return names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}

function target(task) {
	const to = task.milvus_connect_param || {};
	return to.uri || (to.host ? `${to.host}:${to.port}` : '');
}

function count(n, one, many) {
	return n === 1 ? `1 ${one}` : `${n.toLocaleString('en')} ${many}`;
}

function wantedPaused(task) {
	return task.state === 'Paused';
}

// ---- the table ----

function makeTrend(parent) {
	const space = 'http://www.w3.org/2000/svg';
	const svg = document.createElementNS(space, 'svg');
	const line = document.createElementNS(space, 'polyline');
	svg.setAttribute('class', 'trend');
	svg.setAttribute('viewBox', '0 0 100 20');
	svg.setAttribute('preserveAspectRatio', 'none');
	svg.setAttribute('aria-hidden', 'true');
	line.setAttribute('vector-effect', 'non-scaling-stroke');
	svg.append(line);
	parent.append(svg);
	return line;
}

function cell(tr, name, className) {
	const td = make('td', className, tr);
	td.setAttribute('role', 'cell');
	if (name !== '')
		td.dataset.name = name;
	return td;
}

function makeRow(id) {
	const tr = document.createElement('tr');
	tr.setAttribute('role', 'row');
	const th = make('th', '', tr);
	th.scope = 'row';
	th.setAttribute('role', 'rowheader');
	const row = {tr, id, lags: [], busy: false};
	row.name = make('span', '', th);
	row.what = make('span', 'more', th);
	row.where = make('span', 'more', th);
	row.health = make('span', 'health', cell(tr, 'State', ''));
	const lag = cell(tr, 'Lag', 'number');
	row.lag = make('span', '', lag);
	row.trend = makeTrend(lag);
	const done = cell(tr, 'Rows', 'number');
	row.rows = make('span', '', done);
	row.rate = make('span', 'more', done);
	row.applied = make('time', '', cell(tr, 'Applied up to', 'time'));
	row.reason = cell(tr, 'Reason', 'reason');
	row.button = make('button', '', cell(tr, '', ''));
	row.button.type = 'button';
	row.button.addEventListener('click', () => press(row));
	return row;
}

// The last lags, those that are known, over all of the width.
function drawTrend(row, lag) {
	row.lags = row.lags.concat(lag === null ? [] : [lag]).slice(-TREND);
	const most = Math.max(1000, ...row.lags);
	const step = 100 / Math.max(1, row.lags.length - 1);
	const points = row.lags.map((v, i) => `${(i * step).toFixed(1)},${(19 - 17 * v / most).toFixed(1)}`);
	row.trend.setAttribute('points', points.join(' '));
	row.trend.parentNode.toggleAttribute('hidden', row.lags.length < 2);
}

function showButton(row, task) {
	if (!row.busy)
		row.resume = wantedPaused(task);
	const word = row.resume ? 'Resume' : 'Pause';
	setText(row.button, row.busy ? `${word.replace(/e$/, '')}ing…` : word);
	row.button.setAttribute('aria-label', `${word} ${row.id}`);
	row.button.setAttribute('aria-disabled', String(row.busy));
}

function showTask(row, task) {
	const when = clock(task.applied_ts);
	row.task = task;
	setText(row.name, task.task_id);
	setText(row.what, collections(task));
	setText(row.where, target(task) && `to ${target(task)}`);
	setText(row.health, task.health.replace('_', ' '));
	row.health.className = `health ${task.health}`;
	setText(row.lag, task.lag_ms === null ? 'unknown' : duration(task.lag_ms));
	row.lag.title = task.lag_unknown || '';
	setText(row.rows, BigInt(task.rows).toLocaleString('en'));
	setText(row.rate, task.rate === null ? '' : `${task.rate.toLocaleString('en')}/s`);
	setText(row.applied, when === null ? 'not yet' : date(when));
	row.applied.dateTime = when === null ? '' : when.toISOString();
	setText(row.reason, task.reason || '');
	showButton(row, task);
}

function summary(tasks) {
	const bad = tasks.filter((t) => ['stalled', 'stopped', 'failed'].includes(t.health)).length;
	const paused = tasks.filter((t) => t.health === 'paused').length;
	const words = [count(tasks.length, 'task', 'tasks')];
	if (paused > 0)
		words.push(`${paused} paused`);
	if (bad > 0)
		words.push(`${count(bad, 'needs', 'need')} attention`);
	return words.join(', ');
}

function showTasks(tasks) {
	const seen = new Set(tasks.map((t) => t.task_id));
	for (const [id, row] of rows)
		if (!seen.has(id)) {
			row.tr.remove();
			rows.delete(id);
		}
	let before = null; // they come in order; who is there stays where it is, with its focus
	for (const task of tasks) {
		if (!rows.has(task.task_id))
			rows.set(task.task_id, makeRow(task.task_id));
		const row = rows.get(task.task_id);
		const next = before === null ? at('tasks').firstChild : before.nextSibling;
		if (next !== row.tr)
			at('tasks').insertBefore(row.tr, next);
		showTask(row, task);
		drawTrend(row, task.lag_ms);
		before = row.tr;
	}
	setText(at('summary'), summary(tasks));
	at('table').hidden = tasks.length === 0;
	at('empty').hidden = tasks.length > 0;
	at('table').classList.remove('old');
}

// ---- what is pressed ----

async function press(row) {
	if (row.busy)
		return;
	const word = row.resume ? 'resume' : 'pause';
	row.busy = true;
	showButton(row, row.task);
	try {
		const task = await ask(`tasks/${encodeURIComponent(row.id)}/${word}`, 'POST');
		row.busy = false;
		showTask(row, task);
		fail('');
		setText(at('news'), `${row.id} is ${wantedPaused(task) ? 'paused' : 'resumed'}`);
	} catch (e) {
		row.busy = false;
		showButton(row, row.task);
		fail(`${row.id} cannot be ${word}d: ${e.message}`);
	}
	look(); // what was asked before says what was
}

// ---- the token ----

function login(text) {
	looks++;
	clearTimeout(timer);
	sessionStorage.removeItem(KEY);
	rows.clear();
	at('tasks').replaceChildren();
	setText(at('summary'), '');
	at('table').hidden = at('empty').hidden = at('forget').hidden = true;
	fail(text);
	at('login').hidden = false;
	at('token').value = '';
	at('token').focus();
}

at('login').addEventListener('submit', (event) => {
	event.preventDefault();
	sessionStorage.setItem(KEY, at('token').value.trim());
	at('token').value = '';
	at('login').hidden = true;
	look();
});

at('forget').addEventListener('click', () => {
	login('');
});

// ---- again and again ----

// What is shown is what it said last; when that was, is said once and not again and again.
function silence(e) {
	const then = last === null ? '' : `; below is what it said at ${last.toLocaleTimeString()}`;
	return e instanceof Refused ? `The tasks cannot be read: ${e.message}` : `cdc-httpd does not answer${then}`;
}

let last = null;
let looks = 0; // an answer to an older question is none
let lost = false;

async function look() {
	const mine = ++looks;
	clearTimeout(timer);
	at('forget').hidden = sessionStorage.getItem(KEY) === null;
	try {
		const tasks = await askTasks();
		if (mine !== looks)
			return;
		showTasks(tasks);
		last = new Date();
		if (lost)
			fail('');
		lost = false;
	} catch (e) {
		if (mine !== looks)
			return;
		if (e.status === 401) {
			login(e.message);
			return;
		}
		lost = true;
		at('table').classList.add('old');
		fail(silence(e));
	}
	if (!document.hidden)
		timer = setTimeout(look, AGAIN_MS);
}

document.addEventListener('visibilitychange', () => {
	if (!document.hidden && at('login').hidden)
		look();
});
// The server says whether it wants one, so that nobody has to be refused first.
if (document.documentElement.dataset.token === 'wanted' && sessionStorage.getItem(KEY) === null)
	login('');
else
	look();
