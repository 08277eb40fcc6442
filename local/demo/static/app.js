// The demo front end of Daemun: one page, which draws this state. What a client of Daemun has to do is in session.js, and
// what a sign-up may ask in sign_up.js. What people and providers write reaches the page as text only.

import { answer, authorized, call, end, expired, Failure, onOtherTab, post, refresh, refreshWhenDue, sending, session } from "./session.js";
import { profile, registerPath, registration, stillNew } from "./sign_up.js";
import { texts } from "./texts.js";

// ---- An API of somebody else, on another host. Our cookies do not reach it: it gets the access token as a bearer.

let orders = { url: "", status: 0, body: "" }; // what the API answered last; status 0: nothing yet

// callOrders refreshes before it sends a token that has expired, and once on a 401. A 403 may mean an expired token too,
// for HTTP APIs say no more of a bad one; if the token has not expired, it means that this person may not do this.
async function callOrders(method, path, withToken) {
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
let asked = null; // the form that is to be filled in, one of those of sign_up.js
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
  return new Failure(0, { error: code, request_id: /^[\w.:=+/-]{1,64}$/.test(requestId) ? requestId : "" });
}

function render() {
  if (session === null) [me, sessions] = [null, []]; // it may have ended under way
  if (asked?.kind === "profile" && asked.person.id !== me?.id) asked = null; // it was theirs
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = text(element.dataset.label);
  for (const button of document.querySelectorAll("[data-language]")) button.ariaPressed = button.dataset.language === language;
  $("card").ariaBusy = busy;
  $("status").textContent = status && text(status);
  renderFailure();
  $("person").hidden = (asked ?? me) === null;
  $("asked").hidden = asked === null;
  $("logged-out").hidden = busy || (asked ?? me) !== null;
  $("logged-in").hidden = asked !== null || me === null;
  if (asked ?? me) renderPerson(asked?.person ?? me);
  else renderProviders();
  if (asked) renderAsked();
  if (me) renderAccount(me);
  renderSessions();
  renderOrders();
  renderExpiry();
}

function renderFailure() {
  $("error").hidden = failure === null;
  if (failure === null) return;
  const { errors } = texts[language];
  $("error-message").textContent = Object.hasOwn(errors, failure.code) ? errors[failure.code] : text("unknownError");
  $("error-request").hidden = !failure.requestId || failure.problems.length > 0;
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

// The nickname that a person chose goes before that of the provider.
function renderPerson({ profile, fields }) {
  const { email, email_verified: verified, picture_url: picture } = profile;
  const nickname = fields?.nickname ?? profile.nickname;
  const [first] = new Intl.Segmenter().segment(nickname || "?"); // an emoji can be many characters
  $("initial").textContent = first.segment;
  renderPicture(picture ?? "");
  renderValue("nickname", nickname, "noNickname");
  renderValue("email", email, "noEmail");
  $("verified").textContent = email && verified !== undefined ? text(verified ? "verified" : "unverified") : "";
}

function renderAsked() {
  const { kind, person, form } = asked;
  const words = text("asked")[kind];
  if (!form.element.isConnected) $("fields").replaceChildren(form.element);
  form.speak(language, texts[language]);
  $("asked-title").textContent = form.title(language);
  $("asked-about").textContent = words.about(providerName(person.identities[0]?.provider));
  $("asked-send").textContent = words.send;
}

function renderAccount({ id, roles, identities, profile_complete: complete, fields, consents }) {
  renderValue("identities", identities.map((identity) => providerName(identity.provider)).join(", "), "none");
  renderValue("roles", roles?.join(", "), "none");
  $("profile").textContent = text(complete ? "complete" : "incomplete");
  $("user-id").textContent = id;
  $("incomplete").hidden = complete !== false;
  $("change").hidden = !complete || Object.keys({ ...fields, ...consents }).length === 0;
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

function renderOrders() {
  if (me === null) orders = { ...orders, status: 0, body: "" };
  $("orders").hidden = orders.url === "";
  $("orders-answer").hidden = orders.status === 0;
  $("orders-status").textContent = orders.status;
  $("orders-meaning").textContent = texts[language].ordersMeaning[orders.status] ?? "";
  $("orders-body").textContent = orders.body;
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
    if (error.code === "registration_expired" || error.status !== 401) failure ??= error;
  }
}

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

// act does what a button says, one at a time, and tells how it went. Who moves on to another view starts at its top.
async function act(work, done) {
  if (busy) return;
  const before = asked;
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
  if (asked !== before || session === null && asked === null) $(asked ? "asked-title" : "title").focus();
  if (failure?.problems && asked) asked.form.show(failure.problems);
}

async function register() {
  asked = await registration().catch(giveUp);
}

async function send() {
  asked.form.show([]);
  const { user, returnTo } = await asked.send().catch(giveUp);
  [me, asked] = [user, null];
  if (returnTo) arrive(returnTo);
  await loadSessions();
}

// giveUp leaves a sign-up that nobody can finish any more. Only another login helps.
function giveUp(error) {
  if (["registration_expired", "already_registered", "registration_not_enabled"].includes(error.code)) leave();
  throw error;
}

// arrive goes to where the login was to end. If that is this page, the access token stays in memory.
function arrive(returnTo) {
  const { origin, pathname } = new URL(returnTo);
  if (origin === location.origin && pathname === "/") history.replaceState(null, "", returnTo);
  else location.replace(returnTo);
}

// leave closes the form. The page is the front page then.
function leave() {
  asked = null;
  history.replaceState(null, "", "/");
}

// Another tab has refreshed, logged out, or logged in as somebody else: maybe as the person who was to sign up here.
onOtherTab(() => load(async () => {
  if (me?.id !== session?.userId) [me, sessions] = [null, []];
  if (asked?.kind === "register" && !(await stillNew())) leave();
  if (session && !me) await loadPerson();
}).finally(render));

$("refresh").onclick = () => act(async () => { await refresh(); await loadSessions() }, "refreshed");
$("logout").onclick = () => act(async () => { await answer(await call("/auth/logout", post)); end() }, "loggedOut");
$("logout-all").onclick = () => act(async () => { await authorized("/auth/logout", sending("POST", { all: true })); end() }, "loggedOutAll");
$("orders-call").onclick = () => act(() => callOrders("GET", "/orders", true), "");
$("orders-delete").onclick = () => act(() => callOrders("DELETE", "/orders/1", true), "");
$("orders-bare").onclick = () => act(() => callOrders("GET", "/orders", false), "");
for (const id of ["complete-profile", "change"]) $(id).onclick = () => act(async () => { asked = await profile() }, "");
$("asked-leave").onclick = () => act(async () => {
  if (asked.kind === "register") await answer(await call("/auth/logout", post)); // which forgets who was to sign up
  leave();
}, "");
$("form").onsubmit = (event) => {
  event.preventDefault();
  act(send, asked.kind === "register" ? "registered" : "saved");
};
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

// One tick a second draws the countdown and starts the refresh when it is due.
setInterval(() => {
  renderExpiry();
  refreshWhenDue()?.catch((error) => { failure = error }).finally(render);
}, 1000);

render();
await Promise.all([
  load(async () => { ({ orders_url: orders.url } = await answer(await call("/settings.json"))) }),
  load(async () => { ({ providers } = await answer(await call("/auth/providers"))) }),
  load(async () => { await refresh(); await loadPerson() }),
  location.pathname === registerPath && load(register),
]);
if (me && failure?.code === "registration_expired") failure = null; // they signed up in another tab, or came back afterwards
busy = false;
render();
