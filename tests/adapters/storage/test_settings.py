"""What names an object store, and what its answers mean."""

import pytest
from obstore.exceptions import GenericError, PermissionDeniedError, UnauthenticatedError

from adapters.errors import Misconfigured, Unreachable
from adapters.storage.failures import failure, listing_failure, put_failure
from adapters.storage.port import NotStored
from adapters.storage.settings import S3Settings
from kit.secrets import Secret


def settings(url: str, endpoint: str = "https://oss.example.cn", path_style: str = "no"):
    return S3Settings(url, endpoint, "cn-1", "AK", Secret("very-secret"), path_style)


class TestSettings:
    def test_the_url_names_bucket_and_prefix(self):
        assert (settings("s3://files").bucket, settings("s3://files/").prefix) == ("files", None)
        assert settings("s3://files/a/b/").prefix == "a/b"

    def test_the_bucket_stands_in_the_host_or_in_the_path(self):
        assert settings("s3://files").address == "https://files.oss.example.cn"
        in_path = settings("s3://files", "http://minio:9000/", path_style="yes")
        assert in_path.address == "http://minio:9000"

    def test_the_secret_is_shown_nowhere(self):
        assert "very-secret" not in repr(settings("s3://files"))

    @pytest.mark.parametrize("url", ["", "files", "http://files", "s3://", "s3:///a", "s3://a?b=c"])
    def test_what_names_no_bucket_is_refused(self, url: str):
        with pytest.raises(ValueError, match="s3://bucket"):
            settings(url)

    @pytest.mark.parametrize("endpoint", ["", "oss.example.cn", "ftp://host", "https://host/path"])
    def test_what_is_no_endpoint_is_refused(self, endpoint: str):
        with pytest.raises(ValueError, match="endpoint"):
            settings("s3://files", endpoint)

    def test_path_style_is_yes_or_no(self):
        with pytest.raises(ValueError, match="yes or no"):
            settings("s3://files", path_style="true")


def answer(code: str) -> str:
    return f"Server returned non-2xx: <Error><Code>{code}</Code><Message>m</Message></Error>"


class TestFailures:
    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (GenericError(answer("NoSuchBucket")), "no_such_bucket"),
            (FileNotFoundError(answer("NoSuchBucket")), "no_such_bucket"),
            (GenericError(answer("AuthorizationHeaderMalformed")), "region_wrong"),
            (PermissionDeniedError(answer("RequestTimeTooSkewed")), "clock_differs"),
            (PermissionDeniedError("403 without a word"), "access_denied"),
            (UnauthenticatedError("401"), "access_denied"),
        ],
    )
    def test_what_only_an_operator_can_mend_is_misconfigured(self, error: Exception, code: str):
        for told in (failure(error), put_failure(error), listing_failure(error)):
            assert isinstance(told, Misconfigured)
            assert told.code == code

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (GenericError(answer("SlowDown")), "store_says_SlowDown"),
            (GenericError("inner: Http(HttpError { kind: Timeout })"), "timeout"),
            (GenericError("inner: Http(HttpError { kind: Connect })"), "no_connection"),
            (GenericError("something else, with a path: p/a"), "no_usable_answer"),
        ],
    )
    def test_what_may_pass_is_unreachable_and_repeats_nothing(self, error: Exception, code: str):
        told = failure(error)
        assert isinstance(told, Unreachable)
        assert (told.code, told.reason) == (code, "")

    def test_a_missing_object_is_missing_only_where_one_was_asked_for(self):
        missing = FileNotFoundError(answer("NoSuchKey"))
        assert isinstance(failure(missing), NotStored)
        assert put_failure(missing).code == "upload_lost"
        assert listing_failure(missing).code == "no_usable_answer"
