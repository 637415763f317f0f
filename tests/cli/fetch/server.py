#!/usr/bin/env python3
# Loopback HTTP server that misbehaves on demand, for the tests of `opal fetch`.
#
# usage: server.py LOG     prints its ports and process, and ends with its parent
#
# GET /BEHAVIOUR/TAG/FILE: FILE is alpha.gz, beta.txt or set.tgz, set.zip, wrong.tgz; TAG tells the
# tests apart. Every request is a line of LOG: TAG BEHAVIOUR FILE RANGE, before it is answered.
import gzip
import io
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer



def drawn(count):  # compresses a little, and differently at every level of gzip
    x = 1
    for _ in range(count):
        x = (x * 1103515245 + 12345) % 2**31
        yield x >> 16 & 31


alpha = bytes(drawn(300000))
beta = b"".join(b"line %d\n" % i for i in range(20000))


def tar_of(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def zip_of(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


packed = gzip.compress(alpha, 6, mtime=0)
inside = {"set/README": b"not wanted", "set/alpha.gz": packed, "../beta.txt": beta}
files = {
    "alpha.gz": packed,
    "beta.txt": beta,
    "set.tgz": tar_of(inside),
    "set.zip": zip_of(inside),
    "wrong.tgz": tar_of({"set/alpha.gz": packed, "set/beta.txt": beta[:-1] + b"!"}),
}
seen = set()
log_lock = threading.Lock()


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def head(self, status, length=None, **headers):
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def do_GET(self):
        _, behaviour, tag, name = self.path.split("/", 3)
        wanted_range = self.headers.get("Range", "-")
        with log_lock:
            with open(sys.argv[1], "a") as log:
                log.write(f"{tag} {behaviour} {name} {wanted_range}\n")
            first = (tag, name) not in seen
            seen.add((tag, name))
        data = files.get(name, alpha)  # any other name: some bytes
        begin = 0
        if wanted_range != "-" and behaviour not in ("norange", "moved", "loop"):
            begin = int(wanted_range[len("bytes="):].rstrip("-"))
        try:
            self.answer(behaviour, tag, name, data, begin, first)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def answer(self, behaviour, tag, name, data, begin, first):
        if behaviour == "missing":
            return self.head(404, 0)
        if behaviour == "broken":
            return self.head(500, 0)
        if behaviour == "forbidden":
            return self.head(403, 0)
        if behaviour == "moved":
            return self.head(302, 0, Location=f"/good/{tag}/{name}")
        if behaviour == "loop":
            return self.head(302, 0, Location=self.path)
        if behaviour == "tofile":
            return self.head(302, 0, Location="file:///etc/passwd")
        if behaviour == "silent":
            return time.sleep(20)
        if behaviour == "page":
            page = b"<!DOCTYPE html><title>Login</title>"
            self.head(200, len(page))
            return self.wfile.write(page)
        if behaviour == "endless":
            self.head(200)
            while True:
                self.wfile.write(data)
        if behaviour == "corrupt":
            at = len(data) // 2
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        if behaviour == "repacked":
            data = gzip.compress(alpha, 1, mtime=7)
        if behaviour == "short":
            data = data[:-100]
        if behaviour == "hangup":  # no length, so only the content tells that it is not all
            self.head(200)
            return self.wfile.write(data[:1000])
        if begin > 0 and behaviour == "wrongrange":
            self.head(206, len(data), Content_Range=f"bytes 0-{len(data) - 1}/{len(data)}")
            return self.wfile.write(data)
        if begin >= len(data):
            return self.head(416, 0, Content_Range=f"bytes */{len(data)}")
        rest = data[begin:]
        if begin > 0:
            self.head(206, len(rest),
                      Content_Range=f"bytes {begin}-{len(data) - 1}/{len(data)}")
        else:
            self.head(200, len(rest))
        if behaviour == "cut_always" or (behaviour == "cut_once" and first):
            return self.wfile.write(rest[:len(rest) // 2])
        if behaviour == "stall":
            self.wfile.write(rest[:len(rest) // 2])
            self.wfile.flush()
            return time.sleep(20)
        if behaviour == "slow":
            for at in range(0, len(rest), 1000):
                self.wfile.write(rest[at:at + 1000])
                self.wfile.flush()
                time.sleep(0.02)
            return None
        return self.wfile.write(rest)


def end_with_parent():
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


def tls_port():  # the same answers over TLS, with a certificate nobody has reason to trust
    if shutil.which("openssl") is None:
        return 0
    key, certificate = sys.argv[1] + ".key", sys.argv[1] + ".pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    secure = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    secure.daemon_threads = True
    secure.handle_error = lambda *args: None  # a client that hangs up is what is wanted
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    threading.Thread(target=secure.serve_forever, daemon=True).start()
    return secure.server_address[1]


# A port where nobody accepts: connections beyond the queue get no answer at all.
deaf = socket.socket()
deaf.bind(("127.0.0.1", 0))
deaf.listen(0)
queue = []
for _ in range(4):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(deaf.getsockname())
    queue.append(client)

server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
server.daemon_threads = True
threading.Thread(target=end_with_parent, daemon=True).start()
print(server.server_address[1], deaf.getsockname()[1], tls_port(), os.getpid(), flush=True)
server.serve_forever()
