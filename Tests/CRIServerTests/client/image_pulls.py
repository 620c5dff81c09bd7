# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""What checks of pulls share: a server of images on the loopback that notes what it was asked."""

import base64
import contextlib
import http.server
import threading

from cri_api.v1 import api_pb2 as cri

# A boot sector, and nothing else.
DISK = bytes(510) + b"\x55\xaa"
SECRET = "Basic " + base64.b64encode(b"me:geheim").decode()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        given = self.headers.get("Authorization")
        self.server.asked.append((self.path, given))
        if self.path.startswith("/private") and given != SECRET:
            return self.send_error(401)
        if self.path.startswith("/away/"):
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.2:{self.server.server_port}/disk")
            self.end_headers()
            return None
        body = {"/page": b"<!-- x --><html></html>", "/zeros": bytes(1024)}.get(self.path, DISK)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None


@contextlib.contextmanager
def image_server():
    """A server, with the list of what it was asked: path and Authorization."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def pull(images, name, **auth):
    request = cri.PullImageRequest(image=cri.ImageSpec(image=name))
    if auth:
        request.auth.CopyFrom(cri.AuthConfig(**auth))
    return images.PullImage(request).image_ref


def status(images, name):
    return images.ImageStatus(cri.ImageStatusRequest(image=cri.ImageSpec(image=name, annotations={"asked": name}))).image
