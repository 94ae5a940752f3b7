// The page of the console: it asks for the whole cloud each second, and hears of events as they come.
// Whatever comes from peers goes into the page as text, never as markup.

const base = document.querySelector('script[data-base]').dataset.base;
const PERIOD = 1000;
const POINTS = 300;
const MAX_EVENTS = 200;
/** More labels than this would cover each other. */
const MAX_LABELS = 40;
const SVG = 'http://www.w3.org/2000/svg';

const $ = (id) => document.getElementById(id);

/** Makes an element; children are elements or texts. */
function make(tag, attributes = {}, ...children) {
  const isDrawn = ['circle', 'line', 'polyline', 'text', 'title', 'g'];
  const element = isDrawn.includes(tag)
    ? document.createElementNS(SVG, tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const nameOf = (member) => member.name ?? member.id.slice(0, 8);
const shorten = (text) => (text.length > 14 ? `${text.slice(0, 13)}…` : text);
const digits = (value) =>
  value >= 100 ? String(Math.round(value)) : value.toFixed(1);

function ago(date) {
  const seconds = Math.max(0, Math.round((Date.now() - new Date(date)) / 1000));
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ];
  const [unit, length] = units.find(([, each]) => seconds >= each) ?? ['s', 1];
  return `${Math.floor(seconds / length)} ${unit}`;
}

function counts(byName) {
  return Object.entries(byName)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

// Members

const rows = new Map();

function rowOf(member) {
  let row = rows.get(member.id);
  if (!row) {
    const button = make('button', { type: 'button' }, 'Check');
    const result = make('span', { role: 'status' });
    button.addEventListener('click', () => void check(member.id, result));
    row = make('tr', {}, make('th', { scope: 'row' }));
    for (let cell = 1; cell < 12; cell++) {
      row.append(make('td'));
    }
    row.cells[11].append(button, ' ', result);
    rows.set(member.id, row);
    row.button = button;
  }
  row.button.setAttribute('aria-label', `Check ${nameOf(member)} now`);
  return row;
}

async function check(id, result) {
  result.textContent = '…';
  try {
    const answer = await fetch(
      `${base}/api/members/${encodeURIComponent(id)}/check`,
      { method: 'POST' },
    );
    const { online } = answer.ok ? await answer.json() : {};
    result.textContent = online ? 'online' : 'no answer';
    result.className = online ? 'good' : 'bad';
  } catch {
    result.textContent = 'failed';
    result.className = 'bad';
  }
}

/** Writes what is new: a screen reader, a selection and the focus stay where they are. */
function write(cell, text, className = '') {
  if (cell.textContent !== text) {
    cell.textContent = text;
  }
  if (cell.className !== className) {
    cell.className = className;
  }
}

function showMembers({ members }) {
  const [self] = members;
  const sorted = members.toSorted((one, two) =>
    nameOf(one).localeCompare(nameOf(two), undefined, { numeric: true }),
  );
  const ids = new Set(members.map(({ id }) => id));
  for (const [id, row] of rows) {
    if (!ids.has(id)) {
      row.remove();
      rows.delete(id);
    }
  }
  sorted.forEach((member, at) => {
    const { report, roundTrip } = member;
    const row = rowOf(member);
    const [
      name,
      state,
      address,
      since,
      app,
      version,
      lane,
      trip,
      rates,
      fails,
      list,
    ] = row.cells;
    write(name, nameOf(member) + (member.isSelf ? ' (this one)' : ''));
    name.title = `${member.id}\n${JSON.stringify(member.data)}\n${member.features.join(' ')}`;
    const word = member.silence ? `silent: ${member.silence}` : member.state;
    write(state, word, stateClass(member));
    write(address, member.ip ? `${member.ip}:${member.port}` : '–', 'soft');
    write(since, ago(member.since), 'soft');
    write(app, report?.appVersion ?? '–');
    write(version, report?.version ?? '–');
    showLane(lane, member.lane);
    write(
      trip,
      roundTrip ? `${digits(roundTrip.p50)} / ${digits(roundTrip.p99)}` : '–',
      'number',
    );
    write(
      rates,
      report
        ? `${digits(report.rates.sent)} / ${digits(report.rates.received)}`
        : '–',
      'number',
    );
    const failures = report ? counts(report.rates.failures) : '';
    write(fails, failures || '–', failures ? 'warn' : 'soft');
    const agrees = report?.list === self.report.list;
    write(
      list,
      report ? (agrees ? 'agrees' : 'differs') : '–',
      report && !agrees ? 'warn' : 'soft',
    );
    row.button.hidden = member.isSelf;
    const body = $('members');
    if (body.rows[at] !== row) {
      body.insertBefore(row, body.rows[at] ?? null);
    }
  });
}

function showLane(cell, lane) {
  const isFallback = lane?.kind === 'message';
  const why = isFallback && lane.reason ? `: ${lane.reason}` : '';
  const text = isFallback ? `/message${why}` : (lane?.kind ?? '–');
  write(cell, text, isFallback ? 'warn' : 'soft');
  cell.title = lane ? `for ${ago(lane.since)}` : '';
}

function stateClass(member) {
  if (member.silence) {
    return 'bad';
  }
  return member.state === 'alive' ? 'good' : 'warn';
}

function showSummary({ members, at }) {
  const count = (holds) => members.filter(holds).length;
  const versions = new Set(
    members.flatMap(({ report }) => report?.appVersion ?? []),
  );
  const parts = [
    `${members.length} ${members.length === 1 ? 'member' : 'members'}`,
    `${count(({ state }) => state === 'suspect')} suspects`,
    `${count(({ silence }) => silence)} silent`,
  ];
  if (versions.size > 1) {
    parts.push(`${versions.size} versions of the app`);
  }
  write($('summary'), parts.join(' · '));
  $('summary').title = new Date(at).toLocaleString();
  document.title = `Cloud: ${parts[0]}`;
}

// Who sees whom

function showDrawing({ members }) {
  const drawing = $('drawing');
  const places = new Map(
    members.map((member, at) => {
      const angle = (2 * Math.PI * at) / members.length - Math.PI / 2;
      return [member.id, { x: 90 * Math.cos(angle), y: 90 * Math.sin(angle) }];
    }),
  );
  const lines = [];
  let suspicions = 0;
  let gaps = 0;
  const draw = (from, to, className) => {
    const [start, end] = [places.get(from), places.get(to)];
    if (start && end) {
      lines.push(
        make('line', {
          x1: start.x,
          y1: start.y,
          x2: end.x,
          y2: end.y,
          class: className,
        }),
      );
    }
  };
  for (const { id, report } of members) {
    for (const suspect of report?.suspects ?? []) {
      suspicions++;
      draw(id, suspect, 'suspects');
    }
    if (report?.members) {
      const known = new Set(report.members);
      for (const other of members) {
        if (other.id !== id && !known.has(other.id)) {
          gaps++;
          draw(id, other.id, 'misses');
        }
      }
    }
  }
  // All see all: that is worth drawing while it is no blot.
  if (members.length <= MAX_LABELS) {
    const quiet = [];
    members.forEach((one, at) => {
      for (const two of members.slice(at + 1)) {
        const [start, end] = [places.get(one.id), places.get(two.id)];
        quiet.push(
          make('line', { x1: start.x, y1: start.y, x2: end.x, y2: end.y }),
        );
      }
    });
    lines.unshift(...quiet);
  }
  const radius = Math.max(1.5, Math.min(5, 150 / members.length));
  const dots = members.map((member) => {
    const { x, y } = places.get(member.id);
    const group = make(
      'g',
      {},
      make('title', {}, `${nameOf(member)}: ${member.silence ?? member.state}`),
      make('circle', {
        cx: x,
        cy: y,
        r: radius,
        class: member.silence ? 'silent' : member.state,
      }),
    );
    if (members.length <= MAX_LABELS) {
      group.append(
        make('text', { x: x * 1.12, y: y * 1.12 + 2 }, shorten(nameOf(member))),
      );
    }
    return group;
  });
  drawing.replaceChildren(...lines, ...dots);
  write(
    $('drawing-text'),
    suspicions + gaps === 0
      ? 'Every member that answers sees all others.'
      : `${suspicions} suspicions (solid), ${gaps} members missing on a list (dashed).`,
  );
}

// Charts

const rateHistory = [];
const tripHistory = [];

function showChart(id, history, value) {
  history.push(value);
  if (history.length > POINTS) {
    history.shift();
  }
  const top = Math.max(1e-9, ...history);
  const points = history
    .map(
      (each, at) => `${at + POINTS - history.length},${58 - (56 * each) / top}`,
    )
    .join(' ');
  $(id).replaceChildren(make('polyline', { points }));
}

function showCharts({ members }) {
  const rate = members.reduce(
    (sum, { report }) => sum + (report?.rates.sent ?? 0),
    0,
  );
  const trip = Math.max(
    0,
    ...members.map(({ roundTrip }) => roundTrip?.p50 ?? 0),
  );
  write($('rate'), digits(rate));
  write($('trip'), digits(trip));
  showChart('rate-chart', rateHistory, rate);
  showChart('trip-chart', tripHistory, trip);
}

// Jobs, refusals

function showJobs({ members, jobs }) {
  $('jobs-section').hidden = jobs.length === 0;
  const names = new Map(members.map((member) => [member.id, nameOf(member)]));
  const who = (id) => names.get(id) ?? id?.slice(0, 8) ?? '–';
  $('jobs').replaceChildren(
    ...jobs.map(({ name, kind, owner, runs }) =>
      make(
        'tr',
        {},
        make('th', { scope: 'row' }, name),
        make('td', {}, kind === 'once' ? 'once per cloud' : 'singleton'),
        make('td', {}, who(owner)),
        make(
          'td',
          {},
          runs
            .slice(0, 3)
            .map(
              ({ occurrence, by, state }) =>
                `${ago(occurrence)} ago by ${who(by)}: ${state}`,
            )
            .join(' · ') || '–',
        ),
      ),
    ),
  );
}

function showRefusals({ members }) {
  const refusals = members.filter(
    ({ report }) => report && Object.keys(report.rates.refusals).length > 0,
  );
  $('refusals-section').hidden = refusals.length === 0;
  $('refusals').replaceChildren(
    ...refusals.map((member) =>
      make(
        'li',
        {},
        `${nameOf(member)}: ${counts(member.report.rates.refusals)}`,
      ),
    ),
  );
}

// Events

function listen() {
  const source = new EventSource(`${base}/api/events`);
  source.addEventListener('message', ({ data }) => {
    const { at, type, text } = JSON.parse(data);
    const list = $('event-list');
    const time = new Date(at);
    list.prepend(
      make(
        'li',
        {},
        make(
          'time',
          { datetime: at, class: 'soft' },
          time.toLocaleTimeString(),
        ),
        ` ${type} `,
        text,
      ),
    );
    while (list.children.length > MAX_EVENTS) {
      list.lastChild.remove();
    }
  });
}

async function refresh() {
  try {
    const answer = await fetch(`${base}/api/cloud`);
    if (!answer.ok) {
      throw new Error(`status ${answer.status}`);
    }
    const view = await answer.json();
    showSummary(view);
    showMembers(view);
    showDrawing(view);
    showCharts(view);
    showJobs(view);
    showRefusals(view);
  } catch (error) {
    write($('summary'), `This peer does not answer: ${error.message}`, 'bad');
  }
}

async function run() {
  for (;;) {
    if (!document.hidden) {
      await refresh();
    }
    await new Promise((resolve) => setTimeout(resolve, PERIOD));
  }
}

listen();
void run();
