"""Exit 0 when the server of this container answers ``/healthz`` with 200 within three seconds.

The standard library only, and no proxy: what is asked is the process next door.
"""

import http.client
import os
import sys

TIMEOUT_S = 3
EVERY_INTERFACE = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to


def main() -> int:
    host = os.environ.get("HOST", "")
    connection = http.client.HTTPConnection(
        "127.0.0.1" if host in EVERY_INTERFACE else host,
        int(os.environ.get("PORT") or 8000),
        timeout=TIMEOUT_S,
    )
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer: {type(error).__name__}")
        return 1
    finally:
        connection.close()
    print(f"answered {status}")
    return 0 if status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main())
