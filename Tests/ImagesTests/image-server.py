#!/usr/bin/env python3
# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""A server of images that behaves as the path says, for tests: image-server.py FOLDER [CERTIFICATE KEY [CLIENT-CA]].

FOLDER holds the images; its port is written to FOLDER/port and a line a request to FOLDER/log. A path is words and an
image's name: /ok/x serves it; /cut/N/x cuts the first N answers in the middle; /fail/N/x answers the first N with 503;
/busy/x with 429 once; /redirect/N/... redirects N times; /to/URL-safe-base64 redirects there; /basic/..., /bearer/...
want user:password or token; /slow/x sends 64 KiB every 50 ms; /stall/x sends a part and then nothing; /endless/x never
ends; /plain/x has no ETag and no ranges; /gzip/x says that it is encoded; /encoding/WORD/x says so in other words;
/wrongpart/x answers a range by another one; /cutthenfail/x cuts its first answer and fails the second; /nolength/N/x sends
N bytes of it without telling a length; /status/N/x answers N with x as its page.
It is a proxy, too: a whole URL is served as its path is, CONNECT leads to the port of that number here.
"""

import base64
import collections
import hashlib
import http.server
import os
import shutil
import socket
import ssl
import sys
import threading
import time
import urllib.parse

folder = sys.argv[1]
counts = collections.Counter()
lock = threading.Lock()


def note(text):
    with lock, open(f"{folder}/log", "a") as log:
        log.write(text + "\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, headers=(), body=b"", length=None):
        words = [self.command, self.path, str(status)]
        words += [f"{name}={self.headers[name]}" for name in ("Range", "If-None-Match", "Authorization") if name in self.headers]
        words.append("Host=" + self.headers.get("Host", ""))
        note(" ".join(words))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path
        if "://" in path:
            path = "/" + path.split("://", 1)[1].split("/", 1)[1]
        words = path.strip("/").split("/")
        self.close_connection = True
        try:
            self.serve(words)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def do_CONNECT(self):
        """Joins the client to a server of this machine, whatever the host's name."""
        note(f"CONNECT {self.path}")
        self.close_connection = True
        with socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2]))) as server:
            self.send_response(200)
            self.end_headers()

            def back():
                shutil.copyfileobj(server.makefile("rb", 0), self.wfile)

            threading.Thread(target=back, daemon=True).start()
            # What the client has sent meanwhile is in the buffer.
            while data := self.rfile.read1(65536):
                server.sendall(data)

    def serve(self, words):
        kind = words[0]
        if kind == "basic":
            if self.headers.get("Authorization") != "Basic " + base64.b64encode(b"user:secret").decode():
                return self.answer(401, [("WWW-Authenticate", 'Basic realm="x"')])
            return self.serve(words[1:])
        if kind == "bearer":
            if self.headers.get("Authorization") != "Bearer secret":
                return self.answer(401)
            return self.serve(words[1:])
        if kind == "redirect":
            left = int(words[1]) - 1
            rest = "/".join(words[2:])
            return self.answer(302, [("Location", f"/redirect/{left}/{rest}" if left > 0 else "/" + rest)])
        if kind == "to":
            return self.answer(302, [("Location", base64.urlsafe_b64decode(words[1]).decode())])
        with lock:
            counts[self.path] += 1
            times = counts[self.path]
        if kind == "fail" and times <= int(words[1]):
            return self.answer(503)
        if kind == "busy" and times == 1:
            return self.answer(429, [("Retry-After", "0")])
        if kind == "endless":
            return self.endless()
        if kind == "cutthenfail" and times == 2:
            return self.answer(503)
        if kind == "status":
            with open(f"{folder}/{words[2].partition('?')[0]}", "rb") as page:
                return self.answer(int(words[1]), body=page.read())
        if kind == "nolength":
            return self.without_length(words)
        self.image(kind, words, times)

    def endless(self):
        note("GET " + self.path + " 200")
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"\1" * 65536)

    def without_length(self, words):
        note("GET " + self.path + " 200")
        self.send_response(200)
        self.end_headers()
        with open(f"{folder}/{words[-1]}", "rb") as image:
            self.wfile.write(image.read(int(words[1])))

    def image(self, kind, words, times):
        try:
            data = open(f"{folder}/{words[-1]}", "rb").read()
        except OSError:
            return self.answer(404)
        etag = '"' + hashlib.md5(data).hexdigest() + '"'
        headers = [] if kind == "plain" else [("ETag", etag), ("Accept-Ranges", "bytes")]
        if kind == "gzip":
            headers.append(("Content-Encoding", "gzip"))
        if kind == "encoding":
            headers.append(("Content-Encoding", urllib.parse.unquote(words[1])))
        if kind != "plain" and self.headers.get("If-None-Match") == etag:
            return self.answer(304, headers)
        start, status = 0, 200
        wanted = self.headers.get("Range")
        if wanted and kind != "plain" and self.headers.get("If-Range", etag) == etag:
            start = int(wanted.removeprefix("bytes=").split("-")[0])
            if start >= len(data):
                return self.answer(416, [("Content-Range", f"bytes */{len(data)}")])
            status = 206
            told = 1 if kind == "wrongpart" else start
            headers.append(("Content-Range", f"bytes {told}-{len(data) - 1}/{len(data)}"))
        rest = data[start:]
        isCut = kind in ("cut", "wrongpart", "cutthenfail") and times <= (int(words[1]) if kind == "cut" else 1)
        if isCut:
            return self.answer(status, headers, rest[: len(rest) // 2], len(rest))
        if kind == "slow":
            self.answer(status, headers, b"", len(rest))
            for place in range(0, len(rest), 65536):
                self.wfile.write(rest[place : place + 65536])
                time.sleep(0.05)
            return None
        if kind == "stall":
            self.answer(status, headers, rest[:65536], len(rest))
            time.sleep(30)
            return None
        return self.answer(status, headers, rest)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    if len(sys.argv) > 4:
        context.load_verify_locations(sys.argv[4])
        context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(f"{folder}/port.new", "w") as port:
    port.write(str(server.server_address[1]))
os.rename(f"{folder}/port.new", f"{folder}/port")
server.serve_forever()
