"""A server here for downloads, with the faults of a bad line."""
import contextlib
import hashlib
import http.server
import io
import re
import threading
import zipfile

BODY = b''.join(hashlib.sha256(b'%d' % i).digest() for i in range(9001))
# Options of download.fetch for a server that is near.
FAST = {'pause': 0.001, 'timeout': 5}


class Handler(http.server.BaseHTTPRequestHandler):
    """Serve `server.body` with the faults that the test has set."""

    def do_GET(self):
        server = self.server
        asked = self.headers['Range']
        server.asked.append(asked)
        if server.statuses:
            return self.send_error(server.statuses.pop(0))
        start, size = 0, len(server.body)
        condition = self.headers['If-Range']
        if asked and server.ranges and condition in (None, server.etag):
            start = int(re.match(r'bytes=(\d+)-$', asked).group(1))
            if start >= size:
                self.send_response(416)
                self.send_header('Content-Range', 'bytes */%d' % size)
                return self.end_headers()
            self.send_response(206)
            self.send_header('Content-Range', 'bytes %d-%d/%d'
                             % (start, size - 1, size))
        else:
            self.send_response(200)
        if server.lengths:
            self.send_header('Content-Length', server.lengths
                             if isinstance(server.lengths, str)
                             else str(size - start))
        if server.etag:
            self.send_header('ETag', server.etag)
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else size
        self.wfile.write(server.body[start:start + cut])
        if server.after:
            server.after.pop(0)()

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serve():
    """Serve `body`, which may be set as all faults may, while this lasts."""
    serving = http.server.HTTPServer(('127.0.0.1', 0), Handler)
    serving.body, serving.etag, serving.ranges = BODY, '"first"', True
    serving.lengths, serving.asked = True, []
    serving.cuts, serving.after, serving.statuses = [], [], []
    serving.url = f'http://127.0.0.1:{serving.server_port}/vgg.zip'
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield serving
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


def zip_of(entries):
    """Return a zip file of {name: content}."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def md5(content):
    """Return the MD5 of bytes as Keras writes it."""
    return hashlib.md5(content).hexdigest()


def tree(directory):
    """Return {path below the directory: content} of all files."""
    return {path.relative_to(directory).as_posix(): path.read_bytes()
            for path in directory.rglob('*') if path.is_file()}


MODEL = {'vgg/saved_model.pb': BODY[:70001],
         'vgg/variables/variables.index': BODY[-503:],
         'vgg/variables/variables.data-00000-of-00001': BODY[-5003:]}
MODEL_ZIP = zip_of(MODEL)
BROKEN_ZIP = MODEL_ZIP.replace(MODEL_ZIP[30000:30007], b'garbage')
