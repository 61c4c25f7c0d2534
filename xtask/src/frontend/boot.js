// Starts the module, gives life to the islands of the page, and goes from page to page without loading everything anew:
// pages are made by the server, and this only puts the new one in the place of the old. What it can't do is left to the
// browser, which can. A file of its own, because the page's policy allows no inline script, which is what leptos would use.
// JS and WASM stand for the names of the two files beside this one.
import init, * as frontend from "./JS";

// What wants to be told before an island comes to life: the island among whose children it is, or that there is none.
const outer = [() => frontend.stand_alone()];

async function enliven(node) {
  const tag = node.localName;
  if (tag === "leptos-island") {
    const start = frontend[node.dataset.component];
    if (start) {
      outer.at(-1)();
      await start(node);
    } else {
      console.warn(`There is no island ${node.dataset.component} in this build.`);
    }
  } else if (tag === "leptos-children") {
    outer.push(node.$$on_hydrate);
  }
  for (const child of [...node.children]) {
    await enliven(child);
  }
  if (tag === "leptos-children") {
    outer.pop();
  }
}

// The parts of a page that change from one to the next. A page without them is loaded by the browser.
const PARTS = ["side", "notices", "content"];
// Where a page has its dialog: opening one leaves everything else, typed text too, as it is.
const DIALOG = "dialogs";

const find = (id) => document.getElementById(id);
const build = (page) => page.querySelector("script[type=module]")?.getAttribute("src");
let visits = 0;
// Names what is on the screen but for the dialog: steps in the history between entries of one name leave all of that as it is.
// Entries stay when the page is loaded anew, so the names begin with when that was.
let content = nameContent();

function nameContent() {
  return `${performance.timeOrigin}-${visits}`;
}

async function visit(url, { parts = PARTS, back = false, scroll = 0 } = {}) {
  const mine = ++visits;
  document.documentElement.dataset.visiting = "";
  const page = await load(url, parts).catch(() => null);
  if (mine !== visits) {
    return;
  }
  delete document.documentElement.dataset.visiting;
  if (!page) {
    location.assign(url);
    return;
  }
  const isElsewhere = page.url.pathname !== shown.pathname;
  const isHere = !isElsewhere && page.url.search === shown.search;
  const focused = isHere && document.activeElement.id;
  const isWhole = parts.includes("content");
  const left = { content, scroll: scrollY };
  if (isWhole) {
    content = nameContent();
  }
  if (back) {
    history.replaceState({ content, scroll }, "");
  } else {
    history.replaceState(left, "");
    const step = page.url.href === location.href ? "replaceState" : "pushState";
    history[step]({ content }, "", page.url);
  }
  shown = new URL(location);
  document.title = page.html.title;
  for (const id of parts) {
    find(id).replaceChildren(...page.html.getElementById(id).childNodes);
    await enliven(find(id));
  }
  const target = find(page.url.hash.slice(1));
  if (isWhole && target) {
    // What was changed on this page stays where it is, as far as it can be seen there.
    scrollTo(0, isHere ? left.scroll : 0);
    target.scrollIntoView({ block: isHere ? "nearest" : "start" });
  } else if (isWhole) {
    scrollTo(0, scroll);
  }
  // A button that was pressed may be there again, and pressed again.
  if (focused) {
    find(focused)?.focus({ preventScroll: true });
  }
  // What had the focus may be gone, and the keyboard would be back at the top.
  if (isElsewhere || document.activeElement === document.body) {
    find("main").focus({ preventScroll: true });
  }
}

// The page, if it is of this build and has these parts, as the one on the screen has. A server of another build gives none: what
// is shown once is still there when the browser asks for it.
async function load(url, parts) {
  const response = await fetch(url, { headers: { Accept: "text/html", "Patchbay-Build": build(document) } });
  if (!response.headers.get("content-type")?.startsWith("text/html")) {
    return null;
  }
  const html = new DOMParser().parseFromString(await response.text(), "text/html");
  if (build(html) !== build(document) || !parts.every((id) => html.getElementById(id) && find(id))) {
    return null;
  }
  const to = new URL(response.url);
  to.hash = new URL(url).hash;
  return { html, url: to };
}

function onClick(event) {
  const link = event.target.closest?.("a[href]");
  const isPlain = !(event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (event.defaultPrevented || !isPlain || !link || link.target || link.hasAttribute("download") || !find("content")) {
    return;
  }
  const to = new URL(link.href);
  const isHere = to.pathname === location.pathname && to.search === location.search;
  if (to.origin !== location.origin || (isHere && to.hash)) {
    return;
  }
  event.preventDefault();
  if ("close" in link.dataset) {
    link.closest("dialog").close();
  } else {
    visit(to, "dialog" in link.dataset && find(DIALOG) ? { parts: [DIALOG] } : {});
  }
}

function onSubmit(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "get" || !find("content")) {
    return;
  }
  event.preventDefault();
  const typed = [...new FormData(form)].filter(([, value]) => value !== "");
  const to = new URL(form.getAttribute("action"), location);
  to.search = new URLSearchParams(typed);
  visit(to);
}

// The page that is on the screen. In the middle of a step back it differs from the address.
let shown = new URL(location);

function onStepInHistory(event) {
  const isSamePage = location.pathname === shown.pathname && location.search === shown.search;
  if (!isSamePage && find("content")) {
    const parts = event.state?.content === content && find(DIALOG) ? [DIALOG] : PARTS;
    visit(new URL(location), { parts, back: true, scroll: event.state?.scroll });
  }
}

history.replaceState({ ...history.state, content }, "");
await init({ module_or_path: new URL("./WASM", import.meta.url) });
frontend.hydrate();
await enliven(document.body);
addEventListener("click", onClick);
addEventListener("submit", onSubmit);
addEventListener("popstate", onStepInHistory);
// Islands ask for a page, or tell that a dialog was closed and which page that leaves.
document.addEventListener("patchbay:visit", (event) => visit(new URL(event.detail, location)));
document.addEventListener("patchbay:close", (event) => {
  find(DIALOG)?.replaceChildren();
  // A dialog gives the focus back to the link that opened it. One that came with its page has none.
  if (document.activeElement === document.body) {
    find("main")?.focus({ preventScroll: true });
  }
  history.pushState({ content }, "", event.detail);
  shown = new URL(location);
});
performance.mark("hydrated");
