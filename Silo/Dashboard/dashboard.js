'use strict';

const period = 1000;
const kept = 60;
const byId = id => document.getElementById(id);
const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const recent = { p99: Array(kept).fill(0), rate: Array(kept).fill(0) };
let before = null;
let askedAt = 0;
let clockAhead = 0;

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function say(id, text) {
  const node = byId(id);
  if (node.textContent !== text) node.textContent = text;
}

function big(id, number, unit) {
  byId(id).replaceChildren(number, ...(unit ? [make('small', '', unit)] : []));
}

function share(part, whole) {
  return whole > 0 ? Math.min(100, 100 * part / whole) : 0;
}

function percent(part, whole) {
  if (!(whole > 0)) return '–';
  const value = share(part, whole);
  return value >= 99.95 || value === 0 ? value.toFixed(0) : value.toFixed(1);
}

function milliseconds(value) {
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : count.format(value);
}

function size(bytes) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let at = 0;
  while (bytes >= 1000 && at < units.length - 1) { bytes /= 1000; at++; }
  return `${at === 0 ? bytes : bytes.toFixed(1)} ${units[at]}`;
}

function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor(whole % 86400 / 3600)} h`;
}

// By the silo's clock, which this machine's may differ from.
function siloNow() {
  return Date.now() - clockAhead;
}

function ago(iso) {
  const seconds = (siloNow() - Date.parse(iso)) / 1000;
  return seconds >= 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`;
}

function spark(id, values) {
  const [area, line] = byId(id).querySelectorAll('path');
  const top = Math.max(...values) || 1;
  const points = values.map((value, i) => `${(120 * i / (kept - 1)).toFixed(1)},${(26 - 23 * value / top).toFixed(1)}`);
  line.setAttribute('d', `M${points.join('L')}`);
  area.setAttribute('d', `M0,28L${points.join('L')}L120,28Z`);
}

function remember(values, value) {
  values.push(value);
  values.shift();
}

function showSilo(data) {
  const status = byId('status');
  status.textContent = data.degraded ? 'degraded' : data.status;
  status.className = `pill ${data.degraded ? 'warn' : data.status === 'ready' ? 'good' : 'bad'}`;
  say('silo', data.silo);
  say('engine', data.engine);
  say('store', data.store);
  say('pid', String(data.pid));
  say('uptime', span(data.uptimeSeconds));
}

function showTotals(data) {
  const t = data.totals;
  const declared = t.saved + t.originCalls;
  big('saved', count.format(t.saved));
  byId('saved-bar').style.width = `${share(t.saved, declared)}%`;
  say('saved-note', declared > 0 ? `${percent(t.saved, declared)} % saved; ${count.format(t.originCalls)} made` : 'no call yet');

  big('ratio', percent(t.fresh + t.stale, t.reads), t.reads > 0 ? '%' : '');
  byId('fresh-bar').style.width = `${share(t.fresh, t.reads)}%`;
  byId('stale-bar').style.width = `${share(t.stale, t.reads)}%`;
  say('ratio-note', t.reads > 0 ? `${percent(t.fresh, t.reads)} % fresh, ${percent(t.stale, t.reads)} % stale` : 'no read yet');

  const quiet = t.p99Milliseconds === null;
  big('p99', quiet ? '–' : milliseconds(t.p99Milliseconds), quiet ? '' : 'ms');
  say('p99-note', quiet ? 'no HTTP read in the last minute' : `median ${milliseconds(t.p50Milliseconds)} ms`);
  remember(recent.p99, t.p99Milliseconds ?? 0);
  spark('p99-spark', recent.p99);

  const refused = t.refused - (before?.totals.refused ?? t.refused);
  big('refused', count.format(t.refused));
  remember(recent.rate, Math.max(0, refused));
  spark('rate-spark', recent.rate);
  say('refused-note', t.refused > 0 ? 'permits that a limit kept back' : 'no limit was reached');

  for (const name of ['reads', 'loaded', 'joined', 'missed', 'failed', 'entries']) say(name, count.format(t[name]));
  say('bytes', size(t.bytes));
  if (before && data.uptimeSeconds > before.uptimeSeconds)
    say('rate', count.format((t.reads - before.totals.reads) / (data.uptimeSeconds - before.uptimeSeconds)));
}

function showWindows(row) {
  const node = make('div', 'windows');
  for (const part of row.limiter.split(', ')) {
    const found = /^([\d.]+) of ([\d.]+) (.*)$/.exec(part);
    if (!found) { node.append(make('span', 'quiet', part)); continue; }
    const [, used, limit, rest] = found;
    const fill = make('i', share(+used, +limit) >= 90 ? 'warn' : '');
    fill.style.width = `${share(+used, +limit)}%`;
    const bar = make('div', 'bar', fill);
    bar.setAttribute('aria-hidden', 'true');
    node.append(make('div', 'window', make('b', '', count.format(+used)), ` of ${count.format(+limit)} ${rest}`, bar));
  }
  if (row.pausedMilliseconds > 0) node.append(make('span', 'pill warn', `paused ${span(row.pausedMilliseconds / 1000)}`));
  return node;
}

function cell(label, className, ...children) {
  const node = make('td', className, ...children);
  node.dataset.label = label;
  return node;
}

function breakerText(text) {
  const until = /^open until (\S+Z)$/.exec(text);
  return until ? `open, tries again ${ago(until[1])}` : text;
}

function showIntegrations(rows) {
  const body = byId('integrations');
  if (rows.length === 0) {
    const none = make('td', '', 'None is configured.');
    none.colSpan = 8;
    body.replaceChildren(make('tr', 'empty', none));
    return;
  }
  body.replaceChildren(...rows.map(row => {
    const waiting = row.foregroundWaiting + row.backgroundWaiting;
    const breaker = row.breaker.startsWith('closed') ? 'good' : row.breaker.startsWith('open') ? 'bad' : row.breaker === 'none' ? '' : 'warn';
    const error = row.lastError ? cell('Last error', 'error wide', row.lastError, make('time', '', ago(row.lastErrorAt))) : cell('Last error', 'quiet wide', 'none');
    return make('tr', '',
      cell('Name', 'name', row.name),
      cell('Rate limit', 'wide', showWindows(row)),
      cell('Waiting', waiting ? '' : 'quiet', waiting ? `${row.foregroundWaiting} callers, ${row.backgroundWaiting} refreshes` : 'nobody'),
      cell('Breaker', '', make('span', `pill ${breaker}`, breakerText(row.breaker))),
      cell('Reads', 'number', count.format(row.reads)),
      cell('Calls', 'number', count.format(row.originCalls)),
      cell('Saved', 'number', count.format(row.saved)),
      error);
  }));
  const regions = rows.flatMap(row => row.regions);
  const list = byId('regions');
  if (list.children.length !== regions.length)
    list.replaceChildren(...regions.map(region => Object.assign(document.createElement('option'), { value: region })));
}

async function refresh() {
  try {
    const reply = await fetch('/dashboard/data', { cache: 'no-store' });
    if (!reply.ok) throw new Error(`status ${reply.status}`);
    const data = await reply.json();
    clockAhead = Date.now() - Date.parse(data.now);
    if (before && before.pid !== data.pid) before = null;
    showSilo(data);
    showTotals(data);
    showIntegrations(data.integrations);
    before = data;
    askedAt = Date.now();
    byId('offline').hidden = true;
  } catch (error) {
    say('offline', `The silo does not answer (${error.message})${askedAt ? `; what stands here is ${span((Date.now() - askedAt) / 1000)} old` : ''}. Trying again.`);
    byId('offline').hidden = false;
  }
}

async function run() {
  if (!document.hidden) await refresh();
  setTimeout(run, period);
}

function life(data) {
  if (!data.lastRetrieved || !data.freshUntil) return [];
  const start = Date.parse(data.lastRetrieved), fresh = Date.parse(data.freshUntil);
  const end = Math.max(data.staleUntil ? Date.parse(data.staleUntil) : fresh, fresh);
  // Stale time is often a hundred times fresh time: a scale by square roots shows both.
  const place = at => 100 * Math.sqrt(Math.min(1, Math.max(0, (at - start) / Math.max(1, end - start))));
  const bar = make('div', 'life');
  const freshPart = make('i', 'fresh'), stalePart = make('i', 'stale'), now = make('i', 'now');
  freshPart.style.width = `${place(fresh)}%`;
  stalePart.style.width = `${100 - place(fresh)}%`;
  const at = place(siloNow());
  now.style.left = `${at}%`;
  if (at < 5) now.classList.add('first');
  if (at > 95) now.classList.add('last');
  bar.append(freshPart, stalePart, now);
  bar.setAttribute('role', 'img');
  bar.setAttribute('aria-label', `Asked ${ago(data.lastRetrieved)}, fresh until ${data.freshUntil}, stale until ${data.staleUntil ?? data.freshUntil}`);
  return [bar, make('div', 'legend',
    make('span', '', `asked ${ago(data.lastRetrieved)}`),
    make('span', '', `fresh ${Date.parse(data.freshUntil) > siloNow() ? 'ends' : 'ended'} ${ago(data.freshUntil)}`),
    make('span', '', data.staleUntil ? `gone ${ago(data.staleUntil)}` : 'never gone'))];
}

function instant(iso) {
  return iso ? `${iso.replace('T', ' ').replace(/(\.\d{3})\d*Z$/, '$1')} UTC` : null;
}

function showAnswer(data) {
  const tone = { fresh: 'good', stale: 'warn', loading: 'warn', absent: '' }[data.state] ?? '';
  const facts = [
    ['version', data.version || null], ['last retrieved', instant(data.lastRetrieved)], ['last modified', instant(data.lastModified)],
    ['fresh until', instant(data.freshUntil)], ['stale until', instant(data.staleUntil)], ['last error', data.lastError],
    ['limiter', data.limiter], ['breaker', data.breaker && breakerText(data.breaker)], ['owner', data.owner], ['view', String(data.view)],
  ].filter(([, value]) => value !== null && value !== '');
  byId('answer').replaceChildren(
    make('p', 'verdict', make('span', `pill ${tone}`, data.state), make('span', '', data.reason)),
    ...life(data),
    make('dl', 'facts', ...facts.map(([name, value]) => make('div', '', make('dt', '', name), make('dd', '', String(value))))));
}

async function explain(region, key) {
  const address = new URL(location.href);
  address.search = new URLSearchParams({ region, key });
  window.history.replaceState(null, '', address);
  try {
    const reply = await fetch(`/api/v1/entries/${encodeURIComponent(region)}/${encodeURIComponent(key)}/explain`, { cache: 'no-store' });
    const data = await reply.json();
    if (reply.ok) showAnswer(data);
    else byId('answer').replaceChildren(make('p', 'verdict', make('span', 'pill bad', String(reply.status)), data.detail ?? data.title));
  } catch (error) {
    byId('answer').replaceChildren(make('p', 'verdict', make('span', 'pill bad', 'no answer'), error.message));
  }
}

byId('explain').addEventListener('submit', event => {
  event.preventDefault();
  const fields = new FormData(event.target);
  explain(fields.get('region'), fields.get('key'));
});

const started = run();
const asked = new URLSearchParams(location.search);
if (asked.get('region') && asked.get('key')) {
  const form = byId('explain');
  form.elements.region.value = asked.get('region');
  form.elements.key.value = asked.get('key');
  started.then(() => explain(asked.get('region'), asked.get('key')));      // which then knows the silo's clock
}
