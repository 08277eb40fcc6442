// The demo front end of Daemun. Two halves: the session, which shows what a client of Daemun has to do (refresh before
// the access token expires, refresh once on 401, wait once when a 503 asks for it, and never from several tabs at a
// time), and the page, which draws the state. What people and providers write reaches the page as text only.

import { texts } from "./texts.js";

// ---- The session. The cookies are out of reach for scripts; the access token, for other APIs, is kept in memory only.

let session = null; // { userId, accessToken, and in milliseconds lifetime, expiresAt, refreshAt }; null: none that we know of
const tabs = new BroadcastChannel("daemun"); // carries a new session, or null when it was ended, to the other tabs

const post = { method: "POST" };
const postAll = { ...post, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ all: true }) };

class Failure extends Error {
  constructor(status, code, requestId) {
    super(code);
    Object.assign(this, { status, code, requestId });
  }
}

// call sends a request, and sends it once more after a 503 that asks for a short wait.
async function call(path, options) {
  const send = () => fetch(path, { ...options, cache: "no-store", signal: AbortSignal.timeout(20_000) });
  try {
    const response = await send();
    const wait = Number(response.headers.get("Retry-After"));
    if (response.status !== 503 || !(wait > 0 && wait <= 10)) return response;
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    return await send();
  } catch {
    throw new Failure(0, "unreachable");
  }
}

async function answer(response) {
  const body = await response.json().catch(() => ({})); // a logout answers without a body
  if (!response.ok) throw new Failure(response.status, body.error, body.request_id);
  return body;
}

// authorized calls a route that wants the access cookie. When that has expired, it refreshes and tries once more.
async function authorized(path, options) {
  const response = await call(path, options);
  if (response.status !== 401) return answer(response);
  await refresh();
  return answer(await call(path, options));
}

// refresh gets a new access token. One tab refreshes at a time; one that had to wait takes what the other tab got.
function refresh() {
  const before = session;
  return navigator.locks.request("daemun-refresh", async () => {
    if (session && session !== before) return;
    try {
      const { access_token: accessToken, expires_in: seconds, user } = await answer(await call("/auth/refresh", post));
      const lifetime = seconds * 1000;
      session = { userId: user.id, accessToken, lifetime, expiresAt: Date.now() + lifetime };
      tabs.postMessage(session);
    } catch (error) {
      if (error.status === 401 && before) end();
      throw error;
    }
    scheduleRefresh();
  });
}

// The refresh is due a minute, or a quarter of a short life, before the end: at another moment in every tab, so that
// the first one serves them all.
function scheduleRefresh() {
  const margin = Math.min(60_000, session.lifetime / 4);
  session.refreshAt = session.expiresAt - margin * (1 + Math.random() / 2);
}

function end() {
  session = me = null;
  sessions = [];
  tabs.postMessage(null);
}

// Another tab has refreshed, logged out, or logged in as somebody else.
tabs.onmessage = async ({ data }) => {
  session = data;
  if (session) scheduleRefresh();
  if (me?.id !== session?.userId) [me, sessions] = [null, []];
  if (session && !me) await load(loadPerson);
  render();
};

// loadPerson asks who is logged in, and where else.
async function loadPerson() {
  me = await authorized("/me");
  await loadSessions();
}

async function loadSessions() {
  ({ sessions } = await authorized("/me/sessions"));
}

// endSession ends one session, on whatever device it is: its next refresh fails.
async function endSession(id) {
  await authorized(`/me/sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
  await loadSessions();
}

// ---- An API of somebody else, on another host. Our cookies do not reach it: it gets the access token as a bearer.

let orders = { url: "", status: 0, body: "" }; // what the API answered last; status 0: nothing yet

// callOrders refreshes before it sends a token that has expired, and once on a 401. A 403 may mean an expired token too,
// for HTTP APIs say no more of a bad one; if the token has not expired, it means that this person may not do this.
async function callOrders(method, path, withToken) {
  const expired = () => !session || Date.now() >= session.expiresAt;
  const send = () => call(orders.url + path, { method, headers: withToken ? { Authorization: `Bearer ${session.accessToken}` } : {} });
  if (withToken && expired()) await refresh();
  let response = await send();
  if (withToken && (response.status === 401 || (response.status === 403 && expired()))) {
    await refresh();
    response = await send();
  }
  orders = { ...orders, status: response.status, body: await response.text() };
}

// ---- The page: this state, and render, which draws all of it.

const $ = (id) => document.getElementById(id);
const languageKey = "daemun-language";
const chosen = localStorage.getItem(languageKey);

let language = chosen in texts ? chosen : navigator.language.startsWith("ko") ? "ko" : "en";
let providers = [];
let me = null; // the answer of /me
let sessions = []; // those of the answer of /me/sessions
let failure = failureOfLogin();
let status = ""; // key of a text
let busy = true;

const text = (key) => texts[language][key];

// failureOfLogin reads how a login failed, and cleans the address bar. Anyone can make a link with any words in it:
// only a known code chooses a message, and only what looks like a request id is shown as one.
function failureOfLogin() {
  const url = new URL(location.href);
  const code = url.searchParams.get("error");
  if (code === null) return null;
  const requestId = url.searchParams.get("request_id") ?? "";
  url.searchParams.delete("error");
  url.searchParams.delete("request_id");
  history.replaceState(null, "", url);
  return new Failure(0, code, /^[\w.:=+/-]{1,64}$/.test(requestId) ? requestId : "");
}

function render() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = text(element.dataset.label);
  for (const button of document.querySelectorAll("[data-language]")) button.ariaPressed = button.dataset.language === language;
  $("card").ariaBusy = busy;
  $("status").textContent = status && text(status);
  renderFailure();
  $("logged-out").hidden = busy || me !== null;
  $("logged-in").hidden = me === null;
  if (me) renderPerson(me);
  else renderProviders();
  renderSessions();
  renderOrders();
  renderExpiry();
}

function renderFailure() {
  $("error").hidden = failure === null;
  if (failure === null) return;
  const { errors } = texts[language];
  $("error-message").textContent = Object.hasOwn(errors, failure.code) ? errors[failure.code] : text("unknownError");
  $("error-request").hidden = !failure.requestId;
  $("request-id").textContent = failure.requestId;
}

const providerName = (name) => texts[language].providers[name] ?? providers.find((p) => p.name === name)?.display_name ?? name;

function renderProviders() {
  $("providers").replaceChildren(...providers.map(({ name, login_path: path }) => {
    const link = document.createElement("a");
    link.className = "provider";
    link.dataset.provider = name;
    link.dataset.testid = `login-${name}`;
    link.href = `${path}?return_to=/`;
    link.textContent = text("loginWithOwnWords")[name] ?? text("loginWith")(providerName(name));
    return link;
  }));
}

function renderPerson({ id, roles, identities, profile_complete: complete, profile }) {
  const { nickname, email, email_verified: verified, picture_url: picture } = profile ?? {};
  const [first] = new Intl.Segmenter().segment(nickname || "?"); // an emoji can be many characters
  $("initial").textContent = first.segment;
  renderPicture(picture ?? "");
  renderValue("nickname", nickname, "noNickname");
  renderValue("email", email, "noEmail");
  $("verified").textContent = email ? text(verified ? "verified" : "unverified") : "";
  renderValue("identities", identities.map((identity) => providerName(identity.provider)).join(", "), "none");
  renderValue("roles", roles?.join(", "), "none");
  $("profile").textContent = text(complete ? "complete" : "incomplete");
  $("user-id").textContent = id;
}

function renderValue(id, value, missing) {
  $(id).textContent = value || text(missing);
  $(id).classList.toggle("missing", !value);
}

// renderPicture shows a picture once it is there; until then, and if it never comes, the initial stands.
function renderPicture(url) {
  const picture = $("picture");
  if (picture.dataset.url === url) return;
  picture.dataset.url = url;
  picture.hidden = true;
  picture.src = url;
}

function renderSessions() {
  const when = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  $("sessions").replaceChildren(...sessions.map(({ id, current, client, device, network, last_used_at: used }) => {
    const row = $("session").content.cloneNode(true);
    const [name, about, badge, button] = [".device", ".quiet", ".badge", "button"].map((part) => row.querySelector(part));
    name.textContent = device === "unknown" ? text("unknownDevice") : device;
    const facts = [text("lastUsed")(when.format(new Date(used))), network === "unknown" ? "" : network, client === "web" ? "" : client];
    about.textContent = facts.filter(Boolean).join(" · ");
    (current ? button : badge).remove(); // the current one ends by logging out
    badge.textContent = text("currentSession");
    button.textContent = text("endSession");
    button.ariaLabel = text("endSessionOn")(name.textContent);
    button.onclick = () => act(() => endSession(id), "sessionEnded");
    return row;
  }));
}

function renderOrders() {
  if (me === null) orders = { ...orders, status: 0, body: "" };
  $("orders").hidden = orders.url === "";
  $("orders-answer").hidden = orders.status === 0;
  $("orders-status").textContent = orders.status;
  $("orders-meaning").textContent = texts[language].ordersMeaning[orders.status] ?? "";
  $("orders-body").textContent = orders.body;
}

function renderExpiry() {
  const left = session ? Math.max(0, session.expiresAt - Date.now()) : 0;
  const seconds = Math.ceil(left / 1000);
  const clock = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  $("expires").textContent = session ? clock : "–";
  $("life").value = session ? left / session.lifetime : 0;
}

// ---- What happens.

// load fills the state; that nobody is logged in is no failure.
async function load(work) {
  try {
    await work();
  } catch (error) {
    if (error.status !== 401) failure ??= error;
  }
}

// act does what a button says, one at a time, and tells how it went.
async function act(work, done) {
  if (busy) return;
  [busy, failure, status] = [true, null, ""];
  render();
  try {
    await work();
    status = done;
  } catch (error) {
    failure = error;
  }
  busy = false;
  render();
  if (me === null) document.querySelector("h1").focus();
}

$("refresh").onclick = () => act(async () => { await refresh(); await loadSessions() }, "refreshed");
$("logout").onclick = () => act(async () => { await answer(await call("/auth/logout", post)); end() }, "loggedOut");
$("logout-all").onclick = () => act(async () => { await authorized("/auth/logout", postAll); end() }, "loggedOutAll");
$("orders-call").onclick = () => act(() => callOrders("GET", "/orders", true), "");
$("orders-delete").onclick = () => act(() => callOrders("DELETE", "/orders/1", true), "");
$("orders-bare").onclick = () => act(() => callOrders("GET", "/orders", false), "");
$("dismiss").onclick = () => { failure = null; render(); };
$("picture").onload = () => { $("picture").hidden = false };

for (const button of document.querySelectorAll("[data-language]")) {
  button.onclick = () => {
    language = button.dataset.language;
    localStorage.setItem(languageKey, language);
    render();
  };
}

// The browser may show an old page on "back"; who is logged in may have changed since.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload() });

// One tick a second draws the countdown and starts the refresh when it is due; one that failed is due again in 30 s.
setInterval(() => {
  renderExpiry();
  if (!session || Date.now() < session.refreshAt) return;
  session.refreshAt = Date.now() + 30_000;
  refresh().catch((error) => { failure = error }).finally(render);
}, 1000);

render();
await Promise.all([
  load(async () => { ({ orders_url: orders.url } = await answer(await call("/settings.json"))) }),
  load(async () => { ({ providers } = await answer(await call("/auth/providers"))) }),
  load(async () => { await refresh(); await loadPerson() }),
]);
busy = false;
render();
