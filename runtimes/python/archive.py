"""Unpacks the archives that Python actions come in, zip and tar.gz, and enters the virtualenv in them."""
import base64
import os
import sys

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_ENTRIES = 50_000


def unpack(code, directory):
    """Unpacks base64 text within bounds and inside the directory only."""
    data = base64.b64decode(code)
    if data[:2] == b"\x1f\x8b":
        unpack_tar(data, directory)
    else:
        unpack_zip(data, directory)


def enter_virtualenv(directory):
    """Where there is one: by its own script, which virtualenv makes; else (venv makes none) its packages come first."""
    virtualenv = os.path.join(directory, "virtualenv")
    if not os.path.isdir(virtualenv):
        return
    activate = os.path.join(virtualenv, "bin", "activate_this.py")
    if os.path.exists(activate):
        with open(activate, encoding="utf-8") as file:
            exec(compile(file.read(), activate, "exec"), {"__file__": activate, "__name__": "activate_this"})
        return
    library = os.path.join(virtualenv, "lib")
    own = "python%d.%d" % sys.version_info[:2]
    # What was packed for another version is used as well: pure Python mostly runs.
    versions = sorted(os.listdir(library) if os.path.isdir(library) else [], key=lambda name: name != own)
    found = [path for path in (os.path.join(library, name, "site-packages") for name in versions) if os.path.isdir(path)]
    if not found:
        raise ValueError("Invalid virtualenv. Zip file does not include 'activate_this.py'.")
    import site
    before = list(sys.path)
    site.addsitedir(found[0])
    added = [path for path in sys.path if path not in before]
    sys.path[1:] = added + [path for path in sys.path[1:] if path not in added]


def unpack_tar(data, directory):
    """Unpacks a tar.gz within bounds: files, directories, and links that stay inside."""
    import io
    import tarfile
    links, bytes_left, entries = [], MAX_UNPACKED_BYTES, 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for entry in archive:
                bytes_left -= entry.size
                entries += 1
                if bytes_left < 0 or entries > MAX_ENTRIES:
                    raise ValueError("The action's archive is too large.")
                if entry.name.startswith("/") or ".." in entry.name.split("/"):
                    raise ValueError("The action's archive reaches outside itself: " + entry.name)
                path = os.path.join(directory, entry.name)
                if entry.isdir():
                    os.makedirs(path, exist_ok=True)
                    continue
                os.makedirs(os.path.dirname(path), exist_ok=True)
                if entry.issym():
                    links.append((entry.linkname, path))
                elif entry.isreg():
                    with open(path, "wb") as file:
                        file.write(archive.extractfile(entry).read())
                    if entry.mode & 0o111:
                        os.chmod(path, 0o755)
                else:
                    raise ValueError("The action's archive holds something that is neither file, directory nor link: " + entry.name)
    except (tarfile.TarError, EOFError, OSError) as failure:
        raise ValueError("The action's archive is damaged: %s" % failure) from None
    # Links are made last, so that nothing is written through one.
    for to, path in links:
        resolved = os.path.normpath(os.path.join(os.path.dirname(path), to))
        if os.path.isabs(to) or not resolved.startswith(directory + "/"):
            raise ValueError("A link of the action's archive reaches outside it: " + to)
        os.symlink(to, path)


def unpack_zip(data, directory):
    """Unpacks within bounds; zipfile itself keeps names inside and stops at the sizes that the directory declares."""
    import io
    import zipfile
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        raise ValueError("The action's code is not a zip archive.") from None
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise ValueError("The action's archive is too large.")
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if entry.filename.startswith("/") or ".." in parts:
            raise ValueError("The action's archive reaches outside itself: " + entry.filename)
        path = archive.extract(entry, directory)
        if not entry.is_dir() and (entry.external_attr >> 16) & 0o111:
            os.chmod(path, 0o755)
