"""Action runtime for Python 3: OpenWhisk's /init and /run over HTTP/1.1.

Where it serves: on the inherited, connected descriptor named by HPCWHISK_FD (it exits when that is closed), else on the
unix socket named by HPCWHISK_SOCKET, else on TCP port 8080 as OpenWhisk's own images do.

Codes, texts and sentinel lines are those of OpenWhisk's Python images (ActionLoop): an exception in the action is an
application error, and the runtime lives on. Start it with `python3 -I -S -X utf8`.

An import more is a longer cold start: `json` (for its `re`) takes as long as the interpreter itself, `site` half of that.
So JSON is read and written by the accelerator that `json` is built on, HTTP by hand, and dist-packages are added when
an import first needs them. A stem cell that has nothing to do yet loads all of it beforehand.
"""
# Not `signal`, which takes longer to import than all the others here.
import _signal
import builtins
import os
import sys

SENTINEL = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n"
MAX_BODY_BYTES = 128 * 1024 * 1024
REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
           413: "Content Too Large", 500: "Internal Server Error", 502: "Bad Gateway"}

user_main = None
initialized = False


# ---- JSON ----

class ScannerOptions:
    """What json.JSONDecoder would hand to its scanner."""
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {"-Infinity": float("-inf"), "Infinity": float("inf"), "NaN": float("nan")}.__getitem__
    memo = {}


def not_json(value):
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def accelerated_json():
    import _json
    scan = _json.make_scanner(ScannerOptions)

    def loads(text):
        start = len(text) - len(text.lstrip(" \t\n\r"))
        try:
            value, end = scan(text, start)
            if not text[end:].strip(" \t\n\r"):
                return value
        except (StopIteration, SystemError, ValueError):
            # Without json.decoder the scanner cannot even name the error.
            pass
        import json
        return json.loads(text)

    def dumps(value, ensure_ascii=False):
        encode_text = _json.encode_basestring_ascii if ensure_ascii else _json.encode_basestring
        return "".join(_json.make_encoder({}, not_json, encode_text, None, ":", ",", False, False, False)(value, 0))

    # The accelerator is no public interface: it must prove itself on this version of Python.
    sample = '{"a":[1,2.5,true,null,"\\u00e4\\n"],"b":{}}'
    if dumps(loads(sample), True) != sample:
        raise ImportError("unknown accelerator")
    return loads, dumps


def plain_json():
    import json
    return json.loads, lambda value, ensure_ascii=False: json.dumps(value, ensure_ascii=ensure_ascii, allow_nan=False, separators=(",", ":"))


try:
    loads, dumps = accelerated_json()
except Exception:
    loads, dumps = plain_json()


# ---- dist-packages ----

class SiteOnDemand:
    """The last finder of all: brings dist-packages in when an import would fail without them."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if path is not None or SiteOnDemand not in sys.meta_path:
            return None
        add_site()
        from importlib.machinery import PathFinder
        return PathFinder.find_spec(name, path, target)


def add_site():
    if SiteOnDemand in sys.meta_path:
        sys.meta_path.remove(SiteOnDemand)
        import site
        site.main()


# ---- /init ----

def init(body):
    global user_main, initialized
    if initialized:
        print("Cannot initialize the action more than once.", file=sys.stderr)
        return error(403, "Cannot initialize the action more than once.")
    value = body.get("value") or {}
    code = value.get("code")
    if not isinstance(code, str) or not code:
        return error(403, "Missing main/no code to execute.")
    for key, text in (value.get("env") or {}).items():
        os.environ[key] = text if isinstance(text, str) else dumps(text)
    try:
        module = load_archive(code) if value.get("binary") else load_source(code)
        main = value.get("main") or "main"
        found = getattr(module, main, None)
        if not callable(found):
            raise ImportError("cannot import name '%s' from '%s'" % (main, module.__name__))
    except SystemExit:
        raise
    except BaseException as failure:
        print_traceback(failure)
        write_sentinels()
        return error(502, "Cannot start action. Check logs for details.")
    user_main = found
    initialized = True
    return 200, b'{"ok":true}\n'


def error(status, text):
    return status, dumps({"error": text}, True).encode()


def print_traceback(failure):
    import traceback
    # The first frame is this runtime's own.
    inner = failure.__traceback__.tb_next if failure.__traceback__ is not None else None
    traceback.print_exception(type(failure), failure, inner, file=sys.stderr)


def work_directory():
    base = os.environ.get("TMPDIR", "/tmp")
    for attempt in range(1000):
        path = os.path.join(base, "action-%d-%d" % (os.getpid(), attempt))
        try:
            os.mkdir(path, 0o700)
            return path
        except FileExistsError:
            continue
    raise OSError("no directory for the action in " + base)


def load_source(code):
    directory = work_directory()
    os.chdir(directory)
    sys.path.insert(0, directory)
    return run_module(code, os.path.join(directory, "__main__.py"))


def archive_functions():
    """What stands in archive.py beside this file: loaded for archives only."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "archive.py")
    with open(path, encoding="utf-8") as file:
        functions = {"__name__": "archive", "__file__": path}
        exec(compile(file.read(), path, "exec"), functions)
    return functions


def load_archive(code):
    directory = work_directory()
    archive = archive_functions()
    archive["unpack"](code, directory)
    os.chdir(directory)
    sys.path.insert(0, directory)
    archive["enter_virtualenv"](directory)
    for name in ("exec", "__main__.py"):
        path = os.path.join(directory, name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                return run_module(file.read(), path)
    raise ValueError("Zip file does not include __main__.py")


def run_module(code, path):
    # OpenWhisk imports the file under this name: `if __name__ == "__main__"` does not run in an action.
    module = type(sys)("main__")
    module.__file__ = path
    sys.modules["main__"] = module
    exec(compile(code, path, "exec"), module.__dict__)
    return module


# ---- /run ----

def run(body, sentinels):
    """Returns status, answer, and whether the ends of the output streams were marked."""
    if user_main is None:
        return error(500, "no action defined yet") + (True,)
    environment = os.environ
    for key, text in body.items():
        if key != "value" and isinstance(text, str):
            environ_key = "__OW_" + key.upper()
            if environment.get(environ_key) != text:
                environment[environ_key] = text
    try:
        result = user_main(body.get("value") or {})
    except Exception as failure:
        print_traceback(failure)
        result = {"error": str(failure)}
    status, answer = as_json(result)
    if status == 200 and not sentinels and flush():
        return status, answer, False
    write_sentinels()
    return status, answer, True


def flush():
    """Whoever reads the output together with the answer's channel has seen all of it before the answer."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        return True
    except (OSError, ValueError, AttributeError):
        return False


def as_json(result):
    if isinstance(result, (dict, list, tuple)):
        try:
            try:
                return 200, dumps(result).encode()
            except UnicodeEncodeError:
                return 200, dumps(result, True).encode()
        except (TypeError, ValueError, RecursionError) as failure:
            print_traceback(failure)
    return error(502, "The action did not return a dictionary or array.")


def write_sentinels():
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            stream.write(SENTINEL)
            stream.flush()
        except (OSError, ValueError, AttributeError):
            # The action closed or replaced the stream; the descriptor may still work.
            try:
                os.write(descriptor, SENTINEL.encode())
            except OSError:
                pass


# ---- HTTP ----

def load_while_idle(descriptor):
    """What the first request would have to wait for, if it is not there yet. Returns what has come of it."""
    os.set_blocking(descriptor, False)
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        import json
        import traceback
        add_site()
        return b""
    finally:
        os.set_blocking(descriptor, True)


def serve(descriptor, kept=b""):
    """Answers the requests of one connection until the other side closes it. `kept` has been read already."""
    while True:
        end = kept.find(b"\r\n\r\n")
        while end < 0:
            chunk = os.read(descriptor, 65536)
            if not chunk or len(kept) > 65536:
                return
            kept += chunk
            end = kept.find(b"\r\n\r\n")
        lines = kept[:end].decode("latin-1").split("\r\n")
        kept = kept[end + 4:]
        length, expects, sentinels, close = 0, False, True, lines[0].endswith("/1.0")
        for line in lines[1:]:
            name, _, text = line.partition(":")
            name, text = name.lower(), text.strip().lower()
            if name == "content-length":
                length = int(text) if text.isdigit() else -2
            elif name == "transfer-encoding":
                length = -1
            elif name == "expect":
                expects = text == "100-continue"
            elif name == "sentinels":
                sentinels = text != "unneeded"
            elif name == "connection":
                close = text == "close"
        if length > MAX_BODY_BYTES or length == -2:
            send(descriptor, 413 if length > 0 else 400, b'{"error":"Malformed request."}', True)
            return
        if expects:
            os.write(descriptor, b"HTTP/1.1 100 Continue\r\n\r\n")
        body, kept = read_chunked(descriptor, kept) if length == -1 else read_body(descriptor, kept, length)
        if body is None:
            return
        status, answer, marked = handle(lines[0], body, sentinels)
        send(descriptor, status, answer, close, marked)
        if close:
            return


def read_body(descriptor, kept, length):
    if len(kept) >= length:
        return kept[:length], kept[length:]
    parts, missing = [kept], length - len(kept)
    while missing > 0:
        chunk = os.read(descriptor, min(missing, 1 << 20))
        if not chunk:
            return None, b""
        parts.append(chunk)
        missing -= len(chunk)
    return b"".join(parts), b""


def read_chunked(descriptor, kept):
    parts = []
    while True:
        while b"\r\n" not in kept:
            chunk = os.read(descriptor, 65536)
            if not chunk:
                return None, b""
            kept += chunk
        line, _, kept = kept.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        data, kept = read_body(descriptor, kept, size + 2)
        if data is None:
            return None, b""
        if size == 0:
            return b"".join(parts), kept
        parts.append(data[:size])


def handle(request_line, text, sentinels):
    method, _, rest = request_line.partition(" ")
    url = rest.partition(" ")[0]
    if url not in ("/init", "/run"):
        return error(404, "Not found.") + (True,)
    if method != "POST":
        return error(405, "Method not allowed.") + (True,)
    try:
        body = loads(text.decode()) if text else {}
        if not isinstance(body, dict):
            raise ValueError("not an object")
    except ValueError as failure:
        return error(400, "Error unmarshaling request: %s" % failure) + (True,)
    return run(body, sentinels) if url == "/run" else init(body) + (True,)


def send(descriptor, status, body, close, marked=True):
    head = "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n%s\r\n" % (
        status, REASONS[status], "" if marked else "Sentinels: none\r\n", len(body), "Connection: close\r\n" if close else "")
    data = head.encode() + body
    while data:
        data = data[os.write(descriptor, data):]


def listen(path):
    import socket
    import threading
    if path is None:
        listener = socket.create_server(("0.0.0.0", 8080), reuse_port=False)
    else:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
        listener.listen(16)
    lock = threading.Lock()
    while True:
        connection, _ = listener.accept()
        with lock, connection:
            serve(connection.fileno())


def ignore_term():
    # Slurm signals every process of a preempted job, but whether a call may go on is the invoker's to say. Children of
    # the action must stay mortal: a handler does not survive exec, and a fork gets the default back.
    _signal.signal(_signal.SIGTERM, lambda number, frame: None)
    os.register_at_fork(after_in_child=lambda: _signal.signal(_signal.SIGTERM, _signal.SIG_DFL))


def start():
    ignore_term()
    for stream in (sys.stdout, sys.stderr):
        # By lines, so that what was printed before a kill is not lost.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    descriptor = os.environ.pop("HPCWHISK_FD", None)
    path = os.environ.pop("HPCWHISK_SOCKET", None)
    sys.meta_path.append(SiteOnDemand)
    # Otherwise site's.
    builtins.exit = builtins.quit = sys.exit
    try:
        if descriptor is None:
            listen(path)
        else:
            os.set_inheritable(int(descriptor), False)
            serve(int(descriptor), load_while_idle(int(descriptor)))
    except (BrokenPipeError, ConnectionResetError):
        pass
    except SystemExit:
        # The action ended its process: as in any other way of dying, the connection breaks without an answer.
        pass
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that the action left running must not keep the process.
    os._exit(0)


start()
