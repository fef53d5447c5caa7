"""Looks at the site that tools/site.py made, in a headless Chromium: links and anchors that lead nowhere,
pictures that cannot be shown, pages that are wider than their window.

The browser gets the pages from a server on the loopback and sends what it found back to that; what it does
stands in site_check.js. Links into the net are not followed: only their form is a part of this tree.
"""
import json
import shutil
import subprocess
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SCRIPT = Path(__file__).with_name("site_check.js")
BROWSERS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")
LIMIT_S = 120  # far more than it takes

# A page that the server adds to the site, and what the browser has to find on it: a look that finds
# nothing must have been able to find something.
PLANTED = "planted.html"
PLANTED_PAGE = """<!DOCTYPE html><link rel="stylesheet" href="site.css">
<a href="nowhere.html">x</a><a href="index.html#no-such-heading">x</a><img src="no-picture.svg">
<div style="width: 3000px">x</div>
<div class="wide" style="width: 300px"><table><tr><td><pre style="width: 500px">x</pre></td></tr></table></div>"""
PLANTED_FAULTS = ("nowhere.html leads nowhere", "there is no such heading", "no picture", "pixels wide in a window of 1280",
                  "pixels wide in a window of 360", "a table of")
SHOWN = 40


class Handler(SimpleHTTPRequestHandler):
    def __init__(self, check, *arguments):
        self.check = check
        super().__init__(*arguments, directory=str(check.folder))

    def log_message(self, *_):
        pass  # What fails is told as a problem of a page.

    def answer(self, kind, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/check.html":
            self.answer("text/html", f"<!DOCTYPE html><body><script>{SCRIPT.read_text()}</script>")
        elif self.path == "/" + PLANTED:
            self.answer("text/html", PLANTED_PAGE)
        elif self.path == "/pages.json":
            self.answer("application/json", json.dumps({"pages": self.check.pages}))
        else:
            super().do_GET()

    def do_POST(self):
        self.check.result = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer("text/plain", "")
        self.check.ended.set()


class Check:
    def __init__(self, folder, pages):
        self.folder = folder
        self.pages = [*pages, PLANTED]
        self.result = None
        self.ended = threading.Event()

    def run(self, browser):
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            # The sandbox is against pages of strangers, and cannot be had by root nor in containers.
            program = subprocess.Popen(
                [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--no-first-run", "--disable-background-networking", f"--user-data-dir={profile}",
                 "--window-size=1400,1000", "--remote-debugging-port=0",
                 f"http://127.0.0.1:{server.server_port}/check.html"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                self.ended.wait(LIMIT_S)
            finally:
                program.kill()
                program.wait()
                server.shutdown()
                server.server_close()


def main(folder, pages):
    """Looks at these pages, and at whether those exist that they lead to."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("site: there is no Chromium; ./dev docs --html installs it")
        return 77
    check = Check(folder, pages)
    check.run(browser)
    if check.result is None:
        print(f"site: {browser} did not answer within {LIMIT_S} s")
        return 1
    found = check.result["problems"]
    planted = [problem for problem in found if problem.startswith(PLANTED)]
    problems = [problem for problem in found if problem not in planted]
    problems += [f"the browser did not see what was planted: {fault}"
                 for fault in PLANTED_FAULTS if not any(fault in problem for problem in planted)]
    for problem in problems[:SHOWN]:
        print(f"site: {problem}")
    if problems[SHOWN:]:
        print(f"site: and {len(problems) - SHOWN} more")
    print(f"site: {len(pages)} pages, {check.result.get('links', 0)} links, {len(problems)} problems")
    return 1 if problems else 0
