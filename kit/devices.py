"""How a client names the device it runs on, in ``X-Device-Id``."""

import re

DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
