// Starts the module and gives life to the islands of the page. A file of its own, because the page's policy allows no inline
// script, which is what leptos would use. JS and WASM stand for the names of the two files beside this one.
import init, * as frontend from "./JS";

// What islands further out want to be told before an island among their children comes to life.
const outer = [];

async function enliven(node) {
  const tag = node.localName;
  if (tag === "leptos-island") {
    const start = frontend[node.dataset.component];
    if (start) {
      outer.at(-1)?.();
      await start(node);
    } else {
      console.warn(`There is no island ${node.dataset.component} in this build.`);
    }
  } else if (tag === "leptos-children") {
    outer.push(node.$$on_hydrate);
  }
  for (const child of node.children) {
    await enliven(child);
  }
  if (tag === "leptos-children") {
    outer.pop();
  }
}

await init({ module_or_path: new URL("./WASM", import.meta.url) });
frontend.hydrate();
await enliven(document.body);
performance.mark("hydrated");
