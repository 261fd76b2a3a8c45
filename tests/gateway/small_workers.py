"""Workers that do nothing but tell, as the files of a folder have it."""

import os
import time


def work(folder, pipe):
    """Fail while there is `fails`; else tell until `ends` or `silent` is there, or nobody listens."""
    told = f"{os.getpid()}\n"
    with (folder / "begun").open("a") as begun:
        begun.write(told)
    if (folder / "fails").exists():
        raise SystemExit(1)
    while not (folder / "ends").exists():
        if not (folder / "silent").exists():
            pipe.send_bytes(b"up")
        time.sleep(0.02)
