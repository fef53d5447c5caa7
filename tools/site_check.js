// Runs in the browser of tools/site_check.py: opens each page of the site in a frame, in three widths,
// looks for links and anchors that lead nowhere and for what sticks out, and sends what it found.
const WIDTHS = [1280, 768, 360];
const problems = [];
const documents = new Map(); // address without anchor -> Promise of its document, or null

function fetched(address) {
  if (!documents.has(address)) {
    documents.set(address, fetch(address).then(async (answer) => answer.ok
      ? new DOMParser().parseFromString(await answer.text(), "text/html") : null));
  }
  return documents.get(address);
}

async function checkLink(page, href, seen) {
  const url = new URL(href, location.origin + "/" + page);
  if (url.origin !== location.origin || seen.has(url.href)) return;
  seen.add(url.href);
  const there = await fetched(url.origin + url.pathname);
  const id = decodeURIComponent(url.hash.slice(1));
  if (!there) problems.push(`${page}: ${href} leads nowhere`);
  else if (id && !there.getElementById(id)) problems.push(`${page}: ${href}: there is no such heading`);
}

function opened(frame, page) {
  return new Promise((done) => {
    frame.onload = () => done(frame.contentDocument);
    frame.src = "/" + page;
  });
}

// A page may not be wider than its window, and in the widest one a table not wider than its page; in a
// narrower one tables and listings have bars of their own.
function checkWidths(page, frame) {
  for (const width of WIDTHS) {
    frame.style.width = width + "px";
    const root = frame.contentDocument.documentElement;
    if (root.scrollWidth > root.clientWidth) {
      problems.push(`${page}: ${root.scrollWidth} pixels wide in a window of ${width}`);
    }
    for (const box of frame.contentDocument.querySelectorAll(".wide")) {
      if (width === WIDTHS[0] && box.scrollWidth > box.clientWidth) {
        problems.push(`${page}: a table of ${box.scrollWidth} pixels in ${box.clientWidth}`);
      }
    }
  }
}

async function main() {
  const { pages } = await (await fetch("/pages.json")).json();
  const frame = document.createElement("iframe");
  frame.style.height = "800px";
  document.body.append(frame);
  let links = 0;
  for (const page of pages) {
    const there = await opened(frame, page);
    checkWidths(page, frame);
    for (const picture of there.images) {
      if (!picture.complete || picture.naturalWidth === 0) problems.push(`${page}: no picture ${picture.src}`);
    }
    const seen = new Set();
    for (const link of there.querySelectorAll("a[href], link[href]")) {
      links++;
      await checkLink(page, link.getAttribute("href"), seen);
    }
  }
  await fetch("/result", { method: "POST", body: JSON.stringify({ problems, pages: pages.length, links }) });
}

main().catch((error) => fetch("/result", { method: "POST", body: JSON.stringify({ problems: [String(error.stack)] }) }));
