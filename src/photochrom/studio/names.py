"""Names of files in HTTP headers."""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["disposition"]


def disposition(name: str) -> str:
    """A Content-Disposition header that saves a file as `name` (RFC 6266): plain ASCII first, all of it second."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
