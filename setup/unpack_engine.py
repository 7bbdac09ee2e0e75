"""Unpacks from TensorFlow's wheel what tfjs-node's binding is compiled and linked with.

Usage: unpack_engine.py WHEEL FOLDER LIBRARY...
"""

import os
import shutil
import sys
import zipfile

# What the C headers, which tfjs-node's binding includes, include in turn.
HEADERS = tuple(f"tensorflow/include/{folder}/" for folder in ("tensorflow/c", "tensorflow/core/platform", "tsl"))


def unpack(wheel, folder, libraries):
    missing = set(libraries)
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            name = entry.filename
            if name.startswith("tensorflow/") and name[len("tensorflow/"):] in libraries:
                missing.discard(os.path.basename(name))
                target = os.path.join(folder, "lib", os.path.basename(name))
            elif name.startswith(HEADERS) and name.endswith(".h"):
                target = os.path.join(folder, name[len("tensorflow/"):])
            else:
                continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            # zipfile checks the CRC at the end of each entry.
            with archive.open(entry) as source, open(target, "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
                if not name.endswith(".h"):
                    # The libraries are kept for long, and no checksum is looked at again: they must be on the disk.
                    file.flush()
                    os.fsync(file.fileno())
    if missing:
        sys.exit(f"{os.path.basename(wheel)} has no {', '.join(sorted(missing))}")


if __name__ == "__main__":
    unpack(sys.argv[1], sys.argv[2], sys.argv[3:])
