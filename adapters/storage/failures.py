"""What an object store says when something fails, as one of our three."""

import re
from collections.abc import Mapping

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from adapters.errors import AdapterError, Misconfigured, Unreachable
from adapters.storage.port import PEER, NotStored

_CODE = re.compile(r"<Code>(\w{1,64})</Code>")
"""obstore passes the store's answer on as text; the status is not to be had otherwise."""

_OUR_SIDE_IS_WRONG: Mapping[str, str] = {
    "NoSuchBucket": "no_such_bucket",  # The specified bucket does not exist
    "InvalidBucketName": "no_such_bucket",  # The specified bucket is not valid
    "InvalidAccessKeyId": "access_key_unknown",  # The access key ID does not exist in our records
    "SignatureDoesNotMatch": "secret_key_wrong",  # The signature does not match
    "AccessDenied": "access_denied",  # Access Denied
    "AccountProblem": "access_denied",  # There is a problem with your account
    "AuthorizationHeaderMalformed": "region_wrong",  # The region is wrong; expecting ...
    "PermanentRedirect": "region_wrong",  # The bucket must be addressed by another endpoint
    "RequestTimeTooSkewed": "clock_differs",  # The difference to the server's time is too large
}
"""The store's code (S3 API reference, "Error responses"): ours. Some stores have fewer."""

_ON_THE_WAY: Mapping[str, str] = {"kind: Connect": "no_connection", "kind: Timeout": "timeout"}


def failure(error: Exception) -> AdapterError:
    """Of a request about one object. A missing bucket is not taken for a missing object."""
    words = str(error)
    told = _CODE.search(words)
    code = told[1] if told else ""
    if code in _OUR_SIDE_IS_WRONG:
        return Misconfigured(PEER, _OUR_SIDE_IS_WRONG[code])
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return Misconfigured(PEER, "access_denied")
    if isinstance(error, FileNotFoundError):
        return NotStored()
    for mark, ours in _ON_THE_WAY.items():
        if mark in words:
            return Unreachable(PEER, ours)
    return Unreachable(PEER, f"store_says_{code}" if code else "no_usable_answer")


def put_failure(error: Exception) -> AdapterError:
    """Of a put, before which nothing has to be there: what is missing is the upload it belonged to,
    which may even have been completed by a request whose answer was lost."""
    return _without_missing(error, "upload_lost")


def listing_failure(error: Exception) -> AdapterError:
    """Of a listing, which names no object that could be missing."""
    return _without_missing(error, "no_usable_answer")


def _without_missing(error: Exception, code: str) -> AdapterError:
    told = failure(error)
    return Unreachable(PEER, code) if isinstance(told, NotStored) else told
