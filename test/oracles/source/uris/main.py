"""Reads one JSON string a line and prints what Python's urllib reads in it, one JSON object a line."""

import json
import sys
from urllib.parse import unquote, urlsplit, urlunsplit

for line in sys.stdin:
    text = json.loads(line)
    try:
        read = urlsplit(text)
        answer = {
            "valid": True,
            "again": urlunsplit(read),
            "user": read.username or "",
            "host": read.netloc.rpartition("@")[2],
            "path": unquote(read.path),
        }
    except ValueError:
        answer = {"valid": False, "again": "", "user": "", "host": "", "path": ""}
    print(json.dumps(answer))
