// Follows a build that is not over: adds lines to its log, and shows how it stands. The page is whole
// without it. Lines are read from where they ended, whatever becomes of the connection.
const AGAIN_MS = 2000;
const MOST_LINES = 10000;
const GOING_ON = new Set(["queued", "running"]);
const log = document.getElementById("log");
const list = log.querySelector("ol");
const gone = document.getElementById("link");
let last = Number(list.lastElementChild?.value ?? new URLSearchParams(location.search).get("after") ?? 0);
let source;

// The same rules as in ansi.py: colours and styles of text, begun anew with each line.
const TOKEN = /\x1b\[([0-9;]*)m|\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
const STYLES = new Map([[1, "bold"], [2, "dim"], [3, "italic"], [4, "under"]]);
const UNDONE = new Map([[22, ["bold", "dim"]], [23, ["italic"]], [24, ["under"]]]);

function after(codes, look) {
  const rest = [...codes];
  while (rest.length) {
    const code = rest.shift();
    if (code === 0) {
      look = { color: null, styles: new Set() };
    } else if (code === 38 || code === 48) {
      const kind = rest.shift();
      const number = kind === 5 ? rest.shift() ?? 16 : 16;
      if (kind !== 5) rest.splice(0, kind === 2 ? 3 : rest.length);
      if (code === 38) look.color = number < 16 ? number : null;
    } else if (STYLES.has(code)) {
      look.styles.add(STYLES.get(code));
    } else if (UNDONE.has(code)) {
      UNDONE.get(code).forEach(style => look.styles.delete(style));
    } else if (code === 39) {
      look.color = null;
    } else if (code >= 30 && code <= 37) {
      look.color = code - 30;
    } else if (code >= 90 && code <= 97) {
      look.color = code - 82;
    }
  }
  return look;
}

function write(text, into) {
  let look = { color: null, styles: new Set() };
  let start = 0;
  const add = end => {
    if (end <= start) return;
    const classes = [look.color === null ? "" : `c${look.color}`, ...[...look.styles].sort()];
    const name = classes.filter(Boolean).join(" ");
    const piece = name ? document.createElement("span") : document.createTextNode("");
    if (name) piece.className = name;
    piece.textContent = text.slice(start, end);
    into.append(piece);
  };
  for (const token of text.matchAll(TOKEN)) {
    add(token.index);
    start = token.index + token[0].length;
    if (token[1] !== undefined) look = after(token[1].split(";").slice(0, 32).map(Number), look);
  }
  add(text.length);
}

function show(line) {
  if (line.number <= last) return;
  const item = document.createElement("li");
  item.id = `L${line.number}`;
  item.value = line.number;
  item.className = line.level;
  const anchor = document.createElement("a");
  anchor.href = `#${item.id}`;
  anchor.dataset.number = line.number;
  anchor.setAttribute("aria-label", `Line ${line.number}`);
  const time = document.createElement("time");
  time.textContent = line.time.slice(11, 19);
  const code = document.createElement("code");
  write(line.text, code);
  item.append(anchor, time, code);
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 40;
  log.querySelector(".nothing")?.remove();
  list.append(item);
  if (list.childElementCount > MOST_LINES) list.firstElementChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
  last = line.number;
}

const outcome = () => document.getElementById("outcome");

// What stands above the log is made by the server alone, as for those without scripts.
async function refresh() {
  const response = await fetch(location.pathname, { cache: "no-store" });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  outcome().replaceWith(fresh.getElementById("outcome"));
  document.title = fresh.title;
}

function follow() {
  source = new EventSource(`${log.dataset.url}?after=${last}`);
  source.addEventListener("open", () => { gone.hidden = true; });
  source.addEventListener("line", event => {
    show(JSON.parse(event.data));
    if (outcome().dataset.state === "queued") refresh().catch(lost);
  });
  source.addEventListener("status", event => {
    const { state } = JSON.parse(event.data);
    if (!GOING_ON.has(state)) source.close();
    if (state !== outcome().dataset.state) refresh().catch(lost);
  });
  source.addEventListener("error", lost);
}

// A new source, because browsers give up after some failures, and begin where this one began.
function lost() {
  source.close();
  gone.hidden = false;
  setTimeout(() => refresh().then(() => {
    gone.hidden = true;
    if (!("final" in outcome().dataset)) follow();
  }, lost), AGAIN_MS);
}

function tick() {
  const since = outcome().querySelector("[data-since]");
  if (!since) return;
  const seconds = Math.max(0, Math.round(Date.now() / 1000 - Number(since.dataset.since)));
  const minutes = Math.floor(seconds / 60);
  since.textContent = minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

if (!("final" in outcome().dataset)) {
  log.scrollTop = log.scrollHeight;
  follow();
  tick();
  setInterval(tick, 1000);
}
